"""What it saves to let the grader choose which answers a teacher grades, on questions it has not seen.

    python benchmarks/active_learning.py [--data FILE…] [--seeds 5] [--begin 200] [--batch 100] [--most 2000]

Some questions are held out for testing. From a few random graded answers to the others, batches are added that are
drawn at random or chosen (`student_model.encoder.choose`), and a cheap grader is fitted each time: the forest over
features that are computed once, or with `--grader network` a head over the frozen encoder. All ways begin with the
same answers. One line a number of labels: weighted and macro F1, means over seeds, which draw the questions too
(± standard deviation of the differences from random, and in how many seeds it is ahead); then how many random labels
give the same score; the last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.graded_answers import read_graded
from student_model.encoder.answers import GradedAnswer, Task, folds, places, task_of
from student_model.encoder.base import load
from student_model.encoder.book import book_features
from student_model.encoder.choose import choose, doubts
from student_model.encoder.fit import fit
from student_model.encoder.forest import grow, numbers
from student_model.encoder.graphs import Vectors, write_graph
from student_model.encoder.outcomes import Outcomes, f1, outcomes
from student_model.encoder.reader import Reader
from student_model.encoder.recipe import Recipe

DATA = Path(__file__).resolve().parents[1] / "../shared/data/answers/scientsbank/train.jsonl.gz"
WAYS = ("random", "doubt", "entropy", "doubt alone", "difference alone")
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """All answers with what is computed once: targets (n,), features (n, F), vectors of the texts (n, d)."""

    answers: Sequence[GradedAnswer]
    task: Task
    targets: NDArray[np.float64]
    features: NDArray[np.float32]
    vectors: NDArray[np.float32]

    def said(self, grader: str, chosen: Ints, of: Ints, seed: int) -> Outcomes:
        """What a grader fitted to some answers says of others."""
        if grader == "forest":
            grown = grow(self.features[chosen], self.targets[chosen], self.task, seed)
            return outcomes(self.task, numbers(self.task, grown.mean(self.features[of])))
        recipe = Recipe(method="frozen", epochs=1, rate=1e-3, seed=seed)
        fitted = fit([self.answers[n] for n in chosen], recipe)
        return outcomes(
            self.task, fitted.found([self.answers[n] for n in of]), fitted.told.temperature, fitted.told.error
        )


def known(files: Sequence[Path], limit: int | None) -> Known:
    answers = read_graded(files)[:limit]
    task, base = task_of(answers), load()
    if task.kind != "labels":
        raise SystemExit("these answers have scores: F1 needs labels")
    with TemporaryDirectory() as folder:
        reader = Reader(write_graph(Vectors(base.model), base, Path(folder) / "base.onnx"), base.pairs)
        features = book_features(answers, reader, Recipe())
        vectors = reader.embed([one.answer for one in answers])
    return Known(answers, task, places(answers, task).astype(float), features, vectors)


def next_ones(
    way: str, own: Known, said: Outcomes, pool: Ints, graded: Ints, count: int, rng: np.random.Generator
) -> Ints:
    """Places of the answers of the pool that are graded next."""
    if way == "random":
        return rng.choice(pool, min(count, len(pool)), replace=False)
    doubt = doubts(said, "entropy" if way == "entropy" else "confidence")
    if way == "doubt alone":
        return pool[np.argsort(-doubt, kind="stable")[:count]]
    groups = [own.answers[n].group for n in pool]
    so_far = Counter(own.answers[n].group for n in graded)
    even = np.ones(len(pool)) if way == "difference alone" else doubt
    return pool[choose(even, own.vectors[pool], groups, count, rng, so_far)]


def course(way: str, own: Known, seed: int, asked: argparse.Namespace) -> list[dict[str, float]]:
    """Figures on the questions held out, by number of labels."""
    held = {one.group for one in folds(own.answers, asked.folds, seed)[0].held}
    test = np.array([n for n, one in enumerate(own.answers) if one.group in held])
    pool = np.array([n for n, one in enumerate(own.answers) if one.group not in held])
    rng = np.random.default_rng((seed, 11))
    graded = rng.choice(pool, asked.begin, replace=False)  # the same for all ways
    found = []
    while True:
        left = np.setdiff1d(pool, graded)
        said = own.said(asked.grader, graded, np.concatenate((test, left)), seed)
        true, place = own.targets[test].astype(int), said.place[: len(test)]
        macro, weighted = f1(true, place, len(own.task.labels))
        found.append({"labels": len(graded), "weighted_f1": weighted, "macro_f1": macro})
        if len(graded) >= min(asked.most, len(pool)):
            return found
        rest = Outcomes(*(getattr(said, name)[len(test) :] for name in Outcomes.__slots__))
        graded = np.concatenate((graded, next_ones(way, own, rest, left, graded, asked.batch, rng)))


def random_labels(labels: Sequence[float], random: Sequence[float], score: float) -> float | None:
    """How many random labels give this score, by the curve of random's best so far; None where they never do."""
    rising = np.maximum.accumulate(random)
    if score > rising[-1]:
        return None
    at = int(np.searchsorted(rising, score))
    if at == 0:
        return float(labels[0])
    share = (score - rising[at - 1]) / (rising[at] - rising[at - 1])
    return float(labels[at - 1] + share * (labels[at] - labels[at - 1]))


def table(found: Mapping[str, list[list[dict[str, float]]]], figure: str) -> dict[str, Any]:
    """Print a figure by way and number of labels, and what random needs for the same; returns it by way."""
    labels = [one["labels"] for one in found["random"][0]]
    values = {way: np.array([[one[figure] for one in run] for run in runs]) for way, runs in found.items()}
    random = values["random"]
    print(f"\n{figure}\n{'labels':>8}", *(f"{way:>24}" for way in values))
    for at, many in enumerate(labels):
        cells = []
        for way, own in values.items():
            more = own[:, at] - random[:, at]
            spread = np.std(more, ddof=1) if len(own) > 1 else 0.0
            beside = "" if way == "random" else f" ± {spread:.4f} {(more > 0).sum():>2}/{len(own)}"
            cells.append(f"{own[:, at].mean():.4f}{beside}")
        print(f"{many:>8.0f}", *(f"{cell:>24}" for cell in cells))
    needs = {
        way: [random_labels(labels, random.mean(0), float(score)) for score in own.mean(0)]
        for way, own in values.items()
    }  # fmt: skip
    print(f"labels that random needs for the same {figure}\n{'labels':>8}", *(f"{way:>24}" for way in needs))
    for at, many in enumerate(labels):
        cells = ["more than all" if one[at] is None else f"{one[at]:.0f}" for one in needs.values()]
        print(f"{many:>8.0f}", *(f"{cell:>24}" for cell in cells))
    return {way: {"by_seed": own.round(4).tolist(), "random_needs": needs[way]} for way, own in values.items()}


def main() -> None:
    """Measure the ways that were asked for, random always."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", default=[DATA])
    parser.add_argument("--only", default=",".join(WAYS))
    parser.add_argument("--grader", choices=("forest", "network"), default="forest")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--folds", type=int, default=4, help="one of so many parts of the questions is the test")
    parser.add_argument("--begin", type=int, default=200)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--most", type=int, default=2000)
    parser.add_argument("--limit", type=int, help="of all answers, only the first so many")
    asked = parser.parse_args()
    begin = time.perf_counter()
    own = known(asked.data, asked.limit)
    ways = list(dict.fromkeys(("random", *(one.strip() for one in asked.only.split(",")))))
    print(f"{len(own.answers):,} answers, features in {time.perf_counter() - begin:.0f} s", flush=True)
    found = {way: [course(way, own, seed, asked) for seed in range(asked.seeds)] for way in ways}
    told = {figure: table(found, figure) for figure in ("weighted_f1", "macro_f1")}
    labels = [one["labels"] for one in found["random"][0]]
    seconds = time.perf_counter() - begin
    print(json.dumps({"grader": asked.grader, "seeds": asked.seeds, "labels": labels, "seconds": seconds, **told}))


if __name__ == "__main__":
    main()

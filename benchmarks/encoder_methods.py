"""Ways to fit the grader, each on questions it has not seen: quality, trainable weights, seconds, memory, size.

    python benchmarks/encoder_methods.py [--data FILE…] [--only full,lora] [--folds 5] [--seeds 3] [--jobs 1] [--size]
    python benchmarks/encoder_methods.py --only "little held" --by question --paired --jobs 2  # what a fit is worth

The answers are parted by families of questions, or by questions, into folds; each is graded by a grader fitted to the
others, which itself holds some of their questions back to set its confidence. Precedents, which say nothing of new
questions, are left out, and so are the guard and the second training on all answers where a way does not ask for them.
Test files stay closed. One line a way: means over folds, with the spread over seeds, and by how much its log loss
differs from that of the first way, with the standard error over families of questions: F1 of a thousand answers is
coarse. The last line is one JSON object. Uses a GPU where there is one.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from data.graded_answers import read_graded
from student_model.encoder.answers import folds, places, task_of
from student_model.encoder.families import families
from student_model.encoder.outcomes import figures, log_losses, outcomes
from student_model.encoder.recipe import Recipe

if TYPE_CHECKING:
    from student_model.encoder.answers import GradedAnswer
    from student_model.encoder.fit import Fitted

DATA = Path(__file__).resolve().parents[1] / "../shared/data/answers/scientsbank/train.jsonl.gz"
FIGURES = ("log_loss", "weighted_f1", "macro_f1", "accuracy", "accuracy_at_80", "ece", "pearson", "rmse")
COSTS = ("trainable", "seconds", "memory_mb", "disk_mb")
PLAIN = Recipe(precedents=False, disguise=0.0, refit=False)
"""What the ways differ from."""

WAYS: Mapping[str, dict[str, Any]] = {
    "default": {},
    "last 3": {"method": "last", "layers": 3},
    "last 2": {"method": "last", "layers": 2},
    "lora": {"method": "lora"},
    "adalora": {"method": "adalora"},
    "prefix": {"method": "prefix"},
    "adapters": {"method": "adapters", "rank": 64},
    "head alone": {"method": "frozen"},
    "no forest": {"forest": False},
    "nothing counted": {"counted": False},
    "nothing near": {"near": False},
    "text alone": {"counted": False, "near": False},
    "kinds": {"kinds": True},
    "rate 2e-5": {"rate": 2e-5},
    "rate 5e-5": {"rate": 5e-5},
    "head at the same rate": {"head_rate": 1.0},
    "refit": {"refit": True},
    "3 epochs": {"epochs": 3},
    "10 epochs": {"epochs": 10},
    "no swap": {"swap": 0.0},
    "swap .5": {"swap": 0.5},
    "dropout .3": {"dropout": 0.3},
    "cosine": {"schedule": "cosine"},
    "smoothing .1": {"smoothing": 0.1},
    "fgm 1": {"fgm": 1.0},
    "rdrop 4": {"rdrop": 4.0},
    "average .99": {"average": 0.99},
    "reword .5": {"reword": 0.5},
    "borrow .3": {"borrow": 0.3},
    "guard": {"disguise": Recipe().disguise},
    "little held": {"disguise": Recipe().disguise, "held": 0.05},
    "pretrain 1": {"pretrain": 1},
    "pseudo .8": {"pseudo": 0.8},
    "3 members": {"members": 3},
    "soup of 3": {"members": 3, "join": "weights"},
}
"""Ways by name, as differences from `PLAIN`. With little held back a network has seen nearly as much as one that is
trained again on all answers, in half of the time."""


def measure(name: str, fold: int, seed: int, asked: argparse.Namespace) -> dict[str, Any]:
    """The figures of one way, fold and seed."""
    import torch

    from student_model.encoder.fit import Asked, fit

    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda":
        torch.set_num_threads(1)
    answers = read_graded(asked.data)
    task = task_of(answers)
    split = folds(answers, asked.folds, 0, families(answers) if asked.by == "family" else None)[fold]
    drawn = set(np.random.default_rng((fold, 41)).permutation(len(split.train))[: asked.limit].tolist())
    train = [one for n, one in enumerate(split.train) if n in drawn] + (read_graded(asked.extra) if asked.extra else [])
    bare = [replace(one, label=None, score=0.0) for n, one in enumerate(split.train) if n not in drawn]
    recipe = replace(PLAIN, base=asked.base, seed=seed, mixed=asked.mixed, **WAYS[name])
    begin = time.perf_counter()
    fitted = fit(train, recipe, Asked(device=device), bare)
    seconds = time.perf_counter() - begin
    fitted.base.model.to(device)
    found, target = fitted.found(split.held, device), places(split.held, task).astype(float)
    said = outcomes(task, found, fitted.told.temperature, fitted.told.error)
    loss = log_losses(task, found, target, fitted.told.temperature)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = figures(task, said, target) | {"log_loss": float(loss.mean())}
    held = {f"held_{key}": value for key, value in fitted.told.held.items()}
    disk = _disk(fitted, train) if asked.size else 0.0
    costs = {"trainable": fitted.trainable, "seconds": seconds, "memory_mb": peak, "disk_mb": disk}
    chosen = {"temperature": fitted.told.temperature, "share": fitted.told.share}
    each = {"losses": by_family(split.held, loss)}
    return {"way": name, "fold": fold, "seed": seed, "rows": len(split.held), **told, **held, **costs, **chosen, **each}


def by_family(answers: Sequence[GradedAnswer], loss: NDArray[np.float64]) -> dict[str, list[float]]:
    """Of each family of questions how many answers there are, and the sum of what was lost on them."""
    family, found = families(answers), dict[str, list[float]]()
    for one, lost in zip(answers, loss.tolist(), strict=True):
        many, total = found.get(family[one.group], [0.0, 0.0])
        found[family[one.group]] = [many + 1.0, total + lost]
    return found


def apart(one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """By how much the log loss of one way is above another's in the same folds and seeds, and the standard error of
    that over families, whose answers err together.

    >>> runs = [[{"fold": 0, "seed": 0, "losses": {"a": [2.0, x], "b": [2.0, 1.0]}}] for x in (1.0, 2.0)]
    >>> apart(runs[1], runs[0])
    (0.25, 0.25)
    """
    places = {(run["fold"], run["seed"]): run["losses"] for run in other}
    pairs = [
        ((run["fold"], name), many, total - places[run["fold"], run["seed"]][name][1])
        for run in one if (run["fold"], run["seed"]) in places for name, (many, total) in run["losses"].items()
    ]  # fmt: skip
    mean = sum(more for _, _, more in pairs) / sum(many for _, many, _ in pairs)
    left: dict[tuple[int, str], float] = {}
    for key, many, more in pairs:
        left[key] = left.get(key, 0.0) + more - mean * many
    spread = np.sqrt(np.square([*left.values()]).sum() * len(left) / max(len(left) - 1, 1))
    return mean, float(spread / sum(many for _, many, _ in pairs))


def _disk(fitted: Fitted, answers: Sequence[GradedAnswer]) -> float:
    """Megabytes of the grader as it serves."""
    from student_model.encoder.export import save

    with TemporaryDirectory() as place:
        served = save(fitted, answers, Path(place) / "grader", datetime.now(UTC), 0.0)
        return sum(one.stat().st_size for one in served.folder.iterdir()) / 2**20


def shown(name: str, found: Sequence[Mapping[str, Any]], first: Sequence[Mapping[str, Any]]) -> None:
    """A line of means weighted by rows and what is apart from the first way, and one of spreads over seeds."""
    seeds = sorted({one["seed"] for one in found})
    keys = [key for key in FIGURES if key in found[0]]
    table = np.array(
        [
            [np.average([one[key] for one in own], weights=[one["rows"] for one in own]) for key in (*keys, *COSTS)]
            for own in ([one for one in found if one["seed"] == seed] for seed in seeds)
        ]
    )
    more, error = apart(found, first)
    print(
        f"{name:>21}", *(f"{cell:>14.4g}" for cell in table.mean(axis=0)), f"{more:>+10.4f} ± {error:.4f}", flush=True
    )
    if len(seeds) > 1:
        print(f"{'±':>21}", *(f"{cell:>14.2g}" for cell in table.std(axis=0, ddof=1)), flush=True)


def main() -> None:
    """Measure the ways that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", default=[DATA])
    parser.add_argument("--extra", type=Path, nargs="*", default=[], help="more answers to learn from")
    parser.add_argument("--only", help="names of ways with commas between, which are compared with the first; else all")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument(
        "--by", choices=("family", "question"), default="family", help="what stands in one fold only: questions that "
        "share words of theirs or of their answers, or each for itself, as new questions of a course are mostly related"
    )  # fmt: skip
    parser.add_argument("--some", type=int, help="only so many of the folds")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--base")
    parser.add_argument(
        "--limit", type=int, help="learn from so many answers only, drawn at random; the others' grades are hidden"
    )
    parser.add_argument("--mixed", action="store_true", help="train in bfloat16")
    parser.add_argument("--size", action="store_true", help="write each grader, too, and say how large it is")
    parser.add_argument("--paired", action="store_true", help="each fold with one seed, its own number")
    parser.add_argument("--out", type=Path, help="a file for one JSON line a run, as they come")
    asked = parser.parse_args()
    ways = [one.strip() for one in asked.only.split(",")] if asked.only else [*WAYS]
    if strange := [one for one in ways if one not in WAYS]:
        parser.error(f"no such way: {'; '.join(strange)}; there are: {'; '.join(WAYS)}")
    guessing = [one for one in ways if "pseudo" in WAYS[one] and asked.limit is None]
    if guessing and asked.only:
        parser.error(f"{'; '.join(guessing)}: give --limit, too: the answers it leaves out are those without grades")
    ways = [one for one in ways if one not in guessing]
    runs = [
        (way, fold, seed, asked)
        for seed in range(asked.some or asked.folds if asked.paired else asked.seeds)
        for fold in ([seed] if asked.paired else range(asked.some or asked.folds))
        for way in ways
    ]
    found: list[dict[str, Any]] = []
    with ProcessPoolExecutor(asked.jobs, multiprocessing.get_context("spawn"), max_tasks_per_child=1) as pool:
        for done in as_completed([pool.submit(measure, *run) for run in runs]):
            found.append(done.result())
            if asked.out:
                with asked.out.open("a") as file:
                    file.write(json.dumps(found[-1]) + "\n")
    keys = [key for key in FIGURES if key in found[0]]
    print(f"{'':>21}", *(f"{key:>14}" for key in (*keys, *COSTS)), f"{'log loss apart':>19}")
    each = [[one for one in found if one["way"] == way] for way in ways]
    for way, own in zip(ways, each, strict=True):
        shown(way, own, each[0])
    print(json.dumps(found))


if __name__ == "__main__":
    main()

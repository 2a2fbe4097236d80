"""How much siblings on the other side of a fold flatter a grader: trees judged by question, and by wider families.

    python benchmarks/grader_families.py [--data FILE] [--folds 8] [--seeds 2] [--alike 2,0.8,0.6,0.5,0.4]

Questions that share so much of the telling words of their references are held back together (`families.py`); more than
1 holds back each by itself. Features are read once by the base encoder in eight bits, as a grader is served. One line
for each level, means over seeds; the last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.graded_answers import read_graded
from student_model.encoder.answers import GradedAnswer, task_of
from student_model.encoder.base import load
from student_model.encoder.book import book_features
from student_model.encoder.families import families
from student_model.encoder.graphs import Vectors, write_graph
from student_model.encoder.outcomes import figures, outcomes
from student_model.encoder.own_words import in_own_words
from student_model.encoder.precedents import unseen
from student_model.encoder.reader import Reader
from student_model.encoder.recipe import Recipe

DATA = Path(__file__).resolve().parents[1] / "../shared/data/answers/beetle/train.jsonl.gz"
FIGURES = ("weighted_f1", "macro_f1", "accuracy", "accuracy_at_80", "ece")
LEVELS = (2.0, 0.8, 0.6, 0.5, 0.4)


def read(answers: Sequence[GradedAnswer]) -> NDArray[np.float32]:
    """The features of answers, (n, F)."""
    base = load()
    with TemporaryDirectory() as place:
        reader = Reader(write_graph(Vectors(base.model), base, Path(place) / "base.onnx"), base.pairs)
        return book_features([in_own_words(one) for one in answers], reader, Recipe())


def judged(
    answers: Sequence[GradedAnswer], features: NDArray[np.float32], family: Mapping[str, str], many: int, seed: int
) -> dict[str, float]:
    """The figures of trees, each answer judged without its family."""
    task = task_of(answers)
    target = np.array([task.target(one) for one in answers])
    found = unseen(answers, features, target, task, seed, many, family)
    return figures(task, outcomes(task, found), target)


def main() -> None:
    """Judge trees at each level that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", default=[DATA])
    parser.add_argument("--folds", type=int, default=8)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--alike", default=",".join(map(str, LEVELS)))
    asked = parser.parse_args()
    answers = read_graded(asked.data)
    features, found = read(answers), list[dict[str, Any]]()
    print(f"{'alike':>10}{'families':>10}", *(f"{key:>14}" for key in FIGURES))
    for level in map(float, asked.alike.split(",")):
        family = families(answers, level)
        told = [judged(answers, features, family, asked.folds, seed) for seed in range(asked.seeds)]
        mean = {key: float(np.mean([one[key] for one in told])) for key in FIGURES if key in told[0]}
        found.append({"alike": level, "families": len(set(family.values())), **mean})
        print(f"{level:>10}{found[-1]['families']:>10}", *(f"{value:>14.4f}" for value in mean.values()), flush=True)
    print(json.dumps(found))


if __name__ == "__main__":
    main()

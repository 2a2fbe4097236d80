"""How far a temperature that was found on a fifth of the families of questions holds for others.

    python benchmarks/grader_temperature.py [--data FILE…] [--seeds 8] [--spread 9,0.25,0.1,0.05,0.01]

Each seed holds back a fifth, as fitting does; a line and trees learn from the rest and weigh alike; on the fifth the
best temperature is found, drawn towards 1 by each spread, and used on what the other seeds held back. One line for each
spread: log loss and ECE there, and the temperatures; the last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
from grader_families import DATA, read
from numpy.typing import NDArray

from data.graded_answers import read_graded
from student_model.encoder.answers import GradedAnswer, Task, task_of
from student_model.encoder.beside import TREES, USUAL
from student_model.encoder.families import held_back
from student_model.encoder.forest import grow, numbers
from student_model.encoder.line import straight
from student_model.encoder.outcomes import Floats, best_temperature, blended, figures, log_loss, outcomes
from student_model.encoder.recipe import Recipe

Told = tuple[Floats, Floats]
"""The numbers of a head for answers held back, (n, outputs), and their targets, (n,)."""


def held(answers: Sequence[GradedAnswer], features: NDArray[np.float32], task: Task, seed: int) -> Told:
    """What a line and trees say of the families that a seed holds back."""
    target, place = np.array([task.target(one) for one in answers]), {id(one): n for n, one in enumerate(answers)}
    split = held_back(answers, Recipe().held, seed)
    own, new = ([place[id(one)] for one in some] for some in (split.train, split.held))
    line = straight(features[own], target[own], task).said(features[new])
    trees = grow(features[own], target[own], task, seed, trees=TREES).mean(features[new])
    return blended(line, numbers(task, trees), USUAL), target[new]


def elsewhere(task: Task, told: Sequence[Told], spread: float) -> dict[str, Any]:
    """Temperatures found in each, and how good they are in the others on average."""
    heat = [best_temperature(task, found, target, spread) for found, target in told]
    pairs = [(heat[a], *told[b]) for a, b in permutations(range(len(told)), 2)]
    return {
        "spread": spread,
        "log_loss": float(np.mean([log_loss(task, found, target, one) for one, found, target in pairs])),
        "ece": float(np.mean([figures(task, outcomes(task, f, one), target)["ece"] for one, f, target in pairs])),
        "temperatures": [round(one, 3) for one in heat],
    }


def main() -> None:
    """Compare the spreads that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", default=[DATA])
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--spread", default="9,0.25,0.1,0.05,0.01")
    asked = parser.parse_args()
    answers = read_graded(asked.data)
    task, features = task_of(answers), read(answers)
    told = [held(answers, features, task, seed) for seed in range(asked.seeds)]
    found = [elsewhere(task, told, float(one)) for one in asked.spread.split(",")]
    for one in found:
        print(f"{one['spread']:>8g}  log loss {one['log_loss']:.4f}  ECE {one['ece']:.4f}  {one['temperatures']}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()

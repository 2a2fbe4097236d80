"""What the features of answers say, beside the network that reads them: trees and a straight line, blended."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from student_model.encoder.answers import GradedAnswer, Task, folds
from student_model.encoder.families import families
from student_model.encoder.forest import Forest, grow, numbers
from student_model.encoder.line import Line, straight
from student_model.encoder.outcomes import Floats, best_temperature, blended, log_loss

SHARES = np.linspace(0.0, 1.0, 11)
USUAL, SPREAD = 0.5, 0.5
"""The share of the line before any answer speaks for another, and how far from it that may be."""
PARTS, TREES = 5, 60
"""In how many parts answers are held back from each other to find it, and the trees of each."""


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """A line and, if they were wanted, trees; `share` is the line's."""

    line: Line
    forest: Forest | None
    share: float

    def said(self, task: Task, features: NDArray[np.float32]) -> Floats:
        """The numbers of a head for answers with these features (n, F): shape (n, outputs)."""
        drawn = self.line.said(features)
        if self.forest is None:
            return drawn
        return blended(drawn, numbers(task, self.forest.mean(features)), self.share)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """What is kept of it, by name."""
        trees = {} if self.forest is None else self.forest.arrays()
        both = {"line": self.line.arrays(), "forest": trees}
        kept = {f"{name}_{part}": one for name, parts in both.items() for part, one in parts.items()}
        return {**kept, "share": np.array(self.share)}


def restored(kept: dict[str, NDArray[np.generic]]) -> Beside:
    """What `arrays` was taken of."""

    def part(name: str) -> dict[str, NDArray[np.generic]]:
        return {one.removeprefix(name): value for one, value in kept.items() if one.startswith(name)}

    trees = part("forest_")
    return Beside(Line(**part("line_")), Forest(**trees) if trees else None, float(kept["share"]))  # type: ignore[arg-type]


def line_share(
    answers: Sequence[GradedAnswer], features: NDArray[np.float32], target: Floats, task: Task, seed: int
) -> float:
    """The share of the line with the least log loss on families of questions that neither line nor trees have seen,
    each share at its own temperature. features (n, F), target (n,).
    """
    place = {id(one): n for n, one in enumerate(answers)}
    parts = [split for split in folds(answers, PARTS, seed, families(answers)) if split.train]
    if not parts:
        return USUAL
    drawn, grown = np.zeros((len(answers), task.outputs)), np.zeros((len(answers), task.outputs))
    for split in parts:
        train, held = ([place[id(one)] for one in some] for some in (split.train, split.held))
        drawn[held] = straight(features[train], target[train], task).said(features[held])
        trees = grow(features[train], target[train], task, seed, trees=TREES)
        grown[held] = numbers(task, trees.mean(features[held]))
    best, chosen = math.inf, USUAL
    for share in SHARES.tolist():
        found = blended(drawn, grown, share)
        loss = log_loss(task, found, target, best_temperature(task, found, target))
        loss += 0.5 * ((share - USUAL) / SPREAD) ** 2 / len(target)
        if loss < best:
            best, chosen = loss, share
    return chosen

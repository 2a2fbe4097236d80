"""What the features of answers say, beside the network that reads them: trees and a straight line, blended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from student_model.encoder.answers import GradedAnswer, Task, out_of_fold
from student_model.encoder.book import Book
from student_model.encoder.families import families
from student_model.encoder.forest import Forest, grow, numbers, packed, unpacked
from student_model.encoder.line import Line, straight
from student_model.encoder.outcomes import Floats, best_share, blended, least_loss
from student_model.encoder.recipe import Recipe

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
        return {**packed({"line": self.line.arrays(), "forest": trees}), "share": np.array(self.share)}


def restored(kept: dict[str, NDArray[np.generic]]) -> Beside:
    """What `arrays` was taken of."""
    trees = unpacked(kept, "forest")
    return Beside(Line(**unpacked(kept, "line")), Forest(**trees) if trees else None, float(kept["share"]))


def beside(task: Task, recipe: Recipe, books: Sequence[Book], share: float | None = None) -> Beside | None:
    """What speaks of the features of books; nothing where they have none. The share of the line is found in the first,
    if it is not given.
    """
    if not books[0].features.shape[1]:
        return None
    features, targets, weights = (
        np.concatenate([getattr(one, name)[one.plain] for one in books]) for name in ("features", "targets", "weights")
    )
    line = straight(features, targets, task, weights)
    if not recipe.forest:
        return Beside(line, None, 1.0)
    if share is None:
        plain = books[0].plain
        answers, own = [books[0].entries[n].answer for n in plain], books[0].features[plain]
        share = line_share(answers, own, books[0].targets[plain], task, recipe.seed)
    return Beside(line, grow(features, targets, task, recipe.seed, weights), share)


def line_share(
    answers: Sequence[GradedAnswer], features: NDArray[np.float32], target: Floats, task: Task, seed: int
) -> float:
    """The share of the line with the least log loss on families of questions that neither line nor trees have seen,
    each share at its own temperature. features (n, F), target (n,).
    """
    family = families(answers)
    if len(set(family.values())) < 2:
        return USUAL

    def say(train: list[int], held: list[int]) -> Floats:
        drawn = straight(features[train], target[train], task).said(features[held])
        trees = grow(features[train], target[train], task, seed, trees=TREES)
        return np.stack((drawn, numbers(task, trees.mean(features[held]))), axis=1)

    said = out_of_fold(answers, PARTS, seed, family, say)

    def loss(share: float) -> float:
        return least_loss(task, blended(said[:, 0], said[:, 1], share), target)

    return best_share(loss, len(target), USUAL, SPREAD)

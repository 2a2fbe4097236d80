"""What questions tell of a grader that it did not learn from: how to weigh its parts, and how sure it may be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from student_model.encoder.answers import Task
from student_model.encoder.book import Book
from student_model.encoder.outcomes import Floats, best_temperature, blended, figures, log_loss, outcomes
from student_model.encoder.precedents import Precedents, Trust, corrected, trusted

SHARES = np.linspace(0.0, 1.0, 11)
USUAL, ERROR = 0.4, 0.25
"""What is taken where no question was held back: the share that was good on two corpora, and an error of scores."""
SPREAD = 0.07
"""How far from it the share may be before any answer speaks for that. Small: answers to a question err together, and
some hundred answers to some twenty questions chose anything from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is set by questions held back, and the figures on them.

    Attributes:
        share: of the network beside the forest. temperature: see `outcomes`. error: typical error of a score on a line.
        trust: in precedents. held: figures of questions that are new to the grader. held_known: of the same, with their
            other answers as precedents.
    """

    share: float = USUAL
    temperature: float = 1.0
    error: float = ERROR
    trust: Trust = field(default_factory=Trust)
    held: Mapping[str, float] = field(default_factory=dict)
    held_known: Mapping[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Judged:
    """What members say of the questions held back from them."""

    task: Task
    nets: list[Floats] = field(default_factory=list)
    forests: list[Floats] = field(default_factory=list)
    truth: list[Floats] = field(default_factory=list)
    corrections: list[Floats] = field(default_factory=list)

    def add(self, held: Book, net: Floats, forest: Floats | None, known: Precedents | None) -> None:
        """Take what a network and a forest say of a book that they did not learn from."""
        self.nets.append(net)
        self.truth.append(held.targets)
        if forest is not None:
            self.forests.append(forest)
        if known is not None:
            self.corrections.append(known.corrections([one.answer for one in held.entries], themselves=True))

    def told(self) -> Told:
        """What all of it tells; nothing where no question was held back."""
        if not self.nets:
            return Told()
        task, target = self.task, np.concatenate(self.truth)
        share, found = self._blend(target)
        temperature, error = best_temperature(task, found, target), ERROR
        said = outcomes(task, found, temperature)
        if task.kind == "regression":
            error = max(float(np.sqrt(np.mean((said.score - target) ** 2))), 1e-3)
            said = outcomes(task, found, temperature, error)
        held = figures(task, said, target)
        if not self.corrections:
            return Told(share, temperature, error, held=held)
        corrections = np.concatenate(self.corrections)
        trust = trusted(task, found, corrections, target)
        known = outcomes(task, corrected(found, corrections, trust, temperature), temperature, error)
        return Told(share, temperature, error, trust, held, figures(task, known, target))

    def _blend(self, target: Floats) -> tuple[float, Floats]:
        """The share of the network with the least log loss, each share at its own temperature, and what comes of it."""
        net = np.concatenate(self.nets)
        if not self.forests:
            return USUAL, net
        forest, best = np.concatenate(self.forests), (math.inf, USUAL)
        for share in SHARES.tolist():
            found = blended(net, forest, share)
            loss = log_loss(self.task, found, target, best_temperature(self.task, found, target))
            best = min(best, (loss + 0.5 * ((share - USUAL) / SPREAD) ** 2 / len(target), share))
        return best[1], blended(net, forest, best[1])

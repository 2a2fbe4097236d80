"""What questions tell of a grader that it did not learn from: how to weigh its parts, and how sure it may be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from student_model.encoder.answers import Task
from student_model.encoder.book import Book
from student_model.encoder.guard import guarded
from student_model.encoder.outcomes import Floats, best_temperature, blended, figures, log_loss, outcomes
from student_model.encoder.precedents import Precedents, Trust, corrected

SHARES = np.linspace(0.0, 1.0, 11)
USUAL, ERROR = 0.4, 0.25
"""What is taken where no question was held back: the share that was good on two corpora, and an error of scores."""
SPREAD = 0.07
"""How far from it the share may be before any answer speaks for that. Small: answers to a question err together, and
some hundred answers to some twenty questions chose anything from 0 to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What a network and a forest say of n answers, each (n, outputs), and a guard: see `Guard.said`."""

    net: Floats
    forest: Floats | None = None
    guard: tuple[Floats, Floats] | None = None

    def joined(self, task: Task, share: float) -> Floats:
        """All of it as the numbers of one head; `share` is the network's."""
        found = blended(self.net, self.forest, share)
        return found if self.guard is None else guarded(task, found, *self.guard)


@dataclass(frozen=True, slots=True)
class Told:
    """What is set by questions held back, and the figures on them.

    Attributes:
        share: of the network beside the forest. temperature: see `outcomes`. error: typical error of a score on a line.
        held: figures of questions that are new to the grader. held_known: of the same, with their
            other answers as precedents.
    """

    share: float = USUAL
    temperature: float = 1.0
    error: float = ERROR
    held: Mapping[str, float] = field(default_factory=dict)
    held_known: Mapping[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Judged:
    """What members say of the questions held back from them."""

    task: Task
    trust: Trust = field(default_factory=Trust)
    said: list[Said] = field(default_factory=list)
    truth: list[Floats] = field(default_factory=list)
    corrections: list[Floats] = field(default_factory=list)

    def add(self, held: Book, said: Said, known: Precedents | None) -> None:
        """Take what a member says of a book that it did not learn from."""
        self.said.append(said)
        self.truth.append(held.targets)
        if known is not None:
            self.corrections.append(known.corrections([one.answer for one in held.entries], themselves=True))

    def told(self) -> Told:
        """What all of it tells; nothing where no question was held back."""
        if not self.said:
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
            return Told(share, temperature, error, held)
        corrections = np.concatenate(self.corrections)
        known = outcomes(task, corrected(found, corrections, self.trust, temperature), temperature, error)
        return Told(share, temperature, error, held, figures(task, known, target))

    def _blend(self, target: Floats) -> tuple[float, Floats]:
        """The share of the network with the least log loss, each share at its own temperature, and what comes of it."""
        best, chosen = math.inf, USUAL
        for share in SHARES.tolist() if self.said[0].forest is not None else ():
            found = self._joined(share)
            loss = log_loss(self.task, found, target, best_temperature(self.task, found, target))
            loss += 0.5 * ((share - USUAL) / SPREAD) ** 2 / len(target)
            if loss < best:
                best, chosen = loss, share
        return chosen, self._joined(chosen)

    def _joined(self, share: float) -> Floats:
        return np.concatenate([one.joined(self.task, share) for one in self.said])

"""What questions tell of a grader that it did not learn from: how to weigh its parts, and how sure it may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from student_model.encoder.answers import Task
from student_model.encoder.book import Book
from student_model.encoder.guard import guarded, wary
from student_model.encoder.outcomes import (
    Floats,
    best_share,
    best_temperature,
    blended,
    error_of,
    figures,
    least_loss,
    log_loss,
    outcomes,
)
from student_model.encoder.precedents import Precedents, Trust, corrected, trusted

USUAL, USUAL_KNOWN, ERROR = 0.3, 0.2, 0.25
"""What is taken where nothing was held back: the share of the network that was good over families of two corpora, less
than a half because its numbers are larger (it is surer than it should be), the share where precedents speak too, and an
error of scores.
"""
SPREAD, SPREAD_KNOWN, SPREAD_HEAT, SPREAD_HEAT_ALONE = 0.03, 0.05, 0.05, 0.25
"""How far the shares may be from them, and the logarithm of the temperature from 0, before any answer speaks for that.
Small, as answers to a question err together: from one fold of families to the next the best share of new questions goes
from 0 to .5, and the temperature that is best for a line and trees from .8 to 1.4, while elsewhere 1 is better than any
(`benchmarks/grader_temperature.py`). A network alone is surer than it should be everywhere.
"""
LEAST_SURE, MOST_SURER = 1e-3, 1.25
"""The size of numbers below which a head says nothing; and how much surer than features a blend is at most taken to be,
as features that say little are no measure. Those of two corpora are 1.05 to 1.17 times as sure.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What a network and the features beside it say of n answers, each (n, outputs), and a guard: see `Guard.said`."""

    net: Floats
    beside: Floats | None = None
    guard: tuple[Floats, Floats] | None = None

    def joined(self, task: Task, share: float | Floats) -> Floats:
        """All of it as the numbers of one head; `share` is the network's, of all answers or of each, (n, 1)."""
        found = self.net if self.beside is None else blended(self.net, self.beside, share)
        return found if self.guard is None else guarded(task, found, *self.guard)


@dataclass(frozen=True, slots=True)
class Told:
    """What is set by answers held back, and the figures on them.

    Attributes:
        share: of the network beside the features, and `known_share`, where there are precedents.
        temperature: see `outcomes`. error: see `outcomes`, too. trust: in precedents.
        held: figures of questions that are new to the grader. held_known: of new answers to questions that it has
            learned from; where too few were held back, of the new questions with their other answers as precedents.
    """

    share: float = USUAL
    known_share: float = USUAL_KNOWN
    temperature: float = 1.0
    error: float = ERROR
    trust: Trust = field(default_factory=Trust)
    held: Mapping[str, float] = field(default_factory=dict)
    held_known: Mapping[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Heard:
    """What members say of answers held back from them, book by book."""

    said: list[Said] = field(default_factory=list)
    truth: list[Floats] = field(default_factory=list)
    corrections: list[Floats] = field(default_factory=list)

    def add(self, task: Task, book: Book, said: Said, known: Precedents | None) -> None:
        """Take what a member says of a book that it did not learn from."""
        self.said.append(said)
        self.truth.append(book.targets)
        if known is not None:
            found = known.corrections([one.answer for one in book.entries], themselves=True)
            self.corrections.append(wary(task, found, [] if said.guard is None else [said.guard[0]]))

    def joined(self, task: Task, share: float) -> Floats:
        """All of it as the numbers of one head, (n, outputs)."""
        return np.concatenate([one.joined(task, share) for one in self.said])

    @property
    def target(self) -> Floats:
        """Of all of it, (n,)."""
        return np.concatenate(self.truth)


@dataclass(slots=True)
class Judged:
    """What members say of the questions held back from them (`new`), and of answers to others (`known`).

    Temperature and share are set by new questions. Where a grader has learned from other answers to a question it is
    surer than there, and its precedents know much of what its network knows, so that `known` ones say how far to
    believe either then; `trust` is what trees say of precedents.
    """

    task: Task
    trust: Trust = field(default_factory=Trust)
    new: Heard = field(default_factory=Heard)
    known: Heard = field(default_factory=Heard)

    def told(self) -> Told:
        """What all of it tells; nothing where no question was held back."""
        if not self.new.said:
            return Told(trust=self.trust)
        task, target = self.task, self.new.target

        def loss(share: float) -> float:
            return least_loss(task, self.new.joined(task, share), target)

        heads = self.new.said[0].beside is not None
        share = best_share(loss, len(target), USUAL, SPREAD) if heads else USUAL
        found = self.new.joined(task, share)
        temperature, error = self._temperature(found, heads), ERROR
        said = outcomes(task, found, temperature)
        if task.kind == "regression":
            error = error_of(said.score, target)
            said = outcomes(task, found, temperature, error)
        told = Told(share, USUAL_KNOWN, temperature, error, self.trust, figures(task, said, target))
        return self._with_known(told) if self.new.corrections else told

    def _temperature(self, found: Floats, heads: bool) -> float:
        """The best temperature of what was found of new questions. Features alone are about as sure as they should be:
        it starts from what makes both together as sure. Beside a network that has hardly learned they are less so by
        its share, and beside one that has learned its questions by heart more.
        """
        if not heads:
            return best_temperature(self.task, found, self.new.target, SPREAD_HEAT_ALONE)
        alone = _sureness(self.task, self.new.joined(self.task, 0.0))
        usual = min(MOST_SURER, max(_sureness(self.task, found), LEAST_SURE) / max(alone, LEAST_SURE))
        return usual * best_temperature(self.task, found / usual, self.new.target, SPREAD_HEAT)

    def _with_known(self, told: Told) -> Told:
        """With trust in precedents, the network's share beside them, and the figures of known questions."""
        heard = self.known if self.known.said else self.new
        told = self._of_known(told) if heard is self.known else told
        found, corrections = heard.joined(self.task, told.known_share), np.concatenate(heard.corrections)
        moved = corrected(found, corrections, told.trust, told.temperature)
        known = outcomes(self.task, moved, told.temperature, told.error)
        return replace(told, held_known=figures(self.task, known, heard.target))

    def _of_known(self, told: Told) -> Told:
        """With the share of the network, and the trust that goes with it, that have the least log loss on answers to
        known questions.
        """
        task, heard, temperature = self.task, self.known, told.temperature
        corrections, target = np.concatenate(heard.corrections), heard.target

        def trust(share: float) -> Trust:
            return trusted(task, heard.joined(task, share), corrections, target, temperature, self.trust)

        def loss(share: float) -> float:
            moved = corrected(heard.joined(task, share), corrections, trust(share), temperature)
            return log_loss(task, moved, target, temperature)

        share = best_share(loss, len(target), USUAL_KNOWN, SPREAD_KNOWN)
        return replace(told, known_share=share, trust=trust(share))


def _sureness(task: Task, found: Floats) -> float:
    """How large the numbers of a head are, those of labels beside each other."""
    own = found - found.mean(axis=1, keepdims=True) if task.kind == "labels" else found
    return float(np.sqrt(np.mean(own**2)))

"""What every model keeps of a learner's practice, concept by concept, and how a response reaches it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

import numpy as np

from knowledge_graph.vocabulary import FloatArray, IntArray, Vocabulary
from student_model.forgetting import faded, retention, retentions
from student_model.log import Log
from student_model.tracing import Parameters
from student_model.types import Response

Array = TypeVar("Array", FloatArray, IntArray)

Z90 = 1.6448536269514722
"""Standard deviations to each side of a 90 % interval."""

GENERAL_VARIANCE = OWN_VARIANCE = 1.0
"""How general ability and the offset of a concept differ among learners of whom nothing is known, as squared logits."""

TOLD = 0.2
"""Fisher information o (1 - o) of a response about a logit, at odds near .7."""


@dataclass(frozen=True, slots=True, eq=False)
class Practice:
    """A learner's practice of C concepts; the arrays have shape (C,) and are read-only.

    Attributes:
        level: what the model holds right after the last practice, on the model's own scale.
        successes: right answers; a graded text counts its score times its confidence.
        evidence: judged responses.
        last_seconds: time of the last practice, NaN if there was none or it had no time.
    """

    level: FloatArray
    successes: FloatArray
    evidence: IntArray
    last_seconds: FloatArray

    @classmethod
    def fresh(cls, priors: FloatArray) -> Practice:
        """No practice yet."""
        return Ledger.blank(1, priors).practices()[0]

    @classmethod
    def counted(cls, log: Log) -> list[Practice]:
        """Each learner's after all rows of a log, for models that keep their levels elsewhere."""
        words = log.vocabulary
        ledger = Ledger.blank(len(log.learners), np.zeros(len(words.concepts)))
        row, concept = words.tagged(log.item)
        at = log.learner[row], concept
        np.add.at(ledger.successes, at, (log.outcome * log.weights)[row])
        np.add.at(ledger.evidence, at, 1)
        timed = ~np.isnan(log.seconds[row])
        ledger.last_seconds[at[0][timed], at[1][timed]] = log.seconds[row][timed]
        return ledger.practices()

    def levels_of(self, concepts: IntArray, priors: FloatArray, at: float, half_life: float) -> list[float]:
        """The levels of a few concepts at the time `at`, after fading towards their priors (C,)."""
        levels = []
        for c in concepts.tolist():
            kept = retention(at - self.last_seconds.item(c), self.successes.item(c), half_life)
            levels.append(faded(self.level.item(c), priors.item(c), kept))
        return levels

    def levels(self, priors: FloatArray, now: float, half_life: float) -> tuple[FloatArray, FloatArray]:
        """All levels after fading, and the share of their rise above the priors that is left; shapes (C,)."""
        kept = retentions(self.last_seconds, self.successes, now, half_life)
        return faded(self.level, priors, kept), kept

    def judged(self, concepts: IntArray, levels: Sequence[float], success: float, at: float) -> Practice:
        """After a judged response to an item of these concepts, which leaves them at these levels."""
        level, successes, evidence = self.level.copy(), self.successes.copy(), self.evidence.copy()
        level[concepts] = levels
        successes[concepts] += success
        evidence[concepts] += 1
        return Practice(_locked(level), _locked(successes), _locked(evidence), self._seen(concepts, at))

    def kept(self, concepts: IntArray, share: FloatArray) -> Practice:
        """With this share of the successes on these concepts left, shapes (k,)."""
        successes = self.successes.copy()
        successes[concepts] *= share
        return replace(self, successes=_locked(successes))

    def _seen(self, concepts: IntArray, at: float) -> FloatArray:
        if math.isnan(at):
            return self.last_seconds
        last = self.last_seconds.copy()
        last[concepts] = at
        return _locked(last)


class Ledger(NamedTuple):
    """The practice of many learners: the arrays of `Practice` as tables (learners, C) for compiled loops."""

    level: FloatArray
    successes: FloatArray
    evidence: IntArray
    last_seconds: FloatArray

    @classmethod
    def blank(cls, learners: int, priors: FloatArray) -> Ledger:
        """Nobody has practised yet."""
        shape = (learners, len(priors))
        level = np.broadcast_to(priors, shape).copy()
        return cls(level, np.zeros(shape), np.zeros(shape, dtype=np.int32), np.full(shape, np.nan))

    def practices(self) -> list[Practice]:
        """One state a learner, cut from the tables without copying; they are read-only from here on."""
        level, successes, evidence, last = self
        tables = (_locked(level), _locked(successes), _locked(evidence), _locked(last))
        return [Practice(*rows) for rows in zip(*tables, strict=True)]


def clear(ledger: Ledger, row: int, priors: FloatArray) -> None:
    """Begin a row of a ledger anew; to be compiled."""
    ledger.level[row] = priors
    ledger.successes[row] = 0.0
    ledger.evidence[row] = 0
    ledger.last_seconds[row] = np.nan


def tally(ledger: Ledger, row: int, concept: int, outcome: float, at: float) -> None:
    """Count a response in a ledger, as `Practice.judged` does; to be compiled."""
    ledger.successes[row, concept] += outcome
    ledger.evidence[row, concept] += 1
    if not math.isnan(at):
        ledger.last_seconds[row, concept] = at


class Rows(NamedTuple):
    """A log for compiled loops: the columns of `Log`, and its items' concepts as in `Vocabulary`."""

    offsets: IntArray
    item: IntArray
    outcome: FloatArray
    seconds: FloatArray
    weight: FloatArray
    item_offsets: IntArray
    item_concepts: IntArray

    @classmethod
    def of(cls, log: Log, own: Vocabulary) -> Rows:
        """The rows of a log over the vocabulary of a tracer.

        Raises:
            ValueError: the positions in the log mean something else; the message says what to do.
        """
        require_same(log.vocabulary, own)
        return cls(log.offsets, log.item, log.outcome, log.seconds, log.weights, own.item_offsets, own.item_concepts)


def require_same(other: Vocabulary, own: Vocabulary) -> None:
    """Raise ValueError unless positions mean the same in both vocabularies; the message says what to do."""
    same = other is own or (
        other.items == own.items
        and other.concepts == own.concepts
        and np.array_equal(other.item_offsets, own.item_offsets)
        and np.array_equal(other.item_concepts, own.item_concepts)
    )
    if not same:
        raise ValueError("the log has another vocabulary: use tracer.bind(log.vocabulary) first")


def practised(vocabulary: Vocabulary, response: Response) -> IntArray:
    """Positions of the concepts a response practises: its item's, or its own if that is unknown."""
    item = vocabulary.item_index.get(response.item_id)
    if item is not None:
        return vocabulary.concepts_of(item)
    index = vocabulary.concept_index
    return np.array([index[c] for c in dict.fromkeys(response.concept_ids) if c in index], dtype=np.int32)


def carried(own: Sequence[str], values: FloatArray, other: Sequence[str], default: FloatArray | float) -> FloatArray:
    """Values (..., n) of the ids `own` in the order of the ids `other` (..., m); `default` for new ids.

    >>> carried(["a", "b"], np.array([1.0, 2.0]), ["b", "c"], 0.0).tolist()
    [2.0, 0.0]
    """
    position = {one: n for n, one in enumerate(own)}
    source = np.array([position.get(one, -1) for one in other], dtype=np.int64)
    result = np.empty((*values.shape[:-1], len(source)))
    result[...] = default
    result[..., source >= 0] = values[..., source[source >= 0]]
    return result


def setting(parameters: Parameters, name: str) -> float:
    """A number among the settings of a model at rest.

    Raises:
        ValueError: there is no such number.
    """
    value = parameters.settings.get(name)
    if not isinstance(value, (int, float)):
        raise ValueError(f"the setting {name!r} of a {parameters.model} must be a number, not {value!r}")
    return float(value)


def logistic_of(logits: FloatArray) -> FloatArray:
    """The logistic function of an array, kept within (0, 1)."""
    return np.clip(1.0 / (1.0 + np.exp(-logits)), 1e-6, 1.0 - 1e-6)


def variances(responses: int, evidence: IntArray, kept: FloatArray) -> tuple[float, FloatArray]:
    """What so many responses in all leave uncertain of general ability, and those on each concept, so far as they
    have not faded, of its offset, shape (C,); squared logits.
    """
    general = 1.0 / (1.0 / GENERAL_VARIANCE + TOLD * responses)
    return general, 1.0 / (1.0 / OWN_VARIANCE + TOLD * evidence * kept)


def wilson(share: FloatArray, trials: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The 90 % interval of a share seen in so many trials (Wilson 1927), which contains it. Shapes (n,)."""
    z = Z90**2 / trials
    centre = (share + z / 2.0) / (1.0 + z)
    spread = np.sqrt(z * (share * (1.0 - share) + z / 4.0)) / (1.0 + z)
    return np.clip(centre - spread, 0.0, share), np.clip(centre + spread, share, 1.0)


def _locked(array: Array) -> Array:
    array.setflags(write=False)
    return array

"""Performance factors analysis: a concept's past successes and failures, counted plainly, move the odds.

Pavlik, Cen & Koedinger, "Performance factors analysis - a new alternative to knowledge tracing" (AIED 2009).
After s_c successes and f_c failures on a concept c, a response to an item has

    logit = bias + mean over the item's concepts of (level_c + gain_c s_c + loss_c f_c)

with no term for the item and no logarithm. Theirs sums over concepts; the mean keeps items of one concept and of
several on one scale. So that long histories stay sane, no count is taken for more than `MOST`. A graded text of
confidence q and score y counts as q y successes and q (1 - y) failures. Successes fade between practices as
elsewhere (`student_model.forgetting`), failures do not. Every concept has its own level, gain and loss, the latter
two drawn towards what all share. No gain is below 0: a right answer never lowers the odds. A belief is the odds of
success on an item of the concept alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from knowledge_graph.vocabulary import FloatArray, IntArray, Vocabulary
from student_model.forgetting import HALF_LIFE_DAYS, retentions
from student_model.log import Log
from student_model.steps import steps
from student_model.tracing import ALONE, Beliefs, Context, Parameters, seconds_of
from student_model.tracing._counts import Counts, folded, tabulated
from student_model.tracing._practice import Z90, carried, logistic_of, setting, variances
from student_model.types import Response

CONCEPT = np.array([0.0, 0.15, -0.1])
"""Level, gain and loss of a concept of which nothing is known, in logits and logits a response."""

MOST = 10.0
"""No count of successes or of failures is taken for more."""


@dataclass(frozen=True, slots=True, eq=False)
class PFA:
    """A fitted regression.

    Attributes:
        concept: level, gain and loss of each concept, shape (3, C). `shared`: the same of an unknown one, shape (3,).
        bias: in logits.
        half_life_days: see `student_model.forgetting`.
    """

    vocabulary: Vocabulary
    concept: FloatArray
    shared: FloatArray
    bias: float
    half_life_days: float = HALF_LIFE_DAYS

    @property
    def name(self) -> str:
        """The file's name."""
        return "pfa"

    def initial(self) -> Counts:
        """Nothing done."""
        return Counts.none(len(self.vocabulary.concepts))

    def update(self, state: Counts, response: Response) -> Counts:
        """The state after one more response: counts."""
        return state.after(self.vocabulary, response, self.half_life_days)

    def predict(self, state: Counts, items: IntArray | None, now: datetime | None) -> FloatArray:
        """The odds of success, shape (n,)."""
        odds = logistic_of(self._logits(state, self._kept(state, now)))
        return odds if items is None else odds[items]

    def predict_interval(
        self, state: Counts, items: IntArray | None, now: datetime | None
    ) -> tuple[FloatArray, FloatArray]:
        """The odds at both ends of the logit's Gaussian interval, each of shape (n,)."""
        kept, words = self._kept(state, now), self.vocabulary
        general, own = variances(state.responses, state.practice.evidence, kept)
        several = np.maximum(np.diff(words.item_offsets), 1)
        margin = Z90 * np.sqrt(general + words.mean_over_concepts(own) / several)
        logits = self._logits(state, kept)
        low, high = logistic_of(logits - margin), logistic_of(logits + margin)
        return (low, high) if items is None else (low[items], high[items])

    def beliefs(self, state: Counts, now: datetime | None) -> Beliefs:
        """The odds at an item of the concept alone, with a Gaussian interval that each response sharpens."""
        practice, kept = state.practice, self._kept(state, now)
        general, own = variances(state.responses, practice.evidence, kept)
        logits, margin = self.bias + self._terms(state, kept), Z90 * np.sqrt(general + own)
        return Beliefs(
            self.vocabulary.concepts,
            probability=logistic_of(logits),
            low=logistic_of(logits - margin),
            high=logistic_of(logits + margin),
            evidence=practice.evidence,
            last_seconds=practice.last_seconds,
            peak=logistic_of(self.bias + self._terms(state, np.ones(len(kept)))),
        )

    def _kept(self, state: Counts, now: datetime | None) -> FloatArray:
        practice = state.practice
        return retentions(practice.last_seconds, practice.successes, seconds_of(now), self.half_life_days)

    def _terms(self, state: Counts, kept: FloatArray) -> FloatArray:
        return concept_terms(self.concept, state.practice.successes * kept, state.practice.level)

    def _logits(self, state: Counts, kept: FloatArray) -> FloatArray:
        return self.bias + self.vocabulary.mean_over_concepts(self._terms(state, kept))

    def predict_log(self, log: Log) -> FloatArray:
        """The odds of each response given those before it, shape (N,).

        Raises:
            ValueError: the log has another vocabulary; `bind` first.
        """
        table = tabulated(log, self.vocabulary, self.half_life_days)
        terms = concept_terms(self.concept[:, table.concept], table.concept_successes, table.concept_failures)
        count = np.maximum(np.diff(self.vocabulary.item_offsets)[log.item], 1)
        return logistic_of(self.bias + np.bincount(table.row, terms, len(log)) / count)

    def fold(self, log: Log) -> list[Counts]:
        """Each learner's state after all rows. Raises as `predict_log` does."""
        return folded(log, self.vocabulary, self.half_life_days)

    def bind(self, vocabulary: Vocabulary) -> PFA:
        """The same model over another vocabulary; new concepts take what all share."""
        concept = carried(self.vocabulary.concepts, self.concept, vocabulary.concepts, self.shared[:, None])
        return replace(self, vocabulary=vocabulary, concept=concept)

    def parameters(self) -> Parameters:
        """Everything `restore` needs."""
        arrays = {"concept": self.concept, "shared": self.shared}
        settings = {"bias": self.bias, "half_life_days": self.half_life_days}
        return Parameters(self.name, self.vocabulary, arrays, {**settings})


def concept_terms(concept: FloatArray, successes: FloatArray, failures: FloatArray) -> FloatArray:
    """What concepts of this level, gain and loss (3, n) add to the logit at their counts (n,); shape (n,).

    >>> concept_terms(np.array([[0.5], [0.25], [-0.125]]), np.array([2.0]), np.array([4.0])).tolist()
    [0.5]
    """
    level, gain, loss = concept
    return np.asarray(level + gain * np.minimum(successes, MOST) + loss * np.minimum(failures, MOST))


def fit(log: Log, seed: int = 0, context: Context = ALONE) -> PFA:
    """Fit by Newton's method to the posterior mode. An empty log gives `CONCEPT`; nothing is drawn."""
    from student_model.tracing._pfa_fit import fitted  # serving needs none of it

    with steps(context, "pfa") as step:
        return fitted(log, step)


def restore(parameters: Parameters) -> PFA:
    """The tracer from what `PFA.parameters` gave."""
    own = parameters.arrays
    bias, half_life_days = (setting(parameters, name) for name in ("bias", "half_life_days"))
    return PFA(parameters.vocabulary, own["concept"], own["shared"], bias, half_life_days)

"""Logistic regression on counts ("Best-LR"): how often a learner got the item, its concepts and all else right.

Gervet, Koedinger, Schneider & Mitchell, "When is deep learning the best approach to knowledge tracing?" (JEDM
2020), which joins the features of performance factors analysis (Pavlik, Cen & Koedinger, AIED 2009) and DAS3H
(Choffin et al., EDM 2019). After s successes and f failures on a concept, S and F on anything, and a and b on
the item itself, a response to an item of k concepts has

    logit = bias + ease + mean over its concepts of (level + gain log(1 + s) - loss log(1 + f))
            + T1 log(1 + S) - T2 log(1 + F) + I1 log(1 + a) - I2 log(1 + b)
            + mean over its concepts of sum over windows w of R_w log(1 + s_w)

Every concept has its own level, gain and loss, drawn towards what all share. A graded text of confidence q and
score y counts as q y successes and q (1 - y) failures. Successes fade between practices as elsewhere
(`student_model.forgetting`); failures and the counts over everything do not. Where the log has times, s_w counts what
was right lately (`_counts`), in windows of `HOURS`. A belief is the odds of success on
an item of the concept with ease 0.
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

CONCEPT = np.array([0.0, 0.6, 0.3])
"""Level, gain and loss of a concept of which nothing is known."""

WHOLE = np.array([0.3, 0.3, 0.1, 0.0])
"""T1, T2, I1 and I2 before any data."""

HOURS = np.array([1.0, 24.0, 168.0, 720.0])
"""Half-lives of recent counts."""

ITEM_PULL = 1.5
"""Precision of the Gaussian prior that draws the ease of items to 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Logistic:
    """A fitted regression.

    Attributes:
        ease: of each item, in logits, shape (I,). `ease_variance`: what the fit leaves uncertain of it, shape (I,).
        concept: level, gain and loss of each concept, shape (3, C). `shared`: the same of an unknown one, shape (3,).
        whole: T1, T2, I1 and I2, shape (4,). `bias`: in logits.
        lately: R, shape (W,); W is 0 for a model fitted to a log without times.
        half_life_days: see `student_model.forgetting`.
    """

    vocabulary: Vocabulary
    ease: FloatArray
    ease_variance: FloatArray
    concept: FloatArray
    shared: FloatArray
    whole: FloatArray
    bias: float
    lately: FloatArray
    half_life_days: float = HALF_LIFE_DAYS

    @property
    def name(self) -> str:
        """The file's name."""
        return "logistic"

    def initial(self) -> Counts:
        """Nothing done."""
        return Counts.none(len(self.vocabulary.concepts), len(self._hours))

    @property
    def _hours(self) -> FloatArray:
        return HOURS[: len(self.lately)]

    def update(self, state: Counts, response: Response) -> Counts:
        """The state after one more response: counts."""
        return state.after(self.vocabulary, response, self.half_life_days, self._hours)

    def predict(self, state: Counts, items: IntArray | None, now: datetime | None) -> FloatArray:
        """The odds of success, shape (n,)."""
        odds = logistic_of(self._logits(state, now))
        return odds if items is None else odds[items]

    def predict_interval(
        self, state: Counts, items: IntArray | None, now: datetime | None
    ) -> tuple[FloatArray, FloatArray]:
        """The odds at both ends of the logit's Gaussian interval, each of shape (n,)."""
        kept, words = self._kept(state, now), self.vocabulary
        general, own = variances(state.responses, state.practice.evidence, kept)
        several = np.maximum(np.diff(words.item_offsets), 1)
        margin = Z90 * np.sqrt(general + words.mean_over_concepts(own) / several + self.ease_variance)
        logits = self._logits(state, now)
        low, high = logistic_of(logits - margin), logistic_of(logits + margin)
        return (low, high) if items is None else (low[items], high[items])

    def beliefs(self, state: Counts, now: datetime | None) -> Beliefs:
        """The odds at an item of ease 0, with a Gaussian interval on the logit that each response sharpens."""
        practice, kept = state.practice, self._kept(state, now)
        general, own = variances(state.responses, practice.evidence, kept)
        whole = self.bias + self._general(state)
        logits, margin = whole + self._terms(state, now), Z90 * np.sqrt(general + own)
        return Beliefs(
            self.vocabulary.concepts,
            probability=logistic_of(logits),
            low=logistic_of(logits - margin),
            high=logistic_of(logits + margin),
            evidence=practice.evidence,
            last_seconds=practice.last_seconds,
            peak=logistic_of(whole + self._terms(state, None)),
        )

    def _kept(self, state: Counts, now: datetime | None) -> FloatArray:
        practice = state.practice
        return retentions(practice.last_seconds, practice.successes, seconds_of(now), self.half_life_days)

    def _terms(self, state: Counts, now: datetime | None) -> FloatArray:
        """What practice of each concept adds, in logits, shape (C,)."""
        practice, recent = state.practice, state.recent_at(seconds_of(now), self._hours)
        terms = concept_terms(self.concept, practice.successes * self._kept(state, now), practice.level)
        return terms + recent_terms(self.lately, recent)

    def _general(self, state: Counts) -> FloatArray:
        return counted_terms(self.whole[:2], np.array([state.successes]), np.array([state.failures]))

    def _logits(self, state: Counts, now: datetime | None) -> FloatArray:
        own = np.zeros(len(self.ease))
        own[state.items] = counted_terms(self.whole[2:], state.item_successes, state.item_failures)
        of_concepts = self.vocabulary.mean_over_concepts(self._terms(state, now))
        return ((of_concepts + self.ease) + (self.bias + self._general(state))) + own

    def predict_log(self, log: Log) -> FloatArray:
        """The odds of each response given those before it, shape (N,).

        Raises:
            ValueError: the log has another vocabulary; `bind` first.
        """
        table, words = tabulated(log, self.vocabulary, self.half_life_days, self._hours), self.vocabulary
        terms = concept_terms(self.concept[:, table.concept], table.concept_successes, table.concept_failures)
        terms += recent_terms(self.lately, table.recent)
        count = np.diff(words.item_offsets)[log.item]
        of_concepts = np.bincount(table.row, terms, len(log)) / np.maximum(count, 1)
        general = self.bias + counted_terms(self.whole[:2], table.successes, table.failures)
        own = counted_terms(self.whole[2:], table.item_successes, table.item_failures)
        return logistic_of(((of_concepts + self.ease[log.item]) + general) + own)

    def fold(self, log: Log) -> list[Counts]:
        """Each learner's state after all rows. Raises as `predict_log` does."""
        return folded(log, self.vocabulary, self.half_life_days, self._hours)

    def bind(self, vocabulary: Vocabulary) -> Logistic:
        """The same model over another vocabulary; new items have ease 0, new concepts what all share."""
        own = self.vocabulary
        return replace(
            self,
            vocabulary=vocabulary,
            ease=carried(own.items, self.ease, vocabulary.items, 0.0),
            ease_variance=carried(own.items, self.ease_variance, vocabulary.items, 1.0 / ITEM_PULL),
            concept=carried(own.concepts, self.concept, vocabulary.concepts, self.shared[:, None]),
        )

    def parameters(self) -> Parameters:
        """Everything `restore` needs."""
        names = ("ease", "ease_variance", "concept", "shared", "whole", "lately")
        arrays = {name: getattr(self, name) for name in names}
        settings = {"bias": self.bias, "half_life_days": self.half_life_days}
        return Parameters(self.name, self.vocabulary, arrays, {**settings})


def counted_terms(weight: FloatArray, successes: FloatArray, failures: FloatArray) -> FloatArray:
    """The logits that counts add, by a weight for successes and one for failures; shape (n,).

    >>> counted_terms(np.array([1.0, 0.5]), np.array([np.e - 1.0]), np.array([0.0])).round(6).tolist()
    [1.0]
    """
    return np.asarray(weight[0] * np.log1p(successes) - weight[1] * np.log1p(failures))


def concept_terms(concept: FloatArray, successes: FloatArray, failures: FloatArray) -> FloatArray:
    """Level, gain and loss of concepts (3, n) at their counts (n,), in logits."""
    return np.asarray(concept[0] + counted_terms(concept[1:], successes, failures))


def recent_terms(lately: FloatArray, recent: FloatArray) -> FloatArray:
    """What recent successes (W, n) add by the weights R (W,), in logits, shape (n,)."""
    sums = np.zeros(recent.shape[1])
    for weight, count in zip(lately.tolist(), recent, strict=True):
        sums += weight * np.log1p(count)
    return sums


def fit(log: Log, seed: int = 0, context: Context = ALONE) -> Logistic:
    """Fit by Newton's method to the posterior mode. An empty log gives `CONCEPT` and `WHOLE`; nothing is drawn."""
    from student_model.tracing._logistic_fit import fitted  # serving needs none of it

    with steps(context, "logistic") as step:
        return fitted(log, step)


def restore(parameters: Parameters) -> Logistic:
    """The tracer from what `Logistic.parameters` gave."""
    own = parameters.arrays
    return Logistic(
        parameters.vocabulary,
        ease=own["ease"],
        ease_variance=own["ease_variance"],
        concept=own["concept"],
        shared=own["shared"],
        whole=own["whole"],
        bias=setting(parameters, "bias"),
        lately=own["lately"],
        half_life_days=setting(parameters, "half_life_days"),
    )

"""Item response theory: one ability for each learner that does not change, a slope and an ease for each item.

The two-parameter logistic model (Birnbaum 1968, in Lord & Novick, "Statistical theories of mental test scores"):

    P(right | theta) = 1 / (1 + exp(-(slope_i theta + ease_i))),        theta ~ N(0, 1)

A learner's state is the posterior of theta on a grid of `GRID` points, which each response multiplies by its
likelihood, raised to the weight of a graded text. Odds are means over it. A belief is the odds at an item of the
concept's ease and the usual slope; nothing is learned or forgotten, and a right answer can only raise it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

import numpy as np

from knowledge_graph.vocabulary import FloatArray, IntArray, Vocabulary
from student_model.log import Log
from student_model.steps import steps
from student_model.tracing import ALONE, Beliefs, Context, Parameters, seconds_of
from student_model.tracing._practice import Practice, Rows, carried, practised, require_same, setting
from student_model.types import Response

GRID: FloatArray = np.linspace(-4.0, 4.0, 41)
"""Abilities at which the posterior is kept."""

PRIOR: FloatArray = -0.5 * GRID**2
"""Logarithm of their odds before any response, up to a constant."""

TAIL = 0.05
"""What a 90 % interval leaves out at each end."""


@dataclass(frozen=True, slots=True, eq=False)
class Ability:
    """A learner's posterior, as logarithms up to a constant, shape (41,), and the practice of concepts."""

    posterior: FloatArray
    practice: Practice


@dataclass(frozen=True, slots=True, eq=False)
class Irt:
    """Fitted items.

    Attributes:
        slope, ease: of items, shape (I,). `level`: the ease that is usual for a concept, shape (C,).
        usual_slope, base: slope and ease of an item of which nothing is known.
    """

    vocabulary: Vocabulary
    slope: FloatArray
    ease: FloatArray
    level: FloatArray
    usual_slope: float
    base: float

    @property
    def name(self) -> str:
        """The file's name."""
        return "irt"

    def initial(self) -> Ability:
        """The prior."""
        return Ability(PRIOR, Practice.fresh(np.zeros(len(self.vocabulary.concepts))))

    def update(self, state: Ability, response: Response) -> Ability:
        """The state after one more response: Bayes' rule."""
        words, outcome = self.vocabulary, response.outcome
        item, own = words.item_index.get(response.item_id), practised(words, response)
        if outcome is None or (item is None and not len(own)):
            return state
        posterior = self.moved(state.posterior, item, own, outcome, response.weight)
        levels = [0.0] * len(own)
        return Ability(
            posterior, state.practice.judged(own, levels, outcome * response.weight, seconds_of(response.at))
        )

    def moved(
        self, posterior: FloatArray, item: int | None, own: IntArray, outcome: float, weight: float
    ) -> FloatArray:
        """The posterior after a response to an item, or to an unknown one of the concepts `own`; read-only."""
        slope, ease = self.usual(own) if item is None else (self.slope[item], self.ease[item])
        told = likelihood(np.atleast_1d(slope), np.atleast_1d(ease), np.array([outcome]), np.array([weight]))
        moved: FloatArray = posterior + told[0]
        moved.setflags(write=False)
        return moved

    def usual(self, own: IntArray) -> tuple[float, float]:
        """Slope and ease of an unknown item of these concepts."""
        return self.usual_slope, float(self.level[own].mean())

    def predict(self, state: Ability, items: IntArray | None, now: datetime | None) -> FloatArray:
        """The odds of success, shape (n,)."""
        chosen = slice(None) if items is None else items
        return mean_odds(state.posterior[None], self.slope[chosen], self.ease[chosen])

    def predict_interval(
        self, state: Ability, items: IntArray | None, now: datetime | None
    ) -> tuple[FloatArray, FloatArray]:
        """The odds at both ends of the ability's interval, each of shape (n,)."""
        chosen = slice(None) if items is None else items
        return _ends(state, self.slope[chosen], self.ease[chosen], self.predict(state, items, now))

    def beliefs(self, state: Ability, now: datetime | None) -> Beliefs:
        """The odds at each concept's usual item."""
        slope = np.full(len(self.level), self.usual_slope)
        odds = mean_odds(state.posterior[None], slope, self.level)
        low, high = _ends(state, slope, self.level, odds)
        practice = state.practice
        return Beliefs(self.vocabulary.concepts, odds, low, high, practice.evidence, practice.last_seconds, peak=odds)

    def predict_log(self, log: Log) -> FloatArray:
        """The odds of each response given those before it, shape (N,).

        Raises:
            ValueError: the log has another vocabulary; `bind` first.
        """
        odds, offsets = np.empty(len(log)), Rows.of(log, self.vocabulary).offsets
        for first, end in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
            rows = slice(first, end)
            before = self._posteriors(log, rows)[:-1]
            odds[rows] = mean_odds(before, self.slope[log.item[rows]], self.ease[log.item[rows]])
        return odds

    def _posteriors(self, log: Log, rows: slice) -> FloatArray:
        """Before and after each of a learner's rows, shape (rows + 1, 41); added up in order, as `update` does."""
        item = log.item[rows]
        told = likelihood(self.slope[item], self.ease[item], log.outcome[rows], log.weights[rows])
        return np.asarray(np.cumsum(np.concatenate((PRIOR[None], told)), axis=0))

    def fold(self, log: Log) -> list[Ability]:
        """Each learner's state after all rows. Raises as `predict_log` does."""
        require_same(log.vocabulary, self.vocabulary)
        return [Ability(*both) for both in zip(self.posteriors(log), Practice.counted(log), strict=True)]

    def posteriors(self, log: Log) -> list[FloatArray]:
        """Each learner's posterior after all rows."""
        return [self._posteriors(log, slice(*both))[-1] for both in pairwise(log.offsets.tolist())]

    def bind(self, vocabulary: Vocabulary) -> Irt:
        """The same model over another vocabulary; new items have their concepts' ease and the usual slope."""
        own = self.vocabulary
        level = carried(own.concepts, self.level, vocabulary.concepts, self.base)
        expected = vocabulary.mean_over_concepts(level, self.base)
        return replace(
            self,
            vocabulary=vocabulary,
            slope=carried(own.items, self.slope, vocabulary.items, self.usual_slope),
            ease=carried(own.items, self.ease, vocabulary.items, expected),
            level=level,
        )

    def parameters(self) -> Parameters:
        """Everything `restore` needs."""
        arrays = {"slope": self.slope, "ease": self.ease, "level": self.level}
        return Parameters(self.name, self.vocabulary, arrays, {"usual_slope": self.usual_slope, "base": self.base})


def unfitted(words: Vocabulary) -> Irt:
    """Items that are all alike."""
    return Irt(words, np.ones(len(words.items)), np.zeros(len(words.items)), np.zeros(len(words.concepts)), 1.0, 0.0)


def likelihood(slope: FloatArray, ease: FloatArray, outcome: FloatArray, weight: FloatArray) -> FloatArray:
    """Logarithm of the likelihood of n outcomes in [0, 1] at each ability of the grid, shape (n, 41)."""
    logit = slope[:, None] * GRID + ease[:, None]
    return np.asarray(weight[:, None] * (outcome[:, None] * logit - np.logaddexp(0.0, logit)))


def mean_odds(posterior: FloatArray, slope: FloatArray, ease: FloatArray) -> FloatArray:
    """The odds of n items, each under its row of posteriors (n, 41), or all under the one of (1, 41); shape (n,)."""
    mass = np.exp(posterior - posterior.max(axis=1, keepdims=True))
    odds = 1.0 / (1.0 + np.exp(-(slope[:, None] * GRID + ease[:, None])))
    return np.asarray(np.clip((mass * odds).sum(axis=1) / mass.sum(axis=1), 1e-6, 1.0 - 1e-6))


def _ends(state: Ability, slope: FloatArray, ease: FloatArray, odds: FloatArray) -> tuple[FloatArray, FloatArray]:
    mass = np.exp(state.posterior - state.posterior.max())
    below = (np.cumsum(mass) - mass / 2.0) / mass.sum()  # a point stands for the mass on both sides of it
    low, high = np.interp((TAIL, 1.0 - TAIL), below, GRID)
    at = [np.clip(1.0 / (1.0 + np.exp(-(slope * ability + ease))), 0.0, 1.0) for ability in (low, high)]
    return np.minimum(at[0], odds), np.maximum(at[1], odds)


def fit(log: Log, seed: int = 0, context: Context = ALONE) -> Irt:
    """Fit by marginal maximum likelihood. An empty log gives items of slope 1 and ease 0; nothing is drawn."""
    from student_model.tracing._irt_fit import fitted  # serving needs none of it

    with steps(context, "irt") as step:
        return fitted(log, step)


def restore(parameters: Parameters) -> Irt:
    """The tracer from what `Irt.parameters` gave."""
    own, words = parameters.arrays, parameters.vocabulary
    usual, base = (setting(parameters, name) for name in ("usual_slope", "base"))
    return Irt(words, own["slope"], own["ease"], own["level"], usual, base)

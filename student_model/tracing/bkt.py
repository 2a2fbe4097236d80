"""Bayesian knowledge tracing: each concept is known or not, practice teaches, time and practice lose.

Corbett & Anderson, "Knowledge tracing" (UMUAI 1994), with forgetting between opportunities as in Khajah,
Lindsey & Mozer, "How deep is knowledge tracing?" (EDM 2016). Of a concept with prior P, learn L, guess G,
slip S and forget F, at belief p, a response with outcome y in [0, 1] leaves

    odds   o  = p (1 - S) + (1 - p) G
    right  r  = p (1 - S) / o                      wrong  w = p S / (1 - o)
    seen   p' = y r + (1 - y) w
    after  p" = p' (1 - F) + (1 - p') L

A graded text of confidence q has y shrunk to q y + (1 - q) o, which leaves p" = p' + q (p' (1 - F) + (1 - p')
L - p'); see `weight_of`. An item of several concepts has the mean of their odds, and its response counts for
each. What is believed fades between practices (`student_model.forgetting`); the fit takes no account of
times.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

import numpy as np

from knowledge_graph.vocabulary import FloatArray, IntArray, Vocabulary
from student_model.compiled import compiled
from student_model.forgetting import HALF_LIFE_DAYS, faded, half_life, retention
from student_model.log import Log
from student_model.steps import steps
from student_model.tracing import ALONE, Beliefs, Context, Parameters, seconds_of
from student_model.tracing._practice import (
    Ledger,
    Practice,
    Rows,
    carried,
    clear,
    practised,
    setting,
    tally,
    wilson,
)
from student_model.types import Response

Number = TypeVar("Number", float, FloatArray)

DEFAULTS = np.array([0.2, 0.15, 0.2, 0.1, 0.01])
"""Prior, learn, guess, slip and forget of a brand-new platform. Three right answers lead above .9; with learn
at .2 a first wrong one would raise the belief."""

TRIALS = 2.0
"""What the prior is worth, in responses, when the interval of a belief is drawn."""


def odds_of(known: Number, guess: Number, slip: Number) -> Number:
    """The probability of a right answer, of numbers or arrays."""
    return known * (1.0 - slip) + (1.0 - known) * guess


def seen(known: float, outcome: float, guess: float, slip: float) -> float:
    """The belief once the outcome is known.

    >>> round(seen(0.2, 1.0, 0.2, 0.1), 4), round(seen(0.2, 0.0, 0.2, 0.1), 4)
    (0.5294, 0.0303)
    """
    right = known * (1.0 - slip)
    wrong = known * slip
    after_right = right / (right + (1.0 - known) * guess)
    after_wrong = wrong / (wrong + (1.0 - known) * (1.0 - guess))
    return outcome * after_right + (1.0 - outcome) * after_wrong


def taught(known: float, learn: float, forget: float) -> float:
    """The belief after the practice itself has taught, or lost, something."""
    return known * (1.0 - forget) + (1.0 - known) * learn


def step(known: float, outcome: float, weight: float, learn: float, guess: float, slip: float, forget: float) -> float:
    """The belief after a response of this outcome, weighted by the confidence in it."""
    shrunk = weight * outcome + (1.0 - weight) * odds_of(known, guess, slip)
    now = seen(known, shrunk, guess, slip)
    return now + weight * (taught(now, learn, forget) - now)


@dataclass(frozen=True, slots=True, eq=False)
class Bkt:
    """A fitted BKT.

    Attributes:
        values: prior, learn, guess, slip and forget of each concept, shape (5, C).
        shared: the same for a concept of which nothing is known, shape (5,).
        rate: the share of right answers, for items without concepts.
        half_life_days: see `student_model.forgetting`.
    """

    vocabulary: Vocabulary
    values: FloatArray
    shared: FloatArray
    rate: float
    half_life_days: float = HALF_LIFE_DAYS

    @property
    def name(self) -> str:
        """The file's name."""
        return "bkt"

    def initial(self) -> Practice:
        """Every concept at its prior."""
        return Practice.fresh(self.values[0])

    def update(self, state: Practice, response: Response) -> Practice:
        """The state after one more response; see the formulas above."""
        concepts, at = practised(self.vocabulary, response), seconds_of(response.at)
        outcome, weight = response.outcome, response.weight
        if outcome is None:
            return state
        known = state.levels_of(concepts, self.values[0], at, self.half_life_days)
        rates = self.values[1:, concepts].T.tolist()
        levels = [step(p, outcome, weight, *own) for p, own in zip(known, rates, strict=True)]
        return state.judged(concepts, levels, weight * outcome, at)

    def predict(self, state: Practice, items: IntArray | None, now: datetime | None) -> FloatArray:
        """The mean odds over each item's concepts, shape (n,)."""
        known, _ = state.levels(self.values[0], seconds_of(now), self.half_life_days)
        return self._odds(known, items)

    def predict_interval(
        self, state: Practice, items: IntArray | None, now: datetime | None
    ) -> tuple[FloatArray, FloatArray]:
        """The odds at both ends of the beliefs' intervals, each of shape (n,)."""
        beliefs = self.beliefs(state, now)
        return self._odds(beliefs.low, items), self._odds(beliefs.high, items)

    def _odds(self, known: FloatArray, items: IntArray | None) -> FloatArray:
        _, _, guess, slip, _ = self.values
        odds = self.vocabulary.mean_over_concepts(odds_of(known, guess, slip), self.rate)
        return odds if items is None else odds[items]

    def beliefs(self, state: Practice, now: datetime | None) -> Beliefs:
        """What is known now. The interval reads a belief as a share of right answers among `TRIALS` plus the
        responses not yet faded (Wilson 1927): how far as much evidence again could still move it.
        """
        known, kept = state.levels(self.values[0], seconds_of(now), self.half_life_days)
        low, high = wilson(known, TRIALS + state.evidence * kept)
        words = self.vocabulary.concepts
        return Beliefs(words, known, low, high, state.evidence, state.last_seconds, peak=state.level)

    def predict_log(self, log: Log) -> FloatArray:
        """The odds of each response given those before it, shape (N,).

        Raises:
            ValueError: the log has another vocabulary; `bind` first.
        """
        return self._run(log, Ledger.blank(1, self.values[0]))

    def fold(self, log: Log) -> list[Practice]:
        """Each learner's state after all rows. Raises as `predict_log` does."""
        ledger = Ledger.blank(len(log.learners), self.values[0])
        self._run(log, ledger)
        return ledger.practices()

    def _run(self, log: Log, ledger: Ledger) -> FloatArray:
        odds = np.full(len(log), self.rate)
        run = compiled(fold_loop, half_life, retention, faded, odds_of, seen, taught, step, clear, tally)
        run(Rows.of(log, self.vocabulary), ledger, self.values, self.half_life_days, odds)
        return odds

    def bind(self, vocabulary: Vocabulary) -> Bkt:
        """The same model over another vocabulary; concepts it does not know get the shared values."""
        values = carried(self.vocabulary.concepts, self.values, vocabulary.concepts, self.shared[:, None])
        return replace(self, vocabulary=vocabulary, values=values)

    def parameters(self) -> Parameters:
        """Everything `restore` needs."""
        arrays = {"values": self.values, "shared": self.shared}
        return Parameters("bkt", self.vocabulary, arrays, {"rate": self.rate, "half_life_days": self.half_life_days})


def fold_loop(rows: Rows, ledger: Ledger, values: FloatArray, base: float, odds: FloatArray) -> None:
    """`update` over a whole log, to be compiled; `odds` (N,) takes the prediction before each row.

    The ledger has a place for each learner, or one that all use in turn.
    """
    places = len(ledger.level)
    for learner in range(len(rows.offsets) - 1):
        r = learner % places
        clear(ledger, r, values[0])
        for n in range(rows.offsets[learner], rows.offsets[learner + 1]):
            begin, end = rows.item_offsets[rows.item[n]], rows.item_offsets[rows.item[n] + 1]
            outcome, weight, at, total = rows.outcome[n], rows.weight[n], rows.seconds[n], 0.0
            for c in rows.item_concepts[begin:end]:
                prior, learn, guess, slip, forget = values[:, c]
                kept = retention(at - ledger.last_seconds[r, c], ledger.successes[r, c], base)
                known = faded(ledger.level[r, c], prior, kept)
                total += odds_of(known, guess, slip)
                ledger.level[r, c] = step(known, outcome, weight, learn, guess, slip, forget)
                tally(ledger, r, c, weight * outcome, at)
            if end > begin:
                odds[n] = total / (end - begin)


def fit(log: Log, seed: int = 0, context: Context = ALONE) -> Bkt:
    """Fit by expectation maximisation. An empty log gives `DEFAULTS`. `seed` changes nothing."""
    from student_model.tracing._bkt_fit import fitted  # serving needs none of it

    with steps(context, "bkt") as step:
        values, shared = fitted(log, step)
    rate = ((log.weights * log.outcome).sum() + 1.0) / (log.weights.sum() + 2.0)
    return Bkt(log.vocabulary, values, shared, float(rate))


def restore(parameters: Parameters) -> Bkt:
    """The tracer from what `Bkt.parameters` gave."""
    return Bkt(
        parameters.vocabulary,
        values=parameters.arrays["values"],
        shared=parameters.arrays["shared"],
        rate=setting(parameters, "rate"),
        half_life_days=setting(parameters, "half_life_days"),
    )

"""Finding how difficulties drift along the order of ids (`_drift`), and what that tells of each item.

Estimates err by their own information: estimate_i = drift_i + own_i + error_i, error_i ~ N(0, 1 / information_i). The
process is Markov, so that one pass from each end gives all expectations, and the evidence, exactly. The three
numbers are those of the most evidence, drawn to what is `USUAL`; where they beat no drift at all by too little, as with
ids drawn by lot, there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize, minimize_scalar

from knowledge_graph.vocabulary import FloatArray, IntArray, natural_order
from student_model.compiled import compiled
from student_model.tracing._drift import NONE, Drift

USUAL, BREADTH, BOUND = Drift(own=0.5, shared=0.2, reach=20.0), 2.0, 6.0
"""What is assumed of a drift before any data; the standard deviation of the logarithm of each number around it, and how
far it may lie off."""


class Estimates(NamedTuple):
    """Of items: estimates of what their difficulty is above their concepts', and the information in each, 0 where there
    is none; shapes (I,).
    """

    value: FloatArray
    information: FloatArray

    def at(self, places: IntArray) -> Estimates:
        """Those of some items, in this order."""
        return Estimates(self.value[places], self.information[places])

    def around_nought(self) -> Estimates:
        """The same without the level that all share, which is for concepts to tell and no drift. An item counts by how
        far its estimate may be off, its own part included: one that was answered often is still but one item.
        """
        known = self.information > 0.0
        if not known.any():
            return self
        trust = 1.0 / (USUAL.own + 1.0 / self.information[known])
        return self._replace(value=self.value - np.average(self.value[known], weights=trust))


class Told(NamedTuple):
    """How difficulties drift, the drift of each item, and what is expected of it without its own estimate: its mean and
    variance; shapes (I,).
    """

    drift: Drift
    drifted: FloatArray
    mean: FloatArray
    variance: FloatArray


def told_of(ids: Sequence[str], items: Estimates) -> Told:
    """What ids tell of the items that have them; nothing if they tell too little."""
    order = natural_order(ids)
    placed = items.at(order).around_nought()
    drift = found(placed)
    if drift is None:
        return Told(NONE, np.zeros(len(ids)), np.zeros(len(ids)), np.full(len(ids), NONE.own))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    mean, variance = expected(placed, drift)
    noise = drift.own + 1.0 / np.maximum(placed.information, 1e-9)
    drifted = mean + variance / (variance + noise) * (placed.value - mean)
    return Told(drift, drifted[place], mean[place], variance[place] + drift.own)


def found(items: Estimates) -> Drift | None:
    """The drift with the most evidence, if that is enough. Here and below items are in natural order, around nought."""
    if np.count_nonzero(items.information) < 2:
        return None
    usual = np.log(USUAL)

    def badness(values: FloatArray) -> float:
        prior = 0.5 * float(np.sum(((values - usual) / BREADTH) ** 2))
        return prior - evidence(items, Drift(*np.exp(values).tolist()))

    def alone(own: float) -> float:
        return -evidence(items, Drift(float(np.exp(own)), 0.0, 1.0))

    bounds = [(one - BOUND, one + BOUND) for one in usual.tolist()]
    best = minimize(badness, usual, method="L-BFGS-B", bounds=bounds)
    without = minimize_scalar(alone, bounds=bounds[0], method="bounded")
    # Two numbers more must be worth it (Schwarz, "Estimating the dimension of a model", Annals of Statistics 1978).
    worth = float(np.log(np.count_nonzero(items.information)))
    return Drift(*np.exp(best.x).tolist()) if without.fun - best.fun > worth else None


def evidence(items: Estimates, drift: Drift) -> float:
    """The log probability of the estimates, up to a constant."""
    return _swept(items, drift)[2]


def expected(items: Estimates, drift: Drift) -> tuple[FloatArray, FloatArray]:
    """What all other items tell of each one's drift, and its variance; shapes (I,)."""
    mean, spread, _ = _swept(items, drift)
    back, wide, _ = _swept(Estimates(items.value[::-1], items.information[::-1]), drift)
    before, after = 1.0 / spread, 1.0 / wide[::-1]
    variance = 1.0 / (before + after - 1.0 / drift.shared)  # both count the prior
    return variance * (before * mean + after * back[::-1]), variance


def _swept(items: Estimates, drift: Drift) -> tuple[FloatArray, FloatArray, float]:
    mean, spread = np.empty(len(items.value)), np.empty(len(items.value))
    columns = map(np.ascontiguousarray, items)
    told = compiled(sweep)(*columns, drift.own, drift.shared, float(np.exp(-1.0 / drift.reach)), mean, spread)
    return mean, spread, float(told)


def sweep(
    value: FloatArray,
    information: FloatArray,
    own: float,
    shared: float,
    keeps: float,
    mean: FloatArray,
    spread: FloatArray,
) -> float:
    """A Kalman filter: writes each drift as the items before it tell it, and returns the evidence; to be compiled."""
    m, v, told = 0.0, shared, 0.0
    for i in range(len(value)):
        m, v = keeps * m, shared + keeps * keeps * (v - shared)
        mean[i], spread[i] = m, v
        if information[i] > 0.0:
            whole = v + own + 1.0 / information[i]
            error = value[i] - m
            told -= 0.5 * (np.log(whole) + error * error / whole)
            m, v = m + v / whole * error, v - v * v / whole
    return told

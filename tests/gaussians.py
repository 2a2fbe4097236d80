"""A learner of the belief model with numbers that are drawn, and the full Gaussian that they stand for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge_graph.vocabulary import FloatArray, IntArray
from student_model.tracing._statespace_step import Law, Neighbours, Tables

LAW = Law(0.8, 0.5, 0.01, 0.02, gain=0.4, loss=0.2, credit=0.5, coupling=0.3, half_life_days=7.0)
COUNT = 3


def drawn(seed: int) -> Tables:
    """A learner of whom something is known, ability and offsets that hang together with it; and a new one."""
    rng, t = np.random.default_rng(seed), Tables.blank(2, COUNT, LAW)
    t.general[0] = rng.normal(), rng.uniform(0.1, 2.0)
    t.level[0], t.slope[0], t.spread[0] = rng.normal(size=3), rng.uniform(-0.6, 0.6, 3), rng.uniform(0.05, 1.0, 3)
    t.successes[0], t.failures[0] = rng.integers(0, 4, 3), rng.integers(0, 4, 3)
    return t


def columns(t: Tables | Neighbours) -> tuple[NDArray[Any], ...]:
    """All arrays of a table."""
    return t


def gaussian(t: Tables) -> tuple[FloatArray, FloatArray]:
    """Mean and covariance of the first learner's ability and offsets, (1 + C,) and (1 + C, 1 + C)."""
    (g, v), along = t.general[0], np.concatenate(([1.0], t.slope[0]))
    noise = np.diag(np.concatenate(([0.0], t.spread[0])))
    return np.concatenate(([g], t.level[0] + t.slope[0] * g)), v * np.outer(along, along) + noise


def practised(t: Tables) -> FloatArray:
    """What practice adds to each of the first learner's offsets."""
    return np.asarray(LAW.gain * np.log(1 + t.successes[0]) - LAW.loss * np.log(1 + t.failures[0]))


def odds_of(logit: float) -> float:
    """The logistic function."""
    return 1.0 / (1.0 + math.exp(-logit))


def at(*positions: int) -> IntArray:
    """Positions as an array."""
    return np.array(positions, dtype=np.int32)

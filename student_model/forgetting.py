"""Forgetting: what is believed fades with time since the last practice.

    faded = prior + (level - prior) * 2^(-elapsed / h)      while level > prior
    h     = base * (1 + n) / (1 + n * base / cap)           after n successes

A half-life memory after Settles & Meeder, "A trainable spaced repetition model for language learning" (ACL
2016). Theirs doubles with practice; ours grows by one base per success, so that ten right answers within ten
minutes do not buy three years of memory. What never rose above its prior has nothing to lose. The formulas
take numbers and arrays alike, and the exponential is always the C library's, so that a single update, a
compiled fold and a read of all concepts agree bit for bit (numpy's own `exp` differs in the last place).
"""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np

from knowledge_graph.vocabulary import FloatArray

HALF_LIFE_DAYS = 7.0
"""Half-life of a concept without any success yet."""

CAP_DAYS = 365.0
"""No half-life grows beyond this."""

DAY = 86_400.0
LN2 = 0.6931471805599453

Number = TypeVar("Number", float, FloatArray)


def half_life(successes: Number, base: float) -> Number:
    """Seconds until half of what stands above the prior has faded; `base` in days, smoothly capped.

    >>> [round(half_life(n, 7.0) / DAY, 1) for n in (0.0, 1.0, 4.0, 1e9)]
    [7.0, 13.7, 32.5, 365.0]
    """
    return DAY * base * (1.0 + successes) / (1.0 + successes * (base / CAP_DAYS))


def retention(elapsed: float, successes: float, base: float) -> float:
    """The share that is left after `elapsed` seconds; 1 if that is NaN (no times) or not positive, or `base` infinite.

    >>> retention(7 * DAY, 0.0, 7.0), retention(math.nan, 3.0, 7.0)
    (0.5, 1.0)
    """
    return math.exp(-LN2 * (elapsed / half_life(successes, base))) if elapsed > 0.0 and base < math.inf else 1.0


def faded(level: Number, prior: Number, kept: Number) -> Number:
    """What is left of `level` when the share `kept` of its rise above `prior` is; on any scale.

    >>> faded(0.9, 0.1, 0.5), faded(0.05, 0.1, 0.5)
    (0.5, 0.05)
    """
    rise = level - prior
    return level - (rise > 0.0) * rise * (1.0 - kept)


def retentions(last_seconds: FloatArray, successes: FloatArray, now: float, base: float) -> FloatArray:
    """`retention` of all concepts at the time `now` (seconds, NaN for no time), shape (C,)."""
    kept = np.ones(len(last_seconds))
    elapsed = now - last_seconds
    aged = np.flatnonzero((elapsed > 0.0) & (base < math.inf))
    if len(aged):
        exponent = -LN2 * (elapsed[aged] / half_life(successes[aged], base))
        kept[aged] = list(map(math.exp, exponent.tolist()))
    return kept

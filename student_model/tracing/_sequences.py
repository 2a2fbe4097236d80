"""What networks read of a log: each response's sign, how it was expected, and its times in buckets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge_graph.vocabulary import FloatArray, IntArray, Vocabulary
from student_model.log import Log
from student_model.tracing._practice import require_same

Floats = NDArray[np.float32]

LAGS, PAUSES = 14, 13
"""Buckets of the time since the last response and of the time spent on it; 0 is "not known"."""


def bucket(seconds: float | FloatArray, width: float, buckets: int) -> IntArray:
    """Which bucket of doubling bounds a duration falls in, each `width` octaves wide; 0 where it is NaN or negative.

    >>> bucket(np.array([np.nan, -1.0, 0.0, 1.0, 3.0, 1e12]), 1.0, 14).tolist()
    [0, 0, 1, 2, 3, 13]
    """
    known = np.nan_to_num(np.asarray(seconds, dtype=np.float64), nan=-1.0)
    place = 1 + np.log2(1.0 + np.maximum(known, 0.0)) // width
    return np.where(known >= 0.0, np.minimum(place, buckets - 1), 0).astype(np.int32)


def lag_of(seconds: float | FloatArray) -> IntArray:
    """The bucket of a time since the last response: four times as long each."""
    return bucket(seconds, 2.0, LAGS)


def pause_of(seconds: float | FloatArray) -> IntArray:
    """The bucket of a time spent on an item: twice as long each."""
    return bucket(seconds, 1.0, PAUSES)


@dataclass(frozen=True, slots=True, eq=False)
class Sequences:
    """What networks read of N rows, grouped by learner as `offsets` says: columns of shape (N,).

    Attributes:
        sign: 2 y - 1, by weight. `odds`: what was expected, p. `surprise`: y - p, by weight.
        elapsed, lag: buckets of the time spent and of the time since the last response.
        seconds: of the response.
    """

    offsets: IntArray
    item: IntArray
    sign: Floats
    odds: Floats
    elapsed: IntArray
    lag: IntArray
    surprise: Floats
    seconds: FloatArray


def sequences(log: Log, odds: FloatArray, own: Vocabulary) -> Sequences:
    """What a network over the vocabulary `own` reads of a log whose responses were expected at these odds (N,).

    Raises:
        ValueError: the log has another vocabulary.
    """
    require_same(log.vocabulary, own)
    surprise = ((log.outcome - odds) * log.weights).astype(np.float32)
    sign = ((2.0 * log.outcome - 1.0) * log.weights).astype(np.float32)
    elapsed, lag = pause_of(log.elapsed_seconds), lag_of(log.since_last)
    return Sequences(log.offsets, log.item, sign, odds.astype(np.float32), elapsed, lag, surprise, log.seconds)

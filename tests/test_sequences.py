"""What networks read of a log: signs, surprises and buckets of times, worked out by hand and by counting bounds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import Vocabulary
from student_model.log import Log
from student_model.tracing._sequences import LAGS, PAUSES, lag_of, pause_of, sequences
from student_model.types import LearnerId

C = ConceptId("c")
WORDS = Vocabulary.build([C], {ItemId(name): [C] for name in "ij"})


def two_learners() -> Log:
    """Ann with three responses, the second without a time; Ben with one, which counts by half."""
    return Log.from_unordered(
        WORDS,
        [LearnerId(name) for name in ("ann", "ann", "ann", "ben")],
        np.array([0, 1, 1, 0], dtype=np.int32),
        np.array([1.0, 0.25, 0.0, 1.0]),
        np.array([1_000.0, math.nan, 1_015.0, 9_000.0]),
        np.array([1.0, 0.4, 1.0, 0.5]),
        np.array([0.0, 7.0, math.nan, 1e9]),
    )


def test_all_columns_worked_out_by_hand() -> None:
    log = two_learners()
    rows = sequences(log, np.array([0.8, 0.5, 0.75, 0.2]), WORDS)
    assert rows.offsets.tolist() == [0, 3, 4] and rows.item.tolist() == [0, 1, 1, 0]
    assert rows.sign == pytest.approx([1.0, 0.4 * (2 * 0.25 - 1), -1.0, 0.5])
    assert rows.surprise == pytest.approx([1 - 0.8, 0.4 * (0.25 - 0.5), -0.75, 0.5 * (1 - 0.2)])
    assert rows.odds == pytest.approx([0.8, 0.5, 0.75, 0.2])  # weights say how an outcome counts, not what was expected
    # Time spent: 0 s lies below 1 s, 7 s begin the bucket of 1 + 7 = 2^3, none is known, and a lifetime is the last.
    assert rows.elapsed.tolist() == [1, 4, 0, PAUSES - 1]
    # Lags: of first responses and of those without a time nothing is known; 15 s begin that of 1 + 15 = 4^2.
    assert rows.lag.tolist() == [0, 0, 3, 0]
    assert np.array_equal(rows.seconds, log.seconds, equal_nan=True)
    assert {one.dtype for one in (rows.sign, rows.surprise, rows.odds)} == {np.dtype(np.float32)}


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 10**9))
def test_buckets_count_the_bounds_that_were_passed(seconds: int) -> None:
    """Bounds at 4^k - 1 seconds since the last response, and at 2^k - 1 seconds spent, up to the last bucket."""
    lag = 1 + sum(seconds >= 4**k - 1 for k in range(1, LAGS - 1))
    pause = 1 + sum(seconds >= 2**k - 1 for k in range(1, PAUSES - 1))
    assert (int(lag_of(float(seconds))), int(pause_of(float(seconds)))) == (lag, pause)


def test_the_last_buckets_hold_all_that_is_longer() -> None:
    """A lag of 4^12 - 1 s (194 days) and 2^11 - 1 s spent (34 minutes) are the first that cannot be told from more."""
    assert lag_of(np.array([4.0**12 - 2.0, 4.0**12 - 1.0, math.inf])).tolist() == [LAGS - 2, LAGS - 1, LAGS - 1]
    assert pause_of(np.array([2.0**11 - 2.0, 2.0**11 - 1.0, math.inf])).tolist() == [PAUSES - 2, PAUSES - 1, PAUSES - 1]


@pytest.mark.parametrize("unknown", [math.nan, -1e-9, -1.0, -math.inf])
def test_a_time_that_cannot_be_is_no_time(unknown: float) -> None:
    assert (int(lag_of(unknown)), int(pause_of(unknown))) == (0, 0)


def test_a_log_without_rows_or_without_times_has_sequences() -> None:
    log = two_learners()
    none = sequences(log.rows(slice(0, 0)), np.empty(0), WORDS)
    assert none.offsets.tolist() == [0, 0, 0] and none.item.shape == none.sign.shape == none.lag.shape == (0,)
    bare = Log(WORDS, log.learners, log.learner, log.item, log.outcome, np.full(4, math.nan))
    rows = sequences(bare, np.full(4, 0.5), WORDS)
    assert not rows.lag.any() and not rows.elapsed.any()
    assert rows.sign == pytest.approx([1.0, -0.5, -1.0, 1.0])  # without weights all count in full


def test_a_log_of_another_vocabulary_is_refused() -> None:
    other = Vocabulary.build([C], {ItemId(name): [C] for name in "ji"})
    with pytest.raises(ValueError, match="another vocabulary"):
        sequences(two_learners(), np.full(4, 0.5), other)

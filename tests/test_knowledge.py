"""What is kept of a learner: every number that differs from a new learner's, on its own, and nothing else."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from gaussians import columns
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from student_model.tracing._knowledge import Knowledge
from student_model.tracing._statespace_step import Tables
from student_model.tracing.statespace import LAW

DIFFERENT = {"level": 0.3, "slope": -0.2, "spread": 0.9, "successes": 0.4, "evidence": 2, "as_of": 50.0}
"""Each can be all that is known of a concept: an untimed answer that weighs nothing leaves evidence alone."""


def tables(learners: int = 3, concepts: int = 4) -> Tables:
    return Tables.blank(learners, concepts, LAW)


@pytest.mark.parametrize("name", DIFFERENT)
def test_a_single_number_that_differs_is_kept(name: str) -> None:
    table = tables()
    getattr(table, name)[1, 2] = DIFFERENT[name]
    first, second, third = Knowledge.rows(table, LAW)
    assert first.concepts.tolist() == third.concepts.tolist() == []
    assert second.concepts.tolist() == [2]
    assert getattr(second, name).tolist() == [DIFFERENT[name]]
    assert getattr(second.table(LAW), name)[0, 2] == DIFFERENT[name]


def test_of_new_learners_nothing_is_kept() -> None:
    for one in Knowledge.rows(tables(), LAW):
        assert (one.count, one.concepts.tolist(), one.general.tolist()) == (4, [], [0.0, LAW.general_variance])
    assert Knowledge.rows(tables(0), LAW) == []
    (alone,) = Knowledge.rows(tables(1, 0), LAW)
    assert alone.table(LAW).level.shape == (1, 0)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.floats(0.1, 9.0)), max_size=8))
def test_a_table_comes_back_learner_by_learner(touched: list[tuple[int, int, float]]) -> None:
    table = tables()
    for learner, concept, value in touched:
        table.general[learner] = value, 1.0 / value
        table.evidence[learner, concept] += 1
        for n, column in enumerate((table.level, table.slope, table.spread, table.successes, table.failures)):
            column[learner, concept] = (n + 1) * value
        table.last_seconds[learner, concept] = table.as_of[learner, concept] = value
    for learner, one in enumerate(Knowledge.rows(table, LAW)):
        assert one.concepts.tolist() == sorted({concept for who, concept, _ in touched if who == learner})
        for mine, whole in zip(columns(one.table(LAW)), columns(table), strict=True):
            assert np.array_equal(mine[0], whole[learner], equal_nan=True)


def test_what_is_kept_cannot_be_written_to_and_does_not_change_with_the_table() -> None:
    table = tables()
    table.general[0], table.level[0, 3], table.evidence[0, 3] = (0.5, 0.4), 1.5, 1
    one = Knowledge.rows(table, LAW)[0]
    table.general[0], table.level[0, 3] = (9.0, 9.0), 9.0
    own = one.table(LAW)
    own.general[0, 0], own.level[0, 3] = 7.0, 7.0
    assert (one.general.tolist(), one.level.tolist()) == ([0.5, 0.4], [1.5])
    whole: tuple[NDArray[Any], ...] = (one.general, one.concepts, *one.columns())
    for array in whole:
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_values_are_spread_out_over_all_concepts() -> None:
    table = tables()
    table.level[0, [1, 3]] = 0.5, -0.5
    one = Knowledge.rows(table, LAW)[0]
    assert one.spread_out(one.level, 9.0).tolist() == [9.0, 0.5, 9.0, -0.5]
    assert np.array_equal(one.spread_out(one.as_of, math.nan), np.full(4, math.nan), equal_nan=True)

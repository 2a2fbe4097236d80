"""The points of plots, worked out by hand and by plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import FloatArray, Vocabulary
from student_model.curves import ENOUGH, LONGEST, concept_errors, learning, practice, reliability
from student_model.evaluation import expected_calibration_error
from student_model.log import Log
from student_model.types import LearnerId

A, B = ConceptId("a"), ConceptId("b")
WORDS = Vocabulary.build([A, B], {ItemId("x"): [A], ItemId("y"): [A, B], ItemId("z"): []})
LOG = Log.from_unordered(
    WORDS,
    [LearnerId(one) for one in "kkkkl"],
    np.array([0, 1, 2, 1, 1], np.int32),  # a, a and b, none, a and b; then another learner's a and b
    np.array([1.0, 0.0, 1.0, 1.0, 0.0]),
)


def test_practice_counts_each_concept_of_each_learner() -> None:
    row, nth = practice(LOG)
    assert row.tolist() == [0, 1, 1, 3, 3, 4, 4]
    assert nth.tolist() == [0, 1, 0, 2, 1, 0, 0]


def test_a_learning_curve_has_the_means_of_each_practice() -> None:
    curve = learning(LOG, np.array([0.5, 0.4, 0.9, 0.6, 0.2]))
    assert curve.at == (1.0, 2.0, 3.0)
    assert curve.rows == (4, 2, 1)  # x; b of the second row; a and b of the other learner
    assert curve.outcome == (0.25, 0.5, 1.0)
    assert curve.odds == pytest.approx(((0.5 + 0.4 + 0.2 + 0.2) / 4, 0.5, 0.6))


def test_a_learning_curve_ends() -> None:
    rows = 3 * LONGEST
    log = Log.from_unordered(WORDS, [LearnerId("l")] * rows, np.zeros(rows, np.int32), np.ones(rows))
    assert learning(log, np.full(rows, 0.5)).at[-1] == LONGEST


def test_reliability_is_the_calibration_error_taken_apart() -> None:
    rng = np.random.default_rng(0)
    odds = rng.random(2_000)
    outcome = (rng.random(2_000) < odds**2).astype(np.float64)
    curve = reliability(odds, outcome)
    gaps = [n * abs(p - y) for n, p, y in zip(curve.rows, curve.odds, curve.outcome, strict=True)]
    assert sum(gaps) / 2_000 == pytest.approx(expected_calibration_error(odds, outcome))


def test_a_concept_has_an_error_of_its_own_from_enough_rows_on() -> None:
    rows = ENOUGH + 10
    item = np.where(np.arange(rows) < 20, 0, 1).astype(np.int32)  # b has too few rows by ten
    log = Log.from_unordered(WORDS, [LearnerId("l")] * rows, item, np.ones(rows))
    assert concept_errors(log, np.full(rows, 0.75)).tolist() == pytest.approx([0.25])
    assert len(concept_errors(LOG, np.full(5, 0.5))) == 0


@st.composite
def logs(draw: st.DrawFn) -> tuple[Log, FloatArray]:
    """A few learners on the three items, and odds of which many fall on the edges of ranges."""
    rows = draw(st.lists(st.tuples(st.sampled_from("klm"), st.integers(0, 2), st.booleans()), max_size=30))
    odds = draw(st.lists(st.integers(0, 30).map(lambda n: n / 30), min_size=len(rows), max_size=len(rows)))
    who, item, right = zip(*rows, strict=True) if rows else ((), (), ())
    log = Log.from_unordered(
        WORDS, [LearnerId(one) for one in who], np.array(item, np.int32), np.array(right, np.float64)
    )
    return log, np.array(odds, np.float64)


@settings(deadline=None, max_examples=60)
@given(logs())
def test_practice_and_learning_equal_a_loop_over_rows(told: tuple[Log, FloatArray]) -> None:
    log, odds = told
    met: dict[tuple[int, int], int] = {}
    pairs, points = [], dict[int, list[tuple[float, float]]]()
    for row, (who, item) in enumerate(zip(log.learner.tolist(), log.item.tolist(), strict=True)):
        for concept in log.vocabulary.concepts_of(item).tolist():
            before = met.get((who, concept), 0)
            met[who, concept] = before + 1
            pairs.append((row, before))
            points.setdefault(before, []).append((odds[row], log.outcome[row]))
    row_, nth = practice(log)
    assert list(zip(row_.tolist(), nth.tolist(), strict=True)) == pairs
    curve, shown = learning(log, odds), [n for n in sorted(points) if n < LONGEST]
    assert curve.at == tuple(n + 1.0 for n in shown)
    assert curve.rows == tuple(len(points[n]) for n in shown)
    assert curve.odds == pytest.approx([np.mean([p for p, _ in points[n]]) for n in shown])
    assert curve.outcome == pytest.approx([np.mean([y for _, y in points[n]]) for n in shown])


def test_a_learning_curve_ends_with_the_twentieth_practice() -> None:
    """Right from the twentieth practice on: that point is there, and no later row is mixed into it."""
    log = Log.from_unordered(
        WORDS, [LearnerId("l")] * 30, np.zeros(30, np.int32), (np.arange(30) >= 19).astype(np.float64)
    )
    curve = learning(log, np.linspace(0.0, 1.0, 30))
    assert (curve.at[-1], curve.rows[-1], curve.outcome[-2:]) == (20.0, 1, (0.0, 1.0))
    assert curve.odds[-1] == pytest.approx(19 / 29)


def test_points_of_reliability_stand_in_the_middles_of_their_ranges() -> None:
    # 15 ranges: .5 lies in the eighth, 7/15 to 8/15, whose middle is .5; 0 in the first, 1 in the last
    curve = reliability(np.array([0.5, 1.0, 0.0, 0.52]), np.array([1.0, 1.0, 0.0, 0.0]))
    assert curve.at == pytest.approx((1 / 30, 0.5, 29 / 30))
    assert (curve.rows, curve.outcome) == ((1, 2, 1), (0.0, 0.5, 1.0))
    assert curve.odds == pytest.approx((0.0, 0.51, 1.0))
    assert reliability(np.zeros(0), np.zeros(0)).at == ()


def test_errors_of_concepts_balance_within_a_range_only() -> None:
    """By hand, with rows enough: concept a is told .5 and 1, b .3 and .6; half of each is right."""
    # Half of the rows are in each of two ranges. a: no gap and |1 - .5|, .25. b: |.3 - .5| and |.6 - .5|, .15.
    half = ENOUGH // 2
    words = Vocabulary.build([A, B], {ItemId("x"): [A], ItemId("y"): [B]})
    item = np.repeat([0, 1], 2 * half).astype(np.int32)
    odds = np.repeat([0.5, 1.0, 0.3, 0.6], half)
    outcome = (np.arange(4 * half) % 2).astype(np.float64)
    log = Log.from_unordered(words, [LearnerId("l")] * len(item), item, outcome)
    assert concept_errors(log, odds).tolist() == pytest.approx([0.25, 0.15])
    assert len(concept_errors(log.rows(slice(0, 4 * half - 1)), odds[:-1])) == 1  # b is one row short


def test_an_item_of_two_concepts_counts_for_the_error_of_each() -> None:
    rows = 2 * ENOUGH  # x and y in turns: all rows have a, half of them b as well
    item = (np.arange(rows) % 2).astype(np.int32)
    odds = np.where(item == 0, 0.9, 0.7)
    log = Log.from_unordered(WORDS, [LearnerId("l")] * rows, item, np.ones(rows))
    assert concept_errors(log, odds).tolist() == pytest.approx([0.2, 0.3])  # of .1 and .3, and of .3

"""The points of plots, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import Vocabulary
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

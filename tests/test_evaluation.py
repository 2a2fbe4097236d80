"""Metrics equal scikit-learn's; slices and reports are what they say."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.metrics import log_loss as sklearn_log_loss

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import Vocabulary
from student_model.evaluation import (
    BASELINES,
    Scores,
    calibration_error_by_chance,
    evaluate,
    expected_calibration_error,
    judge,
    scores,
    slices,
)
from student_model.log import Log
from student_model.tracing import Context, load
from student_model.types import LearnerId

WORDS = Vocabulary.build([ConceptId("a")], {ItemId(f"i{n}"): [ConceptId("a")] for n in range(4)})
TOP = ("model", "rows", "auc", "log_loss", "brier", "ece", "fit_seconds", "predict_seconds", "peak_memory_mb")


def log_of(rows: list[tuple[str, int, float]], words: Vocabulary = WORDS) -> Log:
    learners, items, outcomes = zip(*rows, strict=True) if rows else ((), (), ())
    return Log.from_unordered(
        words, [LearnerId(one) for one in learners], np.array(items, np.int32), np.array(outcomes, np.float64)
    )


def some_log(seed: int, learners: str) -> Log:
    rng = np.random.default_rng(seed)
    return log_of([(one, int(rng.integers(4)), float(rng.random() < 0.6)) for one in learners for _ in range(12)])


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=2, max_size=60))
def test_metrics_equal_those_of_scikit_learn(rows: list[tuple[int, bool]]) -> None:
    odds = np.array([tenth / 10 for tenth, _ in rows])  # few values, so that ties are common
    right = np.array([float(outcome) for _, outcome in rows])
    found = scores(odds, right)
    assert found.log_loss == pytest.approx(sklearn_log_loss(right, odds, labels=[0, 1]))
    assert found.brier == pytest.approx(brier_score_loss(right, odds, labels=[0, 1], pos_label=1))
    if 0 < right.sum() < len(right):
        assert found.auc == pytest.approx(roc_auc_score(right, odds))
    else:
        assert found.auc is None


def test_calibration_error_worked_out_by_hand() -> None:
    # 15 bins of 1/15: .50 and .52 share one (mean odds .51, share .5, gap .01), .90 alone (share 0, gap .9),
    # 1.0 belongs to the last: (2 * .01 + .9 + 0) / 4 = .23
    odds, outcome = np.array([0.50, 0.52, 0.90, 1.0]), np.array([1.0, 0.0, 0.0, 1.0])
    assert expected_calibration_error(odds, outcome) == pytest.approx(0.23)


def test_calibration_error_by_chance_is_that_of_odds_that_are_right() -> None:
    assert calibration_error_by_chance(np.ones(7)) == (0.0, 0.0) == calibration_error_by_chance(np.zeros(7))
    # one row of .8 is off by .2 four times in five and by .8 else: .32 on average, and .8 in more than 1 of 20
    assert calibration_error_by_chance(np.array([0.8]), draws=4000) == pytest.approx((0.32, 0.8), abs=0.02)
    rng = np.random.default_rng(3)
    odds = rng.uniform(0.2, 1.0, 300)
    mean, most = calibration_error_by_chance(odds)
    right = [expected_calibration_error(odds, (rng.random(300) < odds).astype(float)) for _ in range(200)]
    assert np.mean(right) == pytest.approx(mean, abs=0.005) and 0.9 < np.mean(np.array(right) <= most) < 0.99
    too_sure = [expected_calibration_error(odds, (rng.random(300) < odds - 0.15).astype(float)) for _ in range(50)]
    assert np.mean(np.array(too_sure) > most) > 0.95


def test_part_marks_count_as_right_from_one_half_on() -> None:
    assert scores(np.array([0.3, 0.6]), np.array([0.4, 0.5])).auc == 1.0


def test_what_is_not_defined_is_none() -> None:
    assert scores(np.zeros(0), np.zeros(0)) == Scores(0, None, None, None, None)
    one_class = scores(np.array([0.5, 0.7]), np.ones(2))
    assert one_class.auc is None and one_class.log_loss is not None
    assert scores(np.array([0.0, 1.0]), np.array([1.0, 1.0])).log_loss == pytest.approx(17.2694, abs=1e-3)


def test_slices_by_hand() -> None:
    rows = [("l", 0, 1.0), ("l", 1, 1.0), ("l", 0, 1.0), ("m", 0, 1.0), ("m", 3, 0.0)]
    rows += [("n", n % 4, 0.0) for n in range(7)]
    parts = slices(log_of(rows), {ItemId("i0"), ItemId("i1"), ItemId("i2")})
    assert parts["first_attempts"].tolist() == [True, True, False, True, True] + [True] * 4 + [False] * 3
    assert parts["first_five"].tolist() == [True] * 5 + [True] * 5 + [False] * 2
    assert np.flatnonzero(parts["unseen_items"]).tolist() == [4, 8]


def test_unseen_means_without_a_response_in_training() -> None:
    train, test = log_of([("l", 0, 1.0)]), log_of([("m", 0, 1.0), ("m", 1, 0.0)])
    report = judge(load("mean").fit(train), train, test)
    assert report.slices["unseen_items"].rows == 1
    assert report.fit_seconds is None


def test_a_report_has_every_figure_for_the_model_and_its_baselines() -> None:
    heard: list[str] = []
    report = evaluate("elo", some_log(0, "abcdef"), some_log(1, "xyz"), context=Context(tell=heard.append))
    plain = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert set(TOP) < set(plain)
    assert plain["rows"] == 36 and plain["model"] == "elo"
    assert list(plain["baselines"]) == list(BASELINES)
    for name, baseline in plain["baselines"].items():
        assert baseline["model"] == name
        assert set(baseline) == set(plain) - {"baselines"}
        assert set(baseline["first_five"]) == {"rows", "auc", "log_loss", "brier", "ece"}
    assert plain["unseen_items"] == {"rows": 0, "auc": None, "log_loss": None, "brier": None, "ece": None}
    assert heard.count("fitting elo") == 1


def test_a_fitted_tracer_can_be_evaluated_over_a_wider_vocabulary() -> None:
    train = some_log(0, "abcdef")
    tracer = load("bkt").fit(train)
    wider = WORDS.extended({ItemId("new"): [ConceptId("b")]})
    test = log_of([("m", 4, 1.0), ("m", 0, 0.0)], wider)
    report = evaluate(tracer, train, test)
    assert (report.model, report.fit_seconds, report.overall.rows) == ("bkt", None, 2)
    assert report.slices["unseen_items"].rows == 1


def test_evaluating_twice_gives_the_same_figures() -> None:
    train, test = some_log(0, "abcdef"), some_log(1, "xyz")
    first, second = (evaluate("bkt", train, test, seed=3) for _ in range(2))
    assert (first.overall, first.slices) == (second.overall, second.slices)

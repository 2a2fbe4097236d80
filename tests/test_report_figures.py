"""What a report says of odds: by hand, by plain loops over rows and pairs, and with a clock that is moved by hand."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import Vocabulary
from student_model.curves import ENOUGH
from student_model.evaluation import (
    BASELINES,
    auc,
    evaluate,
    expected_calibration_error,
    judge,
    log_loss,
    peak_memory_mb,
    report_of,
    slices,
)
from student_model.log import Log
from student_model.tracing import ALONE, Context, Tracer, load, mean
from student_model.types import LearnerId

A = ConceptId("a")
ITEMS = [ItemId(name) for name in "pqrs"]
WORDS = Vocabulary.build([A], {item: [A] for item in ITEMS})
Rows = list[tuple[str, int, float]]
rows = st.lists(
    st.tuples(st.sampled_from("xyz"), st.integers(0, 3), st.sampled_from([0.0, 0.4, 0.5, 1.0])), max_size=30
)


def log_of(given_: Sequence[tuple[str, int, float]], words: Vocabulary = WORDS) -> Log:
    who, item, outcome = zip(*given_, strict=True) if given_ else ((), (), ())
    return Log.from_unordered(
        words, [LearnerId(one) for one in who], np.array(item, np.int32), np.array(outcome, np.float64)
    )


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from([0.0, 0.4, 0.5, 1.0])), max_size=20))
def test_auc_is_the_share_of_pairs_in_the_right_order(told: list[tuple[int, float]]) -> None:
    """Part marks of one half or more are right; a pair of equal odds counts half."""
    right = [odds for odds, outcome in told if outcome >= 0.5]
    wrong = [odds for odds, outcome in told if outcome < 0.5]
    pairs = [(hit > miss) + 0.5 * (hit == miss) for hit in right for miss in wrong]
    found = auc(np.array([odds / 5 for odds, _ in told]), np.array([outcome for _, outcome in told]))
    assert found == (pytest.approx(sum(pairs) / len(pairs)) if pairs else None)


def test_rows_of_more_weight_count_for_more() -> None:
    # Both right. Odds .5 cost ln 2 and count three times, odds .8 cost ln 1.25: (3 * .69315 + .22314) / 4 = .57565.
    odds, right = np.array([0.5, 0.8]), np.ones(2)
    assert log_loss(odds, right, np.array([3.0, 1.0])) == pytest.approx(0.57565, abs=1e-5)
    assert log_loss(odds, right) == pytest.approx((0.69315 + 0.22314) / 2, abs=1e-5)


def test_odds_at_the_edge_of_two_ranges_belong_to_the_upper() -> None:
    # 1/3 is where the sixth of 15 ranges begins; with .34 it makes one group, and what is too low in one of them
    # balances what is too high in the other: |(1/3 - 1) + .34| / 2 = .16333. Apart they would cost .50333.
    assert expected_calibration_error(np.array([1 / 3, 0.34]), np.array([1.0, 0.0])) == pytest.approx(
        0.163333, abs=1e-5
    )


@settings(deadline=None, max_examples=50)
@given(rows, st.sets(st.sampled_from(ITEMS)))
def test_slices_equal_a_loop_over_each_learners_rows(given_: Rows, known: set[ItemId]) -> None:
    log = log_of(given_)
    first, early, unseen = [], [], []
    for who in range(len(log.learners)):
        met: list[int] = []
        for item in log.item[log.learner == who].tolist():
            first.append(item not in met)
            early.append(len(met) < 5)
            unseen.append(ITEMS[item] not in known)
            met.append(item)
    found = {name: mask.tolist() for name, mask in slices(log, known).items()}
    assert found == {"first_attempts": first, "first_five": early, "unseen_items": unseen}


def test_what_is_unseen_goes_by_the_ids_of_items_and_not_by_their_places() -> None:
    """Trained on p alone, the first of its list; the test names r first and p last."""
    train = log_of([("x", 0, 1.0), ("x", 0, 0.0)])
    turned = Vocabulary.build([A], {item: [A] for item in (ITEMS[2], ITEMS[1], ITEMS[0])})
    test = log_of([("y", 2, 1.0), ("y", 0, 0.0), ("z", 0, 1.0)], turned)
    report = report_of("any", np.array([0.9, 0.4, 0.4]), train, test, None, 0.0)
    assert report.slices["unseen_items"].rows == 2
    assert report.slices["unseen_items"].brier == pytest.approx((0.16 + 0.36) / 2)  # .4 against wrong, then right


def test_the_error_of_concepts_is_the_median_of_those_with_enough_rows() -> None:
    """Four concepts, always right: foretold .9, .8, .4 with enough rows, and .1 with one too few."""
    names = [ConceptId(name) for name in "abcd"]
    words = Vocabulary.build(names, {ItemId(name): [name] for name in names})
    counts = [ENOUGH, ENOUGH, ENOUGH, ENOUGH - 1]
    item = np.repeat(np.arange(4), counts).astype(np.int32)
    test = Log.from_unordered(words, [LearnerId("x")] * len(item), item, np.ones(len(item)))
    told = np.array([0.9, 0.8, 0.4, 0.1])[item]
    assert report_of("any", told, test, test, None, 0.0).concept_ece == pytest.approx(0.2)  # of .1, .2 and .6
    few = test.rows(slice(0, ENOUGH - 1))
    assert report_of("any", told[: len(few)], few, few, None, 0.0).concept_ece is None


def test_both_curves_of_a_report_are_those_of_its_odds() -> None:
    # x meets the concept twice, y once: first practices .2 (wrong) and .6 (right), second .8 (right). The ranges are
    # 3, 12 and 9 of 15: their middles are 3.5/15, 12.5/15 and 9.5/15.
    test = log_of([("x", 0, 0.0), ("x", 1, 1.0), ("y", 0, 1.0)])
    report = report_of("any", np.array([0.21, 0.81, 0.61]), test, test, 3.0, 0.5)
    assert (report.learning.at, report.learning.rows) == ((1.0, 2.0), (2, 1))
    assert report.learning.odds == pytest.approx((0.41, 0.81)) and report.learning.outcome == (0.5, 1.0)
    assert report.reliability.at == pytest.approx((3.5 / 15, 9.5 / 15, 12.5 / 15))
    assert report.reliability.odds == pytest.approx((0.21, 0.61, 0.81))
    assert report.reliability.outcome == (0.0, 1.0, 1.0)
    plain = report.to_json()
    assert (plain["fit_seconds"], plain["predict_seconds"]) == (3.0, 0.5)
    assert plain["learning"]["rows"] == (2, 1) and plain["reliability"]["rows"] == (1, 1, 1)
    assert "baselines" not in plain


def test_judging_binds_the_tracer_to_the_items_of_the_test() -> None:
    """The same two responses told over a turned vocabulary get the same odds."""
    train = log_of([("x", 0, 1.0), ("x", 1, 0.0)] * 20)
    turned = Vocabulary.build([A], {item: [A] for item in reversed(ITEMS)})
    plain, other = log_of([("y", 0, 1.0), ("y", 1, 1.0)]), log_of([("y", 3, 1.0), ("y", 2, 1.0)], turned)
    tracer = load("mean").fit(train)
    assert judge(tracer, train, other).overall == judge(tracer, train, plain).overall
    assert judge(tracer, train, plain).reliability.odds != (0.5,)


def test_seed_and_context_reach_every_fit_and_the_time_of_a_fit_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The item mean takes seven seconds to fit by a clock that nothing else moves."""
    clock, heard, fit = [100.0], list[tuple[int, Context]](), mean.fit

    def slow(log: Log, seed: int = 0, context: Context = ALONE) -> Tracer:
        clock[0] += 7.0
        heard.append((seed, context))
        return fit(log, seed, context)

    monkeypatch.setattr(mean, "fit", slow)
    monkeypatch.setattr("student_model.evaluation.time.perf_counter", lambda: clock[0])
    log = log_of([("x", 0, 1.0), ("x", 1, 0.0), ("y", 0, 1.0)])
    told = list[str]()
    context = Context(tell=told.append)
    found = evaluate("mean", log, log, 5, context)
    assert heard == [(5, context)]
    assert {name: one.fit_seconds for name, one in found.baselines.items()} == {
        **dict.fromkeys(BASELINES, 0.0),
        "mean": 7.0,
    }
    assert (found.fit_seconds, found.predict_seconds) == (7.0, 0.0)
    assert told == [f"{what} {name}" for name in BASELINES for what in ("fitting", "predicting with")]


@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux says of a process")
def test_the_peak_of_memory_is_what_the_system_says_in_mib() -> None:
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text("utf-8").splitlines())
    assert peak_memory_mb() == pytest.approx(int(status["VmHWM"].split()[0]) / 1024, rel=0.1)

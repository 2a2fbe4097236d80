"""BKT: numbers worked out by hand, planted truth found again, and no degenerate fits."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from courses import NOON, answer
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import FloatArray, Vocabulary
from student_model.log import Log
from student_model.tracing._bkt_fit import HIGH, LOW, bounded, fitted, sequences
from student_model.tracing.bkt import DEFAULTS, Bkt, fit, odds_of, seen, step, taught
from student_model.types import LearnerId

A, B = ConceptId("a"), ConceptId("b")
WORDS = Vocabulary.build([A, B], {ItemId("a"): [A], ItemId("b"): [B], ItemId("both"): [A, B]})


def bkt(*values: float, half_life_days: float = 7.0) -> Bkt:
    one = np.array(values)
    return Bkt(WORDS, np.stack((one, one), axis=1), one, 0.5, half_life_days)


def log_of(runs: list[list[float]], concept: int = 0, words: Vocabulary = WORDS) -> Log:
    """A log with one run of outcomes a learner, all on the item at this position."""
    ids = [LearnerId(f"l{n}") for n, run in enumerate(runs) for _ in run]
    outcome = np.array([y for run in runs for y in run], dtype=np.float64)
    return Log.from_unordered(words, ids, np.full(len(ids), concept, np.int32), outcome)


def simulated(values: FloatArray, learners: int, length: int, seed: int) -> list[list[float]]:
    """Outcomes of learners who follow BKT with these values."""
    prior, learn, guess, slip, forget = values
    rng = np.random.default_rng(seed)
    known = rng.random(learners) < prior
    outcomes = np.empty((learners, length))
    for t in range(length):
        outcomes[:, t] = rng.random(learners) < np.where(known, 1.0 - slip, guess)
        dice = rng.random(learners)
        known = np.where(known, dice >= forget, dice < learn)
    return list(map(list, outcomes.tolist()))


def test_one_step_worked_out_by_hand() -> None:
    # prior .4, guess .2, slip .1: odds .4*.9 + .6*.2 = .48
    assert odds_of(0.4, 0.2, 0.1) == pytest.approx(0.48)
    # right: .36 / .48 = .75;  wrong: .04 / .52 = .0769231
    assert seen(0.4, 1.0, 0.2, 0.1) == pytest.approx(0.75)
    assert seen(0.4, 0.0, 0.2, 0.1) == pytest.approx(0.0769231, abs=1e-7)
    # learn .3, forget .05: .75*.95 + .25*.3 = .7875;  .0769231*.95 + .9230769*.3 = .35
    assert step(0.4, 1.0, 1.0, 0.3, 0.2, 0.1, 0.05) == pytest.approx(0.7875)
    assert step(0.4, 0.0, 1.0, 0.3, 0.2, 0.1, 0.05) == pytest.approx(0.35)


def test_part_marks_lie_between_wrong_and_right() -> None:
    # half marks: (.75 + .0769231) / 2 = .4134615, then .4134615*.95 + .5865385*.3 = .56875
    assert step(0.4, 0.5, 1.0, 0.3, 0.2, 0.1, 0.05) == pytest.approx(0.56875)


def test_a_grade_that_is_half_sure_worked_out_by_hand() -> None:
    # outcome 1 shrunk to the odds .48: .5 + .5*.48 = .74; seen: .74*.75 + .26*.0769231 = .575
    # then half of the practice: .575 + .5 (.575*.95 + .425*.3 - .575) = .575 + .5 * .09875 = .624375
    assert step(0.4, 1.0, 0.5, 0.3, 0.2, 0.1, 0.05) == pytest.approx(0.624375)


def test_the_tracer_takes_that_step_for_each_concept_of_the_item() -> None:
    tracer = bkt(0.4, 0.3, 0.2, 0.1, 0.05)
    assert tracer.predict(tracer.initial(), None, None) == pytest.approx([0.48] * 3)
    state = tracer.update(tracer.initial(), answer("a", True))
    assert state.level == pytest.approx([0.7875, 0.4])
    # odds of a: .7875*.9 + .2125*.2 = .75125; of both: (.75125 + .48) / 2 = .615625
    assert tracer.predict(state, None, None) == pytest.approx([0.75125, 0.48, 0.615625])
    assert tracer.update(tracer.initial(), answer("both", True)).level == pytest.approx([0.7875, 0.7875])


def test_time_fades_a_belief_before_the_next_answer() -> None:
    tracer = bkt(0.4, 0.3, 0.2, 0.1, 0.05)
    state = tracer.update(tracer.initial(), answer("a", True, day=0.0))
    # one success: h = 13.7366 days; after them half of .7875 - .4 is left: .59375
    later = NOON + timedelta(days=7 * 2 / (1 + 7 / 365))
    belief = tracer.beliefs(state, later).of(0)
    assert (belief.probability, belief.peak) == pytest.approx((0.59375, 0.7875))
    assert belief.last_practice == NOON
    # a right answer then: .59375*.9 / (.59375*.9 + .40625*.2) = .8680203; *.95 + .1319797*.3 = .8642132
    again = tracer.update(state, answer("a", True, day=7 * 2 / (1 + 7 / 365)))
    assert again.level[0] == pytest.approx(0.8642132, abs=1e-7)


def test_a_new_platform_believes_after_three_right_answers() -> None:
    tracer = fit(log_of([]))
    assert tracer.values.T.tolist() == [DEFAULTS.tolist()] * 2
    state, beliefs = tracer.initial(), []
    for _ in range(4):
        beliefs.append(float(tracer.beliefs(state, None).probability[0]))
        state = tracer.update(state, answer("a", True))
    assert beliefs[0] == pytest.approx(0.2)
    assert beliefs[2] < 0.9 < beliefs[3]
    wrong = tracer.update(tracer.initial(), answer("a", False))
    assert tracer.beliefs(wrong, None).probability[0] < beliefs[0]


def test_intervals_narrow_with_evidence() -> None:
    tracer, state, widths = fit(log_of([])), fit(log_of([])).initial(), []
    for n in range(20):
        belief = tracer.beliefs(state, None).of(0)
        widths.append(belief.high - belief.low)
        state = tracer.update(state, answer("a", n % 4 > 0))
    assert widths[-1] < 0.6 * widths[0]


@pytest.mark.parametrize("seed", [0, 1])
def test_planted_values_are_found_again(seed: int) -> None:
    truth = np.array([[0.15, 0.2, 0.15, 0.08, 0.005], [0.5, 0.1, 0.25, 0.12, 0.01]])
    runs = [simulated(values, 3000, 12, seed * 10 + k) for k, values in enumerate(truth)]
    first, second = log_of(runs[0]), log_of(runs[1], concept=1)
    log = Log(
        WORDS,
        tuple(LearnerId(f"l{n}") for n in range(6000)),
        np.concatenate((first.learner, second.learner + 3000)),
        np.concatenate((first.item, second.item)),
        np.concatenate((first.outcome, second.outcome)),
        np.concatenate((first.seconds, second.seconds)),
    )
    found = fit(log).values.T
    assert found[:, :4] == pytest.approx(truth[:, :4], abs=0.06)
    assert found[:, 4] == pytest.approx(truth[:, 4], abs=0.02)


def test_concepts_with_few_rows_take_the_shared_values() -> None:
    runs = simulated(np.array([0.2, 0.2, 0.2, 0.1, 0.005]), 800, 10, 3)
    log = log_of([*runs, [1.0, 1.0]])
    log.item[-2:] = 1
    values, shared = fitted(log)
    # two right answers against twenty observations' worth of prior
    assert np.abs(values[:, 1] - shared).max() < 0.06


@pytest.mark.parametrize("runs", [
    [[1.0] * 9] * 99, [[0.0] * 9] * 99, [[1.0, 0.0] * 5] * 99, [[1.0] * 5 + [0.0] * 5] * 99, [[0.5] * 4] * 9,
])  # fmt: skip
def test_odd_logs_do_not_turn_the_model_upside_down(runs: list[list[float]]) -> None:
    prior, learn, guess, slip, forget = fit(log_of(runs)).values
    assert (1.0 - slip - guess >= 0.2).all()
    assert (learn >= 0.01).all()
    assert (forget <= 0.05).all()
    assert ((prior > 0.0) & (prior <= 0.9)).all()


@settings(deadline=None)
@given(
    values=st.lists(st.floats(0.0, 1.0), min_size=5, max_size=5),
    outcomes=st.lists(st.sampled_from([0.0, 0.3, 1.0]), max_size=40),
)
def test_within_bounds_a_right_answer_never_lowers_a_belief(values: list[float], outcomes: list[float]) -> None:
    prior, learn, guess, slip, forget = bounded(np.array(values)[:, None])[:, 0].tolist()
    known = prior
    for outcome in outcomes:
        assert step(known, 1.0, 1.0, learn, guess, slip, forget) >= known - 1e-12
        known = step(known, outcome, 1.0, learn, guess, slip, forget)
    for _ in range(500):
        known = step(known, 1.0, 1.0, learn, guess, slip, forget)
    assert known > 0.95  # mastery can be reached


def test_bounds_leave_sane_values_alone() -> None:
    assert bounded(DEFAULTS[:, None])[:, 0].tolist() == DEFAULTS.tolist()
    assert (LOW < DEFAULTS).all() and (DEFAULTS < HIGH).all()
    assert 1.0 - HIGH[3] - HIGH[2] >= 0.2 - 1e-12


def test_runs_keep_the_order_of_a_learner_on_a_concept() -> None:
    ids = [LearnerId(one) for one in ("x", "x", "x", "y", "y")]
    item = np.array([2, 1, 0, 1, 2], dtype=np.int32)  # both, b, a; b, both
    log = Log.from_unordered(WORDS, ids, item, np.array([0.1, 0.2, 0.3, 0.4, 0.5]))
    outcome, _, bounds, concept = sequences(log)
    runs = [outcome[begin:end].tolist() for begin, end in pairwise(bounds.tolist())]
    assert dict(zip([(0, 0), (0, 1), (1, 0), (1, 1)], runs, strict=True)) == {
        (0, 0): [0.1, 0.3], (0, 1): [0.5], (1, 0): [0.1, 0.2], (1, 1): [0.4, 0.5],
    }  # fmt: skip
    assert concept.tolist() == [0, 0, 1, 1]


def test_a_fit_is_likelier_than_where_it_began() -> None:
    runs = simulated(np.array([0.3, 0.15, 0.2, 0.1, 0.005]), 500, 8, 7)
    log = log_of(runs)

    def likelihood(values: FloatArray) -> float:
        odds = Bkt(WORDS, np.stack((values, values), axis=1), values, 0.5).predict_log(log)
        return float(np.log(np.where(log.outcome > 0.5, odds, 1.0 - odds)).sum())

    assert likelihood(fit(log).values[:, 0]) > likelihood(DEFAULTS)


def test_practice_moves_a_belief_towards_its_balance() -> None:
    # learn .2 and forget .05 balance at .2 / .25 = .8
    assert taught(0.8, 0.2, 0.05) == pytest.approx(0.8)
    assert taught(0.5, 0.2, 0.05) == pytest.approx(0.575)

"""Item mean: counts and pulls worked out by hand."""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np
import pytest
from courses import NOON, answer

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import Vocabulary
from student_model.log import Log
from student_model.tracing.mean import Mean, fit, restore
from student_model.types import LearnerId, Response, ResponseId

A, B = ConceptId("a"), ConceptId("b")
WORDS = Vocabulary.build([A, B], {ItemId("x"): [A], ItemId("y"): [A], ItemId("z"): [B]})


def log() -> Log:
    """Item x: 3 of 4 right; y: 0 of 2; z never."""
    item = np.array([0, 0, 0, 0, 1, 1], dtype=np.int32)
    return Log.from_unordered(WORDS, [LearnerId("l")] * 6, item, np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0]))


def test_shares_worked_out_by_hand() -> None:
    tracer = fit(log())
    # all: (3 + 1) / (6 + 2) = .5; concept a: (3 + 20 * .5) / (6 + 20) = .5; b: .5
    assert tracer.share == 0.5
    assert tracer.concept_share.tolist() == [0.5, 0.5]
    # x: (3 + 8 * .5) / 12 = .583333; y: (0 + 4) / 10 = .4; z: .5
    assert tracer.item_share == pytest.approx([0.5833333, 0.4, 0.5])
    assert tracer.predict_log(log())[:5] == pytest.approx([0.5833333] * 4 + [0.4])


def test_beliefs_are_the_learners_own_shares() -> None:
    tracer = fit(log())
    state = tracer.initial()
    for n, correct in enumerate([True, True, False]):
        one = Response(response_id=ResponseId(str(n)), learner_id=LearnerId("m"), item_id=ItemId("y"), correct=correct)
        state = tracer.update(state, one)
    # two right of three with a pull worth two at .5: (2 + 2 * .5) / (3 + 2) = .6
    assert tracer.beliefs(state, None).probability == pytest.approx([0.6, 0.5])
    assert tracer.predict(state, None, None).tolist() == tracer.item_share.tolist()


def test_unseen_items_have_wider_intervals() -> None:
    tracer = fit(log())
    low, high = tracer.predict_interval(tracer.initial(), None, None)
    assert high[2] - low[2] > high[0] - low[0]


MIXED = Vocabulary.build([A, B], {ItemId("a"): [A], ItemId("both"): [A, B], ItemId("bare"): []})


def shares() -> Mean:
    return Mean(MIXED, np.array([0.6, 0.5, 0.4]), np.array([12.0, 8.0, 8.0]), np.array([0.3, 0.7]), 0.45)


def weighed() -> Log:
    """Item a: right, and half right at half weight; both: wrong at weight .8, and something that nobody can judge."""
    item, outcome = np.array([0, 0, 1, 2], dtype=np.int32), np.array([1.0, 0.5, 0.0, 1.0])
    return Log.from_unordered(MIXED, [LearnerId("l")] * 4, item, outcome, weight=np.array([1.0, 0.5, 0.8, 0.0]))


def test_grades_count_by_their_weight_and_for_all_concepts_worked_out_by_hand() -> None:
    tracer = fit(weighed())
    # all: (1 + .25 + 1) / (1 + .5 + .8 + 2) = 2.25 / 4.3 = .5232558
    share = 2.25 / 4.3
    assert tracer.share == pytest.approx(share)
    # a: 1.25 of 2.3, with 20 of the share of all; b: 0 of .8
    a, b = (1.25 + 20 * share) / 22.3, 20 * share / 20.8
    assert tracer.concept_share == pytest.approx([a, b])
    # items: 1.25 of 1.5 with 8 of a; 0 of .8 with 8 of the mean of a and b; what nobody could judge with 8 of all
    assert tracer.item_share == pytest.approx([(1.25 + 8 * a) / 9.5, 8 * (a + b) / 2 / 8.8, share])
    assert tracer.item_trials == pytest.approx([9.5, 8.8, 8.0])


def test_without_a_log_all_shares_are_one_half() -> None:
    tracer = fit(Log.from_unordered(MIXED, [], np.zeros(0, np.int32), np.zeros(0)))
    assert (tracer.share, tracer.concept_share.tolist(), tracer.item_share.tolist()) == (0.5, [0.5] * 2, [0.5] * 3)


def test_a_learner_s_share_moves_by_the_weight_of_an_answer_worked_out_by_hand() -> None:
    tracer = shares()
    state = tracer.update(tracer.initial(), answer("both", True, score=0.75, score_confidence=0.8))
    # a: .3 + .8 (.75 - .3) / 3 = .42; b: .7 + .8 (.75 - .7) / 3
    assert state.level == pytest.approx([0.42, 0.7 + 0.04 / 3])
    assert state.successes == pytest.approx([0.6, 0.6])
    # then wrong on a alone: .42 - .42 / 4
    assert tracer.update(state, answer("a", False)).level[0] == pytest.approx(0.315)


def test_a_learner_s_share_fades_to_the_concept_s_and_grows_less_sure() -> None:
    tracer, state = shares(), shares().initial()
    for _ in range(3):
        state = tracer.update(state, answer("a", True, day=0.0))
    # .3 with three right answers and a pull of two: (.6 + 3) / 5 = .72; h = 7 * 4 / (1 + 21 / 365) days
    then = NOON + timedelta(days=7 * 4 / (1 + 21 / 365))
    belief = tracer.beliefs(state, then).of(0)
    assert (belief.probability, belief.peak, belief.evidence) == pytest.approx((0.51, 0.72, 3))
    # Wilson's interval of .51 in 2 + 3 / 2 trials: z2 / n = 2.7055435 / 3.5 = .7730124
    z, share = 2.7055435 / 3.5, 0.51
    centre, spread = (share + z / 2) / (1 + z), math.sqrt(z * (share * (1 - share) + z / 4)) / (1 + z)
    assert (belief.low, belief.high) == pytest.approx((centre - spread, centre + spread), abs=1e-6)
    # and the next answer moves the share as it is by then: .51 + .49 / 6
    assert tracer.update(state, answer("a", True, day=7 * 4 / (1 + 21 / 365))).level[0] == pytest.approx(
        0.51 + 0.49 / 6
    )


def test_what_is_new_takes_the_share_of_its_concepts_or_of_all() -> None:
    wider = MIXED.extended({ItemId("n"): [B, ConceptId("c")], ItemId("m"): [], ItemId("o"): [ConceptId("c")]})
    bound = shares().bind(wider)
    assert bound.concept_share.tolist() == [0.3, 0.7, 0.45]
    assert bound.item_share == pytest.approx([0.6, 0.5, 0.4, (0.7 + 0.45) / 2, 0.45, 0.45])
    assert bound.item_trials.tolist() == [12.0, 8.0, 8.0, 8.0, 8.0, 8.0]
    assert bound.share == 0.45


def test_each_of_a_log_s_learners_has_a_share_of_their_own() -> None:
    learners, item = ("k", "mute", "l"), np.array([0, 1, 0], dtype=np.int32)
    learner, outcome = np.array([0, 0, 2], dtype=np.int32), np.array([1.0, 0.0, 0.0])
    log = Log(MIXED, tuple(map(LearnerId, learners)), learner, item, outcome, np.full(3, np.nan))
    first, mute, last = shares().fold(log)
    # k: a .3 + .7 / 3 and then less a quarter of it, b .7 - .7 / 3; l: a .3 - .3 / 3
    assert first.level == pytest.approx([0.4, 0.7 * 2 / 3])
    assert mute.level.tolist() == [0.3, 0.7]
    assert last.level == pytest.approx([0.2, 0.7])


def test_a_half_life_of_its_own_is_kept_at_rest() -> None:
    tracer = Mean(MIXED, np.zeros(3), np.ones(3), np.zeros(2), 0.5, half_life_days=2.0)
    again = restore(tracer.parameters())
    state = again.update(again.initial(), answer("a", False, score=0.9, day=0.0))
    # .9 / 3 = .3 with .9 of a success: h = 2 * 1.9 / (1 + 1.8 / 365) days
    then = NOON + timedelta(days=2 * 1.9 / (1 + 1.8 / 365))
    assert again.beliefs(state, then).probability[0] == pytest.approx(0.15)

"""Elo at the edges: what is unsure of a learner and an item by hand, unknown items and new ones, weights, rests."""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np
import pytest
from courses import NOON, answer

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import FloatArray, Vocabulary
from student_model.log import Log
from student_model.tracing._practice import Z90
from student_model.tracing.elo import Elo, Standing, restore
from student_model.types import LearnerId

A, B = ConceptId("a"), ConceptId("b")
WORDS = Vocabulary.build([A, B], {ItemId("a"): [A], ItemId("both"): [A, B], ItemId("bare"): []})


def elo(**more: float) -> Elo:
    return Elo(WORDS, np.array([0.5, -0.5, 0.0]), np.array([0.1, 0.2, 0.4]), np.array([0.2, -0.8]), 0.7, **more)


def answered(tracer: Elo, times: int, day: float | None = None) -> Standing:
    state = tracer.initial()
    for n in range(times):
        state = tracer.update(state, answer("a", n % 2 == 0, day=day))
    return state


def logit(odds: FloatArray) -> FloatArray:
    return np.asarray(np.log(odds / (1.0 - odds)))


def test_the_variances_of_ability_offsets_and_item_add_up() -> None:
    tracer = elo()
    for times, general, a in ((0, 1.0, 1.0), (5, 0.5, 0.5), (10, 1 / 3, 1 / 3)):
        state = answered(tracer, times)
        # each response tells .2 of ability and of a; the mean of two offsets varies half as much as one of them
        variance = general + np.array([a + 0.1, (a + 1.0) / 2 / 2 + 0.2, 0.4])
        low, high = (logit(end) for end in tracer.predict_interval(state, None, None))
        middle = logit(tracer.predict(state, None, None))
        assert high - middle == pytest.approx(Z90 * np.sqrt(variance))
        assert middle - low == pytest.approx(Z90 * np.sqrt(variance))


def test_a_belief_is_as_unsure_as_ability_and_offset_together() -> None:
    tracer = elo()
    beliefs = tracer.beliefs(answered(tracer, 5), None)
    width = logit(beliefs.high) - logit(beliefs.low)
    assert width == pytest.approx(2 * Z90 * np.sqrt([0.5 + 0.5, 0.5 + 1.0]))


def test_what_was_learned_of_an_offset_is_forgotten_and_ability_stays() -> None:
    tracer = elo()
    state = tracer.update(answered(tracer, 4, day=0.0), answer("a", False, day=0.0))
    # five responses, two of them right: h = 7 * 3 / (1 + 14 / 365) days, after which they tell as much as 2.5
    then = NOON + timedelta(days=7 * 3 / (1 + 14 / 365))
    beliefs = tracer.beliefs(state, then)
    width = logit(beliefs.high) - logit(beliefs.low)
    assert width == pytest.approx(2 * Z90 * np.sqrt([0.5 + 1 / 1.5, 0.5 + 1.0]))


def test_ability_is_as_sure_as_all_responses_make_it() -> None:
    """Those to items without concepts tell of ability, too."""
    tracer, state = elo(), elo().initial()
    for n in range(5):
        state = tracer.update(state, answer("bare", n % 2 == 0))
    beliefs = tracer.beliefs(state, None)
    assert logit(beliefs.high) - logit(beliefs.low) == pytest.approx(2 * Z90 * np.sqrt([1.5, 1.5]))


def test_steps_shorten_with_every_response() -> None:
    tracer, state = elo(), elo().initial()
    general, offset = 0.0, 0.0
    for n in range(6):
        error = 1.0 - 1.0 / (1.0 + math.exp(-(general + offset - 0.5)))
        general, offset = general + 0.5 / (1 + 0.02 * n) * error, offset + 0.3 / (1 + 0.02 * n) * error
        state = tracer.update(state, answer("a", True))
    assert state.general == pytest.approx(general)
    assert state.practice.level.tolist() == pytest.approx([offset, 0.0])


def test_an_unsure_grade_moves_in_part_and_counts_in_part() -> None:
    tracer = elo()
    state = tracer.update(tracer.initial(), answer("a", True, score=0.9, score_confidence=0.4))
    error = 0.4 * (0.9 - 1 / (1 + math.exp(0.5)))
    assert state.general == pytest.approx(0.5 * error)
    assert state.practice.level[0] == pytest.approx(0.3 * error)
    assert (state.responses, state.practice.successes[0]) == (1, pytest.approx(0.36))


def test_an_unknown_item_is_as_hard_as_its_concepts_usually_are() -> None:
    tracer = elo()
    for tags, difficulty in (((B,), -0.8), ((A, B), -0.3)):
        state = tracer.update(tracer.initial(), answer("new", False, concept_ids=tags))
        assert state.general == pytest.approx(-0.5 / (1 + math.exp(difficulty)))
    lost = tracer.update(tracer.initial(), answer("lost", True))
    assert (lost.general, lost.responses) == (0.0, 0)


def test_what_is_new_is_as_hard_as_its_concepts_or_as_all_and_less_sure() -> None:
    wider = WORDS.extended({ItemId("n"): [A, ConceptId("c")], ItemId("m"): [], ItemId("o"): [ConceptId("c")]})
    bound = elo().bind(wider)
    assert bound.concept_difficulty == pytest.approx([0.2, -0.8, 0.7])
    assert bound.item_difficulty == pytest.approx([0.5, -0.5, 0.0, 0.45, 0.7, 0.7])
    assert bound.item_variance == pytest.approx([0.1, 0.2, 0.4, 2 / 3, 2 / 3, 2 / 3])
    assert bound.difficulty == 0.7


def test_a_half_life_of_its_own_is_kept_at_rest() -> None:
    again = restore(elo(half_life_days=2.0).parameters())
    state = again.update(again.initial(), answer("a", True, day=0.0))
    then = NOON + timedelta(days=2 * 2 / (1 + 2 / 365))
    now, later = (again.predict(state, None, at)[0] for at in (None, then))
    lost = state.practice.level[0] / 2
    assert logit(np.array([now, later])).tolist() == pytest.approx(
        [state.general + 2 * lost - 0.5, state.general + lost - 0.5]
    )


def test_each_of_a_log_s_learners_begins_at_nought() -> None:
    learner, item = np.array([0, 0, 2], dtype=np.int32), np.array([0, 1, 1], dtype=np.int32)
    names = tuple(LearnerId(one) for one in ("k", "mute", "l"))
    log = Log(WORDS, names, learner, item, np.array([1.0, 1.0, 0.0]), np.full(3, np.nan))
    odds = elo().predict_log(log)
    assert odds[[0, 2]].tolist() == pytest.approx([1 / (1 + math.exp(0.5)), 1 / (1 + math.exp(-0.5))])
    first, mute, last = elo().fold(log)
    assert (first.responses, mute.responses, last.responses) == (2, 0, 1)
    assert mute.general == 0.0 and mute.practice.level.tolist() == [0.0, 0.0]
    assert last.general == pytest.approx(-0.5 * odds[2])
    assert last.practice.level == pytest.approx([-0.3 * odds[2] / 2] * 2)

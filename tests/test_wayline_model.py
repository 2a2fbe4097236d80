"""The predictor's own formula, its intervals, and what stays over steps, storage and new courses."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from courses import NOON
from networks import TAGS, lived, wild, words
from test_neural import response, responses_of

from knowledge_graph.vocabulary import FloatArray
from student_model.log import Log
from student_model.tracing import irt, statespace
from student_model.tracing._drift import NONE, Drift, between
from student_model.tracing._practice import logistic_of
from student_model.tracing.irt import mean_odds
from student_model.tracing.wayline import Blend, Wayline, fit, made, mean_of, restore

WORDS = words()
BLEND = Blend(base=0.2, belief=0.7, steady=0.4, start=-0.1, trust=0.9, gain=0.6, centre=0.3, scale=1.7)
QUIET = replace(BLEND, gain=0.0)


@pytest.fixture(scope="module")
def taught() -> Log:
    return lived(WORDS, [20] * 15, seed=3)


@pytest.fixture(scope="module")
def model(taught: Log) -> Wayline:
    """Two members whose every weight counts, over models fitted to a small log."""
    features = np.random.default_rng(0).normal(size=(len(TAGS), 4)).astype(np.float32)
    return made(statespace.fit(taught), irt.fit(taught), wild(traces=True), features, BLEND)


def logit(odds: FloatArray) -> FloatArray:
    return np.asarray(np.log(odds / (1.0 - odds)))


def test_single_steps_are_those_of_whole_logs_with_times_and_weights(model: Wayline) -> None:
    log = lived(WORDS, [40, 0, 1, 25])
    odds, quiet = iter(model.predict_log(log).tolist()), replace(model, blend=QUIET).predict_log(log)
    for learner, folded in enumerate(model.fold(log)):
        state = model.initial()
        for one in responses_of(log, learner):
            place = np.array([WORDS.item_index[one.item_id]], dtype=np.int32)
            assert model.predict(state, place, one.at)[0] == pytest.approx(next(odds), abs=1e-5)
            state = model.update(state, one)
        assert state.hidden.tobytes() == folded.hidden.tobytes()
        assert state.posterior.tobytes() == folded.posterior.tobytes()
        assert np.array_equal(state.last, folded.last, equal_nan=True)
        for name in ("item", "sign", "surprise", "seconds"):
            assert getattr(state.recent, name).tobytes() == getattr(folded.recent, name).tobytes(), name
    assert np.abs(logit(model.predict_log(log)) - logit(quiet)).max() > 0.1  # networks have their say


def test_odds_are_both_models_odds_joined_and_corrected(model: Wayline) -> None:
    """logit = -.1 + .9 (.2 + .7 * belief model + .4 * constant ability) + .6 * networks, at each item."""
    state, belief, steady = model.initial(), model.belief.initial(), model.steady.initial()
    for n, item in enumerate(("two", "one", "three", "two")):
        one = response(item, 1.7e9 + 3_600.0 * n, correct=n % 2 == 0)
        state, belief, steady = (
            model.update(state, one),
            model.belief.update(belief, one),
            model.steady.update(steady, one),
        )
    now = response(at=1.7e9 + 20_000.0).at
    joint = (
        0.2
        + 0.7 * logit(model.belief.predict(belief, None, now))
        + 0.4 * logit(model.steady.predict(steady, None, now))
    )
    lag = 1 + int(math.log2(1.0 + 20_000.0 - 3 * 3_600.0)) // 2
    scores = model.network.scores(state.hidden, lag, state.recent, 1.7e9 + 20_000.0)
    assert logit(model.predict(state, None, now)) == pytest.approx(-0.1 + 0.9 * joint + 0.6 * scores, abs=1e-5)
    assert logit(replace(model, blend=QUIET).predict(state, None, now)) == pytest.approx(-0.1 + 0.9 * joint, abs=1e-5)


def test_networks_hear_how_a_response_was_expected_by_both_models(model: Wayline) -> None:
    state = model.initial()
    expected = logistic_of(
        0.2
        + 0.7 * model.belief.logits(state.knowledge, None)
        + 0.4 * logit(model.steady.predict(model.steady.initial(), None, None))
    )
    after = model.update(state, response("two", score=0.75, score_confidence=0.5))
    assert after.recent.surprise.tolist() == pytest.approx([0.5 * (0.75 - expected[1])], abs=1e-6)
    assert after.recent.sign.tolist() == [0.25] and after.recent.item.tolist() == [1]
    step = model.network.step(state.hidden, 1, WORDS.concepts_of(1), 0.25, float(expected[1]), 0, 0)
    assert after.hidden == pytest.approx(step, abs=1e-6)


def test_an_item_that_is_not_known_counts_for_its_concepts_and_leaves_no_trace_of_its_own(model: Wayline) -> None:
    tagged = response("new", 1.7e9, concept_ids=(WORDS.concepts[0], WORDS.concepts[2]), elapsed_seconds=7.0)
    state = model.update(model.initial(), tagged)
    assert state.recent.item.tolist() == [-1] and state.last == 1.7e9
    own = np.array([0, 2], dtype=np.int32)
    assert state.posterior == pytest.approx(model.steady.update(model.steady.initial(), tagged).posterior)
    usual = mean_odds(irt.PRIOR[None], np.array([model.steady.usual_slope]), np.array([model.steady.level[own].mean()]))
    logits = model.belief.stepped(model.belief.initial(), tagged)[1]
    expected = float(logistic_of(0.2 + 0.7 * np.array([logits]) + 0.4 * logit(usual))[0])
    assert state.recent.surprise[0] == pytest.approx(1.0 - expected, abs=1e-6)
    assert state.hidden == pytest.approx(model.network.step(model.initial().hidden, None, own, 1.0, expected, 4, 0))


def test_what_is_not_judged_or_of_nothing_known_moves_no_network(model: Wayline) -> None:
    before = model.update(model.initial(), response("one", 1.7e9))
    for one in (response("two", 1.8e9, correct=None), response("lost", 1.8e9)):
        after = model.update(before, one)
        assert after.hidden is before.hidden and after.recent is before.recent and after.last == 1.7e9
        assert after.posterior is before.posterior


def test_an_interval_is_the_belief_models_as_wide_as_it_is_trusted(model: Wayline) -> None:
    """.9 (.7 + .4) = .99 times as wide on both sides, around these odds."""
    state = model.initial()
    for item in ("two", "three", "one"):
        state = model.update(state, response(item, 1.7e9))
    now = NOON + timedelta(days=100)
    below, above = (
        np.abs(logit(end) - logit(model.predict(state, None, now))) for end in model.predict_interval(state, None, now)
    )
    ends = model.belief.predict_interval(state.knowledge, None, now)
    believed = [np.abs(logit(end) - logit(model.belief.predict(state.knowledge, None, now))) for end in ends]
    assert below == pytest.approx(0.99 * believed[0], abs=1e-6) and above == pytest.approx(0.99 * believed[1], abs=1e-6)
    some = np.array([3, 1], dtype=np.int32)
    for part, whole in zip(
        model.predict_interval(state, some, now), model.predict_interval(state, None, now), strict=True
    ):
        assert part.tolist() == whole[some].tolist()


def test_networks_see_difficulties_in_standard_units(model: Wayline) -> None:
    assert model.network.difficulty == pytest.approx((model.belief.difficulty - 0.3) / 1.7, abs=1e-6)


def test_odds_over_a_posterior_are_those_of_item_response_theory(model: Wayline) -> None:
    state = model.steady.update(model.steady.initial(), response("three"))
    fast = mean_of(model.odds, state.posterior)
    assert fast == pytest.approx(model.steady.predict(state, None, None), abs=1e-6)
    assert fast == pytest.approx(mean_of(model.odds, state.posterior - 1_000.0))  # up to a constant, however far off
    certain = made(
        model.belief,
        replace(model.steady, ease=np.full(len(TAGS), 99.0)),
        model.network.weights,
        model.network.features,
        BLEND,
    )
    surest = mean_of(certain.odds, state.posterior)
    assert (surest > 0.999).all() and (surest <= 1.0 - 1e-6).all()  # odds never reach one


def test_a_model_at_rest_says_the_same_when_it_is_back(model: Wayline, taught: Log) -> None:
    again = restore(model.parameters())
    assert again.blend == BLEND
    assert again.predict_log(taught).tolist() == model.predict_log(taught).tolist()
    lacking = model.parameters()
    del lacking.settings["blend_trust"]
    with pytest.raises(ValueError, match="blend_trust"):
        restore(lacking)


@pytest.mark.parametrize("drift", [NONE, Drift(own=0.3, shared=0.4, reach=3.0)], ids=["none", "drift"])
def test_new_items_have_their_concepts_and_what_their_neighbours_share(model: Wayline, drift: Drift) -> None:
    """Item "p" stands between "other" and "three" in the order of ids."""
    drifted = np.array([0.5, -0.4, 0.3, 0.2, -0.1]) if drift.shared else np.zeros(5)
    belief = replace(model.belief, drift=drift, drifted=drifted)
    own = made(belief, model.steady, model.network.weights, model.network.features, BLEND)
    other = words({"p": "a", "one": "a", "three": "abc", "two": "ab", "bare": "", "other": "c"})
    bound = own.bind(other)
    state, moved = own.initial(), bound.initial()
    for item in ("one", "three", "other"):
        state, moved = own.update(state, response(item, 1.7e9)), bound.update(moved, response(item, 1.7e9))
    mine, theirs = own.predict(state, None, None), bound.predict(moved, None, None)
    for item in TAGS:
        assert theirs[other.item_index[item]] == pytest.approx(mine[WORDS.item_index[item]], abs=1e-6), item  # type: ignore[index]
    told = between(list(TAGS), drifted, drift, ["p"])[0]
    assert bool(told) is bool(drift.shared)
    assert bound.belief.difficulty[0] == pytest.approx(belief.concept_difficulty[0] + told)
    assert bound.steady.ease[0] == pytest.approx(
        model.steady.level[0] - told
    )  # as much harder as the belief model has it
    features = between(list(TAGS), model.network.features.astype(np.float64), drift, ["p"])[0]
    assert bound.network.features[0] == pytest.approx(features, abs=1e-6) and bool(features.any()) is bool(drift.shared)


def test_without_any_log_all_is_the_belief_model_without_data() -> None:
    none = Log(WORDS, (), np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0), np.empty(0))
    model, alone = fit(none), statespace.fit(none)
    one = response("two", 1.7e9)
    odds = model.predict(model.update(model.initial(), one), None, one.at)
    assert odds == pytest.approx(alone.predict(alone.update(alone.initial(), one), None, one.at))

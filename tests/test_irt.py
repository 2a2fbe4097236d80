"""Item response theory: odds and posteriors by hand, planted items found again, beliefs that only evidence moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from courses import NOON, answer
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import FloatArray, Vocabulary
from student_model.log import Log
from student_model.tracing.irt import GRID, PRIOR, Ability, Irt, fit, likelihood, mean_odds, unfitted
from student_model.types import LearnerId

A, B = ConceptId("a"), ConceptId("b")
WORDS = Vocabulary.build([A, B], {ItemId("easy"): [A], ItemId("sharp"): [A, B], ItemId("bare"): []})


def irt() -> Irt:
    return Irt(WORDS, np.array([1.0, 2.0, 1.0]), np.array([1.0, -1.0, 0.0]), np.array([0.5, -0.5]), 1.0, 0.1)


def density(state: Ability) -> FloatArray:
    mass = np.exp(state.posterior)
    return np.asarray(mass / mass.sum())


def test_odds_are_means_over_the_prior() -> None:
    prior = np.exp(-GRID * GRID / 2) / np.exp(-GRID * GRID / 2).sum()
    by_hand = [float(prior @ (1 / (1 + np.exp(-(a * GRID + c))))) for a, c in ((1, 1), (2, -1), (1, 0))]
    assert irt().predict(irt().initial(), None, None).tolist() == pytest.approx(by_hand)
    assert by_hand[2] == pytest.approx(0.5)


def test_a_response_multiplies_the_posterior_by_its_likelihood() -> None:
    model = irt()
    state = model.update(model.update(model.initial(), answer("easy", True)), answer("sharp", False))
    right, wrong = 1 / (1 + np.exp(-(GRID + 1))), 1 / (1 + np.exp(2 * GRID - 1))
    product = np.exp(PRIOR) * right * wrong
    assert density(state) == pytest.approx(product / product.sum())
    assert state.practice.evidence.tolist() == [2, 1]


def test_an_unknown_item_is_taken_for_a_usual_one_of_its_concepts() -> None:
    model = irt()
    one = model.update(model.initial(), answer("new", True, concept_ids=(A, B)))
    told = likelihood(np.ones(1), np.zeros(1), np.ones(1), np.ones(1))[0]  # ease: the mean of .5 and -.5
    assert (one.posterior - PRIOR) == pytest.approx(told)


def test_half_a_mark_and_an_unsure_grade_weigh_half() -> None:
    one = likelihood(np.ones(1), np.zeros(1), np.array([1.0]), np.array([0.5]))
    whole = likelihood(np.ones(1), np.zeros(1), np.array([1.0]), np.array([1.0]))
    assert one == pytest.approx(whole / 2)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.sampled_from(["easy", "sharp", "bare"]), st.booleans()), max_size=15))
def test_a_right_answer_raises_all_odds_and_a_wrong_one_lowers_them(steps: list[tuple[str, bool]]) -> None:
    model = irt()
    state = model.initial()
    for item, right in steps:
        before = model.predict(state, None, None)
        state = model.update(state, answer(item, right))
        moved = model.predict(state, None, None) - before
        assert (moved >= -1e-12).all() if right else (moved <= 1e-12).all()


def test_time_changes_nothing() -> None:
    model = irt()
    state = model.update(model.initial(), answer("easy", True, day=0.0))
    now, later = (model.beliefs(state, NOON + timedelta(days=day)) for day in (0, 900))
    assert now.probability.tolist() == later.probability.tolist() == later.peak.tolist()


def planted(learners: int = 1_500, seed: int = 0) -> tuple[Log, FloatArray, FloatArray]:
    """Learners who answer all of 30 items of five concepts once; the true slopes and eases."""
    rng = np.random.default_rng(seed)
    concepts = [ConceptId(f"c{n}") for n in range(5)]
    words = Vocabulary.build(concepts, {ItemId(f"i{n}"): [concepts[n % 5]] for n in range(30)})
    slope, ease = np.exp(rng.normal(0.0, 0.35, 30)), rng.normal(0.3, 1.0, 30)
    ability = rng.normal(0.0, 1.0, learners)
    odds = 1 / (1 + np.exp(-(np.outer(ability, slope) + ease)))
    outcome = (rng.random(odds.shape) < odds).astype(float)
    names = [LearnerId(f"l{n}") for n in np.repeat(np.arange(learners), 30)]
    return (
        Log.from_unordered(words, names, np.tile(np.arange(30, dtype=np.int32), learners), outcome.ravel()),
        slope,
        ease,
    )


def test_planted_items_are_found_again() -> None:
    log, slope, ease = planted()
    model = fit(log)
    assert np.abs(model.ease - ease).mean() < 0.12
    assert np.corrcoef(np.log(model.slope), np.log(slope))[0, 1] > 0.85
    assert model.level[0] == pytest.approx(model.ease[::5].mean(), abs=0.15)


def test_intervals_hold_the_odds_that_are_true() -> None:
    log, _, _ = planted(learners=400, seed=3)
    model = fit(log)
    rng = np.random.default_rng(5)
    held, ability = 0, rng.normal(0.0, 1.0, 400)
    for one in ability:
        state = model.initial()
        for item in rng.integers(0, 30, 12):
            odds = 1 / (1 + np.exp(-(model.slope[item] * one + model.ease[item])))
            state = model.update(state, answer(f"i{item}", bool(rng.random() < odds)))
        beliefs = model.beliefs(state, None)
        true = 1 / (1 + np.exp(-(model.usual_slope * one + model.level[0])))
        held += int(beliefs.low[0] <= true <= beliefs.high[0])
    assert held / 400 == pytest.approx(0.9, abs=0.04)


def test_an_item_without_responses_stays_at_its_concept() -> None:
    log, _, _ = planted(learners=200)
    wider = log.vocabulary.extended({ItemId("n"): [ConceptId("c2")]})
    model = fit(Log(wider, log.learners, log.learner, log.item, log.outcome, log.seconds))
    assert model.ease[-1] == pytest.approx(model.level[2], abs=0.1)
    assert model.slope[-1] == pytest.approx(model.usual_slope, rel=0.05)
    assert mean_odds(PRIOR[None], model.slope, model.ease).shape == (31,)


def steep() -> Irt:
    """As `irt`, with a usual slope that is not one."""
    return Irt(WORDS, np.array([1.0, 2.0, 1.0]), np.array([1.0, -1.0, 0.0]), np.array([0.5, -0.5]), 1.5, 0.1)


def test_an_unknown_item_has_the_usual_slope_and_the_mean_ease_of_its_concepts() -> None:
    model = replace(steep(), level=np.array([0.9, -0.5]))
    for own, ease in (((B, A, ConceptId("nowhere")), 0.2), ((B,), -0.5)):
        one = model.update(model.initial(), answer("new", False, concept_ids=own))
        product = np.exp(PRIOR) / (1 + np.exp(1.5 * GRID + ease))
        assert density(one) == pytest.approx(product / product.sum())


def test_an_unsure_grade_raises_the_likelihood_to_its_weight() -> None:
    state = irt().update(irt().initial(), answer("easy", False, score=0.75, score_confidence=0.4))
    right = 1 / (1 + np.exp(-(GRID + 1)))
    product = np.exp(PRIOR) * (right**0.75 * (1 - right) ** 0.25) ** 0.4
    assert density(state) == pytest.approx(product / product.sum())
    assert state.practice.successes.tolist() == [pytest.approx(0.3), 0.0]


def test_a_belief_is_the_odds_at_the_concept_s_ease_and_the_usual_slope() -> None:
    state = steep().update(steep().initial(), answer("easy", True))
    by_hand = [float(density(state) @ (1 / (1 + np.exp(-(1.5 * GRID + level))))) for level in (0.5, -0.5)]
    assert steep().beliefs(state, None).probability.tolist() == pytest.approx(by_hand)


def test_an_interval_spans_nine_tenths_of_a_gaussian_by_the_slope() -> None:
    logits = [np.log(end / (1 - end)) for end in steep().predict_interval(steep().initial(), None, None)]
    # 1.644854 to each side, times the slope
    assert logits[1] - logits[0] == pytest.approx(2 * 1.644854 * np.array([1.0, 2.0, 1.0]), rel=0.01)
    beliefs = steep().beliefs(steep().initial(), None)
    width = np.log(beliefs.high / (1 - beliefs.high)) - np.log(beliefs.low / (1 - beliefs.low))
    assert width == pytest.approx([2 * 1.644854 * 1.5] * 2, rel=0.01)


def test_what_is_new_is_as_usual() -> None:
    wider = WORDS.extended({ItemId("n"): [A, ConceptId("c")], ItemId("m"): [], ItemId("o"): [ConceptId("c")]})
    bound = steep().bind(wider)
    assert bound.level == pytest.approx([0.5, -0.5, 0.1])
    assert bound.ease == pytest.approx([1.0, -1.0, 0.0, 0.3, 0.1, 0.1])
    assert bound.slope == pytest.approx([1.0, 2.0, 1.0, 1.5, 1.5, 1.5])
    assert (bound.usual_slope, bound.base) == (1.5, 0.1)


def test_abilities_reach_as_far_as_learners_do() -> None:
    """The grid leaves out so little of a Gaussian that its variance is 1 on it."""
    mass = np.exp(PRIOR) / np.exp(PRIOR).sum()
    assert mass @ GRID**2 == pytest.approx(1.0, abs=2e-3)


def test_each_of_a_log_s_learners_begins_at_the_prior() -> None:
    learner, item = np.array([0, 0, 2], dtype=np.int32), np.array([0, 1, 1], dtype=np.int32)
    names = tuple(LearnerId(one) for one in ("k", "mute", "l"))
    log = Log(WORDS, names, learner, item, np.array([1.0, 1.0, 0.0]), np.full(3, np.nan))
    odds, new = irt().predict_log(log), irt().predict(irt().initial(), None, None)
    assert odds[[0, 2]].tolist() == pytest.approx(new[[0, 1]].tolist())
    assert odds[1] > new[1]
    first, mute, last = irt().fold(log)
    assert density(first) @ GRID > density(mute) @ GRID > density(last) @ GRID
    assert mute.posterior.tolist() == PRIOR.tolist()


def test_the_interval_of_a_new_learner_lies_evenly_around_the_usual_ability() -> None:
    model = unfitted(WORDS)
    low, high = model.predict_interval(model.initial(), None, None)
    logits = [float(np.log(end[0] / (1 - end[0]))) for end in (low, high)]
    assert logits == pytest.approx([-1.645, 1.645], abs=0.02)

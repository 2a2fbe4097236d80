"""Performance factors analysis: logits worked out by hand, batch against single steps, planted truth found again."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from courses import NOON, answer

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import FloatArray, Vocabulary
from student_model.evaluation import log_loss
from student_model.log import Log
from student_model.tracing import datetime_from, load
from student_model.tracing._counts import Counts, tabulated
from student_model.tracing._logistic_fit import mode
from student_model.tracing._pfa_fit import problem
from student_model.tracing.pfa import CONCEPT, MOST, PFA, fit, restore
from student_model.types import LearnerId

A, B = ConceptId("a"), ConceptId("b")
WORDS = Vocabulary.build([A, B], {ItemId("a"): [A], ItemId("both"): [A, B], ItemId("bare"): []})


def pfa() -> PFA:
    concept = np.array([[0.1, -0.2], [0.3, 0.5], [-0.1, 0.05]])
    return PFA(WORDS, concept, shared=np.array([0.0, 0.2, -0.1]), bias=0.05)


def logits(tracer: PFA, state: Counts, days: float | None = None) -> FloatArray:
    odds = tracer.predict(state, None, None if days is None else NOON + timedelta(days=days))
    return np.asarray(np.log(odds / (1.0 - odds)))


def test_four_steps_worked_out_by_hand() -> None:
    tracer = pfa()
    state = tracer.initial()
    # a: .05 + .1;  both: .05 + (.1 - .2) / 2;  bare: .05
    assert logits(tracer, state) == pytest.approx([0.15, 0.0, 0.05])
    state = tracer.update(state, answer("a", True))
    # a: .05 + (.1 + .3);  both: .05 + ((.1 + .3) - .2) / 2
    assert logits(tracer, state) == pytest.approx([0.45, 0.15, 0.05])
    state = tracer.update(state, answer("both", False))
    # a: .05 + (.1 + .3 - .1);  both: .05 + ((.1 + .3 - .1) + (-.2 + .05)) / 2
    assert logits(tracer, state) == pytest.approx([0.35, 0.125, 0.05])
    state = tracer.update(state, answer("both", True))
    # a: .05 + (.1 + .6 - .1);  both: .05 + ((.1 + .6 - .1) + (-.2 + .5 + .05)) / 2
    assert logits(tracer, state) == pytest.approx([0.65, 0.525, 0.05])


def test_a_belief_is_the_odds_at_an_item_of_the_concept_alone() -> None:
    tracer = pfa()
    state = tracer.update(tracer.initial(), answer("both", True))
    beliefs = tracer.beliefs(state, None)
    assert beliefs.probability[0] == tracer.predict(state, None, None)[0]
    assert beliefs.of(1).probability == pytest.approx(1 / (1 + math.exp(-(0.05 - 0.2 + 0.5))))
    assert beliefs.evidence.tolist() == [1, 1]


def test_the_interval_narrows_with_evidence_around_unmoved_odds() -> None:
    tracer = PFA(WORDS, np.zeros((3, 2)), CONCEPT, 0.0)
    state, widths = tracer.initial(), []
    for _ in range(5):
        low, high = tracer.predict_interval(state, None, None)
        assert ((low < 0.5) & (high > 0.5)).all()
        widths.append(high - low)
        state = tracer.update(state, answer("both", True))
    assert (np.diff(widths, axis=0) < 0).all()


def test_successes_fade_and_failures_stay() -> None:
    tracer = pfa()
    state = tracer.update(tracer.initial(), answer("a", True, day=0.0))
    half = 7 * 2 / (1 + 7 / 365)  # days in which one success loses half
    assert logits(tracer, state, half)[0] == pytest.approx(0.05 + 0.1 + 0.3 * 0.5)
    again = tracer.update(state, answer("a", True, day=half))
    assert again.practice.successes[0] == pytest.approx(1.5)
    failed = tracer.update(tracer.initial(), answer("a", False, day=0.0))
    assert logits(tracer, failed, 999.0) == pytest.approx(logits(tracer, failed))


@pytest.mark.parametrize("correct", [True, False])
def test_no_count_is_taken_for_more_than_the_most(correct: bool) -> None:
    concept = np.array([[0.0, 0.0], [0.02, 0.02], [-0.02, -0.02]])
    tracer = PFA(WORDS, concept, CONCEPT, 0.0)
    state, seen = tracer.initial(), []
    for _ in range(int(MOST) + 5):
        seen.append(logits(tracer, state)[0])
        state = tracer.update(state, answer("a", correct))
    sign = 1.0 if correct else -1.0
    assert np.array(seen) == pytest.approx(sign * 0.02 * np.minimum(np.arange(len(seen)), MOST))


LEVEL = np.array([-1.0, -0.6, -0.2, 0.2])
GAIN, LOSS = np.array([0.02, 0.1, 0.2, 0.3]), np.array([-0.1, 0.1, 0.0, -0.05])


def simulated(seed: int, gain: FloatArray = GAIN, loss: FloatArray = LOSS, learners: int = 500) -> Log:
    """Learners drawn from the model itself, who do items of one concept and of two in a random order."""
    rng, length, names = np.random.default_rng(seed), 40, [ConceptId(f"c{n}") for n in range(4)]
    singles = {ItemId(f"i{n}"): [names[n]] for n in range(4)}
    words = Vocabulary.build(names, {**singles, **{ItemId(f"p{n}"): [names[n], names[n - 1]] for n in range(4)}})
    item, outcome = rng.integers(0, 8, learners * length).astype(np.int32), np.zeros(learners * length)
    for n, i in enumerate(item):
        if n % length == 0:
            right, wrong = np.zeros(4), np.zeros(4)
        own = words.concepts_of(i)
        logit = np.mean((LEVEL + gain * right + loss * wrong)[own])
        outcome[n] = rng.random() < 1 / (1 + np.exp(-logit))
        right[own] += outcome[n]
        wrong[own] += 1.0 - outcome[n]
    ids = [LearnerId(str(n // length)) for n in range(len(item))]
    return Log.from_unordered(words, ids, item, outcome)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_planted_gains_losses_and_levels_are_found_again(seed: int) -> None:
    tracer = fit(simulated(seed))
    level, gain, loss = tracer.concept
    assert tracer.bias + level == pytest.approx(LEVEL, abs=0.2)
    assert gain == pytest.approx(GAIN, abs=0.05)
    assert loss == pytest.approx(LOSS, abs=0.05)


def test_a_gain_below_nought_is_held_there_and_the_rest_is_the_mode_without_it() -> None:
    log = simulated(4, gain=np.array([-0.3, 0.1, 0.2, 0.3]))
    tracer = fit(log)
    assert tracer.concept[1, 0] == 0.0
    assert (tracer.concept[1, 1:] > 0.0).all()
    held = np.array([True, False, False, False])
    values, _ = mode(problem(log, tabulated(log, log.vocabulary, 7.0), held), log.outcome, log.weights)
    assert values[12] == tracer.bias
    assert values[:4].tolist() == tracer.concept[0].tolist()
    odds = tracer.predict_log(log)
    assert odds.mean() == pytest.approx(log.outcome.mean(), abs=0.01)


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_one_sided_logs_give_finite_values_and_no_success_that_harms(outcome: float) -> None:
    log = simulated(3, learners=20)
    sided = Log(log.vocabulary, log.learners, log.learner, log.item, np.full(len(log), outcome), log.seconds)
    tracer = fit(sided)
    assert np.isfinite(tracer.concept).all()
    assert (tracer.concept[1] >= 0.0).all()
    assert tracer.shared[1] >= 0.0
    assert ((tracer.predict_log(sided) > 0.5) == bool(outcome)).all()


@pytest.mark.parametrize("seed", [0, 1])
def test_a_right_answer_lowers_no_odds_of_any_item(seed: int) -> None:
    log = simulated(seed, gain=np.array([-0.3, -0.1, 0.0, 0.3]), learners=50)
    tracer = fit(log)
    for state in tracer.fold(log)[:10]:
        before = tracer.predict(state, None, None)
        for item in log.vocabulary.items:
            after = tracer.predict(tracer.update(state, answer(item, True)), None, None)
            assert (after >= before).all()


def test_an_empty_log_gives_the_priors() -> None:
    tracer = fit(Log.from_unordered(WORDS, [], np.zeros(0, np.int32), np.zeros(0)), seed=3)
    assert tracer.concept.tolist() == [[value, value] for value in CONCEPT.tolist()]
    assert (tracer.shared.tolist(), tracer.bias) == (CONCEPT.tolist(), 0.0)
    assert tracer.predict(tracer.initial(), None, None).tolist() == [0.5, 0.5, 0.5]


def test_a_whole_log_equals_single_steps_bit_for_bit_beyond_the_most() -> None:
    rng = np.random.default_rng(0)
    outcome = (rng.random(400) < 0.4).astype(float)
    seconds = NOON.timestamp() + np.cumsum(rng.exponential(9e4, 400).round())
    item = rng.integers(0, 3, 400).astype(np.int32)
    log, tracer = Log.from_unordered(WORDS, [LearnerId("l")] * 400, item, outcome, seconds), pfa()
    odds, state = tracer.predict_log(log), tracer.initial()
    for n, i in enumerate(item):
        at = datetime_from(seconds[n])
        assert tracer.predict(state, item[n : n + 1], at)[0] == odds[n]
        state = tracer.update(state, replace(answer(WORDS.items[i], bool(outcome[n])), at=at))
    assert state.practice.level.min() > MOST
    (folded,) = tracer.fold(log)
    assert folded.practice.successes.tolist() == state.practice.successes.tolist()
    assert folded.practice.level.tolist() == state.practice.level.tolist()


def test_it_beats_the_mean_of_items_where_practice_matters() -> None:
    log = simulated(7)
    half = np.arange(len(log.learners)) < 250
    train, test = log.only_learners(half), log.only_learners(~half)
    loss = {name: log_loss(load(name).fit(train).predict_log(test), test.outcome) for name in ("mean", "pfa")}
    assert loss["pfa"] < loss["mean"] - 0.02


def test_new_concepts_take_what_all_share_and_the_rest_is_kept() -> None:
    tracer, c = restore(pfa().parameters()), ConceptId("c")
    bound = tracer.bind(Vocabulary.build([c, B], {ItemId("new"): [c], ItemId("b"): [B]}))
    assert bound.concept.tolist() == [[0.0, -0.2], [0.2, 0.5], [-0.1, 0.05]]
    assert bound.bias == tracer.bias

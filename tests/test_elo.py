"""Elo: one step worked out by hand, planted difficulties found again."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from courses import NOON, answer

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import Vocabulary
from student_model.log import Log
from student_model.tracing.elo import Elo, fit
from student_model.types import LearnerId

A, B = ConceptId("a"), ConceptId("b")
WORDS = Vocabulary.build([A, B], {ItemId("a"): [A], ItemId("both"): [A, B], ItemId("bare"): []})


def elo() -> Elo:
    difficulty = np.array([0.5, -0.5, 0.0])
    return Elo(WORDS, difficulty, np.full(3, 0.1), np.array([0.2, -0.2]), 0.0)


def test_one_step_worked_out_by_hand() -> None:
    tracer = elo()
    # item a: odds 1 / (1 + e^.5) = .3775407, error .6224593
    assert tracer.predict(tracer.initial(), None, None)[0] == pytest.approx(0.3775407, abs=1e-7)
    state = tracer.update(tracer.initial(), answer("a", True))
    # general .5 * .6224593 = .3112297; offset .3 * .6224593 = .1867378
    assert state.general == pytest.approx(0.3112297, abs=1e-7)
    assert state.practice.level == pytest.approx([0.1867378, 0.0], abs=1e-7)


def test_a_second_step_with_two_concepts_worked_out_by_hand() -> None:
    tracer = elo()
    state = tracer.update(tracer.initial(), answer("a", True))
    # logit .3112297 + .1867378 / 2 + .5 = .9045986; odds .7118935; wrong: error -.7118935
    after = tracer.update(state, answer("both", False))
    # general .3112297 - .5 / 1.02 * .7118935 = -.0377376
    assert after.general == pytest.approx(-0.0377376, abs=1e-6)
    # offset a: .1867378 - .3 / 1.02 * .7118935 / 2 = .0820476; b: -.3 * .7118935 / 2 = -.1067840
    assert after.practice.level == pytest.approx([0.0820476, -0.1067840], abs=1e-6)


def test_offsets_fade_and_general_ability_stays() -> None:
    tracer = elo()
    state = tracer.update(tracer.initial(), answer("a", True, day=0.0))
    # after h = 13.7366 days half of the offset is left: logit .3112297 + .0933689 - .5 = -.0954014
    then = NOON + timedelta(days=7 * 2 / (1 + 7 / 365))
    assert tracer.predict(state, None, then)[0] == pytest.approx(1 / (1 + np.exp(0.0954014)), abs=1e-7)
    belief = tracer.beliefs(state, then).of(0)
    # belief of a: .3112297 + .0933689 - .2 = .2045986 -> .5509720; peak: .3112297 + .1867378 - .2 -> .5739500
    assert (belief.probability, belief.peak) == pytest.approx((0.550972, 0.57395), abs=1e-5)


def test_an_item_without_concepts_moves_general_ability_alone() -> None:
    tracer = elo()
    state = tracer.update(tracer.initial(), answer("bare", True))
    assert state.general == pytest.approx(0.25)
    assert state.practice.level.tolist() == [0.0, 0.0]


def test_new_items_take_the_mean_difficulty_of_their_concepts() -> None:
    wider = WORDS.extended({ItemId("n"): [A, B], ItemId("m"): [B], ItemId("o"): [ConceptId("c")]})
    bound = elo().bind(wider)
    assert bound.item_difficulty == pytest.approx([0.5, -0.5, 0.0, 0.0, -0.2, 0.0])
    low, high = bound.predict_interval(bound.initial(), None, None)
    assert high[4] - low[4] > high[0] - low[0]


def test_intervals_narrow_with_evidence() -> None:
    tracer, state = elo(), elo().initial()
    first = tracer.beliefs(state, None).of(0)
    for n in range(30):
        state = tracer.update(state, answer("a", n % 2 == 0))
    last = tracer.beliefs(state, None).of(0)
    assert last.high - last.low < 0.7 * (first.high - first.low)


def planted(seed: int, learners: int = 600, length: int = 40) -> tuple[Log, np.ndarray]:
    """Learners with Gaussian abilities on sixty items of six concepts; and the items' difficulties."""
    rng = np.random.default_rng(seed)
    concepts = [ConceptId(f"c{n}") for n in range(6)]
    words = Vocabulary.build(concepts, {ItemId(f"i{n}"): [concepts[n % 6]] for n in range(60)})
    difficulty = rng.normal(-0.5, 1.0, 60)
    learner = np.repeat(np.arange(learners), length)
    item = rng.integers(0, 60, len(learner)).astype(np.int32)
    logit = rng.normal(0.0, 1.0, learners)[learner] - difficulty[item]
    outcome = (rng.random(len(item)) < 1.0 / (1.0 + np.exp(-logit))).astype(float)
    return Log.from_unordered(words, [LearnerId(str(n)) for n in learner], item, outcome), difficulty


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_order_of_planted_difficulties_is_found_again(seed: int) -> None:
    log, difficulty = planted(seed)
    found = fit(log).item_difficulty
    assert np.corrcoef(found, difficulty)[0, 1] > 0.97
    assert np.corrcoef(np.argsort(np.argsort(found)), np.argsort(np.argsort(difficulty)))[0, 1] > 0.95


def test_the_fit_does_not_depend_on_the_order_of_learners() -> None:
    log, _ = planted(4, learners=80)
    order = np.argsort(-log.learner, kind="stable")
    names = [log.learners[n] for n in log.learner[order]]
    turned = Log.from_unordered(log.vocabulary, names, log.item[order], log.outcome[order])
    assert fit(turned).item_difficulty == pytest.approx(fit(log).item_difficulty, abs=1e-9)


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_one_sided_logs_give_finite_difficulties(outcome: float) -> None:
    log, _ = planted(5, learners=20)
    sided = Log(log.vocabulary, log.learners, log.learner, log.item, np.full(len(log), outcome), log.seconds)
    tracer = fit(sided)
    assert np.isfinite(tracer.item_difficulty).all()
    assert np.abs(tracer.item_difficulty).max() < 20.0
    assert ((tracer.predict_log(sided) > 0.5) == bool(outcome)).all()


def test_without_a_log_all_is_even() -> None:
    tracer = fit(Log.from_unordered(WORDS, [], np.zeros(0, np.int32), np.zeros(0)))
    assert tracer.predict(tracer.initial(), None, None).tolist() == [0.5] * 3

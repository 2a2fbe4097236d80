"""The predictor finds what the belief model cannot see, trusts it where there is nothing else, and is calibrated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import FloatArray, Vocabulary
from student_model.evaluation import expected_calibration_error, log_loss
from student_model.log import Log
from student_model.tracing import Context, statespace
from student_model.tracing._practice import logistic_of
from student_model.tracing._recurrent_fit import Trained
from student_model.tracing._wayline_fit import MEMBERS, blended, helps, out_of_fold
from student_model.tracing.wayline import fit
from student_model.types import LearnerId

CONCEPTS = [ConceptId(f"c{n}") for n in range(4)]
WORDS = Vocabulary.build(CONCEPTS, {ItemId(f"i{n}"): [CONCEPTS[n % 4]] for n in range(16)})


def log_of(item: np.ndarray, outcome: np.ndarray) -> Log:
    """A log from a row of items and outcomes a learner."""
    learners, rows = item.shape
    names = [LearnerId(f"l{n:04}") for n in range(learners) for _ in range(rows)]
    return Log.from_unordered(WORDS, names, item.ravel().astype(np.int32), outcome.ravel().astype(np.float64))


def planted(learners: int, seed: int) -> tuple[Log, FloatArray]:
    """Right after concept 0 is followed by right, after any other by what ability says: an order no count shows."""
    rng = np.random.default_rng(seed)
    item = rng.integers(16, size=(learners, 40))
    after_first = np.concatenate((np.zeros((learners, 1), bool), item[:, :-1] % 4 == 0), axis=1)
    logit = rng.normal(0.0, 0.7, (learners, 1)) + np.where(after_first, 2.0, -0.7)
    odds = 1.0 / (1.0 + np.exp(-logit))
    return log_of(item, rng.random(item.shape) < odds), odds.ravel()


def independent(learners: int, seed: int) -> Log:
    """Learners of a constant ability: the belief model has nothing to add to."""
    rng = np.random.default_rng(seed)
    item = rng.integers(16, size=(learners, 40))
    odds = 1.0 / (1.0 + np.exp(-rng.normal(0.0, 1.0, (learners, 1)) - np.linspace(-1.0, 1.0, 16)[item]))
    return log_of(item, rng.random(item.shape) < odds)


def test_what_the_order_of_items_tells_is_found_and_calibrated() -> None:
    train, (test, truth) = planted(500, 0)[0], planted(200, 1)
    told: list[str] = []
    whole = fit(train, 0, Context(tell=told.append))
    alone = statespace.fit(train)
    bound = log_loss(truth, test.outcome)
    gained, left = (log_loss(one.predict_log(test), test.outcome) - bound for one in (whole, alone))
    assert gained < 0.35 * left
    assert expected_calibration_error(whole.predict_log(test), test.outcome) < 0.03
    assert whole.blend.gain > 0.3
    assert {"fitting the belief model", "fitting it to others of each learner"} <= set(told)


def test_where_networks_find_nothing_the_belief_model_stands() -> None:
    train, test = independent(400, 0), independent(200, 1)
    whole, alone = fit(train), statespace.fit(train)
    losses = [log_loss(one.predict_log(test), test.outcome) for one in (whole, alone)]
    assert losses[0] == pytest.approx(losses[1], abs=0.002)


def test_a_network_that_does_not_help_is_not_joined_by_others() -> None:
    """Scores that tell the truth help; scores drawn by lot do not, and training stops after such a first one."""
    log = independent(200, 0)
    base, lot = statespace.fit(log).logits_of(log), np.random.default_rng(0).normal(size=len(log))
    assert helps(log, base, scored(log, log.outcome - 0.5))
    assert not helps(log, base, scored(log, lot))
    assert fit(independent(200, 0)).network.weights.members == 1
    assert fit(planted(200, 0)[0]).network.weights.members == MEMBERS


def test_of_few_learners_only_the_belief_model_is_fitted() -> None:
    train = independent(15, 0)
    whole = fit(train)
    blend = whole.blend
    assert whole.network.weights.members == 0
    assert (blend.start, blend.trust, blend.gain, blend.base, blend.belief, blend.steady) == (0, 1, 0, 0, 1, 0)
    assert whole.predict_log(train) == pytest.approx(statespace.fit(train).predict_log(train))


def test_belief_logits_for_training_come_from_other_learners() -> None:
    """An item that only one learner met: its difficulty is told by nobody else."""
    log = independent(60, 0)
    log = log.rows((log.item != 7) | (log.learner == 3))
    log = replace(log, outcome=np.where(log.item == 7, 0.0, log.outcome))
    belief = statespace.fit(log)
    base, _, difficulty = out_of_fold(log, belief, 0, Context())
    alone = np.flatnonzero(log.item == 7)
    assert len(alone) and (log.learner[alone] == 3).all()
    usual = belief.concept_difficulty[3]
    assert np.abs(difficulty[alone] - usual).max() < np.abs(belief.difficulty[7] - usual)
    assert log_loss(logistic_of(base), log.outcome) > log_loss(belief.predict_log(log), log.outcome)


def scored(log: Log, scores: FloatArray) -> Trained:
    """A member that all learners judged, with these scores."""
    return Trained(None, np.ones(len(log), bool), scores, None)  # type: ignore[arg-type]


def test_scores_that_speak_against_the_truth_get_no_gain() -> None:
    log = independent(200, 0)
    base = statespace.fit(log).logits_of(log)
    start, trust, gain = blended(log, base, [scored(log, 1.0 - 2.0 * log.outcome)])
    assert gain == 0.0 and trust == pytest.approx(1.0, abs=0.15) and abs(start) < 0.15


def test_no_weight_is_ever_negative_whatever_the_log() -> None:
    """Outcomes that alternate: who was right is wrong next, so that what is believed only helps turned around."""
    item = np.tile(np.arange(40) % 9, (60, 1))
    whole = fit(log_of(item, (np.arange(40) + np.arange(60)[:, None]) % 2))
    blend = whole.blend
    assert min(blend.belief, blend.steady, blend.trust, blend.gain) >= 0.0
    state = whole.initial()
    odds, (low, high) = whole.predict(state, None, None), whole.predict_interval(state, None, None)
    assert (low <= odds).all() and (odds <= high).all()


def test_the_blend_undoes_what_is_off_by_a_factor() -> None:
    """Odds drawn from start -.4, trust .7 and gain 1.5 are found again."""
    rng, log = np.random.default_rng(0), independent(600, 0)
    base, score = rng.normal(0.0, 1.5, len(log)), rng.normal(0.0, 1.0, len(log))
    truth = logistic_of(-0.4 + 0.7 * base + 1.5 * score)
    log = replace(log, outcome=(rng.random(len(log)) < truth).astype(np.float64))
    assert blended(log, base, [scored(log, score)]) == pytest.approx((-0.4, 0.7, 1.5), abs=0.06)

"""What the predictor is blended from: others' models, weights at their mode, and items as texts and ids move them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from networks import TAGS, words
from scipy.optimize import brentq, minimize

from knowledge_graph.vocabulary import BoolArray, FloatArray
from student_model.log import Log
from student_model.tracing import ALONE, irt, statespace
from student_model.tracing._practice import logistic_of
from student_model.tracing._recurrent_fit import FEWEST, Trained
from student_model.tracing._wayline_fit import blended, helps, joined, out_of_fold, steadied
from student_model.tracing.statespace import ITEM_PULL
from student_model.types import LearnerId

WORDS = words()


def log_of(learners: int, rows: int = 8, seed: int = 0) -> Log:
    """Learners of constant abilities on items of different difficulties; a third of the grades count by half."""
    rng = np.random.default_rng(seed)
    item = rng.integers(len(TAGS), size=(learners, rows)).astype(np.int32)
    odds = logistic_of(rng.normal(size=(learners, 1)) + np.linspace(-1.0, 1.0, len(TAGS))[item])
    return Log(
        WORDS,
        tuple(LearnerId(f"l{n}") for n in range(learners)),
        np.repeat(np.arange(learners, dtype=np.int32), rows),
        item.ravel(),
        (rng.random(item.shape) < odds).ravel().astype(np.float64),
        np.full(item.size, np.nan),
        np.where(np.arange(item.size) % 3 == 0, 0.5, 1.0),
    )


def mode(log: Log, first: FloatArray, second: FloatArray, rows: BoolArray, used: list[int]) -> FloatArray:
    """Start and weights by a general minimiser: cross-entropy by weight, and a prior of 0, 1, 0 of precision 10."""
    columns = np.stack((np.ones(len(log)), first, second), axis=1)[rows][:, used]
    centre, outcome, weight = np.array([0.0, 1.0, 0.0])[used], log.outcome[rows], log.weights[rows]

    def badness(values: FloatArray) -> float:
        logit = columns @ values
        told = weight * (np.logaddexp(0.0, logit) - outcome * logit)
        return float(told.sum() + 5.0 * ((values - centre) ** 2).sum())

    found = np.zeros(3)
    found[used] = minimize(badness, centre, method="BFGS", options={"gtol": 1e-8}).x
    return found


def trained(rows: BoolArray, scores: FloatArray) -> Trained:
    """A member with these judges, and these scores of theirs."""
    return Trained(None, rows, np.where(rows, scores, 0.0), None)  # type: ignore[arg-type]


def test_two_logits_are_joined_at_the_mode_a_general_minimiser_finds() -> None:
    log, rng = log_of(60), np.random.default_rng(1)
    truth = 2.0 * log.outcome - 1.0
    first, second = 0.5 * truth + rng.normal(size=len(log)), 0.8 * truth + rng.normal(size=len(log))
    everywhere = np.ones(len(log), dtype=bool)
    assert joined(log, first, second) == pytest.approx(mode(log, first, second, everywhere, [0, 1, 2]), abs=1e-3)


def test_what_only_helps_turned_around_is_left_out_and_the_rest_fitted_anew() -> None:
    log, rng = log_of(60), np.random.default_rng(1)
    truth, noise, everywhere = 2.0 * log.outcome - 1.0, rng.normal(size=(2, len(log))), np.ones(len(log), dtype=bool)
    good, bad = truth + noise[0], noise[1] - truth
    assert joined(log, good, bad) == pytest.approx(mode(log, good, bad, everywhere, [0, 1]), abs=1e-3)
    assert joined(log, bad, good) == pytest.approx(mode(log, bad, good, everywhere, [0, 2]), abs=1e-3)
    start, *rest = joined(log, bad, bad + noise[0])
    assert rest == [0.0, 0.0] and start == pytest.approx(mode(log, bad, bad, everywhere, [0])[0], abs=1e-3)


def test_of_fewer_learners_than_a_network_needs_the_belief_model_stands_alone() -> None:
    few, enough = log_of(FEWEST - 1), log_of(FEWEST)
    assert joined(few, few.outcome, few.outcome) == (0.0, 1.0, 0.0)
    assert joined(enough, enough.outcome, enough.outcome) != (0.0, 1.0, 0.0)


def test_the_blend_is_fitted_to_judges_of_any_member_alone() -> None:
    """Of three thirds of the rows the last was judged by nobody, and there scores would speak against the truth."""
    log, rng = log_of(90), np.random.default_rng(2)
    truth = 2.0 * log.outcome - 1.0
    base = 0.5 * truth + rng.normal(size=len(log))
    third = log.learner // 30
    scores = np.where(third == 2, -3.0, 1.0) * truth + rng.normal(size=len(log))
    made = [trained(third == k, scores) for k in (0, 1)]
    assert blended(log, base, made) == pytest.approx(mode(log, base, scores, third < 2, [0, 1, 2]), abs=1e-3)
    assert blended(log, base, []) == (0.0, 1.0, 0.0)


def test_a_network_helps_if_its_judges_lose_less_by_its_worth() -> None:
    """Scores that know ever more of the truth: where by their weight judges lose `WORTH` less, the answer turns."""
    log, rng = log_of(200), np.random.default_rng(3)
    base, noise = rng.normal(size=len(log)), rng.normal(size=len(log))
    judges = log.learner % 2 == 0

    def scores(known: float) -> FloatArray:
        return np.asarray(known * (2.0 * log.outcome - 1.0) + noise)

    def gain(known: float) -> float:
        losses = []
        for used in ([0, 1], [0, 1, 2]):
            values = mode(log, base, scores(known), judges, used)
            logit = (values[0] + values[1] * base + values[2] * scores(known))[judges]
            told = np.logaddexp(0.0, logit) - log.outcome[judges] * logit
            losses.append(float(np.average(told, weights=log.weights[judges])))
        return losses[0] - losses[1]

    enough = brentq(lambda known: gain(known) - 3e-4, 0.0, 1.0, xtol=1e-4)
    answers = [helps(log, base, trained(judges, scores(known))) for known in (0.0, enough - 2e-3, enough + 2e-3, 1.0)]
    assert answers == [False, False, True, True]


def test_logits_for_training_never_saw_the_learner_or_the_others_of_the_same_fold() -> None:
    """Turning a last answer around changes what is expected of learners in other folds, and of nobody in its own."""
    log = log_of(15, 20)
    last = np.arange(len(log)) == 19  # of the first learner
    turned = replace(log, outcome=np.where(last, 1.0 - log.outcome, log.outcome))
    belief = statespace.fit(log)
    fold = np.random.default_rng(4).permutation(15) % 5
    own = fold[log.learner] == fold[0]
    for before, after in zip(out_of_fold(log, belief, 4, ALONE), out_of_fold(turned, belief, 4, ALONE), strict=True):
        assert np.array_equal(before[own], after[own])
        assert not np.isclose(before[~own], after[~own], rtol=0.0, atol=1e-9).all()
        assert np.abs(before).min() > 0.0  # every row has its number


def test_a_single_learner_is_expected_by_the_model_fitted_to_all() -> None:
    log = log_of(1, 30)
    belief = statespace.fit(log)
    base, constant, difficulty = out_of_fold(log, belief, 0, ALONE)
    assert base == pytest.approx(belief.logits_of(log)) and difficulty == pytest.approx(belief.difficulty[log.item])
    odds = steadied(log, belief).predict_log(log)
    assert constant == pytest.approx(np.log(odds / (1.0 - odds)))


def test_constant_abilities_meet_items_as_much_harder_as_texts_have_made_them() -> None:
    """A belief model whose expectations were not changed moves no item; one whose were moves ease by the same."""
    log = log_of(60, 20)
    belief, plain = statespace.fit(log), irt.fit(log)
    estimate, information = belief.estimates()
    usual = WORDS.mean_over_concepts(belief.concept_difficulty, belief.base)
    alone = usual + information / (information + ITEM_PULL) * (estimate - usual)
    untold = replace(belief, difficulty=alone, expected_difficulty=usual, expected_variance=np.full(5, 1.0 / ITEM_PULL))
    untold = replace(untold, difficulty_variance=1.0 / (information + ITEM_PULL))
    assert steadied(log, untold).ease == pytest.approx(plain.ease)
    pull = np.array([2.0, 0.5, 4.0, 1.0, 3.0])
    expected = usual + np.array([1.0, -1.0, 0.5, 0.0, 2.0])
    told = replace(
        untold,
        difficulty=(information * estimate + pull * expected) / (information + pull),
        difficulty_variance=1.0 / (information + pull),
        expected_difficulty=expected,
        expected_variance=1.0 / pull,
    )
    moved = steadied(log, told)
    assert moved.ease == pytest.approx(plain.ease - (told.difficulty - alone), abs=1e-6)
    assert moved.slope == pytest.approx(plain.slope) and np.abs(moved.ease - plain.ease).max() > 0.01

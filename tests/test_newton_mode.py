"""Newton's mode of a logistic posterior: by hand, where its slope is nought, and what it tells on the way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from knowledge_graph.vocabulary import FloatArray
from student_model.tracing._logistic_fit import Problem, mode


def alone(offset: float = 0.0, pull: float = 1e-9, centre: float = 0.0, feature: float = 1.0) -> Problem:
    """One value that four rows have in common."""
    return Problem(csr_matrix(np.full((4, 1), feature)), np.array([centre]), np.array([pull]), np.full(4, offset))


THREE_OF_FOUR = np.array([1.0, 1.0, 1.0, 0.0])


def problem(seed: int, pull: float = 1.0) -> tuple[Problem, FloatArray, FloatArray]:
    """Two hundred rows over twelve values, with outcomes and weights."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(200, 12)) * (rng.random((200, 12)) < 0.4)
    outcome, weight = rng.choice([0.0, 0.3, 1.0], 200), rng.uniform(0.1, 1.0, 200)
    pulls = pull * rng.uniform(0.1, 2.0, 12)
    return Problem(csr_matrix(features), rng.normal(size=12), pulls, rng.normal(size=200)), outcome, weight


def badness(one: Problem, outcome: FloatArray, weight: FloatArray, at: FloatArray) -> float:
    odds = 1.0 / (1.0 + np.exp(-(one.features @ at + one.offset)))
    told = -weight * (outcome * np.log(odds) + (1.0 - outcome) * np.log(1.0 - odds))
    return float(told.sum() + 0.5 * (one.pull * (at - one.centre) ** 2).sum())


def test_three_right_of_four_worked_out_by_hand() -> None:
    values, information = mode(alone(), THREE_OF_FOUR, np.ones(4))
    # odds of 3 to 1, of which four responses tell 4 * 3/4 * 1/4
    assert values == pytest.approx([math.log(3.0)], abs=1e-4)
    assert information == pytest.approx([0.75], rel=1e-2)


def test_what_stands_beside_a_logit_is_not_learned_again() -> None:
    values, _ = mode(alone(offset=0.5), THREE_OF_FOUR, np.ones(4))
    assert values == pytest.approx([math.log(3.0) - 0.5], abs=1e-4)


def test_a_feature_twice_as_large_needs_half_the_value_and_tells_four_times_as_much() -> None:
    values, information = mode(alone(feature=2.0), THREE_OF_FOUR, np.ones(4))
    assert values == pytest.approx([math.log(3.0) / 2], abs=1e-4)
    assert information == pytest.approx([3.0], rel=1e-2)


def test_rows_count_by_their_weight() -> None:
    # the wrong one thrice: odds of 3 to 3; and all of them three times as sure of it
    values, information = mode(alone(), THREE_OF_FOUR, np.array([1.0, 1.0, 1.0, 3.0]))
    assert values == pytest.approx([0.0], abs=1e-4)
    assert information == pytest.approx([1.5], rel=1e-2)
    nobody, _ = mode(alone(centre=0.7, pull=1.0), THREE_OF_FOUR, np.zeros(4))
    assert nobody.tolist() == [0.7]


@pytest.mark.parametrize("seed", range(4))
def test_at_the_mode_the_slope_is_nought_and_the_rows_tell_what_they_do_there(seed: int) -> None:
    one, outcome, weight = problem(seed)
    values, information = mode(one, outcome, weight)
    odds = 1.0 / (1.0 + np.exp(-(one.features @ values + one.offset)))
    slope = one.features.T @ (weight * (odds - outcome)) + one.pull * (values - one.centre)
    assert np.abs(slope).max() < 0.02
    assert information == pytest.approx(one.features.toarray().T ** 2 @ (weight * odds * (1.0 - odds)), rel=0.02)


@pytest.mark.parametrize("seed", range(4))
def test_the_loss_that_is_heard_falls_to_that_of_the_mode(seed: int) -> None:
    one, outcome, weight = problem(seed)
    heard: list[float] = []
    values, _ = mode(one, outcome, weight, heard.append)
    assert len(heard) > 1 and heard == sorted(heard, reverse=True)
    assert heard[0] < badness(one, outcome, weight, one.centre) / 200
    assert heard[-1] == pytest.approx(badness(one, outcome, weight, values) / 200, rel=1e-9)


def test_rows_that_a_line_parts_are_held_by_the_priors_alone() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(100, 3))
    outcome = (features[:, 0] > 0.0).astype(float)
    one = Problem(csr_matrix(50.0 * features), np.zeros(3), np.full(3, 1e-3))
    values, _ = mode(one, outcome, np.ones(100))
    assert np.isfinite(values).all()
    assert ((one.features @ values > 0.0) == (outcome > 0.5)).all()


def test_without_rows_the_mode_is_the_prior_s() -> None:
    one = Problem(csr_matrix((0, 2)), np.array([0.4, -0.2]), np.ones(2))
    values, information = mode(one, np.zeros(0), np.zeros(0))
    assert (values.tolist(), information.tolist()) == ([0.4, -0.2], [0.0, 0.0])

"""Draws happen with exactly the propensity that is reported."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.draw import NEAR, SHORTLIST, chances, draw


def test_ties_for_the_best_share_alike() -> None:
    assert chances(np.array([2.0, 2.0, 1.9]), 0.2).tolist() == pytest.approx([0.4, 0.4, 0.2])


def test_what_is_far_from_the_best_is_never_drawn() -> None:
    assert chances(np.array([1.0, NEAR - 0.01]), 0.5).tolist() == [1.0, 0.0]


def test_what_is_not_open_is_never_drawn() -> None:
    assert chances(np.array([-np.inf, 1.0]), 0.1).tolist() == [0.0, 1.0]
    assert chances(np.array([-np.inf, -np.inf]), 0.1).tolist() == [0.0, 0.0]


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=40), st.floats(0, 1))
def test_chances_are_a_distribution_over_few_near_items(scores: list[float], exploration: float) -> None:
    values = np.array(scores)
    chance = chances(values, exploration)
    assert chance.sum() == pytest.approx(1.0)
    explored = (chance > 0) & (values < values.max())
    assert explored.sum() <= SHORTLIST
    assert (values[explored] >= NEAR * values.max()).all()


def test_drawn_frequencies_agree_with_the_chances() -> None:
    chance = chances(np.array([1.0, 0.9, 0.8, 0.2]), 0.3)
    rng = np.random.default_rng(7)
    drawn = np.bincount([draw(chance, rng) for _ in range(20_000)], minlength=4) / 20_000
    # Four standard errors of a share of 20,000: at most 4 * sqrt(.25 / 20000) = .014.
    assert np.abs(drawn - chance).max() < 0.014

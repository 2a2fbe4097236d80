"""Draws happen with exactly the propensity that is reported."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.draw import NEAR, SHORTLIST, chances, draw, take


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


def test_the_five_next_best_of_those_near_share_the_exploring_by_hand() -> None:
    # Of the six that are near the best of 1 five are taken, the best of them.
    worth = np.array([0.59, 0.7, 0.95, 1.0, 0.6, 0.8, 0.9, 0.65])
    assert chances(worth, 0.5).tolist() == pytest.approx([0, 0.1, 0.1, 0.5, 0, 0.1, 0.1, 0.1])


@pytest.mark.parametrize(("second", "drawn"), [(0.6, [0.75, 0.25]), (0.59, [1.0, 0.0])])
def test_three_fifths_of_the_best_is_just_near_enough(second: float, drawn: list[float]) -> None:
    assert chances(np.array([1.0, second]), 0.25).tolist() == drawn


def test_of_equal_next_best_the_first_in_the_course_are_taken() -> None:
    assert chances(np.array([0.8] * 7 + [1.0]), 0.25).tolist() == pytest.approx([0.05] * 5 + [0, 0, 0.75])


def test_where_all_is_worth_nothing_or_less_only_the_best_is_drawn() -> None:
    assert chances(np.array([0.0, -1.0]), 0.5).tolist() == [1.0, 0.0]
    assert chances(np.array([-1.0, -1.5, -2.0]), 0.5).tolist() == [1.0, 0.0, 0.0]
    assert chances(np.empty(0), 0.5).tolist() == []


class Dice(np.random.Generator):
    """A generator that gives these numbers, one after the other."""

    def __init__(self, *numbers: float) -> None:
        super().__init__(np.random.PCG64(0))
        self.numbers = list(numbers)

    def random(self, *_: Any, **__: Any) -> Any:
        return self.numbers.pop(0)


@pytest.mark.parametrize(
    ("number", "drawn"), [(0.0, 1), (0.2499, 1), (0.25, 3), (0.7499, 3), (0.75, 4), (0.9999999999999999, 4)]
)
def test_each_item_is_drawn_by_its_own_stretch_of_the_numbers(number: float, drawn: int) -> None:
    assert draw(np.array([0.0, 0.25, 0.0, 0.5, 0.25, 0.0]), Dice(number)) == drawn


def test_rounding_of_the_sum_never_draws_what_has_no_chance() -> None:
    thirds = np.array([0.1] * 10 + [0.0])  # they sum to .9999999999999999
    assert draw(thirds, Dice(0.9999999999999999)) == 9


WORTH = st.lists(st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 0.7, 0.9, 1.0]), min_size=1, max_size=8)
LASTING = st.lists(st.sampled_from([0.1, 0.2, 1.0, 2.5]), min_size=8, max_size=8)


@settings(deadline=None, max_examples=200)
@given(WORTH, LASTING, st.integers(1, 9), st.sampled_from([0.0, 0.3, 1.0, 3.3, np.inf]), st.integers(0, 9))
def test_a_list_is_drawn_turn_by_turn_from_what_still_fits(
    worth: list[float], lasting: list[float], count: int, minutes: float, seed: int
) -> None:
    values, durations = np.array(worth), np.array(lasting[: len(worth)])
    chosen, first = take(values, durations, count, minutes, 0.3, np.random.default_rng(seed))
    assert values.tolist() == worth, "what is given is left as it is"
    left, time = list(worth), minutes
    rng = np.random.default_rng(seed)
    for turn, (item, propensity) in enumerate(chosen):
        open_ = np.array([w if d <= time + 1e-9 else -np.inf for w, d in zip(left, durations, strict=True)])
        chance = chances(open_, 0.3)
        assert item == draw(chance, rng) and propensity == chance[item]
        if turn == 0:
            assert first.tolist() == chance.tolist()
        left[item], time = -np.inf, time - durations[item]
    rest = [w for w, d in zip(left, durations, strict=True) if w > -np.inf and d <= time + 1e-9]
    assert len(chosen) == count or not rest, "nothing that fits is left out"
    if not chosen:
        assert not first.any()


def test_tenths_of_minutes_fill_the_time_exactly() -> None:
    """Three times .1 is a little more than .3 in floating point, and one is left after three of .1 from .3."""
    ones = np.ones(4)
    for each, minutes, fit in [(0.1, 0.3, 3), (0.7, 2.1, 3), (0.1, 0.299, 2)]:
        chosen, _ = take(ones, np.full(4, each), 4, minutes, 0.0, np.random.default_rng(0))
        assert len(chosen) == fit

"""Forgetting: one formula on numbers and arrays, worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from student_model.forgetting import CAP_DAYS, DAY, faded, half_life, retention, retentions

share = st.floats(0.0, 1.0)
seconds = st.floats(-1e9, 1e9) | st.just(math.nan)
successes = st.floats(0.0, 1e4)


def test_half_lives_worked_out_by_hand() -> None:
    # h = 7 (1 + n) / (1 + 7 n / 365): 7; n = 1: 14 / 1.0191781 = 13.7366; n = 9: 70 / 1.1726027 = 59.6963
    assert [half_life(n, 7.0) / DAY for n in (0.0, 1.0, 9.0)] == pytest.approx([7.0, 13.7366, 59.6963], abs=1e-4)


def test_retention_halves_with_every_half_life() -> None:
    assert retention(14 * DAY, 0.0, 7.0) == pytest.approx(0.25)
    # after one success h = 13.7366 days, so that 7 days leave 2^(-7 / 13.7366) = 2^-0.509589 = 0.70242
    assert retention(7 * DAY, 1.0, 7.0) == pytest.approx(0.70242, abs=1e-5)


def test_only_the_rise_above_the_prior_fades() -> None:
    # .2 + (.9 - .2) .25 = .375
    assert faded(0.9, 0.2, 0.25) == pytest.approx(0.375)
    assert faded(0.1, 0.2, 0.25) == 0.1
    assert faded(np.array([0.9, 0.1]), np.array([0.2, 0.2]), np.array([0.25, 0.25])) == pytest.approx([0.375, 0.1])


@given(elapsed=seconds, n=successes)
def test_without_time_nothing_fades(elapsed: float, n: float) -> None:
    kept = retention(elapsed, n, 7.0)
    assert 0.0 <= kept <= 1.0
    if not elapsed > 0.0:
        assert kept == 1.0


@given(n=successes, more=st.floats(0.0, 100.0))
def test_half_lives_grow_with_success_up_to_the_cap(n: float, more: float) -> None:
    assert half_life(n, 7.0) <= half_life(n + more, 7.0) * (1.0 + 1e-12) <= CAP_DAYS * DAY * (1.0 + 1e-9)


@given(level=share, prior=share, kept=share)
def test_fading_stays_between_the_prior_and_the_level(level: float, prior: float, kept: float) -> None:
    left = faded(level, prior, kept)
    assert min(level, prior) - 1e-15 <= left <= level
    assert faded(level, prior, 1.0) == level


@given(st.lists(st.tuples(seconds, successes), max_size=20), seconds)
def test_all_concepts_at_once_equal_one_by_one_bit_for_bit(rows: list[tuple[float, float]], now: float) -> None:
    last, n = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    assert retentions(last, n, now, 7.0).tolist() == [retention(now - t, k, 7.0) for t, k in rows]


def test_a_half_life_grows_with_its_base_worked_out_by_hand() -> None:
    # two successes with a base of three days: 3 * 3 / (1 + 2 * 3 / 365) = 9 / 1.0164384 = 8.8544474
    assert half_life(2.0, 3.0) / DAY == pytest.approx(8.8544474, abs=1e-6)
    # half a success counts as half: 7 * 1.5 / (1 + .5 * 7 / 365) = 10.5 / 1.0095890 = 10.4002714
    assert half_life(0.5, 7.0) / DAY == pytest.approx(10.4002714, abs=1e-6)


def test_with_an_infinite_half_life_nothing_is_ever_forgotten() -> None:
    for n in (0.0, 3.0):
        assert retention(1000 * DAY, n, math.inf) == 1.0
    assert retentions(np.array([0.0, math.nan]), np.array([3.0, 0.0]), 1000 * DAY, math.inf).tolist() == [1.0, 1.0]


def test_each_concept_fades_by_its_own_age_and_successes() -> None:
    last, n = np.array([math.nan, 0.0, 7 * DAY, 20 * DAY]), np.array([5.0, 1.0, 0.0, 2.0])
    # never practised; 14 days at h = 13.7366; 7 days at h = 7; practised after the moment that is asked about
    worked_out = [1.0, 2 ** (-14 / 13.736559), 0.5, 1.0]
    assert retentions(last, n, 14 * DAY, 7.0).tolist() == pytest.approx(worked_out, abs=1e-6)


@given(first=st.floats(1.0, 1e8), then=st.floats(1.0, 1e8), n=successes)
def test_fading_in_two_parts_equals_fading_at_once(first: float, then: float, n: float) -> None:
    in_parts = retention(first, n, 7.0) * retention(then, n, 7.0)
    assert in_parts == pytest.approx(retention(first + then, n, 7.0), rel=1e-9, abs=1e-300)


@given(level=share, prior=share, kept=share, shift=st.floats(-5.0, 5.0), scale=st.floats(0.1, 10.0))
def test_fading_knows_no_zero_and_no_unit(level: float, prior: float, kept: float, shift: float, scale: float) -> None:
    elsewhere = faded(scale * level + shift, scale * prior + shift, kept)
    assert elsewhere == pytest.approx(scale * faded(level, prior, kept) + shift, abs=1e-9)

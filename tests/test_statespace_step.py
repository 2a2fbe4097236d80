"""Parts of a step of the belief model: against a full Gaussian, numerical means, and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gaussians import COUNT, LAW, at, columns, drawn, gaussian, odds_of, practised
from hypothesis import given, settings
from hypothesis import strategies as st

from student_model.forgetting import DAY
from student_model.tracing._statespace_step import LEAST, Tables, absorb, damping, freshen, practise, restart

MACKAY = math.pi / 8
"""Of a logit's variance, what its odds shrink by."""


@settings(deadline=None, max_examples=150)
@given(
    seed=st.integers(0, 10_000),
    own=st.lists(st.integers(0, COUNT - 1), unique=True, max_size=COUNT),
    outcome=st.sampled_from([0.0, 0.3, 1.0]),
    weight=st.sampled_from([0.0, 0.4, 1.0]),
)
def test_a_response_moves_ability_and_offsets_as_a_full_gaussian(
    seed: int, own: list[int], outcome: float, weight: float
) -> None:
    rng, t, still = np.random.default_rng(seed), drawn(seed), LAW._replace(general_noise=0.0)
    loads, (slope, difficulty, unsure) = rng.uniform(0.1, 1.0, len(own)), rng.uniform(0.3, 2.0, 3)
    mean, covariance = gaussian(t)
    towards = np.zeros(1 + COUNT)
    towards[0] = 1.0
    towards[1 + np.array(own, dtype=int)] = loads
    whole = towards @ mean + loads @ practised(t)[own]
    variance = slope**2 * (towards @ covariance @ towards) + unsure
    logit, damped = slope * whole - difficulty, 1.0 / math.sqrt(1.0 + MACKAY * variance)
    sharp = weight * odds_of(logit) * (1.0 - odds_of(logit))
    moves = slope * (covariance @ towards) / (1.0 + sharp * variance)
    mean = mean + moves * weight * (outcome - odds_of(damped * logit))
    covariance = covariance - sharp * np.outer(moves, slope * (covariance @ towards))

    told = absorb(t, still, 0, at(*own), loads, slope, difficulty, unsure, outcome, weight)
    assert told == pytest.approx((whole, damped))
    after, spread = gaussian(t)
    told_of = [0, *(1 + c for c in own)]
    assert after[told_of] == pytest.approx(mean[told_of], abs=1e-9)
    assert spread[0, told_of] == pytest.approx(covariance[0, told_of], abs=1e-9)
    assert np.diag(spread)[told_of] == pytest.approx(np.diag(covariance)[told_of], abs=1e-9)
    for c in set(range(COUNT)) - set(own):
        assert (t.level[0, c], t.slope[0, c], t.spread[0, c]) == tuple(
            getattr(drawn(seed), name)[0, c] for name in ("level", "slope", "spread")
        )
    assert t.general[1].tolist() == [0.0, LAW.general_variance], "nobody else learned anything"


def test_each_response_leaves_ability_a_little_less_sure() -> None:
    t = Tables.blank(1, COUNT, LAW)
    absorb(t, LAW, 0, at(), np.zeros(0), 1.0, 0.0, 0.0, 1.0, 0.0)
    assert t.general[0].tolist() == [0.0, LAW.general_variance + LAW.general_noise]


def test_a_variance_never_vanishes() -> None:
    t = Tables.blank(1, COUNT, LAW)
    t.spread[0] = 0.0
    absorb(t, LAW, 0, at(1), np.ones(1), 1.0, 0.0, 0.0, 1.0, 1.0)
    assert t.spread[0].tolist() == [0.0, LEAST, 0.0]


@pytest.mark.parametrize("mean", [-2.0, -0.5, 0.0, 1.0, 3.0])
@pytest.mark.parametrize("variance", [0.0, 0.2, 1.0, 3.0])
def test_the_odds_of_an_unsure_logit_are_nearly_the_mean_of_its_odds(mean: float, variance: float) -> None:
    grid = np.linspace(-8.0, 8.0, 4001)
    mass = np.exp(-grid * grid / 2)
    exact = float(mass @ (1 / (1 + np.exp(-(mean + math.sqrt(variance) * grid)))) / mass.sum())
    assert odds_of(damping(variance) * mean) == pytest.approx(exact, abs=0.015)


def test_what_stands_above_ability_halves_and_what_is_known_blurs() -> None:
    t = drawn(1)
    t.general[0], t.level[0], t.slope[0] = (0.5, 1.0), (0.9, -0.9, 0.7), (0.2, 0.2, -0.4)
    t.successes[0], t.as_of[0] = (0.0, 0.0, 3.0), (0.0, 0.0, math.nan)
    (mean, covariance), spread = gaussian(t), t.spread[0].copy()
    for c in range(COUNT):
        freshen(t, LAW, 0, c, 7 * DAY)
    after, blurred = gaussian(t)
    # a stands at .9 + .2 * .5 = 1 above ability, b at -.8 below it; nobody knows since when c does
    assert mean[1:].tolist() == pytest.approx([1.0, -0.8, 0.5])
    assert after[1:].tolist() == pytest.approx([0.5, -0.8, 0.5])
    assert blurred[0, 1:] == pytest.approx(covariance[0, 1:] * [0.5, 0.5, 1.0])
    assert t.spread[0] == pytest.approx([0.25 * one + 0.75 * 0.5 for one in spread[:2]] + [spread[2]])
    assert t.successes[0].tolist() == [0.0, 0.0, 3.0]
    assert t.as_of[0].tolist() == [7 * DAY] * 3
    assert after[0] == mean[0]


def test_successes_fade_with_what_they_taught() -> None:
    t = Tables.blank(1, COUNT, LAW)
    t.successes[0, 0], t.as_of[0, 0] = 1.0, 0.0
    freshen(t, LAW, 0, 0, 7 * DAY * 2 / (1 + 7 / 365))  # the half-life after one success
    assert t.successes[0, 0] == pytest.approx(0.5)
    freshen(t, LAW, 0, 0, math.nan)
    assert (t.successes[0, 0], t.as_of[0, 0]) == (pytest.approx(0.5), 7 * DAY * 2 / (1 + 7 / 365))


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 1000), days=st.lists(st.floats(0.0, 30.0), min_size=1, max_size=4))
def test_a_concept_never_right_fades_alike_however_often_it_is_looked_at(seed: int, days: list[float]) -> None:
    often, once = drawn(seed), drawn(seed)
    for t in (often, once):
        t.successes[0], t.as_of[0], t.last_seconds[0] = 0.0, 0.0, 0.0
    for now in np.cumsum(days).tolist():
        freshen(often, LAW, 0, 0, now * DAY)
    freshen(once, LAW, 0, 0, sum(days) * DAY)
    assert often.spread[0, 0] == pytest.approx(once.spread[0, 0])
    assert gaussian(often)[0] == pytest.approx(gaussian(once)[0])
    assert gaussian(often)[1][0] == pytest.approx(gaussian(once)[1][0])


def test_a_response_is_counted_by_its_weight_and_time() -> None:
    t = Tables.blank(2, COUNT, LAW)
    practise(t, LAW, 1, 2, 0.25, 0.8, 60.0)
    practise(t, LAW, 1, 2, 1.0, 0.5, math.nan)
    assert (t.successes[1, 2], t.failures[1, 2], t.evidence[1, 2]) == (pytest.approx(0.7), pytest.approx(0.6), 2)
    assert t.spread[1, 2] == pytest.approx(0.5 + 2 * 0.02)
    assert t.last_seconds[1, 2] == 60.0, "a response without a time leaves the last one"
    assert t.evidence.sum() == 2


def test_a_learner_who_begins_anew_is_as_any_new_one() -> None:
    t, new = drawn(3), Tables.blank(2, COUNT, LAW)
    for c in range(COUNT):
        practise(t, LAW, 0, c, 0.5, 1.0, 9.0)
        freshen(t, LAW, 0, c, 9.0)
    practise(t, LAW, 1, 0, 1.0, 1.0, 9.0)
    other = [column[1].copy() for column in columns(t)]
    restart(t, 0, LAW)
    for column, blank, kept in zip(columns(t), columns(new), other, strict=True):
        assert np.array_equal(column[0], blank[0], equal_nan=True)
        assert np.array_equal(column[1], kept, equal_nan=True)

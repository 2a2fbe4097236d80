"""What ids tell, against full covariance matrices: of new ids, of all items, and of estimates worth nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm

from knowledge_graph.vocabulary import FloatArray
from student_model.tracing._drift import NONE, Drift, between
from student_model.tracing._drift_fit import Estimates, evidence, expected, found, told_of

LAW = Drift(own=0.3, shared=0.5, reach=8.0)


def covariance(items: int, law: Drift) -> FloatArray:
    """Of the drifts of so many items in a row."""
    place = np.arange(items)
    return np.asarray(law.shared * np.exp(-np.abs(place[:, None] - place) / law.reach))


def planted(items: int, seed: int, level: float = 0.0) -> Estimates:
    """Estimates of items that drift by `LAW` around a level; every fifth is of twice the information, some of none."""
    rng = np.random.default_rng(seed)
    information = np.where(np.arange(items) % 5 == 0, 8.0, 4.0) * (np.arange(items) % 7 != 3)
    drift = rng.multivariate_normal(np.zeros(items), covariance(items, LAW))
    noise = np.sqrt(LAW.own + 1.0 / np.maximum(information, 1e-9)) * rng.normal(size=items)
    return Estimates(np.where(information > 0.0, level + drift + noise, 0.0), information)


@settings(deadline=None, max_examples=80)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=12, unique=True), st.floats(0.5, 30.0), st.data())
def test_of_new_ids_what_is_expected_is_conditional_on_all_known_ones(
    numbers: list[int], reach: float, data: st.DataObject
) -> None:
    """Places are those among all ids, so that numbers left out make no gap; columns do not mix."""
    known = data.draw(st.lists(st.sampled_from(numbers), unique=True))
    values = np.random.default_rng(len(known)).normal(size=(len(known), 3))
    told = between([f"q{n}" for n in known], values, Drift(0.4, 0.7, reach), [f"q{n}" for n in numbers])
    place = {n: k for k, n in enumerate(sorted(numbers))}
    own, asked = np.array([place[n] for n in known], dtype=int), np.array([place[n] for n in numbers])
    like = np.exp(-np.abs(np.arange(len(numbers))[:, None] - np.arange(len(numbers))) / reach)
    weights = (
        like[np.ix_(asked, own)] @ np.linalg.pinv(like[np.ix_(own, own)]) if known else np.zeros((len(numbers), 0))
    )
    assert told == pytest.approx(weights @ values, abs=1e-8)


def test_known_ids_that_are_not_asked_for_still_stand_between() -> None:
    """q2 is as far from q1 as q3 is, whether q1 and q3 are asked for or not."""
    values, law = np.array([1.0, -0.2]), Drift(0.4, 0.7, 5.0)
    whole = between(["q1", "q3"], values, law, ["q1", "q2", "q3"])
    assert between(["q3", "q1"], values[::-1], law, ["q2"]) == pytest.approx(whole[1:2])
    assert whole[1] == pytest.approx(0.8 * np.exp(-0.2) / (1.0 + np.exp(-0.4)))


def test_what_is_told_of_each_item_is_that_of_full_matrices() -> None:
    """Ids come in any order; the drift counts an item's own estimate, mean and variance all others'."""
    items = planted(250, 0)
    lot = np.random.default_rng(1).permutation(250).astype(np.int32)
    told = told_of([f"q{n}" for n in lot], items.at(lot))
    law = told.drift
    assert law.shared > 0.1
    whole, seen = covariance(250, law), items.information > 0.0
    noise = law.own + 1.0 / np.where(seen, items.information, np.inf)
    known = np.flatnonzero(seen)
    gain = np.linalg.solve(whole[np.ix_(known, known)] + np.diag(noise[known]), whole[known]).T
    value = items.around_nought().value
    drifted = gain @ value[known]
    assert told.drifted == pytest.approx(drifted[lot], abs=1e-6)
    for n in (0, 3, 100, 249):
        others = known[known != n]
        weights = np.linalg.solve(whole[np.ix_(others, others)] + np.diag(noise[others]), whole[others, n])
        (at,) = np.flatnonzero(lot == n)
        assert told.mean[at] == pytest.approx(weights @ value[others], abs=1e-8)
        assert told.variance[at] == pytest.approx(law.own + law.shared - weights @ whole[others, n], abs=1e-8)


@pytest.mark.parametrize("law", [LAW, Drift(0.6, 0.0, 1.0)], ids=["drift", "none"])
def test_evidence_is_the_density_of_all_estimates_that_tell(law: Drift) -> None:
    items = planted(30, 2)
    known = items.information > 0.0
    noise = np.diag(law.own + 1.0 / items.information[known])
    whole = covariance(30, law)[np.ix_(known, known)] + noise
    constant = 0.5 * known.sum() * np.log(2.0 * np.pi)
    density = multivariate_normal(np.zeros(known.sum()), whole).logpdf(items.value[known])
    assert evidence(items, law) == pytest.approx(density + constant)
    if not law.shared:
        alone = norm(0.0, np.sqrt(law.own + 1.0 / items.information[known])).logpdf(items.value[known]).sum()
        assert evidence(items, law) == pytest.approx(alone + constant)


def test_estimates_without_information_tell_nothing_whatever_they_are() -> None:
    items = planted(60, 3)
    wild = items._replace(value=np.where(items.information > 0.0, items.value, 1e3))
    assert evidence(wild, LAW) == evidence(items, LAW)
    for one, other in zip(expected(wild, LAW), expected(items, LAW), strict=True):
        assert np.array_equal(one, other)


def test_a_level_that_all_share_is_no_drift() -> None:
    """As much drift around 3 as around 0, and none where items are all as hard as each other."""
    ids = [f"q{n}" for n in range(600)]
    around_nought, around_three = told_of(ids, planted(600, 4)), told_of(ids, planted(600, 4, level=3.0))
    assert around_nought.drift != NONE
    assert tuple(around_three.drift) == pytest.approx(tuple(around_nought.drift), rel=1e-3)
    assert around_three.mean == pytest.approx(around_nought.mean, abs=1e-3)
    flat = Estimates(3.0 + 0.6 * np.random.default_rng(0).normal(size=600), np.full(600, 5.0))
    assert told_of(ids, flat).drift == NONE


def test_the_level_counts_estimates_by_their_information() -> None:
    """A hundred worthless estimates far off must not move the level, and with it all others, away from nought."""
    items = planted(500, 5)
    worth = np.arange(500) % 5 != 1
    mixed = Estimates(np.where(worth, items.value, -40.0), np.where(worth, items.information, 1e-7))
    clean = Estimates(items.value, np.where(worth, items.information, 0.0))
    ids = [f"q{n}" for n in range(500)]
    found_in = [told_of(ids, each).drift for each in (mixed, clean)]
    assert found_in[1] != NONE
    assert tuple(found_in[0]) == pytest.approx(tuple(found_in[1]), rel=0.05)


def test_a_planted_drift_is_found() -> None:
    law = found(planted(3_000, 1))
    assert law is not None
    assert tuple(law) == pytest.approx(tuple(LAW), rel=0.4)


@pytest.mark.parametrize("seed", range(8))
def test_ids_drawn_by_lot_tell_nothing(seed: int) -> None:
    lot = np.random.default_rng(seed).permutation(1_000).astype(np.int32)
    assert told_of([f"q{n}" for n in range(1_000)], planted(1_000, seed).at(lot)).drift == NONE


def test_items_answered_often_are_harder_and_that_is_no_drift() -> None:
    """Many answers tell of an item and of no level; else what the others lie off by would be taken for a slow drift."""
    rng = np.random.default_rng(7)
    often = rng.random(8_000) < 0.1
    value = np.where(often, 0.5, 0.0) + rng.normal(size=8_000) * np.sqrt(0.5 + 1.0 / np.where(often, 80.0, 0.5))
    items = Estimates(value, np.where(often, 80.0, 0.5))
    assert told_of([f"q{n}" for n in range(8_000)], items).drift == NONE


def test_two_estimates_are_too_few_to_tell_a_drift() -> None:
    two = Estimates(np.array([2.0, 2.0, 0.0]), np.array([50.0, 50.0, 0.0]))
    assert found(two) is None
    assert told_of(["q1", "q2", "q3"], two).variance.tolist() == [NONE.own] * 3


def test_no_items_at_all_are_told_nothing() -> None:
    told = told_of([], Estimates(np.empty(0), np.empty(0)))
    assert told.drift == NONE and told.mean.shape == told.drifted.shape == told.variance.shape == (0,)

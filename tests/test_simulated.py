"""Simulated learners live by the law they are given."""

from __future__ import annotations

import numpy as np
import pytest

from student_model.simulated import TIMED, made_course, simulate
from student_model.tracing._statespace_step import Law

GRAPH = made_course(6, 3, np.random.default_rng(0))
STILL = Law(
    general_variance=1.0, offset_variance=0.0, general_noise=0.0, offset_noise=0.0, gain=0.0, loss=0.0, credit=0.0,
    coupling=0.0, half_life_days=7.0,
)  # fmt: skip


def test_the_same_seed_draws_the_same_lives() -> None:
    one, again, other = (simulate(GRAPH, TIMED, 5, 20, seed) for seed in (1, 1, 2))
    assert (one.log.outcome == again.log.outcome).all() and (one.odds == again.odds).all()
    assert not (one.log.item == other.log.item).all()


def test_outcomes_come_as_often_as_their_odds() -> None:
    world = simulate(GRAPH, TIMED, 300, 60, seed=0)
    for low in (0.2, 0.4, 0.6, 0.8):
        some = np.abs(world.odds - low) < 0.05
        assert world.log.outcome[some].mean() == pytest.approx(world.odds[some].mean(), abs=0.04)


def test_without_noise_learning_or_edges_odds_are_ability_less_difficulty() -> None:
    world = simulate(GRAPH, STILL, 8, 30, seed=0)
    logit = np.log(world.odds / (1.0 - world.odds)) + world.difficulty[world.log.item]
    for learner in range(8):
        assert np.ptp(logit[world.log.learner == learner]) == pytest.approx(0.0, abs=1e-9)


def test_practice_raises_odds_and_a_break_lowers_them() -> None:
    law = STILL._replace(general_variance=0.0, gain=1.0, half_life_days=2.0)
    world = simulate(GRAPH, law, 100, 40, seed=0)
    logit = np.log(world.odds / (1.0 - world.odds)) + world.difficulty[world.log.item]
    assert logit[world.log.position_in_learner < 5].mean() + 0.3 < logit[world.log.position_in_learner > 30].mean()
    waits = np.diff(world.log.seconds)
    same = (np.diff(world.log.item) == 0) & (np.diff(world.log.learner) == 0) & (world.log.outcome[:-1] == 0)
    slept = same & (waits > 86_400.0)
    assert slept.any() and (np.diff(logit)[slept] <= 1e-9).all()


def test_times_run_forward_within_each_learner() -> None:
    log = simulate(GRAPH, TIMED, 20, 30, seed=0).log
    assert (log.since_last[log.position_in_learner > 0] > 0).all()


def test_edges_lead_from_what_comes_before() -> None:
    index = GRAPH.vocabulary.concept_index
    assert GRAPH.curriculum.prerequisites and GRAPH.curriculum.encompassings
    assert all(index[edge.source_id] < index[edge.target_id] for edge in GRAPH.curriculum.prerequisites)

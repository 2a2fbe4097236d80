"""Simulated learners live by the law they are given: against a law written out with full matrices, and by counts."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from courses import course

from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.vocabulary import FloatArray
from student_model.simulated import TIMED, Simulated, made_course, simulate
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


FIRM = STILL._replace(half_life_days=math.inf)
ONE = course([], names="a", per_concept=3)
TWO = course([], names="ab", per_concept=2)


def logits(world: Simulated) -> FloatArray:
    """What each response was given, at an item of difficulty 0."""
    return np.asarray(np.log(world.odds / (1.0 - world.odds)) + world.difficulty[world.log.item])


def written_out(graph: KnowledgeGraph, law: Law, world: Simulated, learner: int) -> tuple[list[float], FloatArray]:
    """Logits above ability of one learner without offsets: before each response, and of each concept at the end.

    All concepts at once, by full matrices: what counts for c is its row of `counts`, what c credits its row of `flows`.
    """
    words, size = graph.vocabulary, len(graph.concepts)
    counts, flows = np.eye(size), np.zeros((size, size))
    at, log = words.concept_index, world.log.only_learners(np.arange(len(world.log.learners)) == learner)
    for edge in graph.curriculum.prerequisites:
        counts[at[edge.target_id], at[edge.source_id]] += law.coupling * edge.weight
    for wide in graph.curriculum.encompassings:
        flows[at[wide.source_id], at[wide.target_id]] += law.credit * wide.weight
    right, wrong, seen, found = np.zeros(size), np.zeros(size), np.full(size, np.nan), []
    for item, now, outcome in zip(log.item.tolist(), log.seconds, log.outcome, strict=True):
        (c,) = words.concepts_of(item).tolist()
        for near in np.flatnonzero((counts[c] > 0) | (flows[c] > 0)):
            days = law.half_life_days * (1.0 + right[near]) / (1.0 + right[near] * law.half_life_days / 365.0)
            if not math.isnan(seen[near]):
                right[near] *= 0.5 ** ((now - seen[near]) / 86_400.0 / days)
            seen[near] = now
        found.append(float(counts[c] @ (law.gain * np.log1p(right) - law.loss * np.log1p(wrong))))
        right[c] += outcome
        wrong[c] += 1.0 - outcome
        right += outcome * flows[c]
    return found, np.asarray(counts @ (law.gain * np.log1p(right) - law.loss * np.log1p(wrong)))


LEARNING = STILL._replace(gain=0.5, loss=0.2, coupling=0.3, credit=0.7, half_life_days=2.0)
APART = course([("a", "b", 1.0)], encompassings=[("c", "a", 0.8)], names="abc", per_concept=2)
"""What c credits does not count for c."""


@pytest.mark.parametrize(("graph", "law"), [
    (GRAPH, LEARNING._replace(half_life_days=1e9)), (GRAPH, LEARNING), (APART, LEARNING),
])  # fmt: skip
def test_practice_edges_and_forgetting_equal_the_law_written_out(graph: KnowledgeGraph, law: Law) -> None:
    world, words = simulate(graph, law, 12, 40, seed=1), graph.vocabulary
    typical = [world.difficulty[words.item_concepts == c].mean() for c in range(len(words.concepts))]
    for learner in range(12):
        before, after = written_out(graph, law, world, learner)
        own = logits(world)[world.log.learner == learner]
        assert np.ptp(own - before) == pytest.approx(0.0, abs=1e-9)  # what is left is ability
        assert world.knows[learner] == pytest.approx(own[0] - before[0] + after - typical, abs=1e-9)


@pytest.mark.parametrize("variance", [0.25, 4.0])
def test_learners_and_their_concepts_differ_as_the_law_says(variance: float) -> None:
    able = simulate(ONE, FIRM._replace(general_variance=variance), 600, 1, seed=2)
    assert logits(able).var() == pytest.approx(variance, rel=0.2)
    uneven = simulate(TWO, FIRM._replace(general_variance=0.0, offset_variance=variance), 300, 1, seed=2)
    assert (uneven.knows[:, 0] - uneven.knows[:, 1]).var() == pytest.approx(2.0 * variance, rel=0.25)


def test_items_differ_as_much_as_asked() -> None:
    many = course([], names="a", per_concept=800)
    assert simulate(many, STILL, 1, 1, seed=0).difficulty.std() == pytest.approx(0.7, rel=0.1)
    assert simulate(many, STILL, 1, 1, seed=0, items_differ=0.2).difficulty.std() == pytest.approx(0.2, rel=0.1)


def test_ability_and_the_practised_concept_walk_by_their_variances() -> None:
    """A response moves ability, and so the next logit of any concept; or the offset of its own concept alone."""
    walking = simulate(TWO, FIRM._replace(general_variance=0.0, general_noise=0.04), 200, 30, seed=3)
    assert np.diff(logits(walking).reshape(200, 30)).var() == pytest.approx(0.04, rel=0.1)
    uneven = simulate(TWO, FIRM._replace(general_variance=0.0, offset_noise=0.09), 200, 30, seed=3)
    moves, concept = [], uneven.log.item >= 2
    for learner in range(200):
        for c in (False, True):
            moves += np.diff(logits(uneven)[(uneven.log.learner == learner) & (concept == c)]).tolist()
    assert np.var(moves) == pytest.approx(0.09, rel=0.1)


def test_what_stands_above_ability_fades_to_a_fresh_draw_and_what_stands_below_stays() -> None:
    """One concept, no gain: the logit is the offset. A rise keeps `kept` of itself and gains the variance it lacks."""
    law = STILL._replace(general_variance=0.0, offset_variance=2.0, half_life_days=1.0)
    world, surprises = simulate(ONE, law, 300, 40, seed=4), []
    for learner in range(300):
        own = world.log.learner == learner
        offset, now, right = logits(world)[own], world.log.seconds[own], 0.0
        for n in range(1, 40):
            right += world.log.outcome[own][n - 1]
            days = (1.0 + right) / (1.0 + right / 365.0)
            kept = 0.5 ** ((now[n] - now[n - 1]) / 86_400.0 / days)
            right *= kept
            if offset[n - 1] <= 0.0:
                assert offset[n] == pytest.approx(offset[n - 1], abs=1e-9)
            elif 0.2 < kept < 0.9:  # where kept and kept squared differ most
                surprises.append((offset[n] - kept * offset[n - 1]) / math.sqrt(1.0 - kept * kept))
    assert len(surprises) > 100 and np.mean(surprises) == pytest.approx(0.0, abs=0.35)
    assert np.var(surprises) == pytest.approx(2.0, rel=0.3)


def test_sittings_end_now_and_then_and_mostly_stay_with_a_concept() -> None:
    """One response in ten ends a sitting, for six days on average; with 6 concepts .7 + .3 / 6 = .75 stay."""
    log = simulate(GRAPH, STILL, 200, 60, seed=5).log
    waits = np.diff(log.seconds.reshape(200, 60)).ravel()
    assert np.mean(waits != 60.0) == pytest.approx(0.1, abs=0.015)
    assert waits[waits != 60.0].mean() == pytest.approx(6.0 * 86_400.0, rel=0.12)
    concept = GRAPH.vocabulary.item_concepts[log.item].reshape(200, 60)
    assert np.mean(concept[:, 1:] == concept[:, :-1]) == pytest.approx(0.75, abs=0.02)
    assert (np.bincount(log.item, minlength=18) > 0).all() and (log.seconds.reshape(200, 60)[:, 0] == 0.0).all()


def test_a_made_course_draws_its_edges_from_the_four_concepts_before() -> None:
    graphs = [made_course(9, 2, np.random.default_rng(seed)) for seed in range(20)]
    reaches = Counter[int]()
    for graph in graphs:
        at, edges = graph.vocabulary.concept_index, graph.curriculum.prerequisites
        assert Counter(at[edge.target_id] for edge in edges) == {n: min(n, 2) for n in range(1, 9)}
        reaches.update(at[edge.target_id] - at[edge.source_id] for edge in edges)
        needed = {(edge.target_id, edge.source_id) for edge in edges}
        wholes = [(wide.source_id, wide.target_id) for wide in graph.curriculum.encompassings]
        assert set(wholes) <= needed and [at[whole] for whole, _ in wholes] == list(range(1, 9))
        assert [len(graph.vocabulary.concepts_of(item)) for item in range(18)] == [1] * 18
    assert set(reaches) == {1, 2, 3, 4}

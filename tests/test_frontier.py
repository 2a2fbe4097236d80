"""Where a learner stands: golden numbers by hand, and what must hold for any graph."""

from __future__ import annotations

import numpy as np
import pytest
from courses import chain, course
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_graph.frontier import BLOCKED, FADED, KNOWN, MASTERED, OPEN, READY, STEEPNESS, frontier
from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.types import Thresholds

SHARES = st.lists(st.floats(0, 1), min_size=5, max_size=5)
EDGES = st.lists(
    st.tuples(st.sampled_from("abcde"), st.sampled_from("abcde"), st.sampled_from([0.3, 0.5, 0.7, 1.0])),
    max_size=9,
    unique_by=lambda edge: frozenset(edge[:2]),
).map(lambda edges: [(*sorted(edge[:2]), edge[2]) for edge in edges if edge[0] != edge[1]])


def by_loops(graph: KnowledgeGraph, probability: list[float]) -> list[tuple[float, int, float]]:
    """Readiness, the edge that limits it and what it would be without that edge: as told, concept by concept."""
    found = []
    for target in graph.concepts:
        passages = []
        for number, edge in enumerate(graph.curriculum.prerequisites):
            if edge.target_id == target.concept_id:
                known = probability[graph.vocabulary.concept_index[edge.source_id]] / graph.course.thresholds.known
                passages.append((1 - edge.weight * (1 - min(1.0, known) ** STEEPNESS), number))
        passages.sort()
        found.append(
            (
                passages[0][0] if passages else 1.0,
                passages[0][1] if passages else -1,
                passages[1][0] if len(passages) > 1 else 1.0,
            )
        )
    return found


def test_readiness_is_that_of_the_weakest_prerequisite_by_hand() -> None:
    graph = course([("a", "c", 1.0), ("b", "c", 0.5)])
    front = frontier(graph, np.array([0.4, 0.8, 0.1]))
    # openness of a: (0.4 / 0.8) ** 6 = 1 / 64; of b: 1. passage: 1 - 1 * 63 / 64 = 1 / 64 and 1 - 0.5 * 0 = 1.
    assert front.readiness.tolist() == pytest.approx([1.0, 1.0, 1 / 64])
    assert front.limiting.tolist() == [-1, -1, 0]
    assert front.runner_up[2] == 1.0


def test_standing_follows_the_thresholds() -> None:
    graph = chain()
    standing = frontier(graph, np.array([0.96, 0.85, 0.2])).standing.tolist()
    assert standing == [MASTERED, KNOWN, READY]
    assert frontier(graph, np.array([0.2, 0.2, 0.2])).standing.tolist() == [READY, BLOCKED, BLOCKED]


def test_a_concept_once_known_that_sank_below_review_has_faded() -> None:
    front = frontier(course([]), np.array([0.69, 0.71, 0.1]), peak=np.array([0.9, 0.9, 0.1]))
    assert front.standing.tolist()[:2] == [FADED, READY]


def test_an_edge_of_half_weight_never_blocks_alone() -> None:
    graph = course([("a", "b", 0.5)], names="ab")
    assert frontier(graph, np.array([0.0, 0.0])).standing.tolist() == [READY, READY]


def test_gating_holds_back_until_the_prerequisite_is_known() -> None:
    nearly = np.array([0.75, 0.1])
    assert frontier(course([("a", "b", 1.0)], names="ab"), nearly).standing[1] == READY
    gated = course([("a", "b", 1.0)], names="ab", gating=True)
    assert frontier(gated, nearly).standing[1] == BLOCKED
    assert frontier(gated, np.array([0.8, 0.1])).standing[1] == READY


@settings(deadline=None, max_examples=60)
@given(EDGES, st.lists(st.sampled_from([0.0, 0.4, 0.75, 0.8, 1.0]), min_size=5, max_size=5))
def test_readiness_equals_that_of_plain_loops(edges: list[tuple[str, str, float]], known: list[float]) -> None:
    graph = course(edges, names="abcde", per_concept=1)
    front = frontier(graph, np.array(known))
    readiness, limiting, runner_up = zip(*by_loops(graph, known), strict=True)
    assert front.readiness.tolist() == pytest.approx(readiness)
    assert front.limiting.tolist() == list(limiting), "of equals the first edge limits"
    assert front.runner_up.tolist() == pytest.approx(runner_up)


@settings(deadline=None, max_examples=60)
@given(EDGES, SHARES, SHARES, st.booleans())
def test_standing_equals_its_definition_concept_by_concept(
    edges: list[tuple[str, str, float]], now: list[float], then: list[float], gating: bool
) -> None:
    levels = Thresholds(known=0.6, mastered=0.9, review=0.4)
    graph = course(edges, names="abcde", per_concept=1, gating=gating, thresholds=levels)
    front = frontier(graph, np.array(now), np.array(then))
    for place, (readiness, _, _) in enumerate(by_loops(graph, now)):
        name = "abcde"[place]
        held = any(target == name and w > 0.5 and now["abcde".index(source)] < 0.6 for source, target, w in edges)
        expected = (BLOCKED if held else READY) if gating else (BLOCKED if readiness < OPEN else READY)
        if then[place] >= 0.6 and now[place] < 0.4:
            expected = FADED
        if now[place] >= 0.6:
            expected = MASTERED if now[place] >= 0.9 else KNOWN
        assert (front.standing[place], front.gated[place]) == (expected, held)


def test_a_level_counts_from_its_threshold_on() -> None:
    graph = course([], names="abcdef")
    now = np.array([0.8, 0.95, 0.7, 0.69, 0.69, 0.69])
    peak = np.array([0.8, 0.95, 0.9, 0.8, 0.79, 0.9])
    # known from .8, mastered from .95; at .7 nothing needs review yet, below it only what had been known once.
    assert frontier(graph, now, peak).standing.tolist() == [KNOWN, MASTERED, READY, FADED, READY, FADED]


def test_what_has_faded_comes_back_though_its_prerequisite_has_faded_too() -> None:
    front = frontier(chain(), np.array([0.1, 0.1, 0.1]), peak=np.array([0.9, 0.9, 0.1]))
    assert front.standing.tolist() == [FADED, FADED, BLOCKED]


def test_an_edge_of_half_weight_does_not_gate_and_a_little_more_does() -> None:
    for weight, gated in [(0.5, False), (0.51, True)]:
        front = frontier(course([("a", "b", weight)], names="ab", gating=True), np.array([0.0, 0.0]))
        assert front.gated.tolist() == [False, gated]
        assert front.standing[1] == (BLOCKED if gated else READY)


def test_an_indispensable_prerequisite_opens_at_89_per_cent_of_known() -> None:
    # 1 - 1 * (1 - x^6) = .5 where x = .5^(1/6) = .8909: with known = .8, from a probability of .7127 on.
    graph = course([("a", "b", 1.0)], names="ab")
    assert [frontier(graph, np.array([p, 0.0])).standing[1] for p in (0.712, 0.713)] == [BLOCKED, READY]


@given(st.lists(st.floats(0, 1), min_size=4, max_size=4), st.integers(0, 3), st.floats(0, 1))
def test_knowing_more_never_makes_anything_less_ready(known: list[float], which: int, more: float) -> None:
    graph = course([("a", "b", 1.0), ("a", "c", 0.7), ("b", "d", 0.4), ("c", "d", 0.9)], names="abcd")
    before = np.array(known)
    after = before.copy()
    after[which] = max(after[which], more)
    assert (frontier(graph, after).readiness >= frontier(graph, before).readiness - 1e-12).all()
    assert (frontier(graph, before).runner_up >= frontier(graph, before).readiness).all()

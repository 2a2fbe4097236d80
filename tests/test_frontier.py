"""Where a learner stands: golden numbers by hand, and what must hold for any graph."""

from __future__ import annotations

import numpy as np
import pytest
from courses import chain, concept, course
from hypothesis import given
from hypothesis import strategies as st

from knowledge_graph.frontier import BLOCKED, FADED, KNOWN, MASTERED, READY, frontier


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


@given(st.lists(st.floats(0, 1), min_size=4, max_size=4), st.integers(0, 3), st.floats(0, 1))
def test_knowing_more_never_makes_anything_less_ready(known: list[float], which: int, more: float) -> None:
    graph = course([("a", "b", 1.0), ("a", "c", 0.7), ("b", "d", 0.4), ("c", "d", 0.9)], names="abcd")
    before = np.array(known)
    after = before.copy()
    after[which] = max(after[which], more)
    assert (frontier(graph, after).readiness >= frontier(graph, before).readiness - 1e-12).all()
    assert (frontier(graph, before).runner_up >= frontier(graph, before).readiness).all()


def test_leading_to_finds_all_that_comes_before() -> None:
    graph = course([("a", "b", 1.0), ("b", "d", 1.0)], names="abcd")
    assert graph.leading_to(concept("d")).tolist() == [True, True, False, True]
    assert graph.leading_to(concept("a"), concept("c")).tolist() == [True, False, True, False]


def test_the_same_content_has_the_same_version_and_other_content_another() -> None:
    assert chain().version == chain().version
    assert chain().version != course([("a", "b", 0.9), ("b", "c", 1.0)]).version

"""Order in a graph: topological order, circles, implied edges, against networkx and definitions."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_graph import order
from knowledge_graph.order import cycles, knots, successors, topological, transitive

SIZE = 7
GRAPHS = st.lists(st.lists(st.integers(0, SIZE - 1), max_size=4), min_size=SIZE, max_size=SIZE)
FORWARD = st.sets(st.tuples(st.integers(0, 40), st.integers(0, 40)).filter(lambda edge: edge[0] < edge[1]), max_size=90)


def as_networkx(after: list[list[int]]) -> nx.DiGraph[int]:
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(len(after)))
    graph.add_edges_from((node, target) for node, targets in enumerate(after) for target in targets)
    return graph


def test_successors_keep_the_order_of_edges() -> None:
    source, target = np.array([2, 0, 2, 0]), np.array([1, 2, 0, 2])
    assert successors(4, source, target) == [[2, 2], [], [1, 0], []]
    nothing = np.zeros(0, dtype=np.int32)
    assert successors(2, nothing, nothing) == [[], []]
    assert successors(0, nothing, nothing) == []


@given(GRAPHS)
def test_every_edge_points_forward_in_the_order(after: list[list[int]]) -> None:
    place = {node: position for position, node in enumerate(topological(after))}
    for node, targets in enumerate(after):
        for target in targets:
            if target in place:
                assert place[node] < place[target]


@given(GRAPHS)
def test_what_is_left_out_of_the_order_lies_on_or_behind_a_circle(after: list[list[int]]) -> None:
    graph = as_networkx(after)
    on_circles = {node for knot in knots(after) for node in knot}
    behind = set().union(*(nx.descendants(graph, node) for node in on_circles), on_circles)
    assert set(topological(after)) == set(range(SIZE)) - behind


@given(GRAPHS)
def test_knots_are_the_components_that_hold_a_circle(after: list[list[int]]) -> None:
    graph = as_networkx(after)
    wanted = [sorted(c) for c in nx.strongly_connected_components(graph) if len(c) > 1 or graph.has_edge(*(*c, *c))]
    assert knots(after) == sorted(wanted)


@given(GRAPHS)
def test_few_circles_are_all_named_and_many_by_one(after: list[list[int]]) -> None:
    graph = as_networkx(after)
    found: dict[frozenset[int], list[tuple[int, ...]]] = {}
    for cycle, size in cycles(after):
        assert cycle[0] == min(cycle)
        assert all(graph.has_edge(a, b) for a, b in zip(cycle, (*cycle[1:], cycle[0]), strict=True))
        knot = next(frozenset(knot) for knot in knots(after) if cycle[0] in knot)
        assert size == len(knot)
        found.setdefault(knot, []).append(cycle)
    for knot in map(frozenset, knots(after)):
        count = sum(1 for _ in nx.simple_cycles(graph.subgraph(knot)))
        assert len(found[knot]) == (count if count <= order.CYCLES_PER_KNOT else 1)


def test_a_large_knot_gives_a_short_circle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "LARGE_KNOT", 3)
    ring = [[1], [2], [3], [4, 1], [0]]  # five around, three by the shortcut
    assert cycles(ring) == [((1, 2, 3), 5)]


@given(FORWARD)
def test_implied_edges_are_what_transitive_reduction_removes(edges: set[tuple[int, int]]) -> None:
    after = [sorted(b for a, b in edges if a == node) for node in range(41)]
    graph = as_networkx(after)
    removed = set(graph.edges) - set(nx.transitive_reduction(graph).edges)
    found = transitive(after)
    assert {(source, target) for source, target, _ in found} == removed
    assert found == sorted(found), "by source, then in the order of the edges"
    for source, target, via in found:
        assert graph.has_edge(source, via) and nx.has_path(graph, via, target) and via != target


def test_bits_of_more_than_one_word_are_told_apart() -> None:
    """A chain of 300 with an edge over everything: reachability fills five words."""
    chain = [[node + 1] for node in range(299)] + [[]]
    chain[0].append(299)
    chain[1].append(65)
    assert transitive(chain) == [(0, 299, 1), (1, 65, 2)]


def test_a_hub_is_worked_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "_BLOCK", 1)
    hub = [[1, 2, 3, 4], [2], [3], [4], []]
    assert transitive(hub) == [(0, 2, 1), (0, 3, 1), (0, 4, 1)]


def test_circles_do_not_disturb_the_rest() -> None:
    after = [[1], [0, 2], [3, 4], [4], []]
    assert transitive(after) == [(2, 4, 3)]


def test_edges_that_repeat_and_graphs_without_nodes() -> None:
    assert transitive([]) == []
    assert cycles([]) == []
    assert topological([[1, 1], []]) == [0, 1]
    assert knots([[0, 0]]) == [[0]]

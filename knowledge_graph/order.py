"""Order in a directed graph: who comes first, where it runs in circles, which edges say nothing new.

Nodes are 0 … count - 1. A graph is given as `after`: for every node those its edges lead to.
"""

from __future__ import annotations

import importlib
from collections import deque
from collections.abc import Sequence, Set
from itertools import chain, islice, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge_graph.vocabulary import IntArray

CYCLES_PER_KNOT = 12
"""A knot (strongly connected component) with more elementary cycles than this is shown by a short one."""
LARGE_KNOT = 60
"""A knot of more nodes than this is not searched for all its cycles: they may be exponentially many."""
_WORD = 64
_BLOCK = 1 << 20
_Words = NDArray[np.uint64]


def successors(count: int, source: IntArray, target: IntArray) -> list[list[int]]:
    """The targets of every node's edges, in their order; edge e goes from `source[e]` to `target[e]`.

    >>> successors(3, np.array([0, 0]), np.array([2, 1]))
    [[2, 1], [], []]
    """
    targets: list[int] = target[np.argsort(source, kind="stable")].tolist()
    bounds = [0, *np.bincount(source, minlength=count).cumsum().tolist()]
    return [targets[start:end] for start, end in pairwise(bounds)]


def topological(after: Sequence[Sequence[int]]) -> list[int]:
    """Nodes so that every edge points forward (Kahn 1962). Nodes on a cycle, or behind one, are left out.

    >>> topological([[1], [2], [], [4], [3]])
    [0, 1, 2]
    """
    waiting = [0] * len(after)
    for targets in after:
        for target in targets:
            waiting[target] += 1
    order = [node for node, count in enumerate(waiting) if not count]
    for node in order:  # grows while it is walked
        for target in after[node]:
            waiting[target] -= 1
            if not waiting[target]:
                order.append(target)
    return order


def knots(after: Sequence[Sequence[int]]) -> list[list[int]]:
    """Strongly connected components that hold a cycle (or a self-loop), each sorted, by smallest node.

    >>> knots([[1], [2], [0], [3], []])
    [[0, 1, 2], [3]]
    """
    if len(topological(after)) == len(after):
        return []
    graph = _graph(after, range(len(after)))
    parts = (sorted(part) for part in _networkx().strongly_connected_components(graph))
    return sorted(part for part in parts if len(part) > 1 or part[0] in after[part[0]])


def cycles(after: Sequence[Sequence[int]]) -> list[tuple[tuple[int, ...], int]]:
    """Every elementary cycle, each from its smallest node on, with the size of the knot it lies in.

    A knot too large or too tangled (`LARGE_KNOT`, `CYCLES_PER_KNOT`) gives one short cycle only. A self-loop
    is a cycle of one. Ordered by nodes.

    >>> cycles([[1], [2], [0], [3]])
    [((0, 1, 2), 3), ((3,), 1)]
    """
    return sorted((cycle, len(knot)) for knot in knots(after) for cycle in _cycles_of(_graph(after, knot)))


def _networkx() -> Any:
    """Only a broken graph pays for this import."""
    return importlib.import_module("networkx")


def _graph(after: Sequence[Sequence[int]], nodes: Sequence[int]) -> Any:
    """The edges between these nodes as a networkx graph."""
    kept = set(nodes)
    graph = _networkx().DiGraph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from((node, target) for node in nodes for target in after[node] if target in kept)
    return graph


def _cycles_of(knot: Any) -> list[tuple[int, ...]]:
    """The elementary cycles of a strongly connected graph if there are few, else a short one."""
    if len(knot) <= LARGE_KNOT:
        some = list(islice(_networkx().simple_cycles(knot), CYCLES_PER_KNOT + 1))
        if len(some) <= CYCLES_PER_KNOT:
            return [_from_smallest(cycle) for cycle in some]
    # From a large knot only some nodes are searched, else this would take nodes * edges steps.
    starts = sorted(knot)[:LARGE_KNOT]
    return [_from_smallest(min((_shortest_through(knot, start) for start in starts), key=len))]


def _shortest_through(knot: Any, start: int) -> list[int]:
    """A shortest cycle through this node of a strongly connected graph, by breadth-first search."""
    before: dict[int, int] = {}
    queue = deque([start])
    while start not in before:
        node = queue.popleft()
        for target in sorted(knot.successors(node)):
            if target not in before:
                before[target] = node
                queue.append(target)
    cycle = [start]
    while before[cycle[-1]] != start:
        cycle.append(before[cycle[-1]])
    return [start, *reversed(cycle[1:])]


def _from_smallest(cycle: Sequence[int]) -> tuple[int, ...]:
    first = cycle.index(min(cycle))
    return (*cycle[first:], *cycle[:first])


def transitive(after: Sequence[Sequence[int]]) -> list[tuple[int, int, int]]:
    """Edges that a longer path implies: (source, target, first stop on that path), ordered as in `after`.

    Reachability is kept as one row of bits a node, filled from the last node of the topological order to the
    first: edges * nodes / 64 word operations, nodes² / 8 bytes. Nodes on a cycle are left out.

    >>> transitive([[1, 2], [2], []])
    [(0, 2, 1)]
    """
    plain = _without(after, {node for knot in knots(after) for node in knot})
    bounds = np.cumsum([0, *map(len, plain)]).tolist()
    flat = np.fromiter(chain.from_iterable(plain), np.int32, bounds[-1])
    word, bit = flat // _WORD, np.left_shift(np.uint64(1), (flat % _WORD).astype(np.uint64))
    reach = np.zeros((len(after), len(after) // _WORD + 1), dtype=np.uint64)
    first_stop = np.full(len(flat), -1, dtype=np.int32)
    for node in reversed(topological(plain)):
        part = slice(bounds[node], bounds[node + 1])
        if part.start == part.stop:
            continue
        rows, words, bits = flat[part], word[part], bit[part]
        reached = np.bitwise_or.reduce(reach[rows], axis=0)
        implied = (reached[words] & bits).nonzero()[0]
        if len(implied):
            first_stop[part.start + implied] = _first_with(reach, rows, words[implied], bits[implied])
        np.bitwise_or.at(reached, words, bits)
        reach[node] = reached
    found = (first_stop >= 0).nonzero()[0]
    source = np.repeat(np.arange(len(after)), np.diff(bounds))[found]
    return list(zip(source.tolist(), flat[found].tolist(), first_stop[found].tolist(), strict=True))


def _without(after: Sequence[Sequence[int]], gone: Set[int]) -> Sequence[Sequence[int]]:
    """The graph without the edges from or to these nodes."""
    if not gone:
        return after
    return [
        [target for target in targets if target not in gone] if node not in gone else []
        for node, targets in enumerate(after)
    ]


def _first_with(reach: _Words, rows: IntArray, words: IntArray, bits: _Words) -> IntArray:
    """For each bit (`bits` of `words`) the first of `rows` that has it; in blocks, to spare memory."""
    step = max(1, _BLOCK // len(rows))
    parts = []
    for start in range(0, len(words), step):
        block = slice(start, start + step)
        held = (reach[rows[:, None], words[block]] & bits[block]) != 0
        parts.append(rows[held.argmax(axis=0)])
    return np.concatenate(parts)

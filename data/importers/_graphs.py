"""What importers share in making a course: ids, titles, and edges that say no more than they must."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from knowledge_graph.order import cycles, successors, transitive
from knowledge_graph.types import ConceptId, Prerequisite


def title_of(name: str) -> str:
    """A title from an id.

    >>> title_of("add_and_subtract_integers")
    'Add and subtract integers'
    """
    words = " ".join(name.replace("_", " ").split()).strip(" .")
    return words[:1].upper() + words[1:]


def without_implied(order: Sequence[ConceptId], edges: Sequence[Prerequisite]) -> tuple[Prerequisite, ...]:
    """The edges without those that a longer path implies.

    Raises:
        ValueError: the edges run in a circle.
    """
    index = {name: number for number, name in enumerate(order)}
    source = np.asarray([index[edge.source_id] for edge in edges], dtype=np.int32)
    target = np.asarray([index[edge.target_id] for edge in edges], dtype=np.int32)
    after = successors(len(order), source, target)
    if cycles(after):
        raise ValueError("the edges run in a circle")
    implied = {(order[a], order[b]) for a, b, _ in transitive(after)}
    return tuple(edge for edge in edges if (edge.source_id, edge.target_id) not in implied)


def syllabus(names: Sequence[ConceptId], edges: Sequence[Prerequisite]) -> tuple[ConceptId, ...]:
    """The names so that prerequisites come first and, but for that, near to their order; circles stay.

    Depth first: what a concept needs stands right before it.
    """
    before: dict[ConceptId, list[ConceptId]] = {name: [] for name in names}
    for edge in edges:
        before[edge.target_id].append(edge.source_id)
    order: dict[ConceptId, None] = {}
    entered: set[ConceptId] = set()
    for name in names:
        waiting = [name]
        while waiting:
            one = waiting[-1]
            fresh = [] if one in entered else [other for other in before[one] if other not in entered]
            entered.add(one)
            if fresh:
                waiting.extend(reversed(fresh))
            else:
                order.setdefault(waiting.pop())
    return tuple(order)

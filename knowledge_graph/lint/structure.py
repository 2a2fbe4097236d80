"""What makes a graph unusable: ids twice or unknown, circles, and numbers out of their range."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from knowledge_graph.errors import Finding
from knowledge_graph.lint.view import Edge, View, also_at, tags
from knowledge_graph.order import cycles
from knowledge_graph.types import Place, Prerequisite


def findings(view: View) -> Iterator[Finding]:
    """Every structural fault; all of them are errors."""
    yield from _repeated("concept", [concept.concept_id for concept in view.curriculum.concepts], view)
    yield from _repeated("item", [item.item_id for item in view.curriculum.items], view)
    yield from _dangling_edges(view)
    yield from _self_loops(view)
    yield from _repeated_edges(view)
    yield from _dangling_items(view)
    yield from _course(view)
    yield from _weights(view)
    yield from _minutes(view)
    for path, place in circles(view, view.after, view.curriculum.prerequisites, 0):
        fix = "remove the edge that is least needed"
        yield Finding("error", "cycle", f"prerequisites run in a circle: {path}", fix, place)


def _repeated(kind: str, ids: Sequence[str], view: View) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for position, one in enumerate(ids):
        earlier = first.setdefault(one, position)
        if earlier != position:
            message = f"{kind} id `{one}` is used twice{also_at(view.place(kind, earlier))}"
            fix = "give one of them an id of its own, or remove it"
            yield Finding("error", f"duplicate-{kind}", message, fix, view.place(kind, position))


def _dangling_edges(view: View) -> Iterator[Finding]:
    source, target = view.ends
    for position in np.flatnonzero((source < 0) | (target < 0)).tolist():
        edge = view.edges[position]
        for end in dict.fromkeys((edge.source_id, edge.target_id)):
            if end not in view.index:
                message = f"edge `{edge.source_id}` → `{edge.target_id}` names an unknown concept: `{end}`"
                fix = "correct the id, add the concept or remove the edge"
                yield Finding("error", "dangling-edge", message, fix, view.place("edge", position))


def _self_loops(view: View) -> Iterator[Finding]:
    source, target = view.ends
    for position in np.flatnonzero((source == target) & (source >= 0)).tolist():
        message = f"`{view.edges[position].source_id}` has an edge to itself, a circle of one"
        yield Finding("error", "self-loop", message, "remove it", view.place("edge", position))


def _repeated_edges(view: View) -> Iterator[Finding]:
    source, target = view.ends
    second_kind = np.arange(len(source)) >= len(view.curriculum.prerequisites)
    pairs = (source.astype(np.int64) * len(view.names) + target) * 2 + second_kind
    pairs[(source < 0) | (target < 0)] = -1
    _, first, inverse = np.unique(pairs, return_index=True, return_inverse=True)
    earlier = first[inverse]
    for position in np.flatnonzero((earlier != np.arange(len(pairs))) & (pairs >= 0)).tolist():
        edge = view.edges[position]
        kind = "prerequisite" if isinstance(edge, Prerequisite) else "encompasses"
        where = also_at(view.place("edge", int(earlier[position])))
        message = f"the {kind} edge `{edge.source_id}` → `{edge.target_id}` is there twice{where}"
        place = view.place("edge", position)
        yield Finding("error", "duplicate-edge", message, "keep the one whose weight is meant", place)


def _dangling_items(view: View) -> Iterator[Finding]:
    for position, item in enumerate(view.curriculum.items):
        for concept in tags(item):
            if concept not in view.index:
                message = f"item `{item.item_id}` names an unknown concept: `{concept}`"
                fix = "correct the id, add the concept or remove the tag"
                place = view.place("item", position)
                yield Finding("error", "dangling-item-concept", message, fix, place)


def circles(
    view: View, after: Sequence[Sequence[int]], edges: Sequence[Edge], first: int
) -> Iterator[tuple[str, Place | None]]:
    """The circles among these edges, written out, each with the place of its first edge.

    `first` is where `edges` begin among all edges of the course. Self-loops have a finding of their own.
    """
    found = [(cycle, size) for cycle, size in cycles(after) if len(cycle) > 1]
    if not found:
        return
    where = {(edge.source_id, edge.target_id): position for position, edge in enumerate(edges, start=first)}
    for cycle, size in found:
        path = [view.names[node] for node in (*cycle, cycle[0])]
        more = f" (one of several circles among {size} concepts)" if size > len(cycle) else ""
        yield " → ".join(path) + more, view.place("edge", where[path[0], path[1]])


def _course(view: View) -> Iterator[Finding]:
    course, levels, place = view.curriculum.course, view.curriculum.course.thresholds, view.place("course", 0)
    if not 0 < levels.review <= levels.known <= levels.mastered < 1:
        came = f"review {levels.review:g}, known {levels.known:g}, mastered {levels.mastered:g}"
        message = f"thresholds are {came}; wanted is 0 < review ≤ known ≤ mastered < 1"
        yield Finding("error", "thresholds", message, "put them in that order", place)
    for goal in dict.fromkeys(course.goals):
        if goal not in view.index:
            fix = "correct the id under `goals` or add the concept"
            yield Finding("error", "unknown-goal", f"goal `{goal}` is no concept of the course", fix, place)


def _weights(view: View) -> Iterator[Finding]:
    weights = np.asarray([edge.weight for edge in view.edges])
    for position in np.flatnonzero(~((weights > 0) & (weights <= 1))).tolist():
        edge = view.edges[position]
        message = f"the edge `{edge.source_id}` → `{edge.target_id}` weighs {edge.weight:g}; wanted is (0, 1]"
        fix = "write 1 for indispensable, 0.5 for helpful, or remove the edge"
        yield Finding("error", "out-of-range", message, fix, view.place("edge", position))


def _minutes(view: View) -> Iterator[Finding]:
    for position, item in enumerate(view.curriculum.items):
        if item.minutes is not None and not 0 < item.minutes < float("inf"):
            message = f"item `{item.item_id}` takes {item.minutes:g} minutes; wanted is more than 0"
            yield Finding("error", "out-of-range", message, "correct `minutes`", view.place("item", position))

"""What misleads designers and learners in a course's goals, concepts and edges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from knowledge_graph.errors import Finding
from knowledge_graph.lint.structure import circles
from knowledge_graph.lint.view import View, also_at, reach, some
from knowledge_graph.order import transitive
from knowledge_graph.types import Concept


def findings(view: View) -> Iterator[Finding]:
    """Every finding that is not structural and not about items."""
    for check in (_course, _goals, _concepts, _encompassing_circles, _syllabus_order, _transitive):
        yield from check(view)


def _course(view: View) -> Iterator[Finding]:
    course, place = view.curriculum.course, view.place("course", 0)
    if not view.names:
        yield Finding("error", "no-concepts", "the course has no concepts", "add at least one", place)
    if not course.licence:
        fix = "say under `licence` how the content may be used"
        yield Finding("note", "no-licence", "the course names no licence", fix, place)


def _goals(view: View) -> Iterator[Finding]:
    """Goals that are out of reach: a circle or a concept without practice is on the way."""
    place = view.place("course", 0)
    blocks = (
        (view.knotted, "run in a circle", "break the circle"),
        (view.unpractised, "have no items", "write items for them, or take them off the way"),
    )
    for goal in dict.fromkeys(view.curriculum.course.goals):
        if goal not in view.index:
            continue
        way = reach(view.before, [view.index[goal]])
        for blocked, why, fix in blocks:
            names = [view.names[node] for node in sorted(way & blocked)]
            if names:
                message = f"goal `{goal}` cannot be reached: concepts on the way {why}: {some(names)}"
                yield Finding("warning", "unreachable-goal", message, fix, place)


def _concepts(view: View) -> Iterator[Finding]:
    titles: dict[str, int] = {}
    concepts = view.curriculum.concepts
    for position, concept in enumerate(concepts):
        place = view.place("concept", position)
        yield from _one_concept(view, concept, position)
        earlier = titles.setdefault(concept.title, position)
        if concepts[earlier].concept_id != concept.concept_id and concept.title.strip():
            where = also_at(view.place("concept", earlier))
            message = f"concept `{concept.concept_id}` has the title “{concept.title}” of another{where}"
            yield Finding("note", "duplicate-title", message, "tell them apart by title", place)


def _one_concept(view: View, concept: Concept, position: int) -> Iterator[Finding]:
    name, place = concept.concept_id, view.place("concept", position)
    if view.index[name] in view.unpractised:
        fix = "write some, or merge it into another"
        yield Finding("warning", "concept-without-items", f"concept `{name}` has no items", fix, place)
    elif name not in view.tagged:
        message = f"concept `{name}` has no items of its own; it is practised only through others"
        yield Finding("note", "concept-without-items", message, "write some if it should be asked for", place)
    if not concept.title.strip():
        yield Finding("warning", "untitled-concept", f"concept `{name}` has no title", "give it one", place)
    if name != name.strip() or ";" in name:
        message = f"concept id “{name}” has a semicolon in it or space around it; logs join ids by `;`"
        yield Finding("warning", "untidy-id", message, "use letters, digits, `_`, `-`, `.` and `:`", place)


def _encompassing_circles(view: View) -> Iterator[Finding]:
    first = len(view.curriculum.prerequisites)
    for path, place in circles(view, view.practises, view.curriculum.encompassings, first):
        fix = "keep the direction in which practice carries over"
        message = f"encompassing edges run in a circle: {path}"
        yield Finding("warning", "encompassing-cycle", message, fix, place)


def _syllabus_order(view: View) -> Iterator[Finding]:
    source, target = (ends[: len(view.curriculum.prerequisites)] for ends in view.ends)
    for position in np.flatnonzero((source > target) & (target >= 0)).tolist():
        edge = view.edges[position]
        message = f"`{edge.source_id}` is needed before `{edge.target_id}` but comes later in the syllabus"
        fix = "move its row up in the list of concepts"
        yield Finding("note", "syllabus-order", message, fix, view.place("edge", position))


def _transitive(view: View) -> Iterator[Finding]:
    """Prerequisites that others imply: notes, for the weight of such an edge may be meant."""
    found = transitive(view.after)
    names, places = view.names, view.curriculum.places
    fix = "remove it, unless its weight is meant"
    for (source, target, via), position in zip(found, _positions(view, found), strict=True):
        message = f"`{names[source]}` → `{names[target]}` is implied by the way over `{names[via]}`"
        yield Finding("note", "transitive-edge", message, fix, places.get(("edge", position)))


def _positions(view: View, found: Sequence[tuple[int, int, int]]) -> list[int]:
    """Where these prerequisites (source, target, …) stand among the edges."""
    source, target = (ends[: len(view.curriculum.prerequisites)].astype(np.int64) for ends in view.ends)
    pairs = source * len(view.names) + target
    order = np.argsort(pairs, kind="stable")
    wanted = np.asarray(found, dtype=np.int64).reshape(-1, 3) @ (len(view.names), 1, 0)
    positions: list[int] = order[np.searchsorted(pairs[order], wanted)].tolist()
    return positions

"""The knowledge graph: what is asked of it equals what networkx and plain loops say, and its version tells content."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, replace
from typing import Any

import networkx as nx
import numpy as np
import orjson
import pytest
from courses import chain, concept, course
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.types import Concept, ConceptId, Course, Curriculum, Encompassing, Item, ItemId, Media, Place
from knowledge_graph.vocabulary import Vocabulary, natural_order

NAMES = "abcdef"
FORWARD = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(lambda edge: edge[0] < edge[1]),
    max_size=10,
    unique=True,
)


def graph_of(edges: list[tuple[str, str]]) -> KnowledgeGraph:
    return course([(a, b, (n + 1) / 10) for n, (a, b) in enumerate(edges)], names=NAMES, per_concept=0)


def with_items(*items: Item) -> KnowledgeGraph:
    return KnowledgeGraph(Curriculum(Course("c", "C"), chain().concepts, items=items))


def reading(name: str, *concepts: str, minutes: float | None = None, kind: Any = "reading") -> Item:
    return Item(ItemId(name), kind, tuple(map(ConceptId, concepts)), "Read.", answer="1", minutes=minutes)


@settings(deadline=None, max_examples=60)
@given(FORWARD, st.lists(st.sampled_from(NAMES), min_size=1, max_size=3))
def test_what_leads_to_goals_are_their_ancestors(edges: list[tuple[str, str]], goals: list[str]) -> None:
    plain: nx.DiGraph[str] = nx.DiGraph()
    plain.add_nodes_from(NAMES)
    plain.add_edges_from(edges)
    graph = graph_of(edges)
    for asked in ([goals[0]], goals, [goals[-1]], goals):  # what is remembered of one call must not answer another
        wanted = {*asked, *(name for goal in asked for name in nx.ancestors(plain, goal))}
        assert graph.leading_to(*map(concept, asked)).tolist() == [name in wanted for name in NAMES]


def test_what_leads_to_nothing_is_nothing_and_cannot_be_meddled_with() -> None:
    graph = chain()
    assert graph.leading_to().tolist() == [False] * 3
    with pytest.raises(ValueError, match="read-only"):
        graph.leading_to(concept("b"))[0] = False
    with pytest.raises(KeyError):
        graph.leading_to(concept("z"))


@settings(deadline=None, max_examples=40)
@given(FORWARD)
def test_edges_of_a_concept_are_found_from_both_ends(edges: list[tuple[str, str]]) -> None:
    graph = graph_of(edges)
    for place, name in enumerate(NAMES):
        assert graph.edges_into(place).tolist() == [n for n, (_, target) in enumerate(edges) if target == name]
        assert graph.edges_from(place).tolist() == [n for n, (source, _) in enumerate(edges) if source == name]
    columns = graph.prerequisite_arrays
    found = zip(columns.source.tolist(), columns.target.tolist(), columns.weight.tolist(), strict=True)
    assert list(found) == [(NAMES.index(a), NAMES.index(b), (n + 1) / 10) for n, (a, b) in enumerate(edges)]


def test_the_graphs_for_walking_hold_all_concepts_and_the_edges_with_their_weights() -> None:
    graph = course([("a", "b", 0.7)], names="abz", encompassings=[("b", "a", 0.4)])
    assert list(graph.prerequisites) == list(graph.encompassings) == ["a", "b", "z"]
    assert list(graph.prerequisites.edges(data="weight")) == [("a", "b", 0.7)]
    assert list(graph.encompassings.edges(data="weight")) == [("b", "a", 0.4)]
    carried = graph.encompassing_arrays
    assert (carried.source.tolist(), carried.target.tolist(), carried.weight.tolist()) == ([1], [0], [0.4])


def test_concepts_and_items_are_found_by_id() -> None:
    graph = chain()
    assert graph.concept(concept("b")).title == "B"
    assert graph.item(ItemId("c-3")).item_id == "c-3"
    for look in (lambda: graph.concept(concept("z")), lambda: graph.item(ItemId("z"))):
        with pytest.raises(KeyError):
            look()


def test_the_concept_named_first_is_the_main_one() -> None:
    graph = with_items(reading("none"), reading("two", "c", "a"), reading("one", "b"), reading("last"))
    assert graph.main_concept.tolist() == [0, 2, 1, 0]
    assert graph.tagged.tolist() == [False, True, True, False]
    assert [graph.main_concept_of(ItemId(name)) for name in ("none", "two", "one", "gone")] == [None, 2, 1, None]


def test_items_take_their_place_among_those_of_their_main_concept() -> None:
    graph = with_items(*(reading(f"{name}{n}", name, "c") for n, name in enumerate("abaabc")))
    # a: items 0, 2, 3 at 0, 1/3, 2/3; b: items 1, 4 at 0, 1/2; c has one of its own.
    assert graph.place_within_concept.tolist() == pytest.approx([0, 0, 1 / 3, 2 / 3, 1 / 2, 0])


def test_minutes_not_given_are_the_median_of_the_kind_or_two() -> None:
    graph = with_items(
        *(reading(f"r{n}", "a", minutes=minutes) for n, minutes in enumerate([1.0, None, 2.0, 9.0])),
        reading("v", "a", kind="video"),
        *(reading(f"n{n}", "a", kind="numeric", minutes=minutes) for n, minutes in enumerate([None, 5.0])),
    )
    # readings: the middle of 1, 2 and 9, not their mean of 4; no other video; numeric: the only other takes 5.
    assert graph.minutes.tolist() == [1.0, 2.0, 2.0, 9.0, 2.0, 5.0, 5.0]


def test_what_is_judged_is_told_by_the_kind() -> None:
    kinds = ["choice", "numeric", "expression", "text", "reading", "worked_example", "video"]
    graph = with_items(*(reading(kind, "a", kind=kind) for kind in kinds))
    assert graph.scored.tolist() == [True, True, True, True, False, False, False]


@pytest.mark.parametrize(
    "other",
    [
        {"course": Course("test", "Test", gating=True)},
        {"concepts": (Concept(concept("a"), "Another title"), *chain().concepts[1:])},
        {"concepts": tuple(reversed(chain().concepts))},
        {"prerequisites": chain().curriculum.prerequisites[:1]},
        {"encompassings": (Encompassing(concept("c"), concept("a"), 0.5),)},
        {"items": chain().items[:-1]},
        {"items": (replace(chain().items[0], media=(Media("a.png"),)), *chain().items[1:])},
        {"items": (replace(chain().items[0], passage="Once."), *chain().items[1:])},
    ],
    ids=["course", "title", "syllabus", "prerequisites", "encompassings", "items", "media", "passage"],
)
def test_other_content_has_another_version(other: dict[str, Any]) -> None:
    assert KnowledgeGraph(replace(chain().curriculum, **other)).version != chain().version


@pytest.mark.parametrize("text", ["What is it?", ',"passage":""', '\\",\\"passage\\":\\"\\"'])
def test_a_course_without_passages_has_the_version_it_had_before_there_were_any(text: str) -> None:
    course = replace(chain().curriculum, items=(replace(chain().items[0], text=text, title=text), *chain().items[1:]))
    items = [{name: value for name, value in asdict(one).items() if name != "passage"} for one in course.items]
    parts = (course.course, course.concepts, course.prerequisites, course.encompassings, items)
    assert KnowledgeGraph(course).version == hashlib.sha256(orjson.dumps(parts)).hexdigest()[:12]
    other = replace(course, items=(replace(course.items[0], passage='","passage":""'), *course.items[1:]))
    assert KnowledgeGraph(other).version != KnowledgeGraph(course).version


def test_where_content_stood_in_a_file_does_not_change_its_version() -> None:
    moved = KnowledgeGraph(replace(chain().curriculum, places={("concept", 0): Place("concepts.csv", 7)}))
    assert moved.version == chain().version
    assert len(moved.version) == 12 and int(moved.version, 16) >= 0


TAGS = st.dictionaries(st.sampled_from([ItemId(f"i{n}") for n in range(6)]), st.lists(st.sampled_from(NAMES)))


@settings(deadline=None, max_examples=80)
@given(TAGS, st.data())
def test_pairs_of_items_and_concepts_equal_those_of_two_loops(
    tags: dict[ItemId, list[ConceptId]], data: st.DataObject
) -> None:
    words = Vocabulary.build([], tags)
    asked = data.draw(st.lists(st.integers(0, len(tags) - 1), max_size=8)) if tags else []
    row, named = words.tagged(np.array(asked, dtype=np.int32))
    wanted = [(n, c) for n, item in enumerate(asked) for c in words.concepts_of(item).tolist()]
    assert list(zip(row.tolist(), named.tolist(), strict=True)) == wanted


def test_values_above_one_count_as_one_whether_or_not_items_have_one_concept_each() -> None:
    a, b = ConceptId("a"), ConceptId("b")
    for tags in ({ItemId("i"): [a], ItemId("j"): [b]}, {ItemId("i"): [a], ItemId("j"): [b, a], ItemId("k"): []}):
        least = Vocabulary.build([a, b], tags).least_over_concepts(np.array([3.0, 0.5]))
        assert least.tolist() == [1.0, 0.5, 1.0][: len(tags)]


def test_ids_come_in_the_order_in_which_people_count() -> None:
    ids = ["a10", "a9", "b1", "a", "9", "10a", "a9b2", "a9b10", "a09"]
    assert [ids[n] for n in natural_order(ids)] == ["9", "10a", "a", "a09", "a9", "a9b2", "a9b10", "a10", "b1"]
    assert natural_order(["x²", "x1"]).tolist() == [1, 0], "a raised digit is no number, and no obstacle"

"""Neighbourhoods of items in the graph: against full matrices, through ids, and at the edges of what there is."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from courses import course
from gaussians import columns
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import FloatArray, IntArray, Vocabulary
from student_model.tracing._neighbours import Edges, Net, distinct, neighbours, of_concepts, of_items
from student_model.tracing.statespace import LAW

COUNT = 5
NAMES = [ConceptId(f"c{n}") for n in range(COUNT)]

place = st.integers(0, COUNT - 1)
some_edges = st.lists(st.tuples(place, place, st.sampled_from([0.25, 0.5, 1.0])), max_size=8)
some_items = st.lists(st.lists(place, unique=True, max_size=3), max_size=6)


def edges(each: list[tuple[int, int, float]]) -> Edges:
    source, target, strength = zip(*each, strict=True) if each else ((), (), ())
    return Edges(np.array(source, dtype=np.int32), np.array(target, dtype=np.int32), np.array(strength, dtype=float))


def matrix(some: Edges) -> FloatArray:
    """From source (rows) to target."""
    whole = np.zeros((COUNT, COUNT))
    for source, target, strength in zip(some.source, some.target, some.strength, strict=True):
        whole[source, target] += strength
    return whole


def words_of(items: list[list[int]]) -> Vocabulary:
    return Vocabulary.build(NAMES, {ItemId(f"i{n}"): [NAMES[c] for c in own] for n, own in enumerate(items)})


def unpacked(offsets: IntArray, concepts: IntArray, values: FloatArray) -> FloatArray:
    """A row for each item; no concept stands twice in one."""
    whole = np.zeros((len(offsets) - 1, COUNT))
    for n in range(len(whole)):
        own = concepts[offsets[n] : offsets[n + 1]]
        assert (np.diff(own) > 0).all()
        whole[n, own] = values[offsets[n] : offsets[n + 1]]
    assert offsets[-1] == len(concepts) == len(values)
    return whole


@settings(deadline=None, max_examples=150)
@given(some_items, some_edges, some_edges)
def test_neighbourhoods_equal_products_of_full_matrices(
    items: list[list[int]], prerequisites: list[tuple[int, int, float]], wide: list[tuple[int, int, float]]
) -> None:
    net = Net(edges(prerequisites), edges(wide))
    near = of_items(words_of(items), net)
    tags = np.zeros((len(items), COUNT))
    for n, own in enumerate(items):
        tags[n, own] = 1.0
    each = tags / np.maximum(tags.sum(axis=1, keepdims=True), 1.0)
    # A concept stands for itself and in part for what it builds on: against the direction of its edges.
    loads = each @ (np.eye(COUNT) + matrix(net.coupling).T)
    assert unpacked(near.load_offsets, near.load_concepts, near.loads) == pytest.approx(loads)
    # Credit flows along the edges, in full from each concept, to what the item does not practise anyway.
    flows = (tags @ matrix(net.credit)) * (tags == 0.0)
    assert unpacked(near.credit_offsets, near.credit_concepts, near.credits) == pytest.approx(flows)


@settings(deadline=None, max_examples=50)
@given(some_edges, some_edges)
def test_a_concept_is_an_item_of_its_own(
    prerequisites: list[tuple[int, int, float]], wide: list[tuple[int, int, float]]
) -> None:
    net, words = Net(edges(prerequisites), edges(wide)), words_of([])
    alone = of_concepts(words, net)
    same = of_items(words_of([[c] for c in range(COUNT)]), net)
    assert all(np.array_equal(a, b) for a, b in zip(columns(alone), columns(same), strict=True))


@settings(deadline=None, max_examples=100)
@given(some_items, some_edges)
def test_items_of_the_same_concepts_share_a_neighbourhood(
    items: list[list[int]], prerequisites: list[tuple[int, int, float]]
) -> None:
    words, net = words_of(items), Net(edges(prerequisites), Edges.none())
    offsets, concepts, tag = distinct(words)
    sets = [concepts[a:b].tolist() for a, b in pairwise(offsets.tolist())]
    assert [sorted(sets[t]) for t in tag] == [sorted(own) for own in items]
    assert len({tuple(own) for own in sets}) == len(sets) == len(set(tag.tolist()))
    shared, single = neighbours(offsets, concepts, net, COUNT), of_items(words, net)
    loads = unpacked(shared.load_offsets, shared.load_concepts, shared.loads)
    assert loads[tag].tolist() == unpacked(single.load_offsets, single.load_concepts, single.loads).tolist()


def test_an_item_and_its_neighbours_worked_out_by_hand() -> None:
    """c2 rests on c0 (.5) and c1 (.2), c3 on c0 (1); c2 encompasses c1 (.4) and c3 does c1 (.3) and c4 (.6)."""
    net = Net(edges([(0, 2, 0.5), (0, 3, 1.0), (1, 2, 0.2)]), edges([(3, 4, 0.6), (2, 1, 0.4), (3, 1, 0.3)]))
    near = of_items(words_of([[2, 3], [], [1, 3]]), net)
    # c2 and c3 half each; c0 half of .5 and half of 1; c1 half of .2
    assert near.load_offsets.tolist() == [0, 4, 4, 7]
    assert near.load_concepts.tolist() == [0, 1, 2, 3, 0, 1, 3]
    assert near.loads.tolist() == pytest.approx([0.75, 0.1, 0.5, 0.5, 0.5, 0.5, 0.5])
    # of the first .4 + .3 to c1 and .6 to c4; the last practises c1 itself
    assert near.credit_offsets.tolist() == [0, 2, 2, 3]
    assert near.credit_concepts.tolist() == [1, 4, 4]
    assert near.credits.tolist() == pytest.approx([0.7, 0.6, 0.6])


def test_no_items_no_concepts_and_no_edges_are_nothing() -> None:
    for words in (words_of([]), words_of([[], []]), Vocabulary.build([], {}), Vocabulary.build([], {ItemId("i"): []})):
        near = of_items(words, Net.none())
        assert near.load_offsets.tolist() == near.credit_offsets.tolist() == [0] * (len(words.items) + 1)
        assert near.loads.tolist() == near.credits.tolist() == []
    without = of_concepts(words_of([]), Net.none())
    assert unpacked(without.load_offsets, without.load_concepts, without.loads).tolist() == np.eye(COUNT).tolist()
    assert without.credits.tolist() == []


def test_an_expert_s_edges_keep_their_direction_and_kind() -> None:
    graph = course([("a", "b", 0.5), ("a", "c", 1.0)], encompassings=[("c", "b", 0.25)])
    net = Net.expert(graph, LAW._replace(coupling=0.4, credit=0.8))
    assert (net.coupling.source.tolist(), net.coupling.target.tolist()) == ([0, 0], [1, 2])
    assert net.coupling.strength == pytest.approx([0.2, 0.4])
    assert (net.credit.source.tolist(), net.credit.target.tolist()) == ([2], [1])
    assert net.credit.strength == pytest.approx([0.2])


@settings(deadline=None, max_examples=100)
@given(some_edges, some_edges, st.lists(st.sampled_from([*NAMES, ConceptId("new"), ConceptId("x")]), unique=True))
def test_edges_move_with_their_ids(
    prerequisites: list[tuple[int, int, float]], wide: list[tuple[int, int, float]], theirs: list[ConceptId]
) -> None:
    net, other = Net(edges(prerequisites), edges(wide)), Vocabulary.build(theirs, {})
    moved = net.over(words_of([]), other)
    for old, new in ((prerequisites, moved.coupling), (wide, moved.credit)):
        kept = [(NAMES[a], NAMES[b], w) for a, b, w in old if NAMES[a] in theirs and NAMES[b] in theirs]
        columns = zip(new.source.tolist(), new.target.tolist(), new.strength.tolist(), strict=True)
        assert [(theirs[a], theirs[b], w) for a, b, w in columns] == kept

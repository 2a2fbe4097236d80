"""Concepts and items as positions: what is put in comes out, and means and minima equal those taken one by one."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_graph import formats, plugins
from knowledge_graph.graph import Groups
from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import EMPTY_VOCABULARY, Vocabulary, natural, natural_order

NAMES = [ConceptId(name) for name in "abcde"]
tags = st.dictionaries(
    st.integers(0, 30).map(lambda number: ItemId(f"i{number}")),
    st.lists(st.sampled_from(NAMES), max_size=4),
    max_size=12,
)


@given(tags)
def test_every_item_keeps_its_concepts_once_and_in_their_order(items: dict[ItemId, list[ConceptId]]) -> None:
    words = Vocabulary.build(NAMES, items)
    assert words.items == tuple(items)
    assert words.tags() == {item: tuple(dict.fromkeys(tagged)) for item, tagged in items.items()}
    assert all(words.concept_index[name] == place for place, name in enumerate(words.concepts))
    assert words.one_concept_each == all(len(set(tagged)) == 1 for tagged in items.values())


@given(tags, st.lists(st.floats(0, 1), min_size=5, max_size=5))
def test_means_and_minima_equal_those_taken_one_by_one(
    items: dict[ItemId, list[ConceptId]], values: list[float]
) -> None:
    words, of_concept = Vocabulary.build(NAMES, items), np.array(values)
    mean, least = words.mean_over_concepts(of_concept, 0.25), words.least_over_concepts(of_concept)
    for place in range(len(items)):
        own = of_concept[words.concepts_of(place)]
        assert mean[place] == pytest.approx(own.mean() if len(own) else 0.25)
        assert least[place] == min([*own.tolist(), 1.0])


@given(tags, tags)
def test_extending_moves_nothing_that_was_there(
    own: dict[ItemId, list[ConceptId]], more: dict[ItemId, list[ConceptId]]
) -> None:
    before = Vocabulary.build(NAMES[:2], own)
    after = before.extended(more)
    assert after.items[: len(before.items)] == before.items
    assert after.concepts[: len(before.concepts)] == before.concepts
    assert set(after.items) == {*own, *more}
    assert {item: after.tags()[item] for item in own} == before.tags()
    assert after.extended(more) is after


def test_concepts_that_only_items_name_follow_at_the_end() -> None:
    words = Vocabulary.build([NAMES[1]], {ItemId("i"): [NAMES[0], NAMES[1]]})
    assert words.concepts == ("b", "a")
    assert words.concepts_of(0).tolist() == [1, 0]
    assert len(EMPTY_VOCABULARY.items) == len(EMPTY_VOCABULARY.concepts) == 0


@given(st.lists(st.integers(0, 4), max_size=20))
def test_groups_hold_each_entry_once_in_its_order(number: list[int]) -> None:
    groups = Groups.by(np.array(number, dtype=np.int32), 5)
    for group in range(5):
        assert groups.of(group).tolist() == [place for place, one in enumerate(number) if one == group]
    assert groups.filled.tolist() == sorted(set(number))
    places = groups.places()
    for place, one in enumerate(number):
        mates = [n for n, other in enumerate(number) if other == one]
        assert places[place] == pytest.approx(mates.index(place) / len(mates))


def test_a_plug_in_is_a_file_and_an_unknown_one_is_refused_with_those_there_are() -> None:
    assert plugins.names(formats.__path__) == formats.available()
    assert not any(name.startswith("_") for name in formats.available())
    with pytest.raises(ValueError, match="no curriculum format 'scroll'; there are: folder"):
        formats.load("scroll")
    with pytest.raises(ValueError, match="no kind 'os'; there are: a, b"):
        plugins.load("knowledge_graph", "os", ["a", "b"], "kind")


@given(st.lists(st.integers(0, 10**30), unique=True, max_size=8), st.sampled_from(["", "q", "a-"]))
def test_ids_that_end_in_numbers_stand_in_the_order_of_these(numbers: list[int], prefix: str) -> None:
    ids = [f"{prefix}{number}" for number in numbers]
    assert [ids[n] for n in natural_order(ids)] == [f"{prefix}{number}" for number in sorted(numbers)]


@given(st.lists(st.text("ab09", max_size=5), unique=True, max_size=8), st.randoms())
def test_the_order_of_ids_does_not_depend_on_the_one_they_come_in(ids: list[str], lot: Random) -> None:
    mixed = lot.sample(ids, len(ids))
    assert [ids[n] for n in natural_order(ids)] == [mixed[n] for n in natural_order(mixed)]


def test_numbers_too_long_for_an_integer_are_sorted_too() -> None:
    ids = ["q1" + "0" * 5_000, "q9" + "0" * 4_999, "q10", "q009"]
    assert sorted(ids, key=natural) == ["q009", "q10", ids[1], ids[0]]

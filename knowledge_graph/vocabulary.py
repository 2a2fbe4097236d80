"""Concepts and items as positions in arrays, so that all of them are scored at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from knowledge_graph.types import ConceptId, ItemId

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """A fixed order of C concepts and I items, and which concepts each item practises.

    `item_concepts[item_offsets[i]:item_offsets[i + 1]]` are the positions of item i's concepts (compressed
    sparse rows); `item_row` names the item of each entry of `item_concepts`.
    """

    concepts: tuple[ConceptId, ...]
    items: tuple[ItemId, ...]
    item_offsets: IntArray
    item_concepts: IntArray
    item_row: IntArray
    one_concept_each: bool
    concept_index: Mapping[ConceptId, int] = field(repr=False)
    item_index: Mapping[ItemId, int] = field(repr=False)

    @classmethod
    def build(cls, concepts: Iterable[ConceptId], items: Mapping[ItemId, Sequence[ConceptId]]) -> Vocabulary:
        """Number concepts and items in the order given; concepts that only items name follow at the end.

        >>> v = Vocabulary.build([ConceptId("a")], {ItemId("i"): [ConceptId("a"), ConceptId("b")]})
        >>> v.concepts, v.item_concepts.tolist(), v.item_offsets.tolist()
        (('a', 'b'), [0, 1], [0, 2])
        """
        index: dict[ConceptId, int] = {}
        for concept in concepts:
            index.setdefault(concept, len(index))
        flat: list[int] = []
        offsets = [0]
        for tagged in items.values():
            flat.extend(index.setdefault(concept, len(index)) for concept in dict.fromkeys(tagged))
            offsets.append(len(flat))
        bounds = np.asarray(offsets, dtype=np.int32)
        return cls(
            concepts=tuple(index),
            items=tuple(items),
            item_offsets=bounds,
            item_concepts=np.asarray(flat, dtype=np.int32),
            item_row=np.repeat(np.arange(len(items), dtype=np.int32), np.diff(bounds)),
            one_concept_each=bool((np.diff(bounds) == 1).all()),
            concept_index=index,
            item_index={item: position for position, item in enumerate(items)},
        )

    def concepts_of(self, item: int) -> IntArray:
        """Positions of the concepts that the item at this position practises, shape (k,)."""
        return self.item_concepts[self.item_offsets[item] : self.item_offsets[item + 1]]

    def tagged(self, items: IntArray) -> tuple[IntArray, IntArray]:
        """Each pair of an item at these positions (n,) and one of its concepts: its place among the n, and the concept.

        >>> v = Vocabulary.build([], {ItemId("i"): [ConceptId("a"), ConceptId("b")], ItemId("j"): []})
        >>> [one.tolist() for one in v.tagged(np.array([0, 1, 0], dtype=np.int32))]
        [[0, 0, 2, 2], [0, 1, 0, 1]]
        """
        count = np.diff(self.item_offsets)[items]
        row = np.repeat(np.arange(len(items), dtype=np.int32), count)
        place = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
        return row, self.item_concepts[self.item_offsets[items][row] + place]

    def tags(self) -> dict[ItemId, tuple[ConceptId, ...]]:
        """The concepts of every item, by id."""
        return {
            item: tuple(self.concepts[c] for c in self.concepts_of(position))
            for position, item in enumerate(self.items)
        }

    def mean_over_concepts(self, values: FloatArray, default: float = 0.0) -> FloatArray:
        """The mean of per-concept values (C,) over each item's concepts, shape (I,); `default` where it has none."""
        flat = values.take(self.item_concepts)
        if self.one_concept_each:
            return flat
        count = np.diff(self.item_offsets)
        total = np.bincount(self.item_row, weights=flat, minlength=len(self.items))
        return np.where(count > 0, total / np.maximum(count, 1), default)

    def least_over_concepts(self, values: FloatArray) -> FloatArray:
        """The least of per-concept values (C,) over each item's concepts and 1, shape (I,)."""
        if self.one_concept_each:
            return np.minimum(values.take(self.item_concepts), 1.0)
        least = np.ones(len(self.items))
        np.minimum.at(least, self.item_row, values[self.item_concepts])
        return least

    def extended(self, items: Mapping[ItemId, Sequence[ConceptId]]) -> Vocabulary:
        """The same with further items, and the concepts they name, after its own.

        Positions that exist stay as they are, and known items keep their tags.
        """
        own = self.tags()
        fresh = {item: tagged for item, tagged in items.items() if item not in own}
        return Vocabulary.build(self.concepts, {**own, **fresh}) if fresh else self


def natural(name: str) -> list[tuple[int, str]]:
    """What ids are sorted by: runs of digits, however long, count as numbers.

    >>> sorted(["a10", "a9", "a09"], key=natural)
    ['a9', 'a09', 'a10']
    """
    parts = (part.lstrip("0") if part.isdecimal() else part for part in re.split(r"(\d+)", name))
    return [(len(part), part) if n % 2 else (-1, part) for n, part in enumerate(parts)]


def natural_order(ids: Sequence[str]) -> IntArray:
    """The positions of ids in natural order, shape (n,); it does not depend on the order they come in."""
    keys = [(natural(one), one) for one in ids]
    return np.array(sorted(range(len(ids)), key=keys.__getitem__), dtype=np.int32)


EMPTY_VOCABULARY = Vocabulary.build((), {})

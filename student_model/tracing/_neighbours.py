"""Which concepts an item's answers depend on and which its practice reaches, through the edges of the graph."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from knowledge_graph.vocabulary import FloatArray, IntArray, Vocabulary
from student_model.tracing._statespace_step import Law, Neighbours

if TYPE_CHECKING:
    from knowledge_graph.graph import EdgeArrays, KnowledgeGraph


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """E edges as columns (E,): from concept `source` to `target`, with a strength. For prerequisites the share of the
    source's knowledge that counts for the target; for encompassing edges the share of a success that flows.
    """

    source: IntArray
    target: IntArray
    strength: FloatArray

    @classmethod
    def none(cls) -> Edges:
        """No edges."""
        nothing = np.empty(0, dtype=np.int32)
        return cls(nothing, nothing, np.empty(0))

    @classmethod
    def scaled(cls, edges: EdgeArrays, share: float) -> Edges:
        """The expert's edges, each with `share` of its weight."""
        return cls(edges.source, edges.target, share * edges.weight)

    def over(self, own: Vocabulary, other: Vocabulary) -> Edges:
        """The same between the positions of another vocabulary; edges to concepts it lacks are left out."""
        moved = np.array([other.concept_index.get(concept, -1) for concept in own.concepts], dtype=np.int32)
        kept = (moved[self.source] >= 0) & (moved[self.target] >= 0) if len(self.source) else np.zeros(0, dtype=bool)
        return Edges(moved[self.source[kept]], moved[self.target[kept]], self.strength[kept])


@dataclass(frozen=True, slots=True, eq=False)
class Net:
    """The edges that a model uses: `coupling` along prerequisites, `credit` along encompassing edges."""

    coupling: Edges
    credit: Edges

    @classmethod
    def none(cls) -> Net:
        """Every concept for itself."""
        return cls(Edges.none(), Edges.none())

    @classmethod
    def expert(cls, graph: KnowledgeGraph, law: Law) -> Net:
        """What a graph says, at the shares of a law."""
        return cls(
            Edges.scaled(graph.prerequisite_arrays, law.coupling), Edges.scaled(graph.encompassing_arrays, law.credit)
        )

    def over(self, own: Vocabulary, other: Vocabulary) -> Net:
        """The same over another vocabulary."""
        return replace(self, coupling=self.coupling.over(own, other), credit=self.credit.over(own, other))


def of_items(vocabulary: Vocabulary, net: Net) -> Neighbours:
    """The neighbourhoods of all items."""
    return neighbours(vocabulary.item_offsets, vocabulary.item_concepts, net, len(vocabulary.concepts))


def distinct(vocabulary: Vocabulary) -> tuple[IntArray, IntArray, IntArray]:
    """The sets of concepts that items have, each once, as offsets and concepts; and which is each item's, (I,)."""
    bounds, flat = vocabulary.item_offsets.tolist(), vocabulary.item_concepts.tolist()
    place: dict[tuple[int, ...], int] = {}
    tag = [place.setdefault(tuple(flat[a:b]), len(place)) for a, b in pairwise(bounds)]
    offsets = np.cumsum([0, *map(len, place)]).astype(np.int32)
    return offsets, np.array([c for each in place for c in each], dtype=np.int32), np.array(tag, dtype=np.int32)


def of_concepts(vocabulary: Vocabulary, net: Net) -> Neighbours:
    """The neighbourhoods of all concepts, each as if it were an item of that concept alone."""
    count = len(vocabulary.concepts)
    each = np.arange(count + 1, dtype=np.int32)
    return neighbours(each, each[:-1], net, count)


def neighbours(offsets: IntArray, concepts: IntArray, net: Net, count: int) -> Neighbours:
    """The neighbourhoods of n items with the concepts `concepts[offsets[i]:offsets[i + 1]]`, of `count` in all.

    An item of k concepts loads 1/k on each, and on their prerequisites by these edges' share of that.
    """
    several = np.diff(offsets)
    item = np.repeat(np.arange(len(several), dtype=np.int64), several)
    share = 1.0 / np.maximum(several, 1)[item]
    row, along = _followed(net.coupling.target, concepts, count)
    loads = _merged(
        np.concatenate((item, item[row])),
        np.concatenate((concepts, net.coupling.source[along])),
        np.concatenate((share, share[row] * net.coupling.strength[along])),
        len(several),
        count,
    )
    row, along = _followed(net.credit.source, concepts, count)
    reached, to = item[row], net.credit.target[along]
    other = ~np.isin(reached * count + to, item * count + concepts)
    credited = _merged(reached[other], to[other], net.credit.strength[along][other], len(several), count)
    return Neighbours(*loads, *credited)


def _followed(ends: IntArray, concepts: IntArray, count: int) -> tuple[IntArray, IntArray]:
    """Each pair of an entry of `concepts` and an edge with that end: positions of both."""
    order = np.argsort(ends, kind="stable")
    bounds = np.concatenate(([0], np.cumsum(np.bincount(ends, minlength=count))))
    size = np.diff(bounds)[concepts]
    row = np.repeat(np.arange(len(concepts)), size)
    place = np.arange(len(row)) - np.repeat(np.cumsum(size) - size, size)
    return row.astype(np.int32), order[bounds[concepts][row] + place].astype(np.int32)


def _merged(
    item: NDArray[np.integer[Any]], concept: IntArray, value: FloatArray, items: int, count: int
) -> tuple[IntArray, IntArray, FloatArray]:
    """Entries grouped by item, with the values of the same item and concept added up."""
    key, place = np.unique(item.astype(np.int64) * max(count, 1) + concept, return_inverse=True)
    value = np.bincount(place, value, len(key)).astype(np.float64)
    item, concept = (key // max(count, 1)), (key % max(count, 1)).astype(np.int32)
    offsets = np.concatenate(([0], np.cumsum(np.bincount(item, minlength=items)))).astype(np.int32)
    return offsets, concept, value

"""The knowledge graph: a sound curriculum, its edges as arrays for scoring and as networkx graphs for walking."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import orjson

from knowledge_graph.errors import CurriculumError
from knowledge_graph.lint import structural
from knowledge_graph.types import Concept, ConceptId, Curriculum, Encompassing, Item, ItemId, Prerequisite
from knowledge_graph.vocabulary import BoolArray, FloatArray, IntArray, Vocabulary

if TYPE_CHECKING:
    import networkx as nx


GOALS_KEPT = 1_000
"""For how many goals the way to them is remembered."""
_NO_PASSAGE = b',"passage":""'
"""What JSON has of a passage that is not there. Without it, courses from before there were passages keep their version;
no text can hold it, for within texts quotes are escaped."""


@dataclass(frozen=True, slots=True, eq=False)
class EdgeArrays:
    """E edges as columns, each of shape (E,): positions of source and target concepts, and the weight."""

    source: IntArray
    target: IntArray
    weight: FloatArray

    @classmethod
    def of(cls, edges: Sequence[Prerequisite | Encompassing], vocabulary: Vocabulary) -> EdgeArrays:
        """The columns of these edges, in their order."""
        index = vocabulary.concept_index
        return cls(
            np.asarray([index[edge.source_id] for edge in edges], dtype=np.int32),
            np.asarray([index[edge.target_id] for edge in edges], dtype=np.int32),
            np.asarray([edge.weight for edge in edges], dtype=np.float64),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """E entries grouped by one of G numbers: `order[offsets[g]:offsets[g + 1]]` are the positions of group g."""

    order: IntArray
    offsets: IntArray
    filled: IntArray
    """The groups with at least one entry, ascending."""

    @classmethod
    def by(cls, number: IntArray, groups: int) -> Groups:
        """Group entries by their number, keeping their order within a group.

        >>> groups = Groups.by(np.array([2, 0, 2], dtype=np.int32), 3)
        >>> groups.order.tolist(), groups.offsets.tolist(), groups.filled.tolist()
        ([1, 0, 2], [0, 1, 1, 3], [0, 2])
        """
        count = np.bincount(number, minlength=groups)
        offsets = np.concatenate(([0], np.cumsum(count))).astype(np.int32)
        order = np.argsort(number, kind="stable").astype(np.int32)
        return cls(order, offsets, np.flatnonzero(count).astype(np.int32))

    def places(self) -> FloatArray:
        """How far each entry comes within its group, from 0 towards 1, shape (E,).

        >>> Groups.by(np.array([2, 0, 2], dtype=np.int32), 3).places().tolist()
        [0.0, 0.0, 0.5]
        """
        size = np.diff(self.offsets)
        place = np.empty(len(self.order))
        place[self.order] = (np.arange(len(place)) - self.offsets[:-1].repeat(size)) / size.repeat(size)
        return place

    def of(self, group: int) -> IntArray:
        """Positions of the entries of one group, shape (k,)."""
        return self.order[self.offsets[group] : self.offsets[group + 1]]


class KnowledgeGraph:
    """Concepts, weighted prerequisite and encompassing edges, and items, checked once and never changed.

    The order of concepts in the curriculum is the syllabus; positions in `vocabulary` follow it.

    Args:
        curriculum: what was read. Structural faults are refused; run `knowledge_graph.lint.lint` for the rest.

    Raises:
        CurriculumError: edges form a cycle, ids are unknown or used twice; the message names every fault.

    >>> from knowledge_graph.types import Course
    >>> a, b = (Concept(ConceptId(c), c.upper()) for c in "ab")
    >>> graph = KnowledgeGraph(Curriculum(Course("c", "C"), (a, b), (Prerequisite(a.concept_id, b.concept_id),)))
    >>> graph.leading_to(b.concept_id).tolist()
    [True, True]
    """

    def __init__(self, curriculum: Curriculum) -> None:
        faults = structural(curriculum)
        if faults:
            raise CurriculumError(faults)
        self.curriculum = curriculum
        self.course = curriculum.course
        self.concepts = curriculum.concepts
        self.items = curriculum.items
        self.vocabulary = Vocabulary.build(
            (concept.concept_id for concept in curriculum.concepts),
            {item.item_id: item.concept_ids for item in curriculum.items},
        )
        self._leading: dict[tuple[ConceptId, ...], BoolArray] = {}

    @cached_property
    def version(self) -> str:
        """A hash of all that learners can be served from: the same content has the same version, 12 hex digits."""
        content = self.curriculum
        parts = (
            content.course,
            content.concepts,
            content.prerequisites,
            content.encompassings,
            content.items,
        )
        return hashlib.sha256(orjson.dumps(parts).replace(_NO_PASSAGE, b"")).hexdigest()[:12]

    @cached_property
    def prerequisite_arrays(self) -> EdgeArrays:
        """The prerequisite edges as columns."""
        return EdgeArrays.of(self.curriculum.prerequisites, self.vocabulary)

    @cached_property
    def encompassing_arrays(self) -> EdgeArrays:
        """The encompassing edges as columns."""
        return EdgeArrays.of(self.curriculum.encompassings, self.vocabulary)

    @cached_property
    def prerequisites(self) -> nx.DiGraph[ConceptId]:
        """The prerequisite edges as a networkx graph over all concepts; each edge's `weight` is an attribute."""
        return self._networkx(self.curriculum.prerequisites)

    @cached_property
    def encompassings(self) -> nx.DiGraph[ConceptId]:
        """The encompassing edges as a networkx graph over all concepts; each edge's `weight` is an attribute."""
        return self._networkx(self.curriculum.encompassings)

    def _networkx(self, edges: Iterable[Prerequisite | Encompassing]) -> nx.DiGraph[ConceptId]:
        import networkx as nx  # 0.2 s that the first recommendation of a cold start does not need

        graph: nx.DiGraph[ConceptId] = nx.DiGraph()
        graph.add_nodes_from(concept.concept_id for concept in self.concepts)
        graph.add_weighted_edges_from((edge.source_id, edge.target_id, edge.weight) for edge in edges)
        return graph

    def concept(self, concept_id: ConceptId) -> Concept:
        """The concept of this id; `KeyError` if there is none."""
        return self.concepts[self.vocabulary.concept_index[concept_id]]

    def item(self, item_id: ItemId) -> Item:
        """The item of this id; `KeyError` if there is none."""
        return self.items[self.vocabulary.item_index[item_id]]

    def leading_to(self, *goals: ConceptId) -> BoolArray:
        """Which concepts are one of the goals or come, over any number of prerequisites, before one; shape (C,)."""
        if goals in self._leading:
            return self._leading[goals]
        index = self.vocabulary.concept_index
        found = np.zeros(len(self.concepts), dtype=np.bool_)
        waiting = [index[goal] for goal in goals]
        found[waiting] = True
        source = self.prerequisite_arrays.source
        while waiting:
            for edge in self.edges_into(waiting.pop()):
                if not found[source[edge]]:
                    found[source[edge]] = True
                    waiting.append(int(source[edge]))
        found.setflags(write=False)
        if len(self._leading) < GOALS_KEPT:
            self._leading[goals] = found
        return found

    def edges_into(self, concept: int) -> IntArray:
        """Positions of the prerequisite edges whose target is the concept at this position, shape (k,)."""
        return self.edges_by_target.of(concept)

    def edges_from(self, concept: int) -> IntArray:
        """Positions of the prerequisite edges whose source is the concept at this position, shape (k,)."""
        return self.edges_by_source.of(concept)

    @cached_property
    def edges_by_target(self) -> Groups:
        """The prerequisite edges grouped by the concept they lead to."""
        return Groups.by(self.prerequisite_arrays.target, len(self.concepts))

    @cached_property
    def edges_by_source(self) -> Groups:
        """The prerequisite edges grouped by the concept they start from."""
        return Groups.by(self.prerequisite_arrays.source, len(self.concepts))

    @cached_property
    def main_concept(self) -> IntArray:
        """For each item the position of the concept named first (0 for an item without any), shape (I,)."""
        first = np.zeros(len(self.items), dtype=np.int32)
        first[self.tagged] = self.vocabulary.item_concepts[self.vocabulary.item_offsets[:-1][self.tagged]]
        return first

    def main_concept_of(self, item_id: ItemId) -> int | None:
        """The position of the concept that an item names first; `None` for unknown items and those without concepts."""
        item = self.vocabulary.item_index.get(item_id)
        return int(self.main_concept[item]) if item is not None and self.tagged[item] else None

    @cached_property
    def tagged(self) -> BoolArray:
        """Which items name a concept, shape (I,); the others are never recommended."""
        return np.diff(self.vocabulary.item_offsets) > 0

    @cached_property
    def place_within_concept(self) -> FloatArray:
        """How far each item comes among those of its main concept in the author's order, in [0, 1), shape (I,)."""
        return Groups.by(self.main_concept, len(self.concepts)).places()

    @cached_property
    def scored(self) -> BoolArray:
        """Which items are judged, shape (I,)."""
        return np.fromiter((item.scored for item in self.items), np.bool_, len(self.items))

    @cached_property
    def minutes(self) -> FloatArray:
        """How long each item usually takes, shape (I,).

        Where none is given it is the median of the others of its kind, or else 2.
        """
        given = np.asarray([item.minutes or np.nan for item in self.items], dtype=np.float64)
        for kind in {item.kind for item in self.items}:
            of_kind = np.fromiter((item.kind == kind for item in self.items), np.bool_, len(self.items))
            known = given[of_kind & ~np.isnan(given)]
            given[of_kind & np.isnan(given)] = float(np.median(known)) if len(known) else 2.0
        return given

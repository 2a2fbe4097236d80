"""What several checks need of a curriculum, worked out once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from knowledge_graph.order import knots, successors
from knowledge_graph.types import ConceptId, Curriculum, Encompassing, Item, Place, Prerequisite
from knowledge_graph.vocabulary import IntArray

Edge = Prerequisite | Encompassing
_NAMED = 5


@dataclass(frozen=True)
class View:
    """A curriculum with its concepts numbered; edges that name unknown ones have -1 there."""

    curriculum: Curriculum

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """Prerequisites, then encompassings: the order in which `Curriculum.places` counts them."""
        return (*self.curriculum.prerequisites, *self.curriculum.encompassings)

    @cached_property
    def names(self) -> list[ConceptId]:
        """Concept ids by number; of two concepts with one id the first counts."""
        return list(dict.fromkeys(concept.concept_id for concept in self.curriculum.concepts))

    @cached_property
    def index(self) -> dict[ConceptId, int]:
        """Numbers by concept id."""
        return {name: number for number, name in enumerate(self.names)}

    @cached_property
    def ends(self) -> tuple[IntArray, IntArray]:
        """Source and target numbers of all E edges, each of shape (E,); -1 for what is no concept."""
        index, edges = self.index, self.edges
        source = np.asarray([index.get(edge.source_id, -1) for edge in edges], dtype=np.int32)
        target = np.asarray([index.get(edge.target_id, -1) for edge in edges], dtype=np.int32)
        return source, target

    @cached_property
    def after(self) -> list[list[int]]:
        """For every concept those it is a prerequisite of."""
        return self._successors(slice(len(self.curriculum.prerequisites)))

    @cached_property
    def before(self) -> list[list[int]]:
        """For every concept its prerequisites."""
        before: list[list[int]] = [[] for _ in self.after]
        for source, targets in enumerate(self.after):
            for target in targets:
                before[target].append(source)
        return before

    @cached_property
    def practises(self) -> list[list[int]]:
        """For every concept those it encompasses."""
        return self._successors(slice(len(self.curriculum.prerequisites), None))

    @cached_property
    def knotted(self) -> frozenset[int]:
        """Concepts on a circle of prerequisites."""
        return frozenset(node for knot in knots(self.after) for node in knot)

    @cached_property
    def tagged(self) -> frozenset[ConceptId]:
        """Concepts that some item, or a step of one, practises."""
        return frozenset(name for item in self.curriculum.items for name in tags(item))

    @cached_property
    def unpractised(self) -> frozenset[int]:
        """Concepts that no item practises, not even through encompassing edges."""
        reached = reach(self.practises, (self.index[name] for name in self.tagged if name in self.index))
        return frozenset(range(len(self.names))) - reached

    def place(self, kind: str, position: int) -> Place | None:
        """Where this concept, edge, item or course (`position` 0) stood in its file, if that is known."""
        return self.curriculum.places.get((kind, position))

    def _successors(self, part: slice) -> list[list[int]]:
        source, target = (ends[part] for ends in self.ends)
        known = (source >= 0) & (target >= 0)
        return successors(len(self.names), source[known], target[known])


def tags(item: Item) -> Iterable[ConceptId]:
    """The concepts of an item and of its steps, each once."""
    if not item.steps:
        return item.concept_ids
    return dict.fromkeys((*item.concept_ids, *(name for step in item.steps for name in step.concept_ids)))


def reach(after: Sequence[Sequence[int]], starts: Iterable[int]) -> set[int]:
    """These nodes and all that edges lead to from them.

    >>> sorted(reach([[1], [], [0]], [0]))
    [0, 1]
    """
    found = set(starts)
    waiting = list(found)
    while waiting:
        fresh = {target for target in after[waiting.pop()] if target not in found}
        found |= fresh
        waiting.extend(fresh)
    return found


def some(names: Sequence[str]) -> str:
    """The first few of these names, and how many more there are.

    >>> some(["a", "b", "c", "d", "e", "f", "g"])
    '`a`, `b`, `c`, `d`, `e` and 2 more'
    """
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(f"`{name}`" for name in names[:_NAMED]) + more


def also_at(place: Place | None) -> str:
    """Words that point at an earlier place, if it is known."""
    return f", first in {place.path}:{place.line}" if place else ""

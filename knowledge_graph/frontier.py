"""Where a learner stands in the graph: which concepts are ready to be learned, known, faded or still blocked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from knowledge_graph.graph import Groups, KnowledgeGraph
from knowledge_graph.vocabulary import BoolArray, FloatArray, IntArray

Standing = Literal["blocked", "ready", "known", "mastered", "faded"]
STANDINGS: tuple[Standing, ...] = ("blocked", "ready", "known", "mastered", "faded")
BLOCKED, READY, KNOWN, MASTERED, FADED = range(5)

OPEN = 0.5
"""Readiness from which a concept counts as ready."""

STEEPNESS = 6
"""How late a prerequisite lets its target through. With 6 an indispensable one (weight 1) opens at 89 % of the
`known` threshold, and one of weight 0.5 or less never blocks by itself: prerequisites advise, they do not forbid."""


@dataclass(frozen=True, slots=True, eq=False)
class Frontier:
    """The standing of C concepts, each array of shape (C,).

    Attributes:
        readiness: how far the prerequisites let a learner through, in [0, 1]; set by the weakest of them.
        limiting: the position (among the prerequisite edges) of that weakest one, -1 where nothing limits.
        runner_up: what readiness would be if the limiting prerequisite were known.
        gated: whether some prerequisite that counts for more than half is not known: what a gating course holds back.
        standing: codes into `STANDINGS`.
    """

    readiness: FloatArray
    limiting: IntArray
    runner_up: FloatArray
    gated: BoolArray
    standing: IntArray


def frontier(graph: KnowledgeGraph, probability: FloatArray, peak: FloatArray | None = None) -> Frontier:
    """Where a learner stands who knows each concept with this probability.

    Readiness of a concept is the least over its prerequisites of `1 - weight * (1 - openness)` with
    `openness = min(1, probability / known) ** STEEPNESS`: the weakest link decides, as in the outer fringe of
    knowledge space theory (Doignon & Falmagne 1985), but softly.

    Args:
        graph: C concepts and their edges.
        probability: what the learner knows now, shape (C,).
        peak: what the learner knew right after the last practice, shape (C,); without it nothing has faded.
    """
    thresholds = graph.course.thresholds
    edges = graph.prerequisite_arrays
    openness = np.minimum(1.0, probability / thresholds.known) ** STEEPNESS
    passage = 1.0 - edges.weight * (1.0 - openness[edges.source])
    readiness, limiting, runner_up = _two_least(passage, graph.edges_by_target)
    gated = np.zeros(len(probability), dtype=np.bool_)
    gated[edges.target[(edges.weight > 0.5) & (probability[edges.source] < thresholds.known)]] = True
    standing = np.where(gated if graph.course.gating else readiness < OPEN, BLOCKED, READY)
    if peak is not None:
        standing[(peak >= thresholds.known) & (probability < thresholds.review)] = FADED
    standing[probability >= thresholds.known] = KNOWN
    standing[probability >= thresholds.mastered] = MASTERED
    return Frontier(readiness, limiting, runner_up, gated, standing.astype(np.int32))


def _two_least(values: FloatArray, groups: Groups) -> tuple[FloatArray, IntArray, FloatArray]:
    """For each group its least value, where that stands, and the least of the others (1 and -1 where there is none).

    >>> groups = Groups.by(np.array([0, 0, 1], dtype=np.int32), 3)
    >>> _two_least(np.array([0.5, 0.2, 0.9]), groups)
    (array([0.2, 0.9, 1. ]), array([ 1,  2, -1], dtype=int32), array([0.5, 1. , 1. ]))
    """
    size = len(groups.offsets) - 1
    least, second, where = np.ones(size), np.ones(size), np.full(size, -1, dtype=np.int32)
    if len(values) == 0:
        return least, where, second
    filled, starts = groups.filled, groups.offsets[groups.filled]
    ordered = values[groups.order]
    least[filled] = np.minimum.reduceat(ordered, starts)
    is_least = ordered == np.repeat(least[filled], np.diff(groups.offsets)[filled])
    places = np.flatnonzero(is_least)
    first = places[np.searchsorted(places, starts)]
    where[filled] = groups.order[first]
    ordered[first] = 1.0
    second[filled] = np.minimum.reduceat(ordered, starts)
    return least, where, second

"""Placing items that no learner has answered, up to a whole new course: by what they say, their concepts and the graph.

An item without responses whose concepts the fit knows is as hard as

    share * what its text says + (1 - share) * what the fitted items of its concepts say,

where `share`, and how far off both are together, were measured on items left out (`_cold.Transfer`). Where the concepts
are new it is as hard as its text says, if texts told of concepts left out whole, and else as a usual item; and

    DECLARED * logit of the difficulty that its author declares + DEPTH * depth of its concepts among the prerequisites

is added, each about the course's own mean; the former not where a text is read, which has counted it already.
Items with responses stay as they are, and so do beliefs about concepts that the fit knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knowledge_graph.order import successors, topological
from knowledge_graph.types import Item, ItemKind
from knowledge_graph.vocabulary import BoolArray, FloatArray, IntArray
from student_model.placement import CONCEPT, GRAPH, PRIOR, RESPONSES, TEXT, Encoder, Placement
from student_model.placement import DECLARED as BY_AUTHOR
from student_model.tracing._cold import Cold, Transfer, among

if TYPE_CHECKING:
    from knowledge_graph.graph import KnowledgeGraph
    from student_model.tracing.statespace import StateSpace

DECLARED, DEPTH = 0.5, 0.4
"""Logits by which an item is harder for each logit of the share of learners that its author expects to fail, and from
concepts that need nothing to the deepest ones. Both are small beside the spread of items (1 to 1.5 logits): authors are
half right at best, and a course that is well made asks little more of those who come to its end."""

FAR = 2.2
"""Logits up to which a declared difficulty counts: from .1 to .9."""

MEANING = 5.0
"""Weight of meanings beside other features, whose spread is 1."""

KINDS: tuple[ItemKind, ...] = ("choice", "numeric", "expression", "text", "steps")


class Places(NamedTuple):
    """Difficulties of items and how unsure they are (squared logits), each (I,), what is usual for concepts, (C,), and
    what is known of where these come from.
    """

    difficulty: FloatArray
    variance: FloatArray
    concept_difficulty: FloatArray
    cold: Cold


def placed(graph: KnowledgeGraph, bound: StateSpace, encoder: Encoder | None) -> dict[str, Any]:
    """What of a belief model over a course is other where its new items are placed; again, nothing more is."""
    own = Places(bound.difficulty, bound.difficulty_variance, bound.concept_difficulty, bound.cold)
    found = place(graph, own, encoder)
    new = found.cold.placement.codes != RESPONSES
    return {
        "difficulty": found.difficulty,
        "difficulty_variance": found.variance,
        "expected_difficulty": np.where(new, found.difficulty, bound.expected_difficulty),
        "expected_variance": np.where(new, found.variance, bound.expected_variance),
        "concept_difficulty": found.concept_difficulty,
        "cold": found.cold,
    }


def place(graph: KnowledgeGraph, bound: Places, encoder: Encoder | None) -> Places:
    """The items of a course where those that are new to the model are placed."""
    codes, model = bound.cold.placement.codes, bound.cold.transfer
    free, known = np.isin(codes, (CONCEPT, PRIOR)), among(graph.vocabulary, bound.cold.taught)
    asked = [n for n in np.flatnonzero(free & graph.scored).tolist() if graph.items[n].text]
    strange = model is not None and encoder is not None and bool(asked) and not model.reads_as(encoder)
    told = None if strange else _told(graph, model, asked, encoder)
    read = _by_text(bound, told, known)
    above = _by_graph(graph, np.asarray(free & ~known), read)
    found = np.where(above.codes >= 0, above.codes, np.where(read.by, TEXT, codes)).astype(np.int8)
    version = encoder.version if encoder is not None and read.by.any() else bound.cold.placement.encoder
    unread = model.base if strange and model is not None else None
    placement = Placement(found, above.deep or bound.cold.placement.deep, version, unread)
    difficulty = read.difficulty + above.difficulty
    usual = _usual(graph, bound, difficulty, np.asarray(read.by & ~known))
    return Places(difficulty, read.variance, usual, Cold(placement, bound.cold.taught, model))


class _Read(NamedTuple):
    """Difficulties and variances, and which items were placed by what they say; each (I,)."""

    difficulty: FloatArray
    variance: FloatArray
    by: BoolArray


def _by_text(bound: Places, told: FloatArray | None, known: BoolArray) -> _Read:
    """With what texts tell of some items, (I,), beside what their concepts tell where those are `known`."""
    model = bound.cold.transfer
    if told is None or model is None:
        return _Read(bound.difficulty, bound.variance, np.zeros(len(known), dtype=np.bool_))
    by = np.asarray(~np.isnan(told) & np.where(known, model.share > 0.0, np.isfinite(model.apart)))
    share = np.where(known, model.share, 1.0)
    joined = share * told + (1.0 - share) * bound.difficulty
    off = np.where(known, model.joint, model.apart)
    return _Read(np.where(by, joined, bound.difficulty), np.where(by, off, bound.variance), by)


class _Above(NamedTuple):
    """By how much items are harder, and what that is by (-1 for nothing), each (I,); whether depth counts for any."""

    difficulty: FloatArray
    codes: NDArray[np.int64]
    deep: bool


def _by_graph(graph: KnowledgeGraph, rest: BoolArray, read: _Read) -> _Above:
    """What their author and the graph say of the items whose concepts are new."""
    if not rest.any():
        return _Above(np.zeros(len(rest)), np.full(len(rest), -1), False)
    declared, depth = declared_above(graph), depth_above(graph)
    by_author, deep = rest & ~read.by & ~np.isnan(declared), bool(depth.any())
    above = np.where(by_author, DECLARED * np.nan_to_num(declared), 0.0) + np.where(rest, DEPTH * depth, 0.0)
    codes = np.where(by_author, BY_AUTHOR, np.where(rest & ~read.by & deep, GRAPH, -1))
    return _Above(above, codes, deep)


def _usual(graph: KnowledgeGraph, bound: Places, difficulty: FloatArray, new: BoolArray) -> FloatArray:
    """What is usual for concepts: where texts have placed items of new ones, the mean of these, so that beliefs are
    about such items; (C,).
    """
    words = graph.vocabulary
    own = new[words.item_row]
    concept, values = words.item_concepts[own], difficulty[words.item_row[own]]
    count = np.bincount(concept, minlength=len(words.concepts))
    total = np.bincount(concept, values, len(words.concepts))
    return np.where((count > 0) & ~bound.cold.taught, total / np.maximum(count, 1), bound.concept_difficulty)


def _told(
    graph: KnowledgeGraph, model: Transfer | None, places: Sequence[int], encoder: Encoder | None
) -> FloatArray | None:
    """What texts say of the items at these places, (I,), NaN for others; `None` where nothing can be read."""
    if model is None or encoder is None or not places:
        return None
    some = [graph.items[n] for n in places]
    meaning, answer = encoder.embed(texts_of(graph, some)), encoder.embed([answer_of(one) for one in some])
    form = np.array([form_of(one) for one in some])
    told = np.full(len(graph.items), np.nan)
    told[places] = model.told(shared(meaning, answer, (form - model.form[0]) / model.form[1]))
    return told


def texts_of(graph: KnowledgeGraph, items: Sequence[Item]) -> list[str]:
    """What items say: their text and choices, and what they are about."""
    about = {one.concept_id: ". ".join(filter(None, (one.title, one.description))) for one in graph.curriculum.concepts}
    return ["\n".join((one.text, *one.choices, *(about[c] for c in one.concept_ids))) for one in items]


def answer_of(item: Item) -> str:
    """What is right, in words."""
    return item.answer or next(iter(item.reference_answers), "")


def form_of(item: Item) -> list[float]:
    """How an item is made: its kind, lengths, counts and declared difficulty, (K,)."""
    kinds = [float(item.kind == kind) for kind in KINDS]
    lengths = np.log1p([len(item.text), sum(map(len, item.choices)), len(item.explanation)]).tolist()
    counts = [len(item.choices), len(item.hints), item.text.count("\n"), len(item.media), len(item.steps)]
    declared = 0.5 if item.difficulty is None else item.difficulty
    return [*kinds, *lengths, *map(float, counts), declared]


def shared(meaning: NDArray[np.float32], answer: NDArray[np.float32], form: FloatArray) -> FloatArray:
    """The features that any item has, (n, F), from meanings (n, d) and from form in standard units (n, K)."""
    return np.concatenate((MEANING * meaning, MEANING * answer, form), axis=1).astype(np.float64)


def declared_above(graph: KnowledgeGraph) -> FloatArray:
    """How far above the course's mean each item's declared difficulty is, in logits, (I,); NaN where none is."""
    share = np.array([np.nan if one.difficulty is None else one.difficulty for one in graph.items], dtype=np.float64)
    least = 1.0 / (1.0 + np.exp(FAR))
    bounded = np.clip(share, least, 1.0 - least)
    logit = np.log(bounded / (1.0 - bounded))
    known = logit[graph.scored & ~np.isnan(logit)]
    return np.asarray(logit - (known.mean() if len(known) else 0.0))


def depth_above(graph: KnowledgeGraph) -> FloatArray:
    """How deep each item's concepts are among the prerequisites, the deepest being 1, about the course's mean, (I,)."""
    depth = graph.vocabulary.mean_over_concepts(depths(len(graph.concepts), *_ends(graph)))
    return depth - (depth[graph.scored].mean() if graph.scored.any() else 0.0)


def _ends(graph: KnowledgeGraph) -> tuple[IntArray, IntArray]:
    return graph.prerequisite_arrays.source, graph.prerequisite_arrays.target


def depths(count: int, source: IntArray, target: IntArray) -> FloatArray:
    """How many prerequisites lead to each concept one after the other, as a share of the most, (C,).

    >>> depths(4, np.array([0, 1, 0], dtype=np.int32), np.array([1, 2, 2], dtype=np.int32)).tolist()
    [0.0, 0.5, 1.0, 0.0]
    """
    after, longest = successors(count, source, target), [0] * count
    for concept in topological(after):
        for later in after[concept]:
            longest[later] = max(longest[later], longest[concept] + 1)
    return np.array(longest) / max(*longest, 1) if count else np.zeros(0)

"""What the text of an item tells of its difficulty, for items that nobody, or hardly anybody, has answered yet.

A ridge regression of the difficulties that were fitted, on what each item says (its text and choices, and its answer,
through the encoder), how it is made (kind, length, choices, hints), its concepts and where in the course it stands. An
item is put where its own responses and this expectation together have it; with hundreds of responses the text no longer
counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.vocabulary import FloatArray, Vocabulary
from student_model.encoder.base import EncoderMissing, called, load, text_vectors
from student_model.tracing import Context
from student_model.tracing._cold import PROBE
from student_model.tracing._drift_fit import Estimates, told_of
from student_model.tracing._placing import answer_of, form_of, shared, texts_of
from student_model.tracing.statespace import ITEM_PULL, StateSpace

FEWEST = 20
"""Items with responses and a text that a regression needs."""

RIDGES = np.logspace(-1.0, 4.0, 26)
"""Penalties to choose from by the evidence for each (MacKay, "Bayesian interpolation", Neural Computation 1992).
Leaving out one item at a time chose far too small ones on DBE-KT22, where some items are nearly the same."""

TAGS, PLACE = 2.0, 4.0
"""Weights of concepts and of the place in the course beside other features, whose spread is 1."""

STRETCHES = (0.05, 0.15)
"""Shares of a course within which items are near each other, at least `NEAR` items for the first."""

NEAR = 10.0

PARTS = 32
"""Numbers that networks get of a meaning."""


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What is known of each item without any response, and what read it.

    Attributes:
        values: (I, F), NaN for items the course does not have; first the meanings of text and answer, `width` numbers
            each, as many as the encoder gives.
        probe: how the encoder reads `PROBE`, (width,). `base`: what it is called.
    """

    values: FloatArray
    width: int
    probe: FloatArray
    base: str


@dataclass(frozen=True, slots=True, eq=False)
class Expectation:
    """Difficulties expected of all items (I,), how far off they are (squared logits), and which share of their spread
    they explain when an item is left out.
    """

    difficulty: FloatArray
    variance: float
    explained: float


def told_of_items(words: Vocabulary, context: Context) -> Features | None:
    """`item_features` of the course in the context; `None` where it has no texts, or nothing here can read them.

    Raises:
        EncoderMissing: the context names an encoder, and there is none.
    """
    graph = context.graph
    if graph is None or not any(item.text for item in graph.curriculum.items):
        return None
    try:
        return item_features(graph, words, context)
    except EncoderMissing as missing:
        if context.encoder is not None:
            raise
        context.tell(f"going on without texts: {missing}")
        return None


def informed(belief: StateSpace, features: FloatArray | None, context: Context) -> StateSpace:
    """The belief model with difficulties that `told_of_items` informs; the same where that tells nothing."""
    if features is None:
        return belief
    told = expected(belief, features)
    if told is None:
        context.tell("the texts of items tell nothing of their difficulty here")
        return belief
    context.tell(f"texts explain {told.explained:.0%} of what items differ in difficulty")
    estimate, information = belief.estimates()
    there = np.asarray(~np.isnan(features).any(axis=1))
    left = told_of(belief.vocabulary.items, Estimates(estimate - told.difficulty, np.where(there, information, 0.0)))
    beyond = left.drift.shared > 0.0  # what texts leave unexplained, ids may tell
    expectation = np.where(there, told.difficulty + left.mean, belief.expected_difficulty)
    variance = np.where(there, left.variance if beyond else told.variance, belief.expected_variance)
    pull = 1.0 / variance
    return replace(
        belief,
        difficulty=(information * estimate + pull * expectation) / (information + pull),
        difficulty_variance=1.0 / (information + pull),
        expected_difficulty=expectation,
        expected_variance=variance,
        cold=belief.cold.read(there),
    )


def meanings(features: Features | None, items: int) -> NDArray[np.float32]:
    """What items mean in few numbers: the `PARTS` main components of their meanings, of unit spread; (I, PARTS).

    Items that the course does not have are nought, and without any texts the width is 0.
    """
    if features is None:
        return np.zeros((items, 0), dtype=np.float32)
    meaning = features.values[:, : features.width]
    there = ~np.isnan(meaning).any(axis=1)
    own = meaning[there] - meaning[there].mean(axis=0)
    left, size, _ = np.linalg.svd(own, full_matrices=False)
    parts = np.zeros((items, min(PARTS, len(size))), dtype=np.float32)
    parts[there] = (left * size)[:, : parts.shape[1]] / (size[0] / np.sqrt(len(own)) + 1e-9)
    return parts


def item_features(graph: KnowledgeGraph, words: Vocabulary, context: Context) -> Features:
    """What is known of each item of a vocabulary, as far as the course has it.

    Raises:
        EncoderMissing: the encoder is not here.
    """
    items = [(words.item_index[one.item_id], one) for one in graph.curriculum.items if one.item_id in words.item_index]
    place = [n for n, _ in items]
    base = load(context.encoder)
    meaning = text_vectors(base, texts_of(graph, [one for _, one in items]), context.tell)
    answer = text_vectors(base, [answer_of(one) for _, one in items], context.tell)
    form = np.array([form_of(one) for _, one in items])
    form = (form - form.mean(axis=0)) / (form.std(axis=0) + 1e-9)
    tags = np.zeros((len(items), len(words.concepts)))
    for row, n in enumerate(place):
        own = words.concepts_of(n)
        tags[row, own] = 1.0 / max(len(own), 1)
    known = np.concatenate((shared(meaning, answer, form), TAGS * tags, PLACE * _places(len(items))), axis=1)
    values = np.full((len(words.items), known.shape[1]), np.nan)
    values[place] = known
    probe = text_vectors(base, [PROBE])[0].astype(np.float64)
    return Features(values, base.width, probe, called(context.encoder))


def _places(items: int) -> FloatArray:
    """Where each of a course's items stands, as bumps along its order, (items, n): products tell how near two are."""
    bumps = []
    for share in STRETCHES:
        width = max(share * items, NEAR * share / STRETCHES[0])
        centres = np.arange(0.0, items + width, width / 2.0)
        near = np.exp(-0.5 * ((np.arange(items)[:, None] - centres) / width) ** 2)
        bumps.append(near / np.linalg.norm(near, axis=1, keepdims=True))
    return np.concatenate(bumps, axis=1)


def expected(belief: StateSpace, features: FloatArray) -> Expectation | None:
    """What the features tell of difficulties; `None` if it is no better than one difficulty for all."""
    _, information = belief.estimates()
    there = ~np.isnan(features).any(axis=1)
    taught = there & (information > ITEM_PULL)
    if taught.sum() < FEWEST:
        return None
    x, y = features[taught], belief.difficulty[taught]
    centre, level = x.mean(axis=0), float(y.mean())
    axes, size, _ = np.linalg.svd(x - centre, full_matrices=False)
    spectrum = Spectrum(axes, size**2)
    ridge = max(RIDGES.tolist(), key=lambda one: spectrum.evidence(y - level, one))
    error = spectrum.left_out(y - level, ridge)
    if error >= float(y.var()):
        return None
    difficulty = belief.expected_difficulty.copy()
    weights = (x - centre).T @ spectrum.solved(y - level, ridge)
    difficulty[there] = level + (features[there] - centre) @ weights
    return Expectation(difficulty, error, 1.0 - error / float(y.var()))


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """The products of n items' features with each other, as `axes` (n, k) and their `sizes` (k,): worked out once for
    all penalties.
    """

    axes: FloatArray
    sizes: FloatArray

    def solved(self, y: FloatArray, ridge: float) -> FloatArray:
        """(products + ridge I)^-1 y, shape (n,)."""
        along = self.axes.T @ y
        return np.asarray(self.axes @ (along / (self.sizes + ridge)) + (y - self.axes @ along) / ridge)

    def evidence(self, y: FloatArray, ridge: float) -> float:
        """The log probability of y under a ridge regression, at the best level of noise, up to a constant."""
        whole = 0.5 * float(np.log1p(self.sizes / ridge).sum())
        return -whole - 0.5 * len(y) * float(np.log(ridge * (y @ self.solved(y, ridge)) + 1e-300))

    def left_out(self, y: FloatArray, ridge: float) -> float:
        """The mean squared error when each item in turn is left out (Allen's PRESS, 1974)."""
        diagonal = (self.axes**2) @ (1.0 / (self.sizes + ridge) - 1.0 / ridge) + 1.0 / ridge
        return float(np.mean((self.solved(y, ridge) / diagonal) ** 2))

"""Fitting what texts tell of items: of those of the course, and, kept in the model, of any that come later."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.vocabulary import FloatArray
from student_model.tracing import Context
from student_model.tracing._cold import Transfer
from student_model.tracing._placing import form_of
from student_model.tracing._texts import FEWEST, RIDGES, Features, Spectrum, informed
from student_model.tracing.statespace import ITEM_PULL, StateSpace

WORTH = 0.01
"""Share of the spread of difficulties below which texts tell nothing: it is chance, not law."""


def read_into(belief: StateSpace, features: Features | None, context: Context) -> StateSpace:
    """The belief model with what `told_of_items` tells of its own items, and what of it goes for items to come."""
    better = informed(belief, None if features is None else features.values, context)
    graph = context.graph
    if features is None or graph is None:
        return better
    found = transfer(belief, features, graph)
    if found is None:
        context.tell("texts tell nothing of the difficulty of items to come")
        return better
    context.tell(f"of items to come texts will explain {found.explained:.0%}, at a share of {found.share:.0%}")
    return replace(better, cold=replace(better.cold, transfer=found))


def transfer(belief: StateSpace, features: Features, graph: KnowledgeGraph) -> Transfer | None:
    """What the items with responses tell of any; `None` where one difficulty for all is as good, or they are few."""
    words, values, (_, information) = belief.vocabulary, features.values, belief.estimates()
    rows = np.flatnonzero(~np.isnan(values).any(axis=1) & (information > ITEM_PULL))
    if len(rows) < FEWEST:
        return None
    form = np.array([form_of(one) for one in graph.items if one.item_id in words.item_index])
    wide = 2 * features.width + form.shape[1]
    y = belief.difficulty[rows]
    level, spread = float(y.mean()), float(y.var())
    x = values[rows, :wide]
    found = _Ridge(x, y)
    told, usual = found.left_out(), _Ridge(values[rows, wide : wide + len(words.concepts)], y).left_out()
    error, apart = float(np.mean(told**2)), float(np.mean(found.left_out(_mains(belief, rows)) ** 2))
    share, joint = shared_by(told, usual)
    few = (1.0 - WORTH) * spread
    if error >= few or (share == 0.0 and apart >= few):
        return None
    return Transfer(
        weights=found.weights(),
        centre=x.mean(axis=0),
        form=np.stack((form.mean(axis=0), form.std(axis=0) + 1e-9)),
        probe=features.probe,
        level=level,
        share=share,
        joint=joint,
        apart=apart if apart < few else np.inf,
        explained=1.0 - error / spread,
        base=features.base,
    )


def shared_by(one: FloatArray, other: FloatArray) -> tuple[float, float]:
    """The share in [0, 1] of one of two guesses that makes their mean best, from how far off each was (n,), and how far
    off that mean is; squared. Guesses that err alike are not counted twice.
    """
    gap = float(np.mean((one - other) ** 2))
    share = float(np.clip(np.mean((other - one) * other) / gap, 0.0, 1.0)) if gap > 0.0 else 0.0
    return share, float(np.mean((share * one + (1.0 - share) * other) ** 2))


def _mains(belief: StateSpace, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first concept of the items at these positions, (n,); what has none is in a group of its own."""
    words = belief.vocabulary
    return np.array([next(iter(words.concepts_of(n).tolist()), -1 - n) for n in rows.tolist()])


class _Ridge:
    """A ridge regression of y (n,) on x (n, F), about both means, at the penalty that the evidence is best for."""

    def __init__(self, x: FloatArray, y: FloatArray) -> None:
        self._x, self._y = x - x.mean(axis=0), y - y.mean()
        axes, size, _ = np.linalg.svd(self._x, full_matrices=False)
        self._spectrum = Spectrum(axes, size**2)
        self._ridge = max(RIDGES.tolist(), key=lambda one: self._spectrum.evidence(self._y, one))

    def weights(self) -> FloatArray:
        """Of the features, (F,)."""
        return np.asarray(self._x.T @ self._spectrum.solved(self._y, self._ridge))

    def left_out(self, groups: NDArray[np.int64] | None = None) -> FloatArray:
        """How far off each is when its group (n,) is left out, or it alone; (n,)."""
        solved, found = self._spectrum.solved(self._y, self._ridge), np.empty(len(self._y))
        named = np.arange(len(self._y)) if groups is None else groups
        scale = 1.0 / (self._spectrum.sizes + self._ridge) - 1.0 / self._ridge
        for group in np.unique(named):
            own = named == group
            axes = self._spectrum.axes[own]
            block = (axes * scale) @ axes.T + np.eye(len(axes)) / self._ridge
            found[own] = np.linalg.solve(block, solved[own])
        return found

"""Drawing an item with exactly known propensity: mostly the best, sometimes one of the next best."""

from __future__ import annotations

import numpy as np

from knowledge_graph.vocabulary import BoolArray, FloatArray

NEAR = 0.6
"""Only items worth at least this share of the best are drawn in its stead: exploring must not cost the learner much."""
SHORTLIST = 5
"""How many of the next best share the exploring draws."""


def chances(scores: FloatArray, open_: BoolArray, exploration: float) -> FloatArray:
    """The probability with which each item is drawn, shape (n,); they sum to 1 if any item is open.

    The best (ties share alike) get `1 - exploration`; the rest goes in equal parts to the next best of those worth
    at least `NEAR` of the best. Where there are none, the best get all.

    >>> chances(np.array([1.0, 0.9, 0.1]), np.array([True, True, True]), 0.1).tolist()
    [0.9, 0.1, 0.0]
    """
    drawn = np.zeros(len(scores))
    if not open_.any():
        return drawn
    best = scores[open_].max()
    top = open_ & (scores == best)
    near = (
        np.flatnonzero(open_ & ~top & (scores >= NEAR * best)) if exploration > 0 and best > 0 else np.empty(0, np.intp)
    )
    near = near[np.argsort(-scores[near], kind="stable")[:SHORTLIST]]
    share = exploration if len(near) else 0.0
    drawn[near] = share / max(len(near), 1)
    drawn[top] = (1.0 - share) / np.count_nonzero(top)
    return drawn


def draw(chance: FloatArray, rng: np.random.Generator) -> int:
    """One place drawn with these chances; they must sum to 1. Uses one number of the generator."""
    support = np.flatnonzero(chance)
    bound = np.cumsum(chance[support])
    place = int(np.searchsorted(bound, rng.random() * bound[-1], side="right"))
    return int(support[min(place, len(support) - 1)])


def take(
    scores: FloatArray, durations: FloatArray, count: int, minutes: float, exploration: float, rng: np.random.Generator
) -> tuple[list[tuple[int, float]], FloatArray]:
    """Draw up to `count` items that fit into the time together: the place of each with its propensity at its turn.

    The second result are the chances of the first draw, shape (n,).

    Args:
        scores: the worth of each item, shape (n,). `durations`: the minutes each takes, shape (n,).
        minutes: the time at hand, perhaps infinite. `exploration`: the share of draws that go to the next best.
    """
    chosen: list[tuple[int, float]] = []
    open_ = durations <= minutes
    first = chance = chances(scores, open_, exploration)
    while len(chosen) < count and open_.any():
        place = draw(chance, rng)
        chosen.append((place, float(chance[place])))
        minutes -= float(durations[place])
        open_[place] = False
        open_ &= durations <= minutes + 1e-9  # a sum of minutes may miss the limit by a rounding
        chance = chances(scores, open_, exploration)
    return chosen, first

"""Drawing an item with exactly known propensity: mostly the best, sometimes one of the next best."""

from __future__ import annotations

import numpy as np

from knowledge_graph.vocabulary import FloatArray

NEAR = 0.6
"""Only items worth at least this share of the best are drawn in its stead: exploring must not cost the learner much."""
SHORTLIST = 5
"""How many of the next best share the exploring draws."""


def chances(worth: FloatArray, exploration: float) -> FloatArray:
    """The probability with which each item is drawn, shape (I,); they sum to 1 if any item is open.

    The best (ties share alike) get `1 - exploration`; the rest goes in equal parts to the next best of those worth
    at least `NEAR` of the best. Where there are none, the best get all.

    Args:
        worth: of each item, shape (I,); minus infinity for what is not open.

    >>> chances(np.array([1.0, 0.9, 0.1, -np.inf]), 0.1).tolist()
    [0.9, 0.1, 0.0, 0.0]
    """
    drawn = np.zeros(len(worth))
    best = float(worth.max(initial=-np.inf))
    if best == -np.inf:
        return drawn
    near = np.flatnonzero(worth >= (NEAR * best if exploration > 0 and best > 0 else best))
    is_top = worth[near] == best
    top, others = near[is_top], near[~is_top]
    others = others[np.argsort(-worth[others], kind="stable")[:SHORTLIST]]
    share = exploration if len(others) else 0.0
    drawn[others] = share / max(len(others), 1)
    drawn[top] = (1.0 - share) / len(top)
    return drawn


def draw(chance: FloatArray, rng: np.random.Generator) -> int:
    """One place drawn with these chances; they must sum to 1. Uses one number of the generator."""
    support = np.flatnonzero(chance)
    bound = np.cumsum(chance[support])
    place = int(np.searchsorted(bound, rng.random() * bound[-1], side="right"))
    return int(support[min(place, len(support) - 1)])


def take(
    worth: FloatArray, durations: FloatArray, count: int, minutes: float, exploration: float, rng: np.random.Generator
) -> tuple[list[tuple[int, float]], FloatArray]:
    """Draw up to `count` items that fit into the time together: each one's position, and its propensity at its turn.

    The second result are the chances of the first draw, shape (I,).

    Args:
        worth: of each item, shape (I,); minus infinity for what must not be drawn. `durations`: minutes of each.
        minutes: the time at hand, perhaps infinite. `exploration`: the share of draws that go to the next best.
    """
    chosen: list[tuple[int, float]] = []
    left = np.where(durations <= minutes, worth, -np.inf) if np.isfinite(minutes) else worth.copy()
    first = chance = chances(left, exploration)
    while chance.any():
        item = draw(chance, rng)
        chosen.append((item, float(chance[item])))
        if len(chosen) == count:
            break
        minutes -= float(durations[item])
        left[item] = -np.inf
        left[durations > minutes + 1e-9] = -np.inf  # a sum of minutes may miss the limit by a rounding
        chance = chances(left, exploration)
    return chosen, first

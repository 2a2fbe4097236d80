"""What an item's id tells of its difficulty: items whose ids follow each other were often written together.

In the natural order of ids ("q9" before "q10"), what an item's difficulty is above its concepts' is taken for the sum
of a part that drifts from item to item, and a part of its own:

    cov(drift_i, drift_j) = shared exp(-|i - j| / reach),        own_i ~ N(0, own)

(an Ornstein-Uhlenbeck process; Rasmussen & Williams, "Gaussian processes for machine learning", 2006, appendix B.2.1).
`_drift_fit` finds the three numbers; where ids tell nothing, `shared` is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from knowledge_graph.vocabulary import FloatArray, natural_order


class Drift(NamedTuple):
    """Variances, in squared logits, of items' own parts and of what they share, and its reach, in items."""

    own: float
    shared: float
    reach: float

    def in_words(self) -> str:
        """For people who wait for a fit."""
        if not self.shared:
            return "the order of ids tells nothing of difficulty"
        return f"the order of ids tells of difficulty: items are alike up to some {self.reach:.0f} ids apart"


NONE = Drift(own=2.0 / 3.0, shared=0.0, reach=1.0)
"""Before any data: items are like their concepts, and their neighbours tell nothing more."""


def between(known: Sequence[str], values: FloatArray, drift: Drift, ids: Sequence[str]) -> FloatArray:
    """What is expected of ids, (n,) or (n, K): the values of known ones, (k,) or (k, K), and for others what those next
    to them on both sides in natural order tell; 0 without a drift.

    >>> between(["q1", "q9"], np.array([1.0, -1.0]), Drift(0.5, 0.2, 10.0), ["q9", "q5", "q20"]).round(2).tolist()
    [-1.0, 0.0, -0.9]
    """
    keeps = np.exp(-1.0 / drift.reach) if drift.shared else 0.0
    own = set(known)
    everybody = [*known, *(one for one in ids if one not in own)]
    order, count = natural_order(everybody), len(everybody)
    place, there = np.arange(count), order < len(known)
    left = np.maximum.accumulate(np.where(there, place, -1))
    right = np.minimum.accumulate(np.where(there, place, count)[::-1])[::-1]
    # How much each side tells after so many items; what both tell is counted once.
    before = np.where(left < 0, 0.0, keeps ** (place - left))
    after = np.where(right == count, 0.0, keeps ** (right - place))
    whole = np.maximum(1.0 - before**2 * after**2, 1e-12)
    shares = (
        np.where(there, 1.0, before * (1.0 - after**2) / whole),
        np.where(there, 0.0, after * (1.0 - before**2) / whole),
    )
    at = np.zeros((count + 1, *values.shape[1:]))
    at[:-1][there] = values[order[there]]
    told = np.empty_like(at[:-1])
    told[order] = (shares[0] * at[left].T + shares[1] * at[right].T).T
    index = {one: n for n, one in enumerate(everybody)}
    return np.asarray(told[[index[one] for one in ids]])

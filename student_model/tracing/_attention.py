"""Attention over a learner's last responses, in NumPy alone: what the attentive model serves.

Each response x_t gives a query, a key and a value for each of K heads. A state is

    h_t = tanh(x_t @ skip + bias + [heads] @ out)
    head = sum over s <= t of softmax(q_t . k_s / sqrt(H / K) - slope (t - s)) v_s

The bias that grows with distance (Press, Smith & Lewis, "Train short, test long", ICLR 2022) stands in place of
positions: a model trained on short sequences reads long ones. Keys and values are kept, so that a response costs one
row of this, whatever came before; only the last `WINDOW` are looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from student_model.tracing._sequences import Floats

WINDOW = 200
"""Responses that are looked back on."""

HEADS = 4
"""Parts of a state that each look back in their own way."""


def slopes() -> Floats:
    """How fast each head's view fades, shape (K,).

    >>> slopes().tolist()
    [0.25, 0.0625, 0.015625, 0.00390625]
    """
    return np.float32(2.0) ** (-8.0 / HEADS * np.arange(1, HEADS + 1, dtype=np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """The weights: `query` and `skip` are of shape (X, H), `key_value` (X, 2 H), `out` (H, H), `bias` (H,)."""

    query: Floats
    key_value: Floats
    skip: Floats
    out: Floats
    bias: Floats

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of them by name, as `of` reads them."""
        return {f"heads_{one.name}": getattr(self, one.name) for one in fields(self)}

    @classmethod
    def of(cls, arrays: dict[str, NDArray[Any]]) -> Heads:
        """What `arrays` gave."""
        return cls(*(arrays[f"heads_{one.name}"] for one in fields(cls)))

    @classmethod
    def none(cls, width: int) -> Heads:
        """Heads that look at nothing."""
        flat, wide = (width, HEADS), (width, 2 * HEADS)
        shapes = (flat, wide, flat, (HEADS, HEADS), (HEADS,))
        return cls(*(np.zeros(shape, dtype=np.float32) for shape in shapes))

    def step(self, kept: Floats, x: Floats) -> tuple[Floats, Floats]:
        """The keys and values with those of x (X,), the last `WINDOW` of them, and the state after it, shape (H,)."""
        kept = np.concatenate((kept, (x @ self.key_value)[None]))[-WINDOW:]
        return kept, self._state(x[None], kept, np.arange(len(kept))[None] - (len(kept) - 1))[0]

    def states(self, x: Floats) -> Floats:
        """The state after each of T responses (T, X), shape (T, H); the same as `step` by `step`."""
        kept, found = x @ self.key_value, np.empty((len(x), len(self.bias)), dtype=np.float32)
        for begin in range(0, len(x), WINDOW):
            end, first = min(begin + WINDOW, len(x)), max(0, begin - WINDOW + 1)
            behind = np.arange(first, end)[None] - np.arange(begin, end)[:, None]
            found[begin:end] = self._state(x[begin:end], kept[first:end], behind)
        return found

    def _state(self, x: Floats, kept: Floats, behind: NDArray[np.int64]) -> Floats:
        """States of n responses that see m keys and values; `behind` (n, m) is 0 for itself, -1 for the one before."""
        wide = len(self.bias) // HEADS
        query = (x @ self.query).reshape(len(x), HEADS, wide).transpose(1, 0, 2)
        key, value = kept.reshape(len(kept), 2, HEADS, wide).transpose(1, 2, 0, 3)
        fit = query @ key.transpose(0, 2, 1) / np.float32(np.sqrt(wide)) + slopes()[:, None, None] * behind
        fit = np.where((behind <= 0) & (behind > -WINDOW), fit, np.float32(-np.inf))
        weight = np.exp(fit - fit.max(axis=2, keepdims=True))
        weight /= weight.sum(axis=2, keepdims=True)
        seen = (weight.astype(np.float32) @ value).transpose(1, 0, 2).reshape(len(x), -1)
        return np.asarray(np.tanh(x @ self.skip + self.bias + seen @ self.out), dtype=np.float32)

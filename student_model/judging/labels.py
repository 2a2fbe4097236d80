"""What the labels of answers in words are worth, and which of them mean right: one rule for graders and teachers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Literal

Standing = Literal["correct", "partial", "incorrect"]

WORTH = {
    "correct": 1.0, "right": 1.0, "true": 1.0, "yes": 1.0, "accurate": 1.0, "complete": 1.0, "pass": 1.0,
    "correct_but_incomplete": 0.5, "partially_correct_incomplete": 0.5, "partially_correct": 0.5, "partial": 0.5,
    "incomplete": 0.5, "half_right": 0.5,
}  # fmt: skip
"""Share of full marks by label; any other label is worth nothing."""
THREE: Mapping[str, float] = {"correct": 1.0, "partial": 0.5, "incorrect": 0.0}
"""The labels where a grader has none of its own."""
RIGHT, PARTLY = 0.75, 0.25
"""From which worth on a label is nearest to `correct` of these three, and to `partial`."""


def worths(labels: Iterable[str], given: Mapping[str, float] | None = None) -> dict[str, float]:
    """The share of full marks of each label, from the best to the worst: as `given`, else as in `WORTH`.

    Case and spaces do not count. Where no label is known and all are marks, theirs is the place between the least and
    the most.

    >>> worths(["wrong", "Partial", "CORRECT", "fair"], {"fair": 0.7})
    {'CORRECT': 1.0, 'fair': 0.7, 'Partial': 0.5, 'wrong': 0.0}
    >>> worths(["1", "9", "5"]), worths(["red", "blue"])
    ({'9': 1.0, '5': 0.5, '1': 0.0}, {'blue': 0.0, 'red': 0.0})
    """
    known = {plain(label): share for label, share in {**WORTH, **(given or {})}.items()}
    each = {label: known.get(plain(label), 0.0) for label in labels}
    if not known.keys() & set(map(plain, each)) and all(map(_figure, each)):
        least, most = min(map(float, each), default=0.0), max(map(float, each), default=0.0)
        each = {label: (float(label) - least) / ((most - least) or 1.0) for label in each}
    return dict(sorted(each.items(), key=lambda one: (-one[1], one[0])))


def nearest(score: float, worth: Mapping[str, float] = THREE) -> str:
    """Of these labels the one whose worth is nearest to the score; of two as near the better.

    >>> nearest(0.8), nearest(0.6), nearest(0.5, {"correct": 1.0, "incorrect": 0.0})
    ('correct', 'partial', 'correct')
    """
    return min(worth, key=lambda label: (abs(worth[label] - score), -worth[label]))


def standing(label: str, worth: Mapping[str, float] = THREE) -> Standing:
    """How a label stands among those of its kind: only the best is right, and only if it is worth near full marks.

    >>> marks = worths(["10", "9", "2", "1"])
    >>> [standing(one, marks) for one in marks], standing("blue", {"blue": 0.0, "red": 0.0})
    (['correct', 'partial', 'incorrect', 'incorrect'], 'incorrect')
    """
    own = worth[label]
    if own >= RIGHT and own == max(worth.values()):
        return "correct"
    return "partial" if own >= PARTLY else "incorrect"


def bounds(label: str, worth: Mapping[str, float] = THREE) -> tuple[float, float]:
    """The least and the most score that this label may have beside it: no other label's worth is nearer.

    >>> bounds("correct"), bounds("partial"), bounds("incorrect", {"correct": 1.0, "incorrect": 0.0})
    ((0.75, 1.0), (0.25, 0.75), (0.0, 0.5))
    """
    own = worth[label]
    less = max((one for one in worth.values() if one < own), default=None)
    more = min((one for one in worth.values() if one > own), default=None)
    return 0.0 if less is None else (less + own) / 2, 1.0 if more is None else (own + more) / 2


def plain(label: str) -> str:
    """A label without case and with one sign for spaces.

    >>> plain("Partially correct-incomplete")
    'partially_correct_incomplete'
    """
    return label.strip().casefold().replace(" ", "_").replace("-", "_")


def _figure(label: str) -> bool:
    try:
        return math.isfinite(float(label))
    except ValueError:
        return False

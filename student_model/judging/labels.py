"""What the labels of answers in words are worth, where a person gives one and no score."""

from __future__ import annotations

from collections.abc import Sequence

WORTH = {
    "correct": 1.0, "right": 1.0, "true": 1.0, "yes": 1.0, "accurate": 1.0, "complete": 1.0, "pass": 1.0,
    "correct_but_incomplete": 0.5, "partially_correct_incomplete": 0.5, "partially_correct": 0.5, "partial": 0.5,
    "incomplete": 0.5, "half_right": 0.5,
}  # fmt: skip
"""Share of full marks by label; beside one of these, any other label is worth nothing."""
THREE = ("correct", "partial", "incorrect")
"""The labels where a grader has none of its own, and those by which a score is told in words."""


def worth(label: str, labels: Sequence[str] = THREE) -> float:
    """The share of full marks that one of these labels stands for; they go from the best to the worst.

    Levels that are no words (`3`, `2`, `1`, `0`) are evenly spaced.

    >>> worth("correct"), worth("partial"), worth("incorrect")
    (1.0, 0.5, 0.0)
    >>> worth("contradictory", ["correct", "contradictory", "irrelevant"]), worth("2", ["3", "2", "1", "0"])
    (0.0, 0.6666666666666667)
    """
    if len(labels) < 2 or not WORTH.keys().isdisjoint(labels):
        return WORTH.get(label, 0.0)
    return 1.0 - labels.index(label) / (len(labels) - 1)


def nearest(score: float, labels: Sequence[str] = THREE) -> str:
    """Of these labels the one whose worth is nearest to the score; of two as near the better.

    >>> nearest(0.8), nearest(0.6), nearest(0.5, ["correct", "incorrect"])
    ('correct', 'partial', 'correct')
    """
    return min(labels, key=lambda label: abs(worth(label, labels) - score))

"""What can be counted in an answer beside its references: few numbers that mean the same in any subject.

A network of millions of weights learns from some thousand answers which words are right for which question; these
numbers carry over to questions it has not seen. They follow the features of Heilman & Madnani ("ETS: domain adaptation
and stacking for short answer scoring", SemEval 2013) and Sultan, Salazar & Sumner ("Fast and easy short answer grading
with high accuracy", NAACL 2016).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from student_model.encoder.pairs import nearest_first
from student_model.judging.wording import content, likeness, negations, words

NAMES = (
    "share of the reference found", "share of its news found", "share of the answer that is in it", "spelling",
    "order kept", "negation differs", "numbers lacking", "numbers added", "share of the answer from the question",
    "length", "length beside the reference", "empty", "references", "share of news in the answer",
)  # fmt: skip

_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
MOST_REFERENCES = 12


def lexical(question: str, references: Sequence[str], answer: str) -> NDArray[np.float32]:
    """The features of one answer, shape (len(NAMES),), each about in [-1, 1]: of the reference it is nearest to.

    >>> near = lexical("What is left?", ["The salt is left."], "salt is left")
    >>> float(near[0]), float(near[5])
    (1.0, 0.0)
    """
    said, asked = words(answer), words(question)
    numbers = set(_NUMBER.findall(answer))
    beside = [_beside(said, numbers, words(one), one, asked) for one in compared(answer, references)]
    best = max(beside, key=lambda one: one[0] + one[1] + one[3], default=[0.0] * 8)
    mine = content(said)
    known = content(asked)
    own = [
        len(mine & known) / max(len(mine), 1),
        min(np.log1p(len(said)) / 4.0, 1.5),
        min(np.log1p(len(said)) - np.log1p(_mean_length(references)), 3.0) / 3.0,
        float(not mine),
        min(len(references), 10) / 10.0,
        len(mine - known) / max(len(mine), 1),
    ]
    return np.array([*best, *own], dtype=np.float32)


def compared(answer: str, references: Sequence[str]) -> list[str]:
    """The references that an answer is compared with: those that share most words with it, however many there are."""
    return nearest_first(answer, references)[:MOST_REFERENCES]


def _beside(said: list[str], numbers: set[str], theirs: list[str], text: str, asked: list[str]) -> list[float]:
    mine, there = content(said), content(theirs)
    news = there - content(asked)
    shared = len(mine & there)
    recall = shared / max(len(there), 1)
    needed = set(_NUMBER.findall(text))
    return [
        recall,
        len(mine & news) / len(news) if news else recall,
        shared / max(len(mine), 1),
        likeness(mine, there),
        _order(said, theirs),
        float(negations(said) != negations(theirs)),
        len(needed - numbers) / max(len(needed), 1),
        len(numbers - needed) / max(len(numbers), 1),
    ]


def _order(said: list[str], theirs: list[str]) -> float:
    """The share of the reference's pairs of neighbouring words that the answer has too."""
    mine = set(pairwise(said))
    there = set(pairwise(theirs))
    return len(mine & there) / max(len(there), 1)


def _mean_length(references: Sequence[str]) -> float:
    return float(np.mean([len(one.split()) for one in references])) if references else 10.0

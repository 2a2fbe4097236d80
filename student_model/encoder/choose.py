"""Which ungraded answers a teacher should grade next: those the grader doubts, unlike each other, over many questions.

Doubt alone picks the same hard answer many times, and difference alone picks what is odd and not what is hard; so each
choice is the answer with the largest product of both (in the spirit of BADGE, Ash et al., "Deep batch active learning
by diverse, uncertain gradient lower bounds", ICLR 2020), one after the other as in the k-centre method of Sener &
Savarese ("Active learning for convolutional neural networks", ICLR 2018). What it saves is measured by
`benchmarks/active_learning.py`. Pure functions of arrays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from student_model.encoder.outcomes import Floats, Outcomes

ELSEWHERE = 0.5
"""How much likeness to an answer to another question counts: "yes" there teaches less about "yes" here."""
LEAST_DOUBT = 1e-3
"""Of the surest answer: where all are sure, difference still decides."""

By = Literal["confidence", "entropy"]


def doubts(said: Outcomes, by: By = "confidence") -> Floats:
    """How much a grader doubts each of n answers, in [0, 1], shape (n,).

    Args:
        by: one minus the confidence, or the entropy of labels or levels as a share of the largest there is. Scores on a
            line have no entropy: there it is the confidence in both cases.

    >>> said = Outcomes(np.array([[0.5, 0.5], [1.0, 0.0]]), np.zeros(2, dtype=np.int64), np.ones(2), np.array([0.5, 1]))
    >>> doubts(said).tolist(), doubts(said, "entropy").tolist()
    ([0.5, 0.0], [1.0, 0.0])
    """
    many = said.probability.shape[1]
    if by == "confidence" or many < 2:
        return np.asarray(np.clip(1.0 - said.confidence, 0.0, 1.0))
    share = np.clip(said.probability, 1e-12, 1.0)
    entropy = -(share * np.log(share)).sum(axis=1) / np.log(many)
    return np.asarray(np.clip(entropy, 0.0, 1.0).round(9) + 0.0)  # without the trace that clipping leaves


def choose(
    doubt: Floats,
    vectors: NDArray[np.floating],
    groups: Sequence[str],
    count: int,
    rng: np.random.Generator,
    graded: Mapping[str, int] | None = None,
) -> NDArray[np.int64]:
    """The places of the answers to grade next, the most useful first, shape (min(count, n),).

    Greedy: doubt, times how far from the nearest answer chosen before, over one more than the answers to its question
    that are graded or chosen. Equal ones in an order that `rng` draws.

    Args:
        doubt: of each answer, (n,). vectors: of its text, (n, d), of any length. groups: its question, n of them.
        graded: how many answers to a question are graded already; none where absent.

    Raises:
        ValueError: the three are not about as many answers, or `count` is below 0.

    >>> eye = np.eye(3)
    >>> choose(np.array([0.9, 0.8, 0.1]), eye[[0, 0, 1]], ["q", "q", "q"], 2, np.random.default_rng(0)).tolist()
    [0, 2]
    """
    many = len(doubt)
    if len(vectors) != many or len(groups) != many:
        raise ValueError(
            f"{many} doubts, {len(vectors)} vectors and {len(groups)} questions: as many of each are needed"
        )
    if count < 0:
        raise ValueError(f"{count} answers cannot be chosen: a number from 0 is needed")
    names, question = np.unique(np.array(groups, dtype=object).astype(str), return_inverse=True)
    taken = np.array([(graded or {}).get(str(name), 0) for name in names], dtype=np.float64)
    place = rng.permutation(many)  # the first of equals wins, so that their order is the dice's
    own, unit = question[place], _unit(vectors)[place]
    worth, away = np.maximum(np.asarray(doubt, dtype=np.float64), LEAST_DOUBT)[place], np.ones(many)
    found = np.zeros(min(count, many), dtype=np.int64)
    left = np.ones(many, dtype=bool)
    for number in range(len(found)):
        value = np.where(left, worth * away / (1.0 + taken[own]), -1.0)
        best = int(value.argmax())
        found[number], left[best] = place[best], False
        taken[own[best]] += 1.0
        like = (unit @ unit[best]) * np.where(own == own[best], 1.0, ELSEWHERE)
        away = np.minimum(away, np.clip(1.0 - like, 0.0, 1.0))
    return found


def _unit(vectors: NDArray[np.floating]) -> Floats:
    whole = np.asarray(vectors, dtype=np.float64)
    return np.asarray(whole / np.maximum(np.linalg.norm(whole, axis=1, keepdims=True), 1e-12))

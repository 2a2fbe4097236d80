"""How near an answer is to its references in the base encoder's own space, where nothing was learned from grades.

Cosines of whole texts (Reimers & Gurevych, "Sentence-BERT", EMNLP 2019) and of each token with the best of the other
side, on average (Khattab & Zaharia, "ColBERT", SIGIR 2020). Pure functions of token vectors: whoever runs the encoder
brings them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""Of the n tokens of a text, the first and the last of them special, shape (n, d), not normalised."""

NAMES = ("cosine", "reference found", "answer found", "cosine of the mean reference", "cosine with the question",
         "answer found in the question")  # fmt: skip


def similarity(question: Vectors, references: Sequence[Vectors], answer: Vectors) -> NDArray[np.float32]:
    """Features of one answer, shape (len(NAMES),): cosines of it with the nearest reference and with the question.

    >>> one = np.eye(3, dtype=np.float32).repeat(3, axis=0)
    >>> similarity(one[6:], [one[3:6], one[:3]], one[:3]).round(1).tolist()
    [1.0, 1.0, 1.0, 0.5, 0.0, 0.0]
    """
    said, asked = mean(answer), mean(question)
    beside = [(float(said @ mean(one)), *_found(answer, one)) for one in references] or [(0.0, 0.0, 0.0)]
    best = max(beside)
    level = float(np.mean([one[0] for one in beside]))
    return np.array([*best, level, float(said @ asked), _found(answer, question)[1]], dtype=np.float32)


def mean(tokens: Vectors) -> Vectors:
    """The mean of a text's tokens, of length 1 (0 for no text), shape (d,)."""
    if not len(tokens):
        return np.zeros(tokens.shape[1], dtype=np.float32)
    whole = tokens.mean(axis=0)
    return np.asarray(whole / max(float(np.linalg.norm(whole)), 1e-9), dtype=np.float32)


def alignment(answer: Vectors, reference: Vectors) -> NDArray[np.float32]:
    """The cosine of each token of the answer with each of the reference, shape (n, m)."""
    return np.asarray(_unit(answer) @ _unit(reference).T, dtype=np.float32)


def _found(answer: Vectors, reference: Vectors) -> tuple[float, float]:
    """How much of the reference is found in the answer, and of the answer in the reference, on average."""
    near = alignment(answer[1:-1], reference[1:-1])
    if not near.size:
        return 0.0, 0.0
    return float(near.max(axis=0).mean()), float(near.max(axis=1).mean())


def _unit(tokens: Vectors) -> Vectors:
    return np.asarray(tokens / np.maximum(np.linalg.norm(tokens, axis=1, keepdims=True), 1e-9), dtype=np.float32)

"""How near an answer is to its references in the base encoder's own space, where nothing was learned from grades.

Cosines of whole texts (Reimers & Gurevych, "Sentence-BERT", EMNLP 2019), and of each token with the best one of the
other side (Khattab & Zaharia, "ColBERT", SIGIR 2020): on average, and weighed by what is rare and by what the question
did not say already, for that is what an answer has to bring. Pure functions of token vectors: whoever runs the encoder
brings them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

NAMES = (
    "cosine", "reference found", "answer found", "cosine of the mean reference", "cosine with the question",
    "answer found in the question", "rare words of the reference found", "rare words of the answer found",
    "news of the reference found", "news of the answer found", "main news found", "least of the main news found",
    "nearer than the question", "least phrase near", "phrases near", "least phrase found", "phrases found",
    "least own phrase near", "own phrases near", "phrases", "own phrases", "share of phrases found",
)  # fmt: skip
HALF_FOUND = 0.6
MAIN = 3
"""How many tokens of a reference are its main news."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A text as the base encoder reads it: as much as comparing needs, worked out once.

    Attributes:
        mean: of all tokens, of length 1, (d,). inner: those that are not special, each of length 1, (n, d).
        rarity: how rare each of them is, (n,). phrases: from which to which of them its phrases go.
        phrase_means: the mean of each phrase, of length 1, (p, d); of the whole text where it has no phrase.
    """

    mean: Floats
    inner: Floats
    rarity: Floats
    phrases: tuple[tuple[int, int], ...]
    phrase_means: Floats

    @classmethod
    def of(cls, vectors: Floats, rarity: Floats, phrases: tuple[tuple[int, int], ...] = ()) -> Reading:
        """The reading of a text whose tokens have these vectors, the first and last of them special, (n + 2, d)."""
        whole, own = mean(vectors), vectors[1:-1]
        inner = np.asarray(own / np.maximum(np.linalg.norm(own, axis=1, keepdims=True), 1e-9), dtype=np.float32)
        parts = np.array([mean(own[first:last]) for first, last in phrases] or [whole])
        return cls(whole, inner, rarity, phrases, parts)

    @property
    def nbytes(self) -> int:
        """What it takes to keep."""
        return self.mean.nbytes + self.inner.nbytes + self.rarity.nbytes + self.phrase_means.nbytes


def mean(vectors: Floats) -> Floats:
    """The mean of a text's tokens, special ones included as the encoder was trained, of length 1, shape (d,)."""
    whole = vectors.mean(axis=0)
    return np.asarray(whole / max(float(np.linalg.norm(whole)), 1e-9), dtype=np.float32)


def similarity(question: Reading, references: Sequence[Reading], answer: Reading) -> Floats:
    """Features of one answer, shape (len(NAMES),): beside the reference it is nearest to, and beside the question.

    >>> e = np.eye(3, dtype=np.float32).repeat(3, axis=0)
    >>> one, two, other = (Reading.of(e[n : n + 3], np.ones(1, dtype=np.float32)) for n in (0, 3, 6))
    >>> similarity(other, [two, one], one)[:6].round(1).tolist()
    [1.0, 1.0, 1.0, 0.5, 0.0, 0.0]
    """
    said, asked = answer.mean, question.mean
    beside = [_beside(question, one, answer, said) for one in references] or [np.zeros(19)]
    best = max(beside, key=lambda one: float(one[0] + one[3] + one[5]))
    level = float(np.mean([one[0] for one in beside]))
    _, copied = _found(answer, question)
    return np.array([*best[:3], level, float(said @ asked), copied, *best[3:]], dtype=np.float32)


def alignment(answer: Reading, reference: Reading) -> Floats:
    """The cosine of each token of the answer with each of the reference, special ones left out, (n, m)."""
    return np.asarray(answer.inner @ reference.inner.T, dtype=np.float32)


def _found(answer: Reading, reference: Reading) -> tuple[float, float]:
    near = alignment(answer, reference)
    return (float(near.max(axis=0).mean()), float(near.max(axis=1).mean())) if near.size else (0.0, 0.0)


def _beside(question: Reading, reference: Reading, answer: Reading, said: Floats) -> NDArray[np.float64]:
    near = alignment(answer, reference)
    cosine = float(said @ reference.mean)
    if not near.size:
        return np.array([cosine, *np.zeros(18)])
    there, mine = near.max(axis=0), near.max(axis=1)
    asked, known = _best(alignment(question, reference), 0), _best(alignment(answer, question), 1)
    news = reference.rarity * np.maximum(1.0 - asked, 0.0) + 1e-4
    own_news = answer.rarity * np.maximum(1.0 - known, 0.0) + 1e-4
    main = there[np.argsort(-news, kind="stable")[:MAIN]]
    return np.array([
        cosine, there.mean(), mine.mean(),
        _weighed(there, reference.rarity), _weighed(mine, answer.rarity),
        _weighed(there, news), _weighed(mine, own_news),
        main.mean(), main.min(), _weighed(there - asked, reference.rarity),
        *_by_phrase(reference, answer, there),
    ])  # fmt: skip


def _by_phrase(reference: Reading, answer: Reading, there: Floats) -> list[float]:
    """How the phrases of reference and answer match: an answer that lacks one is not complete."""
    near = reference.phrase_means @ answer.phrase_means.T
    spans = reference.phrases or ((0, len(there)),)
    found = np.array([_weighed(there[first:last], reference.rarity[first:last]) for first, last in spans])
    asked, said = near.max(axis=1), near.max(axis=0)
    sizes = len(spans) / 5.0, len(said) / 5.0
    return [
        float(asked.min()), float(asked.mean()), float(found.min()), float(found.mean()),
        float(said.min()), float(said.mean()), *sizes, float((found > HALF_FOUND).mean()),
    ]  # fmt: skip


def _best(near: Floats, axis: int) -> Floats:
    return np.asarray(near.max(axis=axis) if near.shape[axis] else np.zeros(near.shape[1 - axis]), dtype=np.float32)


def _weighed(values: Floats, weights: Floats) -> float:
    return float(values @ weights / weights.sum())

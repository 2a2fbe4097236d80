"""What people said of other answers to the same question, and how far that corrects a grader that knows none of them.

A grader learns what makes answers right anywhere. Of one question it does not know which half-right idea its pupils
have, and which odd wording of theirs a teacher takes. So it keeps, of each answer that was graded, how far it would
have been off, and corrects what it says of a new answer by what it was off with those that are written alike
(Nadaraya, "On estimating regression", 1964; likeness by n-grams of characters within words, weighed by their rarity).
Where a question has no graded answers nothing changes. Hashes of n-grams are kept in place of texts, which is for size:
words can be read back from them, so that a grader's folder has to be kept as safe as the answers it was fitted to.
"""

from __future__ import annotations

import hashlib
import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit

from student_model.encoder.answers import GradedAnswer, Task, out_of_fold, shares
from student_model.encoder.forest import LEAST, grow, numbers
from student_model.encoder.outcomes import Floats, best_temperature, log_loss, probabilities
from student_model.judging.wording import WORD

GRAMS = (3, 4)
REACH = 10.0
"""How fast an answer counts for less, the less it is like: by e for each tenth of likeness."""
DOUBT = math.exp(-0.7 * REACH)
"""What speaks for no correction, in answers that are quite alike."""
MOST = 500
"""Graded answers to a question that are kept: more say nothing new, and each takes time."""
PARTS = 5
SPREAD = 1.0
"""How far trust may be from what is usual before any answer speaks for it, as a logarithm."""
SAME = 1.0 - 1e-5
"""The likeness of answers with the same n-grams."""


@dataclass(frozen=True, slots=True)
class Trust:
    """How far a grader believes precedents. `pull`: of the correction; `heat`: divides what the grader says itself,
    after its temperature. The defaults are about what was found on two corpora. Where answers were written to be alike
    and graded apart, as our own were, precedents tell nothing and the pull is near 0.
    """

    pull: float = 2.8
    heat: float = 0.85


@dataclass(frozen=True, slots=True, eq=False)
class Precedents:
    """Graded answers to Q questions, n in all, question by question, with m n-grams, answer by answer.

    Attributes:
        asked: hashes of questions (Q,), rising. first: where each one's answers begin, (Q + 1,).
        start: where the n-grams of each answer begin, (n + 1,). gram: which they are, rising within an answer (m,), and
            how much each weighs (m,): the squares of an answer's sum to 1.
        off: what was right less what the grader would have said, for each output, (n, outputs).
        known: all n-grams, rising (u,), and how rare each is, (u,).
    """

    asked: NDArray[np.uint64]
    first: NDArray[np.int64]
    start: NDArray[np.int64]
    gram: NDArray[np.uint32]
    weight: NDArray[np.float32]
    off: NDArray[np.float32]
    known: NDArray[np.uint32]
    rarity: NDArray[np.float32]

    def correction(self, one: GradedAnswer, itself: bool = False) -> Floats | None:
        """What the precedents of an answer say, shape (outputs,), in [-1, 1]; nothing where there are none.

        Args:
            itself: whether the answer is one of them: then one that is written the same is left out.
        """
        name = _asked(one)
        place = int(np.searchsorted(self.asked, name))
        if place == len(self.asked) or self.asked[place] != name:
            return None
        begin, end = int(self.first[place]), int(self.first[place + 1])
        alike = self._likeness(one.answer, begin, end)
        near = np.exp(REACH * (alike - 1.0))
        if itself and alike.max() > SAME:
            near[alike.argmax()] = 0.0
        return np.asarray(near @ self.off[begin:end] / (near.sum() + DOUBT), dtype=np.float64)

    def corrections(self, answers: Sequence[GradedAnswer], themselves: bool = False) -> Floats:
        """Of each of n answers, (n, outputs), nan where there are no precedents; see `correction`."""
        found = np.full((len(answers), self.off.shape[1]), np.nan)
        for place, one in enumerate(answers):
            said = self.correction(one, themselves)
            if said is not None:
                found[place] = said
        return found

    def _likeness(self, text: str, begin: int, end: int) -> Floats:
        """How alike a text and the precedents between two places are written, from 0 to 1."""
        gram, count = _grams(text)
        if not len(gram) or not len(self.known):
            return np.zeros(end - begin)
        at = np.minimum(np.searchsorted(self.known, gram), len(self.known) - 1)
        rare = np.where(self.known[at] == gram, self.rarity[at], self.rarity.max())
        weight = _scaled(count, rare)
        some = slice(int(self.start[begin]), int(self.start[end]))
        mine = np.minimum(np.searchsorted(gram, self.gram[some]), len(gram) - 1)
        both = np.where(gram[mine] == self.gram[some], weight[mine], 0.0) * self.weight[some]
        edges = np.concatenate(([0.0], np.cumsum(both, dtype=np.float64)))[self.start[begin : end + 1] - some.start]
        return np.asarray(np.diff(edges).clip(0.0, 1.0))

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """What is kept of it, by name."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


def corrected(found: Floats, corrections: Floats, trust: Trust, temperature: float) -> Floats:
    """The numbers of a head, (n, outputs), with what precedents say added, so that they mean the same as all others
    after division by `temperature`.
    """
    moved = found / trust.heat + temperature * trust.pull * np.nan_to_num(corrections)
    return np.asarray(np.where(np.isnan(corrections), found, moved))


def trusted(
    task: Task, found: Floats, corrections: Floats, target: Floats, temperature: float, usual: Trust = Trust()
) -> Trust:
    """How far to believe precedents: what has the least log loss, given what a grader found of answers (n, outputs)
    that it did not learn from, the corrections, the targets and the temperature. Without any, as far as is usual.
    """
    there = ~np.isnan(corrections).any(axis=1)
    if not there.any():
        return usual
    own, right, start = found[there], target[there], np.log([usual.pull, usual.heat])

    def loss(log: NDArray[np.float64]) -> float:
        trust, strange = Trust(*np.exp(log).tolist()), float(np.sum(((log - start) / SPREAD) ** 2))
        moved = corrected(own, corrections[there], trust, temperature)
        return log_loss(task, moved, right, temperature) + 0.5 * strange / len(right)

    best = minimize(loss, start, method="L-BFGS-B", bounds=[(-5.0, 2.5), (-1.5, 1.5)])
    return Trust(*np.exp(best.x).tolist())


def collect(
    answers: Sequence[GradedAnswer], features: NDArray[np.float32], task: Task, seed: int
) -> tuple[Precedents, Trust]:
    """The precedents of graded answers with these features (n, F), and how far they correct each other.

    What a grader would have said is asked of trees that have not seen the question.
    """
    target = np.array([task.target(one) for one in answers])
    found = unseen(answers, features, target, task, seed)
    said = probabilities(task, found) if task.kind == "labels" else expit(found)
    known = _kept(answers, shares(task, target) - said, seed)
    corrections, temperature = known.corrections(answers, themselves=True), best_temperature(task, found, target)
    return known, trusted(task, found, corrections, target, temperature)


def _kept(answers: Sequence[GradedAnswer], off: Floats, seed: int) -> Precedents:
    rng = np.random.default_rng((seed, 91))
    by_question: dict[int, list[int]] = {}
    for place, one in enumerate(answers):
        by_question.setdefault(int(_asked(one)), []).append(place)
    order, first = list[int](), [0]
    for name in sorted(by_question):
        own = by_question[name]
        order += sorted(rng.permutation(own)[:MOST].tolist())
        first.append(len(order))
    read = [_grams(answers[place].answer) for place in order]
    known, times = np.unique(np.concatenate([gram for gram, _ in read]), return_counts=True)
    rarity = (np.log((1 + len(read)) / (1 + times)) + 1.0).astype(np.float32)  # as scikit-learn's `TfidfVectorizer`
    weights = [_scaled(count, rarity[np.searchsorted(known, gram)]) for gram, count in read]
    return Precedents(
        np.array(sorted(by_question), dtype=np.uint64),
        np.array(first, dtype=np.int64),
        np.cumsum([0, *(len(gram) for gram, _ in read)], dtype=np.int64),
        np.concatenate([gram for gram, _ in read]),
        np.concatenate(weights),
        off[order].astype(np.float32),
        known,
        rarity,
    )


def unseen(
    answers: Sequence[GradedAnswer], features: NDArray[np.float32], target: Floats, task: Task, seed: int,
    parts: int = PARTS, families: Mapping[str, str] | None = None,
) -> Floats:  # fmt: skip
    """What trees say that were grown without the question, or without its family, as the numbers of a head,
    (n, outputs), in so many parts.
    """
    right = shares(task, target)

    def say(train: list[int], held: list[int]) -> Floats:
        if train and features.shape[1]:
            return numbers(task, grow(features[train], target[train], task, seed).mean(features[held]))
        usual = np.clip(right[train or held].mean(axis=0), LEAST, 1.0 - LEAST)
        return np.tile(np.log(usual) if task.kind == "labels" else logit(usual), (len(held), 1))

    return out_of_fold(answers, parts, seed, families, say)


def _asked(one: GradedAnswer) -> np.uint64:
    """What tells questions apart: their text, passage and references, whatever case and spaces these have."""
    parts = (one.question, one.passage, *sorted(one.reference_answers))
    told = "\n".join(" ".join(part.casefold().split()) for part in parts)
    return np.uint64(int.from_bytes(hashlib.sha256(told.encode("utf-8", "replace")).digest()[:8], "little"))


def _grams(text: str) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Hashes of the n-grams within the words of a text, rising, and how often each occurs."""
    found = [zlib.crc32(one.encode("utf-8", "replace")) for one in _pieces(text)]
    gram, count = np.unique(np.array(found, dtype=np.uint32), return_counts=True)
    return gram, count.astype(np.int64)


def _pieces(text: str) -> Iterator[str]:
    for word in WORD.findall(text.casefold()):
        padded = f" {word} "
        for size in GRAMS:
            for start in range(max(1, len(padded) - size + 1)):
                yield padded[start : start + size]


def _scaled(count: NDArray[np.int64], rarity: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weights of n-grams, the squares of which sum to 1."""
    weight = (1.0 + np.log(np.maximum(count, 1))) * rarity
    return np.asarray(weight / max(float(np.linalg.norm(weight)), 1e-9), dtype=np.float32)

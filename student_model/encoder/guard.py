"""A guard against answers that try to look better than they are.

A grader that learns from disguised answers grows suspicious of honest ones: a short list of words may be a right answer
(.013 of weighted F1 on ScientsBank, `LOG.md`). So two are kept. One forest learned from honest answers, beside the
network; another also from disguised ones. A third tells how likely an answer is disguised, and by that share the second
speaks in place of the first: a mixture of experts (Jacobs et al., Neural Computation 1991).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from student_model.encoder.answers import GradedAnswer, Task
from student_model.encoder.book import Book, book_features, ends
from student_model.encoder.disguise import disguised
from student_model.encoder.forest import Forest, grow, numbers, packed, unpacked
from student_model.encoder.outcomes import Floats, joined
from student_model.encoder.own_words import in_own_words
from student_model.encoder.reader import Reader

TALK = 60
"""Answers from which disguised ones to other questions take their padding."""
WORTHLESS = 0.4
"""The share of disguised answers that have nothing of an answer in them."""
TREES = 100
TWO = Task("labels", ("honest", "disguised"), (1.0, 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class Guard:
    """`tells` which answers are disguised, `judges` them. prior: the share that is taken to be."""

    tells: Forest
    judges: Forest
    prior: float

    def suspicion(self, features: NDArray[np.float32]) -> Floats:
        """How likely answers with these features (n, F) are disguised, (n,)."""
        even = np.clip(self.tells.mean(features)[:, 1], 0.01, 0.99)  # as many of both were learned from
        odds = even / (1.0 - even) * self.prior / (1.0 - self.prior)
        return np.asarray(odds / (1.0 + odds))

    def said(self, task: Task, features: NDArray[np.float32]) -> tuple[Floats, Floats]:
        """The suspicion (n,) and what the other forest says, as the numbers of a head, (n, outputs)."""
        return self.suspicion(features), numbers(task, self.judges.mean(features))

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """What is kept of it, by name."""
        both = packed({"tells": self.tells.arrays(), "judges": self.judges.arrays()})
        return {**both, "prior": np.array(self.prior)}


def restored(kept: dict[str, NDArray[np.generic]]) -> Guard:
    """The guard that `arrays` was taken of."""
    return Guard(Forest(**unpacked(kept, "tells")), Forest(**unpacked(kept, "judges")), float(kept["prior"]))


def guarded(task: Task, found: Floats, suspicion: Floats, said: Floats) -> Floats:
    """The numbers of a head, (n, outputs), with those of the guard in their place as far as there is suspicion (n,)."""
    return joined(task, [found, said], np.array([1.0 - suspicion, suspicion]))


def grow_guard(book: Book, task: Task, reader: Reader) -> Guard:
    """The guard of a book of graded answers: as many disguised ones are made of them, with the recipe's dice."""
    recipe, own = book.recipe, [book.entries[n] for n in book.plain]
    made, targets = _disguises([one.answer for one in own], [one.target for one in own], task, recipe.seed)
    features = np.concatenate((book.features[book.plain], book_features(made, reader, recipe)))
    which = np.repeat([0.0, 1.0], len(own))
    grades = np.array([*(one.target for one in own), *targets])
    return Guard(
        grow(features, which, TWO, recipe.seed, trees=TREES),
        grow(features, grades, task, recipe.seed, trees=TREES),
        recipe.disguise,
    )


def _disguises(
    answers: Sequence[GradedAnswer], targets: Sequence[float], task: Task, seed: int
) -> tuple[list[GradedAnswer], list[float]]:
    rng, (_, worst) = np.random.default_rng((seed, 6)), ends(task)
    some = [answers[n] for n in rng.permutation(len(answers))[:TALK]]
    elsewhere = [(one.group, text) for one in some for text in (*one.reference_answers[:1], one.answer)]
    made, worth = [], []
    for one, target in zip(answers, targets, strict=True):
        worthless = bool(rng.random() < WORTHLESS)
        talk = [text for group, text in elsewhere if group != one.group]
        text = disguised(one.question, one.reference_answers, one.answer, rng, worthless, talk)
        made.append(in_own_words(replace(one, answer=text)))
        worth.append(worst if worthless else target)
    return made, worth

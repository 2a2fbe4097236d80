"""A guard against answers that try to look better than they are.

A grader that learns from disguised answers grows suspicious of honest ones: a short list of words may be a right answer
(.013 of weighted F1 on ScientsBank, `LOG.md`). So two are kept. One forest learned from honest answers, beside the
network; another also from disguised ones. A third tells how likely an answer is disguised, and by that share the second
speaks in place of the first: a mixture of experts (Jacobs et al., Neural Computation 1991). To call a disguised answer
right is worse than to miss that one is, so that it must say more to be right, and what precedents say for it counts
for less.
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
from student_model.encoder.passages import compared
from student_model.encoder.reader import Reader

TALK = 60
"""Answers from which disguised ones to other questions take their padding."""
WORTHLESS = 0.4
"""The share of disguised answers that have nothing of an answer in them."""
DISGUISES, TREES, LEAF = 3, 100, 12
"""Disguised answers that are made of each, the trees of either forest, and the fewest answers in a leaf."""
CAUTION = 0.3
"""By how much the log odds of being right are lowered where an answer is disguised."""
TWO = Task("labels", ("honest", "disguised"), (1.0, 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class Guard:
    """`tells` which answers are disguised, `judges` them. prior: the share that is taken to be."""

    tells: Forest
    judges: Forest
    prior: float

    def suspicion(self, features: NDArray[np.float32]) -> Floats:
        """How likely answers with these features (n, F) are disguised, (n,)."""
        even = np.clip(self.tells.mean(features)[:, 1], 0.01, 0.99)  # both weighed alike where it learned
        odds = even / (1.0 - even) * self.prior / (1.0 - self.prior)
        return np.asarray(odds / (1.0 + odds))

    def said(self, task: Task, features: NDArray[np.float32]) -> tuple[Floats, Floats]:
        """The suspicion (n,) and what the other forest says, with caution, as the numbers of a head, (n, outputs)."""
        found = numbers(task, self.judges.mean(features))
        found[:, int(np.argmax(task.worth)) if task.kind == "labels" else slice(None)] -= CAUTION
        return self.suspicion(features), found

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


def wary(task: Task, corrections: Floats, suspicions: Sequence[Floats]) -> Floats:
    """What precedents say, (n, outputs), less where it speaks for an answer that is suspected: what others were right
    with is what a disguised one is made of.

    Args:
        suspicions: of each guard, (n,).
    """
    if not suspicions:
        return corrections
    if task.kind == "labels":
        raised = corrections[:, int(np.argmax(task.worth))]
    else:
        raised = corrections @ (np.diff(task.worth) if task.kind == "ordinal" else np.ones(1))
    return np.where((raised > 0.0)[:, None], corrections * (1.0 - np.mean(suspicions, axis=0))[:, None], corrections)


def grow_guard(book: Book, task: Task, reader: Reader) -> Guard:
    """The guard of a book of graded answers: disguised ones are made of them, with the recipe's dice, that together
    weigh as much.
    """
    recipe, plain = book.recipe, book.plain
    answers, targets = [book.entries[n].answer for n in plain], book.targets[plain].tolist()
    rounds = [_disguises(answers, targets, task, recipe.seed, turn) for turn in range(DISGUISES)]
    features = np.concatenate([book.features[plain], *(book_features(made, reader, recipe) for made, _ in rounds)])
    which = np.repeat([0.0, 1.0], [len(plain), DISGUISES * len(plain)])
    weight = np.concatenate([book.weights[plain], *([book.weights[plain] / DISGUISES] * DISGUISES)])
    grades = np.concatenate([targets, *(worth for _, worth in rounds)])
    tells = grow(features, which, TWO, recipe.seed, weight, TREES, LEAF)
    return Guard(tells, grow(features, grades, task, recipe.seed, weight, TREES, LEAF), recipe.disguise)


def _disguises(
    answers: Sequence[GradedAnswer], targets: Sequence[float], task: Task, seed: int, turn: int = 0
) -> tuple[list[GradedAnswer], list[float]]:
    rng, (_, worst) = np.random.default_rng((seed, 6, turn)), ends(task)
    some = [answers[n] for n in rng.permutation(len(answers))[:TALK]]
    elsewhere = [(one.group, text) for one in some for text in (*one.reference_answers[:1], one.answer)]
    made, worth = [], []
    for one, target in zip(answers, targets, strict=True):
        worthless = bool(rng.random() < WORTHLESS)
        talk = [text for group, text in elsewhere if group != one.group]
        text = disguised(one.question, compared(one), one.answer, rng, worthless, talk)
        made.append(in_own_words(replace(one, answer=text)))
        worth.append(worst if worthless else target)
    return made, worth

"""Graded answers, what they are graded in, and how they are parted for judging: by question, never by answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from student_model.judging.labels import plain, worths

MOST_LEVELS = 25
"""Different scores up to which they are levels in an order; more are points on a line."""


@dataclass(frozen=True, slots=True)
class GradedAnswer:
    """One answer in words, with a grade where there is one.

    Attributes:
        reference_answers: answers that would be right; any number.
        label: the grade as a word. `score`: as a share of full marks, in [0, 1]; `max_score`: what full marks are.
        question_id: answers to one question share it; empty means that its text and passage tell them apart.
        passage: what the question is about, where it is about a text.
    """

    question: str
    reference_answers: tuple[str, ...]
    answer: str
    label: str | None = None
    score: float | None = None
    max_score: float | None = None
    question_id: str = ""
    answer_id: str = ""
    passage: str = ""

    @property
    def group(self) -> str:
        """What tells one question from another."""
        return self.question_id or (f"{self.question}\n{self.passage}" if self.passage else self.question)


@dataclass(frozen=True, slots=True)
class Task:
    """What answers are graded in.

    Attributes:
        kind: `labels` (any set), `ordinal` (levels in an order) or `regression` (points on a line).
        labels: from the best to the worst; for `ordinal` the levels as written, lowest first.
        worth: the share of full marks of each label, or of each level.
        max_score: what full marks are, for scores.
    """

    kind: Literal["labels", "ordinal", "regression"]
    labels: tuple[str, ...] = ()
    worth: tuple[float, ...] = ()
    max_score: float = 1.0

    @property
    def outputs(self) -> int:
        """How many numbers a head gives."""
        return {"labels": len(self.labels), "ordinal": len(self.worth) - 1, "regression": 1}[self.kind]

    def target(self, answer: GradedAnswer) -> float:
        """An answer's grade as a number: the place of its label or level, or its score.

        Raises:
            ValueError: the grade is none of this task's.
        """
        if self.kind == "labels":
            if answer.label not in self.labels:
                raise ValueError(f"label {answer.label!r} of answer {answer.answer_id!r}: one of {self.labels}")
            return float(self.labels.index(answer.label))
        if answer.score is None:
            raise ValueError(f"answer {answer.answer_id!r} has no score")
        if self.kind == "regression":
            return answer.score
        return float(np.abs(np.array(self.worth) - answer.score).argmin())

    def named(self, place: int, score: float) -> str:
        """A grade as people read it: the label or level at this place, or the marks for this share of full ones."""
        return self.labels[place] if self.labels else f"{round(score * self.max_score, 2):g}"


class NoTask(ValueError):
    """The answers do not say what to learn; the text says what came and what is needed."""


def task_of(
    answers: Sequence[GradedAnswer], worth: Mapping[str, float] | None = None, scores: str | None = None
) -> Task:
    """The task that graded answers set: labels where all have one, else scores.

    Args:
        worth: shares of full marks of labels; see `worths`. scores: `ordinal` or `regression`, to choose.

    Raises:
        NoTask: they have one label only, or one written in two ways; some have no grade; `worth` names what they lack.

    >>> task_of([GradedAnswer("q", (), "a", "incorrect"), GradedAnswer("q", (), "b", "correct")]).labels
    ('correct', 'incorrect')
    """
    labels = Counter(one.label for one in answers)
    if answers and None not in labels and scores is None:
        if len(labels) < 2:
            raise NoTask(f"all {len(answers)} answers are {next(iter(labels))!r}: at least two labels are needed")
        return _labels([label for label in labels if label is not None], worth or {})
    bare = sum(one.score is None for one in answers)
    if bare or not answers:
        raise NoTask(f"{bare} of {len(answers)} answers have no grade: each needs a label, or each a score")
    if worth:
        raise NoTask(f"a worth is given of {_listed(worth)}, but the answers are graded by scores: leave it out")
    levels = sorted({one.score for one in answers if one.score is not None})
    if len(levels) < 2:
        raise NoTask(f"all {len(answers)} answers have the score {levels[0]}: at least two are needed")
    most = max(one.max_score or 1.0 for one in answers)
    if scores == "regression" or (scores is None and len(levels) > MOST_LEVELS):
        return Task("regression", max_score=most)
    return Task("ordinal", tuple(f"{most * level:g}" for level in levels), tuple(levels), most)


def _labels(labels: Sequence[str], worth: Mapping[str, float]) -> Task:
    """The task of these labels, each once."""
    written: dict[str, str] = {}
    for label in sorted(labels):
        other = written.setdefault(plain(label), label)
        if other != label:
            raise NoTask(
                f"the labels {other!r} and {label!r} differ in case or spaces alone: write one of them for both"
            )
    strange = [label for label in worth if plain(label) not in written]
    if strange:
        raise NoTask(
            f"a worth is given of {_listed(strange)}, which no answer has; there are: {_listed(sorted(labels))}"
        )
    each = worths(labels, worth)
    return Task("labels", tuple(each), tuple(each.values()))


def _listed(labels: Iterable[str]) -> str:
    return ", ".join(map(repr, labels))


@dataclass(frozen=True, slots=True)
class Split:
    """Answers to learn from and answers to judge by, without a question in common; `known` are to be judged by, too,
    and answer questions that are learned from.
    """

    train: list[GradedAnswer] = field(default_factory=list)
    held: list[GradedAnswer] = field(default_factory=list)
    known: list[GradedAnswer] = field(default_factory=list)


def folds(
    answers: Sequence[GradedAnswer], many: int, seed: int, families: Mapping[str, str] | None = None
) -> list[Split]:
    """Each question held back once, in `many` parts of about as many answers; fewer parts where questions are few.

    Args:
        families: by question; those of one family are held back together.
    """
    family = families or {one.group: one.group for one in answers}
    groups = Counter(family[one.group] for one in answers)
    names = sorted(groups)
    np.random.default_rng((seed, 77)).shuffle(names)
    many = max(1, min(many, len(names)))
    sizes, part = np.zeros(many), dict[str, int]()
    for name in sorted(names, key=lambda one: -groups[one]):  # the largest first, each to the least part so far
        part[name] = int(sizes.argmin())
        sizes[part[name]] += groups[name]
    return [
        Split(
            [one for one in answers if part[family[one.group]] != held],
            [one for one in answers if part[family[one.group]] == held],
        )
        for held in range(many)
    ]


def out_of_fold(
    answers: Sequence[GradedAnswer], many: int, seed: int, families: Mapping[str, str] | None,
    say: Callable[[list[int], list[int]], NDArray[np.float64]],
) -> NDArray[np.float64]:  # fmt: skip
    """What `say` tells of answers held back when it is given the places of those to learn from and of those held,
    which is done for each of the `folds`: in the order of the answers, (n, …).
    """
    place, held_back = {id(one): n for n, one in enumerate(answers)}, list[int]()
    told = list[NDArray[np.float64]]()
    for split in folds(answers, many, seed, families):
        train, held = ([place[id(one)] for one in some] for some in (split.train, split.held))
        told.append(say(train, held))
        held_back += held
    return np.asarray(np.concatenate(told)[np.argsort(held_back)])


def with_known(split: Split, many: int, least: int, seed: int) -> Split:
    """One of `many` answers to learn from held back, whichever; none where that makes fewer than `least`."""
    some = len(split.train) // many
    if some < least:
        return split
    drawn = set(np.random.default_rng((seed, 78)).permutation(len(split.train))[:some].tolist())
    return replace(
        split,
        train=[one for n, one in enumerate(split.train) if n not in drawn],
        known=[one for n, one in enumerate(split.train) if n in drawn],
    )


def places(answers: Sequence[GradedAnswer], task: Task) -> NDArray[np.float32]:
    """The targets of graded answers, shape (n,)."""
    return np.array([task.target(one) for one in answers], dtype=np.float32)


def shares(task: Task, target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Grades as shares of each output, (n, outputs): which label, above which levels, or the score itself."""
    if task.kind == "labels":
        return np.asarray(np.eye(task.outputs)[target.astype(int)])
    if task.kind == "ordinal":
        return np.asarray((target[:, None] > np.arange(task.outputs)).astype(float))
    return np.asarray(target[:, None])

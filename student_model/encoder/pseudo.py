"""Ungraded answers that a fitted grader is sure of, as graded ones for a second round.

Self-training with a threshold (Lee, "Pseudo-label", ICML workshop 2013; Xie et al., "Self-training with Noisy Student",
CVPR 2020): they weigh half of what a teacher graded. Answers to questions that judge a network never help to train it,
graded by whomever. Where several networks share the grading, one of them may have seen what another holds back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from student_model.encoder.answers import GradedAnswer, Task
from student_model.encoder.outcomes import Outcomes

WEIGHT = 0.5
"""Of a guessed grade; a teacher's weighs 1."""


def ungraded(bare: Iterable[GradedAnswer], answers: Iterable[GradedAnswer]) -> list[GradedAnswer]:
    """The bare answers that no teacher graded, each once: the same words to the same question are the same answer."""
    known = {_words(one) for one in answers}
    found = {_words(one): one for one in reversed(list(bare)) if _words(one) not in known}
    return list(reversed(found.values()))


def sure(bare: Sequence[GradedAnswer], task: Task, said: Outcomes, least: float) -> list[GradedAnswer]:
    """Those of n bare answers that a grader is at least so sure of, with the grade it gives them.

    Scores on a line have one confidence for all: all join or none.

    Args:
        said: what it says of them, n. least: the confidence that is enough.

    Raises:
        ValueError: `said` is not about as many answers.
    """
    if len(said.confidence) != len(bare):
        raise ValueError(f"{len(said.confidence)} grades for {len(bare)} answers: as many of each are needed")
    return [_graded(one, task, said, n) for n, one in enumerate(bare) if said.confidence[n] >= least]


def beside(guessed: Iterable[GradedAnswer], held: Iterable[GradedAnswer]) -> list[GradedAnswer]:
    """Those that are no answer to a question held back. Questions are known by id and by text: one file may name ids
    where another has none.
    """
    back = list(held)
    ids, texts = {one.question_id for one in back if one.question_id}, {_plain(one.question) for one in back}
    return [one for one in guessed if one.question_id not in ids and _plain(one.question) not in texts]


def _graded(one: GradedAnswer, task: Task, said: Outcomes, n: int) -> GradedAnswer:
    if task.kind == "labels":
        return replace(one, label=task.labels[int(said.place[n])], score=None, max_score=None)
    return replace(one, label=None, score=float(said.score[n]), max_score=task.max_score)


def _words(one: GradedAnswer) -> tuple[str, str]:
    return _plain(one.question), _plain(one.answer)


def _plain(text: str) -> str:
    """A text without case and doubled spaces."""
    return " ".join(text.casefold().split())

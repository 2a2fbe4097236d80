"""Is an answer right? Exact for choices, numbers, expressions and steps; provisional for written text."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from knowledge_graph.numbers import Number, read_number, same_unit
from knowledge_graph.types import SCORED_KINDS, Item, ItemKind, Step
from student_model.judging.expressions import equivalent, tidied
from student_model.judging.feedback import feedback
from student_model.judging.grades import Grade, Grader, PassageGrader
from student_model.judging.wording import Wording

LONGEST = 10_000
"""Characters of an answer that are read at all; longer ones are refused."""


class AnswerError(ValueError):
    """An answer of a shape that the item cannot take; the text says what came, `allowed` what can."""

    def __init__(self, message: str, allowed: str) -> None:
        super().__init__(f"{message}; allowed: {allowed}")
        self.message, self.allowed = message, allowed


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an answer is worth.

    Attributes:
        score: share of full marks in [0, 1].
        confidence: how sure the judge is of the score; `None` for an exact key.
        provisional: whether a better judge, or a person, may still change it.
        feedback: a sentence for the learner; for steps one line each.
        grade: what the grader said, for an answer in words that no key settled.
        steps: the judgement of each step, where there are several.
    """

    correct: bool
    score: float
    confidence: float | None = None
    provisional: bool = False
    feedback: str = ""
    grade: Grade | None = None
    steps: tuple[Judgement, ...] = ()


RIGHT = Judgement(True, 1.0, feedback="Right.")
NOT_YET = Judgement(False, 0.0, feedback="Not yet.")
UNJUDGED = Judgement(False, 0.0, 0.0, True, "There is no model answer to compare with yet.")
"""What waits for a teacher, as no grader can tell."""
WORDING = Wording()


def judge(item: Item | Step, answer: str | Sequence[str], grader: Grader = WORDING) -> Judgement:
    """Judge an answer: one text, or for an item of kind `steps` one text a step. What no key settles, `grader` grades,
    beside the item's passage where it has one.

    Raises:
        AnswerError: the answer's shape is wrong; a wrong answer is a judgement, not an error.

    >>> from knowledge_graph.types import ItemId
    >>> judge(Item(ItemId("q"), "numeric", (), "Half of 1.5?", answer="3/4"), "0.75").correct
    True
    """
    if isinstance(item, Item) and item.kind == "steps":
        return _judge_steps(item, answer, grader)
    return _judge_one(item, answer, grader, item.passage if isinstance(item, Item) else "")


def _judge_one(item: Item | Step, answer: str | Sequence[str], grader: Grader, passage: str) -> Judgement:
    """Judge one text; `passage` is what the item, or the item of the step, is about."""
    if item.kind not in SCORED_KINDS or item.kind == "steps":
        raise AnswerError(f"an item of kind `{item.kind}` is not judged", "no answer")
    if not isinstance(answer, str):
        raise AnswerError(f"a list of {len(answer)} answers came for an item of kind `{item.kind}`", "one text")
    if len(answer) > LONGEST:
        raise AnswerError(f"an answer of {len(answer)} characters", f"at most {LONGEST} characters")
    if item.kind == "text":
        return _judge_text(item, answer, grader, passage)
    return _JUDGES[item.kind](item, answer)


def _judge_steps(item: Item, answers: str | Sequence[str], grader: Grader) -> Judgement:
    expected = f"a list of {len(item.steps)} answers, one a step"
    if isinstance(answers, str):
        raise AnswerError("one text came for an item of several steps", expected)
    if len(answers) != len(item.steps):
        raise AnswerError(f"{len(answers)} answers came for {len(item.steps)} steps", expected)
    both = zip(item.steps, answers, strict=True)
    judged = tuple(_judge_one(step, answer, grader, item.passage) for step, answer in both)
    if not judged:
        return RIGHT
    sure = [one.confidence for one in judged if one.confidence is not None]
    return Judgement(
        correct=all(one.correct for one in judged),
        score=sum(one.score if one.provisional else one.correct for one in judged) / len(judged),
        confidence=min(sure, default=None),
        provisional=any(one.provisional for one in judged),
        feedback="\n".join(" ".join(one.feedback.split("\n")) for one in judged),
        steps=judged,
    )


def _judge_choice(item: Item | Step, answer: str) -> Judgement:
    taken = _choice(item.choices, answer)
    if taken is None:
        raise AnswerError(
            "this is none of the item's choices", " | ".join(item.choices) or "none: the item has no choices"
        )
    return RIGHT if any(_choice(item.choices, key) == taken for key in _keys(item)) else NOT_YET


def _choice(choices: Sequence[str], text: str) -> int | None:
    """The choice a text means: the one it equals, or the only one it equals but for case and spaces."""
    if text in choices:
        return choices.index(text)
    alike = [place for place, choice in enumerate(choices) if plain(choice) == plain(text)]
    return alike[0] if len(alike) == 1 else None


def _judge_numeric(item: Item | Step, answer: str) -> Judgement:
    given = read_number(answer, item.unit)
    keys = [(key, read_number(key, item.unit)) for key in _keys(item)]
    if _written_like(answer, (key for key, _ in keys)):
        return RIGHT
    if given is None:
        return Judgement(False, 0.0, feedback="This cannot be read as one number.")
    if not any(number is not None and _same_value(given, number, item) for _, number in keys):
        return NOT_YET
    if item.unit and given.unit and not same_unit(given.unit, item.unit) and not given.percent:
        return Judgement(False, 0.0, feedback=f"The number fits, but the unit asked for is {item.unit}.")
    return RIGHT


def _same_value(given: Number, key: Number, item: Item | Step) -> bool:
    in_percent = same_unit(item.unit, "%") if item.unit else False
    one, other = (given.value, key.value) if in_percent else (given.plain, key.plain)
    return abs(one - other) <= (item.tolerance or 0)


def _judge_expression(item: Item | Step, answer: str) -> Judgement:
    keys = _keys(item)
    if _written_like(answer, keys):
        return RIGHT
    if not any(equivalent(answer, key) for key in keys):
        return NOT_YET
    if _only_copied(item, answer):
        return Judgement(False, 0.0, feedback="This stands in the question already: write it in another form.")
    return RIGHT


def _only_copied(item: Item | Step, answer: str) -> bool:
    """Whether an answer that needed work is a piece of the question, sign for sign."""
    given, asked = _tight(answer), _tight(item.text)
    composed = any(sign in given[1:] for sign in "+-*/^(=<>")
    return composed and given in asked and not any(_tight(key) in asked for key in _keys(item))


def _judge_text(item: Item | Step, answer: str, grader: Grader, passage: str) -> Judgement:
    references = references_of(item)
    if answer.strip() and _written_like(answer, references):
        return RIGHT
    if not (references or (passage.strip() and isinstance(grader, PassageGrader) and grader.reads_passages)):
        return UNJUDGED
    grade = grader.grade(item.text, references, answer, passage)
    if not (references or grade.confidence):
        return UNJUDGED
    correct = grade.standing == "correct"
    return Judgement(correct, grade.score, grade.confidence, True, feedback(grade, item.hints), grade)


def references_of(item: Item | Step) -> tuple[str, ...]:
    """The right answers that an answer in words is compared with."""
    return (*item.reference_answers, *_keys(item))


_JUDGES: dict[ItemKind, Callable[[Item | Step, str], Judgement]] = {
    "choice": _judge_choice,
    "numeric": _judge_numeric,
    "expression": _judge_expression,
}


def _keys(item: Item | Step) -> tuple[str, ...]:
    return ((item.answer,) if item.answer is not None else ()) + item.accepted_answers


def _written_like(answer: str, keys: Iterable[str]) -> bool:
    return plain(answer) in {plain(key) for key in keys}


def plain(text: str) -> str:
    """A text without what does not count when texts are compared: case, spaces, look-alike characters.

    >>> plain("  The  Ｗater ")
    'the water'
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _tight(text: str) -> str:
    return "".join(tidied(text).split()) if len(text) <= LONGEST else ""

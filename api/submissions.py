"""From what a platform sends to what the log keeps: entries are checked and judged, all faults named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from pydantic import ValidationError

from api.grading import SUREST
from api.ids import new_id
from api.problems import faults_of, invalid
from api.schemas import MOST_GRADED, MOST_RESPONSES, Checks, ResponseIn
from api.strict_json import Fault, pointer
from data.reviews import Entry
from data.rows import TEACHER, Mark
from knowledge_graph.types import Item, ItemId
from student_model.judging import NOT_YET, RIGHT, AnswerError, Judgement, judge
from student_model.judging.feedback import feedback
from student_model.judging.grades import Grade, Grader
from student_model.types import LearnerId, Response, ResponseId


@dataclass(frozen=True, slots=True)
class Submission:
    """A response ready for the log, its item, and how it was judged (`None` for what is only studied).

    `timed`: whether the platform gave the time. `judged`: whether it gave the verdict.
    """

    response: Response
    item: Item
    judgement: Judgement | None
    timed: bool
    judged: bool

    @property
    def mark(self) -> Mark | None:
        """As what an answer in words was graded, and by whom."""
        grade = None if self.judgement is None else self.judgement.grade
        return None if grade is None else Mark(grade.label, grade.grader)

    @property
    def in_words(self) -> int:
        """How many answers the grader may have been asked about."""
        return 0 if self.judged else in_words(self.item)

    def as_held(self, entry: Entry, worth: Mapping[str, float]) -> Judgement | None:
        """How the answer was judged when it was stored, or by a teacher since; by now a grader may say something else.

        `worth` is that of the labels of the grader that serves.
        """
        held, mark, judged = entry.response, entry.mark, self.judgement
        score, sure = held.outcome or 0.0, held.score_confidence
        if judged is None or (score, sure, held.label) == (judged.score, judged.confidence, self.response.label):
            return judged
        provisional = sure is not None and sure <= SUREST
        if mark is None or self.item.kind == "steps":  # of the steps, nothing is stored each by itself
            told = RIGHT.feedback if held.correct else NOT_YET.feedback
            return Judgement(bool(held.correct), score, sure, provisional, told)
        grader = mark.grader if provisional else TEACHER.rstrip(":")
        grade = Grade(mark.label, score, sure or 0.0, grader=grader, worth=worth)
        return Judgement(bool(held.correct), score, sure, provisional, feedback(grade, self.item.hints), grade)

    def as_before(self, held: Response | None) -> Response:
        """The response, with what the service had added to it when it was stored first."""
        if held is None:
            return self.response
        response = replace(self.response, sequence=held.sequence)
        if not self.timed:
            response = replace(response, at=held.at)
        if not self.judged:
            response = replace(response, correct=held.correct, score=held.score, score_confidence=held.score_confidence)
        return response


def read_submissions(body: Any, learner_id: LearnerId, checks: Checks) -> list[Submission]:
    """The submissions in a parsed body, one object or a list of them.

    Raises:
        Problem: anything is wrong with any of them; every fault is named.
    """
    alone = not isinstance(body, list)
    entries = [body] if alone else body
    if not 1 <= len(entries) <= MOST_RESPONSES:
        raise invalid([Fault("", f"a list of {len(entries)} responses", f"1 to {MOST_RESPONSES} responses")])
    sent: list[tuple[tuple[int, ...], ResponseIn]] = []
    found: list[Submission] = []
    faults: list[Fault] = []
    for place, entry in enumerate(entries):
        prefix: tuple[int, ...] = () if alone else (place,)
        try:
            sent.append((prefix, ResponseIn.model_validate(entry, context=checks)))
        except ValidationError as error:
            faults += faults_of(error, ResponseIn, *prefix)
    unjudged = [entry for _, entry in sent if entry.correct is None and entry.score is None]
    asked = sum(in_words(checks.graph.item(ItemId(entry.item_id))) for entry in unjudged)
    if asked > MOST_GRADED:  # before any is: grading them is what would take so long
        message, allowed = f"{asked} answers in words are to be graded", f"at most {MOST_GRADED} in one request: send"
        raise invalid([Fault("", message, f"{allowed} the others in further ones, or judged by `correct` or `score`")])
    for prefix, response in sent:
        read = _read(response, learner_id, checks, prefix)
        if isinstance(read, Submission):
            found.append(read)
        else:
            faults += read
    if faults:
        raise invalid(faults)
    return found if alone else _in_sequence(found)


def in_words(item: Item) -> int:
    """How many answers in words an item wants."""
    return sum(one.kind == "text" for one in (item.steps if item.kind == "steps" else (item,)))


def _read(
    entry: ResponseIn, learner_id: LearnerId, checks: Checks, prefix: tuple[int, ...]
) -> Submission | list[Fault]:
    """The submission, or what is wrong with it beyond its shape."""
    item = checks.graph.item(ItemId(entry.item_id))
    faults = [
        Fault(pointer(*prefix, name), f"an item of kind `{item.kind}` takes no `{name}`", _takes(item))
        for name in _given(entry)
        if name not in _fields(item)
    ]
    if faults:
        return faults
    try:
        judgement = _judgement(entry, item, checks.grader)
    except AnswerError as error:
        field = next((name for name in _given(entry) if name in ANSWERS), None)
        place = pointer(*prefix, field) if field else pointer(*prefix)
        return [Fault(place, error.message, error.allowed)]
    judged = entry.correct is not None or entry.score is not None
    response = _response(entry, learner_id, checks, judgement)
    return Submission(response, item, judgement, entry.at is not None, judged)


def _in_sequence(listed: list[Submission]) -> list[Submission]:
    """Of a list without times, or with equal ones, the order of the list is the order of the responses."""
    place: dict[ResponseId, int] = {}
    return [
        replace(one, response=replace(one.response, sequence=place.setdefault(one.response.response_id, number)))
        for number, one in enumerate(listed)
    ]


ANSWERS = ("choice", "answer_text", "answers")
VERDICTS = ("correct", "score")


def _given(entry: ResponseIn) -> list[str]:
    return [name for name in (*ANSWERS, *VERDICTS) if getattr(entry, name) is not None]


def _fields(item: Item) -> tuple[str, ...]:
    """The fields that may carry the answer to this item."""
    if not item.scored:
        return ()
    answer = {"choice": "choice", "steps": "answers"}.get(item.kind, "answer_text")
    return (answer, *VERDICTS)


def _takes(item: Item) -> str:
    return f"`{_fields(item)[0]}`, or `correct` or `score` judged by the platform" if item.scored else "no answer"


def _judgement(entry: ResponseIn, item: Item, grader: Grader) -> Judgement | None:
    """How the answer is judged: by the platform where it says so, else by us."""
    if not item.scored:
        return None
    if entry.correct is not None or entry.score is not None:
        score = float(entry.correct or False) if entry.score is None else entry.score
        return Judgement(score >= 0.5 if entry.correct is None else entry.correct, score)
    answer: str | Sequence[str] | None = getattr(entry, _fields(item)[0])
    if answer is None:
        raise AnswerError("the answer is missing", _takes(item))
    return judge(item, answer, grader)


def _response(entry: ResponseIn, learner_id: LearnerId, checks: Checks, judgement: Judgement | None) -> Response:
    written = entry.answer_text if entry.answers is None else orjson.dumps(entry.answers).decode()
    graded = judgement is not None and judgement.score != float(judgement.correct)
    return Response(
        response_id=ResponseId(entry.response_id or new_id()),
        learner_id=learner_id,
        item_id=ItemId(entry.item_id),
        at=entry.at or checks.now,
        correct=None if judgement is None else judgement.correct,
        score=judgement.score if judgement is not None and (graded or judgement.provisional) else None,
        score_confidence=None if judgement is None else judgement.confidence,
        choice=entry.choice,
        answer_text=written,
        elapsed_seconds=entry.elapsed_seconds,
        hints=entry.hints,
        confidence=entry.confidence,
        supersedes=None if entry.supersedes is None else ResponseId(entry.supersedes),
        label=None if judgement is None or judgement.grade is None else judgement.grade.label,
    )

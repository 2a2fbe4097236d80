"""What may be sent: pydantic models that refuse unknown fields, wrong types and values out of bounds."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from api.ids import LONGEST_ID, id_fault
from engine import policies
from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.types import ItemKind
from student_model.judging import WORDING
from student_model.judging.grades import Grader

LONGEST_ANSWER = 10_000
MOST_STEPS = 100
MOST_RESPONSES = 1_000
MOST_GRADED = MOST_STEPS
"""Answers in words that one request may have graded, at some 20 ms each: it holds a worker no longer than two seconds.
Not fewer than one item may have steps, or that could never be answered."""
MOST_ITEMS = 50
AHEAD = timedelta(days=1)
"""How far a platform's clock may run before ours."""

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Checks:
    """What a request is checked against besides its shape; handed to pydantic as its context.

    `grader` grades the answers in words, and has the labels that a teacher may give.
    """

    graph: KnowledgeGraph
    now: datetime
    grader: Grader = WORDING


def refused(message: str, allowed: str) -> PydanticCustomError:
    """A fault that says what came and what is allowed; passed in, since braces would be taken for fields."""
    return PydanticCustomError("refused", "{message}", {"message": message, "allowed": allowed})


def printable(text: str) -> str:
    """Refuse ids that cannot be printed or were not valid UTF-8."""
    if fault := id_fault(text):
        raise refused(fault, f"1 to {LONGEST_ID} printable characters")
    return text


def _time(value: Any) -> Any:
    """A time of RFC 3339, as UTC. Other forms of ISO 8601, and numbers, would be guesses."""
    if value is None:
        return None
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise refused("this is no time with a zone", 'a time such as "2026-03-02T12:00:00Z"')
    try:
        whole, fraction, zone = re.fullmatch(r"(.{19})(\.\d+)?(.+)", value).groups(default="")  # type: ignore[union-attr]
        return datetime.fromisoformat(
            f"{whole}{fraction[:7].ljust(7, '0') if fraction else ''}{zone.upper()}"
        ).astimezone(UTC)
    except (ValueError, OverflowError):
        raise refused("there is no such time", 'a time such as "2026-03-02T12:00:00Z"') from None


def _past(at: datetime, info: ValidationInfo) -> datetime:
    checks: Checks | None = info.context
    if at < _EPOCH or (checks is not None and at > checks.now + AHEAD):
        raise refused("the time is out of bounds", "times from 1970 to a day ahead of the service's clock")
    return at


def _known(kind: str, ids: Callable[[Checks], Any]) -> AfterValidator:
    """Refuse an id that the course does not have."""

    def check(value: str, info: ValidationInfo) -> str:
        checks: Checks | None = info.context
        if checks is not None and value not in ids(checks):
            course = checks.graph.course.curriculum_id
            raise refused(f"there is no {kind} {value!r} in the course {course!r}", f"the id of one of its {kind}s")
        return value

    return AfterValidator(check)


def _policy(name: str) -> str:
    if name not in policies.available():
        raise refused(f"there is no policy {name!r}", f"one of {', '.join(policies.available())}")
    return name


Id = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_ID), AfterValidator(printable)]
KnownItem = Annotated[Id, _known("item", lambda checks: checks.graph.vocabulary.item_index)]
KnownConcept = Annotated[Id, _known("concept", lambda checks: checks.graph.vocabulary.concept_index)]
Time = Annotated[datetime, BeforeValidator(_time), WithJsonSchema({"type": "string", "format": "date-time"})]
PastTime = Annotated[Time, AfterValidator(_past)]
Share = Annotated[float, Field(ge=0, le=1)]
Answer = Annotated[str, StringConstraints(max_length=LONGEST_ANSWER)]


class Strict(BaseModel):
    """Unknown fields are refused, and nothing is converted: "1" is no number, 1 is no truth."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class LearnerPath(Strict):
    """Whose."""

    learner_id: Id = Field(description="The platform's own id of the learner.")


class DecisionPath(Strict):
    """Which."""

    decision_id: Id = Field(description="As a recommendation named it.")


class ResponseIn(Strict):
    """One response, with the `choice`, `answer_text` or `answers` that its item takes; readings take none."""

    item_id: KnownItem
    response_id: Id | None = Field(
        default=None, description="Makes sending again harmless; without it the service makes one."
    )
    at: PastTime | None = Field(default=None, description="When it was given, with a zone; now if absent.")
    choice: Answer | None = Field(default=None, description="The text of the choice taken.")
    answer_text: Answer | None = Field(default=None, description="What was written.")
    answers: Annotated[list[Answer], Field(max_length=MOST_STEPS)] | None = Field(
        default=None, description="One text a step, for an item of kind `steps`."
    )
    correct: bool | None = Field(default=None, description="Right or wrong, where the platform has judged it.")
    score: Share | None = Field(default=None, description="Share of full marks, where the platform has judged it.")
    elapsed_seconds: Annotated[float, Field(ge=0, le=1e7)] | None = None
    hints: Annotated[int, Field(ge=0, le=1000)] | None = Field(default=None, description="How many were opened.")
    confidence: Share | None = Field(default=None, description="How sure the learner says to be.")
    supersedes: Id | None = Field(default=None, description="The response that this one corrects.")
    decision_id: Id | None = Field(default=None, description="The recommendation that it answers.")


class ResponsesIn(RootModel[ResponseIn | Annotated[list[ResponseIn], Field(min_length=1, max_length=MOST_RESPONSES)]]):
    """One response or a list of them; a list is stored whole or not at all."""


class RecommendationIn(Strict):
    """What is wanted. Everything may be absent."""

    count: Annotated[int, Field(ge=1, le=MOST_ITEMS)] = 1
    goal: KnownConcept | None = Field(default=None, description="Recommend only this concept and what leads to it.")
    exclude: Annotated[list[KnownItem], Field(max_length=MOST_RESPONSES)] = Field(
        default=[], description="Items not to recommend."
    )
    minutes: Annotated[float, Field(gt=0, le=1e6)] | None = Field(
        default=None, description="Time for all items together."
    )
    deadline: Time | None = Field(default=None, description="When the time at hand ends.")
    kinds: Annotated[list[ItemKind], Field(max_length=20)] = Field(
        default=[], description="The only kinds to recommend."
    )
    policy: Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_policy)] = "gain"


class FaultOut(BaseModel):
    """One fault of a request."""

    pointer: str = Field(description="Where: a JSON pointer into the body, or the name of a path parameter.")
    message: str = Field(description="What came.")
    allowed: str | None = Field(description="What is allowed.")


class ProblemOut(BaseModel):
    """Why a request was refused (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str = Field(description="Under which the service's log has it.")
    errors: list[FaultOut] = Field(description="Every fault; empty where the request as a whole is refused.")

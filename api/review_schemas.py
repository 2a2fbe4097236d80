"""What teachers send and are told: the queue of answers in words that wait for them, and their verdicts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, ValidationInfo, model_validator

from api.ids import LONGEST_ID
from api.reply_schemas import MediaOut, MovedOut, Reply
from api.schemas import Checks, Id, Share, Strict, printable, refused
from student_model.judging.labels import bounds

MOST_ENTRIES = 100
LONGEST_REASON = 2_000


def _label(label: str, info: ValidationInfo) -> str:
    """Refuse a label that the grader does not know: it could not learn from it."""
    checks: Checks | None = info.context
    if checks is not None and label not in checks.grader.worth:
        raise refused("this is none of the grader's labels", ", ".join(checks.grader.worth))
    return label


class QueueQuery(BaseModel):
    """Which of those that wait."""

    limit: Annotated[int, Field(ge=1, le=MOST_ENTRIES)] = Field(default=20, description="How many at most.")
    order: Literal["doubtful", "oldest"] = Field(
        default="doubtful",
        description="The least certain grade first, but never two answers to one item in a row while others wait; "
        "or what came first.",
    )


class ReviewPath(Strict):
    """Which."""

    review_id: Id = Field(description="As the queue named it.")


class VerdictIn(Strict):
    """What a teacher says of an answer in words: a `label`, a `score`, or both."""

    label: Annotated[str, StringConstraints(max_length=LONGEST_ID), AfterValidator(_label)] | None = Field(
        default=None, description="One of the queue's `labels`; the nearest to the score if absent."
    )
    score: Share | None = Field(
        default=None,
        description="Share of full marks, nearest to what the label is worth; what it is worth if absent.",
    )
    teacher: Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(printable)] = Field(
        description="Who says so, under a name of the platform's own."
    )
    reason: Annotated[str, StringConstraints(max_length=LONGEST_REASON)] | None = Field(
        default=None, description="Why; erased with the learners' texts."
    )

    replaces: Id | None = Field(
        default=None,
        description="The `response_id` of the last verdict on this answer, to change it; without it an answer that "
        "was judged is a conflict.",
    )

    @model_validator(mode="after")
    def _says_one_thing(self, info: ValidationInfo) -> VerdictIn:
        if self.label is None and self.score is None:
            raise refused("neither a label nor a score came", "`label`, `score`, or both")
        checks: Checks | None = info.context
        if checks is not None and self.label is not None and self.score is not None:
            least, most = bounds(self.label, checks.grader.worth)
            if not least <= self.score <= most:
                message = f"the score {self.score:.3g} contradicts the label {self.label!r}"
                raise refused(message, f"with this label a score from {least:.3g} to {most:.3g}, or none")
        return self


class WaitingGradeOut(Reply):
    """What the grader said."""

    label: str | None = Field(description="Null for what had nothing to be compared with, and for several steps.")
    score: float
    confidence: float
    grader: str | None = Field(description="Name and version; null where `label` is.")


class WaitingOut(Reply):
    """An answer in words that waits for a teacher. Of the learner no more is told than a part of the pseudonym."""

    review_id: str
    learner: str
    item_id: str
    passage: str = Field(description="The text that the question is about, if there is one.")
    question: str
    media: list[MediaOut] = Field(description="What the question is about, where it shows or plays something.")
    reference_answers: list[str]
    hints: list[str]
    answer_text: str
    at: datetime | None = Field(description="When it was given.")
    grade: WaitingGradeOut


class QueueOut(Reply):
    """What waits for a teacher."""

    waiting: int = Field(description="How many there are in all.")
    threshold: float = Field(description="Grades less certain than this wait.")
    labels: list[str] = Field(description="What a verdict may say, from the best to the worst.")
    entries: list[WaitingOut]


class VerdictOut(Reply):
    """The verdict as it was stored, and the beliefs that it moved."""

    response_id: str
    supersedes: str
    beliefs: list[MovedOut]

"""Responses as rows of the tables and back, and the statements that find and store them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import and_, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from data.pseudonym import keyed_hash
from data.tables import answers, grades, items, learners, responses
from knowledge_graph.types import ConceptId, ItemId
from student_model.types import LearnerId, Response, ResponseId

TEACHER = "teacher:"
"""What the name of a person stands behind where a grade says who gave it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """As what an answer in words was graded, and by whom.

    Attributes:
        grader: name and version of a model, or `teacher:NAME`.
        reason: what a teacher wrote about it.
    """

    label: str
    grader: str
    reason: str | None = None


_OF_GRADE = and_(grades.c.learner_no == responses.c.learner_no, grades.c.position == responses.c.position)
JOINED = responses.join(learners).join(items).outerjoin(answers).outerjoin(grades, _OF_GRADE)
_NOT_SAID = ("learner_no", "tenant", "item_no", "body_hash", "received_at")
COLUMNS = [column for column in responses.c if column.name not in _NOT_SAID]
COLUMNS += [items.c.item_id, items.c.concept_ids, answers.c.text, grades.c.label]
"""What makes a `Response` again, selected from `JOINED`."""

# Statements are built once: building one takes SQLAlchemy longer than SQLite takes to run it.
FIND_ITEMS = select(items.c.item_id, items.c.concept_ids, items.c.item_no).where(
    items.c.tenant == bindparam("tenant"), items.c.item_id.in_(bindparam("ids", expanding=True))
)
FIND_RESPONSES = select(responses.c.response_id, responses.c.body_hash, responses.c.position).where(
    responses.c.learner_no == bindparam("number"), responses.c.response_id.in_(bindparam("ids", expanding=True))
)
COUNT_BACK = (
    update(learners)
    .where(learners.c.learner_no == bindparam("number"))
    .values(responses=learners.c.responses - bindparam("repeats"))
)
OF_LEARNER = (
    select(*COLUMNS)
    .select_from(JOINED)
    .where(
        learners.c.tenant == bindparam("tenant"),
        learners.c.pseudonym == bindparam("pseudonym"),
        responses.c.position > bindparam("after"),
    )
    .order_by(responses.c.position)
)
POSITION = select(learners.c.learner_no, learners.c.responses).where(
    learners.c.tenant == bindparam("tenant"), learners.c.pseudonym == bindparam("pseudonym")
)
INSERT_RESPONSES, INSERT_ANSWERS, INSERT_GRADES = insert(responses), insert(answers), insert(grades)


def _upserts(dialect: Any) -> tuple[Any, Any]:
    """`ENTER_LEARNERS` and `ENTER_ITEMS` of a dialect."""
    enter = dialect.insert(learners)
    counted = enter.on_conflict_do_update(
        index_elements=[learners.c.tenant, learners.c.pseudonym],
        set_={"responses": learners.c.responses + enter.excluded.responses},
    ).returning(learners.c.pseudonym, learners.c.learner_no, learners.c.responses)
    return counted, dialect.insert(items).on_conflict_do_nothing()


_UPSERTS = {"sqlite": _upserts(sqlite), "postgresql": _upserts(postgresql)}
ENTER_LEARNERS = {name: learner for name, (learner, _) in _UPSERTS.items()}
"""By dialect: enter new learners, count on those there are, and lock both until the transaction ends."""
ENTER_ITEMS = {name: item for name, (_, item) in _UPSERTS.items()}
"""By dialect: enter new items, leaving alone what another process entered in the meantime."""


def microseconds(at: datetime) -> int:
    """Whole microseconds since 1970 of a timezone-aware time."""
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def time_of(microsecond: int) -> datetime:
    """The time, in UTC, that so many microseconds since 1970 make."""
    return datetime.fromtimestamp(microsecond // 1_000_000, UTC).replace(microsecond=microsecond % 1_000_000)


def body_hash(key: bytes, one: Response) -> str:
    """A keyed hash of all that a response says, 32 hexadecimal digits; the same instant in another zone is the same."""
    said = [*row_of(one).values(), one.item_id, one.concept_ids, one.answer_text]
    return keyed_hash(key, orjson.dumps(said))[:32]


def tags_of(one: Response) -> str:
    """The concepts that a response names, as `items.concept_ids` holds them."""
    return orjson.dumps(one.concept_ids).decode()


def row_of(one: Response) -> dict[str, Any]:
    """A response's columns, without those that place it and without its text."""
    return {
        "response_id": one.response_id,
        "at": None if one.at is None else microseconds(one.at),
        "sequence": one.sequence,
        "correct": one.correct,
        "score": _real(one.score),
        "score_confidence": _real(one.score_confidence),
        "choice": one.choice,
        "elapsed_seconds": _real(one.elapsed_seconds),
        "hints": one.hints,
        "confidence": _real(one.confidence),
        "supersedes": one.supersedes,
    }


def response_of(learner_id: LearnerId, row: Any) -> Response:
    """The response in a row of `COLUMNS`."""
    return Response(
        response_id=ResponseId(row.response_id),
        learner_id=learner_id,
        item_id=ItemId(row.item_id),
        at=None if row.at is None else time_of(row.at),
        sequence=row.sequence,
        correct=row.correct,
        score=row.score,
        score_confidence=row.score_confidence,
        choice=row.choice,
        answer_text=row.text,
        elapsed_seconds=row.elapsed_seconds,
        hints=row.hints,
        confidence=row.confidence,
        supersedes=None if row.supersedes is None else ResponseId(row.supersedes),
        concept_ids=tuple(map(ConceptId, orjson.loads(row.concept_ids))),
        label=row.label,
    )


def _real(value: float | None) -> float | None:
    return None if value is None else float(value)

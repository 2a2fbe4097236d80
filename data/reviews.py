"""Answers in words that wait for a teacher, and verdicts: each a new response that corrects the one it is about."""

from __future__ import annotations

import hmac
import re
from collections import deque
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import Any, Literal, TypeVar

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select, tuple_

from data.database import writing
from data.pseudonym import keyed_hash
from data.responses import Appended, ResponseLog
from data.rows import COLUMNS, JOINED, TEACHER, Mark, response_of, time_of
from data.tables import answers, grades, items, learners, responses
from knowledge_graph.types import ItemId
from student_model.types import LearnerId, Response, ResponseId

Order = Literal["doubtful", "oldest"]
Place = tuple[int, int]
"""The number of a learner, and the position of one of the learner's responses."""
Thing = TypeVar("Thing")

SURE = 1.0
"""The confidence of a person."""

_ID = re.compile(r"([0-9a-f]{1,15})-([0-9a-f]{1,7})-[0-9a-f]{24}")
_LATER = responses.alias("later")
_CORRECTED = exists(  # of that one column: SQLite would not use the index over the few corrections for all of them
    select(_LATER.c.learner_no).where(
        _LATER.c.learner_no == responses.c.learner_no, _LATER.c.supersedes == responses.c.response_id
    )
)
_MARK = [grades.c.label, grades.c.grader, grades.c.reason]
_ENTRY = [*COLUMNS, *_MARK[1:], responses.c.learner_no, learners.c.pseudonym, answers.c.received_at.label("written_at")]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a teacher says of an answer: a share of full marks, whether that is right, and the mark that says so."""

    score: float
    correct: bool
    mark: Mark


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer in words under the learner's pseudonym, and what graded it, where that is known.

    Attributes:
        review_id: names the response, and tells nobody the platform's id of the learner.
        written_at: when its text was received; `None` once that is erased.
    """

    review_id: str
    response: Response
    mark: Mark | None
    written_at: datetime | None


class UnknownReviewError(LookupError):
    """There is no response of this review id."""


class TextErasedError(ValueError):
    """The text of the answer has been erased, so nobody can judge it any more."""


class JudgedError(ValueError):
    """A later response corrects this one: `response_id`. `by`: what graded it, a teacher or a model, if anybody did."""

    def __init__(self, by: str | None, response_id: ResponseId) -> None:
        super().__init__(f"judged before by {by}" if by else "corrected before by the platform")
        self.by, self.response_id = by, response_id


class NoVerdictError(LookupError):
    """What is to be replaced is no verdict on this answer."""


class Reviews:
    """The answers in words that wait for a teacher, and the verdicts on them. Args: the log they stand in."""

    def __init__(self, log: ResponseLog) -> None:
        self._log = log.by_pseudonym()

    def waiting(
        self, below: float, known: Container[ItemId], limit: int, order: Order = "doubtful"
    ) -> tuple[int, list[Entry]]:
        """How many answers to `known` items were graded with a confidence `below` this, and the first of them.

        Those whose text is erased, or that a later response corrects, wait no longer.
        """
        first = (responses.c.score_confidence, responses.c.received_at)
        by = (*(first if order == "doubtful" else first[::-1]), responses.c.learner_no, responses.c.position)
        item = items.c.item_id
        ranked = (
            select(item, responses.c.learner_no, responses.c.position)
            .add_columns(
                func.count().over(partition_by=item).label("of_item"),
                func.row_number().over(partition_by=item, order_by=by).label("rank"),
                func.row_number().over(order_by=by).label("turn"),
            )
            .select_from(responses.join(items).join(answers))
            .where(responses.c.tenant == self._log.tenant, responses.c.score_confidence < below, ~_CORRECTED)
            .subquery()
        )
        query = select(ranked).where(ranked.c.rank <= limit).order_by(ranked.c.turn)
        with self._log.engine.connect() as connection:
            rows = [row for row in connection.execute(query) if row.item_id in known]
            named = [(row.item_id, (row.learner_no, row.position)) for row in rows]
            places = apart(named, limit) if order == "doubtful" else [place for _, place in named[:limit]]
            entries = self._entries(connection, places)
        return sum(row.of_item for row in rows if row.rank == 1), entries

    def find(self, review_id: str) -> Entry:
        """The answer of this id, whether it waits or not.

        Raises:
            UnknownReviewError: there is none.
        """
        with self._log.engine.connect() as connection:
            return self._find(connection, self._place(review_id))

    def held(self, learner_id: LearnerId, response_id: ResponseId) -> Entry | None:
        """A learner's answer as it is stored, or as the last teacher judged it; the learner by the pseudonym."""
        at = responses.c.learner_no, responses.c.position
        own = and_(learners.c.tenant == self._log.tenant, learners.c.pseudonym == learner_id)
        with self._log.engine.connect() as connection:
            query = select(*at).select_from(JOINED).where(own, responses.c.response_id == response_id)
            for number, position in connection.execute(query):
                last = _last(connection, number, response_id)
                places = [(number, last.position if _by_teacher(last) else position)]
                return next(iter(self._entries(connection, places)), None)
        return None

    def judge(
        self, review_id: str, said: Verdict, received_at: datetime, replaces: ResponseId | None = None
    ) -> tuple[Response, Appended]:
        """Store a verdict: the same answer with this score, of which a person is sure. It is on disk at the end.

        The same verdict again is a `duplicate`. Its copy of the text is as old as the text, and goes with it.

        Args:
            replaces: the verdict on this answer that this one corrects; the last one counts.

        Raises:
            UnknownReviewError: there is no such answer. NoVerdictError: `replaces` is none on it.
            TextErasedError: its text is gone. JudgedError: it, or `replaces`, was judged otherwise or by somebody else.
        """
        place = self._place(review_id)
        with writing(self._log.engine) as connection:
            entry = self._find(connection, place, locked=True)
            if replaces is not None and not _is_verdict(connection, place[0], replaces, entry.response.response_id):
                raise NoVerdictError(replaces)
            verdict = self._verdict(entry, said, replaces)
            if last := _last(connection, place[0], verdict.supersedes):
                if last.response_id == verdict.response_id and _same(last, said):
                    return verdict, Appended(verdict.response_id, last.position, "duplicate")
                raise JudgedError(last.grader, ResponseId(last.response_id))
            if entry.written_at is None:
                raise TextErasedError("the text of this answer has been erased")
            marks = {(verdict.learner_id, verdict.response_id): said.mark}
            (stored,) = self._log.append_within(connection, [verdict], received_at, marks, entry.written_at)
        return verdict, stored

    def verdicts(self) -> Iterator[Entry]:
        """What teachers said of answers in words, where it holds and the text is kept.

        The `review_id` is that of the response that was judged, over however many verdicts.
        """
        given = responses.alias("given")
        corrects = and_(given.c.learner_no == responses.c.learner_no, given.c.response_id == responses.c.supersedes)
        query = (
            select(*_ENTRY, given.c.position.label("judged"), _CORRECTED.label("corrected"))
            .select_from(JOINED.join(given, corrects))
            .where(
                responses.c.tenant == self._log.tenant,
                grades.c.grader.startswith(TEACHER, autoescape=True),
                answers.c.text.is_not(None),
            )
            .order_by(responses.c.learner_no, responses.c.position)
        )
        judged: dict[Place, int] = {}  # a verdict comes after the one that it replaces
        with self._log.engine.connect().execution_options(yield_per=1_000) as connection:
            for row in connection.execute(query):
                first = judged.get((row.learner_no, row.judged), row.judged)
                judged[row.learner_no, row.position] = first
                if not row.corrected:
                    yield replace(self._entry(row), review_id=self._id((row.learner_no, first)))

    def _place(self, review_id: str) -> Place:
        read = _ID.fullmatch(review_id)
        place = (int(read[1], 16), int(read[2], 16)) if read else (0, 0)
        if not hmac.compare_digest(self._id(place).encode(), review_id.encode()):
            raise UnknownReviewError(review_id)
        return place

    def _find(self, connection: Connection, place: Place, locked: bool = False) -> Entry:
        if locked:  # who writes for this learner waits until the verdict stands
            number = learners.c.learner_no
            connection.execute(select(number).where(number == place[0]).with_for_update())
        for entry in self._entries(connection, [place]):
            return entry
        raise UnknownReviewError(self._id(place))

    def _entries(self, connection: Connection, places: Sequence[Place]) -> list[Entry]:
        """The answers at these places, in their order; those are left out that have gone since."""
        query = (
            select(*_ENTRY)
            .select_from(JOINED)
            .where(
                responses.c.tenant == self._log.tenant,
                tuple_(responses.c.learner_no, responses.c.position).in_(places),
            )
        )
        found = {(row.learner_no, row.position): self._entry(row) for row in connection.execute(query)}
        return [found[place] for place in places if place in found]

    def _entry(self, row: Any) -> Entry:
        mark = None if row.label is None else Mark(row.label, row.grader, row.reason)
        written_at = None if row.written_at is None else time_of(row.written_at)
        response = response_of(LearnerId(row.pseudonym), row)
        return Entry(self._id((row.learner_no, row.position)), response, mark, written_at)

    def _id(self, place: Place) -> str:
        """The place with a keyed hash behind it, so that ids cannot be guessed."""
        told = f"{place[0]:x}-{place[1]:x}"
        return f"{told}-{self._hash('review', told)[:24]}"

    def _hash(self, use: str, told: str) -> str:
        return keyed_hash(self._log.key, "\0".join((use, self._log.tenant, told)).encode())

    def _verdict(self, entry: Entry, said: Verdict, replaces: ResponseId | None) -> Response:
        """One id for what it corrects: so the log itself holds that this is judged once."""
        told = entry.review_id if replaces is None else f"{entry.review_id}\0{replaces}"
        return replace(
            entry.response,
            response_id=ResponseId(f"verdict-{self._hash('verdict', told)[:32]}"),
            correct=said.correct,
            score=said.score,
            score_confidence=SURE,
            supersedes=replaces or entry.response.response_id,
            label=said.mark.label,
        )


def _graded(connection: Connection, learner_no: int, which: ColumnElement[bool]) -> Any:
    """The first of a learner's responses of this kind, with what graded it."""
    columns = responses.c.response_id, responses.c.position, responses.c.score, responses.c.supersedes, *_MARK
    query = select(*columns).select_from(JOINED).where(responses.c.learner_no == learner_no, which)
    return connection.execute(query.order_by(responses.c.position)).first()


def _by_teacher(row: Any) -> bool:
    return row is not None and (row.grader or "").startswith(TEACHER)


def _last(connection: Connection, learner_no: int, corrected: str | None) -> Any:
    """What corrects this response, and what replaced that if it was a verdict; none where nothing does."""
    last = _graded(connection, learner_no, responses.c.supersedes == corrected)
    while _by_teacher(last) and (found := _graded(connection, learner_no, responses.c.supersedes == last.response_id)):
        last = found
    return last


def _is_verdict(connection: Connection, learner_no: int, response_id: ResponseId, on: ResponseId) -> bool:
    """Whether this is a verdict on that answer, or replaced one."""
    named: str = response_id
    while _by_teacher(row := _graded(connection, learner_no, responses.c.response_id == named)):
        if row.supersedes == on:
            return True
        named = row.supersedes
    return False


def _same(earlier: Any, said: Verdict) -> bool:
    """Whether that verdict says this too; of its reason nothing may be left."""
    told = (earlier.score, earlier.label, earlier.grader)
    return told == (said.score, said.mark.label, said.mark.grader) and earlier.reason in (None, said.mark.reason)


def apart(named: Iterable[tuple[str, Thing]], limit: int) -> list[Thing]:
    """The first `limit` things in their order, but never two of one name in a row while others are left.

    >>> apart([("a", 1), ("a", 2), ("a", 3), ("b", 4), ("a", 5)], limit=9)
    [1, 4, 2, 3, 5]
    """
    left: dict[str, deque[tuple[int, Thing]]] = {}
    for turn, (name, thing) in enumerate(named):
        left.setdefault(name, deque()).append((turn, thing))
    heads = [(things[0][0], name) for name, things in left.items()]
    heapify(heads)
    taken: list[Thing] = []
    last: tuple[int, str] | None = None  # the next of the name that was taken last; it waits for one turn
    while len(taken) < limit and (heads or last):
        _, name = heappop(heads) if heads else last  # type: ignore[misc]
        taken.append(left[name].popleft()[1])
        if last is not None and last[1] != name:
            heappush(heads, last)
        last = (left[name][0][0], name) if left[name] else None
    return taken

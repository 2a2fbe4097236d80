"""The response log: every event once, acknowledged after commit, never changed."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from sqlalchemy import Connection, Engine, and_, delete, func, select, update

from data.database import empty_journal, writing
from data.entering import Entered, Fresh, Key, enter_learners, parts, places_of, sorted_out, stored
from data.pseudonym import pseudonym
from data.rows import (
    COLUMNS,
    COUNT_BACK,
    ENTER_ITEMS,
    FIND_ITEMS,
    INSERT_ANSWERS,
    INSERT_GRADES,
    INSERT_RESPONSES,
    JOINED,
    OF_LEARNER,
    POSITION,
    Mark,
    microseconds,
    response_of,
    row_of,
    tags_of,
)
from data.tables import answers, decisions, grades, learners, responses
from knowledge_graph.types import ItemId
from student_model.types import LearnerId, Response, ResponseId

log = logging.getLogger(__name__)

_Tagged = tuple[ItemId, str]
Marks = Mapping[Key, Mark]
"""By learner and response: as what answers in words were graded, and by whom."""
NO_MARKS: Marks = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of a response: its place among the learner's, from 1, and whether it was there before."""

    response_id: ResponseId
    position: int
    status: Literal["stored", "duplicate"]


class ResponseConflict(ValueError):
    """Responses came again under the same id with another content. Nothing of the batch was stored."""

    def __init__(self, response_ids: Sequence[ResponseId]) -> None:
        self.response_ids = tuple(response_ids)
        super().__init__(
            f"response_id {', '.join(map(repr, self.response_ids))} stored before with another content; "
            "responses never change: send a new response_id, with `supersedes` to correct the old one"
        )


class ResponseLog:
    """The responses of one tenant.

    Args:
        engine: of an open database (`data.database.open_database`).
        key: for the learners' pseudonyms (`data.key_file.key_of`).
        tenant: whose rows these are; rows of others are never seen.
        pseudonymous: whether learners are called by their pseudonyms, and not by the platform's ids.
    """

    def __init__(self, engine: Engine, key: bytes, tenant: str = "default", pseudonymous: bool = False) -> None:
        self.engine, self.key, self.tenant, self.pseudonymous = engine, key, tenant, pseudonymous

    def by_pseudonym(self) -> ResponseLog:
        """The same log for those who know learners only by what `everything` calls them."""
        return ResponseLog(self.engine, self.key, self.tenant, pseudonymous=True)

    def append(self, batch: Sequence[Response], received_at: datetime, marks: Marks = NO_MARKS) -> tuple[Appended, ...]:
        """Store responses in one transaction, and what graded them; when this returns they are on disk.

        The same response again is a `duplicate` and changes nothing.

        Raises:
            ResponseConflict: a response_id came before with another content; nothing of the batch is stored.
        """
        if not batch:
            return ()
        with writing(self.engine) as connection:
            return self.append_within(connection, batch, received_at, marks)

    def append_within(
        self,
        connection: Connection,
        batch: Sequence[Response],
        received_at: datetime,
        marks: Marks = NO_MARKS,
        written_at: datetime | None = None,
    ) -> tuple[Appended, ...]:
        """`append` within a transaction that does more. `written_at`: from when on the texts age, if they are older.

        Raises:
            ResponseConflict: a response_id came before with another content; the transaction must not be committed.
        """
        sent = Counter(learner for learner, _ in {(one.learner_id, one.response_id) for one in batch})
        entered = enter_learners(connection, self.tenant, self.name_of, sent)
        known = stored(connection, entered, batch)
        fresh, conflicts = sorted_out(batch, known, self.key)
        if conflicts:
            raise ResponseConflict(conflicts)
        if fresh:
            places = self._insert(connection, fresh, entered, received_at, written_at or received_at)
            known.update({key: (digest, places[key]) for key, (digest, _) in fresh.items()})
            self._insert_marks(connection, marks, fresh, entered, places, received_at)
        repeats = sent - Counter(learner for learner, _ in fresh)
        if repeats:
            back = [{"number": entered[learner].number, "repeats": more} for learner, more in repeats.items()]
            connection.execute(COUNT_BACK, back)
        return tuple(
            Appended(
                one.response_id,
                known[one.learner_id, one.response_id][1],
                "stored" if fresh.pop((one.learner_id, one.response_id), None) else "duplicate",
            )
            for one in batch
        )

    def _insert(
        self,
        connection: Connection,
        fresh: Fresh,
        entered: Mapping[LearnerId, Entered],
        received_at: datetime,
        written_at: datetime,
    ) -> dict[Key, int]:
        item_no = self._item_numbers(connection, (one for _, one in fresh.values()))
        places = places_of(fresh, entered)
        received, written = microseconds(received_at), microseconds(written_at)
        rows, texts = [], []
        for key, (digest, one) in fresh.items():
            place = {"learner_no": entered[one.learner_id].number, "position": places[key], "tenant": self.tenant}
            rows.append(
                {
                    **place,
                    **row_of(one),
                    "item_no": item_no[one.item_id, tags_of(one)],
                    "body_hash": digest,
                    "received_at": received,
                }
            )
            if one.answer_text is not None:
                texts.append({**place, "text": one.answer_text, "received_at": written})
        connection.execute(INSERT_RESPONSES, rows)
        if texts:
            connection.execute(INSERT_ANSWERS, texts)
        return places

    def _insert_marks(
        self,
        connection: Connection,
        marks: Marks,
        fresh: Fresh,
        entered: Mapping[LearnerId, Entered],
        places: Mapping[Key, int],
        received_at: datetime,
    ) -> None:
        """Keep as what the new responses were graded; of a repeat, what was kept first stays."""
        received = microseconds(received_at)
        rows = [
            {
                "learner_no": entered[key[0]].number,
                "position": places[key],
                "tenant": self.tenant,
                "label": mark.label,
                "grader": mark.grader,
                "reason": mark.reason,
                "received_at": received,
            }
            for key, mark in marks.items()
            if key in fresh
        ]
        if rows:
            connection.execute(INSERT_GRADES, rows)

    def _item_numbers(self, connection: Connection, batch: Iterable[Response]) -> dict[_Tagged, int]:
        """The numbers of the items, each with the concepts that were named for it, new ones entered."""
        wanted = sorted({(one.item_id, tags_of(one)) for one in batch})
        found: dict[_Tagged, int] = {}

        def look(missing: list[_Tagged]) -> None:
            for part in parts(sorted({item for item, _ in missing})):
                rows = connection.execute(FIND_ITEMS, {"tenant": self.tenant, "ids": part})
                found.update({(ItemId(row[0]), row[1]): row[2] for row in rows})

        look(wanted)
        missing = [one for one in wanted if one not in found]
        if missing:
            new = [{"tenant": self.tenant, "item_id": item, "concept_ids": tags} for item, tags in missing]
            connection.execute(ENTER_ITEMS[connection.dialect.name], new)
            look(missing)
        return found

    def of_learner(self, learner_id: LearnerId, after: int = 0) -> list[Response]:
        """A learner's responses after this position, in the order they arrived."""
        asked = {"tenant": self.tenant, "pseudonym": self.name_of(learner_id), "after": after}
        with self.engine.connect() as connection:
            return [response_of(learner_id, row) for row in connection.execute(OF_LEARNER, asked)]

    def position(self, learner_id: LearnerId) -> tuple[int, int]:
        """The learner's number, which nobody gets again, and how many responses are stored; zeros if unknown."""
        asked = {"tenant": self.tenant, "pseudonym": self.name_of(learner_id)}
        with self.engine.connect() as connection:
            found = connection.execute(POSITION, asked).one_or_none()
        return (0, 0) if found is None else (found[0], found[1])

    def name_of(self, learner_id: LearnerId) -> LearnerId:
        """The pseudonym under which a learner is stored."""
        if self.pseudonymous:
            return learner_id
        return LearnerId(pseudonym(self.key, self.tenant, learner_id))

    def learners(self) -> int:
        """How many learners are known."""
        query = select(func.count()).select_from(learners).where(learners.c.tenant == self.tenant)
        with self.engine.connect() as connection:
            return connection.execute(query).scalar_one()

    def everything(self) -> Iterator[Response]:
        """All responses of all learners, under their pseudonyms, learner by learner in the order they arrived."""
        query = (
            select(*COLUMNS, learners.c.pseudonym)
            .select_from(JOINED)
            .where(learners.c.tenant == self.tenant)
            .order_by(responses.c.learner_no, responses.c.position)
        )
        with self.engine.connect().execution_options(yield_per=10_000) as connection:
            for row in connection.execute(query):
                yield response_of(LearnerId(row.pseudonym), row)

    def erase(self, learner_id: LearnerId) -> int:
        """Remove a learner with all responses, answers and decisions; gives how many responses there were."""
        own = and_(learners.c.tenant == self.tenant, learners.c.pseudonym == self.name_of(learner_id))
        with writing(self.engine) as connection:
            found = select(learners.c.learner_no, learners.c.responses).where(own).with_for_update()
            number, count = connection.execute(found).one_or_none() or (None, 0)
            for table in (answers, grades, decisions, responses, learners):
                connection.execute(delete(table).where(table.c.learner_no == number))
        self._shrink_journal()
        return int(count)

    def erase_text(self, before: datetime) -> int:
        """Remove what was written before this time, by learners and about them; the events and grades stay.

        Gives how many texts there were.
        """
        end = microseconds(before)
        old = and_(answers.c.tenant == self.tenant, answers.c.received_at < end)
        told = and_(grades.c.tenant == self.tenant, grades.c.received_at < end, grades.c.reason.is_not(None))
        with writing(self.engine) as connection:
            gone = connection.execute(delete(answers).where(old).returning(answers.c.position)).all()
            said = connection.execute(update(grades).where(told).values(reason=None).returning(grades.c.position)).all()
        self._shrink_journal()
        return len(gone) + len(said)

    def _shrink_journal(self) -> None:
        """SQLite's write-ahead log still holds what was erased until it is emptied into the file."""
        if self.engine.dialect.name == "sqlite" and not empty_journal(self.engine):
            log.warning("what was erased stays in SQLite's journal until its readers are done and it is next emptied")

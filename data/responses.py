"""The response log: every event once, acknowledged after commit, never changed."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Engine, and_, delete, func, select

from data.database import empty_journal, writing
from data.pseudonym import pseudonym
from data.rows import (
    COLUMNS,
    COUNT_BACK,
    ENTER_ITEMS,
    ENTER_LEARNERS,
    FIND_ITEMS,
    FIND_RESPONSES,
    INSERT_ANSWERS,
    INSERT_RESPONSES,
    JOINED,
    OF_LEARNER,
    POSITION,
    body_hash,
    microseconds,
    response_of,
    row_of,
    tags_of,
)
from data.tables import answers, decisions, learners, responses
from knowledge_graph.types import ItemId
from student_model.types import LearnerId, Response, ResponseId

log = logging.getLogger(__name__)

MANY = 500
"""How many ids go into one IN list."""

_Key = tuple[LearnerId, ResponseId]
_Tagged = tuple[ItemId, str]
_Fresh = dict[_Key, tuple[str, Response]]


@dataclass(frozen=True, slots=True)
class Entered:
    """A learner's number, and how many responses there were before this transaction."""

    number: int
    before: int


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
    """

    def __init__(self, engine: Engine, key: bytes, tenant: str = "default") -> None:
        self.engine, self.key, self.tenant = engine, key, tenant

    def append(self, batch: Sequence[Response], received_at: datetime) -> tuple[Appended, ...]:
        """Store responses in one transaction; when this returns they are on disk.

        The same response again is a `duplicate` and changes nothing.

        Raises:
            ResponseConflict: a response_id came before with another content; nothing of the batch is stored.
        """
        if not batch:
            return ()
        with writing(self.engine) as connection:
            sent = Counter(learner for learner, _ in {(one.learner_id, one.response_id) for one in batch})
            entered = enter_learners(connection, self.tenant, self.key, sent)
            known = _stored(connection, entered, batch)
            fresh, conflicts = _sorted_out(batch, known, self.key)
            if conflicts:
                raise ResponseConflict(conflicts)
            if fresh:
                places = self._insert(connection, fresh, entered, received_at)
                known.update({key: (digest, places[key]) for key, (digest, _) in fresh.items()})
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
        self, connection: Connection, fresh: _Fresh, entered: Mapping[LearnerId, Entered], received_at: datetime
    ) -> dict[_Key, int]:
        item_no = self._item_numbers(connection, (one for _, one in fresh.values()))
        places = _places(fresh, entered)
        received = microseconds(received_at)
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
                texts.append({**place, "text": one.answer_text, "received_at": received})
        connection.execute(INSERT_RESPONSES, rows)
        if texts:
            connection.execute(INSERT_ANSWERS, texts)
        return places

    def _item_numbers(self, connection: Connection, batch: Iterable[Response]) -> dict[_Tagged, int]:
        """The numbers of the items, each with the concepts that were named for it, new ones entered."""
        wanted = sorted({(one.item_id, tags_of(one)) for one in batch})
        found: dict[_Tagged, int] = {}

        def look(missing: list[_Tagged]) -> None:
            for part in _parts(sorted({item for item, _ in missing})):
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
            for table in (answers, decisions, responses, learners):
                connection.execute(delete(table).where(table.c.learner_no == number))
        self._shrink_journal()
        return int(count)

    def erase_text(self, before: datetime) -> int:
        """Remove what was written before this time; the events stay. Gives how many texts there were."""
        old = and_(answers.c.tenant == self.tenant, answers.c.received_at < microseconds(before))
        with writing(self.engine) as connection:
            gone = connection.execute(delete(answers).where(old).returning(answers.c.position)).all()
        self._shrink_journal()
        return len(gone)

    def _shrink_journal(self) -> None:
        """SQLite's write-ahead log still holds what was erased until it is emptied into the file."""
        if self.engine.dialect.name == "sqlite" and not empty_journal(self.engine):
            log.warning("what was erased stays in SQLite's journal until its readers are done and it is next emptied")


def enter_learners(
    connection: Connection, tenant: str, key: bytes, more: Mapping[LearnerId, int]
) -> dict[LearnerId, Entered]:
    """Count so many responses more for each learner, new ones entered, and lock them until the transaction ends.

    All writers take the locks in the order of the pseudonyms: two batches with the same learners wait for each
    other in turn and never in a circle.
    """
    by_pseudonym = {pseudonym(key, tenant, learner): learner for learner in more}
    rows = [
        {"tenant": tenant, "pseudonym": name, "responses": more[by_pseudonym[name]]} for name in sorted(by_pseudonym)
    ]
    entered = {}
    for name, number, count in connection.execute(ENTER_LEARNERS[connection.dialect.name], rows):
        learner = by_pseudonym[name]
        entered[learner] = Entered(number, count - more[learner])
    return entered


def _stored(
    connection: Connection, entered: Mapping[LearnerId, Entered], batch: Sequence[Response]
) -> dict[_Key, tuple[str, int]]:
    """What is stored already under the batch's ids: the hash of its content, and its position."""
    by_learner: dict[LearnerId, list[str]] = {}
    for one in batch:
        if entered[one.learner_id].before:
            by_learner.setdefault(one.learner_id, []).append(one.response_id)
    found: dict[_Key, tuple[str, int]] = {}
    for learner, ids in by_learner.items():
        for part in _parts(ids):
            rows = connection.execute(FIND_RESPONSES, {"number": entered[learner].number, "ids": part})
            found.update({(learner, ResponseId(row[0])): (row[1], row[2]) for row in rows})
    return found


def _sorted_out(
    batch: Sequence[Response], known: Mapping[_Key, tuple[str, int]], secret: bytes
) -> tuple[_Fresh, list[ResponseId]]:
    """What is new, and which ids came with another content, in the log or within the batch."""
    fresh: _Fresh = {}
    conflicts: dict[ResponseId, None] = {}
    for one in batch:
        key, digest = (one.learner_id, one.response_id), body_hash(secret, one)
        before = known[key][0] if key in known else fresh[key][0] if key in fresh else None
        if before is None:
            fresh[key] = digest, one
        elif before != digest:
            conflicts[one.response_id] = None
    return fresh, list(conflicts)


def _places(fresh: _Fresh, entered: Mapping[LearnerId, Entered]) -> dict[_Key, int]:
    """The positions that the new responses get, each learner's counted on."""
    last = {learner: one.before for learner, one in entered.items()}
    places = {}
    for key in fresh:
        last[key[0]] += 1
        places[key] = last[key[0]]
    return places


def _parts(ids: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(ids), MANY):
        yield ids[start : start + MANY]

"""The response log: every event once, acknowledged after commit, never changed."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Engine, and_, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from data.database import empty_journal, writing
from data.pseudonym import pseudonym
from data.rows import (
    COLUMNS,
    COUNT_ON,
    COUNTED,
    FIND_ITEMS,
    FIND_LEARNERS,
    FIND_RESPONSES,
    INSERT_ANSWERS,
    INSERT_RESPONSES,
    JOINED,
    LOCK_LEARNER,
    OF_LEARNER,
    POSITION,
    body_hash,
    microseconds,
    response_of,
    row_of,
    tags_of,
)
from data.tables import answers, decisions, items, learners, responses
from knowledge_graph.types import ItemId
from student_model.types import LearnerId, Response, ResponseId

log = logging.getLogger(__name__)

MANY = 500
"""How many ids go into one IN list."""


ATTEMPTS = 3

_Key = tuple[LearnerId, ResponseId]
_Tagged = tuple[ItemId, str]
_Fresh = dict[_Key, tuple[str, Response]]


class _ErasedMeanwhile(Exception):
    """A learner's row went between looking it up and locking it."""


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
        key: for the learners' pseudonyms (`data.pseudonym.load_or_create_key`).
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
        for _ in range(ATTEMPTS):
            try:
                return self._append(batch, received_at)
            except _ErasedMeanwhile:
                continue
        raise RuntimeError("a learner of the batch is erased again and again; send it once that is over")

    def _append(self, batch: Sequence[Response], received_at: datetime) -> tuple[Appended, ...]:
        if not batch:
            return ()
        with writing(self.engine) as connection:
            names = dict.fromkeys(one.learner_id for one in batch)
            numbers = learner_numbers(connection, self.tenant, self.key, names)
            known = _stored(connection, numbers, batch)
            fresh, conflicts = _sorted_out(batch, known, self.key)
            if conflicts:
                raise ResponseConflict(conflicts)
            if fresh:
                places = self._insert(connection, fresh, numbers, received_at)
                known.update({key: (digest, places[key]) for key, (digest, _) in fresh.items()})
        return tuple(
            Appended(
                one.response_id,
                known[one.learner_id, one.response_id][1],
                "stored" if fresh.pop((one.learner_id, one.response_id), None) else "duplicate",
            )
            for one in batch
        )

    def _insert(
        self, connection: Connection, fresh: _Fresh, numbers: dict[LearnerId, int], received_at: datetime
    ) -> dict[_Key, int]:
        item_no = self._item_numbers(connection, (one for _, one in fresh.values()))
        places = _places(connection, fresh, numbers)
        received = microseconds(received_at)
        rows, texts = [], []
        for key, (digest, one) in fresh.items():
            place = {"learner_no": numbers[one.learner_id], "position": places[key], "tenant": self.tenant}
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
            connection.execute(_insert_or_ignore(connection, items), new)
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
            number = connection.execute(select(learners.c.learner_no).where(own)).scalar()
            if number is None:
                return 0
            for table in (answers, decisions):
                connection.execute(delete(table).where(table.c.learner_no == number))
            gone = connection.execute(
                delete(responses).where(responses.c.learner_no == number).returning(responses.c.position)
            ).all()
            connection.execute(delete(learners).where(learners.c.learner_no == number))
        self._shrink_journal()
        return len(gone)

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


def learner_numbers(
    connection: Connection, tenant: str, key: bytes, names: Iterable[LearnerId]
) -> dict[LearnerId, int]:
    """The numbers of these learners, new ones entered."""
    by_pseudonym = {pseudonym(key, tenant, name): name for name in sorted(names)}
    found: dict[LearnerId, int] = {}

    def look(wanted: list[str]) -> None:
        for part in _parts(wanted):
            rows = connection.execute(FIND_LEARNERS, {"tenant": tenant, "pseudonyms": part})
            found.update({by_pseudonym[row[0]]: row[1] for row in rows})

    look(list(by_pseudonym))
    missing = [one for one, name in by_pseudonym.items() if name not in found]
    if missing:
        new = [{"tenant": tenant, "pseudonym": one, "responses": 0} for one in missing]
        connection.execute(_insert_or_ignore(connection, learners), new)
        look(missing)
    return found


def _insert_or_ignore(connection: Connection, table: Any) -> Any:
    """An insert that leaves alone what another process entered in the meantime."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table).on_conflict_do_nothing()


def _stored(
    connection: Connection, numbers: dict[LearnerId, int], batch: Sequence[Response]
) -> dict[_Key, tuple[str, int]]:
    """What is stored already under the batch's ids: the hash of its content, and its position."""
    by_learner: dict[LearnerId, list[str]] = {}
    for one in batch:
        by_learner.setdefault(one.learner_id, []).append(one.response_id)
    found: dict[_Key, tuple[str, int]] = {}
    # In the order of their numbers, so that two batches never wait for each other's learners.
    for learner, ids in sorted(by_learner.items(), key=lambda pair: numbers[pair[0]]):
        # The lock on the learner's row keeps another process from storing between this look and our insert.
        number = numbers[learner]
        count = connection.execute(LOCK_LEARNER, {"number": number}).scalar()
        if count is None:
            raise _ErasedMeanwhile
        if count == 0:
            continue
        for part in _parts(ids):
            rows = connection.execute(FIND_RESPONSES, {"number": number, "ids": part})
            found.update({(learner, ResponseId(row[0])): (row[1], row[2]) for row in rows})
    return found


def _sorted_out(
    batch: Sequence[Response], known: dict[_Key, tuple[str, int]], secret: bytes
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


def _places(connection: Connection, fresh: _Fresh, numbers: dict[LearnerId, int]) -> dict[_Key, int]:
    """The positions that the new responses get, each learner's counted on."""
    count: dict[LearnerId, int] = {}
    for learner, _ in fresh:
        count[learner] = count.get(learner, 0) + 1
    connection.execute(
        COUNT_ON,
        [{"number": numbers[learner], "more": more} for learner, more in count.items()],
    )
    last: dict[int, int] = {}
    for part in _parts([numbers[learner] for learner in count]):
        last.update({row[0]: row[1] for row in connection.execute(COUNTED, {"numbers": part})})
    following = {learner: last[numbers[learner]] - more + 1 for learner, more in count.items()}
    places = {}
    for key in fresh:
        places[key] = following[key[0]]
        following[key[0]] += 1
    return places


def _parts(ids: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(ids), MANY):
        yield ids[start : start + MANY]

"""How responses enter the log: learners counted and locked, repeats told from conflicts, places given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from data.rows import ENTER_LEARNERS, FIND_RESPONSES, body_hash
from student_model.types import LearnerId, Response, ResponseId

MANY = 500
"""How many ids go into one IN list."""

Key = tuple[LearnerId, ResponseId]
Fresh = dict[Key, tuple[str, Response]]
"""New responses, each with the hash of its content."""


@dataclass(frozen=True, slots=True)
class Entered:
    """A learner's number, and how many responses there were before this transaction."""

    number: int
    before: int


def enter_learners(
    connection: Connection, tenant: str, name_of: Callable[[LearnerId], str], more: Mapping[LearnerId, int]
) -> dict[LearnerId, Entered]:
    """Count so many responses more for each learner, new ones entered, and lock them until the transaction ends.

    `name_of` gives the pseudonym under which a learner is stored. All writers take the locks in the order of the
    pseudonyms: two batches with the same learners wait for each other in turn and never in a circle.
    """
    by_pseudonym = {name_of(learner): learner for learner in more}
    rows = [
        {"tenant": tenant, "pseudonym": name, "responses": more[by_pseudonym[name]]} for name in sorted(by_pseudonym)
    ]
    entered = {}
    for name, number, count in connection.execute(ENTER_LEARNERS[connection.dialect.name], rows):
        learner = by_pseudonym[name]
        entered[learner] = Entered(number, count - more[learner])
    return entered


def stored(
    connection: Connection, entered: Mapping[LearnerId, Entered], batch: Sequence[Response]
) -> dict[Key, tuple[str, int]]:
    """What is stored already under the batch's ids: the hash of its content, and its position."""
    by_learner: dict[LearnerId, list[str]] = {}
    for one in batch:
        if entered[one.learner_id].before:
            by_learner.setdefault(one.learner_id, []).append(one.response_id)
    found: dict[Key, tuple[str, int]] = {}
    for learner, ids in by_learner.items():
        for part in parts(ids):
            rows = connection.execute(FIND_RESPONSES, {"number": entered[learner].number, "ids": part})
            found.update({(learner, ResponseId(row[0])): (row[1], row[2]) for row in rows})
    return found


def sorted_out(
    batch: Sequence[Response], known: Mapping[Key, tuple[str, int]], secret: bytes
) -> tuple[Fresh, list[ResponseId]]:
    """What is new, and which ids came with another content, in the log or within the batch."""
    fresh: Fresh = {}
    conflicts: dict[ResponseId, None] = {}
    for one in batch:
        key, digest = (one.learner_id, one.response_id), body_hash(secret, one)
        before = known[key][0] if key in known else fresh[key][0] if key in fresh else None
        if before is None:
            fresh[key] = digest, one
        elif before != digest:
            conflicts[one.response_id] = None
    return fresh, list(conflicts)


def places_of(fresh: Fresh, entered: Mapping[LearnerId, Entered]) -> dict[Key, int]:
    """The positions that the new responses get, each learner's counted on."""
    last = {learner: one.before for learner, one in entered.items()}
    places = {}
    for key in fresh:
        last[key[0]] += 1
        places[key] = last[key[0]]
    return places


def parts(ids: list[Any]) -> Iterator[list[Any]]:
    """The ids in lists short enough for one statement."""
    for start in range(0, len(ids), MANY):
        yield ids[start : start + MANY]

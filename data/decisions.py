"""The decisions, each kept as one document with all that led to it."""

from __future__ import annotations

import zlib
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Engine, bindparam, insert, select

from data.database import writing
from data.entering import enter_learners
from data.pseudonym import pseudonym
from data.rows import microseconds
from data.tables import decisions, learners
from student_model.types import LearnerId

INSERT = insert(decisions)
HOLD_LEARNER = (  # no erasure comes between this look and the insert, but responses may
    select(learners.c.learner_no)
    .where(learners.c.tenant == bindparam("tenant"), learners.c.pseudonym == bindparam("pseudonym"))
    .with_for_update(read=True, key_share=True)
)

LEVEL = 1
"""Of compression: the candidates of a decision shrink to a fifth in a tenth of a millisecond."""


class DecisionLog:
    """The decisions of one tenant; the arguments mean what they mean for `ResponseLog`."""

    def __init__(self, engine: Engine, key: bytes, tenant: str = "default") -> None:
        self.engine, self.key, self.tenant = engine, key, tenant

    def keep(self, decision_id: str, learner_id: LearnerId, at: datetime, document: bytes) -> None:
        """Store a decision's JSON. A power cut may cost the last ones; no response waits for the disk behind them."""
        with writing(self.engine, durable=False) as connection:
            name = pseudonym(self.key, self.tenant, learner_id)
            asked = {"tenant": self.tenant, "pseudonym": name}
            number = connection.execute(HOLD_LEARNER, asked).scalar()
            if number is None:
                number = enter_learners(connection, self.tenant, lambda _: name, {learner_id: 0})[learner_id].number
            row = {
                "decision_id": decision_id,
                "tenant": self.tenant,
                "learner_no": number,
                "at": microseconds(at),
                "document": zlib.compress(document, LEVEL),
            }
            connection.execute(INSERT, row)

    def get(self, decision_id: str) -> dict[str, Any] | None:
        """The decision of this id, `None` if there is none."""
        query = select(decisions.c.document).where(
            decisions.c.tenant == self.tenant, decisions.c.decision_id == decision_id
        )
        with self.engine.connect() as connection:
            document = connection.execute(query).scalar()
        return None if document is None else _read(document)

    def of_learner(self, learner_id: LearnerId, limit: int = 100) -> list[dict[str, Any]]:
        """The learner's last decisions, at most `limit`, newest first."""
        query = (
            select(decisions.c.document)
            .join(learners)
            .where(
                learners.c.tenant == self.tenant, learners.c.pseudonym == pseudonym(self.key, self.tenant, learner_id)
            )
            .order_by(decisions.c.at.desc(), decisions.c.decision_id)
            .limit(limit)
        )
        with self.engine.connect() as connection:
            return [_read(document) for document in connection.execute(query).scalars()]


def _read(document: bytes) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(zlib.decompress(document))
    return found

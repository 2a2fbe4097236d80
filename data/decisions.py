"""The decisions, each kept as one document with all that led to it."""

from __future__ import annotations

import zlib
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Engine, insert, select

from data.database import writing
from data.responses import learner_numbers
from data.rows import microseconds
from data.tables import decisions
from student_model.types import LearnerId

INSERT = insert(decisions)

LEVEL = 1
"""Of compression: the candidates of a decision shrink to a fifth in a tenth of a millisecond."""


class DecisionLog:
    """The decisions of one tenant; the arguments mean what they mean for `ResponseLog`."""

    def __init__(self, engine: Engine, key: bytes, tenant: str = "default") -> None:
        self.engine, self.key, self.tenant = engine, key, tenant

    def keep(self, decision_id: str, learner_id: LearnerId, at: datetime, document: bytes) -> None:
        """Store a decision's JSON. A power cut may cost the last ones; no response waits for the disk behind them."""
        with writing(self.engine, durable=False) as connection:
            number = learner_numbers(connection, self.tenant, self.key, [learner_id])[learner_id]
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
        return None if document is None else orjson.loads(zlib.decompress(document))

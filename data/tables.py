"""The tables. Every row belongs to a tenant; learners are pseudonyms; what pupils wrote stands apart from the event."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

SCHEMA = "0003"
"""The newest migration in `data/migrations/versions`, which these tables agree with."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Number = BigInteger().with_variant(Integer, "sqlite")  # only an INTEGER key counts up by itself in SQLite


def _where(condition: str) -> dict[str, Any]:
    """Options of an index over the few rows of which this is true: it costs the others nothing."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


learners = Table(
    "learners",
    metadata,
    Column("learner_no", Number, primary_key=True, autoincrement=True),
    Column("tenant", String(64), nullable=False),
    Column(
        "pseudonym",
        String(64),
        nullable=False,
        comment="keyed hash of the platform's id, which is not stored",
    ),
    Column("responses", Integer, nullable=False, comment="how many there are: the position of the last"),
    UniqueConstraint("tenant", "pseudonym"),
    sqlite_autoincrement=True,  # the number of an erased learner never comes again
)

items = Table(
    "items",
    metadata,
    Column("item_no", Number, primary_key=True, autoincrement=True),
    Column("tenant", String(64), nullable=False),
    Column("item_id", Text, nullable=False),
    Column("concept_ids", Text, nullable=False, comment="JSON list: as the response named them"),
    UniqueConstraint("tenant", "item_id", "concept_ids"),
)

responses = Table(
    "responses",
    metadata,
    Column("learner_no", Number, ForeignKey("learners.learner_no", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False, comment="from 1, in the order of arrival, per learner"),
    Column("tenant", String(64), nullable=False),
    Column("item_no", Number, ForeignKey("items.item_no"), nullable=False),
    Column("response_id", Text, nullable=False),
    Column("at", BigInteger, comment="microseconds since 1970, UTC"),
    Column("sequence", BigInteger),
    Column("correct", Boolean),
    Column("score", Float(53)),
    Column("score_confidence", Float(53)),
    Column("choice", Text),
    Column("elapsed_seconds", Float(53)),
    Column("hints", Integer),
    Column("confidence", Float(53)),
    Column("supersedes", Text),
    Column("body_hash", String(32), nullable=False, comment="keyed; tells a repeat from a conflict"),
    Column("received_at", BigInteger, nullable=False, comment="microseconds since 1970, UTC"),
    PrimaryKeyConstraint("learner_no", "position"),
    UniqueConstraint("learner_no", "response_id"),
    Index("ix_responses_doubt", "tenant", "score_confidence", **_where("score_confidence IS NOT NULL")),
    Index("ix_responses_corrected", "learner_no", "supersedes", **_where("supersedes IS NOT NULL")),
    sqlite_with_rowid=False,
)

answers = Table(
    "answers",
    metadata,
    Column("learner_no", Number, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("tenant", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    ForeignKeyConstraint(
        ["learner_no", "position"], ["responses.learner_no", "responses.position"], ondelete="CASCADE"
    ),
    Index(None, "tenant", "received_at"),
    sqlite_with_rowid=False,
)

grades = Table(
    "grades",
    metadata,
    Column("learner_no", Number, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("tenant", String(64), nullable=False),
    Column("label", Text, nullable=False),
    Column("grader", Text, nullable=False, comment="name and version of a model, or teacher:NAME"),
    Column("reason", Text, comment="what a teacher wrote about it"),
    Column("received_at", BigInteger, nullable=False, comment="microseconds since 1970, UTC"),
    ForeignKeyConstraint(
        ["learner_no", "position"], ["responses.learner_no", "responses.position"], ondelete="CASCADE"
    ),
    Index(None, "tenant", "received_at"),
    sqlite_with_rowid=False,
)

decisions = Table(
    "decisions",
    metadata,
    Column("decision_id", String(64), nullable=False, primary_key=True),
    Column("tenant", String(64), nullable=False, primary_key=True),
    Column("learner_no", Number, ForeignKey("learners.learner_no", ondelete="CASCADE"), nullable=False),
    Column("at", BigInteger, nullable=False, comment="microseconds since 1970, UTC"),
    Column("document", LargeBinary, nullable=False, comment="JSON, compressed by zlib"),
    Index(None, "learner_no", "at"),
)

keys = Table(
    "keys",
    metadata,
    Column("key_no", Integer, primary_key=True, autoincrement=False, comment="always 1: there is one key"),
    Column("fingerprint", String(64), nullable=False, comment="a keyed hash, by which another key is told apart"),
)

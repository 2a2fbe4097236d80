"""The first schema: learners, items, responses, answers, decisions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Go to this schema."""
    op.create_table(
        "items",
        sa.Column(
            "item_no",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column(
            "concept_ids",
            sa.Text(),
            nullable=False,
            comment="JSON list: as the response named them",
        ),
        sa.PrimaryKeyConstraint("item_no", name=op.f("pk_items")),
        sa.UniqueConstraint("tenant", "item_id", "concept_ids", name=op.f("uq_items_tenant_item_id_concept_ids")),
    )
    op.create_table(
        "learners",
        sa.Column(
            "learner_no",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column(
            "pseudonym",
            sa.String(length=64),
            nullable=False,
            comment="keyed hash of the platform's id, which is not stored",
        ),
        sa.Column("responses", sa.Integer(), nullable=False, comment="how many there are: the position of the last"),
        sa.PrimaryKeyConstraint("learner_no", name=op.f("pk_learners")),
        sa.UniqueConstraint("tenant", "pseudonym", name=op.f("uq_learners_tenant_pseudonym")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "decisions",
        sa.Column("decision_id", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("learner_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False, comment="microseconds since 1970, UTC"),
        sa.Column("document", sa.LargeBinary(), nullable=False, comment="JSON, compressed by zlib"),
        sa.ForeignKeyConstraint(
            ["learner_no"], ["learners.learner_no"], name=op.f("fk_decisions_learner_no"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("decision_id", "tenant", name=op.f("pk_decisions")),
    )
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_decisions_learner_no_at"), ["learner_no", "at"], unique=False)

    op.create_table(
        "responses",
        sa.Column("learner_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, comment="from 1, in the order of arrival, per learner"),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("item_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("response_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=True, comment="microseconds since 1970, UTC"),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("correct", sa.Boolean(), nullable=True),
        sa.Column("score", sa.Float(precision=53), nullable=True),
        sa.Column("score_confidence", sa.Float(precision=53), nullable=True),
        sa.Column("choice", sa.Text(), nullable=True),
        sa.Column("elapsed_seconds", sa.Float(precision=53), nullable=True),
        sa.Column("hints", sa.Integer(), nullable=True),
        sa.Column("confidence", sa.Float(precision=53), nullable=True),
        sa.Column("supersedes", sa.Text(), nullable=True),
        sa.Column("body_hash", sa.String(length=32), nullable=False, comment="keyed; tells a repeat from a conflict"),
        sa.Column("received_at", sa.BigInteger(), nullable=False, comment="microseconds since 1970, UTC"),
        sa.ForeignKeyConstraint(["item_no"], ["items.item_no"], name=op.f("fk_responses_item_no")),
        sa.ForeignKeyConstraint(
            ["learner_no"], ["learners.learner_no"], name=op.f("fk_responses_learner_no"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("learner_no", "position", name=op.f("pk_responses")),
        sa.UniqueConstraint("learner_no", "response_id", name=op.f("uq_responses_learner_no_response_id")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "answers",
        sa.Column(
            "learner_no",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["learner_no", "position"],
            ["responses.learner_no", "responses.position"],
            name=op.f("fk_answers_learner_no_position"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("learner_no", "position", name=op.f("pk_answers")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("answers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_answers_tenant_received_at"), ["tenant", "received_at"], unique=False)


def downgrade() -> None:
    """Go back to the schema before."""
    for table in ("answers", "responses", "decisions", "learners", "items"):
        op.drop_table(table)

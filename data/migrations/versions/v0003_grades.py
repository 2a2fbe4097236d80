"""Who graded answers in words, and as what; and what makes the queue of those that wait for a teacher quick."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Go to this schema."""
    op.create_table(
        "grades",
        sa.Column(
            "learner_no",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("grader", sa.Text(), nullable=False, comment="name and version of a model, or teacher:NAME"),
        sa.Column("reason", sa.Text(), nullable=True, comment="what a teacher wrote about it"),
        sa.Column("received_at", sa.BigInteger(), nullable=False, comment="microseconds since 1970, UTC"),
        sa.ForeignKeyConstraint(
            ["learner_no", "position"],
            ["responses.learner_no", "responses.position"],
            name=op.f("fk_grades_learner_no_position"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("learner_no", "position", name=op.f("pk_grades")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_grades_tenant_received_at"), "grades", ["tenant", "received_at"])
    for name, columns in (
        ("ix_responses_doubt", ["tenant", "score_confidence"]),
        ("ix_responses_corrected", ["learner_no", "supersedes"]),
    ):
        held = sa.text(f"{columns[1]} IS NOT NULL")
        op.create_index(name, "responses", columns, sqlite_where=held, postgresql_where=held)


def downgrade() -> None:
    """Go back to the schema before."""
    op.drop_index("ix_responses_corrected", "responses")
    op.drop_index("ix_responses_doubt", "responses")
    op.drop_table("grades")

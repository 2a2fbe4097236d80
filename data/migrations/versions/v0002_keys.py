"""The fingerprint of the key of the pseudonyms, so that a wrong or lost key is noticed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Go to this schema."""
    op.create_table(
        "keys",
        sa.Column("key_no", sa.Integer(), autoincrement=False, nullable=False, comment="always 1: there is one key"),
        sa.Column(
            "fingerprint",
            sa.String(length=64),
            nullable=False,
            comment="a keyed hash, by which another key is told apart",
        ),
        sa.PrimaryKeyConstraint("key_no", name=op.f("pk_keys")),
    )


def downgrade() -> None:
    """Go back to the schema before."""
    op.drop_table("keys")

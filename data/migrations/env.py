"""How Alembic reaches the database: always through the connection that `data.database.migrate` hands over."""

from __future__ import annotations

from alembic import context

from data.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()

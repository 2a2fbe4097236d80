"""Opening the database: SQLite or PostgreSQL through the same code, always at the newest schema."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from data.tables import SCHEMA

DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}
"""The databases that this program speaks to, and through which driver."""

BUSY_SECONDS = 30
"""How long a writer waits for its turn on SQLite."""

MIGRATION_LOCK = 0x7761796C
"""PostgreSQL's advisory lock under which one process migrates and the others wait."""


class DatabaseError(RuntimeError):
    """The database cannot be used; the text says why and what to do."""


def open_database(url: str) -> Engine:
    """The engine of this database, created and migrated to the newest schema if need be.

    Args:
        url: `sqlite:///path/to/file.db` (the folder is made) or `postgresql+psycopg://user@host/name`.

    Raises:
        DatabaseError: the URL cannot be read or reached, or the database is newer than this program.
    """
    parsed = _parsed(url)
    engine = create_engine(parsed, pool_pre_ping=parsed.get_backend_name() == "postgresql")
    if engine.dialect.name == "sqlite":
        _speak_sqlite(engine)
    try:
        if engine.dialect.name == "sqlite":
            Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
        _bring_up_to_date(engine)
    except (DBAPIError, OSError) as error:
        engine.dispose()
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise DatabaseError(f"cannot open {parsed.render_as_string(hide_password=True)}: {cause}") from error
    return engine


def _parsed(url: str) -> URL:
    """The URL with the driver that this program comes with. A text that may hold a password is not repeated."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        shown = "this" if "@" in url else repr(url)
        raise DatabaseError(
            f"{shown} is no database URL; give sqlite:///file.db or postgresql+psycopg://user@host/name"
        ) from error
    backend = parsed.get_backend_name()
    if backend not in DRIVERS:
        raise DatabaseError(f"{backend} is not supported; use sqlite or postgresql")
    if backend == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise DatabaseError("a log in memory would keep nothing; name a file, as in sqlite:///file.db")
    return parsed.set(drivername=DRIVERS[backend])


@contextmanager
def writing(engine: Engine, durable: bool = True) -> Iterator[Connection]:
    """A transaction that writes: committed, and on disk, when the block ends without an error.

    With `durable` off it is committed all the same and survives a crash of the program, but the last ones may be lost
    if the machine loses power: for what can be made again.

    On SQLite it takes the write lock at its beginning (`BEGIN IMMEDIATE`). The default would take it at the first
    write, and two transactions that had read before could then only fail.
    """
    options = {"wayline_writes": True, "wayline_durable": durable}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        if engine.dialect.name == "postgresql" and not durable:
            connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
        yield connection


def empty_journal(engine: Engine) -> bool:
    """Write SQLite's journal into its file and empty it; false if readers would not let go of it in time."""
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout = 2000")
        busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        cursor.close()
    finally:
        connection.close()
    return not busy


def _speak_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late; ours is below
        for pragma in (
            f"busy_timeout = {BUSY_SECONDS * 1000}",
            "foreign_keys = ON",
            "secure_delete = ON",  # what is erased leaves no bytes behind
            "cache_size = -32768",
        ):
            connection.execute(f"PRAGMA {pragma}")
        _keep_journal(connection)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("wayline_writes", False):
            # FULL waits for the disk at every commit, NORMAL only when the journal is emptied.
            connection.exec_driver_sql(f"PRAGMA synchronous = {'FULL' if options['wayline_durable'] else 'NORMAL'}")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("BEGIN")


def _keep_journal(connection: sqlite3.Connection) -> None:
    """Let readers and a writer go on side by side (WAL). Where several switch a new file to it at once, SQLite refuses
    some on the spot, whatever the time they would wait, since they might wait for each other.
    """
    for left in range(BUSY_SECONDS * 100, -1, -1):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or not left:
                raise
            sleep(0.01)


def schema_version(connection: Connection) -> str | None:
    """The migration that the database stands at, `None` if it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _bring_up_to_date(engine: Engine) -> None:
    with engine.connect() as connection:
        if schema_version(connection) == SCHEMA:
            return
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        if schema_version(connection) != SCHEMA:  # another process may have been quicker
            migrate(connection, "head")


def migrate(connection: Connection, target: str) -> None:
    """Bring the schema to a migration within the connection's transaction: `head`, an older one, or `base` for none.

    Raises:
        DatabaseError: the database stands at a migration that this program does not know.
    """
    from alembic import command  # slow to import, and hardly ever needed
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "data:migrations")
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    present = schema_version(connection)
    if present is not None and present not in known:
        raise DatabaseError(
            f"the database stands at schema {present}, which this Wayline (schema {SCHEMA}) does not know: "
            "install the version that made it, or open another database"
        )
    move = command.upgrade if target == "head" else command.downgrade
    move(config, target)

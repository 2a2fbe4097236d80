"""The key of the pseudonyms: made once, kept in a file of its own, and recognised by the database it was used for."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import IntegrityError

from data.database import writing
from data.pseudonym import keyed_hash
from data.tables import keys

KEY_BYTES = 32


class KeyFileError(RuntimeError):
    """The key file cannot be used; the text says why and what to do."""


def load_or_create_key(path: Path) -> bytes:
    """The key in this file; a new random one is written, readable by its owner alone, if the file is not there.

    Two processes that come at once get the same key.

    Raises:
        KeyFileError: the file holds something else.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
        try:
            os.link(draft, path)  # fails if another process was quicker: then its key counts
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyFileError(
            f"{path} is no key file: {2 * KEY_BYTES} hexadecimal digits wanted. Restore it from a backup; "
            "with another key no learner in the database can be found again."
        )
    return key


def key_of(engine: Engine, path: Path) -> bytes:
    """The key in this file, which is the one that this database was first opened with.

    A database that was never used with any takes this one, which is made if the file is not there.

    Raises:
        KeyFileError: the database was used with another key, or the file is gone: all learners would begin anew.
    """
    remedy = "restore the file from a backup; without it no learner in the database can be found again"
    expected = _fingerprint(engine)
    if expected is not None and not path.exists():
        raise KeyFileError(f"the key file {path} is not there, and this database was used with it: {remedy}.")
    key = load_or_create_key(path)
    own = keyed_hash(key, b"fingerprint")
    if expected is None:
        with suppress(IntegrityError), writing(engine) as connection:  # another process may have been quicker
            connection.execute(insert(keys).values(key_no=1, fingerprint=own))
        expected = _fingerprint(engine)
    if expected != own:
        raise KeyFileError(f"the key in {path} is not the one this database was used with: {remedy}.")
    return key


def _fingerprint(engine: Engine) -> str | None:
    with engine.connect() as connection:
        found: str | None = connection.execute(select(keys.c.fingerprint)).scalar()
    return found

"""Learners are stored under a keyed hash of the platform's id: without the key nobody can tell who they are."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

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


def pseudonym(key: bytes, tenant: str, learner_id: str) -> str:
    """The name under which a tenant's learner is stored: a keyed hash of the platform's id, 64 hexadecimal digits.

    >>> one = pseudonym(b"k" * 32, "default", "lena")
    >>> one == pseudonym(b"k" * 32, "default", "lena"), one == pseudonym(b"k" * 32, "other", "lena")
    (True, False)
    """
    return keyed_hash(key, f"{tenant}\0{learner_id}".encode())


def keyed_hash(key: bytes, content: bytes) -> str:
    """HMAC-SHA256 as 64 hexadecimal digits: without the key, guessing the content confirms nothing."""
    return hmac.new(key, content, hashlib.sha256).hexdigest()

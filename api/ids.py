"""Ids: those we make sort by time (UUID version 7, RFC 9562); those platforms send must be printable."""

from __future__ import annotations

import secrets
import time
import uuid

LONGEST_ID = 200


def id_fault(text: str) -> str | None:
    """What is wrong with an id that a platform sent; `None` if nothing is.

    >>> id_fault("lena"), id_fault("")
    (None, 'an id has 1 to 200 characters, this has 0')
    """
    if not 1 <= len(text) <= LONGEST_ID:
        return f"an id has 1 to {LONGEST_ID} characters, this has {len(text)}"
    if not text.isprintable() or "\N{REPLACEMENT CHARACTER}" in text:
        return "the id has characters that cannot be printed"
    return None


def new_id() -> str:
    """A fresh id: 48 bits of milliseconds since 1970, then 74 random bits.

    >>> uuid.UUID(new_id()).version
    7
    """
    milliseconds = time.time_ns() // 1_000_000
    number = (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | 0b10 << 62
    random = secrets.randbits(74)
    return str(uuid.UUID(int=number | random >> 62 << 64 | random & (1 << 62) - 1))

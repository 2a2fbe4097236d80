"""Learners are stored under a keyed hash of the platform's id: without the key nobody can tell who they are."""

from __future__ import annotations

import hashlib
import hmac


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

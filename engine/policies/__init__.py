"""Policies: one a file. The file's name is the policy's name.

A policy file defines `score(context) -> (I,)`, the worth of every item of the course, and `EXPLORATION`, the
share of draws that go to one of the next best. Which items may be drawn at all is not its business.
`available()` lists the folder, `load(name)` imports that one file, and the contract tests find it by themselves.
"""

from __future__ import annotations

from functools import cache
from typing import Protocol, cast, runtime_checkable

from engine.candidates import Context
from knowledge_graph import plugins
from knowledge_graph.vocabulary import FloatArray


@runtime_checkable
class Policy(Protocol):
    """What a file in this folder defines."""

    EXPLORATION: float

    def score(self, context: Context) -> FloatArray:
        """The worth of each item, shape (I,), finite; higher is better."""


@cache
def available() -> tuple[str, ...]:
    """The names of all policies, sorted."""
    return plugins.names(__path__)


def load(name: str) -> Policy:
    """The policy of this name.

    Raises:
        ValueError: there is no such policy; the message lists those there are.
    """
    return cast(Policy, plugins.load(__name__, name, available(), "policy"))

"""Policies: one a file. The file's name is the policy's name.

A policy file defines `score(context) -> (n,)`, the worth of every eligible item, and `EXPLORATION`, the
share of draws that go to one of the next best. `available()` lists the folder, `load(name)` imports that
one file, and the contract tests find it by themselves.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import Protocol, cast, runtime_checkable

from engine.candidates import Context
from knowledge_graph.vocabulary import FloatArray


@runtime_checkable
class Policy(Protocol):
    """What a file in this folder defines."""

    EXPLORATION: float

    def score(self, context: Context) -> FloatArray:
        """The worth of each eligible item, shape (n,), finite; higher is better."""


@cache
def available() -> tuple[str, ...]:
    """The names of all policies, sorted."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def load(name: str) -> Policy:
    """The policy of this name.

    Raises:
        ValueError: there is no such policy; the message lists those there are.
    """
    if name not in available():
        raise ValueError(f"no policy {name!r}; there are: {', '.join(available())}")
    return cast(Policy, importlib.import_module(f"{__name__}.{name}"))

"""Plug-ins: a file in a folder is a member of it, and its name is the member's name. No list is kept anywhere."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from types import ModuleType


def names(folder: Iterable[str]) -> tuple[str, ...]:
    """The members of a package, sorted; `folder` is its `__path__`. Files beginning with `_` are their helpers.

    >>> from knowledge_graph import formats
    >>> names(formats.__path__)
    ('folder',)
    """
    return tuple(sorted(found.name for found in pkgutil.iter_modules(folder) if not found.name.startswith("_")))


def load(package: str, name: str, available: Iterable[str], kind: str) -> ModuleType:
    """The member of this name, the only file of its package that is imported.

    Raises:
        ValueError: there is no such member; the message lists those there are.
    """
    if name not in available:
        raise ValueError(f"no {kind} {name!r}; there are: {', '.join(available)}")
    return importlib.import_module(f"{package}.{name}")

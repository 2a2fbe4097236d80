"""Ways to write a curriculum down: one format a file. The file's name is the format's name.

A format file defines `read` and `write`; `read` gives what was written, but for places. `available()` lists
the folder, `load(name)` imports that one file, and the contract tests find it by themselves.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, cast, runtime_checkable

from knowledge_graph import plugins
from knowledge_graph.types import Curriculum


@runtime_checkable
class Format(Protocol):
    """What a file in this folder defines."""

    def read(self, path: Path) -> Curriculum:
        """The curriculum at this path; `CurriculumError` lists every fault of its files at once."""

    def write(self, curriculum: Curriculum, path: Path, media_from: Path | None = None) -> None:
        """Write the curriculum to this path; `media_from` is the folder to copy its media from."""


def available() -> tuple[str, ...]:
    """The names of all formats, sorted.

    >>> available()
    ('folder',)
    """
    return plugins.names(__path__)


def load(name: str) -> Format:
    """The format of this name.

    Raises:
        ValueError: there is no such format; the message lists those there are.
    """
    return cast(Format, plugins.load(__name__, name, available(), "curriculum format"))

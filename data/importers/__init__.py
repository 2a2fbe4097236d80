"""Foreign data: one format a file. The file's name is the format's name.

An importer file defines `curriculum(path, report) -> Curriculum`, or `responses(path, report)` which yields
`Response`, or both. `available()` lists the folder, `load(name)` imports that one file, and the contract
tests find it by themselves. Nothing is dropped in silence: every row not kept is counted and named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from knowledge_graph import plugins
from knowledge_graph.types import Curriculum
from student_model.types import Response

PLACES_SHOWN = 3


@dataclass(slots=True)
class Fault:
    """One kind of fault: how often it was met, and the first few places."""

    count: int = 0
    places: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        more = f" and {self.count - len(self.places)} more" if self.count > len(self.places) else ""
        return f"{', '.join(self.places)}{more}"


@dataclass(slots=True)
class ImportReport:
    """What came of an import.

    Attributes:
        rows_read, rows_kept: rows of the source, and those that became something.
        faults: by kind, in plain words, what was wrong with rows or parts of them.
        notes: what else the reader should know, such as columns that were ignored.
    """

    rows_read: int = 0
    rows_kept: int = 0
    faults: dict[str, Fault] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def fault(self, kind: str, place: str, count: int = 1) -> None:
        """Count a fault of this kind at this place.

        >>> report = ImportReport()
        >>> report.fault("`correct` is not 0 or 1", "log.csv:7")
        >>> str(report.faults["`correct` is not 0 or 1"])
        'log.csv:7'
        """
        fault = self.faults.setdefault(kind, Fault())
        fault.count += count
        if len(fault.places) < PLACES_SHOWN:
            fault.places.append(place)

    def note(self, text: str) -> None:
        """Add a note, once."""
        if text not in self.notes:
            self.notes.append(text)

    def lines(self) -> Iterator[str]:
        """The report in words, a line each."""
        yield f"{self.rows_read} rows read, {self.rows_kept} kept"
        for kind, fault in self.faults.items():
            yield f"{fault.count} x {kind}: {fault}"
        yield from self.notes


class ImportFault(ValueError):
    """A source that cannot be imported at all; the message says what was wanted."""


@dataclass(frozen=True, slots=True)
class Importer:
    """What a file in this folder defines; `None` for what it does not."""

    name: str
    curriculum: Callable[[Path, ImportReport], Curriculum] | None
    responses: Callable[[Path, ImportReport], Iterator[Response]] | None


def available() -> tuple[str, ...]:
    """The names of all formats, sorted."""
    return plugins.names(__path__)


def load(name: str) -> Importer:
    """The importer of this name.

    Raises:
        ValueError: there is no such format; the message lists those there are.
    """
    module = plugins.load(__name__, name, available(), "import format")
    return Importer(name, getattr(module, "curriculum", None), getattr(module, "responses", None))

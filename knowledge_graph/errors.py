"""What can be wrong with a curriculum: one `Finding` a fault, and the error that carries all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from knowledge_graph.types import Place

Severity = Literal["error", "warning", "note"]
"""An `error` breaks a course or misleads learners, a `warning` wants a look, a `note` may be meant so."""

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
SHOWN = 200
"""How many findings the text of a `CurriculumError` lists; `CurriculumError.findings` has them all."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: what came and what was allowed (`message`), what to do (`fix`), and where it stands.

    >>> str(Finding("error", "self-loop", "`a` needs itself", "remove it", Place("edges.csv", 7)))
    'edges.csv:7: `a` needs itself; remove it'
    """

    severity: Severity
    code: str
    message: str
    fix: str = ""
    place: Place | None = None

    def __str__(self) -> str:
        where = f"{self.place.path}:{self.place.line}: " if self.place else ""
        return f"{where}{self.message}{'; ' if self.fix else ''}{self.fix}"


class CurriculumError(ValueError):
    """A curriculum that cannot be used. `findings` holds every fault, not only the first."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        count = len(self.findings)
        title = f"{count} fault{'s' if count != 1 else ''} in the curriculum:"
        lines = [title, *map(str, self.findings[:SHOWN])]
        if count > SHOWN:
            lines.append(f"… and {count - SHOWN} more")
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[type[CurriculumError], tuple[tuple[Finding, ...]]]:
        """Let the error cross process borders whole (the default would rebuild it from its text)."""
        return type(self), (self.findings,)


class CurriculumWarning(UserWarning):
    """Something in a curriculum's files was ignored, such as an unknown column."""

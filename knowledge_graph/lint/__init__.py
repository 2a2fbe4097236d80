"""Every fault of a curriculum at once, in plain words, with what to do about each and where it stands.

`structural` finds what makes a graph unusable; `lint` that and all that would mislead learners or designers.
Findings come errors first, then warnings, then notes, each in the order of the course: the same course gives
the same list.
"""

from __future__ import annotations

from pathlib import Path

from knowledge_graph.errors import SEVERITIES, Finding
from knowledge_graph.lint import course, items, structure
from knowledge_graph.lint.view import View
from knowledge_graph.types import Curriculum

__all__ = ["Finding", "lint", "structural"]


def structural(curriculum: Curriculum) -> tuple[Finding, ...]:
    """What makes a graph unusable: ids twice or unknown, edges twice, self-loops, circles of prerequisites.

    >>> from knowledge_graph.types import Concept, ConceptId, Course, Prerequisite
    >>> a, b = ConceptId("a"), ConceptId("b")
    >>> edges = (Prerequisite(a, b), Prerequisite(b, a))
    >>> print(*structural(Curriculum(Course("c", "C"), (Concept(a, "A"), Concept(b, "B")), edges)))
    prerequisites run in a circle: a → b → a; remove the edge that is least needed
    """
    return tuple(structure.findings(View(curriculum)))


def lint(curriculum: Curriculum, folder: Path | None = None) -> tuple[Finding, ...]:
    """Every finding, errors first.

    Args:
        curriculum: the course as it was read, faults included.
        folder: the curriculum folder, to see whether its media are there; `None` leaves that out.
    """
    view = View(curriculum)
    findings = [*structure.findings(view), *course.findings(view), *items.findings(view, folder)]
    return tuple(finding for severity in SEVERITIES for finding in findings if finding.severity == severity)

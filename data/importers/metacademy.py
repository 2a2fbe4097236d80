"""Metacademy's concepts and prerequisites: a folder with `concepts.csv` and `prerequisites.csv`.

There are no items in it. Source: github.com/metacademy/metacademy-content, CC BY-SA 3.0.
"""

from __future__ import annotations

from pathlib import Path

from data.importers import ImportReport
from data.importers._graphs import syllabus
from data.importers._tables import rows
from knowledge_graph.types import Concept, ConceptId, Course, Curriculum, Prerequisite


def curriculum(path: Path, report: ImportReport) -> Curriculum:
    """Every concept and prerequisite, concepts in an order in which prerequisites come first.

    Raises:
        ImportFault: a file is missing or lacks a needed column.
    """
    concepts: dict[ConceptId, Concept] = {}
    for line, cells in rows(path / "concepts.csv", report, ("concept_id", "title", "summary")):
        name = ConceptId(cells["concept_id"])
        if not name or name in concepts:
            report.fault("`concept_id` is empty or there twice", f"concepts.csv:{line}")
            continue
        concepts[name] = Concept(name, cells["title"], cells["summary"])
        report.rows_kept += 1
    edges: dict[tuple[ConceptId, ConceptId], Prerequisite] = {}
    for line, cells in rows(path / "prerequisites.csv", report, ("prerequisite_id", "concept_id", "reason")):
        ends = ConceptId(cells["prerequisite_id"]), ConceptId(cells["concept_id"])
        if ends in edges or not set(ends) <= concepts.keys():
            report.fault("the edge is there twice, or names no concept", f"prerequisites.csv:{line}")
            continue
        edges[ends] = Prerequisite(*ends, reason=cells["reason"])
        report.rows_kept += 1
    report.note("there are no items in this source: every concept is without practice")
    order = syllabus(tuple(concepts), tuple(edges.values()))
    return Curriculum(
        course=Course(
            "metacademy",
            "Metacademy: machine learning",
            licence="CC BY-SA 3.0",
            attribution="Metacademy, https://github.com/metacademy/metacademy-content",
        ),
        concepts=tuple(concepts[name] for name in order),
        prerequisites=tuple(edges.values()),
    )

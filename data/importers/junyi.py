"""Junyi Academy's exercises and their prerequisites: `exercises.csv`, or the folder that holds it.

Each exercise is a concept with one item. The prerequisites are kept as they are stated, circles too: `lint`
names them. Source: Junyi Academy, for non-commercial use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from data.importers import ImportReport
from data.importers._graphs import syllabus, title_of
from data.importers._tables import rows
from knowledge_graph.types import Concept, ConceptId, Course, Curriculum, Item, ItemId, Prerequisite

_NEEDED = ("name", "prerequisites", "topic", "area", "short_display_name")


def curriculum(path: Path, report: ImportReport) -> Curriculum:
    """Every exercise as a concept with one item of kind `text`: its questions are not in the file.

    Raises:
        ImportFault: the file is missing or lacks a needed column.
    """
    file = path / "exercises.csv" if path.is_dir() else path
    exercises: dict[ConceptId, Mapping[str, str]] = {}
    needs: dict[ConceptId, tuple[str, list[str]]] = {}
    for line, cells in rows(file, report, _NEEDED):
        name, place = ConceptId(cells["name"]), f"{file.name}:{line}"
        if not name or name in exercises:
            report.fault("`name` is empty or there twice", place)
            continue
        exercises[name] = cells
        needs[name] = place, [one.strip() for one in cells["prerequisites"].split(",") if one.strip()]
        report.rows_kept += 1
    edges = tuple(_edges(needs, report))
    report.note("the questions are not in this source: an item says only which exercise it stands for")
    order = syllabus(tuple(exercises), edges)
    return Curriculum(
        course=Course(
            "junyi",
            "Junyi Academy exercises",
            language="zh-Hant",
            licence="non-commercial use only",
            attribution="Junyi Academy Foundation",
        ),
        concepts=tuple(_concept(name, exercises[name]) for name in order),
        prerequisites=edges,
        items=tuple(_item(name, exercises[name]) for name in order),
    )


def _edges(needs: Mapping[ConceptId, tuple[str, list[str]]], report: ImportReport) -> Iterator[Prerequisite]:
    for name, (place, needed) in needs.items():
        for one in map(ConceptId, sorted(set(needed), key=needed.index)):
            if one in needs:
                yield Prerequisite(one, name)
            else:
                report.fault(f"the prerequisite `{one}` is no exercise", place)
        if len(set(needed)) < len(needed):
            report.fault("a prerequisite is there twice in one row", place)


def _concept(name: ConceptId, cells: Mapping[str, str]) -> Concept:
    parts = (cells[column].replace("-", "_") for column in ("area", "topic"))
    topic = " / ".join(title_of(part) for part in parts if part)
    return Concept(name, title_of(name), cells["short_display_name"], topic)


def _item(name: ConceptId, cells: Mapping[str, str]) -> Item:
    text = f"Exercise “{cells['short_display_name'] or title_of(name)}” on Junyi Academy"
    return Item(ItemId(name), "text", (name,), text, title=title_of(name))

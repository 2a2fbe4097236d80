"""`concepts.csv` and `edges.csv`: comma-separated tables with a header, in the order of the syllabus."""

from __future__ import annotations

import csv
import io
import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

from knowledge_graph.formats._faults import Faults
from knowledge_graph.types import Concept, ConceptId, Curriculum, Encompassing, Origin, Prerequisite

CONCEPT_COLUMNS = ("concept_id", "title", "description", "topic")
EDGE_COLUMNS = ("source_id", "target_id", "kind", "weight", "reason", "origin")
_SPECIAL = frozenset(',"\r\n')
_KINDS = ("prerequisite", "encompasses")
_ORIGINS: dict[str, Origin] = {"": "stated", "stated": "stated", "inferred": "inferred"}


def read_concepts(text: str, faults: Faults) -> tuple[tuple[Concept, ...], array[int]]:
    """The concepts of the table and the line of each."""
    concepts: list[Concept] = []
    lines = array("l")
    for line, (name, title, description, topic) in _rows(text, CONCEPT_COLUMNS, 2, faults):
        if not name:
            faults.add(line, "`concept_id` is empty; an id is wanted", "give the concept an id")
            continue
        concepts.append(Concept(ConceptId(name), title, description, topic))
        lines.append(line)
    return tuple(concepts), lines


def read_edges(text: str, faults: Faults) -> tuple[tuple[Prerequisite, ...], tuple[Encompassing, ...], array[int]]:
    """The prerequisite and the encompassing edges of the table, and the line of each, in that order."""
    prerequisites: list[Prerequisite] = []
    encompassings: list[Encompassing] = []
    lines, more_lines = array("l"), array("l")
    for line, cells in _rows(text, EDGE_COLUMNS, 3, faults):
        source, target, kind, weight_text, reason, origin = cells
        weight = _weight(weight_text)
        if not (source and target and kind in _KINDS and 0 < weight <= 1 and origin in _ORIGINS):
            _explain(line, cells, faults)
            continue
        ends = ConceptId(source), ConceptId(target)
        if kind == "prerequisite":
            prerequisites.append(Prerequisite(*ends, weight, reason, _ORIGINS[origin]))
            lines.append(line)
        else:
            encompassings.append(Encompassing(*ends, weight, reason, _ORIGINS[origin]))
            more_lines.append(line)
    return tuple(prerequisites), tuple(encompassings), lines + more_lines


def _weight(text: str) -> float:
    """The weight written, 1 if none is, NaN for what is no number."""
    try:
        return float(text) if text else 1.0
    except ValueError:
        return math.nan


def _explain(line: int, cells: tuple[str, ...], faults: Faults) -> None:
    """Every fault of a row of `edges.csv`."""
    source, target, kind, weight, _, origin = cells
    for name, end in (("source_id", source), ("target_id", target)):
        if not end:
            faults.add(line, f"`{name}` is empty; a concept id is wanted", "name the concept")
    if kind not in _KINDS:
        faults.add(line, f"`kind` is `{kind}`; prerequisite or encompasses is wanted", "write one of the two")
    if not 0 < _weight(weight) <= 1:
        came = f"`weight` is `{weight}`; a number above 0 and up to 1 is wanted"
        faults.add(line, came, "write 1 for indispensable, 0.5 for helpful, or remove the edge")
    if origin not in _ORIGINS:
        came = f"`origin` is `{origin}`; stated or inferred is wanted"
        faults.add(line, came, "write one of the two, or leave it empty")


def _rows(text: str, columns: Sequence[str], needed: int, faults: Faults) -> Iterator[tuple[int, tuple[str, ...]]]:
    """First line and cells of each row, the cells in the order of `columns` and "" where the table lacks one.

    The first `needed` columns must be there. Rows of another length than the header's become faults.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        if not _header_is_sound(header, columns, needed, faults):
            return
        width, line = len(header), reader.line_num + 1
        # Every row gets one empty cell more, which stands for the columns that the table lacks.
        pick = itemgetter(*(header.index(name) if name in header else width for name in columns))
        for row in reader:
            if len(row) == width:
                row.append("")
                yield line, pick(row)
            elif row:
                came = f"the row has {len(row)} cells; the header has {width}"
                faults.add(line, came, "put text that holds a comma in double quotes")
            line = reader.line_num + 1
    except csv.Error as error:
        fix = "close the quotes, and double each quote within a text"
        faults.add(reader.line_num, f"not CSV: {error}", fix)


def _header_is_sound(header: list[str], columns: Sequence[str], needed: int, faults: Faults) -> bool:
    if faults.errors:  # the file could not be read
        return False
    wanted = ",".join(columns)
    for name in columns[:needed]:
        if name not in header:
            faults.add(1, f"there is no column `{name}`", f"begin with the line {wanted}")
    for name in dict.fromkeys(header):
        if header.count(name) > 1:
            faults.add(1, f"the column `{name}` is there twice", "remove or rename one")
        if name not in columns:
            faults.ignore(1, "column", name, columns)
    return not faults.errors


def write_concepts(concepts: Iterable[Concept]) -> str:
    """The concepts as a table that `read_concepts` reads back."""
    rows = ((one.concept_id, one.title, one.description, one.topic) for one in concepts)
    return _table(CONCEPT_COLUMNS, rows)


def write_edges(curriculum: Curriculum) -> str:
    """The edges as a table that `read_edges` reads back: prerequisites, then encompassings."""
    edges: tuple[Prerequisite | Encompassing, ...] = (*curriculum.prerequisites, *curriculum.encompassings)
    return _table(EDGE_COLUMNS, map(_cells, edges))


def _cells(edge: Prerequisite | Encompassing) -> tuple[str, ...]:
    kind = _KINDS[isinstance(edge, Encompassing)]
    weight = repr(edge.weight).removesuffix(".0")
    return edge.source_id, edge.target_id, kind, weight, edge.reason, edge.origin


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "".join(",".join(map(_cell, row)) + "\n" for row in (columns, *rows))


def _cell(text: str) -> str:
    """The cell as CSV. (`csv.writer` leaves a lone carriage return bare, which ends a row for readers.)

    >>> print(_cell("a, b"), _cell("c"))
    "a, b" c
    """
    return '"' + text.replace('"', '""') + '"' if _SPECIAL.intersection(text) else text

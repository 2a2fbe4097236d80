"""ASSISTments exports of 2009-2010 (the "skill builder" data), a `.csv` or `.csv.gz` in UTF-8 or Latin-1.

The "non-collapsed" file has one row per response and skill: rows with the same `order_id` are one response
with several concepts, for to count them apart would show a model the answer it is to predict. The collapsed
file joins skills by `_`. There are no times in it: `order_id` gives the order.

Source: sites.google.com/site/assistmentsdata.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from data.importers import ImportFault, ImportReport
from data.importers._tables import header_of, rows
from knowledge_graph.types import ConceptId, ItemId
from student_model.types import LearnerId, Response, ResponseId

_NEEDED = ("order_id", "user_id", "problem_id", "correct", "skill_id")
_READ = (*_NEEDED, "hint_count", "ms_first_response")
_ENCODING = "latin-1"  # every byte is a character in it; all columns that are read are ASCII


@dataclass(slots=True)
class _Answer:
    """The rows of one response, joined."""

    cells: Mapping[str, str]
    line: int
    skills: dict[ConceptId, None] = field(default_factory=dict)


def responses(path: Path, report: ImportReport) -> Iterator[Response]:
    """One response an `order_id`, in that order within each learner.

    Raises:
        ImportFault: the file is no such export.
    """
    header = [name.removeprefix("ï»¿") for name in header_of(path, _ENCODING)]
    if "learner_id" in header:
        raise ImportFault(f"{path}: this is the log CSV of Wayline; import it with the format `canonical`")
    lacking = [name for name in _NEEDED if name not in header]
    if lacking:
        raise ImportFault(f"{path}: no column {', '.join(lacking)}; the header has {','.join(header)}")
    answers = _joined(path, report)
    ignored = [name for name in header if name and name not in _READ]
    report.note(f"ignored columns: {', '.join(ignored)}")
    for (_, order), answer in sorted(answers.items()):
        response = _response(order, answer, f"{path.name}:{answer.line}", report)
        if response is not None:
            yield response


def _joined(path: Path, report: ImportReport) -> dict[tuple[str, int], _Answer]:
    """Answers by learner and `order_id`."""
    answers: dict[tuple[str, int], _Answer] = {}
    for line, raw in rows(path, report, (), _ENCODING):
        cells = {name.removeprefix("ï»¿"): cell.strip() for name, cell in raw.items()}
        place = f"{path.name}:{line}"
        if not (cells["order_id"].isdigit() and cells["user_id"] and cells["problem_id"]):
            report.fault("`order_id`, `user_id` or `problem_id` is missing", place)
            continue
        key = cells["user_id"], int(cells["order_id"])
        answer = answers.setdefault(key, _Answer(cells, line))
        if any(answer.cells[name] != cells[name] for name in ("problem_id", "correct")):
            report.fault("the `order_id` was used for another answer", place)
            continue
        skills = [skill for skill in cells["skill_id"].split("_") if skill and skill != "NA"]
        if not skills:
            report.fault("no skill (the response is kept)", place)
        answer.skills.update(dict.fromkeys(map(ConceptId, skills)))
        report.rows_kept += 1
    return answers


def _response(order: int, answer: _Answer, place: str, report: ImportReport) -> Response | None:
    cells = answer.cells
    if cells["correct"] not in ("0", "1"):
        report.fault("`correct` is not 0 or 1", place)
        report.rows_kept -= 1
        return None
    spent = _number(cells.get("ms_first_response", ""))
    if spent is not None and spent < 0:
        report.fault("a negative `ms_first_response` (the response is kept)", place)
        spent = None
    hints = _number(cells.get("hint_count", ""))
    return Response(
        response_id=ResponseId(f"assistments-{order}"),
        learner_id=LearnerId(cells["user_id"]),
        item_id=ItemId(cells["problem_id"]),
        sequence=order,
        correct=cells["correct"] == "1",
        elapsed_seconds=None if spent is None else spent / 1000,
        hints=None if hints is None else int(hints),
        concept_ids=tuple(answer.skills),
    )


def _number(text: str) -> float | None:
    """The number written; `None` for what is none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None

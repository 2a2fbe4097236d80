"""The log CSV: `learner_id,item_id,concept_ids,correct` and more, in time order per learner, gzipped or not.

Without `item_id` the concepts stand for the item. `correct` is 0, 1, true, false, a share of full marks in
[0, 1], or empty for what was not judged. `seconds` counts from any start: read as a time it counts from 1970,
UTC. Columns that nothing reads are ignored and noted in the report.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from data.importers import ImportFault, ImportReport
from data.importers._tables import header_of, rows
from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import Vocabulary
from student_model.types import LearnerId, Response, ResponseId

if TYPE_CHECKING:
    from student_model.log import Log

COLUMNS = (
    "learner_id",
    "item_id",
    "concept_ids",
    "correct",
    "seconds",
    "answer_text",
    "choice",
    "elapsed_seconds",
    "hints",
    "response_id",
    "score",
    "score_confidence",
    "confidence",
    "sequence",
    "supersedes",
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST = 6e10
"""No count or time is larger than this: about 1,900 years in seconds, within what a `datetime` can hold."""
NO_ITEM = "neither `item_id` nor `concept_ids`"
NOT_CORRECT = "`correct` is none of 0, 1, true, false or a share between"
_TRUTH = {"1": 1.0, "0": 0.0, "true": 1.0, "false": 0.0}


def responses(path: Path, report: ImportReport) -> Iterator[Response]:
    """Every row as a response; `sequence` is its number among the learner's rows unless the file gives one.

    The `response_id`, if the file has none, hashes the row's content and its number among the learner's rows:
    the same rows give the same ids under any file name, so that importing twice changes nothing.

    Raises:
        ImportFault: the file cannot be read or lacks a needed column.
    """
    note_columns(path, report)
    count: dict[str, int] = {}
    for line, cells in rows(path, report, ("learner_id", "correct")):
        learner = cells["learner_id"]
        if not learner:
            report.fault("`learner_id` is empty", f"{path.name}:{line}")
            continue
        number = count[learner] = count.get(learner, -1) + 1
        response = _response(_Row(cells, f"{path.name}:{line}", report), number)
        if response is not None:
            report.rows_kept += 1
            yield response


def write(responses: Iterable[Response], path: Path) -> int:
    """Write responses as a log that `responses` reads back; the number of rows written.

    Rows come in the order given: give each learner's in the order of time.
    """
    with _created(path) as file:
        return write_rows(responses, file)


def write_rows(responses: Iterable[Response], file: IO[str]) -> int:
    """`write` to an open file, which should not translate line ends."""
    count = 0
    writer = csv.writer(file)  # its \r\n line ends make it quote every lone \r, too
    writer.writerow(COLUMNS)
    for response in responses:
        writer.writerow([_cell(response, name) for name in COLUMNS])
        count += 1
    return count


def read_log(path: Path, vocabulary: Vocabulary | None = None, report: ImportReport | None = None) -> Log:
    """The judged responses of a log CSV as columns, for fitting: `to_log(responses(path))`, only faster.

    Learners, items and concepts are numbered as the file first names them.

    Args:
        path: a `.csv` or `.csv.gz` file.
        vocabulary: concepts and items to number first; those that only the file names follow.
        report: where faults are counted.

    Raises:
        ImportFault: the file cannot be read or lacks a needed column.
    """
    from data.importers._columns import read_columns  # pandas takes half a second to import

    return read_columns(path, vocabulary, report or ImportReport())


@dataclass(frozen=True, slots=True)
class _Row:
    """The cells of one row; what is wrong with them goes to the report."""

    cells: Mapping[str, str]
    place: str
    report: ImportReport

    def text(self, name: str) -> str | None:
        return self.cells.get(name) or None

    def number(self, name: str, low: float, high: float) -> float | None:
        """The number in this cell; `None` if it is empty or, with a fault, out of range."""
        text = self.cells.get(name, "").strip()
        if not text:
            return None
        value = number_of(text)
        if low <= value <= high:
            return value
        self.report.fault(wanted(name, low, high), self.place)
        return None

    def whole(self, name: str) -> int | None:
        value = self.number(name, 0, MOST)
        return None if value is None else int(value)


def _response(row: _Row, number: int) -> Response | None:
    """The response of this row; `None`, with a fault, if what it says is not clear."""
    item, correct = row.text("item_id") or row.text("concept_ids"), row.cells["correct"].strip()
    outcome = outcome_of(correct)
    if item is None:
        row.report.fault(NO_ITEM, row.place)
        return None
    if correct and outcome is None:
        row.report.fault(NOT_CORRECT, row.place)
        return None
    seconds, score = row.number("seconds", -MOST, MOST), row.number("score", 0, 1)
    if (seconds is None and row.text("seconds")) or (score is None and row.text("score")):
        return None
    whole, sequence = outcome in (0, 1), row.whole("sequence")
    return Response(
        response_id=ResponseId(row.text("response_id") or _identity(row.cells, number)),
        learner_id=LearnerId(row.cells["learner_id"]),
        item_id=ItemId(item),
        at=None if seconds is None else EPOCH + timedelta(seconds=seconds),
        sequence=number if sequence is None else sequence,
        correct=bool(outcome) if whole else None,
        score=outcome if score is None and not whole else score,
        score_confidence=row.number("score_confidence", 0, 1),
        choice=row.text("choice"),
        answer_text=row.text("answer_text"),
        elapsed_seconds=row.number("elapsed_seconds", 0, MOST),
        hints=row.whole("hints"),
        confidence=row.number("confidence", 0, 1),
        supersedes=ResponseId(row.cells["supersedes"]) if row.text("supersedes") else None,
        concept_ids=concepts_of(row.cells.get("concept_ids", "")),
    )


def outcome_of(text: str) -> float | None:
    """The result that a cell of `correct` says, in [0, 1]; `None` if it is empty or says none.

    >>> [outcome_of(text) for text in ("1", "False", "0.5", "", "2", "yes")]
    [1.0, 0.0, 0.5, None, None, None]
    """
    value = _TRUTH.get(text.strip().lower())
    if value is None:
        value = number_of(text)
    return value if 0 <= value <= 1 else None


def concepts_of(text: str) -> tuple[ConceptId, ...]:
    """The concepts of a `;`-joined cell, each once.

    >>> concepts_of("a; b;a;")
    ('a', 'b')
    """
    parts = (part.strip() for part in text.split(";"))
    return tuple(dict.fromkeys(ConceptId(part) for part in parts if part))


def number_of(text: str) -> float:
    """The number written, NaN for what is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def wanted(name: str, low: float, high: float) -> str:
    """The kind of fault of a cell that is no number in this range."""
    return f"`{name}` is no number from {low:g} to {high:g}"


def note_columns(path: Path, report: ImportReport) -> list[str]:
    """The columns of the file; those that nothing reads are noted.

    Raises:
        ImportFault: the file cannot be read or lacks a needed column.
    """
    header = header_of(path)
    lacking = [name for name in ("learner_id", "correct") if name not in header]
    if "item_id" not in header and "concept_ids" not in header:
        lacking.append("item_id or concept_ids")
    if lacking:
        has = ",".join(header) or "nothing"
        raise ImportFault(f"{path}: no column {', '.join(lacking)}; the header has {has}")
    unknown = [name for name in header if name not in COLUMNS]
    if unknown:
        report.note(f"ignored columns: {', '.join(unknown)}")
    return header


def _identity(cells: Mapping[str, str], number: int) -> str:
    content = [str(number), *(cells.get(name, "") for name in COLUMNS)]
    return hashlib.sha256("\x1f".join(content).encode()).hexdigest()[:24]


def _cell(response: Response, name: str) -> str:
    match name:
        case "concept_ids":
            return ";".join(response.concept_ids)
        case "correct":
            return "" if response.correct is None else str(int(response.correct))
        case "seconds":
            return "" if response.at is None else repr((response.at - EPOCH).total_seconds())
    value = getattr(response, name)
    return "" if value is None else str(value)


def _created(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return cast(IO[str], gzip.open(path, "wt", encoding="utf-8", newline=""))
    return path.open("w", encoding="utf-8", newline="")

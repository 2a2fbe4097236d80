"""Reading graded answers: JSON lines, plain or gzipped, checked line by line with every fault named."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from data.importers import ImportFault
from knowledge_graph.types import Item
from student_model.encoder.answers import GradedAnswer
from student_model.judging import references_of

MOST_FAULTS = 20
FIELDS = "question, reference_answers[], answer, label | score + max_score, question_id, answer_id, passage"


def read_graded(paths: Sequence[Path], items: Iterable[Item] = (), graded: bool = True) -> list[GradedAnswer]:
    """The answers of files, in order. A row without a question, reference answers or a passage takes those of the item
    that `question_id` names; a row with `answers`, pairs of label and text, stands for as many.

    Args:
        items: of a course, whose texts rows may take by naming them. graded: whether each row needs a grade.

    Raises:
        ImportFault: a file cannot be read, or rows are wrong; every fault is named with its line, up to `MOST_FAULTS`.
    """
    known = {str(item.item_id): item for item in items}
    found: list[GradedAnswer] = []
    faults: list[str] = []
    for path in paths:
        for number, line in enumerate(_lines(path), start=1):
            if not line.strip():
                continue
            try:
                found += [_answer(row, known, graded) for row in _rows(orjson.loads(line))]
            except ValueError as error:
                faults.append(f"{path}:{number}: {error}")
    if not found and not faults:
        faults = [f"{path}: no answers; each line is one JSON object with {FIELDS}" for path in paths]
    if faults:
        more = len(faults) - MOST_FAULTS
        raise ImportFault("\n".join((*faults[:MOST_FAULTS], *([f"and {more} more faults"] if more > 0 else []))))
    return found


def _lines(path: Path) -> Iterable[bytes]:
    try:
        raw = path.read_bytes()
        return (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).splitlines()
    except (OSError, EOFError, zlib.error) as error:
        raise ImportFault(f"{path} cannot be read: {error}") from error


def _rows(line: Any) -> Iterable[Any]:
    """The rows of a line: itself, or one for each of its `answers`, pairs of label and text."""
    listed = line.get("answers") if isinstance(line, dict) else None
    if listed is None:
        return [line]
    if not isinstance(listed, list) or not all(isinstance(one, list) and len(one) == 2 for one in listed):
        raise ValueError("`answers` must be a list of pairs [label, answer]")
    whole = {key: value for key, value in line.items() if key != "answers"}
    name = line.get("question_id") or line.get("question")
    return [
        {**whole, "label": label, "answer": answer, "answer_id": f"{name}/{number}"}
        for number, (label, answer) in enumerate(listed, start=1)
    ]


def _answer(row: Any, items: Mapping[str, Item], graded: bool) -> GradedAnswer:
    if not isinstance(row, dict):
        raise ValueError(f"a JSON object is needed, with {FIELDS}")
    question, references, passage, faults = _asked(row, items)
    if not isinstance(row.get("answer"), str):
        faults.append("`answer` is missing" if row.get("answer") is None else "`answer` must be a text")
    label, score, most = row.get("label"), row.get("score"), row.get("max_score", 1)
    if label is not None and not (isinstance(label, str) and label.strip()):
        faults.append(f"`label` is {label!r}: a word is needed")
    if not _number(most) or most <= 0:
        faults.append(f"`max_score` is {most!r}: a number above 0 is needed")
    elif score is not None and not (_number(score) and 0 <= score <= most):
        faults.append(f"`score` is {score!r}: a number from 0 to `max_score` ({most:g}) is needed")
    if graded and label is None and score is None:
        faults.append("no grade: `label`, or `score` with `max_score`, is needed")
    if faults:
        raise ValueError("; ".join(faults))
    return GradedAnswer(
        question=question,
        reference_answers=references,
        answer=row["answer"],
        label=label.strip() if isinstance(label, str) else None,
        score=None if score is None else float(score) / float(most),
        max_score=None if score is None else float(most),
        question_id=str(row.get("question_id") or ""),
        answer_id=str(row.get("answer_id") or ""),
        passage=passage,
    )


def _asked(row: Mapping[str, Any], items: Mapping[str, Item]) -> tuple[str, tuple[str, ...], str, list[str]]:
    """A row's question, reference answers and passage, its own or those of its item, and what is wrong with them."""
    name, question, references = str(row.get("question_id") or ""), row.get("question"), row.get("reference_answers")
    passage = row.get("passage") or ""
    if name in items:
        passage = passage or items[name].passage
        references = references or list(references_of(items[name]))
        question = items[name].text if question is None else question
    faults = []
    if question is None:
        unknown = f", and the course has no item {name!r} to take it from" if name and items else ""
        faults.append(f"`question` is missing{unknown}")
    elif not isinstance(question, str):
        faults.append(f"`question` is {question!r}: a text is needed")
    if not isinstance(references or [], list) or not all(isinstance(one, str) for one in references or []):
        faults.append("`reference_answers` must be a list of texts")
    if not isinstance(passage, str):
        faults.append(f"`passage` is {passage!r}: a text is needed")
    return str(question), tuple(references or ()), str(passage), faults


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

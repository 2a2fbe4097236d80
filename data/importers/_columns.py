"""The log CSV as columns by pandas: for fitting, where a `Response` a row would cost too much."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data.importers import ImportReport
from data.importers.canonical import MOST, concepts_of, note_columns, number_of, outcome_of, responses
from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import EMPTY_VOCABULARY, FloatArray, IntArray, Vocabulary
from student_model.log import Log
from student_model.replay import to_log, widest
from student_model.types import LearnerId


class _Odd(Exception):
    """Something that only the way row by row can name or put in order."""


def read_columns(path: Path, vocabulary: Vocabulary | None, report: ImportReport) -> Log:
    """The judged responses of a log CSV; see `canonical.read_log`.

    A file with any fault goes the slow way, which names the line of each.
    """
    header = note_columns(path, report)
    known = vocabulary or EMPTY_VOCABULARY
    try:
        return _fast(path, header, known, report)
    except (_Odd, ValueError, OSError, EOFError):
        return to_log(responses(path, report), known)


def _fast(path: Path, header: list[str], known: Vocabulary, report: ImportReport) -> Log:
    table = pd.read_csv(path, header=0, names=header, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    if not isinstance(table.index, pd.RangeIndex) or table.isna().to_numpy().any():
        raise _Odd("rows of other lengths than the header's")
    count = len(table)
    outcome, weight = _column(table, "correct", outcome_of, 0, 1), None
    if "score" in table:
        score = _column(table, "score", number_of, 0, 1)
        outcome = np.where(np.isnan(score), outcome, score)
    if "score_confidence" in table:  # it is of a score, and a share of full marks is one
        sure = _column(table, "score_confidence", number_of, 0, 1)
        scored = ~np.isnan(outcome) & (outcome != 0.0) & (outcome != 1.0)
        if "score" in table:
            scored |= ~np.isnan(score)
        weight = np.where(scored & ~np.isnan(sure), sure, 1.0)
    seconds = _column(table, "seconds", number_of, -MOST, MOST)
    elapsed = _column(table, "elapsed_seconds", number_of, 0, MOST)
    sequence = _sequence(table)
    _refuse_odd(table)
    judged = ~np.isnan(outcome)
    table, outcome = table[judged], outcome[judged]
    seconds, sequence, elapsed = seconds[judged], sequence[judged], elapsed[judged]
    vocabulary, item = _items(table, known)
    learner, names = pd.factorize(table["learner_id"])
    # As in `order_key`: what has no time comes first, and `sequence` decides between equal times.
    order = np.lexsort((sequence, np.where(np.isnan(seconds), -np.inf, seconds), learner))
    report.rows_read += count
    report.rows_kept += count
    return Log(
        vocabulary=vocabulary,
        learners=tuple(LearnerId(str(name)) for name in names),
        learner=learner[order].astype(np.int32),
        item=item[order],
        outcome=outcome[order],
        seconds=seconds[order],
        weight=None if weight is None or (weight == 1.0).all() else weight[judged][order],
        elapsed=elapsed[order] if "elapsed_seconds" in table else None,
    )


def _refuse_odd(table: pd.DataFrame) -> None:
    """Leave to `to_log` what is missing, corrected or there twice."""
    named = table.reindex(columns=["item_id", "concept_ids"], fill_value="")
    if (named == "").all(axis=1).any():
        raise _Odd("a row without an item")
    if (table["learner_id"] == "").any() or ("supersedes" in table and (table["supersedes"] != "").any()):
        raise _Odd("a row without learner, or a correction")
    if "response_id" in table and table["response_id"][table["response_id"] != ""].duplicated().any():
        raise _Odd("a response that is there twice")


def _sequence(table: pd.DataFrame) -> FloatArray:
    """The order of rows within a learner, shape (rows,)."""
    if "sequence" not in table:
        return np.arange(len(table), dtype=np.float64)
    sequence = _column(table, "sequence", number_of, 0, MOST)
    keys = table[["learner_id", "sequence"]]
    if np.isnan(sequence).any() or keys.duplicated().any():
        raise _Odd("an order that only the ids can decide")
    return sequence


def _column(table: pd.DataFrame, name: str, read: Any, low: float, high: float) -> FloatArray:
    """The numbers of a column, shape (rows,); NaN where it is empty or not there."""
    if name not in table:
        return np.full(len(table), np.nan)
    codes, texts = pd.factorize(table[name].str.strip())
    values = np.asarray([_number(text, read, low, high) for text in texts], dtype=np.float64)
    numbers: FloatArray = values[codes]
    return numbers


def _number(text: str, read: Any, low: float, high: float) -> float:
    if text == "":
        return np.nan
    value = read(text)
    if value is None or not low <= value <= high:
        raise _Odd(text)
    return float(value)


def _items(table: pd.DataFrame, known: Vocabulary) -> tuple[Vocabulary, IntArray]:
    """The vocabulary with the file's new items, and the position in it of each row's item, shape (rows,).

    Where rows differ about an item's concepts the most count, as in `to_log`.
    """
    tags = table.get("concept_ids")
    if "item_id" not in table:
        ids = table["concept_ids"]
    else:  # concepts stand for items without an id
        ids = table["item_id"] if tags is None else table["item_id"].mask(table["item_id"].eq(""), tags)
    codes, names = pd.factorize(ids)
    tagged: dict[ItemId, tuple[ConceptId, ...]] = {ItemId(str(name)): () for name in names}
    if tags is not None:
        pairs = pd.DataFrame({"code": codes, "tags": tags.to_numpy()}).drop_duplicates()
        named = zip(names[pairs["code"].to_numpy()], pairs["tags"], strict=True)
        tagged |= widest((ItemId(str(name)), concepts_of(str(text))) for name, text in named)
    wider = known.extended(tagged)
    position = np.asarray([wider.item_index[ItemId(str(name))] for name in names], dtype=np.int32)
    rows: IntArray = position[codes]
    return wider, rows

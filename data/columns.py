"""The whole log as columns, a million responses in about a second: what models are fitted and folded on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Engine, Integer, Text, case, cast, func, select

from data.responses import ResponseLog
from data.rows import COLUMNS, JOINED, response_of
from data.tables import items, learners, responses
from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import FloatArray, IntArray, Vocabulary
from student_model.log import Log
from student_model.replay import in_order, widest
from student_model.tracing import seconds_of
from student_model.types import LearnerId, Response


def columns(log: ResponseLog, vocabulary: Vocabulary) -> Log:
    """All judged responses of a log, each learner's in the order of `student_model.replay.in_order`.

    Learners are named by their pseudonyms. Items that the vocabulary lacks join it with the concepts that the log
    named for them.
    """
    with _one_moment(log.engine) as connection:
        names = _names(connection, log.tenant)
        item, wider = _items(connection, log.tenant, vocabulary)
        scan = _in_time(_scan(connection, log.tenant))
        place = {number: position for position, number in enumerate(names)}
        anew = {
            place[number]: _refold(connection, log.tenant, number, names[number])
            for number in _undecided(connection, log.tenant, scan)
        }
    learner = np.searchsorted(np.fromiter(names, np.int64, len(names)), scan.learner_no).astype(np.int32)
    weight = np.where(np.isnan(scan.score) | np.isnan(scan.confidence), 1.0, scan.confidence).clip(0.0, 1.0)
    whole = Log(wider, tuple(names.values()), learner, item[scan.item_no], scan.outcome, scan.at, weight, scan.elapsed)
    if anew:
        whole = _replaced(whole, anew)
    judged = ~np.isnan(whole.outcome)
    return whole if judged.all() else whole.rows(judged)


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """All responses, learner by learner, as arrays of shape (N,); NaN stands for what is not recorded."""

    learner_no: NDArray[np.int64]
    item_no: NDArray[np.int64]
    outcome: FloatArray
    score: FloatArray
    confidence: FloatArray
    at: FloatArray
    sequence: FloatArray
    elapsed: FloatArray


def _one_moment(engine: Engine) -> Connection:
    """A connection whose queries all see the log as it was at the first of them."""
    if engine.dialect.name == "postgresql":
        return engine.connect().execution_options(isolation_level="REPEATABLE READ")
    return engine.connect()


def _names(connection: Connection, tenant: str) -> dict[int, LearnerId]:
    query = select(learners.c.learner_no, learners.c.pseudonym).where(learners.c.tenant == tenant)
    return {row[0]: LearnerId(row[1]) for row in connection.execute(query.order_by(learners.c.learner_no))}


def _items(connection: Connection, tenant: str, vocabulary: Vocabulary) -> tuple[IntArray, Vocabulary]:
    """For each item number its position in the vocabulary, widened by what it lacks."""
    query = select(items.c.item_no, items.c.item_id, items.c.concept_ids).where(items.c.tenant == tenant)
    rows = connection.execute(query.order_by(items.c.item_no)).all()
    wider = vocabulary.extended(widest((ItemId(row[1]), tuple(map(ConceptId, orjson.loads(row[2])))) for row in rows))
    position = np.zeros(rows[-1][0] + 1 if rows else 1, dtype=np.int32)
    for number, item_id, _ in rows:
        position[number] = wider.item_index[ItemId(item_id)]
    return position, wider


def _scan(connection: Connection, tenant: str) -> Scan:
    """Read the table learner by learner, each column joined into one text that NumPy parses: a third of the time that
    a million row objects take.
    """
    number, exact = responses.c, _exact_text(connection)
    own = number.tenant == tenant
    optional = (number.score, number.score_confidence, number.sequence, number.elapsed_seconds)
    used = connection.execute(select(*(func.max(column) for column in optional)).where(own)).one()
    unused = {column.name for column, most in zip(optional, used, strict=True) if most is None}
    wanted = {
        "position": cast(number.position, Text),
        "item_no": cast(number.item_no, Text),
        "correct": _text(cast(cast(number.correct, Integer), Text)),
        "score": _text(exact(number.score)),
        "score_confidence": _text(exact(number.score_confidence)),
        "at": _text(cast(number.at, Text)),
        "sequence": _text(cast(number.sequence, Text)),
        "elapsed_seconds": _text(exact(number.elapsed_seconds)),
    }
    wanted = {name: column for name, column in wanted.items() if name not in unused}
    joined = (func.aggregate_strings(column, ",").label(name) for name, column in wanted.items())
    query = (
        select(number.learner_no, func.count().label("rows"), *joined)
        .where(own)
        .group_by(number.learner_no)
        .order_by(number.learner_no)
    )
    rows = connection.execute(query).all()
    if not rows:
        none, real = np.empty(0, dtype=np.int64), np.empty(0)
        return Scan(none, none, real, real, real, real, real, real)
    column = {name: _parsed([getattr(row, name) for row in rows]) for name in wanted}
    learner_no = np.repeat([row.learner_no for row in rows], [row.rows for row in rows])
    column.update({name: np.full(len(learner_no), np.nan) for name in unused})
    if (np.diff(column["position"])[np.diff(learner_no) == 0] <= 0).any():  # databases promise no order in a group
        order = np.lexsort((column["position"], learner_no))
        column = {name: values[order] for name, values in column.items()}
    return Scan(
        learner_no,
        column["item_no"].astype(np.int64),
        np.where(np.isnan(column["score"]), column["correct"], column["score"]),
        column["score"],
        column["score_confidence"],
        column["at"] / 1e6,
        column["sequence"],
        column["elapsed_seconds"],
    )


def _exact_text(connection: Connection) -> Callable[[ColumnElement[float]], ColumnElement[str]]:
    """How the dialect writes a float so that reading gives the same float."""
    if connection.dialect.name == "sqlite":
        return lambda column: case((column.is_not(None), func.printf("%!.17g", column)))
    return lambda column: cast(column, Text)


def _text(column: ColumnElement[Any]) -> ColumnElement[str]:
    return func.coalesce(column, "nan")


def _parsed(texts: list[str]) -> FloatArray:
    return np.fromstring(",".join(texts), sep=",", dtype=np.float64)


def _in_time(scan: Scan) -> Scan:
    """Each learner's responses in the order of time, then of sequence; those without come first."""
    if not (_steps(scan) < 0).any():
        return scan
    order = np.lexsort((_none_first(scan.sequence), _none_first(scan.at), scan.learner_no))
    return Scan(*(getattr(scan, field.name)[order] for field in fields(Scan)))


def _undecided(connection: Connection, tenant: str, scan: Scan) -> list[int]:
    """The learners who have corrections, or responses of one time and sequence, which their ids put in order."""
    corrected = select(responses.c.learner_no).where(responses.c.tenant == tenant, responses.c.supersedes.is_not(None))
    found = {row[0] for row in connection.execute(corrected.distinct())}
    found.update(scan.learner_no[1:][_steps(scan) == 0].tolist())
    return sorted(found)


def _steps(scan: Scan) -> NDArray[np.int8]:
    """From each response to the next, shape (N - 1,): 1 if that is later or another learner's, 0 if the two are of
    one time and sequence, -1 if it is earlier.
    """
    time, place = _sign(_none_first(scan.at)), _sign(_none_first(scan.sequence))
    step = np.where(time == 0, place, time)
    step[scan.learner_no[1:] != scan.learner_no[:-1]] = 1
    return step


def _sign(values: FloatArray) -> NDArray[np.int8]:
    """The signs of the differences, which infinite values have too, shape (N - 1,)."""
    return (values[1:] > values[:-1]).astype(np.int8) - (values[1:] < values[:-1]).astype(np.int8)


def _none_first(values: FloatArray) -> FloatArray:
    return np.where(np.isnan(values), -np.inf, values)


def _refold(connection: Connection, tenant: str, number: int, name: LearnerId) -> list[Response]:
    query = select(*COLUMNS).select_from(JOINED).where(learners.c.tenant == tenant, responses.c.learner_no == number)
    return in_order(response_of(name, row) for row in connection.execute(query))


def _replaced(log: Log, anew: dict[int, list[Response]]) -> Log:
    """The log with some learners' rows, by their place among the learners, in their right order."""
    changed = np.zeros(len(log.learners), dtype=np.bool_)
    changed[list(anew)] = True
    kept = log.rows(~changed[log.learner])
    fresh = [(place, one) for place, ordered in anew.items() for one in ordered]
    index, nan = log.vocabulary.item_index, float("nan")

    def joined(column: NDArray[Any], values: Iterable[float]) -> NDArray[Any]:
        return np.concatenate([column, np.array(list(values), dtype=column.dtype)])

    learner = joined(kept.learner, (place for place, _ in fresh))
    order = np.argsort(learner, kind="stable")
    return Log(
        log.vocabulary,
        log.learners,
        learner[order],
        joined(kept.item, (index[one.item_id] for _, one in fresh))[order],
        joined(kept.outcome, (nan if one.outcome is None else one.outcome for _, one in fresh))[order],
        joined(kept.seconds, (seconds_of(one.at) for _, one in fresh))[order],
        joined(kept.weights, (one.weight for _, one in fresh))[order],
        None if log.elapsed is None else joined(kept.elapsed_seconds, (_elapsed(one) for _, one in fresh))[order],
    )


def _elapsed(one: Response) -> float:
    return float("nan") if one.elapsed_seconds is None else one.elapsed_seconds

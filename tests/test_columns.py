"""The log as columns equals each learner's responses replayed one by one, whoever else is in the database."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from courses import NOON, answer, chain
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.columns import columns
from data.database import open_database
from data.responses import ResponseLog
from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import EMPTY_VOCABULARY
from student_model.log import Log
from student_model.replay import to_log
from student_model.types import LearnerId, Response, ResponseId

KEY = b"k" * 32
WORDS = chain().vocabulary
ANN, BOB, EVE = (LearnerId(name) for name in ("ann", "bob", "eve"))


@pytest.fixture
def log(database_url: str) -> Iterator[ResponseLog]:
    """A log beside which another tenant has other learners, items and kinds of cells."""
    engine = open_database(database_url)
    other = ResponseLog(engine, KEY, tenant="other")
    theirs = one("z", ANN, 0.0, score=0.5, score_confidence=0.5, elapsed_seconds=9.0, item_id=ItemId("theirs"))
    other.append([theirs, replace(theirs, response_id=ResponseId("y"), supersedes=ResponseId("z"))], NOON)
    yield ResponseLog(engine, KEY)
    engine.dispose()


def one(name: str, learner: LearnerId, day: float | None, correct: bool | None = True, **more: Any) -> Response:
    """A response of this id to the item `a-1`, this many days after noon."""
    made = answer("a-1", True, day, **{"sequence": None})
    return replace(made, **{"response_id": ResponseId(name), "learner_id": learner, "correct": correct, **more})


def rows(log: Log, names: dict[LearnerId, LearnerId] | None = None) -> dict[str, list[tuple[Any, ...]]]:
    """Each learner's rows in their order: item, outcome, seconds, weight, time spent (None for what is not there)."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    numbers = np.stack((log.outcome, log.seconds, log.weights, log.elapsed_seconds), axis=1).tolist()
    for learner, item, cells in zip(log.learner, log.item, numbers, strict=True):
        name = log.learners[learner]
        plain = (None if np.isnan(cell) else cell for cell in cells)
        found.setdefault((names or {}).get(name, name), []).append((log.vocabulary.items[item], *plain))
    return found


def read(log: ResponseLog) -> dict[str, list[tuple[Any, ...]]]:
    return rows(columns(log, WORDS), {log.name_of(name): name for name in (ANN, BOB, EVE)})


def replayed(done: Iterable[Response]) -> dict[str, list[tuple[Any, ...]]]:
    return rows(to_log(done, WORDS))


def test_only_ones_own_learners_and_items_are_there(log: ResponseLog) -> None:
    log.append([one("r", BOB, 0.0), one("s", ANN, 1.0, item_id=ItemId("new"), concept_ids=(ConceptId("b"),))], NOON)
    found = columns(log, WORDS)
    assert sorted(found.learners) == sorted(map(log.name_of, (ANN, BOB)))
    assert found.vocabulary.items == (*WORDS.items, "new") and found.vocabulary.concepts == WORDS.concepts
    assert found.vocabulary.tags()[ItemId("new")] == ("b",)
    assert rows(found)[log.name_of(BOB)] == [("a-1", 1.0, NOON.timestamp(), 1.0, None)]


def test_a_log_of_nobody_and_of_nothing_judged_is_empty(log: ResponseLog) -> None:
    found = columns(log, WORDS)
    assert (len(found), found.learners, found.vocabulary.items) == (0, (), WORDS.items)
    log.append([one("r", ANN, 0.0, None), one("s", BOB, None, None)], NOON)
    found = columns(log, EMPTY_VOCABULARY)
    assert (len(found), len(found.learners), found.vocabulary.items) == (0, 2, ("a-1",))


def test_numbers_come_back_as_the_same_floats(log: ResponseLog) -> None:
    third, tiny = 1 / 3, 5e-324
    done = [
        one("r", ANN, 1 / 7, score=third, score_confidence=0.1 + 0.2, elapsed_seconds=2 / 3),
        one("s", ANN, 2 / 7, score=tiny, score_confidence=1 - 1e-16, elapsed_seconds=1e17 / 3),
    ]
    log.append(done, NOON)
    assert read(log) == replayed(done)
    assert [row[1] for row in read(log)["ann"]] == [third, tiny]


def test_confidence_weighs_a_score_and_nothing_else(log: ResponseLog) -> None:
    done = [
        one("r0", ANN, 0.0, score_confidence=0.3),  # an exact key: the confidence is of no score
        one("r1", ANN, 1.0, score=0.5),
        one("r2", ANN, 2.0, score=0.5, score_confidence=0.25),
        one("r3", ANN, 3.0, None, score=1.0, score_confidence=0.0),
        one("r4", ANN, 4.0, score=0.0, score_confidence=1.5),
        one("r5", ANN, 5.0, score=0.0, score_confidence=-0.5),
    ]
    log.append(done, NOON)
    found = [(outcome, weight) for _, outcome, _, weight, _ in read(log)["ann"]]
    assert found == [(1.0, 1.0), (0.5, 1.0), (0.5, 0.25), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)]
    assert read(log) == replayed(done)


def test_columns_of_nothing_but_zeros_are_not_taken_for_unused_ones(log: ResponseLog) -> None:
    done = [
        one(f"r{n}", ANN, None, None, sequence=n - 1, score=0.0, score_confidence=0.0, elapsed_seconds=0.0)
        for n in range(2)
    ]
    log.append(done, NOON)
    assert read(log) == replayed(done) == {"ann": [("a-1", 0.0, None, 0.0, 0.0)] * 2}


def test_the_end_of_one_learner_is_no_neighbour_of_the_next(log: ResponseLog) -> None:
    """Ann's last response and Bob's first are of one time: that puts nothing in doubt, and nothing out of order."""
    done = [one("z", ANN, 0.0), one("y", ANN, 1.0), one("x", BOB, 1.0), one("w", BOB, 0.5), one("v", EVE, 0.5)]
    log.append(done, NOON)
    assert read(log) == replayed(done)
    assert [row[2] for row in read(log)["bob"]] == sorted(row[2] for row in read(log)["bob"])


def test_ids_decide_between_equal_times_for_the_learner_who_has_them(log: ResponseLog) -> None:
    done = [
        *(one(f"r{n}", ANN, float(n), item_id=ItemId(f"a-{n}")) for n in range(3)),
        *(one(name, BOB, 1.0, item_id=ItemId(f"b-{n}"), elapsed_seconds=n) for n, name in enumerate("cab")),
        *(one(f"r{n}", EVE, float(-n), item_id=ItemId(f"c-{n}")) for n in range(3)),
    ]
    log.append(done, NOON)
    assert [row[0] for row in read(log)["bob"]] == ["b-1", "b-2", "b-0"], "by id: a, b, c"
    assert [row[0] for row in read(log)["eve"]] == ["c-2", "c-1", "c-0"], "by time"
    assert read(log) == replayed(done)


def test_time_goes_before_the_platforms_order_and_what_has_none_comes_first(log: ResponseLog) -> None:
    cells = [(1.0, 0), (0.0, 9), (1.0, None), (None, 3), (None, 2), (0.0, 4), (None, None)]
    done = [one(f"r{n}", ANN, day, sequence=s, item_id=ItemId(f"i{n}")) for n, (day, s) in enumerate(cells)]
    log.append(done, NOON)
    # Without time: no number, then 2 and 3; at noon 4 before 9; a day later no number before 0.
    assert [row[0] for row in read(log)["ann"]] == ["i6", "i4", "i3", "i5", "i1", "i2", "i0"]
    assert read(log) == replayed(done)


def test_a_correction_that_comes_later_stands_in_the_place_of_what_it_corrects(log: ResponseLog) -> None:
    done = [
        one("r0", ANN, 0.0, False, item_id=ItemId("a-1"), elapsed_seconds=5.0),
        one("r1", ANN, 1.0, item_id=ItemId("a-2")),
        one("r2", ANN, 9.0, None, item_id=ItemId("a-1"), score=0.75, score_confidence=0.5, supersedes=ResponseId("r0")),
        one("r1", BOB, 0.0),
    ]
    for each in done:
        log.append([each], NOON)
    noon, later = NOON.timestamp(), (NOON + timedelta(days=1)).timestamp()
    assert read(log)["ann"] == [("a-1", 0.75, noon, 0.5, None), ("a-2", 1.0, later, 1.0, None)]
    assert read(log) == replayed(done)


SHARES = st.none() | st.sampled_from([0.0, 1 / 3, 1.0])
DRAWN = st.lists(
    st.fixed_dictionaries(
        {
            "learner_id": st.sampled_from([ANN, BOB, EVE]),
            "item_id": st.sampled_from([ItemId("a-1"), ItemId("b-1"), ItemId("new")]),
            "at": st.none() | st.integers(-3, 3).map(lambda hour: NOON + timedelta(hours=hour)),
            "sequence": st.none() | st.integers(0, 2),
            "correct": st.sampled_from([True, False, None]),
            "score": SHARES,
            "score_confidence": SHARES,
            "elapsed_seconds": st.none() | st.just(2.5),
            "supersedes": st.none() | st.integers(0, 9).map(lambda n: ResponseId(f"r{n}")),
        }
    ),
    max_size=10,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DRAWN, st.booleans(), st.booleans())
def test_columns_are_what_replaying_gives(
    log: ResponseLog, drawn: list[dict[str, Any]], bare: bool, corrected: bool
) -> None:
    done = [one(f"r{n}", ANN, None, **cells) for n, cells in enumerate(drawn)]
    if not corrected:
        done = [replace(each, supersedes=None) for each in done]
    if bare:  # columns that nobody used are not even read
        done = [replace(each, score=None, score_confidence=None, sequence=None, elapsed_seconds=None) for each in done]
    own = ResponseLog(log.engine, KEY, tenant=str(uuid.uuid4()))
    own.append(done, NOON)
    assert read(own) == replayed(done)

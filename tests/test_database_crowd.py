"""Many at once on one database: real SQLite and real PostgreSQL."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from courses import NOON
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data import columns as columns_module
from data import database
from data.columns import columns
from data.database import open_database
from data.decisions import DecisionLog
from data.responses import ResponseConflict, ResponseLog
from knowledge_graph.types import ItemId
from knowledge_graph.vocabulary import EMPTY_VOCABULARY
from student_model.types import LearnerId, Response, ResponseId

KEY = b"k" * 32
LENA = LearnerId("lena")


@pytest.fixture
def log(database_url: str) -> Iterator[ResponseLog]:
    log = ResponseLog(open_database(database_url), KEY)
    yield log
    log.engine.dispose()


def event(learner: str, number: int, item: str = "i") -> Response:
    return Response(
        response_id=ResponseId(f"r{number}"), learner_id=LearnerId(learner), item_id=ItemId(item), correct=True
    )


def at_once(*jobs: Callable[[], object]) -> None:
    """Run all at the same time; the first error of any is raised."""
    with ThreadPoolExecutor(len(jobs)) as pool:
        for job in [pool.submit(job) for job in jobs]:
            job.result(60)


def test_batches_that_name_the_same_learners_in_other_orders_wait_for_each_other(log: ResponseLog) -> None:
    def write(writer: int) -> None:
        dice = random.Random(writer)
        for number in range(25):
            learners = list(range(number * 5, number * 5 + 8))
            dice.shuffle(learners)
            log.append([event(f"l{one}", writer * 100 + number, f"i{number}-{one}") for one in learners], NOON)

    at_once(*(lambda writer=writer: write(writer) for writer in range(4)))
    assert sum(1 for _ in log.everything()) == 4 * 25 * 8


def test_the_columns_are_of_one_moment(log: ResponseLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is stored between two of their queries, with a new learner and a new item, waits for the next look."""
    log.append([event("before", 1)], NOON)
    read = columns_module._items

    def meddled(*asked: object) -> object:
        found = read(*asked)  # type: ignore[arg-type]
        log.append([event("between", 1, "new")], NOON)
        return found

    monkeypatch.setattr(columns_module, "_items", meddled)
    assert len(columns(log, EMPTY_VOCABULARY)) == 1
    monkeypatch.undo()
    assert len(columns(log, EMPTY_VOCABULARY)) == 2


def test_erasing_a_learner_who_is_still_at_work_breaks_nothing(log: ResponseLog) -> None:
    decisions = DecisionLog(log.engine, KEY)

    def erase() -> None:
        for _ in range(60):
            log.erase(LENA)

    def append() -> None:
        for number in range(60):
            log.append([event("lena", number)], NOON)

    def keep() -> None:
        for number in range(60):
            decisions.keep(f"d{number}", LENA, NOON, b"{}")

    at_once(erase, append, keep)
    log.erase(LENA)
    assert (log.of_learner(LENA), decisions.of_learner(LENA), log.learners()) == ([], [], 0)


def test_a_switch_of_the_journal_that_is_refused_on_the_spot_is_tried_again(tmp_path: Path) -> None:
    """Neither connection would wait by itself, as SQLite does not where both might wait for each other."""
    first, second = (sqlite3.connect(tmp_path / "new.db", timeout=0, check_same_thread=False) for _ in range(2))
    first.isolation_level = second.isolation_level = None
    first.execute("BEGIN EXCLUSIVE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        second.execute("PRAGMA journal_mode = WAL")
    with ThreadPoolExecutor(1) as pool:
        switch = pool.submit(database._keep_journal, second)
        with pytest.raises(TimeoutError):
            switch.result(0.1)
        first.execute("COMMIT")
        switch.result(10)
    assert second.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    first.close()
    second.close()


def test_processes_that_open_a_new_database_at_once_all_succeed(database_url: str) -> None:
    command = [sys.executable, "-c", "import sys, data.database as d; d.open_database(sys.argv[1])", database_url]
    openers = [subprocess.Popen(command) for _ in range(4)]
    assert [one.wait(60) for one in openers] == [0] * 4


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 4), st.sampled_from("ij")), max_size=5)))
def test_positions_count_what_is_stored_however_often_it_comes(
    log: ResponseLog, batches: list[list[tuple[str, int, str]]]
) -> None:
    own = ResponseLog(log.engine, KEY, tenant=str(uuid.uuid4()))
    kept: dict[str, list[Response]] = {"a": [], "b": []}
    for drawn in batches:
        batch = [event(*one) for one in drawn]
        first = {(one.learner_id, one.response_id): one for one in reversed([*kept["a"], *kept["b"], *batch])}
        if any(first[one.learner_id, one.response_id] != one for one in batch):
            with pytest.raises(ResponseConflict):
                own.append(batch, NOON)
            continue
        for one, place in zip(batch, own.append(batch, NOON), strict=True):
            mine = kept[one.learner_id]
            assert (place.status == "duplicate") == (one in mine)
            if one not in mine:
                mine.append(one)
            assert mine[place.position - 1] == one
    for learner, mine in kept.items():
        assert own.of_learner(LearnerId(learner)) == mine
        assert own.position(LearnerId(learner))[1] == len(mine)


def test_decisions_come_newest_first_and_learners_are_counted(log: ResponseLog) -> None:
    decisions = DecisionLog(log.engine, KEY)
    for number in range(3):
        decisions.keep(f"d{number}", LENA, NOON + timedelta(minutes=number), b'{"n":%d}' % number)
    assert decisions.of_learner(LENA, limit=2) == [{"n": 2}, {"n": 1}]
    assert decisions.of_learner(LearnerId("omar")) == []
    assert DecisionLog(log.engine, KEY, tenant="other").of_learner(LENA) == []
    assert (log.learners(), log.position(LENA)[1]) == (1, 0)

"""What is remembered of a learner is always the fold of the log, bit for bit, and never more than fits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import numpy as np
import pytest
from courses import NOON, chain, fresh_tracer, responses
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from api.learners import Learners
from data.database import open_database
from data.responses import ResponseLog
from student_model.replay import Progress, replay_progress
from student_model.types import LearnerId, Response, ResponseId

GRAPH = chain()
TRACER = fresh_tracer(GRAPH)
LENA = LearnerId("lena")


class CountedLog(ResponseLog):
    """The response log, which also counts how many responses were read from it."""

    read = 0

    def of_learner(self, learner_id: LearnerId, after: int = 0) -> list[Response]:
        found = super().of_learner(learner_id, after)
        self.read += len(found)
        return found

    def store(self, *batch: Response) -> None:
        """Store these now."""
        self.append(batch, NOON)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return open_database(f"sqlite:///{tmp_path_factory.mktemp('log') / 'wayline.db'}")


@pytest.fixture
def log(engine: Engine, request: pytest.FixtureRequest) -> CountedLog:
    return CountedLog(engine, b"k" * 32, tenant=request.node.name)


def same(one: Progress, other: Progress) -> bool:
    def plain(state: Any) -> list[bytes]:
        return [np.asarray(getattr(state, name)).tobytes() for name in state.__slots__]

    return one.history == other.history and plain(one.state) == plain(other.state)


def test_what_comes_in_order_is_folded_and_not_read_again(log: CountedLog) -> None:
    learners = Learners(TRACER, 10)
    given_ = responses(*((f"a-{n % 6}", True) for n in range(20)))
    for one in given_:
        log.store(one)
        learners.current(LENA, log)
    assert log.read == 20
    assert same(learners.current(LENA, log).progress, replay_progress(TRACER, given_))


def test_what_comes_late_folds_the_learner_anew(log: CountedLog) -> None:
    learners = Learners(TRACER, 10)
    first, second, third = responses(("a-1", True), ("a-2", False), ("a-3", True))
    for one in (first, third, second):
        log.store(one)
        learners.current(LENA, log)
    assert same(learners.current(LENA, log).progress, replay_progress(TRACER, [first, second, third]))


def test_a_correction_that_came_before_what_it_corrects(log: CountedLog) -> None:
    learners = Learners(TRACER, 10)
    first, second, third = responses(("a-1", True), ("a-2", False), ("a-3", True))
    correction = replace(first, response_id=ResponseId("c"), correct=True, supersedes=third.response_id)
    for one in (first, correction, second, third):
        log.store(one)
        learners.current(LENA, log)
    assert same(learners.current(LENA, log).progress, replay_progress(TRACER, [first, correction, second, third]))


events = st.builds(
    lambda number, item, correct, minute, corrects: Response(
        response_id=ResponseId(f"r{number}"),
        learner_id=LENA,
        item_id=GRAPH.vocabulary.items[item],
        at=None if minute is None else NOON + timedelta(minutes=minute),
        correct=correct,
        supersedes=None if corrects is None else ResponseId(f"r{corrects}"),
    ),
    st.integers(0, 12),
    st.integers(0, 17),
    st.sampled_from([True, False, None]),
    st.none() | st.integers(0, 5),
    st.none() | st.none() | st.integers(0, 12),
)


EXAMPLE = count()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(events, max_size=12, unique_by=lambda one: one.response_id),
    st.lists(st.booleans(), min_size=12, max_size=12),
)
def test_any_order_and_any_moment_of_looking_give_the_same(
    engine: Engine, arrived: list[Response], look: list[bool]
) -> None:
    log, learners = CountedLog(engine, b"k" * 32, tenant=f"example {next(EXAMPLE)}"), Learners(TRACER, 10)
    for one, looked in zip(arrived, look, strict=False):
        log.store(one)
        if looked:
            learners.current(LENA, log)
    assert same(learners.current(LENA, log).progress, replay_progress(TRACER, arrived))


def test_only_the_learners_seen_last_are_remembered(log: CountedLog) -> None:
    learners = Learners(TRACER, 2)
    (one,) = responses(("a-1", True))
    log.store(*(replace(one, learner_id=LearnerId(who), response_id=ResponseId(who)) for who in "abc"))
    for who in "abcab":
        learners.current(LearnerId(who), log)
    assert len(learners) == 2
    assert log.read == 5
    learners.current(LearnerId("b"), log)
    assert log.read == 5


def test_an_unknown_learner_is_not_remembered(log: CountedLog) -> None:
    learners = Learners(TRACER, 2)
    assert learners.current(LENA, log).position == 0
    assert len(learners) == 0


def test_an_erased_learner_is_forgotten(log: CountedLog) -> None:
    learners = Learners(TRACER, 2)
    log.store(*responses(("a-1", True), ("a-2", True)))
    learners.current(LENA, log)
    log.erase(LENA)
    assert same(learners.current(LENA, log).progress, Progress(TRACER.initial()))
    anew = responses(("a-3", False), ("a-4", False))  # as many as before
    log.store(*anew)
    assert same(learners.current(LENA, log).progress, replay_progress(TRACER, anew))


def test_threads_may_race(log: CountedLog) -> None:
    learners = Learners(TRACER, 3)
    given_ = responses(*((f"b-{n % 6}", n % 3 > 0) for n in range(60)))

    def store_and_look(one: Response) -> None:
        log.store(one)
        learners.current(LENA, log)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(store_and_look, given_))
    assert same(learners.current(LENA, log).progress, replay_progress(TRACER, given_))

"""What is remembered of a learner is always the fold of the log, bit for bit, and never more than fits."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
from courses import NOON, chain, fresh_tracer, responses
from hypothesis import given, settings
from hypothesis import strategies as st

from api.learners import Learners
from student_model.replay import Progress, replay_progress
from student_model.types import LearnerId, Response, ResponseId

GRAPH = chain()
TRACER = fresh_tracer(GRAPH)
LENA = LearnerId("lena")


class Log:
    """A response log in memory that counts how many responses were read from it."""

    def __init__(self) -> None:
        self.stored: list[Response] = []
        self.read = 0
        self.number = 1

    def position(self, learner_id: LearnerId) -> tuple[int, int]:
        return self.number, sum(one.learner_id == learner_id for one in self.stored)

    def of_learner(self, learner_id: LearnerId, after: int = 0) -> Sequence[Response]:
        found = [one for one in self.stored if one.learner_id == learner_id][after:]
        self.read += len(found)
        return found


def same(one: Progress, other: Progress) -> bool:
    def plain(state: Any) -> list[bytes]:
        return [np.asarray(getattr(state, name)).tobytes() for name in state.__slots__]

    return one.history == other.history and plain(one.state) == plain(other.state)


def test_what_comes_in_order_is_folded_and_not_read_again() -> None:
    log, learners = Log(), Learners(TRACER, 10)
    given_ = responses(*((f"a-{n % 6}", True) for n in range(20)))
    for one in given_:
        log.stored.append(one)
        learners.current(LENA, log)
    assert log.read == 20
    assert same(learners.current(LENA, log).progress, replay_progress(TRACER, given_))


def test_what_comes_late_folds_the_learner_anew() -> None:
    log, learners = Log(), Learners(TRACER, 10)
    first, second, third = responses(("a-1", True), ("a-2", False), ("a-3", True))
    for one in (first, third, second):
        log.stored.append(one)
        learners.current(LENA, log)
    assert same(learners.current(LENA, log).progress, replay_progress(TRACER, [first, second, third]))


def test_a_correction_that_came_before_what_it_corrects() -> None:
    log, learners = Log(), Learners(TRACER, 10)
    first, second, third = responses(("a-1", True), ("a-2", False), ("a-3", True))
    correction = replace(first, response_id=ResponseId("c"), correct=True, supersedes=third.response_id)
    for one in (first, correction, second, third):
        log.stored.append(one)
        learners.current(LENA, log)
    assert same(learners.current(LENA, log).progress, replay_progress(TRACER, log.stored))


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


@settings(max_examples=200)
@given(
    st.lists(events, max_size=12, unique_by=lambda one: one.response_id),
    st.lists(st.booleans(), min_size=12, max_size=12),
)
def test_any_order_and_any_moment_of_looking_give_the_same(arrived: list[Response], look: list[bool]) -> None:
    log, learners = Log(), Learners(TRACER, 10)
    for one, looked in zip(arrived, look, strict=False):
        log.stored.append(one)
        if looked:
            learners.current(LENA, log)
    assert same(learners.current(LENA, log).progress, replay_progress(TRACER, arrived))


def test_only_the_learners_seen_last_are_remembered() -> None:
    log, learners = Log(), Learners(TRACER, 2)
    log.stored = [replace(one, learner_id=LearnerId(who)) for who in "abc" for one in responses(("a-1", True))]
    for who in "abcab":
        learners.current(LearnerId(who), log)
    assert len(learners) == 2
    assert log.read == 5
    learners.current(LearnerId("b"), log)
    assert log.read == 5


def test_an_unknown_learner_is_not_remembered() -> None:
    log, learners = Log(), Learners(TRACER, 2)
    assert learners.current(LENA, log).position == 0
    assert len(learners) == 0


def test_an_erased_learner_is_forgotten() -> None:
    log, learners = Log(), Learners(TRACER, 2)
    log.stored = responses(("a-1", True), ("a-2", True))
    learners.current(LENA, log)
    log.stored, log.number = [], 0
    assert same(learners.current(LENA, log).progress, Progress(TRACER.initial()))
    log.stored, log.number = responses(("a-3", False), ("a-4", False)), 2  # as many as before
    assert same(learners.current(LENA, log).progress, replay_progress(TRACER, log.stored))


def test_threads_may_race() -> None:
    log, learners = Log(), Learners(TRACER, 3)
    given_ = responses(*((f"b-{n % 6}", n % 3 > 0) for n in range(60)))

    def store_and_look(one: Response) -> None:
        log.stored.append(one)
        learners.current(LENA, log)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(store_and_look, given_))
    assert same(learners.current(LENA, log).progress, replay_progress(TRACER, given_))

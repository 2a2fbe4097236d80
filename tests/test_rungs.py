"""When a model fails, the next one answers, and below all of them the history: quality falls, never the answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from courses import NOON, chain, empty_log, fresh_tracer, responses

from api.rungs import NO_VERSION, REST, Rungs
from engine import ladder
from engine.ladder import RungFailed
from student_model import storage
from student_model.replay import Progress, replay_progress
from student_model.tracing import load
from student_model.types import LearnerId, Response

GRAPH = chain()
TRACER = fresh_tracer(GRAPH)
BKT = load("bkt").fit(empty_log(GRAPH.vocabulary))
ELO = load("elo").fit(empty_log(GRAPH.vocabulary))
LENA = LearnerId("lena")
DONE = responses(("a-0", True), ("a-1", False))


class Stored:
    """A response log that holds these."""

    def position(self, learner_id: LearnerId) -> tuple[int, int]:
        return 1, len(DONE)

    def of_learner(self, learner_id: LearnerId, after: int = 0) -> list[Response]:
        return DONE[after:]


class Clock:
    """A clock that only moves when it is moved."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Breaking:
    """A tracer whose named method fails, or gives what `instead` gives, after `seconds` on the test's clock."""

    def __init__(self, method: str, clock: Clock | None = None, seconds: float = 0.0, instead: Any = None) -> None:
        self.method, self.clock, self.seconds, self.instead, self.asked = method, clock, seconds, instead, 0

    def __getattr__(self, name: str) -> Any:
        if name != self.method:
            return getattr(TRACER, name)

        def fails(*_: Any) -> Any:
            self.asked += 1
            if self.clock is not None:
                self.clock.now += self.seconds
            if self.instead is None:
                raise FloatingPointError("no weights")
            return self.instead

        return fails


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("api.rungs.monotonic", made)
    return made


def rungs(first: Any, second: Any = ELO) -> Rungs:
    return Rungs(GRAPH, first, lambda: second, capacity=10, version="v1")


def test_the_first_rung_answers_under_its_registered_version() -> None:
    answer = rungs(TRACER).read(LENA, Stored(), NOON)
    assert (answer.reading.rung, answer.version) == (TRACER.name, "v1")
    assert answer.known.position == 2 and answer.tracer is TRACER


@pytest.mark.parametrize("method", ["update", "predict", "predict_interval", "beliefs"])
def test_whatever_breaks_the_next_model_answers(method: str) -> None:
    answer = rungs(Breaking(method)).read(LENA, Stored(), NOON)
    assert (answer.reading.rung, answer.version) == ("elo", storage.model_version(ELO))
    wanted = ladder.read(GRAPH, ELO, replay_progress(ELO, DONE), NOON)
    assert np.array_equal(answer.reading.odds, wanted.odds)


def test_below_all_models_is_the_history() -> None:
    answer = rungs(Breaking("update"), Breaking("beliefs")).read(LENA, Stored(), NOON)
    assert (answer.reading.rung, answer.version, answer.tracer) == ("syllabus", NO_VERSION, None)
    assert [one.response_id for one in answer.known.progress.history.recent] == [one.response_id for one in DONE]
    assert np.array_equal(answer.foretold(NOON + timedelta(days=7)), answer.reading.beliefs.probability)


def test_where_no_simpler_model_can_be_made_the_history_answers() -> None:
    def nothing() -> Any:
        raise MemoryError

    answer = Rungs(GRAPH, Breaking("beliefs"), nothing, capacity=10, version="v1").read(LENA, Stored(), NOON)
    assert (answer.reading.rung, answer.version) == ("syllabus", NO_VERSION)


def test_a_model_that_cannot_look_ahead_leaves_things_as_they_are_now() -> None:
    answer = rungs(TRACER).read(LENA, Stored(), NOON)
    blind = replace(answer, tracer=Breaking("beliefs"))
    assert np.array_equal(blind.foretold(NOON + timedelta(days=7)), answer.reading.beliefs.probability)


def test_beyond_the_budget_no_further_model_is_asked(clock: Clock) -> None:
    second = Breaking("beliefs")
    slow = Breaking("beliefs", clock, seconds=1.0)
    ladder_of_two = rungs(slow, second)
    assert ladder_of_two.read(LENA, Stored(), NOON).reading.rung == "syllabus"
    assert (slow.asked, second.asked) == (1, 0)


def test_a_rung_that_took_long_to_fail_rests_for_a_while(clock: Clock) -> None:
    slow = Breaking("beliefs", clock, seconds=1.0)
    tried = rungs(slow)
    tried.read(LENA, Stored(), NOON)
    assert tried.read(LENA, Stored(), NOON).reading.rung == "elo" and slow.asked == 1
    clock.now += REST
    tried.read(LENA, Stored(), NOON)
    assert slow.asked == 2


def test_a_rung_that_fails_fast_is_asked_again(clock: Clock) -> None:
    fast = Breaking("beliefs", clock, seconds=0.01)
    tried = rungs(fast)
    assert [tried.read(LENA, Stored(), NOON).reading.rung for _ in range(3)] == ["elo"] * 3
    assert fast.asked == 3


def test_a_broken_database_is_not_the_fault_of_a_rung() -> None:
    class Gone(Stored):
        def of_learner(self, learner_id: LearnerId, after: int = 0) -> list[Response]:
            raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        rungs(TRACER).read(LENA, Gone(), NOON)


def test_after_a_swap_the_new_model_answers_for_learners_already_known() -> None:
    made = iter((ELO, BKT))
    swapped = Rungs(GRAPH, Breaking("beliefs"), lambda: next(made), capacity=10, version="v1")
    assert swapped.read(LENA, Stored(), NOON).reading.rung == "elo"
    swapped.swap(Breaking("beliefs"), "v2")
    assert swapped.read(LENA, Stored(), NOON).reading.rung == "bkt"  # with a new model comes a new simpler one
    swapped.swap(ELO, "v2")
    answer = swapped.read(LENA, Stored(), NOON)
    assert (answer.reading.rung, answer.version, answer.known.position) == ("elo", "v2", 2)


@pytest.mark.parametrize("instead", [
    (np.full(18, np.nan), np.ones(18)),  # no numbers
    (np.zeros(3), np.ones(3)),  # of another shape
])  # fmt: skip
def test_numbers_that_are_none_are_a_failure(instead: Any) -> None:
    broken: Any = Breaking("predict_interval", instead=instead)
    with pytest.raises(RungFailed, match="no odds or beliefs"):
        ladder.read(GRAPH, broken, Progress(TRACER.initial()), NOON)

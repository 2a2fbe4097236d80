"""Golden learners find each fault that a tracer may have: one planted at a time, in a tracer that has none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from courses import chain, empty_log, fresh_tracer

from knowledge_graph.vocabulary import EMPTY_VOCABULARY, FloatArray, IntArray
from student_model import golden
from student_model.log import Log
from student_model.tracing import Beliefs, Tracer, load
from student_model.types import Response

GRAPH = chain()
TRACER = fresh_tracer(GRAPH, "elo")
RANGE = ("odds, intervals or beliefs are not in their range",)
Pair = tuple[FloatArray, FloatArray]


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the learners: what is planted here shows in each of them, or in the first."""
    monkeypatch.setattr(golden, "LEARNERS", 20)


class Planted:
    """The sound tracer, with what some of its methods give changed."""

    def __init__(self, **changes: Callable[[Any], Any]) -> None:
        self._changes = changes

    def __getattr__(self, name: str) -> Any:
        found, change = getattr(TRACER, name), self._changes.get(name)
        return found if change is None else lambda *given: change(found(*given))


def faults(tracer: Any) -> tuple[str, ...]:
    return golden.faults(tracer)


def first(values: FloatArray, to: float) -> FloatArray:
    """The same but for one value."""
    changed = values.copy()
    changed[0] = to
    return changed


def test_a_sound_tracer_has_no_faults_and_one_without_items_is_not_asked() -> None:
    assert faults(Planted()) == ()
    assert faults(load("elo").fit(empty_log(EMPTY_VOCABULARY))) == ()


@pytest.mark.parametrize("change", [
    lambda pair: (first(pair[0], pair[1][0]), pair[1]),  # low above the odds, yet not above high
    lambda pair: (pair[0], first(pair[1], pair[0][0])),  # high below the odds, yet not below low
    lambda pair: (first(pair[0], np.nan), pair[1]),
    lambda pair: (pair[0], first(pair[1], np.nan)),
])  # fmt: skip
def test_an_interval_that_one_of_the_odds_is_not_in_is_found(change: Callable[[Pair], Pair]) -> None:
    assert faults(Planted(predict_interval=change)) == RANGE


@pytest.mark.parametrize("field", ["probability", "low", "high", "peak"])
@pytest.mark.parametrize("wrong", [-0.01, 1.01, np.nan])
def test_one_belief_out_of_its_range_is_found(field: str, wrong: float) -> None:
    def change(held: Beliefs) -> Beliefs:
        changed: dict[str, Any] = {field: first(getattr(held, field), wrong)}
        return replace(held, **changed)

    assert faults(Planted(beliefs=change)) == RANGE


def test_a_belief_whose_interval_is_turned_round_is_found() -> None:
    assert faults(Planted(beliefs=lambda held: replace(held, low=held.high, high=held.low))) == RANGE


class Certain:
    """A tracer that is sure of one item, at the end of each life, where its interval goes just as far."""

    def __init__(self, odds: float) -> None:
        self._odds = odds

    def __getattr__(self, name: str) -> Any:
        return getattr(TRACER, name)

    def predict(self, state: Any, items: IntArray | None, now: datetime | None) -> FloatArray:
        found = TRACER.predict(state, items, now)
        return found if now is not None else first(found, self._odds)

    def predict_interval(self, state: Any, items: IntArray | None, now: datetime | None) -> Pair:
        low, high = TRACER.predict_interval(state, items, now)
        return first(low, min(low[0], self._odds)), first(high, max(high[0], self._odds))


def test_odds_of_0_and_1_are_found_and_others_are_not() -> None:
    assert faults(Certain(0.0)) == faults(Certain(1.0)) == RANGE
    assert faults(Certain(1e-9)) == faults(Certain(1.0 - 1e-9)) == ()


def test_a_fault_that_a_single_learner_meets_is_found() -> None:
    """The first alone: those who come after do not make it good."""
    asked = [0]

    def once(pair: Pair) -> Pair:
        asked[0] += 1
        return pair if asked[0] > 1 else (pair[1], pair[0])

    assert faults(Planted(predict_interval=once)) == RANGE and asked[0] == golden.LEARNERS


@pytest.mark.parametrize(("off", "found"), [(5e-6, False), (2e-5, True), (-2e-5, True), (np.nan, True)])
def test_one_row_of_a_log_that_is_off_by_more_than_allowed_is_found(off: float, found: bool) -> None:
    told = faults(Planted(predict_log=lambda odds: first(odds, odds[0] + off)))
    assert len(told) == int(found) and all("step by step and for a whole log differ by up to" in one for one in told)


def test_a_log_folded_without_its_times_is_found() -> None:
    """Responses are minutes apart: who forgets between them must do so in both ways of asking."""
    tracer = fresh_tracer(GRAPH, "bkt")

    class Timeless:
        def __getattr__(self, name: str) -> Any:
            return getattr(tracer, name)

        def predict_log(self, log: Log) -> FloatArray:
            assert (np.diff(log.seconds)[np.diff(log.learner) == 0] > 0).all()
            return tracer.predict_log(replace(log, seconds=np.full(len(log), np.nan)))

    assert any("differ by up to" in told for told in faults(Timeless()))


class Turned:
    """Takes right answers for wrong ones, in whichever way it is asked."""

    def __getattr__(self, name: str) -> Any:
        return getattr(TRACER, name)

    def update(self, state: Any, response: Response) -> Any:
        return TRACER.update(state, replace(response, correct=not response.correct))

    def predict_log(self, log: Log) -> FloatArray:
        return TRACER.predict_log(replace(log, outcome=1.0 - log.outcome))


def test_who_answers_right_must_be_given_the_better_odds() -> None:
    (told,) = faults(Turned())
    assert told.startswith("who answers all right is given odds of 0.")
    high, low = told.removeprefix("who answers all right is given odds of ").split(", who answers all wrong ")
    assert float(high) < float(low)


def test_all_that_is_wrong_is_told_at_once() -> None:
    mean: Tracer = load("mean").fit(empty_log(GRAPH.vocabulary))

    class Worse:
        def __getattr__(self, name: str) -> Any:
            return getattr(mean, name)

        def predict_log(self, log: Log) -> FloatArray:
            return mean.predict_log(log) + 0.1

        def predict_interval(self, state: Any, items: IntArray | None, now: datetime | None) -> Pair:
            low, high = mean.predict_interval(state, items, now)
            return high + 0.1, low

    told = faults(Worse())
    assert len(told) == 3 and told[0] == RANGE[0] and "differ by up to 0.1" in told[1] and "all wrong" in told[2]

"""Every policy, found by its file, keeps the contract."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from courses import NOON, course, fresh_tracer, responses
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import draw, ladder, policies
from engine.candidates import Context, gather
from engine.types import Request
from knowledge_graph.frontier import frontier
from student_model.replay import replay_progress

GRAPH = course(
    [("a", "b", 1.0), ("b", "c", 0.7), ("a", "d", 0.4)],
    names="abcd",
    encompassings=[("b", "a", 0.5)],
    goals=("c",),
)
TRACER = fresh_tracer(GRAPH)
answers = st.lists(
    st.tuples(st.sampled_from(GRAPH.vocabulary.items), st.sampled_from([True, False, None])), max_size=25
)


def context_after(done: list[tuple[str, bool | None]]) -> Context:
    progress = replay_progress(TRACER, responses(*done))
    reading = ladder.read(GRAPH, TRACER, progress, NOON + timedelta(days=30))
    front = frontier(GRAPH, reading.beliefs.probability, reading.beliefs.peak)
    everything = np.ones(len(GRAPH.items), dtype=np.bool_)
    return gather(GRAPH, reading.beliefs, front, reading.odds, progress.history, Request(), everything)


def test_the_policies_of_the_first_loop_are_there() -> None:
    assert {"random", "syllabus", "weakest", "fringe", "gain"} <= set(policies.available())


def test_an_unknown_policy_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"no policy 'best'; there are: .*gain"):
        policies.load("best")


@pytest.mark.parametrize("name", policies.available())
@settings(max_examples=25, deadline=None)
@given(done=answers)
def test_scores_are_finite_one_an_item_and_repeatable(name: str, done: list[tuple[str, bool | None]]) -> None:
    context, policy = context_after(done), policies.load(name)
    scores = policy.score(context)
    assert scores.shape == (len(GRAPH.items),)
    assert np.isfinite(scores).all()
    assert (policy.score(context) == scores).all()
    chance = draw.chances(scores, policy.EXPLORATION)
    assert chance.sum() == pytest.approx(1.0)
    assert 0.0 <= policy.EXPLORATION < 1.0


@pytest.mark.parametrize("name", ["syllabus", "fringe", "gain"])
def test_policies_that_know_the_order_begin_at_its_beginning(name: str) -> None:
    context = context_after([])
    best = int(np.argmax(policies.load(name).score(context)))
    assert GRAPH.vocabulary.items[best] == "a-0"


def test_weakest_looks_at_mastery_alone() -> None:
    context = context_after([("c-1", False), ("c-2", False)])
    best = int(np.argmax(policies.load("weakest").score(context)))
    assert GRAPH.vocabulary.concepts[GRAPH.main_concept[best]] == "c"


def test_gain_keeps_to_what_is_ready_however_often_it_fails() -> None:
    gain = policies.load("gain")
    for failures in range(1, 12):
        context = context_after([(f"a-{1 + n % 5}", False) for n in range(failures)])
        best = int(np.argmax(gain.score(context)))
        assert GRAPH.vocabulary.concepts[GRAPH.main_concept[best]] in "ad"


def test_gain_leaves_a_concept_alone_after_failures_in_a_row() -> None:
    gain = policies.load("gain")
    context = context_after([*[(f"a-{n}", True) for n in range(6)], ("b-1", True), *[("b-2", False)] * 6])
    best = int(np.argmax(gain.score(context)))
    assert GRAPH.vocabulary.concepts[GRAPH.main_concept[best]] != "b"

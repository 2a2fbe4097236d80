"""State is a fold: order, repeats and splits of the same events do not matter."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from courses import NOON, chain, fresh_tracer, responses
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_graph.types import ItemId
from student_model.replay import RECENT, Progress, in_order, replay_progress, to_log
from student_model.types import LearnerId, Response, ResponseId

GRAPH = chain()
TRACER = fresh_tracer(GRAPH)
times = st.one_of(st.none(), st.integers(0, 5).map(lambda h: NOON + timedelta(hours=h)))


@st.composite
def events(draw: st.DrawFn) -> list[Response]:
    """Responses with times that collide or are missing, some correcting others."""
    ids = draw(st.lists(st.integers(0, 30), unique=True, max_size=12))
    return [
        Response(
            response_id=ResponseId(f"r{number}"),
            learner_id=LearnerId("lena"),
            item_id=draw(st.sampled_from(GRAPH.vocabulary.items)),
            at=draw(times),
            sequence=draw(st.one_of(st.none(), st.integers(0, 3))),
            correct=draw(st.sampled_from([True, False, None])),
            supersedes=ResponseId(f"r{draw(st.sampled_from(ids))}") if draw(st.integers(0, 3)) == 0 else None,
        )
        for number in ids
    ]


@settings(max_examples=60, deadline=None)
@given(events(), st.data())
def test_any_order_and_any_repeat_gives_the_same_progress(done: list[Response], data: st.DataObject) -> None:
    repeated = done + data.draw(st.lists(st.sampled_from(done), max_size=5)) if done else done
    mixed = data.draw(st.permutations(repeated))
    one, other = replay_progress(TRACER, done), replay_progress(TRACER, mixed)
    assert one.history == other.history
    assert (TRACER.beliefs(one.state, NOON).probability == TRACER.beliefs(other.state, NOON).probability).all()


def test_step_by_step_equals_at_once() -> None:
    done = responses(*((f"{name}-{number}", number % 2 == 0) for name in "abc" for number in range(6)))
    progress = Progress(TRACER.initial())
    for response in done:
        progress = progress.then(TRACER, response)
    whole = replay_progress(TRACER, done)
    assert progress.history == whole.history
    assert (TRACER.predict(progress.state, None, NOON) == TRACER.predict(whole.state, None, NOON)).all()


def test_a_correction_takes_the_place_of_what_it_corrects() -> None:
    first, second, third = responses(("a-1", False), ("a-2", True), ("a-3", True))
    correction = replace(
        first,
        response_id=ResponseId("fix"),
        correct=True,
        supersedes=first.response_id,
        at=NOON + timedelta(days=9),
    )
    ordered = in_order([third, correction, second, first])
    assert [one.response_id for one in ordered] == ["r0", "r1", "r2"]
    assert ordered[0].correct is True
    assert ordered[0].at == first.at


def test_of_two_corrections_the_later_holds() -> None:
    (first,) = responses(("a-1", False))
    fixes = [
        replace(
            first,
            response_id=ResponseId(f"fix{n}"),
            score=n / 4,
            supersedes=first.response_id,
            at=NOON + timedelta(days=n),
        )
        for n in (1, 3, 2)
    ]
    assert in_order([first, *fixes])[0].score == 0.75


def test_responses_without_a_time_come_first_then_by_sequence() -> None:
    a, b, c = responses(("a-1", True), ("a-2", True), ("a-3", True))
    early = replace(a, at=None, sequence=2)
    earlier = replace(b, at=None, sequence=1)
    assert [one.response_id for one in in_order([c, early, earlier])] == ["r1", "r0", "r2"]


def test_history_keeps_the_last_and_counts_all() -> None:
    done = responses(*(("a-1", True) for _ in range(RECENT + 5)))
    history = replay_progress(TRACER, done).history
    assert history.count == RECENT + 5
    assert len(history.recent) == RECENT
    assert history.last_done == {"a-1": RECENT + 5}


def test_the_log_of_many_learners_has_one_row_a_judged_response() -> None:
    lena = responses(("a-1", True), ("a-0", None), ("b-1", False))
    omar = [replace(one, learner_id=LearnerId("omar"), response_id=ResponseId(f"o{n}")) for n, one in enumerate(lena)]
    log = to_log([*omar, *lena], GRAPH.vocabulary)
    assert len(log) == 4
    assert np.diff(log.learner).tolist().count(1) == 1
    assert sorted(log.learners) == ["lena", "omar"]
    assert log.outcome.tolist() == [1.0, 0.0, 1.0, 0.0]


def test_items_that_the_graph_lacks_join_the_vocabulary_with_the_concepts_of_the_log() -> None:
    (one,) = responses(("elsewhere", True))
    log = to_log([replace(one, concept_ids=(GRAPH.concepts[1].concept_id,))], GRAPH.vocabulary)
    assert log.vocabulary.items[-1] == ItemId("elsewhere")
    assert log.vocabulary.concepts_of(log.item[0]).tolist() == [1]


@pytest.mark.parametrize("late", [None, NOON - timedelta(days=1), NOON, NOON + timedelta(days=1)])
def test_a_correction_holds_whenever_it_was_dated(late: datetime | None) -> None:
    (first,) = responses(("a-1", False))
    fix = replace(first, response_id=ResponseId("a-fix"), correct=True, supersedes=first.response_id, at=late)
    for log in ([first, fix], [fix, first]):
        (kept,) = in_order(log)
        assert (kept.correct, kept.at, kept.response_id) == (True, first.at, "r0")


def test_a_correction_of_a_correction_holds_against_both() -> None:
    (first,) = responses(("a-1", False))
    fix = replace(
        first, response_id=ResponseId("z"), score=0.5, supersedes=first.response_id, at=NOON + timedelta(days=2)
    )
    last = replace(
        first, response_id=ResponseId("y"), score=0.75, supersedes=fix.response_id, at=NOON + timedelta(days=1)
    )
    assert [one.score for one in in_order([last, first, fix])] == [0.75]


def test_corrections_in_a_circle_count_once_and_a_long_chain_is_quick() -> None:
    (one,) = responses(("a-1", True))
    ids = [ResponseId(f"{number:05}") for number in range(5_000)]
    chain_of = [replace(one, response_id=own, supersedes=named) for own, named in zip(ids[1:], ids[:-1], strict=True)]
    assert len(in_order([replace(one, response_id=ids[0], supersedes=ids[-1]), *chain_of])) == 1
    assert [kept.response_id for kept in in_order([*chain_of, replace(one, response_id=ids[0])])] == [ids[0]]


def test_the_same_ids_of_two_learners_are_two_responses() -> None:
    (one,) = responses(("a-1", True))
    assert len(in_order([one, replace(one, learner_id=LearnerId("omar"))])) == 2

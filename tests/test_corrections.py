"""Corrections, order and the widest tags of a log: against a plain reading of the rules, and by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from courses import NOON, chain
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_graph.types import ConceptId, ItemId
from student_model.replay import NOTHING, RECENT, History, Progress, in_order, replay, replay_progress, to_log, widest
from student_model.types import LearnerId, Response, ResponseId

GRAPH = chain()
Key = tuple[LearnerId, ResponseId]


def one(number: str, at: float | None = 0.0, who: str = "lena", fixes: str | None = None, **more: Any) -> Response:
    """A response given so many hours after noon; `fixes` is the id of what it corrects."""
    return Response(
        response_id=ResponseId(number),
        learner_id=LearnerId(who),
        item_id=ItemId(more.pop("item", "a-1")),
        at=None if at is None else NOON + timedelta(hours=at),
        supersedes=None if fixes is None else ResponseId(fixes),
        **more,
    )


def ids(done: list[Response]) -> list[str]:
    return [response.response_id for response in done]


def test_order_is_by_time_then_sequence_then_id() -> None:
    """Without a time before all; of one time, without a sequence before those with one."""
    right = [
        one("z", None), one("y", None, sequence=-1), one("x", None, sequence=4),
        one("c", 1.0), one("d", 1.0), one("b", 1.0, sequence=2), one("a", 1.0, sequence=3), one("0", 2.0, sequence=0),
    ]  # fmt: skip
    assert ids(in_order(reversed(right))) == ids(right)


def way(response: Response, by_id: dict[Key, Response]) -> tuple[Response, int]:
    """What a response stands for in the end, and over how many corrections; in a circle, its smallest id."""
    passed = [response]
    while True:
        named = by_id.get((response.learner_id, passed[-1].supersedes or ResponseId("")))
        if named is None:
            return passed[-1], len(passed) - 1
        if named in passed:
            first = passed.index(named)
            return min(passed[first:], key=lambda it: it.response_id), first
        passed.append(named)


def plainly(done: list[Response]) -> list[Response]:
    """`in_order`, one response at a time: of all that stand for the same, the one furthest from it, then the last."""
    by_id = {(it.learner_id, it.response_id): it for it in done}
    groups: dict[Key, list[tuple[int, tuple[Any, ...], Response]]] = {}
    for it in by_id.values():
        origin, steps = way(it, by_id)
        groups.setdefault((it.learner_id, origin.response_id), []).append((steps, key(it), it))
    kept = []
    for own, claims in groups.items():
        held, origin = max(claims, key=lambda claim: claim[:2])[2], by_id[own]
        kept.append(replace(held, at=origin.at, sequence=origin.sequence, response_id=origin.response_id))
    return sorted(kept, key=key)


def key(it: Response) -> tuple[Any, ...]:
    hours = -math.inf if it.at is None else (it.at - NOON).total_seconds()
    return hours, -math.inf if it.sequence is None else it.sequence, it.response_id


@st.composite
def tangled(draw: st.DrawFn) -> list[Response]:
    """Responses of two learners, most of them correcting another: chains, forks and circles."""
    names = draw(st.lists(st.tuples(st.sampled_from("lm"), st.sampled_from("abcdefg")), unique=True, max_size=10))
    return [
        one(
            name,
            draw(st.one_of(st.none(), st.integers(0, 2).map(float))),
            who,
            draw(st.one_of(st.none(), st.sampled_from("abcdefgx"))),
            sequence=draw(st.one_of(st.none(), st.integers(0, 2))),
            score=number / 10,
        )
        for number, (who, name) in enumerate(names)
    ]


@settings(deadline=None, max_examples=120)
@given(tangled(), st.randoms())
def test_corrections_hold_as_the_rules_say(done: list[Response], dice: Any) -> None:
    expected = plainly(done)
    dice.shuffle(done)
    found = in_order(done)
    assert sorted(found, key=lambda it: (key(it), it.learner_id)) == sorted(
        expected, key=lambda it: (key(it), it.learner_id)
    )
    assert [key(it) for it in found] == sorted(map(key, found))


def test_what_leads_into_a_circle_stands_for_its_smallest_id() -> None:
    """e corrects d corrects b, and b, c and a correct each other in a circle: all of it is a, as e has it."""
    done = [
        one("a", fixes="b"),
        one("b", fixes="c"),
        one("c", fixes="a"),
        one("d", fixes="b"),
        one("e", fixes="d", score=0.3),
    ]
    (kept,) = in_order(done)
    assert (kept.response_id, kept.score) == ("a", 0.3)


def test_a_correction_of_something_unknown_stands_for_itself_and_of_another_learner_for_nothing() -> None:
    done = [one("a", correct=False), one("b", 1.0, who="omar", fixes="a", correct=True), one("c", 2.0, fixes="gone")]
    assert [(it.learner_id, it.response_id) for it in in_order(done)] == [("lena", "a"), ("omar", "b"), ("lena", "c")]


def test_a_history_that_grows_keeps_the_last_fifty_and_numbers_from_one() -> None:
    history = History()
    for number in range(60):
        history = history.then(one(f"{number:02}", float(number), item="a-1" if number == 4 else "b-1"))
    assert history.count == 60 and RECENT == 50
    assert ids(list(history.recent)) == [f"{number:02}" for number in range(10, 60)]
    assert history.last_done == {"a-1": 5, "b-1": 60}
    done = [one(f"{number:02}", float(number), item="a-1" if number == 4 else "b-1") for number in range(60)]
    assert replay_progress(NOTHING, reversed(done)).history == history


def test_nothing_folds_to_the_history_alone() -> None:
    done = [one("b", 1.0), one("a", 0.0, item="c-2")]
    assert replay_progress(NOTHING, done) == Progress(
        None, History(2, (done[1], done[0]), {ItemId("c-2"): 1, ItemId("a-1"): 2})
    )
    assert replay(NOTHING, done) is None


def test_a_fold_is_asked_once_for_each_response_in_their_order() -> None:
    class Spelling:
        def initial(self) -> str:
            return "."

        def update(self, state: str, response: Response) -> str:
            return state + response.response_id

    done = [one("c", 2.0), one("a", 0.0), one("b", 1.0), one("a", 0.0)]
    assert replay(Spelling(), done) == replay_progress(Spelling(), done).state == ".abc"


def test_a_log_has_every_column_of_the_responses_in_order() -> None:
    done = [
        one("c", 2.0, item="b-1", score=0.4, score_confidence=0.5, elapsed_seconds=9.0),
        one("r", 1.5),  # not judged
        one("a", None, item="a-2", correct=True),
        one("f", 5.0, fixes="c", item="b-1", score=0.6, score_confidence=0.25),
        one("a", 1.0, who="omar", item="c-3", correct=False, elapsed_seconds=0.5),
    ]
    log = to_log(done, GRAPH.vocabulary)
    named = [(log.learners[who], GRAPH.vocabulary.items[item]) for who, item in zip(log.learner, log.item, strict=True)]
    assert named == [("lena", "a-2"), ("lena", "b-1"), ("omar", "c-3")]
    assert log.outcome.tolist() == [1.0, 0.6, 0.0] and log.weights.tolist() == [1.0, 0.25, 1.0]
    noon = NOON.timestamp()
    assert log.seconds.tolist() == pytest.approx([math.nan, noon + 7_200.0, noon + 3_600.0], nan_ok=True)
    assert log.elapsed_seconds.tolist() == pytest.approx([math.nan, math.nan, 0.5], nan_ok=True)
    assert log.vocabulary is GRAPH.vocabulary


def test_no_judged_response_gives_a_log_without_rows() -> None:
    log = to_log([one("a")], GRAPH.vocabulary)
    assert (len(log), log.learners) == (0, ()) and (log.outcome.dtype.name, log.item.dtype.name) == ("float64", "int32")


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ij"), st.lists(st.sampled_from("abc"), unique=True)), max_size=8), st.randoms()
)
def test_the_widest_tags_hold_in_whatever_order_they_come(named: list[tuple[str, list[str]]], dice: Any) -> None:
    """The most concepts; of as many, those that come last by id."""
    told = [(ItemId(item), tuple(map(ConceptId, tags))) for item, tags in named]
    found = widest(told)
    dice.shuffle(told)
    assert list(found.items()) == list(widest(told).items())
    assert list(found) == sorted({item for item, _ in told})
    for item, tags in found.items():
        rivals = [other for name, other in told if name == item]
        assert tags in rivals and all((len(tags), tags) >= (len(other), other) for other in rivals)

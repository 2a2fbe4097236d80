"""What a policy is shown: who rests, what suits the moment within a concept, and what a decision keeps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import planted
import pytest
from courses import NOON, answer, concept, course, fresh_tracer, responses
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import ladder
from engine.candidates import KEPT, PAUSES, Context, awake, gather, highest, kept, stumbled
from engine.types import Request
from knowledge_graph.frontier import frontier
from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.types import ItemId
from knowledge_graph.vocabulary import BoolArray
from student_model.replay import replay_progress

GRAPH = course([("a", "b", 1.0)], names="ab", per_concept=12)


def context_of(
    *done: tuple[str, bool | None],
    graph: KnowledgeGraph = GRAPH,
    request: Request | None = None,
    eligible: BoolArray | None = None,
) -> Context:
    progress = replay_progress(fresh_tracer(graph), responses(*done))
    reading = ladder.read(graph, fresh_tracer(graph), progress, NOON)
    front = frontier(graph, reading.beliefs.probability, reading.beliefs.peak)
    allowed = np.ones(len(graph.items), dtype=np.bool_) if eligible is None else eligible
    return gather(graph, reading.beliefs, front, reading.odds, progress.history, request or Request(), allowed)


def timeliness(context: Context, item: str) -> float:
    return float(context.timeliness[context.graph.vocabulary.item_index[item]])  # type: ignore[index]


def resting(context: Context) -> set[str]:
    return {context.graph.vocabulary.items[n] for n in np.flatnonzero(~context.eligible)}


def test_what_was_done_last_rests() -> None:
    done: list[tuple[str, bool | None]] = [(f"a-{n}", True) for n in range(1, 11)]
    assert resting(context_of(*done)) == {f"a-{n}" for n in range(3, 11)}, f"the last {PAUSES[0]} of ten"


def test_the_pause_is_cut_short_where_too_little_would_be_left() -> None:
    only_a = GRAPH.main_concept == 0
    done: list[tuple[str, bool | None]] = [(f"a-{n}", True) for n in range(12)]
    few = context_of(*done, eligible=only_a, request=Request(count=8))
    assert np.count_nonzero(few.eligible) == 8, "four rest"
    all_of_them = context_of(*done, eligible=only_a, request=Request(count=12))
    assert np.count_nonzero(all_of_them.eligible) == 12, "nobody rests"


def test_one_studies_first_and_answers_then() -> None:
    fresh = context_of()
    assert timeliness(fresh, "a-0") == 1.0, "a reading on a concept that is new"
    assert timeliness(fresh, "a-1") == pytest.approx(0.7 * (1 - 0.02 / 12))
    studied = context_of(("a-0", None))
    assert timeliness(studied, "a-1") == pytest.approx(1 - 0.02 / 12)
    assert timeliness(studied, "a-4") == pytest.approx(0.25 * (1 - 0.02 * 4 / 12)), "enough of reading"


def test_after_a_wrong_answer_there_is_something_to_study_again() -> None:
    stumbled, went_well = (context_of(("a-0", None), ("a-1", right)) for right in (False, True))
    assert timeliness(stumbled, "a-4") > timeliness(stumbled, "a-2")
    assert timeliness(went_well, "a-4") < timeliness(went_well, "a-2")


def test_what_was_done_waits_behind_what_was_not() -> None:
    context = context_of(("a-1", True), ("a-0", None))
    assert timeliness(context, "a-1") == pytest.approx(0.5 * (1 - 0.02 / 12))
    assert timeliness(context, "a-0") == pytest.approx(0.2 * 0.25)
    assert np.flatnonzero(context.done).tolist() == [0, 1]


def test_the_path_is_to_the_goal_asked_for_else_to_the_courses() -> None:
    graph = course([("a", "b", 1.0)], names="abc", goals=("b",))
    assert context_of(graph=graph).on_path.tolist() == [True, True, False]
    assert context_of(graph=graph, request=Request(goal=concept("c"))).on_path.tolist() == [False, False, True]
    assert context_of().on_path.all(), "a course without goals leads everywhere"


@given(st.lists(st.integers(0, 9), min_size=1, max_size=80), st.integers(0, 80))
def test_the_highest_are_those_of_a_stable_sort(scores: list[int], count: int) -> None:
    values, count = np.array(scores, dtype=np.float64), min(count, len(scores))
    assert highest(values, count).tolist() == np.argsort(-values, kind="stable")[:count].tolist()


def test_a_decision_keeps_the_best_and_what_was_drawn() -> None:
    graph = course([], names="a", per_concept=80)
    context = context_of(graph=graph)
    worth = np.arange(80.0)
    chances = np.zeros(80)
    chances[3] = 1.0
    found = kept(context, worth, chances, [3])
    assert [one.score for one in found] == [*np.arange(79.0, 79.0 - KEPT, -1.0).tolist(), 3.0]
    assert found[-1].propensity == 1.0
    worth[40:] = -np.inf
    assert len(kept(context_of(graph=graph, eligible=np.arange(80) < 40), worth, chances, [])) == 40


def test_what_is_not_judged_has_no_odds_among_the_candidates() -> None:
    found = kept(context_of(), np.ones(24), np.zeros(24), [])
    judged = {one.item_id: one.odds is not None for one in found}
    assert judged == {item.item_id: item.scored for item in GRAPH.items}
    assert {one.source for one in found} == {"frontier", "blocked"}


# Planted learners


def test_the_way_to_several_goals_is_the_way_to_each() -> None:
    graph = course([("a", "b", 1.0), ("c", "d", 1.0)], names="abcde", goals=("b", "d"))
    assert planted.context_of(graph, {}).on_path.tolist() == [True, True, True, True, False]


def test_what_has_faded_is_studied_again_before_it_is_asked() -> None:
    graph = course([], names="a", per_concept=6)
    done: list[planted.Done] = [("a-0", None), ("a-1", True), ("a-2", True)]
    faded = planted.context_of(graph, {"a": 0.5}, *done, peak={"a": 0.9})
    fresh = planted.context_of(graph, {"a": 0.5}, *done)
    # Of place n of 6 the factor is 1 - .02 * n / 6; to study counts 1 once faded, else .25; to be asked .7, else 1.
    assert timeliness(faded, "a-4") == pytest.approx(1.0 * (1 - 0.02 * 4 / 6))
    assert timeliness(faded, "a-3") == pytest.approx(0.7 * (1 - 0.02 * 3 / 6))
    assert timeliness(fresh, "a-4") == pytest.approx(0.25 * (1 - 0.02 * 4 / 6))
    assert timeliness(fresh, "a-3") == pytest.approx(1.0 * (1 - 0.02 * 3 / 6))


@pytest.mark.parametrize(
    ("done", "found"),
    [
        ((("b-1", False), ("a-1", False)), [True, False]),
        ((("b-1", False), ("a-1", True)), [False, False]),
        ((("b-1", False), ("a-0", None)), [False, False]),
        ((answer("b-1", True, 0.0, score=0.34),), [False, True]),
        ((answer("b-1", False, 0.0, score=0.35),), [False, False]),
        ((answer("b-1", False, 0.0, score=0.0, score_confidence=0.5),), [False, True]),
        ((answer("b-1", False, 0.0, score=0.0, score_confidence=0.49),), [False, False]),  # a guess tells nothing
        ((("b-1", False), answer("a-1", False, 0.0, score=0.0, score_confidence=0.0)), [False, False]),
        ((("gone", False),), [False, False]),
        ((), [False, False]),
    ],
)
def test_one_stumbles_over_the_last_answer_alone(done: tuple[planted.Done, ...], found: list[bool]) -> None:
    context = planted.context_of(GRAPH, {}, *done)
    assert stumbled(GRAPH, context.history).tolist() == found


def test_an_answer_without_a_reading_makes_a_concept_no_longer_new() -> None:
    answered = planted.context_of(GRAPH, {}, ("a-1", True))
    assert timeliness(answered, "a-2") == pytest.approx(1 - 0.02 * 2 / 12), "questions go on"
    assert timeliness(answered, "b-0") == 1.0, "of the other concept nothing was seen"


def test_a_reading_of_no_concept_is_no_study_of_the_first() -> None:
    whole = course([], names="ab").curriculum
    loose = replace(whole.items[0], item_id=ItemId("loose"), concept_ids=())
    graph = KnowledgeGraph(replace(whole, items=(*whole.items, loose)))
    assert timeliness(planted.context_of(graph, {}, ("loose", None)), "a-0") == 1.0


@settings(deadline=None, max_examples=80)
@given(st.lists(st.sampled_from([*GRAPH.vocabulary.items, ItemId("gone")]), max_size=14), st.data())
def test_as_long_a_pause_is_kept_as_leaves_enough(done: list[ItemId], data: st.DataObject) -> None:
    eligible = np.array(data.draw(st.lists(st.booleans(), min_size=24, max_size=24)))
    count = data.draw(st.integers(1, 26))
    context = planted.context_of(GRAPH, {}, *((item, True) for item in done))
    found = awake(GRAPH, context.history, eligible, count)
    open_ = {item for item, allowed in zip(GRAPH.vocabulary.items, eligible, strict=True) if allowed}
    left = [open_ - set(done[-pause:] if pause else []) for pause in PAUSES]
    wanted = next(rest for rest in left if len(rest) >= min(count, len(open_)))
    assert {item for item, allowed in zip(GRAPH.vocabulary.items, found, strict=True) if allowed} == wanted


def test_candidates_tell_why_they_are_there_at_all() -> None:
    graph = course([("a", "e", 1.0)], names="abcde", per_concept=2)
    context = planted.context_of(graph, {"b": 0.85, "c": 0.97, "d": 0.6}, peak={"d": 0.9})
    found = kept(context, np.arange(10.0), np.linspace(0, 0.9, 10), [])
    sources = {"a": "frontier", "b": "known", "c": "known", "d": "review", "e": "blocked"}
    for one in found:
        place = planted.place_of(context, one.item_id)
        assert (one.concept_id, one.source) == (one.item_id[0], sources[one.item_id[0]])
        assert one.score == place and one.propensity == pytest.approx(place / 10)
        assert one.odds == (context.odds[place] if graph.scored[place] else None)


def test_those_drawn_beyond_the_best_follow_them_best_first() -> None:
    graph = course([], names="a", per_concept=80)
    found = kept(planted.context_of(graph, {}), np.arange(80.0), np.zeros(80), [3, 79, 9, 6])
    assert [one.score for one in found[KEPT - 1 :]] == [30.0, 9.0, 6.0, 3.0], "the best was drawn and is there once"

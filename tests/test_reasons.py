"""Why this item: for a learner whose beliefs are planted, each ground is told with what it rests on, and no other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from courses import NOON, answer, chain, concept, course
from planted import context_of, place_of

from engine import explain
from engine.candidates import Context
from engine.ladder import Reading
from engine.types import Edge, Reason, Request
from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.types import ItemId

MANY = "abcdefg"


def reasons(context: Context, item: str) -> tuple[Reason, ...]:
    return explain.reasons(context, place_of(context, item))


def kinds(context: Context, item: str) -> list[str]:
    return [one.kind for one in reasons(context, item)]


def needs(source: str, target: str, weight: float = 1.0) -> Edge:
    return Edge(concept(source), concept(target), "prerequisite", weight)


def test_what_is_new_and_needs_nothing_says_so() -> None:
    (new,) = reasons(context_of(course([], names="a"), {}), "a-1")
    assert (new.kind, new.sentence) == ("new", "“A” is new to you, and nothing has to come before it.")
    assert ([one.concept_id for one in new.beliefs], new.edges, new.responses) == (["a"], (), ())


@pytest.mark.parametrize(("least", "ground"), [(0.8, "you know"), (0.79, "you are far enough with")])
def test_what_is_new_cites_what_it_builds_on_the_least_known_first(least: float, ground: str) -> None:
    graph = course([("a", "d", 0.9), ("b", "d", 0.6), ("c", "d", 0.3)], names="abcd")
    new = reasons(context_of(graph, {"a": 0.9, "b": 0.95, "c": least}), "d-1")[0]
    assert new.sentence == f"“D” is new to you, and {ground} what it builds on (“C”, “A” and “B”)."
    assert new.edges == (needs("c", "d", 0.3), needs("a", "d", 0.9), needs("b", "d", 0.6))
    assert [(one.concept_id, one.probability) for one in new.beliefs] == [
        ("d", 0.1), ("c", least), ("a", 0.9), ("b", 0.95),
    ]  # fmt: skip


def test_no_more_than_three_prerequisites_are_cited_and_equals_in_their_order() -> None:
    graph = course([(name, "e", 0.2) for name in "abcd"], names="abcde")
    new = reasons(context_of(graph, {"a": 0.5, "b": 0.4, "c": 0.5, "d": 0.4}), "e-1")[0]
    assert [edge.source_id for edge in new.edges] == ["b", "d", "a"]


def test_one_response_is_enough_to_be_on_the_way() -> None:
    graph = course([("b", "a", 0.2)], names="ab")
    started = reasons(context_of(graph, {"a": 0.425}, ("a-1", True)), "a-2")[0]
    assert started.kind == "practice"
    assert started.sentence == "You are on your way with “A” (42 % sure so far): one more step."
    assert (started.edges, started.responses) == ((needs("b", "a", 0.2),), ("r0",))


def test_the_last_three_judged_responses_about_the_concept_are_cited_newest_first() -> None:
    graph = course([], names="ab")
    done = [("a-1", True), ("a-2", True), ("b-1", True), ("a-3", False), ("a-0", None), ("a-5", True), ("a-2", True)]
    (practice,) = reasons(context_of(graph, {"a": 0.5}, *done), "a-1")
    assert practice.responses == ("r6", "r5", "r3"), "neither the reading nor what was about another concept"


def test_an_item_of_several_concepts_is_about_each_of_them() -> None:
    whole = course([], names="ab").curriculum
    mixed = replace(whole.items[1], item_id=ItemId("mixed"), concept_ids=(concept("b"), concept("a")))
    graph = KnowledgeGraph(replace(whole, items=(*whole.items, mixed)))
    (practice,) = reasons(context_of(graph, {}, ("a-1", True), ("mixed", True)), "a-2")
    assert practice.responses == ("r1", "r0")


def test_what_is_known_or_mastered_is_kept_fresh() -> None:
    graph = course([("b", "a", 1.0)], names="ab")
    for probability, said in [(0.8, "80 %"), (0.96, "96 %")]:
        (fresh,) = reasons(context_of(graph, {"a": probability}, ("a-1", True)), "a-2")
        assert fresh.sentence == f"You know “A” ({said}); this keeps it fresh."
        assert (fresh.kind, fresh.edges, len(fresh.beliefs)) == ("practice", (), 1)


def test_what_has_faded_tells_from_where_and_since_when() -> None:
    graph = course([], names="a")
    dated = context_of(graph, {"a": 0.55}, ("a-1", True), peak={"a": 0.9}, last={"a": NOON.timestamp()})
    (review,) = reasons(dated, "a-2")
    assert review.sentence == (
        "You knew “A” (90 %), and it has faded to 55 % since 2 March: a short review brings it back."
    )
    assert (review.kind, review.responses) == ("review", ("r0",))
    (undated,) = reasons(context_of(graph, {"a": 0.55}, peak={"a": 0.9}), "a-2")
    assert "faded to 55 %: a short" in undated.sentence


def test_what_is_blocked_names_what_is_missing_and_whether_anything_ready_would_fit() -> None:
    graph = course([("a", "c", 1.0), ("b", "c", 0.4)])
    blocked = reasons(context_of(graph, {"b": 0.85}, eligible="c"), "c-1")[0]
    assert blocked.sentence == (
        "“C” builds on “A”, which you do not know yet; nothing that is ready fits what was asked for."
    )
    assert (blocked.kind, blocked.edges) == ("blocked", (needs("a", "c"),))
    assert [one.concept_id for one in blocked.beliefs] == ["c", "a"]
    both = reasons(context_of(graph, {"b": 0.7}, eligible="ac"), "c-1")[0]
    assert both.sentence == "“C” builds on “A” and “B”, which you do not know yet."


@pytest.mark.parametrize(("item", "way"), [("a-0", "look at this first"), ("a-2", "try again with another question")])
def test_after_a_wrong_answer_that_is_the_main_ground(item: str, way: str) -> None:
    graph = course([], names="ab")
    done: list[tuple[str, bool | None]] = [("a-2", True), ("a-1", False), ("a-4", None)]
    first, second = reasons(context_of(graph, {"a": 0.4}, *done), item)
    assert (first.kind, first.sentence) == ("retry", f"Your last answer on “A” was not right yet: {way}.")
    assert first.responses == ("r1",), "the reading since then was no answer"
    assert second.kind == "practice"


def test_a_wrong_answer_counts_only_while_it_is_the_last_and_for_its_own_concept() -> None:
    graph = course([], names="ab")
    assert kinds(context_of(graph, {}, ("a-1", False), ("b-1", False)), "a-2") == ["practice"]
    assert kinds(context_of(graph, {}, ("a-1", False), ("a-2", True)), "a-3") == ["practice"]
    assert kinds(context_of(graph, {}, ("a-1", False), ("gone", False)), "a-3") == ["practice"]


@pytest.mark.parametrize(("score", "found"), [(0.49, ["retry", "practice"]), (0.5, ["practice"])])
def test_half_of_full_marks_is_not_wrong(score: float, found: list[str]) -> None:
    graph = course([], names="a")
    assert kinds(context_of(graph, {}, answer("a-1", True, 0.0, score=score)), "a-2") == found


def test_a_wrong_answer_comes_second_to_a_review() -> None:
    graph = course([], names="a")
    assert kinds(context_of(graph, {"a": 0.5}, ("a-1", False), peak={"a": 0.9}), "a-2") == ["review", "retry"]


def test_what_an_item_opens_is_what_waits_for_its_concept_alone() -> None:
    edges = [("a", "d", 1.0), ("b", "e", 1.0), ("a", "e", 0.6), ("a", "f", 0.5), ("a", "g", 1.0), ("b", "g", 1.0)]
    graph = course(edges, names=MANY)
    # d waits for a alone; e for b more than for a; f for nothing; g for a and b alike, so neither opens it alone.
    unlocks = reasons(context_of(graph, {}), "a-1")[1]
    assert (unlocks.kind, unlocks.edges) == ("unlocks", (needs("a", "d"),))
    assert unlocks.sentence == "Knowing “A” opens the way to “D”."
    assert kinds(context_of(graph, {"a": 0.78, "b": 0.1}), "a-1") == ["new"], "d is open already"


def test_of_many_opened_three_are_named_and_the_rest_counted() -> None:
    graph = course([("a", name, 1.0) for name in "bcdef"], names=MANY)
    unlocks = reasons(context_of(graph, {}), "a-1")[1]
    assert unlocks.sentence == "Knowing “A” opens the way to “B”, “C”, “D” and 2 more."
    assert [edge.target_id for edge in unlocks.edges] == ["b", "c", "d"]


def test_the_goal_asked_for_goes_before_those_of_the_course() -> None:
    graph = course([("a", "b", 0.3), ("a", "c", 0.3)], names="abcd", goals=("b", "d"))
    of_course = reasons(context_of(graph, {}), "a-1")[-1]
    assert of_course.sentence == "It is on the way to the goal of the course: “B”."
    asked = reasons(context_of(graph, {}, request=Request(goal=concept("c"))), "a-1")[-1]
    assert asked.sentence == "It is on the way to your goal: “C”."
    for item in ("b-1", "c-1", "d-1"):
        assert "goal" not in kinds(context_of(graph, {}), item), "no way leads from a goal to itself, or from elsewhere"


@pytest.mark.parametrize(("goals", "said"), [("bcd", "“B”, “C” and “D”."), ("bcdef", "“B”, “C”, “D” and 2 more.")])
def test_of_many_goals_three_are_named(goals: str, said: str) -> None:
    graph = course([("a", name, 0.3) for name in goals], names=MANY, goals=tuple(goals))
    assert reasons(context_of(graph, {}), "a-1")[-1].sentence == f"It is on the way to the goal of the course: {said}"


def test_a_recommendation_carries_its_items_own_numbers() -> None:
    graph = chain()
    context = context_of(graph, {}, ("a-1", False))
    low, high = context.odds - 0.2, context.odds + 0.3
    reading = Reading("bkt", context.beliefs, context.odds, low, high)
    place = 8  # the numeric item of b
    found = explain.recommendation(context, reading, place, 0.25)
    assert (found.item_id, found.concept_id, found.minutes, found.propensity) == ("b-2", "b", 3.0, 0.25)
    assert (found.odds, found.odds_low, found.odds_high) == (context.odds[place], low[place], high[place])
    assert found.reasons == explain.reasons(context, place)
    assert found.sentence == found.reasons[0].sentence
    studied = explain.recommendation(context, reading, 6, 1.0)
    assert (studied.item_id, studied.odds, studied.odds_low, studied.odds_high) == ("b-0", None, None, None)

"""What a recommendation says of an answer in words: its grade, that it waits for a teacher, or that one judged it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from courses import answer, chain, course, decide, fresh_tracer
from planted import context_of, place_of

from engine import explain
from engine.candidates import Context
from engine.types import Reason, Request
from student_model.judging.labels import nearest
from student_model.replay import replay_progress
from student_model.types import Response, ResponseId


def graded(item: str, score: float, sure: float, **more: Any) -> Response:
    """An answer in words, graded by a model or a person."""
    told = {"score": score, "score_confidence": sure, "answer_text": "because", "label": nearest(score), **more}
    return answer(item, score >= 0.75, 0.0, **told)


def told(context: Context, item: str, below: float = 0.7) -> list[Reason]:
    """What is said of a graded answer, which is at most one reason."""
    found = [one for one in explain.reasons(context, place_of(context, item), below) if one.kind == "graded"]
    assert len(found) <= 1
    return found


@pytest.mark.parametrize(
    ("response", "sentence"),
    [
        (
            graded("a-3", 0.5, 0.82),
            "Your last answer in words on “A” was graded “partial” (0.5 of 1); the grader is 82 % sure, "
            "and the answer counts for as much.",
        ),
        (
            graded("a-3", 0.02, 0.69),
            "Your last answer in words on “A” was graded “incorrect” (0.02 of 1); the grader is 69 % sure: "
            "the answer waits for a teacher, and counts for no more than that until then.",
        ),
        (
            replace(graded("a-3", 0.02, 0.69), answer_text=None),  # erased: nobody can judge it any more
            "Your last answer in words on “A” was graded “incorrect” (0.02 of 1); the grader is 69 % sure, "
            "and the answer counts for as much.",
        ),
        (
            graded("a-3", 1.0, 1.0, supersedes=ResponseId("r0")),
            "A teacher judged your answer in words on “A” “correct” (1 of 1).",
        ),
        (
            graded("a-3", 0.6, 0.82, label="contradictory"),
            "Your last answer in words on “A” was graded “contradictory” (0.6 of 1); the grader is 82 % sure, "
            "and the answer counts for as much.",
        ),
        (
            graded("a-3", 0.75, 1.0, supersedes=ResponseId("r0"), label=None),  # of several steps
            "A teacher judged your answer in words on “A” 0.75 of 1.",
        ),
    ],
)
def test_a_graded_answer_in_words_is_cited_with_how_it_stands(response: Response, sentence: str) -> None:
    (reason,) = told(context_of(course([], names="ab"), {"a": 0.4}, response), "a-2")
    assert reason.sentence == sentence
    assert ([one.concept_id for one in reason.beliefs], reason.edges, reason.responses) == (["a"], (), ("r0",))


def test_the_last_answer_of_all_is_cited_for_every_item_and_others_for_their_concept() -> None:
    graph = course([], names="ab")
    last = context_of(graph, {}, ("b-1", True), graded("a-3", 0.5, 0.8), ("b-0", None))
    assert told(last, "a-2")[0].responses == told(last, "b-2")[0].responses == ("r1",)
    older = context_of(graph, {}, graded("a-3", 0.5, 0.8), ("a-1", True), ("a-2", True), ("b-1", True))
    assert told(older, "a-2")[0].responses == ("r0",)
    assert told(older, "b-2") == []
    oldest = context_of(graph, {}, graded("a-3", 0.5, 0.8), *[("a-1", True)] * 3)
    assert told(oldest, "a-2") == [], "three others since then say more"


def test_what_a_key_or_the_platform_judged_and_what_the_course_lacks_is_not_told_as_graded() -> None:
    graph = course([], names="a")
    exact = answer("a-3", True, 0.0, score=0.75, answer_text="because")
    assert told(context_of(graph, {}, exact), "a-2") == []
    assert told(context_of(graph, {}, graded("gone", 0.5, 0.8)), "a-2") == []


def test_a_graded_answer_is_a_reason_among_reasons_and_never_the_main_one() -> None:
    graph = course([("a", "b", 1.0)], names="ab")
    context = context_of(graph, {"a": 0.4}, graded("a-3", 0.25, 0.8))
    assert [one.kind for one in explain.reasons(context, place_of(context, "a-2"))] == [
        "retry",
        "practice",
        "graded",
        "unlocks",
    ]


def test_a_grade_that_is_a_guess_is_told_with_its_doubt_and_not_as_a_failure() -> None:
    graph = course([], names="ab")
    context = context_of(graph, {"a": 0.4}, graded("a-3", 0.0, 0.2))
    kinds = [one.kind for one in explain.reasons(context, place_of(context, "a-2"))]
    assert "graded" in kinds and "retry" not in kinds
    assert "20 % sure: the answer waits for a teacher" in told(context, "a-2")[0].sentence


@pytest.mark.parametrize("policy", ["gain", "weakest", "syllabus"])
def test_when_grades_wait_changes_reasons_and_nothing_else(policy: str) -> None:
    graph = chain()
    tracer = fresh_tracer(graph)
    progress = replay_progress(tracer, [graded("a-3", 0.5, 0.4)])
    waits, settled = (
        decide(graph, Request(count=3, policy=policy), progress, tracer=tracer, review_below=below)
        for below in (0.7, 0.0)
    )
    assert waits.candidates == settled.candidates
    assert [(one.item_id, one.propensity) for one in waits.items] == [
        (one.item_id, one.propensity) for one in settled.items
    ]
    assert (waits.review_below, settled.review_below) == (0.7, 0.0)
    assert waits.items[0].reasons != settled.items[0].reasons

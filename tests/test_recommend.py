"""A response goes in, the next item and its reason come out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import courses
import numpy as np
import pytest
from courses import NOON, chain, concept, course, fresh_tracer, knows, responses

from engine import ladder, policies
from engine.types import Decision, Request
from knowledge_graph.errors import CurriculumError
from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.types import Course, ItemId, Prerequisite, Thresholds
from student_model.replay import Progress, replay_progress
from student_model.tracing import Tracer
from student_model.types import ResponseId

LATER = NOON + timedelta(hours=1)


def decide(
    graph: KnowledgeGraph,
    progress: Progress | None = None,
    tracer: Tracer | None = None,
    now: datetime = LATER,
    seed: int = 1,
    reading: ladder.Reading | None = None,
    **demands: Any,
) -> Decision:
    return courses.decide(graph, Request(**demands), progress, seed, tracer, now, reading)


def concepts_of(decision: Decision) -> list[str]:
    return [one.concept_id for one in decision.items]


def test_a_new_learner_begins_where_nothing_has_to_come_before() -> None:
    decision = decide(chain())
    assert concepts_of(decision) == ["a"]
    assert decision.items[0].reasons[0].kind == "new"
    assert "“A” is new to you, and nothing has to come before it." in decision.items[0].sentence


def test_what_is_known_opens_what_follows() -> None:
    graph = chain()
    decision = decide(graph, knows(fresh_tracer(graph), "a"))
    assert concepts_of(decision) == ["b"]
    main = decision.items[0].reasons[0]
    assert main.edges[0].source_id == "a"
    assert main.beliefs[1].concept_id == "a"
    assert main.beliefs[1].probability >= graph.course.thresholds.known


def test_a_failed_answer_is_named_as_a_reason() -> None:
    graph = chain()
    tracer = fresh_tracer(graph)
    progress = replay_progress(tracer, responses(("a-0", None), ("a-1", False)))
    decision = decide(graph, progress, tracer)
    retry = next(reason for reason in decision.items[0].reasons if reason.kind == "retry")
    assert retry.responses == ("r1",)
    assert decision.items[0].sentence == retry.sentence


def test_what_has_faded_comes_back_for_review() -> None:
    graph = course([], names="a")
    tracer = fresh_tracer(graph)
    decision = decide(graph, knows(tracer, "a", times=5), tracer, now=NOON + timedelta(days=400))
    assert decision.candidates[0].source == "review"
    assert decision.items[0].reasons[0].kind == "review"
    assert "faded" in decision.items[0].sentence


def test_the_same_arguments_give_the_same_decision_and_seeds_only_move_among_the_near_best() -> None:
    graph = chain()
    assert decide(graph, seed=3) == decide(graph, seed=3)
    drawn = {decide(graph, seed=seed).items[0].item_id for seed in range(60)}
    assert len(drawn) > 1
    assert {one[0] for one in drawn} == {"a"}


def test_a_list_has_no_item_twice_and_each_its_own_propensity() -> None:
    decision = decide(chain(), count=4, policy="random")
    assert len({one.item_id for one in decision.items}) == 4
    assert [one.propensity for one in decision.items] == pytest.approx([1 / 18, 1 / 17, 1 / 16, 1 / 15])


def test_reported_propensities_are_the_frequencies_of_the_draw() -> None:
    graph = chain()
    drawn: dict[str, list[float]] = {}
    for seed in range(800):
        first = decide(graph, seed=seed).items[0]
        drawn.setdefault(first.item_id, []).append(first.propensity)
    for propensities in drawn.values():
        assert len(set(propensities)) == 1
        assert abs(len(propensities) / 800 - propensities[0]) < 4 * np.sqrt(0.25 / 800)
    assert sum(propensities[0] for propensities in drawn.values()) == pytest.approx(1.0, abs=0.03)


def test_an_item_just_done_rests() -> None:
    graph = course([], names="a", per_concept=3)
    tracer = fresh_tracer(graph)
    progress = replay_progress(tracer, responses(("a-1", False), ("a-2", False)))
    assert decide(graph, progress, tracer).items[0].item_id == "a-0"


def test_goal_and_kinds_and_exclusions_are_kept() -> None:
    graph = course([("a", "b", 1.0)], names="abz")
    decision = decide(graph, count=50, goal=concept("b"), kinds=("choice",), exclude=(ItemId("a-1"),))
    assert {one.item_id for one in decision.items} == {"a-5", "b-1", "b-5"}
    assert decision.infeasible is not None
    assert decision.infeasible.constraints == ("count",)


def test_minutes_hold_for_the_whole_list() -> None:
    graph = chain()
    decision = decide(graph, count=10, minutes=6)
    assert 0 < sum(one.minutes for one in decision.items) <= 6
    assert decision.infeasible is not None
    assert "6 minutes" in decision.infeasible.sentence


def test_a_deadline_is_minutes_too() -> None:
    decision = decide(chain(), deadline=LATER + timedelta(seconds=30))
    assert decision.items == ()
    assert decision.infeasible is not None
    assert decision.infeasible.constraints == ("deadline",)


def test_demands_that_clash_are_named_together() -> None:
    graph = course([], names="a", per_concept=2)
    decision = decide(graph, kinds=("choice",), exclude=(ItemId("a-1"),))
    assert decision.infeasible is not None
    assert set(decision.infeasible.constraints) == {"kinds", "exclude"}
    assert "together" in decision.infeasible.sentence


def test_a_bad_request_names_all_its_faults() -> None:
    with pytest.raises(ValueError, match=r"policy 'nope'.*goal 'q'.*count"):
        decide(chain(), policy="nope", goal=concept("q"), count=0)


def test_a_learner_of_whom_only_the_history_is_known_still_gets_an_item() -> None:
    graph = chain()
    progress = knows(fresh_tracer(graph), "a")
    decision = decide(graph, progress, reading=ladder.from_history(graph, progress.history))
    assert decision.rung == "syllabus"
    assert concepts_of(decision) == ["b"]


def test_odds_lie_within_their_interval() -> None:
    judged = [one for one in decide(chain(), count=18).items if one.odds is not None]
    assert len(judged) == 12
    for one in judged:
        assert one.odds is not None and one.odds_low is not None and one.odds_high is not None
        assert 0 < one.odds_low <= one.odds <= one.odds_high < 1


def test_what_is_only_studied_has_no_odds() -> None:
    assert decide(chain(), kinds=("reading",)).items[0].odds is None


@pytest.mark.parametrize("policy", ["gain", "syllabus", "weakest", "fringe", "random"])
def test_a_small_course_never_runs_dry(policy: str) -> None:
    graph = course([], names="a", per_concept=3)
    tracer = fresh_tracer(graph)
    progress = Progress(tracer.initial())
    last = None
    for n in range(12):
        decision = decide(graph, progress, tracer, policy=policy, kinds=("choice", "numeric"), seed=n)
        (one,) = decision.items
        assert one.item_id != last, "the same item twice running"
        last = one.item_id
        (response,) = responses((one.item_id, n % 2 == 0), start=NOON + n * timedelta(minutes=1))
        progress = progress.then(tracer, replace(response, response_id=ResponseId(f"n{n}")))


def test_an_item_without_concepts_is_never_chosen_and_never_blamed_on_a_concept() -> None:
    whole = course([], names="a", per_concept=3).curriculum
    loose = replace(whole.items[1], item_id=ItemId("loose"), concept_ids=())
    graph = KnowledgeGraph(replace(whole, items=(loose, *whole.items)))
    tracer = fresh_tracer(graph)
    decision = decide(graph, replay_progress(tracer, responses(("loose", False))), tracer, count=9)
    assert "loose" not in {one.item_id for one in decision.items}
    assert all(reason.kind != "retry" for one in decision.items for reason in one.reasons)
    alone = KnowledgeGraph(replace(whole, items=(loose,)))
    infeasible = decide(alone).infeasible
    assert infeasible is not None and infeasible.constraints == ("tags",)


def test_a_list_is_short_for_the_reason_that_it_is_given() -> None:
    graph = course([], names="a", per_concept=3)
    roomy = decide(graph, count=5, minutes=600).infeasible
    tight = decide(graph, count=3, deadline=LATER + timedelta(minutes=4)).infeasible
    assert roomy is not None and roomy.constraints == ("count",)
    assert tight is not None and tight.constraints == ("deadline", "count")


def test_only_what_is_not_known_is_named_as_missing() -> None:
    graph = course([("a", "c", 1.0), ("b", "c", 1.0)])
    tracer = fresh_tracer(graph)
    decision = decide(
        graph, knows(tracer, "a"), tracer, exclude=tuple(i for i in graph.vocabulary.items if i[0] != "c")
    )
    assert "“B”, which you do not know yet" in decision.items[0].sentence
    assert "“A”" not in decision.items[0].sentence


def test_what_was_drawn_is_always_among_the_candidates_kept() -> None:
    graph = course([], names="abcdefghij", per_concept=30)
    for seed in range(20):
        decision = decide(graph, policy="random", seed=seed)
        drawn = next(one for one in decision.candidates if one.item_id == decision.items[0].item_id)
        assert drawn.propensity == decision.items[0].propensity == pytest.approx(1 / 300)


@pytest.mark.parametrize("score", [lambda _: 1 / 0, lambda context: np.full(len(context.graph.items), np.nan)])
def test_a_broken_policy_falls_to_the_syllabus(score: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies.load("gain"), "score", score)
    assert decide(chain()).items[0].item_id == "a-0"


def test_kinds_and_deadlines_are_checked() -> None:
    with pytest.raises(ValueError, match=r"kinds \['quiz'\].*no timezone"):
        decide(chain(), kinds=("quiz",), deadline=datetime(2026, 3, 2))


@pytest.mark.parametrize(
    "fault",
    [
        {"course": Course("c", "C", goals=(concept("nowhere"),))},
        {"course": Course("c", "C", thresholds=Thresholds(known=0))},
        {"prerequisites": (Prerequisite(concept("a"), concept("b"), float("nan")),)},
    ],
)
def test_a_graph_takes_only_what_can_be_served(fault: dict[str, Any]) -> None:
    with pytest.raises(CurriculumError):
        KnowledgeGraph(replace(chain().curriculum, **fault))

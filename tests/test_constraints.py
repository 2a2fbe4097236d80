"""Demands are kept whatever comes together, and where nothing is left the reason names what is to blame."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from courses import NOON, concept, course, decide, fresh_tracer, knows, responses
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine import policies
from engine.types import Decision, Request
from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.types import ConceptId, Course, Curriculum, ItemId, ItemKind
from student_model.replay import replay_progress

EDGES = [("a", "b", 1.0), ("b", "c", 0.9), ("a", "d", 0.4)]
OPEN = course(EDGES, names="abcd", goals=("c",))
GATED = course(EDGES, names="abcd", goals=("c",), gating=True)
KINDS: tuple[ItemKind, ...] = ("reading", "worked_example", "choice", "numeric", "expression", "text", "steps")


requests = st.builds(
    Request,
    count=st.integers(1, 8),
    goal=st.none() | st.sampled_from([concept(name) for name in "abcd"]),
    exclude=st.lists(st.sampled_from(OPEN.vocabulary.items), max_size=24, unique=True).map(tuple),
    minutes=st.none() | st.floats(0.1, 20.0),
    deadline=st.none() | st.integers(-5, 30).map(lambda minute: NOON + timedelta(minutes=minute)),
    kinds=st.lists(st.sampled_from(KINDS), max_size=3, unique=True).map(tuple),
    policy=st.sampled_from(policies.available()),
)
done = st.lists(st.tuples(st.sampled_from(OPEN.vocabulary.items), st.sampled_from([True, False, None])), max_size=20)


def broken(graph: KnowledgeGraph, request: Request, decision: Decision) -> list[str]:
    """Which demands a decision does not keep."""
    items = [graph.item(one.item_id) for one in decision.items]
    faults = ["count"] if len(items) > request.count else []
    faults += ["twice"] if len({one.item_id for one in items}) < len(items) else []
    faults += ["exclude"] if {one.item_id for one in items} & set(request.exclude) else []
    faults += ["kinds"] if request.kinds and any(one.kind not in request.kinds for one in items) else []
    if request.goal is not None:
        leading = graph.leading_to(request.goal)
        index = graph.vocabulary.concept_index
        faults += ["goal"] if not all(leading[index[one.concept_id]] for one in decision.items) else []
    spent = sum(one.minutes for one in decision.items)
    limits = [request.minutes, None if request.deadline is None else (request.deadline - NOON).total_seconds() / 60]
    faults += ["minutes"] if any(limit is not None and spent > max(limit, 0.0) + 1e-6 for limit in limits) else []
    return faults


@settings(max_examples=300, deadline=None)
@given(requests, done, st.integers(0, 2**63 - 1))
def test_no_demand_is_ever_broken(request_: Request, answered: list[tuple[str, bool | None]], seed: int) -> None:
    progress = replay_progress(fresh_tracer(OPEN), responses(*answered))
    decision = decide(OPEN, request_, progress, seed)
    assert broken(OPEN, request_, decision) == []
    assert (decision.infeasible is None) == (len(decision.items) == request_.count)


@settings(max_examples=200, deadline=None)
@given(requests)
def test_what_is_blamed_for_nothing_left_is_to_blame(request_: Request) -> None:
    decision = decide(OPEN, request_)
    assume(not decision.items)
    assert decision.infeasible is not None
    assert decision.infeasible.remedy
    blamed = set(decision.infeasible.constraints)
    without = {"exclude": (), "kinds": (), "goal": None, "minutes": None, "deadline": None}
    assert blamed
    assert blamed <= set(without)
    loosened = replace(request_, **{name: without[name] for name in blamed})  # type: ignore[arg-type]
    if blamed & {"minutes", "deadline"}:  # the tighter of the two is named; the other may be too tight as well
        loosened = replace(loosened, minutes=None, deadline=None)
    if len(blamed) == 1:  # it leaves nothing by itself, whatever else is asked
        alone = Request(**{name: getattr(request_, name) for name in blamed})
        assert decide(OPEN, alone).items == ()
    else:
        assert decide(OPEN, loosened).items


# A course that gates


def test_a_gating_course_holds_back_what_is_not_open_yet() -> None:
    for policy in policies.available():
        titles = {one.concept_id for one in decide(GATED, Request(count=6, policy=policy)).items}
        assert titles <= {concept("a"), concept("d")}, policy


def test_a_weak_prerequisite_does_not_gate_and_a_known_one_opens() -> None:
    tracer = fresh_tracer(GATED)
    fresh = decide(GATED, Request(goal=concept("d"), exclude=tuple(ItemId(f"a-{n}") for n in range(6))))
    assert [one.concept_id for one in fresh.items] == [concept("d")]
    after = decide(GATED, Request(goal=concept("b")), knows(tracer, "a"))
    assert [one.concept_id for one in after.items] == [concept("b")]


def test_gating_is_blamed_together_with_what_it_clashes_with() -> None:
    only_b = tuple(item for item in GATED.vocabulary.items if not item.startswith("b"))
    decision = decide(GATED, Request(exclude=only_b))
    assert decision.infeasible is not None
    assert set(decision.infeasible.constraints) == {"exclude", "gating"}
    assert "prerequisites come first" in decision.infeasible.sentence
    assert decide(OPEN, Request(exclude=only_b)).items


def test_a_course_without_items_says_so() -> None:
    empty = KnowledgeGraph(Curriculum(Course("empty", "Empty"), OPEN.concepts))
    decision = decide(empty, Request())
    assert decision.items == ()
    assert decision.infeasible is not None
    assert decision.infeasible.sentence == "The course has no items."


def test_a_deadline_that_has_passed_leaves_nothing_and_says_so() -> None:
    decision = decide(OPEN, Request(deadline=NOON - timedelta(hours=1)))
    assert decision.infeasible is not None
    assert decision.infeasible.constraints == ("deadline",)


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (Request(policy="best"), "policy 'best' does not exist"),
        (Request(goal=ConceptId("z")), "goal 'z' is no concept"),
        (Request(count=0), "count must be at least 1, got 0"),
        (Request(minutes=float("nan")), "minutes must be above 0, got nan"),
        (Request(deadline=NOON.replace(tzinfo=None)), "has no timezone"),
    ],
)
def test_what_does_not_exist_is_refused_with_what_does(request_: Request, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        decide(OPEN, request_)


# Chances


def test_propensities_of_a_list_are_those_of_each_turn() -> None:
    request = Request(count=3, policy="random")
    decision = decide(OPEN, request)
    total = decision.eligible
    assert [one.propensity for one in decision.items] == pytest.approx([1 / total, 1 / (total - 1), 1 / (total - 2)])


def test_candidates_are_the_best_and_carry_the_chance_of_the_first_draw() -> None:
    decision = decide(OPEN, Request(policy="gain"))
    scores = [one.score for one in decision.candidates]
    assert scores == sorted(scores, reverse=True)
    assert sum(one.propensity for one in decision.candidates) == pytest.approx(1.0)
    first = next(one for one in decision.candidates if one.item_id == decision.items[0].item_id)
    assert first.propensity == decision.items[0].propensity


def test_excluding_what_does_not_exist_excludes_nothing() -> None:
    one, other = (decide(OPEN, Request(exclude=ids)) for ids in ((), (ItemId("nowhere"),)))
    assert [c.item_id for c in one.candidates] == [c.item_id for c in other.candidates]
    assert np.isfinite([c.score for c in other.candidates]).all()


def test_a_demand_that_alone_would_help_is_told_with_those_it_clashes_with() -> None:
    """Any other kind would do, but there are numeric items elsewhere: the kinds alone are not to blame."""
    wanted = Request(
        goal=concept("a"), exclude=(ItemId("a-2"),), deadline=NOON + timedelta(minutes=1), kinds=("numeric",)
    )
    told = decide(OPEN, wanted).infeasible
    assert told is not None
    assert "kinds" in told.constraints and len(told.constraints) > 1
    assert told.remedy == "Allow more kinds."

"""The policies' scores for planted learners: golden orders by hand, and `gain` against its formula in plain loops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from courses import answer, concept, course
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import Done, context_of

from engine import policies
from engine.candidates import Context
from engine.policies import fringe, gain, syllabus, weakest
from engine.types import Request
from knowledge_graph.frontier import BLOCKED, FADED, READY
from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.types import ItemId

NAMES = "abcd"
EDGES = [("a", "b", 1.0), ("b", "c", 0.9), ("a", "d", 0.6), ("c", "d", 0.6)]


def graph_of(goals: tuple[str, ...] = (), gating: bool = False) -> KnowledgeGraph:
    """Four concepts with two items each, then one item of d and a, and one of b and c."""
    whole = course(
        EDGES, names=NAMES, per_concept=2, encompassings=[("c", "a", 0.5), ("b", "d", 0.25)], goals=goals, gating=gating
    )
    more = (
        replace(whole.items[1], item_id=ItemId(name), concept_ids=tuple(map(concept, name[:2])), minutes=4.0)
        for name in ("da", "bc")
    )
    return KnowledgeGraph(replace(whole.curriculum, items=(*whole.items, *more)))


GRAPH = graph_of()


def order_of(context: Context, policy: str) -> list[str]:
    """Items by their score, highest first."""
    scores = policies.load(policy).score(context)
    return [str(GRAPH.vocabulary.items[n]) for n in np.argsort(-scores, kind="stable")]


def test_the_fringe_comes_first_then_what_waits_and_last_what_is_known() -> None:
    context = context_of(GRAPH, {"a": 0.85, "b": 0.96, "c": 0.5})
    found = fringe.score(context) - 1e-6 * context.timeliness
    # Standing: a known 0, b mastered 0, c open 2, d held back by c: 1; less half of the place of 4 in the syllabus.
    of_concept = {"a": 0 - 0.5 * 0 / 4, "b": 0 - 0.5 * 1 / 4, "c": 2 - 0.5 * 2 / 4, "d": 1 - 0.5 * 3 / 4}
    assert found.tolist() == pytest.approx([of_concept[item[0]] for item in GRAPH.vocabulary.items], abs=1e-12)


def test_within_a_concept_of_the_fringe_the_timeliest_comes_first() -> None:
    fresh = order_of(context_of(GRAPH, {}), "fringe")
    assert fresh[:2] == ["a-0", "a-1"], "first the reading"
    assert order_of(context_of(GRAPH, {}, ("a-0", None)), "fringe")[:2] == ["a-1", "a-0"]


def test_the_syllabus_runs_from_the_first_unknown_concept_through_those_not_done() -> None:
    context = context_of(GRAPH, {"a": 0.85, "c": 0.96}, ("b-0", None))
    # Unknown 4, known or mastered 2, less the place in the syllabus over 4, less (done + place within) / 8. The item
    # `bc` is the third of b, `da` the third of d.
    b, d, a, c = 4 - 1 / 4, 4 - 3 / 4, 2.0, 2 - 2 / 4
    wanted = {
        "b-0": b - 1 / 8, "b-1": b - (1 / 3) / 8, "bc": b - (2 / 3) / 8,
        "d-0": d, "d-1": d - (1 / 3) / 8, "da": d - (2 / 3) / 8,
        "a-0": a, "a-1": a - (1 / 2) / 8, "c-0": c, "c-1": c - (1 / 2) / 8,
    }  # fmt: skip
    assert syllabus.score(context).tolist() == pytest.approx([wanted[item] for item in GRAPH.vocabulary.items])
    assert order_of(context, "syllabus")[:4] == ["b-1", "bc", "b-0", "d-0"]


def test_the_weakest_of_an_items_concepts_counts_and_the_timeliest_of_equals() -> None:
    context = context_of(GRAPH, {"a": 0.3, "b": 0.4, "c": 0.2, "d": 0.9})
    least = {"a": 0.3, "b": 0.4, "c": 0.2, "d": 0.9, "da": 0.3, "bc": 0.2}
    wanted = [1 - least.get(item, least[item[0]]) for item in GRAPH.vocabulary.items]
    assert weakest.score(context).tolist() == pytest.approx(wanted, abs=2e-6)
    # All three at .2: a reading on a fresh concept suits at 1, questions at .7 less .02 times their place within it.
    assert order_of(context, "weakest")[:3] == ["c-0", "c-1", "bc"]
    assert order_of(context_of(GRAPH, {"c": 0.05}, ("c-0", None)), "weakest")[:3] == ["c-1", "bc", "c-0"]


def test_random_prefers_nothing() -> None:
    assert len(set(policies.load("random").score(context_of(GRAPH, {"a": 0.9}, ("a-1", False))).tolist())) == 1


def concept_worth(context: Context) -> list[float]:
    """What `gain` says a concept is worth, concept by concept and edge by edge."""
    graph, front = context.graph, context.frontier
    probability, peak = context.beliefs.probability.tolist(), context.beliefs.peak.tolist()
    index = graph.vocabulary.concept_index
    own = [(1 - p) * (1.0 if path else gain.ASIDE) for p, path in zip(probability, context.on_path, strict=True)]
    found = []
    for place, name in enumerate(graph.vocabulary.concepts):
        lift = 0.0
        for number, edge in enumerate(graph.curriculum.prerequisites):
            target = index[edge.target_id]
            if edge.source_id == name and front.limiting[target] == number:
                lift += (front.runner_up[target] - front.readiness[target]) * own[target]
        for carried in graph.curriculum.encompassings:
            if carried.source_id == name:
                target = index[carried.target_id]
                lift += carried.weight * own[target] * front.readiness[target]
        lost = max(0.0, peak[place] - probability[place]) if front.standing[place] == FADED else 0.0
        saturating = lift / (1 + lift / gain.ENOUGH)
        found.append(own[place] + gain.REVIEW * lost + gain.UNLOCK * (1 - probability[place]) * saturating)
    return found


def steadiness(context: Context) -> list[float]:
    """The factors of `gain` for keeping to the thread, to the order and to what is open, concept by concept."""
    standing = context.frontier.standing.tolist()
    judged = [one for one in context.history.recent if one.outcome is not None]
    last = context.history.recent[-1].item_id[0] if context.history.recent else ""
    found, before = [], 0
    for place, name in enumerate(context.graph.vocabulary.concepts):
        factor = gain.BARRED if standing[place] == BLOCKED else 1.0
        factor /= 1 + gain.HASTE * before
        before += standing[place] == READY and bool(context.on_path[place])
        if last == name and standing[place] in (READY, FADED):
            factor *= gain.CONTINUITY
        row = [one.outcome < 0.5 for one in judged if one.item_id[0] == name and one.outcome is not None]
        failures = len(row) - max((n + 1 for n, wrong in enumerate(row) if not wrong), default=0)
        found.append(factor * (gain.WEARY if failures >= gain.PATIENCE else 1.0))
    return found


LEVELS = st.sampled_from([0.05, 0.3, 0.6, 0.75, 0.8, 0.9, 0.97])
PLANTED = st.fixed_dictionaries(dict.fromkeys(NAMES, LEVELS))
DONE = st.lists(
    st.tuples(st.sampled_from(GRAPH.vocabulary.items), st.sampled_from([None, 0.0, 0.0, 0.49, 0.5, 1.0])), max_size=12
)


@settings(deadline=None, max_examples=100)
@given(PLANTED, PLANTED, DONE, st.sampled_from([(), ("b",), ("a", "d")]), st.sampled_from([None, "c"]), st.booleans())
def test_gain_equals_its_formula_in_plain_loops(
    known: dict[str, float],
    peak: dict[str, float],
    answers: list[tuple[ItemId, float | None]],
    goals: tuple[str, ...],
    goal: str | None,
    gating: bool,
) -> None:
    graph = graph_of(goals, gating)
    done: list[Done] = [
        (item, None) if score is None else answer(item, True, 0.0, score=score) for item, score in answers
    ]
    request = Request(goal=None if goal is None else concept(goal))
    context = context_of(graph, known, *done, peak=peak, request=request)
    worth, steady = concept_worth(context), steadiness(context)
    assert gain.concept_worth(context).tolist() == pytest.approx(worth)
    wanted = []
    for place, item in enumerate(graph.items):
        own = [graph.vocabulary.concept_index[name] for name in item.concept_ids]
        odds, minutes = context.odds[place], item.minutes or 2.0
        score = sum(worth[c] for c in own) / len(own) * min(context.frontier.readiness[c] for c in own)
        score *= steady[own[0]] * (0.75 + odds * (1 - odds)) * context.timeliness[place]
        wanted.append(max(score * gain.STUDY_MINUTES / (gain.STUDY_MINUTES + minutes), 1e-9))
    assert gain.score(context).tolist() == pytest.approx(wanted)

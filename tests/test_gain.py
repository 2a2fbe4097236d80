"""The policy `gain`: its formula worked out by hand, and each of its grounds seen at work alone."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import planted
import pytest
from courses import NOON, answer, chain, concept, course, fresh_tracer, responses

from engine import ladder
from engine.candidates import Context, gather
from engine.policies import gain
from engine.types import Request
from knowledge_graph.frontier import frontier
from knowledge_graph.graph import KnowledgeGraph
from student_model.replay import replay_progress


def context_of(
    graph: KnowledgeGraph,
    *done: tuple[str, bool | None],
    now: datetime = NOON + timedelta(hours=1),
    request: Request | None = None,
) -> Context:
    progress = replay_progress(fresh_tracer(graph), responses(*done))
    reading = ladder.read(graph, fresh_tracer(graph), progress, now)
    front = frontier(graph, reading.beliefs.probability, reading.beliefs.peak)
    everything = np.ones(len(graph.items), dtype=np.bool_)
    return gather(graph, reading.beliefs, front, reading.odds, progress.history, request or Request(), everything)


def worth(graph: KnowledgeGraph, *done: tuple[str, bool | None], **more: datetime | Request) -> dict[str, float]:
    found = gain.concept_worth(context_of(graph, *done, **more))  # type: ignore[arg-type]
    return dict(zip(graph.vocabulary.concepts, found.tolist(), strict=True))


def score(context: Context, item: str) -> float:
    return float(gain.score(context)[context.graph.vocabulary.item_index[item]])  # type: ignore[index]


def test_the_first_score_worked_out_by_hand() -> None:
    # Everything is believed at .2. Of b, openness is (.2 / .8)^6 = .000244141, which is its readiness; a is ready.
    # lift of a     = (1 - .000244141) * (1 - .2)                        = .799804688
    # worth of a    = .8 + .5 * .8 * .799804688 / (1 + .799804688 / 3)   = 1.052581
    # odds of a-1   = .2 * .9 + .8 * .2 = .34;   reach = .75 + .34 * .66 = .9744
    # timeliness    = .7 (a question on a fresh concept) * (1 - .02 / 6) = .697666667
    # pace          = 2 / (2 + 2 minutes)                                = .5
    # score         = 1.052581 * .9744 * .697666667 * .5                 = .357776
    assert score(context_of(chain()), "a-1") == pytest.approx(0.357776, abs=2e-6)


def test_what_opens_more_is_worth_more_but_not_without_end() -> None:
    few = course([("a", "x", 1.0)], names="abcxyz")
    many = course([("a", "x", 1.0), ("a", "y", 1.0), ("a", "z", 1.0)], names="abcxyz")
    assert worth(few)["a"] > worth(few)["b"]
    assert worth(many)["a"] > worth(few)["a"]
    room = 0.8
    for graph in (few, many):
        assert worth(graph)["a"] <= room + gain.UNLOCK * room * gain.ENOUGH


def test_an_edge_that_does_not_limit_opens_nothing() -> None:
    # c waits for b alone: a is known as far as its weak edge asks.
    graph = course([("a", "c", 0.2), ("b", "c", 1.0)])
    assert worth(graph)["b"] > worth(graph)["a"]
    assert worth(graph)["a"] == pytest.approx(0.8)


def test_what_is_carried_along_counts() -> None:
    alone, along = course([], names="ab"), course([], names="ab", encompassings=[("b", "a", 0.5)])
    assert worth(along)["b"] > worth(alone)["b"]
    assert worth(along)["a"] == worth(alone)["a"]


def test_what_leads_to_no_goal_is_put_aside() -> None:
    graph = course([("a", "b", 1.0)], names="abc", goals=("b",))
    assert worth(graph)["c"] == pytest.approx(gain.ASIDE * 0.8)
    asked = worth(graph, request=Request(goal=concept("c")))
    assert asked["c"] == pytest.approx(0.8)
    assert asked["a"] < worth(graph)["a"]


def test_what_has_faded_is_worth_more_than_what_is_still_known() -> None:
    graph = course([], names="ab")
    done = [(f"a-{n}", True) for n in (1, 2, 3, 5)]
    soon = worth(graph, *done)["a"]
    late = worth(graph, *done, now=NOON + timedelta(days=120))["a"]
    assert soon < 0.1
    assert late > 10 * soon
    # The room that forgetting made, and REVIEW times what was lost: nothing else.
    context = context_of(graph, *done, now=NOON + timedelta(days=120))
    now, peak = float(context.beliefs.probability[0]), float(context.beliefs.peak[0])
    assert late == pytest.approx((1 - now) + gain.REVIEW * (peak - now))


def test_the_authors_order_holds_among_equals() -> None:
    context = context_of(course([], names="abc"))
    assert gain.order(context).tolist() == pytest.approx([1.0, 1 / 1.5, 1 / 2.0])
    assert score(context, "a-1") > score(context, "b-1") > score(context, "c-1")


def test_the_thread_is_kept_until_the_concept_is_known() -> None:
    graph = course([], names="ab")
    assert gain.continuity(context_of(graph, ("b-1", False))).tolist() == [1.0, gain.CONTINUITY]
    known = context_of(graph, *[(f"b-{n}", True) for n in (1, 2, 3, 5)])
    assert gain.continuity(known).tolist() == [1.0, 1.0]


@pytest.mark.parametrize(("failures", "expected"), [(2, gain.CONTINUITY), (3, gain.CONTINUITY * gain.WEARY)])
def test_patience_ends_after_failures_in_a_row(failures: int, expected: float) -> None:
    graph = course([], names="ab")
    wrong = [(f"a-{1 + n}", False) for n in range(failures)]
    assert gain.continuity(context_of(graph, *wrong)).tolist() == pytest.approx([expected, 1.0])
    mended = gain.continuity(context_of(graph, *wrong, ("a-5", True)))
    assert mended[0] == pytest.approx(gain.CONTINUITY)


def test_grades_that_are_guesses_neither_tire_nor_settle() -> None:
    graph = course([], names="ab")
    wrong = [answer(f"a-{n}", False, 0.0, score=0.0, score_confidence=0.4) for n in (1, 2, 3)]
    assert gain.continuity(planted.context_of(graph, {}, *wrong))[0] == pytest.approx(gain.CONTINUITY)
    guess = answer("a-5", True, 0.0, score=1.0, score_confidence=0.4)
    failed = planted.context_of(graph, {}, ("a-1", False), ("a-2", False), guess, ("a-3", False))
    assert gain.continuity(failed)[0] == pytest.approx(gain.CONTINUITY * gain.WEARY)


def test_readings_between_do_not_break_a_row_of_failures() -> None:
    graph = course([], names="ab")
    done: list[tuple[str, bool | None]] = [("a-1", False), ("a-4", None), ("a-2", False), ("a-4", None), ("a-3", False)]
    assert gain.continuity(context_of(graph, *done))[0] == pytest.approx(gain.CONTINUITY * gain.WEARY)


def test_what_is_blocked_comes_only_where_nothing_else_is_left() -> None:
    context = context_of(chain())
    scores = gain.score(context)
    of_concept = context.graph.main_concept
    assert scores[of_concept == 0].min() > scores[of_concept > 0].max()
    assert (scores > 0).all()


def test_a_longer_item_must_teach_more() -> None:
    context = context_of(course([], names="a", per_concept=3))
    short, long = score(context, "a-1"), score(context, "a-2")
    minutes = context.graph.minutes
    assert (minutes[1], minutes[2]) == (2.0, 3.0)
    place = 1 - 0.02 * context.graph.place_within_concept
    assert short / long == pytest.approx((5.0 / 4.0) * (place[1] / place[2]))

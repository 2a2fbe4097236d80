"""What each demand allows, mask by mask, and what is blamed where nothing is left, against trying every subset."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from courses import NOON, concept, course, decide
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine import constraints
from engine.types import Request
from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.types import ItemId

OPEN = course([("a", "b", 1.0), ("b", "c", 0.9), ("a", "d", 0.4)], names="abcd")
GATED = course([("a", "b", 1.0)], names="abcd", gating=True)


@pytest.mark.parametrize(
    ("minutes", "until", "found"),
    [(None, None, np.inf), (5.0, None, 5.0), (None, 90, 1.5), (5.0, 90, 1.5), (1.0, 90, 1.0), (None, -60, -1.0)],
)
def test_the_time_at_hand_is_the_tighter_of_the_two(minutes: float | None, until: int | None, found: float) -> None:
    deadline = None if until is None else NOON + timedelta(seconds=until)
    assert constraints.time_at_hand(Request(minutes=minutes, deadline=deadline), NOON) == found


def test_only_demands_that_were_made_are_masks_and_each_allows_what_it_says() -> None:
    calm = np.zeros(4, dtype=np.bool_)
    assert constraints.masks(OPEN, Request(), np.inf, calm) == {}
    wanted = Request(exclude=(ItemId("a-1"), ItemId("gone")), kinds=("choice",), goal=concept("b"), minutes=2.0)
    masks = constraints.masks(OPEN, wanted, 2.0, calm)
    assert list(masks) == ["exclude", "kinds", "goal", "minutes"]
    for place, item in enumerate(OPEN.items):
        name, minutes = item.item_id, item.minutes or 0.0
        expected = [name != "a-1", item.kind == "choice", name[0] in "ab", minutes <= 2.0]  # 2 minutes fit into 2
        assert [bool(mask[place]) for mask in masks.values()] == expected
    assert np.array_equal(constraints.allowed(OPEN, masks), np.logical_and.reduce(list(masks.values())))
    for given_minutes, limit in [(None, "deadline"), (3.0, "deadline"), (2.0, "minutes")]:
        assert list(constraints.masks(OPEN, Request(minutes=given_minutes), 2.0, calm)) == [limit]


def test_a_gating_course_holds_back_an_item_of_which_any_concept_is_held_back() -> None:
    tags = [("a",), ("a", "b"), ("b", "a"), ("b", "c", "a"), ("a", "c")]
    items = tuple(
        replace(GATED.items[1], item_id=ItemId(f"i{n}"), concept_ids=tuple(map(concept, names)))
        for n, names in enumerate(tags)
    )
    graph = KnowledgeGraph(replace(GATED.curriculum, items=items))
    (mask,) = constraints.masks(graph, Request(), np.inf, np.array([False, True, False, False])).values()
    assert mask.tolist() == ["b" not in names for names in tags]


FOUR = course([], names="a", per_concept=4)
DEMANDS = st.dictionaries(
    st.sampled_from(["exclude", "kinds", "goal", "minutes", "gating", "tags"]),
    st.lists(st.booleans(), min_size=4, max_size=4),
    min_size=1,
)


@settings(deadline=None, max_examples=200)
@given(DEMANDS)
def test_blame_is_what_trying_every_subset_finds(drawn: dict[str, list[bool]]) -> None:
    def leaves(names: Iterable[str]) -> bool:
        return any(all(drawn[name][item] for name in names) for item in range(4))

    assume(not leaves(drawn))
    found = constraints.why_nothing(FOUR, {name: np.array(mask) for name, mask in drawn.items()})
    alone = [name for name in drawn if not leaves([name])]
    helpful = [name for name in drawn if leaves(set(drawn) - {name})]
    if alone:
        assert found.constraints == (alone[0],)
    elif len(helpful) != 1:
        assert found.constraints == tuple(helpful or drawn)
    else:  # told with those it clashes with: together they leave nothing, and every one of them is needed for that
        assert helpful[0] in found.constraints
        assert not leaves(found.constraints)
        assert all(leaves(set(found.constraints) - {name}) for name in found.constraints)


@pytest.mark.parametrize(
    ("masks", "sentence", "remedy"),
    [
        ({"exclude": "0000"}, "The items excluded leave none of the 4 items.", "Exclude fewer items."),
        ({"goal": "0000"}, "The goal leaves none of the 4 items.", "Choose another goal or none."),
        ({"deadline": "0000"}, "The time left until the deadline leaves none of the 4 items.", "Move the deadline."),
        (
            {"goal": "1100", "gating": "0011"},
            "The goal and the course's rule that prerequisites come first together leave none of the 4 items.",
            "Choose another goal or none or finish a prerequisite first, or turn gating off.",
        ),
        (
            {"exclude": "0111", "kinds": "1011", "minutes": "1100"},
            "The items excluded, the kinds of item asked for and the minutes at hand together leave none of the 4 "
            "items.",
            "Exclude fewer items or allow more kinds or allow more minutes.",
        ),
    ],
)
def test_blame_is_told_in_a_sentence(masks: dict[str, str], sentence: str, remedy: str) -> None:
    demands = {name: np.array([one == "1" for one in mask]) for name, mask in masks.items()}
    found = constraints.why_nothing(FOUR, demands)
    assert (found.sentence, found.remedy) == (sentence, remedy)


def test_a_list_that_ends_with_the_time_at_hand_blames_it_only_if_more_was_there() -> None:
    short = decide(OPEN, Request(count=3, minutes=1.0, kinds=("reading",), goal=concept("a"))).infeasible
    assert short is not None  # the readings of a take 1 and 2 minutes
    assert (short.constraints, short.sentence) == (
        ("minutes", "count"), "1 of the 3 items asked for fit into 1 minutes."
    )  # fmt: skip
    everything = decide(OPEN, Request(count=3, minutes=9.0, kinds=("reading",), goal=concept("a"))).infeasible
    assert everything is not None
    assert (everything.constraints, everything.sentence) == (
        ("count",),
        "3 items were asked for, and 2 fit the demands.",
    )


def test_nothing_at_the_edge_is_refused() -> None:
    assert decide(OPEN, Request(count=1, minutes=1e-9)).infeasible is not None
    for request_ in (Request(minutes=0.0), Request(minutes=-1.0)):
        with pytest.raises(ValueError, match="minutes must be above 0"):
            decide(OPEN, request_)

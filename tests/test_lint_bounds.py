"""Where lint draws its lines: what lies within is left in peace, each fault is told once and in its place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from knowledge_graph.lint import lint
from knowledge_graph.types import (
    Concept,
    ConceptId,
    Course,
    Curriculum,
    Encompassing,
    Item,
    ItemId,
    Place,
    Prerequisite,
    Step,
    Thresholds,
)

ITEM = Item(ItemId("i"), "numeric", (ConceptId("a"),), "1 + 1 = ?", answer="2")
CHOICE = replace(ITEM, kind="choice", choices=("1", "2", "3"))
STEP = Step("s", "numeric", "2 + 2", answer="4")
INFINITE, NAN = float("inf"), float("nan")


def needs(source: str, target: str, weight: float = 1.0) -> Prerequisite:
    return Prerequisite(ConceptId(source), ConceptId(target), weight)


def practises(source: str, target: str) -> Encompassing:
    return Encompassing(ConceptId(source), ConceptId(target))


def course(
    *edges: Prerequisite | Encompassing, names: str = "abcd", items: tuple[Item, ...] | None = None, **more: Any
) -> Curriculum:
    """A course without faults of its own, every row of it in its place: line 10 and on."""
    written = tuple(replace(ITEM, item_id=ItemId(f"of {name}"), concept_ids=(ConceptId(name),)) for name in names)
    items = written if items is None else items
    first = [one for one in edges if isinstance(one, Prerequisite)]
    second = [one for one in edges if isinstance(one, Encompassing)]
    rows = {"concept": len(names), "edge": len(edges), "item": len(items), "course": 1}
    return Curriculum(
        Course("c", "C", licence="CC0", **more),
        tuple(Concept(ConceptId(name), f"Title of {name}") for name in names),
        tuple(first),
        tuple(second),
        items,
        {(kind, n): Place(kind, 10 + n) for kind, count in rows.items() for n in range(count)},
    )


def found(curriculum: Curriculum) -> list[tuple[str, str]]:
    """Code and place of every finding, as `edge:10`."""
    return [(one.code, f"{one.place.path}:{one.place.line}" if one.place else "") for one in lint(curriculum)]


def with_item(**changes: Any) -> list[str]:
    """Codes of what is found in a course with this item, changed."""
    curriculum = course()
    return [code for code, _ in found(replace(curriculum, items=(*curriculum.items, replace(ITEM, **changes))))]


@pytest.mark.parametrize(
    ("levels", "sound"),
    [
        ((0.8, 0.8, 0.8), True), ((0.01, 0.8, 0.99), True), ((0.0, 0.8, 0.9), False), ((0.7, 0.8, 1.0), False),
        ((0.81, 0.8, 0.9), False), ((0.7, 0.91, 0.9), False), ((0.7, NAN, 0.9), False),
    ],
)  # fmt: skip
def test_thresholds_may_be_equal_but_not_certain(levels: tuple[float, float, float], sound: bool) -> None:
    review, known, mastered = levels
    planted = course(thresholds=Thresholds(known=known, mastered=mastered, review=review))
    assert found(planted) == ([] if sound else [("thresholds", "course:10")])


@pytest.mark.parametrize(
    ("field", "sound", "bad"),
    [
        ("difficulty", [0.0, 0.5, 1.0], [-0.01, 1.01, NAN]),
        ("tolerance", [0.0, 0.5], [-0.01, NAN]),
        ("minutes", [0.01, 600.0], [0.0, -1.0, INFINITE, NAN]),
    ],
)
def test_numbers_of_an_item_have_a_range(field: str, sound: list[float], bad: list[float]) -> None:
    assert [with_item(**{field: value}) for value in sound] == [[]] * len(sound)
    assert [with_item(**{field: value}) for value in bad] == [["out-of-range"]] * len(bad)


@pytest.mark.parametrize(("weight", "sound"), [(1e-9, True), (1.0, True), (0.0, False), (1.01, False), (-0.5, False)])
def test_weights_are_above_0_and_up_to_1(weight: float, sound: bool) -> None:
    edge = replace(practises("a", "b"), weight=weight)
    for planted in (course(needs("a", "b", weight)), course(edge)):
        assert found(planted) == ([] if sound else [("out-of-range", "edge:10")])


def test_one_pair_may_have_an_edge_of_each_kind() -> None:
    assert found(course(needs("a", "b"), practises("a", "b"))) == []
    assert found(course(needs("a", "b"), practises("b", "a"))) == []
    twice = course(needs("a", "b"), practises("a", "b"), practises("a", "b"), practises("a", "b"))
    assert found(twice) == [("duplicate-edge", "edge:12"), ("duplicate-edge", "edge:13")]
    assert all("first in edge:11" in one.message for one in lint(twice))


def test_of_an_edge_every_unknown_end_is_named_once() -> None:
    assert found(course(needs("x", "y"))) == [("dangling-edge", "edge:10")] * 2
    assert found(course(needs("x", "x"))) == [("dangling-edge", "edge:10")], "and it is no circle of a concept"
    assert found(course(needs("x", "a"), needs("x", "a"))) == [
        ("dangling-edge", "edge:10"),
        ("dangling-edge", "edge:11"),
    ]


def test_what_comes_three_times_is_told_twice() -> None:
    planted = course()
    again = replace(planted, concepts=(*planted.concepts, planted.concepts[0], planted.concepts[0]))
    again = replace(again, places={**again.places, ("concept", 4): Place("concept", 14), ("concept", 5): Place("x", 1)})
    assert found(again) == [("duplicate-concept", "concept:14"), ("duplicate-concept", "x:1")]
    assert [one.message.split(", ")[1] for one in lint(again)] == ["first in concept:10"] * 2


def test_an_unknown_goal_is_told_once() -> None:
    assert found(course(goals=("z", "z", "a"))) == [("unknown-goal", "course:10")]


def test_circles_are_placed_at_their_first_edge_among_all() -> None:
    edges = (needs("c", "d"), needs("b", "a"), practises("d", "c"), practises("a", "b"), practises("b", "a"))
    assert found(course(*edges, needs("a", "b"))) == [
        ("cycle", "edge:12"),  # a → b is the third prerequisite
        ("encompassing-cycle", "edge:14"),  # after 3 prerequisites the second encompassing edge
        ("syllabus-order", "edge:11"),
    ]


def test_the_syllabus_is_compared_with_prerequisites_between_known_concepts_alone() -> None:
    assert found(course(practises("b", "a"), needs("a", "b"))) == []
    assert found(course(needs("b", "z"), needs("a", "d"), needs("d", "c"))) == [
        ("dangling-edge", "edge:10"),
        ("syllabus-order", "edge:12"),
    ]


def test_an_implied_edge_is_placed_at_its_own_row() -> None:
    planted = course(needs("b", "c"), needs("a", "c"), needs("a", "b"), needs("c", "d"), needs("z", "d"))
    assert [one for one in found(planted) if one[0] != "dangling-edge"] == [("transitive-edge", "edge:11")]


def test_practice_reaches_along_encompassing_edges_and_through_steps() -> None:
    only_a = (replace(ITEM, concept_ids=(ConceptId("a"),)),)
    carried = course(practises("a", "b"), practises("b", "c"), items=only_a, names="abcd", goals=("c",))
    assert [(one.severity, one.code) for one in lint(carried)] == [
        ("warning", "concept-without-items"),  # d
        ("note", "concept-without-items"),  # b and c, through others
        ("note", "concept-without-items"),
    ]
    stepped = replace(ITEM, kind="steps", steps=(replace(STEP, concept_ids=(ConceptId("b"),)),))
    assert found(course(names="ab", items=(stepped,))) == []


def test_a_goal_is_out_of_reach_only_for_what_is_on_its_way() -> None:
    only_ab = tuple(replace(ITEM, item_id=ItemId(name), concept_ids=(ConceptId(name),)) for name in "ab")
    planted = course(needs("a", "b"), needs("b", "c"), needs("c", "d"), items=only_ab, goals=("b",))
    assert "unreachable-goal" not in dict(found(planted))
    (told,) = [one for one in lint(course(needs("c", "b"), items=only_ab, goals=("b", "b"))) if "goal" in one.code]
    assert told.message == "goal `b` cannot be reached: concepts on the way have no items: `c`"


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"kind": "text", "answer": None, "accepted_answers": ("so",)}, []),
        ({"kind": "text", "answer": None, "reference_answers": ("so",)}, []),
        ({"kind": "text", "answer": "so"}, []),
        ({"answer": "7x"}, ["bad-numeric-answer"]),
        ({"answer": "7x", "unit": "x"}, []),
        ({"answer": "two", "accepted_answers": ("x", "2")}, ["bad-numeric-answer"] * 2),
        ({"kind": "expression", "answer": "two"}, []),
        ({"kind": "choice", "choices": ("1", "2"), "answer": None}, ["missing-answer"]),
        ({"kind": "choice", "choices": ("1", "2"), "answer": ""}, ["missing-answer"]),
        ({"kind": "choice", "choices": ()}, ["too-few-choices"]),
        ({"kind": "choice", "choices": ("2", "1"), "accepted_answers": ("1", "3")}, ["answer-not-in-choices"]),
        ({"kind": "choice", "choices": ("1", "2", "2", "2")}, ["duplicate-choices"]),
        ({"text": "", "title": "T"}, []),
        ({"text": "", "kind": "steps", "steps": (STEP,)}, []),
        ({"kind": "steps", "answer": None, "steps": (STEP, replace(STEP, step_id="t", answer="x"))},
         ["bad-numeric-answer"]),
        ({"kind": "steps", "steps": (replace(STEP, kind="choice", choices=("1", "2")),)}, ["answer-not-in-choices"]),
        ({"kind": "steps", "steps": (replace(STEP, kind="text", answer=None),)}, ["text-without-references"]),
        ({"kind": "steps", "steps": (replace(STEP, tolerance=-1.0),)}, ["out-of-range"]),
        ({"passage": "Fog came."}, []),
        ({"passage": " \n"}, ["empty-passage"]),
        ({"kind": "steps", "steps": (STEP,), "passage": "Fog came."}, []),
        ({"kind": "reading", "answer": None, "passage": "Fog came."}, ["unused-passage"]),
        ({"text": "", "passage": "Fog came."}, ["empty-item"]),
        ({"kind": "text", "answer": None, "passage": "Fog came."}, ["text-without-references"]),
        ({"kind": "steps", "steps": (STEP, STEP, STEP)}, ["duplicate-step"] * 2),
        ({"kind": "steps", "steps": (replace(STEP, kind="steps", answer=None),)}, ["nested-steps"]),
        ({"kind": "steps", "steps": (replace(STEP, kind="reading", answer=None),)}, []),
    ],
)  # fmt: skip
def test_keys_of_items_and_steps(changes: dict[str, Any], codes: list[str]) -> None:
    assert with_item(**changes) == codes


@pytest.mark.parametrize(
    ("passage", "judge"), [("Fog came.", "a grader fitted to"), (" ", "only a teacher"), ("", "only a")]
)
def test_without_references_lint_says_who_can_still_judge(passage: str, judge: str) -> None:
    step = replace(STEP, kind="text", answer=None)
    for item in (replace(ITEM, kind="text", answer=None), replace(ITEM, kind="steps", steps=(step,))):
        planted = course()
        told = lint(replace(planted, items=(*planted.items, replace(item, passage=passage))))
        (fix,) = [one.fix for one in told if one.code == "text-without-references"]
        assert judge in fix


def test_titles_that_are_blank_or_of_one_concept_twice_are_no_duplicates() -> None:
    planted = course(names="ab")
    blank = replace(planted, concepts=tuple(replace(one, title="") for one in planted.concepts))
    assert {code for code, _ in found(blank)} == {"untitled-concept"}
    same = replace(planted, concepts=(*planted.concepts, planted.concepts[1]))
    assert [code for code, _ in found(same)] == ["duplicate-concept"]

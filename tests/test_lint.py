"""Lint: every fault that is planted is found, named in words and placed; a clean course is left in peace."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_graph.errors import Finding
from knowledge_graph.formats.folder import read
from knowledge_graph.lint import lint, structural
from knowledge_graph.types import (
    Concept,
    ConceptId,
    Course,
    Curriculum,
    Encompassing,
    Item,
    ItemId,
    ItemKind,
    Media,
    Place,
    Prerequisite,
    Step,
    Thresholds,
)

COURSES = Path(__file__).resolve().parents[1] / "data" / "curricula"


def concept(name: str) -> Concept:
    return Concept(ConceptId(name), f"Title of {name}")


def needs(source: str, target: str, weight: float = 1.0) -> Prerequisite:
    return Prerequisite(ConceptId(source), ConceptId(target), weight)


def practises(source: str, target: str) -> Encompassing:
    return Encompassing(ConceptId(source), ConceptId(target))


def question(name: str, *concepts: str) -> Item:
    return Item(ItemId(name), "numeric", tuple(map(ConceptId, concepts)), "1 + 1 = ?", answer="2")


def course(
    prerequisites: tuple[Prerequisite, ...] = (),
    encompassings: tuple[Encompassing, ...] = (),
    names: str = "abcde",
    items: tuple[Item, ...] | None = None,
    goals: str = "",
) -> Curriculum:
    """A course without faults of its own: one item for each concept."""
    return Curriculum(
        course=Course("c", "C", licence="CC0", goals=tuple(map(ConceptId, goals))),
        concepts=tuple(map(concept, names)),
        prerequisites=prerequisites,
        encompassings=encompassings,
        items=tuple(question(f"about {name}", name) for name in names) if items is None else items,
    )


CLEAN = course(
    prerequisites=(needs("a", "b"), needs("b", "c", 0.5), needs("b", "d")),
    encompassings=(practises("d", "a"),),
    goals="d",
)
ITEM = question("i", "a")
CHOICE = replace(ITEM, kind="choice", choices=("1", "2", "3"))
STEP = Step("s", "numeric", "2 + 2", answer="4")


def with_item(item: Item) -> Curriculum:
    return replace(CLEAN, items=(*CLEAN.items, item))


def with_course(**changes: object) -> Curriculum:
    return replace(CLEAN, course=replace(CLEAN.course, **changes))  # type: ignore[arg-type]


PLANTED = [
    ("error", "cycle", course((needs("a", "b"), needs("b", "c"), needs("c", "a"))), "a → b → c → a"),
    ("error", "self-loop", course((needs("a", "a"),)), "`a`"),
    ("error", "dangling-edge", course((needs("a", "z"),)), "`z`"),
    ("error", "dangling-edge", course((), (practises("z", "a"),)), "`z`"),
    ("error", "duplicate-edge", course((needs("a", "b"), needs("a", "b", 0.5))), "`a` → `b`"),
    ("error", "duplicate-concept", course(names="abca", items=tuple(question(n, n) for n in "abc")), "`a`"),
    ("error", "duplicate-item", with_item(question("about a", "a")), "`about a`"),
    ("error", "dangling-item-concept", with_item(question("i", "z")), "`z`"),
    (
        "error",
        "dangling-item-concept",
        with_item(replace(ITEM, kind="steps", steps=(replace(STEP, concept_ids=(ConceptId("z"),)),))),
        "`z`",
    ),
    ("error", "unknown-goal", course(goals="z"), "`z`"),
    (
        "warning",
        "unreachable-goal",
        course((needs("a", "b"), needs("b", "a"), needs("b", "c")), goals="c"),
        "circle",
    ),
    (
        "warning",
        "unreachable-goal",
        course((needs("a", "b"),), goals="b", items=(question("i", "b"),)),
        "items: `a`",
    ),
    (
        "error",
        "thresholds",
        with_course(thresholds=Thresholds(known=0.9, mastered=0.8)),
        "review 0.7, known 0.9",
    ),
    ("error", "no-concepts", course(names=""), "no concepts"),
    ("note", "no-licence", with_course(licence=""), "licence"),
    ("warning", "concept-without-items", course(names="ab", items=(question("i", "a"),)), "`b`"),
    (
        "note",
        "concept-without-items",
        course((), (practises("a", "b"),), names="ab", items=(question("i", "a"),)),
        "through others",
    ),
    (
        "warning",
        "untitled-concept",
        replace(CLEAN, concepts=(*CLEAN.concepts[:-1], replace(CLEAN.concepts[-1], title=" "))),
        "`e`",
    ),
    (
        "note",
        "duplicate-title",
        replace(CLEAN, concepts=(*CLEAN.concepts[:-1], replace(CLEAN.concepts[-1], title="Title of a"))),
        "Title of a",
    ),
    ("warning", "untidy-id", replace(CLEAN, concepts=(*CLEAN.concepts, concept("f; g"))), "“f; g”"),
    ("warning", "untidy-id", with_item(replace(ITEM, item_id=ItemId(" i"))), "space"),
    ("error", "out-of-range", course((needs("a", "b", 1.5),)), "1.5"),
    ("error", "out-of-range", course((needs("a", "b", float("nan")),)), "nan"),
    ("error", "out-of-range", with_item(replace(ITEM, minutes=0.0)), "0 minutes"),
    ("error", "out-of-range", with_item(replace(ITEM, difficulty=1.2)), "1.2"),
    ("error", "out-of-range", with_item(replace(ITEM, tolerance=-1.0)), "-1"),
    ("warning", "encompassing-cycle", course((), (practises("a", "b"), practises("b", "a"))), "a → b → a"),
    ("note", "syllabus-order", course((needs("b", "a"),)), "`b`"),
    ("note", "transitive-edge", course((needs("a", "b"), needs("b", "c"), needs("a", "c"))), "`a` → `c`"),
    ("warning", "item-without-concepts", with_item(question("i")), "`i`"),
    ("error", "missing-answer", with_item(replace(ITEM, answer=None)), "`answer`"),
    ("error", "missing-answer", with_item(replace(ITEM, kind="expression", answer=" ")), "`answer`"),
    ("error", "missing-answer", with_item(replace(ITEM, kind="steps")), "steps"),
    (
        "error",
        "missing-answer",
        with_item(replace(ITEM, kind="steps", steps=(replace(STEP, answer=None),))),
        "step `s`",
    ),
    ("error", "duplicate-step", with_item(replace(ITEM, kind="steps", steps=(STEP, STEP))), "`s`"),
    (
        "error",
        "nested-steps",
        with_item(replace(ITEM, kind="steps", steps=(replace(STEP, kind="steps"),))),
        "`s`",
    ),
    ("warning", "unused-steps", with_item(replace(ITEM, steps=(STEP,))), "numeric"),
    ("error", "empty-item", with_item(replace(ITEM, text=" ")), "`i`"),
    ("error", "answer-not-in-choices", with_item(replace(CHOICE, answer="4")), "“4”"),
    ("error", "answer-not-in-choices", with_item(replace(CHOICE, accepted_answers=("5",))), "“5”"),
    ("error", "duplicate-choices", with_item(replace(CHOICE, choices=("2", "1", "2"))), "“2”"),
    ("warning", "duplicate-choices", with_item(replace(CHOICE, choices=("2", "1", "1"))), "“1”"),
    ("error", "too-few-choices", with_item(replace(CHOICE, choices=("2",))), "1 choices"),
    ("warning", "text-without-references", with_item(replace(ITEM, kind="text", answer=None)), "reference"),
    ("error", "bad-numeric-answer", with_item(replace(ITEM, answer="two")), "“two”"),
    ("error", "bad-numeric-answer", with_item(replace(ITEM, accepted_answers=("1/0",))), "“1/0”"),
    ("warning", "media-without-alt", with_item(replace(ITEM, media=(Media("a.png"),))), "a.png"),
]


def named(curriculum: Curriculum, severity: str, code: str) -> list[Finding]:
    return [finding for finding in lint(curriculum) if (finding.severity, finding.code) == (severity, code)]


def test_a_clean_course_is_left_in_peace() -> None:
    assert lint(CLEAN) == ()
    assert structural(CLEAN) == ()


@pytest.mark.parametrize(
    ("severity", "code", "planted", "words"),
    PLANTED,
    ids=[f"{code}-{number}" for number, (_, code, _, _) in enumerate(PLANTED)],
)
def test_a_planted_fault_is_found(severity: str, code: str, planted: Curriculum, words: str) -> None:
    (found,) = named(planted, severity, code)
    assert words in found.message
    assert found.fix, "every finding says what to do"


def test_only_what_was_planted_is_found() -> None:
    """One fault gives one finding, unless it is the cause of another by its nature."""
    consequences = {
        "cycle",
        "unreachable-goal",
        "no-concepts",
        "missing-answer",
        "untidy-id",
        "duplicate-choices",
    }
    for severity, code, planted, _ in PLANTED:
        others = {finding.code for finding in lint(planted)} - {code}
        if others and code not in consequences:
            assert others <= {"concept-without-items", "transitive-edge", "syllabus-order"}, (
                severity,
                code,
                others,
            )


def test_missing_media_are_found_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "here.png").write_bytes(b"picture")
    pictures = (Media("here.png", "a picture"), Media("gone.png", "none"))
    planted = with_item(replace(ITEM, media=pictures))
    assert [(found.code, "gone.png" in found.message) for found in lint(planted, tmp_path)] == [("missing-media", True)]
    assert lint(planted) == ()


@pytest.mark.parametrize("kind", ["reading", "worked_example", "video"])
def test_studied_items_need_no_answer(kind: ItemKind) -> None:
    assert lint(with_item(replace(ITEM, kind=kind, answer=None))) == ()


def test_every_circle_is_named_once_and_short() -> None:
    planted = course(
        (
            *(needs("a", "b"), needs("b", "a")),
            *(needs("b", "c"), needs("c", "d"), needs("d", "b")),
            *(needs("e", "f"), needs("f", "g"), needs("g", "e"), needs("g", "h")),
        ),
        names="abcdefgh",
    )
    found = [finding.message for finding in named(planted, "error", "cycle")]
    assert found == [
        "prerequisites run in a circle: a → b → a (one of several circles among 4 concepts)",
        "prerequisites run in a circle: b → c → d → b (one of several circles among 4 concepts)",
        "prerequisites run in a circle: e → f → g → e",
    ]


def test_a_tangle_gives_one_short_circle() -> None:
    """Every pair of 70 concepts in both directions: more circles than anybody could read."""
    names = [f"c{number}" for number in range(70)]
    everything = tuple(needs(a, b) for a in names for b in names if a != b)
    planted = replace(course(everything, names=""), concepts=tuple(map(concept, names)))
    (found,) = [finding for finding in structural(planted) if finding.code == "cycle"]
    assert "c0 → c1 → c0" in found.message


def test_a_long_circle_is_found_whole() -> None:
    names = [f"c{number}" for number in range(2_000)]
    ring = tuple(needs(a, b) for a, b in zip(names, (*names[1:], names[0]), strict=True))
    planted = replace(course(ring, names=""), concepts=tuple(map(concept, names)))
    (found,) = structural(planted)
    assert found.message.count("→") == 2_000


def test_implied_edges_name_the_way_round() -> None:
    planted = course((needs("a", "b"), needs("b", "c"), needs("c", "d"), needs("a", "d"), needs("a", "c")))
    messages = {finding.message for finding in named(planted, "note", "transitive-edge")}
    assert messages == {
        "`a` → `d` is implied by the way over `b`",
        "`a` → `c` is implied by the way over `b`",
    }


def test_a_circle_does_not_hide_implied_edges_elsewhere() -> None:
    planted = course((needs("a", "b"), needs("b", "a"), needs("c", "d"), needs("d", "e"), needs("c", "e")))
    assert [found.message for found in named(planted, "note", "transitive-edge")] == [
        "`c` → `e` is implied by the way over `d`"
    ]


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=24, unique=True))
def test_implied_edges_are_those_that_reachability_implies(pairs: list[tuple[int, int]]) -> None:
    """Against the definition, on graphs small enough to try every path."""
    edges = [(f"c{min(a, b)}", f"c{max(a, b)}") for a, b in pairs if a != b]
    edges = sorted(set(edges))
    planted = replace(
        course(tuple(needs(a, b) for a, b in edges), names=""),
        concepts=tuple(concept(f"c{number}") for number in range(8)),
    )

    def reaches(source: str, target: str) -> bool:
        return (source, target) in edges or any(reaches(b, target) for a, b in edges if a == source)

    wanted = {(a, b) for a, b in edges if any(reaches(c, b) for x, c in edges if x == a and c != b)}
    found = {tuple(finding.message.split("`")[1:4:2]) for finding in named(planted, "note", "transitive-edge")}
    assert found == wanted


def test_errors_come_first_and_the_order_is_fixed() -> None:
    planted = replace(
        CLEAN, items=(question("x", "z"), question("y")), prerequisites=(needs("b", "a"), needs("q", "r"))
    )
    found = lint(planted)
    assert found == lint(planted)
    ranks = [["error", "warning", "note"].index(finding.severity) for finding in found]
    assert ranks == sorted(ranks)


def test_places_are_told() -> None:
    places = {("edge", 1): Place("edges.csv", 9), ("edge", 0): Place("edges.csv", 4)}
    planted = replace(course((needs("a", "b"), needs("a", "b"))), places=places)
    (found,) = structural(planted)
    assert found.place == Place("edges.csv", 9)
    assert str(found) == (
        "edges.csv:9: the prerequisite edge `a` → `b` is there twice, first in edges.csv:4; "
        "keep the one whose weight is meant"
    )


def test_long_lists_of_names_are_cut() -> None:
    names = "abcdefgh"
    planted = course(tuple(needs(a, "h") for a in names[:-1]), names=names, goals="h", items=(question("i", "h"),))
    (found,) = named(planted, "warning", "unreachable-goal")
    assert found.message.endswith("`a`, `b`, `c`, `d`, `e` and 2 more")


@pytest.mark.parametrize("path", sorted(path for path in COURSES.glob("*") if (path / "items.jsonl").exists()))
def test_the_courses_that_come_with_wayline_have_no_faults(path: Path) -> None:
    faults = [str(finding) for finding in lint(read(path), path) if finding.severity != "note"]
    assert faults == []

"""Prerequisites inferred from OATutor's lessons: planted kinship between skills, and each rule of inference by hand."""

from __future__ import annotations

import pytest

from data.importers._oatutor_items import Problem
from data.importers._oatutor_lessons import Lesson, lessons_of, prerequisites
from knowledge_graph.types import ConceptId

FILLERS = [f"{a}{b}{c}word" for a in "bdfg" for b in "aeiou" for c in "kmnp"]
"""80 skills without kin: with them a word that two skills share has rarity ln(80 and more / 2) > 3."""

Found = list[tuple[str, str, float]]


def lesson(number: str, *skills: str) -> Lesson:
    return Lesson(f"Lesson {number}", "Topics", tuple(map(ConceptId, skills)))


def edges(*lessons: Lesson, own: bool = True) -> Found:
    """Source, target and weight of each edge between the skills of these lessons, taught after all the fillers."""
    found = prerequisites([lesson("0.1", *FILLERS), *lessons])
    named = {skill for one in lessons for skill in one.skills}
    return [
        (e.source_id, e.target_id, e.weight) for e in found if e.target_id in named and (e.source_id in named) == own
    ]


def test_kin_of_the_lesson_before_counts_for_more_than_of_an_earlier_one() -> None:
    earlier, before, now = lesson("1.1", "graph_parabolas"), lesson("1.2", "factor_polynomials"), "factor_parabolas"
    # `parabolas` ties to 1.1 and `polynomials` to 1.2; 1.3 needs its kin of the lesson before and no other.
    assert ("factor_polynomials", now, 0.7) in edges(earlier, before, lesson("1.3", now))
    assert ("graph_parabolas", now, 0.5) not in edges(earlier, before, lesson("1.3", now))
    between = lesson("1.2", "measure_lengths")
    assert ("graph_parabolas", now, 0.5) in edges(earlier, between, lesson("1.3", now))


def needed(skill: str, *lessons: Lesson) -> list[tuple[str, float]]:
    """What this skill needs, and how much."""
    return [(source, weight) for source, target, weight in edges(*lessons) if target == skill]


def test_the_nearest_beside_it_is_needed_as_well() -> None:
    before = lesson("1.1", "plot_parabolas", "count_apples")
    beside = lesson("1.2", "measure_rainfall", "juggle_hammers", "rainfall_hammers_parabolas")
    # Of the two beside it, each with one of its words, the one taught later, and only one.
    assert needed(beside.skills[2], before, beside) == [("plot_parabolas", 0.7), ("juggle_hammers", 0.5)]


def test_two_kin_at_most_nearest_first_and_of_equals_the_later() -> None:
    before = lesson("1.1", "draw_parabolas", "measure_rainfall", "juggle_hammers", "weigh_oranges")
    one_word_each = lesson("1.2", "parabolas_rainfall_hammers_oranges")
    assert needed(one_word_each.skills[0], before, one_word_each) == [("weigh_oranges", 0.7), ("juggle_hammers", 0.7)]
    two_of_the_first = lesson("1.2", "draw_parabolas_hammers_oranges")
    assert needed(two_of_the_first.skills[0], before, two_of_the_first) == [
        ("draw_parabolas", 0.7),
        ("weigh_oranges", 0.7),
    ]


def test_without_kin_the_last_skill_of_the_lesson_before_is_needed() -> None:
    found = edges(lesson("1.1", "count_apples", "weigh_oranges"), lesson("1.2", "juggle_hammers", "paint_fences"))
    assert found == [("weigh_oranges", "juggle_hammers", 0.5), ("weigh_oranges", "paint_fences", 0.5)]


def test_a_lesson_without_skills_of_its_own_is_passed_over() -> None:
    found = edges(lesson("1.1", "count_apples"), lesson("1.2"), lesson("1.3", "juggle_hammers"))
    assert found == [("count_apples", "juggle_hammers", 0.5)]


def test_a_new_chapter_rests_on_what_the_chapter_before_rests_on() -> None:
    chapter = [
        lesson("1.1", "count_apples"),
        lesson("1.2", "weigh_oranges", "slice_lemons"),
        lesson("1.3", "drop_plums"),
    ]
    # Of chapter 1 `count_apples` carries two edges, `slice_lemons` one.
    found = edges(*chapter, lesson("2.1", "juggle_hammers"))
    assert ("count_apples", "juggle_hammers", 0.5) in found
    assert [source for source, target, _ in found if target == "juggle_hammers"] == ["count_apples"]


def test_where_a_chapter_carries_nothing_its_last_skill_is_needed() -> None:
    found = edges(lesson("1.1", "count_apples", "weigh_oranges"), lesson("2.1", "juggle_hammers"))
    assert found == [("weigh_oranges", "juggle_hammers", 0.5)]


def test_the_very_first_lesson_needs_nothing_but_kin_beside_it() -> None:
    found = prerequisites([lesson("1.1", "count_apples", "weigh_apples", *FILLERS)])
    assert [(one.source_id, one.target_id, one.weight) for one in found] == [("count_apples", "weigh_apples", 0.5)]
    assert found[0].reason == "earlier in Lesson 1.1 (apples)" and found[0].origin == "inferred"


def test_reasons_name_the_lessons_and_the_words() -> None:
    lessons = [lesson("1.1", *FILLERS, "count_red_apples"), lesson("1.2", "weigh_apples", "juggle")]
    said = {one.target_id: one.reason for one in prerequisites(lessons)}
    assert said[ConceptId("weigh_apples")] == "Lesson 1.1 comes before Lesson 1.2 (apples)"
    assert said[ConceptId("juggle")] == "Lesson 1.1 comes before Lesson 1.2 (in the order of lessons)"


@pytest.mark.parametrize(
    ("one", "other", "kin"),
    [
        ("multiply_x", "multiplication_y", True),  # the first seven letters are one
        ("multiply_x", "multitude_y", False),  # the first five are not enough
        ("add_red_x", "mix_red_y", False),  # short words say nothing
        ("solve_using_x", "identify_using_y", False),  # nor do words that stand everywhere
        ("Parabola_x", "parabola_y", True),
    ],
)
def test_kin_share_a_word_that_says_something_by_its_beginning(one: str, other: str, kin: bool) -> None:
    found = edges(lesson("1.1", one), lesson("1.2", other))
    assert found == [(one, other, 0.7 if kin else 0.5)]


@pytest.mark.parametrize(("sharing", "source", "weight"), [(3, "plum_equation", 0.7), (4, "paint_fences", 0.5)])
def test_a_word_that_many_skills_share_makes_no_kin(sharing: int, source: str, weight: float) -> None:
    # 3 others and the new skill share it: ln(85 / 4) = 3.06, as rare as asked; with 4 others ln(86 / 5) = 2.84.
    colours = ["amber", "ivory", "olive", "plum"][-sharing:]
    before = lesson("1.1", *(f"{colour}_equation" for colour in colours), "paint_fences")
    assert needed("new_equations", before, lesson("1.2", "new_equations"))[0] == (source, weight)


def test_what_other_edges_imply_is_left_out() -> None:
    found = edges(lesson("1.1", "count_apples"), lesson("1.2", "weigh_apples", "slice_apples"))
    # slice needs count (of the lesson before) and weigh (beside it), which needs count: one edge says it all.
    assert found == [("count_apples", "weigh_apples", 0.7), ("weigh_apples", "slice_apples", 0.5)]


def problem(name: str, lesson_id: str, *steps: str) -> Problem:
    return Problem(name, {"lessonId": lesson_id}, {step: {} for step in steps})


def test_skills_stand_in_the_order_of_their_problems_and_in_the_lesson_that_teaches_them_first() -> None:
    plan = {
        "lessons": [
            {
                "id": "L1",
                "name": "Lesson 1.1",
                "topics": "T",
                "learningObjectives": ["never", "late", "later", "mid", "early"],
            },
            {"id": "L2", "name": "Lesson 1.2", "topics": "U", "learningObjectives": ["early", "other"]},
        ]
    }
    problems = [
        problem("x10", "L1", "s1"), problem("x9", "L1", "s2"), problem("x7b", "L1", "s1"), problem("x2", "L2", "s1"),
        problem("x30", "L1", "s3"), problem("x11", "L1", "s3", "s4"), problem("x40", "L1", "s2"),
    ]  # fmt: skip
    # The first in L1 decides: early 9 (though its middle one is 24.5), mid 10 (x7b has no number, x2 is of L2), late 11
    # and later 11 as well, but in the middle 11 and not 20.5.
    tags = {"s1": ["mid"], "s2": ["early"], "s3": ["late"], "s4": ["later"]}
    first, second = lessons_of(plan, problems, tags)
    assert first.skills == ("early", "mid", "later", "late", "never")
    assert second.skills == ("other",)
    assert (first.chapter, Lesson("Lesson 12.3", "", ()).chapter) == ("1", "12")

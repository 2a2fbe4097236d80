"""What labels are worth, and what counts as right, is decided once: the same for graders and for teachers."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from student_model.encoder.answers import GradedAnswer, task_of
from student_model.judging.grades import Grade
from student_model.judging.labels import THREE, bounds, nearest, standing, worths

WORTHS = st.dictionaries(st.text(min_size=1, max_size=3), st.floats(0, 1), min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("labels", "given", "expected"),
    [
        ("correct,Partially correct,incorrect", {}, [1.0, 0.5, 0.0]),
        ("good,soso,poor", {"good": 1.0, "soso": 0.8}, [1.0, 0.8, 0.0]),
        ("Correct,Partial,Irrelevant,Wrong", {}, [1.0, 0.5, 0.0, 0.0]),
        ("blue,red", {}, [0.0, 0.0]),
        ("10,9,2,1", {}, [1.0, 8 / 9, 1 / 9, 0.0]),
    ],
)
def test_a_label_is_worth_the_same_to_grader_and_teacher(
    labels: str, given: Mapping[str, float], expected: list[float]
) -> None:
    named = labels.split(",")
    task = task_of([GradedAnswer("q", (), "a", label) for label in named], given)
    worth = worths(named, given)
    assert (task.labels, list(task.worth)) == (tuple(worth), list(worth.values()))
    assert [worth[label] for label in named] == pytest.approx(expected)


def test_only_the_best_label_is_right_and_only_if_it_is_near_full_marks() -> None:
    def stand(*labels: str, **given: float) -> list[str]:
        worth = worths(labels, given)
        return [standing(label, worth) for label in labels]

    assert stand("correct", "partial", "contradictory") == ["correct", "partial", "incorrect"]
    assert stand("good", "soso", "poor", good=1.0, soso=0.8) == ["correct", "partial", "incorrect"]
    assert stand("true", "yes", "no") == ["correct", "correct", "incorrect"]
    assert stand("blue", "red") == ["incorrect", "incorrect"]
    assert stand("partial", "incorrect") == ["partial", "incorrect"]


def test_a_grade_stands_as_its_label_or_else_as_its_marks() -> None:
    assert [Grade(label, 0.6, 0.9).standing for label in ("correct", "incorrect", "3.5")] == [
        "correct", "incorrect", "partial",
    ]  # fmt: skip
    assert Grade("good", 0.6, 0.9, worth={"good": 0.9, "poor": 0.0}).standing == "correct"


def test_of_two_labels_as_near_the_better_is_nearest() -> None:
    assert [nearest(score) for score in (0.0, 0.25, 0.26, 0.75, 0.76)] == [
        "incorrect", "partial", "partial", "correct", "correct",
    ]  # fmt: skip
    assert nearest(0.5, {"poor": 0.0, "good": 1.0}) == "good"


@given(WORTHS, st.floats(0, 1))
def test_every_score_is_within_the_bounds_of_the_label_that_is_nearest(worth: dict[str, float], score: float) -> None:
    least, most = bounds(nearest(score, worth), worth)
    assert least <= score <= most
    for label, own in worth.items():
        assert bounds(label, worth)[0] <= own <= bounds(label, worth)[1]


def test_bounds_of_three_labels_meet() -> None:
    assert [bounds(label) for label in THREE] == [(0.75, 1.0), (0.25, 0.75), (0.0, 0.25)]

"""What learners are told about answers in words: the verdict, a hint of the item's own, and what is missing."""

from __future__ import annotations

import pytest
from graders import Rules

from knowledge_graph.types import Item, ItemId
from student_model.judging import judge
from student_model.judging.feedback import SURE, feedback
from student_model.judging.grades import Grade

HINTS = ("Look at the pan.", "Where did the water go?")


def grade(label: str, score: float = 0.5, confidence: float = 0.9, missing: tuple[str, ...] = ()) -> Grade:
    return Grade(label, score, confidence, missing=missing)


@pytest.mark.parametrize(
    ("label", "score", "confidence", "first"),
    [
        ("correct", 0.62, SURE, "Right."),
        ("correct", 0.62, SURE - 0.01, "This looks right."),
        ("partial", 0.9, SURE, "Partly right."),
        ("partial", 0.1, SURE - 0.01, "This looks partly right."),
        ("incorrect", 0.4, SURE, "Not yet."),
        ("incorrect", 0.4, 0.0, "This does not look right yet."),
        ("4.5", 0.9, SURE, "Right."),
        ("1", 0.2, SURE, "Not yet."),
    ],
)
def test_the_first_line_says_the_label_or_the_marks_and_how_sure_they_are(
    label: str, score: float, confidence: float, first: str
) -> None:
    assert feedback(grade(label, score, confidence), HINTS).splitlines()[0] == first


def test_a_right_answer_needs_no_hint() -> None:
    assert feedback(grade("correct", 0.62, missing=("the salt",)), HINTS) == "Right."


def test_what_is_missing_is_the_next_thing_to_do_for_who_is_on_the_way() -> None:
    missing = ("the salt is left", "it evaporated", "a third part")
    partly, wrong = (feedback(grade(label, missing=missing), HINTS) for label in ("partial", "incorrect"))
    assert partly.splitlines()[1:] == [
        "Think about: Look at the pan.",
        "Not said yet: the salt is left",
        "Not said yet: it evaporated",
    ]
    assert wrong.splitlines()[1:] == ["Think about: Look at the pan."]


def test_an_item_without_hints_gets_the_verdict_alone() -> None:
    assert feedback(grade("incorrect")) == "Not yet."


def test_the_judge_brings_the_items_hints_and_the_graders_best_label_is_right() -> None:
    item = Item(ItemId("q"), "text", (), "What is left?", reference_answers=("salt stays behind always",), hints=HINTS)
    half, whole = judge(item, "salt stays", Rules()), judge(item, "salt stays behind always", Rules())
    assert (half.correct, half.score, half.confidence) == (False, 0.5, 0.4)
    assert half.feedback.splitlines() == [
        "This looks partly right.",
        "Think about: Look at the pan.",
        "Not said yet: behind",
        "Not said yet: always",
    ]
    assert (whole.correct, whole.feedback) == (True, "Right.")

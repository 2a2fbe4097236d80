"""What answers are graded in is read off them, and they are parted by question, never by answer."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from student_model.encoder.answers import (
    MOST_LEVELS,
    GradedAnswer,
    NoTask,
    Split,
    Task,
    folds,
    out_of_fold,
    places,
    task_of,
    with_known,
)
from student_model.judging.labels import plain


def labelled(*labels: str) -> list[GradedAnswer]:
    return [GradedAnswer("q", (), "a", label) for label in labels]


def scored(*scores: float, most: float = 1.0) -> list[GradedAnswer]:
    return [GradedAnswer("q", (), "a", score=score, max_score=most) for score in scores]


def test_labels_go_from_the_best_to_the_worst_and_ties_by_name() -> None:
    task = task_of(labelled("off", "Correct", "contradictory", "Partially correct-incomplete", "off"))
    assert task.labels == ("Correct", "Partially correct-incomplete", "contradictory", "off")
    assert task.worth == (1.0, 0.5, 0.0, 0.0)
    assert (task.kind, task.outputs) == ("labels", 4)


def test_what_a_label_is_worth_can_be_said_whatever_its_case() -> None:
    task = task_of(labelled("Good", "so-so", "bad", "correct"), {"good": 0.9, "so so": 0.4, "Correct": 0.2})
    assert dict(zip(task.labels, task.worth, strict=True)) == {"Good": 0.9, "so-so": 0.4, "correct": 0.2, "bad": 0.0}


def test_marks_as_words_are_worth_their_place_between_least_and_most() -> None:
    task = task_of(labelled("1", "5", "2", "3.5"))
    assert task.labels == ("5", "3.5", "2", "1")
    assert task.worth == (1.0, 0.625, 0.25, 0.0)
    assert task_of(labelled("1", "5"), {"5": 0.25}).worth == (0.25, 0.0)
    assert task_of(labelled("1", "nan")).worth == (0.0, 0.0)


def test_one_mark_written_in_two_ways_divides_by_nothing() -> None:
    assert task_of(labelled("1", "1.0")).worth == (0.0, 0.0)


def test_few_scores_are_levels_in_an_order_and_many_are_a_line() -> None:
    task = task_of(scored(0.75, 0.0, 0.25, 0.25, most=4.0))
    assert task == Task("ordinal", ("0", "1", "3"), (0.0, 0.25, 0.75), 4.0)
    assert task.outputs == 2
    few, many = [n / 40 for n in range(MOST_LEVELS)], [n / 40 for n in range(MOST_LEVELS + 1)]
    assert [task_of(scored(*one)).kind for one in (few, many)] == ["ordinal", "regression"]
    assert task_of(scored(*many), scores="ordinal").kind == "ordinal"
    assert task_of(scored(0.0, 1.0, most=7.0), scores="regression") == Task("regression", max_score=7.0)


def test_labels_come_before_scores_unless_scores_are_asked_for() -> None:
    both = [GradedAnswer("q", (), "a", label, score) for label, score in (("yes", 1.0), ("no", 0.0))]
    assert task_of(both).kind == "labels"
    assert task_of(both, scores="ordinal").kind == "ordinal"
    assert task_of([*both, GradedAnswer("q", (), "a", score=0.5)]).kind == "ordinal"


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([], "0 of 0 answers have no grade"),
        (labelled("correct", "correct"), "all 2 answers are 'correct': at least two labels"),
        (scored(0.5, 0.5), r"all 2 answers have the score 0\.5: at least two"),
        ([*labelled("correct"), *scored(0.5)], "1 of 2 answers have no grade: each needs a label, or each a score"),
        (
            labelled("Correct", "wrong", "correct "),
            "'Correct' and 'correct ' differ in case or spaces alone: write one",
        ),
    ],
)
def test_answers_that_set_no_task_are_refused_with_what_is_needed(answers: list[GradedAnswer], said: str) -> None:
    with pytest.raises(NoTask, match=said):
        task_of(answers)


def test_a_worth_of_what_no_answer_has_is_refused_and_not_ignored() -> None:
    with pytest.raises(NoTask, match=r"of 'corect', which no answer has; there are: 'bad', 'correct'$"):
        task_of(labelled("correct", "bad"), {"corect": 1.0, "Bad": 0.1})
    with pytest.raises(NoTask, match="of 'good', but the answers are graded by scores: leave it out"):
        task_of(scored(0.0, 1.0), {"good": 1.0})


def test_a_grade_is_a_place_a_level_or_a_point() -> None:
    ordinal, line = Task("ordinal", ("0", "1", "2"), (0.0, 0.5, 1.0), 2.0), Task("regression")
    assert places(labelled("no", "yes"), Task("labels", ("yes", "no"), (1.0, 0.0))).tolist() == [1.0, 0.0]
    assert places(scored(1.0, 0.0, 0.3), ordinal).tolist() == [2.0, 0.0, 1.0]
    assert places(scored(0.25), line).tolist() == [0.25]
    with pytest.raises(ValueError, match=r"label 'maybe' of answer 'x': one of \('yes', 'no'\)"):
        Task("labels", ("yes", "no")).target(GradedAnswer("q", (), "a", "maybe", answer_id="x"))
    with pytest.raises(ValueError, match="answer 'x' has no score"):
        line.target(GradedAnswer("q", (), "a", "maybe", answer_id="x"))


@given(st.lists(st.text(min_size=1, max_size=12), min_size=2, max_size=9, unique_by=plain))
def test_any_set_of_labels_is_a_task_and_every_label_has_a_place(labels: list[str]) -> None:
    task = task_of(labelled(*labels))
    assert set(task.labels) == set(labels) and len(task.labels) == len(task.worth)
    assert list(task.worth) == sorted(task.worth, reverse=True)
    assert all(0.0 <= share <= 1.0 for share in task.worth)
    assert sorted(places(labelled(*labels), task)) == list(range(len(labels)))


@given(st.text())
def test_a_label_made_plain_stays_as_it_is(label: str) -> None:
    assert plain(plain(label)) == plain(label)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=30), st.integers(1, 8), st.integers(0, 5))
def test_each_question_is_held_back_once_and_the_parts_are_about_as_large(
    sizes: list[int], many: int, seed: int
) -> None:
    answers = [
        GradedAnswer("same text", (), f"{n}", question_id=f"q{name}")
        for name, size in enumerate(sizes)
        for n in range(size)
    ]
    parts = folds(answers, many, seed)
    assert len(parts) == min(many, len(sizes))
    assert Counter((one.group, one.answer) for part in parts for one in part.held) == Counter(
        (one.group, one.answer) for one in answers
    )
    for part in parts:
        assert not {one.group for one in part.train} & {one.group for one in part.held}
        assert len(part.train) + len(part.held) == len(answers)
    held = [len(part.held) for part in parts]
    assert max(held) - min(held) <= max(sizes)
    assert parts == folds(answers, many, seed)


def test_questions_without_an_id_are_told_apart_by_their_text_and_other_dice_part_them_otherwise() -> None:
    answers = [GradedAnswer(f"question {n}", (), "a") for n in range(12)]
    first, other = (folds(answers, 3, seed) for seed in (0, 1))
    assert [len(part.held) for part in first] == [4, 4, 4]
    assert [part.held for part in first] != [part.held for part in other]
    assert np.unique([one.group for part in first for one in part.held]).size == 12


@given(st.integers(0, 80), st.integers(2, 20), st.integers(0, 9), st.integers(0, 5))
def test_known_answers_are_drawn_from_those_to_learn_from(size: int, many: int, least: int, seed: int) -> None:
    split = Split([GradedAnswer("q", (), f"{n}") for n in range(size)], [GradedAnswer("r", (), "held")])
    found = with_known(split, many, least, seed)
    assert found.held == split.held
    assert sorted(map(str, (*found.train, *found.known))) == sorted(map(str, split.train))
    assert len(found.known) == (size // many if size // many >= least else 0)
    assert found == with_known(split, many, least, seed)
    ordered = [int(one.answer) for one in found.train]
    assert ordered == sorted(ordered)


def test_each_answer_is_told_of_by_what_learned_from_other_questions() -> None:
    answers = [GradedAnswer(f"q{n % 4}", (), str(n), "correct") for n in range(12)]

    def say(train: list[int], held: list[int]) -> NDArray[np.float64]:
        assert not {answers[n].group for n in train} & {answers[n].group for n in held}
        assert sorted(train + held) == list(range(12))
        return np.array([[float(answers[n].answer), len(held)] for n in held])

    told = out_of_fold(answers, 3, 0, None, say)
    assert told[:, 0].tolist() == list(range(12)) and sorted(set(told[:, 1])) == [3.0, 6.0]

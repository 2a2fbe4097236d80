"""Guessed grades: only sure ones, never of questions held back, and with half the weight of a teacher's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from student_model import training
from student_model.encoder import fit as fitting
from student_model.encoder.answers import GradedAnswer, Task
from student_model.encoder.fit import Asked, fit
from student_model.encoder.forest import grow
from student_model.encoder.outcomes import Outcomes
from student_model.encoder.pseudo import WEIGHT, beside, sure, ungraded
from student_model.encoder.recipe import Recipe
from student_model.training import one_thread

TASK = Task("labels", ("correct", "incorrect"), (1.0, 0.0))
RIGHT = (
    "The {} melts because it is warm.",
    "It is warm, so the {} melts.",
    "Heat melts the {}.",
    "Warmth melts the {}.",
)
WRONG = ("No idea.", "It likes the {}.", "My brother has a dog.", "Because of the moon.")
THINGS = ("ice", "snow", "wax", "butter", "iron", "glass", "chocolate", "lead")


@pytest.fixture(autouse=True)
def no_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is read with the served encoder where features are counted only: writing it would take the most time."""
    monkeypatch.setattr(fitting, "write_graph", lambda model, base, path: path)


def answers(thing: str, graded: bool = True) -> list[GradedAnswer]:
    found = []
    for label, texts in (("correct", RIGHT), ("incorrect", WRONG)):
        for text in texts:
            said = text.format(thing)
            ends = ("", " I think.") if graded else (" Yes.",)
            found += [
                GradedAnswer(f"Why does {thing} melt?", (f"The {thing} melts because of heat.",), said + end,
                             label if graded else None, question_id=thing)
                for end in ends
            ]  # fmt: skip
    return found


def bare(*texts: str, question: str = "Why?", question_id: str = "") -> list[GradedAnswer]:
    return [GradedAnswer(question, (), text, question_id=question_id) for text in texts]


def test_only_what_the_grader_is_sure_of_joins_with_its_grade() -> None:
    share = np.array([[0.95, 0.05], [0.6, 0.4], [0.1, 0.9]])
    said = Outcomes(share, share.argmax(axis=1), share[:, 0], share.max(axis=1))
    found = sure(bare("a", "b", "c"), TASK, said, 0.9)
    assert [(one.answer, one.label) for one in found] == [("a", "correct"), ("c", "incorrect")]
    with pytest.raises(ValueError, match="3 grades for 1 answers"):
        sure(bare("a"), TASK, said, 0.9)


def test_a_guessed_score_is_a_level_of_the_task() -> None:
    task = Task("ordinal", ("0", "1", "2"), (0.0, 0.5, 1.0), 2.0)
    said = Outcomes(np.array([[0.0, 0.1, 0.9]]), np.array([2]), np.array([0.95]), np.array([0.9]))
    (one,) = sure(bare("a"), task, said, 0.8)
    assert task.target(one) == 2.0 and one.max_score == 2.0


def test_answers_to_questions_held_back_stay_out_by_id_and_by_text() -> None:
    held = [GradedAnswer("Why does ice melt?", (), "heat", "correct", question_id="ice")]
    guessed = [
        *bare("a", question="Why does ice  melt?"),  # without an id
        *bare("b", question="Another wording", question_id="ice"),
        *bare("c", question="Why does wax melt?", question_id="wax"),
    ]
    assert [one.answer for one in beside(guessed, held)] == ["c"]
    assert beside(guessed, []) == guessed


def test_what_a_teacher_graded_is_not_guessed_and_nothing_twice() -> None:
    graded = [GradedAnswer("Why?", (), "It  MELTS", "correct")]
    assert [one.answer for one in ungraded(bare("it melts", "new", "New", "other"), graded)] == ["new", "other"]


def test_a_second_round_learns_guesses_and_none_of_a_question_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    books: list[tuple[set[str], list[Any]]] = []
    plain = fitting._trained

    def watched(book: Any, held: Any, *rest: Any) -> Any:
        books.append(({one.answer.group for one in held.entries}, list(book.entries)))
        return plain(book, held, *rest)

    monkeypatch.setattr(fitting, "_trained", watched)
    graded = [one for thing in THINGS[:6] for one in answers(thing)]
    fresh = [one for thing in THINGS for one in answers(thing, graded=False)]
    told: list[str] = []
    recipe = Recipe(method="frozen", epochs=1, pseudo=0.6, held=0.34, near=False, refit=False)
    with one_thread():
        fitted = fit(graded, recipe, Asked(told.append), fresh)
    (held, first), (held_again, second) = books
    guessed = [one for one in second if one.weight == WEIGHT]
    assert held == held_again and len(held) == 2
    assert {one.weight for one in first} == {1.0} and len(second) > len(first)
    assert guessed and not {one.answer.group for one in guessed} & held
    assert {one.answer.group for one in guessed} & set(THINGS[6:])  # of questions without a grade too
    right = [one.answer.label == ("correct" if "melts" in one.answer.answer else "incorrect") for one in guessed]
    assert np.mean(right) > 0.8
    assert any(one.startswith("sure of ") for one in told)
    assert any(one.startswith("grader, second round: epoch 1") for one in told)
    assert fitted.told.held["accuracy"] > 0.7


def test_without_bare_answers_or_a_threshold_there_is_one_round(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[int] = []
    plain = fitting._round

    def counted(*given: Any) -> Any:
        rounds.append(len(given))
        return plain(*given)

    monkeypatch.setattr(fitting, "_round", counted)
    graded = [one for thing in THINGS[:4] for one in answers(thing)]
    with one_thread():
        fit(graded, Recipe(method="frozen", epochs=1, pseudo=0.6, near=False))
        fit(graded, Recipe(method="frozen", epochs=1, near=False), bare=answers("lead", graded=False))
    assert rounds == [1, 1]


def test_a_forest_weighs_what_it_learns() -> None:
    """The same answers graded right by guess, twice, and wrong by a teacher, once: as much of each."""
    features = np.ones((30, 2), dtype=np.float32)
    target, weight = np.array([0.0] * 20 + [1.0] * 10), np.array([0.5] * 20 + [1.0] * 10)
    even = grow(features, target, TASK, 0, weight).mean(features[:1])
    plain = grow(features, target, TASK, 0).mean(features[:1])
    assert even[0] == pytest.approx([0.5, 0.5], abs=1e-6)
    assert plain[0] == pytest.approx([2 / 3, 1 / 3], abs=1e-6)


def test_with_no_question_held_back_the_last_epoch_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Any] = []
    monkeypatch.setattr(training, "_keep", lambda *given: said.append(given[-1].best_epoch))
    with one_thread():
        fit(answers("ice"), Recipe(method="frozen", epochs=3, near=False, forest=False))
    assert said == [0, 1, 2]

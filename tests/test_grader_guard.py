"""A guard tells disguised answers from honest ones and judges them in place of the grader."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from graders_fitted import AT, COLOURS, Made, planted
from numpy.typing import NDArray

from student_model.encoder.answers import GradedAnswer, Task, task_of
from student_model.encoder.base import load
from student_model.encoder.book import Book, book_features, ends, open_book
from student_model.encoder.export import save
from student_model.encoder.fit import fit
from student_model.encoder.forest import grow
from student_model.encoder.guard import TWO, Guard, _disguises, grow_guard, guarded, restored
from student_model.encoder.outcomes import outcomes, probabilities
from student_model.encoder.own_words import in_own_words
from student_model.encoder.reader import Reader
from student_model.encoder.recipe import Recipe

LABELS = Task("labels", ("correct", "incorrect"), (1.0, 0.0))
ORDINAL = Task("ordinal", ("0", "1", "2"), (0.0, 0.5, 1.0))
LINE = Task("regression")


@pytest.fixture(scope="module")
def book(small: Path) -> Book:
    """Counted features alone: nothing has to be read."""
    answers = [one for _ in range(3) for one in planted()]
    reader = Reader(small / "no graph", load(str(small)).pairs)
    return open_book(answers, task_of(answers), reader, Recipe(near=False, disguise=0.2))


@pytest.fixture(scope="module")
def guard(book: Book, small: Path) -> Guard:
    return grow_guard(book, LABELS, Reader(small / "no graph", book.pairs))


def read(answers: list[GradedAnswer], small: Path) -> NDArray[np.float32]:
    reader = Reader(small / "no graph", load(str(small)).pairs)
    return book_features([in_own_words(one) for one in answers], reader, Recipe(near=False))


def test_disguised_answers_are_suspected_and_honest_ones_are_not(guard: Guard, book: Book, small: Path) -> None:
    honest = guard.suspicion(book.features)
    made, _ = _disguises(planted(), [0.0] * 48, LABELS, seed=77)
    disguised = guard.suspicion(read(made, small))
    assert np.mean(honest) < 0.1 and np.mean(disguised) > 0.4
    assert honest.min() > 0.0 and disguised.max() < 1.0


def test_words_in_a_heap_are_no_answer_where_the_words_alone_would_be(guard: Guard, book: Book, small: Path) -> None:
    """The forest of honest answers learned that words of the reference are right."""
    heaps = [
        GradedAnswer(
            f"What does box {n} hold?", (f"A {colour} ribbon with {colour} pearls",), f"{colour} / with / ribbon"
        )
        for n, colour in enumerate(COLOURS)
    ]
    features = read(heaps, small)
    plain = grow(book.features, book.targets, LABELS, 0).mean(features)
    suspicion, said = guard.said(LABELS, features)
    after = guarded(LABELS, np.log(np.maximum(plain, 1e-3)), suspicion, said)
    assert probabilities(LABELS, after)[:, 0].mean() < plain[:, 0].mean()


def test_suspicion_follows_the_share_that_is_taken_to_be_disguised(guard: Guard, book: Book) -> None:
    """Odds of one half and the prior's: a detector that has seen as many of both says nothing of how many there are."""
    even = np.clip(guard.tells.mean(book.features)[:, 1], 0.01, 0.99)
    assert Guard(guard.tells, guard.judges, 0.5).suspicion(book.features) == pytest.approx(even)
    odds = even / (1.0 - even) / 9.0
    assert Guard(guard.tells, guard.judges, 0.1).suspicion(book.features) == pytest.approx(odds / (1.0 + odds))


@pytest.mark.parametrize("task", [LABELS, ORDINAL, LINE], ids=lambda one: one.kind)
def test_what_is_said_is_mixed_by_suspicion(task: Task) -> None:
    rng = np.random.default_rng(0)
    found, said = rng.normal(size=(3, task.outputs)), rng.normal(size=(3, task.outputs))
    mixed = guarded(task, found, np.array([0.0, 1.0, 0.25]), said)
    told = [outcomes(task, one) for one in (mixed, found, said)]
    assert told[0].score[:2] == pytest.approx([told[1].score[0], told[2].score[1]], abs=1e-5)
    assert told[0].score[2] == pytest.approx(0.75 * told[1].score[2] + 0.25 * told[2].score[2], abs=1e-5)


def test_disguised_answers_keep_their_worth_or_have_none_and_padding_is_from_elsewhere() -> None:
    answers = planted()
    targets = [LABELS.target(one) for one in answers]
    made, worth = _disguises(answers, targets, LABELS, seed=1)
    assert _disguises(answers, targets, LABELS, seed=1) == (made, worth)
    worst = ends(LABELS)[1]
    for one, own, target, after in zip(made, answers, targets, worth, strict=True):
        assert after == target if own.answer in one.answer else after in {worst, target}
        assert (one.question, one.reference_answers, one.label) == (own.question, own.reference_answers, own.label)
    talk = [(own, one) for own, one in zip(answers, made, strict=True) if one.answer.count(" ribbon with ")]
    strange = [one for own, one in talk if any(f"A {c} ribbon" in one.answer for c in COLOURS if c not in own.question)]
    assert strange and 0.25 < np.mean([w == worst for w in worth]) < 0.9


def test_what_is_kept_of_it_makes_the_same_guard(guard: Guard, book: Book, tmp_path: Path) -> None:
    np.savez(tmp_path / "guard.npz", **guard.arrays())  # type: ignore[arg-type]
    with np.load(tmp_path / "guard.npz", allow_pickle=False) as kept:
        again = restored({name: kept[name] for name in kept.files})
    assert again.prior == guard.prior == 0.2
    for one, other in zip(again.said(LABELS, book.features), guard.said(LABELS, book.features), strict=True):
        assert np.array_equal(one, other)
    assert TWO.labels == ("honest", "disguised")


def test_a_fitted_grader_has_a_guard_unless_it_is_told_to_have_none(made: Made, small: Path, tmp_path: Path) -> None:
    assert (made.folder / "guard-0.npz").is_file() and made.fitted.members[0].guard is not None
    fitted = fit(planted(6), Recipe(base=str(small), method="frozen", epochs=1, disguise=0.0))
    save(fitted, planted(6), tmp_path / "grader", AT, 1.0)
    assert fitted.members[0].guard is None and not list((tmp_path / "grader").glob("guard*"))

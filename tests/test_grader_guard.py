"""A guard tells disguised answers from honest ones and judges them in place of the grader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from graders_fitted import AT, COLOURS, Made, planted
from numpy.typing import NDArray

from student_model.encoder import judged
from student_model.encoder.answers import GradedAnswer, Task, task_of
from student_model.encoder.base import load
from student_model.encoder.book import Book, book_features, ends, open_book
from student_model.encoder.export import save
from student_model.encoder.fit import fit
from student_model.encoder.forest import grow, numbers
from student_model.encoder.guard import TWO, Guard, _disguises, grow_guard, guarded, restored, wary
from student_model.encoder.judged import Heard
from student_model.encoder.outcomes import outcomes, probabilities
from student_model.encoder.own_words import in_own_words
from student_model.encoder.precedents import Trust
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


@pytest.mark.parametrize(
    ("task", "lower"),
    [(LABELS, [0.3, 0.0]), (ORDINAL, [0.3, 0.3]), (LINE, [0.3])],
    ids=lambda one: one.kind if isinstance(one, Task) else "",
)
def test_a_disguised_answer_must_say_more_to_be_right(task: Task, lower: list[float], guard: Guard, book: Book) -> None:
    """Of labels the best is lowered; of levels and scores each, as all are of being above something."""
    best = ends(task)[0]
    target = np.where(book.targets == ends(LABELS)[0], best, ends(task)[1])
    judges = grow(book.features, target, task, 0)
    _, said = Guard(guard.tells, judges, 0.2).said(task, book.features)
    assert numbers(task, judges.mean(book.features)) - said == pytest.approx(np.tile(lower, (len(book), 1)))


def test_precedents_raise_no_answer_that_is_suspected_and_lower_each() -> None:
    up, down, none = [0.4, -0.4], [-0.2, 0.2], [np.nan, np.nan]
    corrections, suspicion = np.array([up, down, none, up]), np.array([0.75, 0.75, 0.75, 0.0])
    found = wary(LABELS, corrections, [suspicion])
    assert found == pytest.approx(np.array([[0.1, -0.1], down, none, up]), nan_ok=True)
    assert wary(LINE, np.array([[0.4], [-0.4]]), [suspicion[:2]]) == pytest.approx(np.array([[0.1], [-0.4]]))
    both = wary(LABELS, np.array([up]), [np.array([1.0]), np.array([0.5])])  # of two members the mean
    assert both == pytest.approx(np.array([[0.1, -0.1]]))
    assert wary(LABELS, corrections, []) is corrections
    # Of three labels it is the best that counts; of levels, whether what is expected rises: .9 × .1 − .1 × .2 of marks.
    three = Task("labels", ("correct", "partly", "incorrect"), (1.0, 0.5, 0.0))
    assert wary(three, np.array([[0.2, -0.5, 0.3]]), [np.ones(1)]).tolist() == [[0.0, 0.0, 0.0]]
    assert wary(three, np.array([[-0.2, 0.5, -0.3]]), [np.ones(1)]).tolist() == [[-0.2, 0.5, -0.3]]
    steep = Task("ordinal", ("0", "1", "2"), (0.0, 0.9, 1.0))
    assert wary(steep, np.array([[0.1, -0.2], [-0.1, 0.2]]), [np.ones(2)]).tolist() == [[0.0, 0.0], [-0.1, 0.2]]


@dataclass
class Alike:
    """Precedents that say the same of any answer."""

    what: list[float]

    def corrections(self, answers: Sequence[GradedAnswer], themselves: bool = False) -> NDArray[np.float64]:
        return np.tile(self.what, (len(answers), 1))


def test_in_service_precedents_speak_for_no_answer_that_is_surely_disguised(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    best = int(np.argmax(made.served.task.worth))
    up = [0.9 if n == best else -0.4 for n in range(made.served.task.outputs)]
    down = [-one for one in up]

    def scored(what: list[float], suspected: float) -> float:
        monkeypatch.setattr(made.served, "_precedents", Alike(what))
        monkeypatch.setattr(Guard, "suspicion", lambda self, features: np.full(len(features), suspected))
        return float(made.served.outcomes(made.answers[:1]).score[0])

    none = [0.0] * len(up)
    monkeypatch.setattr(made.served, "_trust", Trust())
    assert scored(up, 1.0) == pytest.approx(scored(none, 1.0)) and scored(up, 0.0) > scored(none, 0.0)
    assert scored(down, 1.0) < scored(none, 1.0)


def test_while_it_is_judged_too() -> None:
    """As in service, so that trust is set by what precedents will be heard with."""
    heard, numbers_said = Heard(), np.zeros((2, 2))
    book = SimpleNamespace(targets=np.zeros(2), entries=[SimpleNamespace(answer=None)] * 2)
    for guarding in ((np.array([1.0, 0.5]), numbers_said), None):
        heard.add(LABELS, book, judged.Said(numbers_said, None, guarding), Alike([0.4, -0.4]))  # type: ignore[arg-type]
    first, second = (one.tolist() for one in heard.corrections)
    assert first == [[0.0, 0.0], [0.2, -0.2]] and second == [[0.4, -0.4]] * 2


def test_features_that_tell_nothing_leave_the_share_that_is_taken_to_be_disguised(
    book: Book, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three disguised answers of each weigh as much as it does."""
    nothing = np.zeros_like(book.features)
    monkeypatch.setattr("student_model.encoder.guard.book_features", lambda made, *_: nothing[: len(made)])
    grown = grow_guard(replace(book, features=nothing), LABELS, Reader(small / "no graph", book.pairs))
    assert grown.suspicion(nothing[:1]) == pytest.approx(0.2, abs=0.02)


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

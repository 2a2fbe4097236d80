"""Fitting a grader: it learns what is planted, goes on after a break, and cut short keeps what it has come to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import torch
from graders_fitted import planted

from student_model.encoder.answers import GradedAnswer, NoTask, places
from student_model.encoder.book import open_book
from student_model.encoder.export import save
from student_model.encoder.families import held_back
from student_model.encoder.fit import Asked, Fitted, fit
from student_model.encoder.net import GradingNet, batch_of, soup
from student_model.encoder.outcomes import figures, joined, outcomes
from student_model.encoder.recipe import METHODS, Recipe
from student_model.tracing import CheckpointError


@pytest.fixture
def recipe(small: Path) -> Recipe:
    return Recipe(base=str(small), method="full", epochs=3, batch=16, near=False, rate=1e-3, head_rate=20.0)


def right(fitted: Fitted, answers: list[GradedAnswer]) -> float:
    """The share that gets its label."""
    said = outcomes(fitted.task, fitted.found(answers), fitted.told.temperature)
    return float(np.mean(said.place == places(answers, fitted.task)))


def states(fitted: Fitted) -> list[dict[str, torch.Tensor]]:
    return [dict(one.net.state_dict()) for one in fitted.members]


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def stopping(after: int) -> Callable[[str], None]:
    """Ctrl-C as soon as so many epochs are told."""

    def tell(what: str) -> None:
        if f"epoch {after} of" in what:
            raise KeyboardInterrupt

    return tell


def test_what_is_planted_is_learned_and_holds_for_questions_not_seen(recipe: Recipe) -> None:
    answers = planted()
    fitted = fit(answers[:32], recipe)
    assert fitted.task.labels == ("correct", "incorrect") and not fitted.interrupted
    assert fitted.told.held["accuracy"] == fitted.told.held["macro_f1"] == 1.0
    assert right(fitted, answers[32:]) == 1.0
    assert fitted.told.temperature < 1.0  # it may be surer than it was


@pytest.mark.parametrize("scores", ["ordinal", "regression"])
def test_planted_scores_are_learned(recipe: Recipe, scores: str) -> None:
    graded = [replace(one, label=None, score=float(one.label == "correct"), max_score=2.0) for one in planted()]
    fitted = fit(graded[:32], replace(recipe, scores=scores))  # type: ignore[arg-type]
    assert fitted.task.kind == scores and fitted.told.held["pearson"] > 0.9
    said = outcomes(fitted.task, fitted.found(graded[32:]), fitted.told.temperature).score
    assert said == pytest.approx([one.score for one in graded[32:]], abs=0.35)
    assert fitted.told.error < 0.3


@pytest.mark.parametrize("method", [one for one in METHODS if one != "full"])
def test_every_method_trains_and_serves_what_it_says(recipe: Recipe, method: str, tmp_path: Path) -> None:
    answers = planted(6)
    fitted = fit(answers, replace(recipe, method=method, epochs=1, rank=2, forest=False, kinds=True))
    assert [one.net.kinds for one in fitted.members] == [method != "prefix"]  # which takes none
    assert right(fitted, answers) > 0.9
    head = (3 * 24 + 1) * 2
    assert fitted.trainable == head if method == "frozen" else fitted.trainable > head
    net, book = fitted.members[0].net, open_book(answers, fitted.task, fitted.reader, fitted.recipe)
    batch = batch_of(net, book, np.arange(len(answers)))
    before = GradingNet(fitted.base.model, 24, fitted.task, kinds=net.kinds).eval().states(batch)
    assert torch.allclose(net.eval().states(batch), before, atol=1e-6) == (method == "frozen"), "the layers learn"
    assert float(net.head.meaning.weight.detach().abs().max()) > 1e-3, "the head learns"
    assert save(fitted, answers, tmp_path / "grader", datetime.now(UTC), 1.0).manifest["agreement"] > 0.9


def test_the_same_dice_give_the_same_grader_and_others_another(recipe: Recipe) -> None:
    answers, quick = planted(6), replace(recipe, epochs=1, reword=0.5, disguise=0.3, borrow=0.3)
    one, again, other = fit(answers, quick), fit(answers, quick), fit(answers, replace(quick, seed=1))
    assert same(*states(one), *states(again)) and not same(*states(one), *states(other))
    assert one.told == again.told


@pytest.mark.parametrize(("method", "stop"), [("full", 2), ("lora", 2), ("prefix", 2), ("adalora", 2), ("adalora", 3)])
def test_what_was_broken_off_goes_on_as_if_there_had_been_no_break(
    recipe: Recipe, method: str, stop: int, tmp_path: Path
) -> None:
    """AdaLoRA chooses its ranks in the first half of the steps, and goes by the choice in the second."""
    answers, recipe = planted(6), replace(recipe, method=method, rank=2, forest=method == "full")
    straight = fit(answers, recipe)
    cut = fit(answers, recipe, Asked(stopping(stop), checkpoint=tmp_path))
    assert cut.interrupted
    told: list[str] = []
    again = fit(answers, recipe, Asked(told.append, checkpoint=tmp_path))
    assert any(f"going on after epoch {stop - 1}" in line for line in told)
    assert same(*states(again), *states(straight)) and again.told.held == straight.told.held and not again.interrupted


def test_interrupted_what_it_has_come_to_is_a_whole_grader(recipe: Recipe) -> None:
    answers = planted()
    fitted = fit(answers[:32], replace(recipe, members=3, epochs=9), Asked(stopping(1)))
    assert fitted.interrupted and len(fitted.members) == 1
    assert right(fitted, answers[32:]) == 1.0 and fitted.told.held["accuracy"] == 1.0


@pytest.mark.parametrize("patience", [0, 9])
def test_training_keeps_its_last_epoch_and_with_patience_its_best(
    recipe: Recipe, patience: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told that the first epoch is the best on questions held back, the second training has one too."""
    grades = iter([0.9, 0.5, 0.4])
    monkeypatch.setattr(
        "student_model.encoder.fit.figures", lambda *given: figures(*given) | {"macro_f1": next(grades)}
    )
    told: list[str] = []
    fit(planted(6), replace(recipe, patience=patience, forest=False), Asked(told.append))
    first = [line for line in told if line.startswith("grader: epoch")]
    again = [line for line in told if line.startswith("grader, on all answers: epoch")]
    assert len(first) == 3 and all("1 - macro F1" in line for line in first)
    assert len(again) == (1 if patience else 3)


def test_a_checkpoint_is_not_gone_on_with_for_other_answers(recipe: Recipe, tmp_path: Path) -> None:
    answers, quick = planted(6), replace(recipe, epochs=1)
    fit(answers, quick, Asked(checkpoint=tmp_path))
    other = [replace(one, answer=f"{one.answer} or so") for one in answers]
    with pytest.raises(CheckpointError, match="keeps another training"):
        fit(other, quick, Asked(checkpoint=tmp_path))


def test_several_members_are_kept_in_one_folder_and_gone_on_with(recipe: Recipe, tmp_path: Path) -> None:
    answers, two = planted(6), replace(recipe, epochs=1, members=2)
    first = fit(answers, two, Asked(checkpoint=tmp_path))
    told: list[str] = []
    again = fit(answers, two, Asked(told.append, checkpoint=tmp_path))
    assert sum("going on after epoch 1" in line for line in told) == 4  # each once more on all answers
    assert all(same(one, other) for one, other in zip(states(first), states(again), strict=True))


def test_members_are_joined_by_what_they_say(recipe: Recipe) -> None:
    answers = planted(6)
    apart = fit(answers, replace(recipe, epochs=1, members=2))
    assert len(apart.members) == 2 and not same(*states(apart))
    book = open_book(answers, apart.task, apart.reader, apart.recipe)
    each = [one.said(book).joined(apart.task, apart.told.share) for one in apart.members]
    assert apart.found(answers) == pytest.approx(joined(apart.task, each), abs=1e-5)


def test_or_by_their_weights_and_then_it_is_the_average_that_is_judged(recipe: Recipe) -> None:
    answers, two = planted(6), replace(recipe, epochs=1, members=2)
    nets = [one.net for one in fit(answers, two).members]
    for name, value in soup(nets).state_dict().items():
        if value.dtype.is_floating_point:
            mean = torch.stack([one.state_dict()[name] for one in nets]).mean(0)
            assert torch.allclose(value, mean, atol=1e-6), name
    whole = fit(answers, replace(two, join="weights", refit=False))
    assert len(whole.members) == 1
    held = held_back(answers, two.held, two.seed).held
    said = outcomes(whole.task, whole.found(held), whole.told.temperature)
    assert figures(whole.task, said, places(held, whole.task).astype(float)) == pytest.approx(
        dict(whole.told.held),
        abs=2e-3,  # answers as sure as each other may change bins
    )


def test_judged_a_grader_is_fitted_once_more_to_what_was_held_back(recipe: Recipe) -> None:
    """For as many epochs, on the same schedule; the figures are those of the network before."""
    answers, told = planted(12), list[str]()
    once = fit(answers, replace(recipe, refit=False))
    whole = fit(answers, recipe, Asked(told.append))
    assert whole.told == once.told and not same(*states(whole), *states(once))
    epochs = [line for line in told if line.startswith("grader: epoch")]
    again = [line for line in told if line.startswith("grader, on all answers: epoch")]
    assert len(again) == len(epochs) == 3 and "of 3," in again[-1]


def test_broken_off_while_fitted_once_more_it_is_the_grader_that_was_judged(recipe: Recipe) -> None:
    answers, told = planted(12), list[str]()

    def tell(what: str) -> None:
        told.append(what)
        if what.startswith("grader, on all answers: epoch 1"):
            raise KeyboardInterrupt

    once, cut = fit(answers, replace(recipe, refit=False)), fit(answers, recipe, Asked(tell))
    assert cut.interrupted and same(*states(cut), *states(once)) and cut.told == once.told


def test_books_are_one_with_each_answer_once(recipe: Recipe) -> None:
    fitted, answers = fit(planted(6), replace(recipe, epochs=1)), planted(6)
    given = replace(recipe, reword=1.0)
    first = open_book(answers[:8], fitted.task, fitted.reader, given, variants=True)
    both = first.beside([open_book(answers[8:], fitted.task, fitted.reader, given)])
    assert len(both) == len(both.rows) == len(both.features) == len(first) + len(answers) - 8
    assert [both.entries[n].answer for n in both.plain] == [
        one.answer for one in open_book(answers, fitted.task, fitted.reader, given).entries
    ]
    drawn = [both.entries[n].origin for n in both.drawn(np.random.default_rng(0))]
    assert sorted(drawn) == list(range(len(answers)))


def test_too_few_questions_to_hold_any_back_are_all_learned_from(recipe: Recipe) -> None:
    fitted = fit(planted(3), replace(recipe, epochs=1))
    assert fitted.told.held == {} and (fitted.told.temperature, fitted.told.error) == (1.0, 0.25)
    assert right(fitted, planted(3)) == 1.0
    assert fit(planted(6), replace(recipe, epochs=1, held=0.0)).told.held == {}


def test_answers_that_set_no_task_are_refused_before_anything_is_loaded() -> None:
    with pytest.raises(NoTask, match="at least two labels"):
        fit([one for one in planted(6) if one.label == "correct"], Recipe(base="no/such encoder"))


def test_answers_to_known_questions_are_held_back_too_where_there_are_enough(
    recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quarter of those to learn from judges; precedents and the last forest know them all the same."""
    answers, one = planted(12), replace(recipe, epochs=1)
    shown: list[int] = []
    monkeypatch.setattr("student_model.encoder.fit.KNOWN", 4)
    monkeypatch.setattr("student_model.encoder.fit.LEAST_KNOWN", 5)
    monkeypatch.setattr("student_model.encoder.fit.grow_guard", lambda book, *_: shown.append(len(book)))
    fitted = fit(answers, one)
    learned = len(answers) - len(held_back(answers, one.held, one.seed).held)
    assert shown == [learned - learned // 4]
    assert fitted.precedents is not None and len(fitted.precedents.off) == len(answers)
    hits = fitted.told.held_known["accuracy"] * (learned // 4)
    assert hits == pytest.approx(round(hits))
    assert fit(answers, replace(one, precedents=False)).told.held_known == {} and shown.pop() == learned
    assert fit(answers, replace(one, held=0.0)).told.held_known == {} and shown.pop() == len(answers)

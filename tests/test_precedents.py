"""What people said of other answers to the same question corrects a grader, and of other questions nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from graders_fitted import Made
from hypothesis import given
from hypothesis import strategies as st

from student_model.encoder.answers import GradedAnswer, Task, places
from student_model.encoder.grader import Served
from student_model.encoder.outcomes import Floats, best_temperature, log_loss
from student_model.encoder.precedents import (
    DOUBT,
    MOST,
    PARTS,
    Precedents,
    Trust,
    collect,
    corrected,
    trusted,
)

LABELS = Task("labels", ("correct", "incorrect"), (1.0, 0.0))
ORDINAL = Task("ordinal", ("0", "1", "2"), (0.0, 0.5, 1.0))
LINE = Task("regression")
said = st.text("abc de", max_size=12)


def answer(text: str, label: str = "correct", question: str = "Where is it?") -> GradedAnswer:
    return GradedAnswer(question, ("In the pan.", "Left over."), text, label, 1.0 if label == "correct" else 0.0)


def known(*answers: GradedAnswer, task: Task = LABELS) -> Precedents:
    """Without features, each is off from the mean of all questions that are judged apart from its own."""
    return collect(answers, np.zeros((len(answers), 0), dtype=np.float32), task, seed=0)[0]


def test_the_same_answer_is_corrected_by_what_the_grader_was_off_with_it() -> None:
    """One question: the trees would have been asked without it, so that what they say is the mean, here one half."""
    found = known(answer("the salt"), answer("gone away", "incorrect"))
    assert found.off.tolist() == [[0.5, -0.5], [-0.5, 0.5]]
    far = np.exp(-10.0)  # nothing is shared
    wanted = 0.5 * (1.0 - far) / (1.0 + far + DOUBT)
    assert found.correction(answer("the salt")) == pytest.approx([wanted, -wanted], abs=1e-5)
    assert found.correction(answer("gone away")) == pytest.approx([-wanted, wanted], abs=1e-5)


def test_an_answer_that_is_like_none_of_them_is_hardly_corrected() -> None:
    found = known(answer("the salt"), answer("gone away", "incorrect"), answer("gone for good", "incorrect"))
    assert found.correction(answer("zzz")) == pytest.approx([0.0, 0.0], abs=0.02)
    near = found.correction(answer("gone now"))
    assert near is not None and near[1] > 0.1 and near[0] < -0.1


def test_likeness_forgives_misspelling_and_case_and_is_worked_out_from_rarity() -> None:
    found = known(answer("ab"), answer("ab cd"))
    # " ab", "ab ", " ab " occur in both answers (rarity 1), those of "cd" in one (1 + ln 3/2).
    rare = 1.0 + np.log(3 / 2)
    wanted = 1.0 / np.sqrt(1.0 + rare**2)
    assert found._likeness("AB", 0, 2) == pytest.approx([1.0, wanted])
    assert found._likeness("", 0, 2) == pytest.approx([0.0, 0.0])
    spelt = known(answer("it evaporates"), answer("it freezes"))._likeness("it evaporats", 0, 2)
    assert spelt[0] > 0.6 and spelt[1] < 0.4


@given(said, st.lists(said, min_size=1, max_size=4))
def test_likeness_is_between_none_and_all_and_corrections_are_bounded(text: str, others: list[str]) -> None:
    found = known(*(answer(one, "correct" if n % 2 else "incorrect") for n, one in enumerate(others)))
    near = found._likeness(text, 0, len(others))
    assert ((near >= 0.0) & (near <= 1.0)).all()
    if text in others and text.split():
        assert near[others.index(text)] == pytest.approx(1.0, abs=1e-5)
    correction = found.correction(answer(text))
    assert correction is not None and (np.abs(correction) <= 1.0).all()


def test_another_question_passage_or_reference_has_no_precedents_case_and_spaces_change_nothing() -> None:
    found = known(answer("the salt"), answer("gone", "incorrect"))
    one = answer("the salt")
    for other in (
        replace(one, question="Why?"),
        replace(one, passage="A text."),
        replace(one, reference_answers=("In the pan.",)),
    ):
        assert found.correction(other) is None
    alike = replace(one, question="where  IS it? ", reference_answers=("Left over.", "In the pan."), question_id="x")
    assert found.correction(alike) == pytest.approx(found.correction(one))
    both = found.corrections([one, replace(one, question="Why?")])
    assert np.isfinite(both[0]).all() and np.isnan(both[1]).all()


def test_an_answer_does_not_correct_itself_but_one_like_it_does() -> None:
    twice = known(answer("the salt"), answer("the salt"), answer("gone", "incorrect"))
    once = known(answer("the salt"), answer("gone", "incorrect"))
    assert once.corrections([answer("the salt")], themselves=True)[0] == pytest.approx([0.0, 0.0], abs=0.04)
    assert twice.corrections([answer("the salt")], themselves=True)[0][0] > 0.3
    fresh = once.correction(answer("the salty"), itself=True)  # it is none of them, so nothing is left out
    assert fresh is not None and fresh == pytest.approx(once.correction(answer("the salty")))


def test_among_many_an_answer_is_known_as_itself_and_grades_by_lot_earn_no_trust() -> None:
    rng = np.random.default_rng(0)
    text = [" ".join("".join(rng.choice([*"abcdefgh"], 4)) for _ in range(12)) for _ in range(MOST)]
    lots = rng.integers(2, size=MOST)
    answers = [answer(one, "correct" if lot else "incorrect") for one, lot in zip(text, lots, strict=True)]
    found, trust = collect(answers, np.zeros((MOST, 0), dtype=np.float32), LABELS, seed=0)
    assert all(found._likeness(one, 0, MOST).max() == pytest.approx(1.0, abs=1e-5) for one in text)
    right = np.array([one.label == "correct" for one in answers], dtype=np.float64)
    assert np.corrcoef(found.corrections(answers, themselves=True)[:, 0], right)[0, 1] < 0.05
    assert trust.pull < 2.0 < Trust().pull


def test_of_many_precedents_only_so_many_are_kept() -> None:
    found = known(*(answer(f"it is {n}", "correct" if n % 3 else "incorrect") for n in range(MOST + 50)))
    assert found.first.tolist() == [0, MOST] and len(found.off) == MOST == len(found.start) - 1
    assert 0.25 < float((found.off[:, 1] > 0).mean()) < 0.42  # drawn from all


@pytest.mark.parametrize("task", [LABELS, ORDINAL, LINE], ids=lambda one: one.kind)
def test_what_the_trees_would_have_said_is_asked_without_the_question(task: Task) -> None:
    """A feature tells the grade in all questions but one, where it tells the contrary: only there are trees off."""
    rng, answers, features = np.random.default_rng(0), [], []
    for question in range(4 * PARTS):
        for n in range(8):
            right = bool(n % 2)
            answers.append(answer(f"{n}", "correct" if right else "incorrect", question=f"Question {question}?"))
            features.append([right if question else not right, rng.normal()])
    found, _ = collect(answers, np.array(features, dtype=np.float32), task, seed=0)
    name = collect(answers[:8], np.zeros((8, 0), dtype=np.float32), task, 0)[0].asked[0]
    place = int(np.searchsorted(found.asked, name))
    odd = np.zeros(len(found.off), dtype=bool)
    odd[found.first[place] : found.first[place + 1]] = True
    assert np.abs(found.off[odd]).mean() > 0.8 and np.abs(found.off[~odd]).mean() < 0.15


def test_corrected_numbers_mean_the_same_after_the_temperature_as_all_others() -> None:
    found, trust = np.array([[2.0, 0.0], [2.0, 0.0]]), Trust(pull=3.0, heat=0.5)
    corrections = np.array([[0.5, -0.5], [np.nan, np.nan]])
    both = corrected(found, corrections, trust, temperature=4.0) / 4.0
    assert both.tolist() == [[1.0 + 1.5, -1.5], [0.5, 0.0]]


def test_precedents_are_trusted_as_far_as_they_tell_something() -> None:
    rng, many = np.random.default_rng(1), 400
    target = rng.integers(0, 2, many).astype(np.float64)
    found = rng.normal(size=(many, 2))
    told = 0.5 * (1.0 - 2.0 * target[:, None]) * np.array([1.0, -1.0]) + rng.normal(scale=0.2, size=(many, 2))
    idle = rng.normal(scale=0.5, size=(many, 2))
    heat = best_temperature(LABELS, found, target)
    believed, doubted = (trusted(LABELS, found, one, target, heat) for one in (told, idle))
    assert believed.pull > 2.5 and doubted.pull < 0.5
    for corrections, trust in ((told, believed), (idle, doubted)):
        best = log_loss(LABELS, corrected(found, corrections, trust, heat), target, heat)
        assert best < log_loss(LABELS, corrected(found, corrections, Trust(), heat), target, heat)
    silent, usual = np.full((many, 2), np.nan), Trust(1.0, 2.0)
    assert trusted(LABELS, found, silent, target, heat) == Trust()
    assert trusted(LABELS, found, silent, target, heat, usual) == usual


def test_few_answers_leave_the_trust_near_what_is_usual() -> None:
    target = np.array([0.0, 1.0, 0.0])
    found, idle = np.zeros((3, 2)), np.array([[-0.5, 0.5], [0.5, -0.5], [0.5, -0.5]])
    for usual in (Trust(2.0, 0.7), Trust(0.5, 1.5)):
        trust = trusted(LABELS, found, idle, target, 1.0, usual)
        assert 0.3 * usual.pull < trust.pull < usual.pull and trust.heat == pytest.approx(usual.heat, rel=0.01)


def test_a_grader_that_is_opened_judges_by_precedents_and_keeps_no_text_of_them(made: Made) -> None:
    target, rows = places(made.answers, made.fitted.task).astype(int), np.arange(len(made.answers))
    bare = made.served.outcomes(made.answers, precedents=False).probability[rows, target]
    helped = made.served.outcomes(made.answers).probability[rows, target]
    assert helped.mean() > bare.mean() + 0.01
    assert made.served.manifest["held_known"].keys() == made.served.manifest["held"].keys()
    kept = (made.folder / "precedents.npz").read_bytes()
    assert len(kept) < 200_000
    with np.load(made.folder / "precedents.npz", allow_pickle=False) as arrays:
        assert all(arrays[name].dtype.kind in "iuf" for name in arrays.files)
        again = Precedents(**{name: arrays[name] for name in arrays.files})
    own = made.fitted.precedents
    assert own is not None
    assert again.corrections(made.answers[:9]) == pytest.approx(own.corrections(made.answers[:9]))
    strange = replace(made.answers[0], question="A question that nobody asked before?")
    one, other = made.served.outcomes([strange]), made.served.outcomes([strange], precedents=False)
    assert one.probability == pytest.approx(other.probability)


def test_the_network_has_its_share_of_known_questions_at_those_alone(made: Made) -> None:
    """With no say where there are precedents, its weights matter to new questions and to nothing else."""
    known, new = made.answers[0], replace(made.answers[0], question="A question that nobody asked before?")

    def grades(share: float) -> list[Floats]:
        manifest = {**made.served.manifest, "share": share, "known_share": 0.0}
        served = Served(made.folder, manifest)
        return [served.outcomes([one]).probability for one in (known, new)]

    (one, first), (other, second) = grades(0.0), grades(1.0)
    assert one == pytest.approx(other) and np.abs(first - second).max() > 0.01

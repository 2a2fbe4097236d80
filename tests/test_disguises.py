"""Answers that try to look better than they are: made for training, reduced to their own words, told by their form."""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from graders_fitted import planted
from hypothesis import given
from hypothesis import strategies as st

from student_model.encoder.answers import GradedAnswer, task_of
from student_model.encoder.base import load
from student_model.encoder.book import open_book
from student_model.encoder.disguise import COMMANDS, PADDING, disguised
from student_model.encoder.fluency import NAMES, fluency
from student_model.encoder.graphs import Vectors, write_graph
from student_model.encoder.own_words import own_words
from student_model.encoder.reader import Reader
from student_model.encoder.recipe import Recipe
from student_model.judging.wording import words

ASKED, REFERENCE, SAID = (
    "Where does the salt go?",
    "Because water evaporates, salt stays inside heated pans",
    "up in smoke",
)
ELSEWHERE = ("The moon turns around the earth.", "Because magnets attract iron.")
dice = st.integers(0, 2**32 - 1)
texts = st.text("ab cd. ?\n", max_size=40)


def telling(text: str) -> list[str]:
    return [word for word in re.findall(r"\w+", text) if len(word) > 3]


@given(dice)
def test_a_disguise_adds_to_an_answer_and_gives_no_reference_away(seed: int) -> None:
    found = disguised(ASKED, [REFERENCE], SAID, np.random.default_rng(seed), False, ELSEWHERE)
    assert SAID in found and len(found) > len(SAID)
    assert found == disguised(ASKED, [REFERENCE], SAID, np.random.default_rng(seed), False, ELSEWHERE)
    known = set(telling(REFERENCE)) & set(telling(found.replace(SAID, "")))
    assert len(known) <= 0.6 * len(telling(REFERENCE)) + 1
    assert REFERENCE not in found


@given(dice)
def test_what_is_worth_nothing_has_nothing_of_the_answer(seed: int) -> None:
    found = disguised(ASKED, [REFERENCE], SAID, np.random.default_rng(seed), True, ELSEWHERE)
    assert SAID not in found and REFERENCE not in found
    allowed = set(re.findall(r"\w+", " ".join((ASKED, REFERENCE, *ELSEWHERE, *COMMANDS, *PADDING))))
    nonsense = re.fullmatch(r"-?\d*|[a-z ]{1,19}", found)
    assert nonsense or set(re.findall(r"\w+", found)) <= allowed
    bare = disguised(ASKED, [], SAID, np.random.default_rng(seed), True)
    assert SAID not in bare


def test_every_kind_of_disguise_comes_up() -> None:
    some = [disguised(ASKED, [REFERENCE], SAID, np.random.default_rng(n), n % 2 == 0, ELSEWHERE) for n in range(300)]
    assert any(one in COMMANDS for one in some) and "" in some
    assert any(ELSEWHERE[0] in one and SAID in one for one in some)
    assert any(sorted(words(one)) == sorted(words(ASKED)) for one in some)
    assert any(re.search(r"\(\w+([,;/ \n]+\w+)+\)", one) for one in some)  # words of the reference, in brackets
    first = Counter(one.startswith(SAID) for one in some if SAID in one)
    assert 0.5 < first[True] / first.total() < 0.85


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        ("Where does the salt go? It stays.", "It stays."),
        ("where does the salt go it stays", "it stays"),
        ("It stays. Where does the salt go?", "It stays."),
        ("I know “Where does the salt go?” It stays.", "I know “ ” It stays."),
        ("Where does the salt go, it stays. Where does the salt go?", "it stays."),
        ("It stays\nWhere does the salt go\nIt stays", "It stays"),
        ("x\nWhere does\nx\nthe salt go up", "x up"),
        ("Where does where does the salt go the salt go? It stays.", "It stays."),
        ("It stays. It stays. it stays!", "It stays."),
        ("It stays\nit stays", "It stays"),
        ("it stays there it stays there It stays there", "it stays there"),
        ("salt salt salt", "salt"),
        ("up, up", "up, up"),
        ("It is in the pan. In the pan it stays.", "It is in the pan. In the pan it stays."),
        ("Where does the salt go.", ""),
        ("go salt the does Where", ""),
        ("It stays at 1.5 V. 0.0 is left.", "It stays at 1.5 V. 0.0 is left."),
        ("the salt", "the salt"),
        ("", ""),
        ("👍", "👍"),
    ],
)
def test_what_is_left_are_an_answers_own_words(answer: str, left: str) -> None:
    assert own_words(ASKED, answer) == left


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Which material conducts?\nCopper\nWood\nPlastic", "Copper"),
        ("Which is it? A. Heat. B. Light. C. Sound.", "Light."),
        ("Sam says yes. Tom says no. Who is right?", "Tom says no"),
        ("Is it the sun? The moon?", "the moon"),
        ("In the experiment, did the salt dissolve?", "the salt did dissolve in the experiment"),
    ],
)
def test_a_choice_that_the_question_offers_is_an_answer(question: str, answer: str) -> None:
    assert own_words(question, answer) == answer


def test_what_the_question_told_is_left_out_beside_what_is_the_answers_own() -> None:
    question = "The water was heated. Where does the salt go?"
    assert own_words(question, "The water was heated. It stays.") == "It stays."
    assert own_words(question, "Where does the salt go? The water was heated.") == "The water was heated."
    assert own_words(question, "The water was heated. Where does the salt go?") == ""


def test_questions_within_questions_take_no_longer() -> None:
    nested = "What is " * 1_000 + "it now " * 1_000 + "it stays"
    begin = time.perf_counter()
    assert own_words("What is it now?", nested) == "it stays"
    assert time.perf_counter() - begin < 1.0  # a second pass for each level took four


@given(texts, texts)
def test_own_words_are_words_of_the_answer_and_stay_what_they_are(question: str, answer: str) -> None:
    found = own_words(question, answer)
    assert not Counter(words(found)) - Counter(words(answer))
    assert len(found) <= len(answer) and own_words(question, found) == found


def test_a_list_of_words_is_told_from_a_sentence() -> None:
    def formed(answer: str) -> dict[str, float]:
        return dict(zip(NAMES, fluency([REFERENCE], answer).tolist(), strict=True))

    whole, listed = formed("water evaporates and the salt stays"), formed("salt, pans, stays, water, heated")
    assert whole["share of small words"] == pytest.approx(2 / 6) and listed["share of small words"] == 0.0
    assert listed["longest run without one, as a share"] == 1.0
    assert whole["longest run without one"] == pytest.approx(0.2)
    assert whole["found words beside their neighbours"] == 1.0 and listed["found words beside their neighbours"] == 0.0
    assert whole["found words beside a small one"] == 0.5 and listed["found words beside a small one"] == 0.0
    assert listed["signs that part"] == pytest.approx(4 / 5)
    assert fluency([], "").tolist() == [0.0] * len(NAMES) and fluency([REFERENCE], "?").tolist() == [0.0] * len(NAMES)


def test_the_form_is_that_beside_the_reference_it_fits_best() -> None:
    both = fluency(["nothing like it", REFERENCE], "salt stays")
    assert both.tolist() == fluency([REFERENCE], "salt stays").tolist() and both[3] == 1.0


def test_graded_answers_to_train_on_are_reduced_to_their_own_words(small: Path, tmp_path: Path) -> None:
    base = load(str(small))
    reader = Reader(write_graph(Vectors(base.model), base, tmp_path / "base.onnx"), base.pairs)
    copied = [replace(one, answer=f"{one.question} {one.answer}") for one in planted(3)]
    plain, given_back = (open_book(some, task_of(copied), reader, Recipe(near=False)) for some in (planted(3), copied))
    assert np.array_equal(plain.features, given_back.features)
    assert [one.tokens for one in plain.rows] == [one.tokens for one in given_back.rows]
    assert isinstance(plain.entries[0].answer, GradedAnswer)

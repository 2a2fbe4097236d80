"""Answers said otherwise keep their meaning, and an epoch sees each answer once, as it is or as a variant."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worded import pairs

from student_model.encoder.answers import GradedAnswer, Task
from student_model.encoder.augment import SAME, misspelt, reworded
from student_model.encoder.base import load
from student_model.encoder.book import BORROWED, OWN, REWORDED, Book, Entry, open_book
from student_model.encoder.pairs import Row
from student_model.encoder.reader import Reader
from student_model.encoder.recipe import Recipe

DENIALS = re.compile(r"\b(?:no|not|never|none|nothing|neither|nor|without|cannot)\b|n't\b", re.IGNORECASE)
COMPARED = re.compile(r"\b(?:more|less)\b", re.IGNORECASE)

SAID = (
    "is not", "isn't", "cannot", "can't", "do not", "never", "without", "nothing", "more", "less", "no", "the", "a",
    "water", "evaporates", "bigger", "because", "goes up", "12", "3.5", "100%", "each", "a lot of", "so", "magnets",
)  # fmt: skip
sentences = st.lists(st.sampled_from(SAID), min_size=1, max_size=12).map(" ".join)
dice = st.integers(0, 2**32 - 1)


@given(sentences, dice, st.floats(0.0, 1.5))
def test_reworded_denies_compares_and_counts_as_before(said: str, seed: int, strength: float) -> None:
    found = reworded(said, np.random.default_rng(seed), strength)
    assert re.findall(r"\d+(?:\.\d+)?%?", found) == re.findall(r"\d+(?:\.\d+)?%?", said)
    assert len(DENIALS.findall(found)) == len(DENIALS.findall(said))
    assert len(COMPARED.findall(found)) == len(COMPARED.findall(said))
    assert found == reworded(said, np.random.default_rng(seed), strength)


@given(st.text(max_size=60), dice)
def test_without_strength_an_answer_stays_as_it_is(said: str, seed: int) -> None:
    assert reworded(said, np.random.default_rng(seed), 0.0) == said


def test_rewording_changes_most_answers_and_an_answer_of_small_words_is_not_emptied() -> None:
    said = "The water goes up because the heat makes it evaporate, and the salt does not"
    found = {reworded(said, np.random.default_rng(seed), 1.0) for seed in range(50)}
    assert len(found) > 40
    assert {reworded("it is", np.random.default_rng(seed), 1.5).strip() for seed in range(50)} - {""} != set()
    assert all(reworded("the", np.random.default_rng(seed), 1.5) for seed in range(200))


def test_a_choice_named_by_its_letter_is_not_dropped_as_a_small_word() -> None:
    found = [reworded("A sinks since A has more mass", np.random.default_rng(seed), 1.2) for seed in range(300)]
    assert all(len(re.findall(r"\ba\b", one, re.IGNORECASE)) == 2 for one in found)


@given(st.from_regex(r"[a-z]{5,12}", fullmatch=True), dice)
def test_a_misspelt_word_keeps_its_first_letter_and_nearly_its_length(word: str, seed: int) -> None:
    found = misspelt(word, np.random.default_rng(seed))
    assert found[0] == word[0] and abs(len(found) - len(word)) <= 1
    assert sum(((Counter(found) - Counter(word)) + (Counter(word) - Counter(found))).values()) <= 1


def test_no_word_stands_in_two_groups_of_the_same_meaning() -> None:
    assert [word for word, count in Counter(word for group in SAME for word in group).items() if count > 1] == []


def entry(origin: int, kind: int = OWN) -> Entry:
    return Entry(GradedAnswer("q", (), f"{origin}"), 0.0, origin, kind)


def book(entries: list[Entry], **chosen: float) -> Book:
    """Rows of all lengths; the network would take batches of four."""
    rows = [Row([2, *[9] * (one % 7), 3], [0] * (one % 7 + 2)) for one in range(len(entries))]
    recipe = replace(Recipe(batch=4), **chosen)  # type: ignore[arg-type]
    return Book(entries, rows, np.zeros((len(entries), 0), dtype=np.float32), recipe, pairs())


ALL = [entry(n, kind) for kind in (OWN, REWORDED, REWORDED, BORROWED) for n in range(50)]


@pytest.mark.parametrize("chosen", [{}, {"reword": 0.5}, {"reword": 1.0, "borrow": 0.5}])
def test_an_epoch_has_each_answer_once_as_it_is_or_as_a_variant(chosen: dict[str, float]) -> None:
    drawn = book(ALL, **chosen).drawn(np.random.default_rng(4))
    own = [ALL[n].origin for n in drawn]
    assert sorted(own) == list(range(50))
    kinds = Counter(ALL[n].kind for n in drawn)
    if not chosen:
        assert kinds == {OWN: 50}
    if "reword" in chosen:
        assert kinds[REWORDED] > 10
    assert 10 < kinds[BORROWED] < 40 if "borrow" in chosen else not kinds[BORROWED]


def test_as_many_answers_are_said_otherwise_as_were_asked_for_and_all_variants_come_up() -> None:
    one = book(ALL, reword=0.4)
    drawn = np.concatenate([one.drawn(np.random.default_rng(n)) for n in range(40)])
    times = np.bincount(drawn, minlength=len(ALL)).reshape(4, 50).sum(axis=1)
    assert times[1:3] == pytest.approx([400, 400], abs=60) and times[1:3].sum() == pytest.approx(800, abs=70)


def test_variants_that_are_always_wanted_are_always_taken() -> None:
    drawn = book(ALL, reword=1.0).drawn(np.random.default_rng(0))
    assert Counter(ALL[n].kind for n in drawn) == {REWORDED: 50}


def test_batches_are_the_epoch_and_in_each_the_rows_are_about_as_long() -> None:
    one = book(ALL, reword=0.5)
    found = list(one.batches(np.random.default_rng(5)))
    assert sorted(np.concatenate(found)) == sorted(one.drawn(np.random.default_rng(5)))
    assert max(len(batch) for batch in found) == 4
    spread = [np.ptp([len(one.rows[n].tokens) for n in batch]) for batch in found]
    assert float(np.mean(spread)) < 1.0
    assert abs(one.steps - len(found)) <= 2
    assert [batch.tolist() for batch in one.batches(np.random.default_rng(5))] == [batch.tolist() for batch in found]
    assert [b.tolist() for b in one.batches(np.random.default_rng(6))] != [batch.tolist() for batch in found]


def test_what_is_fitted_to_features_alone_learns_from_answers_as_they_are() -> None:
    assert [ALL[n].kind for n in book(ALL).plain] == [OWN] * 50


LABELS = Task("labels", ("correct", "contradictory", "irrelevant"), (1.0, 0.0, 0.0))
ANSWERS = [
    GradedAnswer("Where is the salt?", ("In the pan",), said, label)
    for said, label in (
        ("in the pan because water goes up", "correct"),
        ("still in that pan", "correct"),
        ("gone with the water", "contradictory"),
        ("salt is white", "irrelevant"),
    )
]


def unread(base: Path) -> Reader:
    """A reader that makes rows of tokens; it reads nothing where no nearness is wanted."""
    return Reader(base / "no graph", load(str(base)).pairs)


def test_variants_are_made_with_the_grades_that_they_are_worth(small: Path) -> None:
    """A right answer of another pupil may stand as the reference."""
    recipe = Recipe(base=str(small), reword=1.0, borrow=1.0, near=False)
    made = open_book(ANSWERS * 6, LABELS, unread(small), recipe, variants=True)
    by_kind = {kind: [one for one in made.entries if one.kind == kind] for kind in range(3)}
    assert [len(by_kind[kind]) for kind in (OWN, REWORDED, BORROWED)] == [24, 48, 24]
    for one in made.entries:
        origin = (ANSWERS * 6)[one.origin]
        assert one.target == LABELS.target(origin)
        if one.kind == BORROWED:
            right = {"in the pan because water goes up", "still in that pan"} - {origin.answer}
            assert set(one.answer.reference_answers) <= right
    assert made.features.shape == (len(made), 23)


def test_a_book_without_features_or_variants_is_the_answers_in_order(small: Path) -> None:
    bare = open_book(ANSWERS, LABELS, unread(small), Recipe(near=False, counted=False))
    assert bare.features.shape == (4, 0)
    assert [one.answer for one in bare.entries] == ANSWERS and bare.targets.tolist() == [0.0, 0.0, 1.0, 2.0]
    together = bare.together(np.array([3, 0]))
    assert together.tokens[0].tolist()[: len(bare.rows[3].tokens)] == bare.rows[3].tokens

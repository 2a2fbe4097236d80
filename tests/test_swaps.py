"""Telling words that stand for others: the same ones in all parts of a row, and never what denies, joins or counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worded import NUMBERS, numbers, pairs

from student_model.encoder.answers import GradedAnswer, Task
from student_model.encoder.base import load
from student_model.encoder.book import open_book
from student_model.encoder.pairs import ANSWER, REFERENCE, Row
from student_model.encoder.reader import Reader
from student_model.encoder.recipe import Recipe
from student_model.encoder.swaps import Piece, Swaps, pieces

SALT = GradedAnswer("the water", ("salt is left", "the water"), "the salt")
REAL = load(None)
GONE = GradedAnswer("the salt", ("gone",), "leaves gone, gone")


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def part(row: Row, which: int) -> list[int]:
    return [token for token, own in zip(row.tokens, row.parts, strict=True) if own == which]


def test_a_text_is_words_with_their_stems_and_signs_without() -> None:
    found = pieces(pairs(), "the salt leaves, because b")
    assert found == [
        Piece((6,), None), Piece((2000,), "salt"), Piece((1000,), "leav"), Piece((4,), None), Piece((5,), None),
        Piece((100,), None),
    ]  # fmt: skip
    assert pieces(pairs(), "") == []


texts = st.text(max_size=40) | st.lists(st.sampled_from(["don't", "evaporated", "3.5", "100%", "not", "-", "é"])).map(
    " ".join
)


@given(texts)
def test_the_pieces_of_a_text_are_its_tokens(text: str) -> None:
    """Also with a tokenizer that parts words, and whatever signs there are."""
    for own in (pairs(), REAL.pairs):
        assert [token for one in pieces(own, text) for token in one.tokens] == own.tokens(text)


def test_what_denies_or_counts_or_is_small_never_stands_for_another() -> None:
    said = "It is not 3.5 and never more than 100% because you can't see the salts"
    assert [one.stem for one in pieces(REAL.pairs, said) if one.stem] == ["see", "salt"]


def test_without_a_share_a_row_is_as_it_was() -> None:
    own = pairs()
    for one in (SALT, GONE):
        assert Swaps(own, [SALT, GONE]).row(one, 0.0, rng()) == own.row(
            one.question, one.reference_answers, one.answer, one.passage
        )


def test_a_word_is_the_same_in_answer_and_references_and_all_else_stays() -> None:
    """Of the stems there are, salt, water, left, leav and gone, each may stand for salt."""
    swaps = Swaps(pairs(), [SALT, GONE])
    seen = Counter[int]()
    for seed in range(200):
        row = swaps.row(SALT, 1.0, rng(seed))
        the, salt = part(row, ANSWER)
        assert the == NUMBERS["the"]
        the, _, again, is_, _ = part(row, REFERENCE)
        assert (again, the, is_) == (salt, *numbers("the is")), "as in the answer"
        seen[salt] += 1
    assert set(seen) == set(numbers("salt water left leaves gone"))
    assert max(seen.values()) < 80, "each about one time in five"


def test_what_stands_for_a_word_is_the_commonest_form_of_another() -> None:
    """`gone` stands twice in an answer; "leaving" has one token of its own and is rarer than "leaves"."""
    own = REAL.pairs
    one = GradedAnswer("", ("leaves leaves leaving",), "salt")
    tokens = {part(Swaps(own, [one]).row(one, 1.0, rng(seed)), ANSWER)[0] for seed in range(40)}
    assert tokens == {own.tokens("salt")[0], own.tokens("leaves")[0]}


def test_about_the_share_that_was_asked_for_is_swapped_and_dice_decide() -> None:
    many = [GradedAnswer("", (), word) for word in ("salt", "water", "left", "leaves", "gone")]
    swaps = Swaps(pairs(), many)
    rows = [swaps.row(many[0], 0.5, rng(seed)) for seed in range(400)]
    kept = sum(part(row, ANSWER) == [NUMBERS["salt"]] for row in rows) / 400
    assert kept == pytest.approx(0.5 + 0.5 / 5, abs=0.08)
    assert rows == [swaps.row(many[0], 0.5, rng(seed)) for seed in range(400)]


def test_an_epoch_reads_swapped_rows_and_whoever_judges_reads_them_as_they_are(small: Path) -> None:
    base = load(str(small))
    answers = [replace(SALT, label="correct"), replace(GONE, label="incorrect")]
    task = Task("labels", ("correct", "incorrect"), (1.0, 0.0))
    reader, recipe = Reader(small / "no graph", base.pairs), Recipe(base=str(small), near=False, swap=1.0)
    book = open_book(answers, task, reader, recipe, variants=True)
    both = np.arange(2)
    plain = book.together(both)
    drawn = {book.together(both, rng(seed)).tokens.tobytes() for seed in range(20)}
    assert len(drawn) > 5
    assert book.together(both).tokens.tolist() == plain.tokens.tolist()
    held = open_book(answers, task, reader, recipe)
    assert held.together(both, rng()).tokens.tolist() == plain.tokens.tolist()
    off = open_book(answers, task, reader, replace(recipe, swap=0.0), variants=True)
    assert off.together(both, rng()).tokens.tolist() == plain.tokens.tolist()


def test_books_side_by_side_swap_the_words_of_both(small: Path) -> None:
    """The second training reads answers that were held back, whose words the first book does not know."""
    base = load(str(small))
    task = Task("labels", ("correct", "incorrect"), (1.0, 0.0))
    reader, recipe = Reader(small / "no graph", base.pairs), Recipe(base=str(small), near=False, swap=1.0)
    one = open_book([replace(SALT, label="correct")], task, reader, recipe, variants=True)
    other = open_book([replace(GONE, label="incorrect")], task, reader, recipe)
    whole = one.beside([other])
    assert whole.together(np.arange(2), rng()).tokens.shape[0] == 2

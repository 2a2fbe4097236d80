"""Telling words that stand for others: the same ones in all parts of a row, and never what denies, joins or counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers
from worded import SIGNS, numbers, pairs

from student_model.encoder.answers import GradedAnswer, Task
from student_model.encoder.base import load
from student_model.encoder.book import Book, open_book
from student_model.encoder.pairs import ANSWER, REFERENCE, Pairs, Row
from student_model.encoder.reader import Reader
from student_model.encoder.recipe import Recipe
from student_model.encoder.swaps import Piece, Swaps, pieces

REAL = load(None).pairs
SALT = GradedAnswer("what", ("salt is left", "the sun"), "the salt", "correct")
METALS = [GradedAnswer("", (), word, "incorrect") for word in ("copper", "iron", "silver", "zinc")]
TASK = Task("labels", ("correct", "incorrect"), (1.0, 0.0))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def part(row: Row, which: int) -> list[int]:
    return [token for token, own in zip(row.tokens, row.parts, strict=True) if own == which]


def told(tokens: list[int]) -> str:
    return str(REAL.tokenizer.decode(tokens))


def stems(text: str, own: Pairs = REAL) -> list[str]:
    return [one.stem for one in pieces(own, text) if one.stem]


def test_a_text_is_words_with_their_stems_and_signs_without() -> None:
    assert pieces(pairs(), "the salt leaves, because b") == [
        Piece((6,), None), Piece((2000,), "salt"), Piece((1000,), "leav"), Piece((4,), None), Piece((5,), None),
        Piece((100,), None),
    ]  # fmt: skip
    assert pieces(pairs(), "") == []
    assert [len(one.tokens) for one in pieces(REAL, "electrolysis works")] == [2, 1], "a word of two tokens is one"


def unparted(split: bool) -> Pairs:
    """As sentence pieces are: a word's token begins with the blank before it, and may hold a sign."""
    vocabulary = ["▁salt", "▁salt,", "▁is", "▁left", "▁", *"abcdefghijklmnopqrstuvwxyz,.'-é"]
    tokenizer = Tokenizer(models.Unigram([(word, -float(len(vocabulary) - len(word))) for word in vocabulary], 4))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(split=split)
    return Pairs(tokenizer, SIGNS)


OTHERS = [pairs(), REAL, unparted(split=True), unparted(split=False)]
texts = st.text(max_size=40) | st.lists(st.sampled_from(["don't", "evaporated", "3.5", "100%", "not", "-", "é"])).map(
    " ".join
)


@given(texts, st.sampled_from(OTHERS))
def test_the_pieces_of_a_text_are_its_tokens(text: str, own: Pairs) -> None:
    """Also with tokenizers that part words, or do not, and whatever signs there are."""
    assert [token for one in pieces(own, text) for token in one.tokens] == own.tokens(text)


@pytest.mark.parametrize("split", [True, False])
def test_words_are_found_where_a_tokenizer_does_not_part_them_and_left_where_signs_stick_to_them(split: bool) -> None:
    assert stems("salt is left", unparted(split)) == ["salt", "left"]
    assert stems("salt, left", unparted(split)) == ["left"]


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("It is not 3.5 and never more than 100% because you can't see the salts", ["see", "salt"]),
        ("It couldn't, wasnt, dont, didn't, hasnt and can t freeze", ["freez"]),
        ("nobody saw nothing without neither", ["saw"]),
        ("the ice won't melt", ["ice", "melt"]),
    ],
)
def test_what_denies_or_counts_or_is_small_never_stands_for_another(said: str, left: list[str]) -> None:
    assert stems(said) == left


def test_without_a_share_a_row_is_as_it_was() -> None:
    for one in (SALT, *METALS):
        plain = REAL.row(one.question, one.reference_answers, one.answer, one.passage)
        assert Swaps(REAL, [SALT, *METALS]).row(one, 0.0, rng()) == plain


def test_a_word_is_the_same_in_answer_and_references_and_all_else_stays() -> None:
    """Four words may stand for salt, left and sun, none of which stands for another of them."""
    swaps, seen = Swaps(REAL, [SALT, *METALS]), Counter[str]()
    for seed in range(200):
        row = swaps.row(SALT, 1.0, rng(seed))
        the, salt = told(part(row, ANSWER)).split()
        first, sun, again, between, left = told(part(row, REFERENCE)).split()
        assert (the, first, between, again) == ("the", "the", "is", salt)
        assert len({salt, sun, left}) == 3, "words that differ stay different"
        seen[salt] += 1
    assert set(seen) == {"copper", "iron", "silver", "zinc"}
    assert min(seen.values()) > 25, "each about one time in four"


def test_where_there_are_too_few_words_the_rest_stays() -> None:
    row = Swaps(REAL, [SALT, METALS[0]]).row(SALT, 1.0, rng())
    assert sorted(told([*part(row, ANSWER), *part(row, REFERENCE)]).split()).count("copper") in (1, 2)
    assert Swaps(REAL, [SALT]).row(SALT, 1.0, rng()) == REAL.row("what", SALT.reference_answers, "the salt")


def test_what_stands_for_a_word_is_the_commonest_form_of_another_and_not_one_that_begins_a_text() -> None:
    """Some tokenizers write the first word of a text in another way than those after a blank."""
    leaves = GradedAnswer("", ("the leaves and leaves, leaving", "leaving", "leaving", "leaving"), "leaving")
    for seed in range(5):
        assert told(part(Swaps(REAL, [SALT, leaves]).row(SALT, 1.0, rng(seed)), ANSWER)) in ("the leaves", "the salt")
    seen = {told(part(Swaps(REAL, [SALT, leaves]).row(SALT, 1.0, rng(seed)), REFERENCE)) for seed in range(20)}
    assert any("leaves" in one for one in seen) and not any("leaving" in one for one in seen)


def test_about_the_share_that_was_asked_for_is_swapped_and_dice_decide() -> None:
    swaps = Swaps(pairs(), [replace(SALT, answer=word) for word in ("salt", "water", "leaves", "gone")])
    one = GradedAnswer("", (), "salt")
    rows = [swaps.row(one, 0.5, rng(seed)) for seed in range(400)]
    kept = sum(part(row, ANSWER) == numbers("salt") for row in rows) / 400
    assert kept == pytest.approx(0.5, abs=0.08)
    assert rows == [swaps.row(one, 0.5, rng(seed)) for seed in range(400)]


def book(answers: list[GradedAnswer], base: Path, swap: float = 1.0, variants: bool = True) -> Book:
    recipe = Recipe(base=str(base), near=False, swap=swap)
    return open_book(answers, TASK, Reader(base / "no graph", load(str(base)).pairs), recipe, variants)


def drawn(one: Book, many: int = 20) -> set[bytes]:
    return {one.together(np.arange(len(one)), rng(seed)).tokens.tobytes() for seed in range(many)}


def test_an_epoch_reads_swapped_rows_and_whoever_judges_reads_them_as_they_are(small: Path) -> None:
    own = book([SALT, *METALS], small)
    plain = own.together(np.arange(5)).tokens.tobytes()
    assert len(drawn(own)) > 5
    assert own.together(np.arange(5)).tokens.tobytes() == plain
    assert drawn(book([SALT, *METALS], small, variants=False)) == {plain}
    assert drawn(book([SALT, *METALS], small, swap=0.0)) == {plain}


def test_books_side_by_side_swap_the_words_of_both(small: Path) -> None:
    """The second training reads answers that were held back, whose words the first book does not know."""
    alone, held = book([SALT], small), book(METALS, small, variants=False)
    assert len(drawn(alone)) == 1, "no word of its own may stand for another"
    whole = alone.beside([held])
    first = {tuple(whole.together(np.array([0]), rng(seed)).tokens[0].tolist()) for seed in range(20)}
    assert len(first) > 5
    assert book(METALS, small, variants=False).beside([alone]).swaps is None

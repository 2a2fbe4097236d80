"""Rows of tokens: what stands where, what is cut, and how rare words and phrases are told."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from worded import NUMBERS, SIGNS, numbers, pairs

from student_model.encoder.pairs import (
    ANSWER,
    OTHER,
    PASSAGE,
    QUESTION,
    REFERENCE,
    Budget,
    Phrase,
    Row,
    nearest_first,
)


def part(row: Row, which: int) -> list[int]:
    return [token for token, own in zip(row.tokens, row.parts, strict=True) if own == which]


def test_a_row_is_answer_references_question_and_passage() -> None:
    row = pairs().row("the salt", ["water", "leaves left"], "salt", "gone")
    assert row.tokens == [2, 2000, 3, 3000, 3, 1000, 4000, 3, 6, 2000, 3, 5000, 3]
    assert row.parts == [0, 1, 0, 2, 0, 2, 2, 0, 3, 3, 0, 4, 0]


def test_beside_references_alone_the_question_is_not_read() -> None:
    assert pairs().row("the salt", ["water"], "salt").tokens == [2, 2000, 3, 3000, 3]
    assert pairs().row("the salt", [], "salt").tokens == [2, 2000, 3, 3, 6, 2000, 3]
    assert pairs().row("the salt", ["water"], "salt", "gone").tokens == [2, 2000, 3, 3000, 3, 6, 2000, 3, 5000, 3]


def test_what_is_not_there_keeps_its_place() -> None:
    """An answer, a question or references that are empty are told from each other by their separators."""
    assert pairs().row("salt", [], "").tokens == [2, 3, 3, 2000, 3]
    assert pairs().row("salt", ["", ""], "").tokens == [2, 3, 3, 2000, 3]
    assert pairs().row("", ["salt"], "", "gone").tokens == [2, 3, 2000, 3, 3, 5000, 3]


def test_of_a_long_answer_both_ends_are_kept_and_of_the_rest_the_beginning() -> None:
    """Of six words the first four and the last two."""
    cut = pairs(Budget(answer=6, reference=3, question=2, passage=1))
    row = cut.row("b c d", ["e f g h"], "m n o p q r s t u v", "w x")
    assert part(row, ANSWER) == numbers("m n o p u v")
    assert part(row, REFERENCE) == numbers("e f g")
    assert part(row, QUESTION) == numbers("b c")
    assert part(row, PASSAGE) == numbers("w")


@pytest.mark.parametrize(
    ("several", "read"),
    [(0, "e f g"), (6, "e f g"), (7, "e f g l m"), (8, "e f g h j k"), (10, "e f g h j k"), (11, "e f g h j k l m")],
)
def test_beside_the_nearest_reference_others_are_read_that_fit_whole(several: int, read: str) -> None:
    """With a separator each they have four tokens, four and three; one that does not fit makes room for the next."""
    row = pairs(Budget(several=several)).row("", ["h j k", "e f g", "", "l m"], "e f")
    assert part(row, REFERENCE) == numbers(read)


texts = st.lists(st.sampled_from(sorted(set(NUMBERS) - {"[UNK]"})), max_size=14).map(" ".join)


@given(texts, st.lists(texts, max_size=4), texts, texts, st.tuples(*[st.integers(1, 8)] * 5))
@example(",", ["", ","], "", "", (1, 1, 1, 1, 1))  # an empty reference takes none of the budget
def test_no_part_is_longer_than_its_budget(
    question: str, references: list[str], answer: str, passage: str, most: tuple[int, int, int, int, int]
) -> None:
    budget = Budget(*most)
    row = pairs(budget).row(question, references, answer, passage)
    own = {which: part(row, which) for which in range(5)}
    for which, bound, text in (
        (ANSWER, budget.answer, answer),
        (QUESTION, budget.question, question),
        (PASSAGE, budget.passage, passage),
    ):
        read = which != QUESTION or passage or not any(references)
        assert len(own[which]) == (min(len(text.split()), bound) if read else 0)
    assert len(own[REFERENCE]) <= max(budget.reference, budget.several)
    assert bool(own[REFERENCE]) == any(references)
    assert row.tokens[0] == SIGNS.begin and row.tokens[-1] == SIGNS.end
    assert set(own[OTHER]) == {SIGNS.begin, SIGNS.end}
    if budget.answer >= 3 and answer:
        assert (own[ANSWER][0], own[ANSWER][-1]) == (numbers(answer)[0], numbers(answer)[-1])


def test_the_reference_that_shares_most_words_comes_first_and_ties_stay() -> None:
    references = ["the sun", "water leaves", "salt is left", "salt is left"]
    assert nearest_first("salt left", references) == ["salt is left", "salt is left", "the sun", "water leaves"]
    assert nearest_first("nothing like it", references[:2]) == references[:2]
    assert nearest_first("so is the sun", ["the sun and all of the other stars of the sky", "the sun"])[0] == "the sun"
    row = pairs(Budget(several=2)).row("b", ["water gone", "salt left"], "the salt")
    assert part(row, REFERENCE) == numbers("salt left")


def test_rows_side_by_side_are_padded_to_the_longest() -> None:
    rows = pairs().together([Row([2, 9, 3], [0, 1, 0]), Row([2, 9, 3, 8, 3], [0, 1, 0, 2, 0])])
    assert rows.tokens.tolist() == [[2, 9, 3, 0, 0], [2, 9, 3, 8, 3]]
    assert rows.mask.tolist() == [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]
    assert rows.sides.tolist() == [[0, 1, 0, 0, 0], [0, 1, 0, 2, 0]]


def test_an_answer_is_compared_with_its_references_or_without_any_with_question_and_passage() -> None:
    def sides(*given: object) -> list[int]:
        rows = pairs().together([pairs().row(*given)])  # type: ignore[arg-type]
        return [int(one) for one in rows.sides[0]]

    assert sides("the salt", ["water"], "salt", "gone") == [0, 1, 0, 2, 0, 3, 3, 0, 3, 0]
    assert sides("the salt", [], "salt", "gone") == [0, 1, 0, 0, 2, 2, 0, 2, 0]
    assert sides("the salt", [], "") == [0, 0, 0, 2, 2, 0]


def test_one_text_alone_is_cut_so_that_its_end_has_room() -> None:
    assert pairs().alone("salt water left", 4) == Row([2, 2000, 3000, 3], [0, 1, 1, 0])


def test_rare_are_words_far_back_in_the_vocabulary_and_small_words_least() -> None:
    rare = pairs().rarity("the salt leaves b water ,", 20)
    assert rare == pytest.approx([0.03, log(2.0) + 0.3, 0.3, 0.3, log(3.0) + 0.3, 0.03])
    assert rare.dtype == np.float32 and len(pairs().rarity("the salt leaves", 4)) == 2


def test_phrases_end_at_signs_and_joining_words_and_have_their_letters() -> None:
    text = "the salt is left because the water is gone, the"
    found = pairs().phrases(text, 50)
    assert found == [Phrase(0, 4, 0, 16), Phrase(5, 9, 25, 42)]
    assert [text[one.begin : one.end] for one in found] == ["the salt is left", "the water is gone"]
    assert pairs().phrases(text, 9) == [Phrase(0, 4, 0, 16), Phrase(5, 7, 25, 34)]
    assert pairs().phrases("the is, the", 50) == []

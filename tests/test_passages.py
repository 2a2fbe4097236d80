"""Of a passage that is too long the sentences are read that matter to question and answer; without references an answer
is compared with them; and questions on one passage are held back together.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from graders_fitted import planted
from hypothesis import given
from hypothesis import strategies as st
from worded import numbers, pairs

from data.graded_answers import read_graded
from student_model.encoder.answers import GradedAnswer, Task
from student_model.encoder.families import families, held_back
from student_model.encoder.grader import open_grader
from student_model.encoder.guard import _disguises
from student_model.encoder.pairs import PASSAGE, Budget
from student_model.encoder.passages import COMPARED, LONGEST, chosen, compared, nearest, sentences
from student_model.encoder.swaps import Swaps
from student_model.judging.wording import words

GRADED = Path(__file__).resolve().parents[1] / "data" / "graded"
READING = read_graded([GRADED / "reading.jsonl"])
BAY = "Fog came down. She stopped rowing. A bell rang behind her. It was cold."
TOLD = "b c d. salt left. e f g. water gone. h j k."


def read(passage: str, budget: int, question: str = "", answer: str = "") -> list[int]:
    row = pairs(Budget(passage=budget)).row(question, [], answer, passage)
    return [token for token, part in zip(row.tokens, row.parts, strict=True) if part == PASSAGE]


def test_a_passage_ends_in_sentences_and_what_does_not_end_is_parted() -> None:
    assert sentences(BAY) == ("Fog came down.", "She stopped rowing.", "A bell rang behind her.", "It was cold.")
    assert sentences("At 3.5 m it\nstopped!  雾来了。她停了。\n\n") == (
        "At 3.5 m it",
        "stopped!",
        "雾来了。",
        "她停了。",
    )
    assert [len(one.split()) for one in sentences("word " * (2 * LONGEST + 3))] == [LONGEST, LONGEST, 3]
    assert sentences("") == sentences(" \n\n ") == ()


def test_near_is_what_shares_rare_words_and_then_what_stands_beside_it() -> None:
    assert nearest(BAY, "What rang?", "the bell") == [2, 1, 3, 0]
    assert nearest(BAY, "Who?", "") == [0, 1, 2, 3]
    common = "The bell. Up. The bell. Up. The bell. Up. The oar. Up."
    assert nearest(common, "Was it a bell or an oar?", "")[0] == 6


def test_a_passage_that_fits_is_read_as_it_is() -> None:
    whole = numbers("b c d")
    assert read("b c d", 3, "c", "d") == read("b c d", 4) == whole
    assert len(read(TOLD, 18)) == 18  # with a full stop each
    assert pairs(Budget(passage=18)).of_passage("salt", "water", TOLD) == [TOLD]


def test_of_a_longer_one_the_nearest_sentences_are_read_whole_and_in_their_order() -> None:
    said = [token for token in read(TOLD, 6, "salt", "water") if token != 1]
    assert said == numbers("salt left water gone")
    assert [token for token in read(TOLD, 7, "water") if token != 1] == numbers("e f g water gone")
    assert [token for token in read(TOLD, 3, "", "salt") if token != 1] == numbers("salt left")
    assert read(TOLD, 2, "", "water") == numbers("water gone"), "none fits whole: the nearest is cut"


def test_one_that_does_not_fit_makes_room_for_the_next() -> None:
    sizes = {"salt a b c.": 4, "salt d.": 2, "salt.": 1}
    text = " ".join(sizes)
    assert chosen(text, "salt", "", sizes.__getitem__, 3) == ["salt d.", "salt."]
    assert chosen(text, "salt", "", sizes.__getitem__, 0) == ["salt d."], "between two that share the word"
    assert chosen("", "salt", "", len, 3) == []


some = st.sampled_from(["salt", "water", "fog", "bell", "the", "and", ".", "!", "\n", "oar"])
texts = st.lists(some, max_size=40).map(" ".join)


@given(texts, texts, texts, st.integers(1, 30))
def test_whatever_is_read_is_of_the_passage_in_its_order_within_the_budget_and_the_same_again(
    passage: str, question: str, answer: str, most: int
) -> None:
    found = chosen(passage, question, answer, lambda text: len(text.split()), most)
    places, told = list[int](), sentences(passage)
    for one in found:
        places.append(told.index(one, places[-1] + 1 if places else 0))
    assert bool(found) == bool(told) and places == sorted(places)
    assert sum(len(one.split()) for one in found) <= most or len(found) == 1
    assert found == chosen(passage, question, answer, lambda text: len(text.split()), most)
    assert sorted(nearest(passage, question, answer)) == list(range(len(told)))


def test_what_an_answer_is_about_is_found_among_other_texts() -> None:
    """Behind nine others no sentence of the own passage would be read, were a text cut at its end."""
    passages = list(dict.fromkeys(one.passage for one in READING))
    found = []
    for number, one in enumerate(READING[::16]):
        others = [text for text in passages if text != one.passage][number % 9 :][:9]
        kept = chosen(" ".join((*others, one.passage)), one.question, one.answer, lambda text: len(text.split()), 110)
        own = sentences(one.passage)
        found.append(sum(text in own for text in kept) / len(own))
    assert np.mean(found) > 0.6


def test_swapped_rows_read_the_same_sentences() -> None:
    own = pairs(Budget(passage=6))
    one = GradedAnswer("salt", (), "water", "correct", passage=TOLD)
    others = [GradedAnswer(letter, (), letter * 3, "correct") for letter in "mnopq"]
    swaps = Swaps(own, [one, *others])
    plain = own.row(one.question, (), one.answer, one.passage)
    assert swaps.row(one, 0.0, np.random.default_rng(0)) == plain
    assert swaps.row(one, 1.0, np.random.default_rng(0)).parts == plain.parts


def test_features_compare_with_references_or_without_any_with_the_nearest_sentences() -> None:
    one = GradedAnswer("What rang?", ("A bell.",), "a bell", passage=BAY)
    assert compared(one) == ("A bell.",)
    assert compared(replace(one, reference_answers=())) == list(sentences(BAY))
    assert compared(replace(one, reference_answers=(), passage="")) == ()
    long = replace(one, reference_answers=(), passage="Nothing here. " * 9 + BAY)
    assert len(compared(long)) == COMPARED and "A bell rang behind her." in compared(long)


def test_without_references_disguised_answers_heap_up_the_words_of_the_passage() -> None:
    passage = "Granite columns carried marble arches. Copper gutters collected winter rain."
    told = [replace(one, reference_answers=(), passage=passage) for one in planted()]
    task = Task("labels", ("correct", "incorrect"), (1.0, 0.0))
    made, _ = _disguises(told, [0.0] * len(told), task, seed=1)
    assert sum(len(set(words(passage)) & set(words(one.answer))) > 1 for one in made) > 4


def about(question: str, passage: str, reference: str) -> GradedAnswer:
    return GradedAnswer(question, (reference,) if reference else (), "so", "correct", passage=passage)


def test_questions_on_one_passage_are_one_family_however_it_is_spaced() -> None:
    some = [about("1", BAY, "bell"), about("2", f" {BAY.upper()}\n", "cold"), about("3", "Once.", "oar")]
    assert len({families(some)[one.group] for one in some[:2]}) == 1 and len(set(families(some).values())) == 2
    chain = [*some, about("4", "Once.", "bell"), about("5", " ", "salt"), about("6", " ", "sun")]
    assert len(set(families(chain).values())) == 3, "a reference joins two passages, and blanks none"
    assert families(chain[::-1]) == families(chain)


def test_one_question_on_two_passages_is_two_and_by_its_id_it_is_one() -> None:
    pair = [about("What is it about?", BAY, "fog"), about("What is it about?", "Once.", "oar")]
    assert len({one.group for one in pair}) == 2 and len(set(families(pair).values())) == 2
    assert {replace(one, question_id="q").group for one in pair} == {"q"}
    assert about("Why?", "", "oar").group == "Why?"


def test_our_own_questions_on_a_passage_are_never_on_both_sides() -> None:
    found = families(READING)
    assert len(set(found.values())) <= len({one.passage for one in READING}) == 30
    for seed in range(4):
        split = held_back(READING, 0.2, seed)
        assert split.held and not {one.passage for one in split.train} & {one.passage for one in split.held}


references = st.lists(st.sampled_from(["lamp path", "lamp salt", "rock"]), max_size=2).map(tuple)
bare = st.builds(GradedAnswer, st.sampled_from("pqrstu"), references, st.just("so"))


@given(st.lists(bare, max_size=12))
def test_passages_of_their_own_change_no_family(answers: list[GradedAnswer]) -> None:
    named = [
        replace(one, question_id=one.question, reference_answers=one.reference_answers or ("sun",)) for one in answers
    ]
    alone = [replace(one, passage=f"passage of {one.question}") for one in named]
    assert families(alone) == families(named)


@pytest.mark.parametrize("passage", ["", BAY, f"{'Nothing is here. ' * 90}{BAY}"])
def test_a_grader_that_learned_of_no_passage_says_so_and_still_grades(tiny_grader: Path, passage: str) -> None:
    grader = open_grader(tiny_grader)
    assert grader.manifest["trained_on"]["passages_alone"] == 0 and not grader.reads_passages
    grade = grader.grade("What rang?", (), "a bell", passage)
    assert 0.0 < grade.confidence <= 1.0 and not grade.evidence and not grade.missing
    (alone,) = grader.outcomes([GradedAnswer("What rang?", (), "a bell", passage=passage)]).score
    assert alone == grade.score

"""What stands beside the meaning of an answer, by hand: words in common, the other side taken, nearness, matches."""

from __future__ import annotations

from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worded import numbers, pairs

from student_model.encoder import fluency, lexical, polarity, similar
from student_model.encoder.lexical import MOST_REFERENCES
from student_model.encoder.reading import Matches, features, matches, reading
from student_model.encoder.similar import Reading, mean
from student_model.judging.grades import Evidence

EAST, NORTH, UP = np.eye(3, dtype=np.float32)
NOTHING = np.zeros(3, dtype=np.float32)

told = st.text("abc not 7,", max_size=25)


def counted(question: str, references: list[str], answer: str) -> dict[str, float]:
    found = lexical.lexical(question, references, answer)
    return dict(zip(lexical.NAMES, found.tolist(), strict=True))


def test_what_can_be_counted() -> None:
    """The reference has salt, left, pan, 25 and gram; of those the question has left and pan. Spelling: 10 runs of
    three letters in both, 17 in the reference. Order: "25 grams" of 8 pairs. Length: 4 words, the reference 9.
    """
    found = counted("What is left in the pan?", ["The salt is left in the pan, 25 grams."], "25 grams of salt")
    assert found == pytest.approx({
        "share of the reference found": 3 / 5, "share of its news found": 1.0, "share of the answer that is in it": 1.0,
        "spelling": 20 / 27, "order kept": 1 / 8, "negation differs": 0.0, "numbers lacking": 0.0, "numbers added": 0.0,
        "share of the answer from the question": 0.0, "length": log(5) / 4, "length beside the reference": -log(2) / 3,
        "empty": 0.0, "references": 0.1, "share of news in the answer": 1.0,
    })  # fmt: skip


def test_what_is_denied_and_wrong_numbers_show() -> None:
    found = counted("How long?", ["It takes 25 or 1.5 hours"], "It does not take 25 hours but 7")
    assert found["negation differs"] == 1.0
    assert (found["numbers lacking"], found["numbers added"]) == (0.5, 0.5)


def test_a_copy_of_the_question_and_an_empty_answer_show() -> None:
    copied = counted("Where does the salt go?", ["It stays in the pan"], "the salt, where does it go?")
    assert copied["share of the answer from the question"] == 1.0
    assert copied["share of the reference found"] == copied["share of news in the answer"] == 0.0
    empty = counted("Where?", ["It stays in the pan"], "...")
    assert (empty["empty"], empty["length"]) == (1.0, 0.0)
    assert not np.isnan(lexical.lexical("", [], "")).any()


def test_counted_is_beside_the_nearest_reference() -> None:
    alone = counted("Where?", ["salt stays here"], "salt stays here")
    other = counted("Where?", ["nothing like it", "salt stays here"], "salt stays here")
    assert other == pytest.approx({**alone, "references": 0.2})
    many = counted("Where?", ["nothing like it"] * MOST_REFERENCES + ["salt stays here"], "salt stays here")
    assert (many["share of the reference found"], many["references"]) == (1.0, 1.0), "however many stand before it"


@given(told, st.lists(told, max_size=3), told)
def test_what_is_counted_is_bounded_whatever_is_written(question: str, references: list[str], answer: str) -> None:
    found = lexical.lexical(question, references, answer)
    assert found.shape == (len(lexical.NAMES),) and found.dtype == np.float32
    assert np.abs(found).max() <= 1.5
    sides = polarity.polarity(question, references, answer)
    assert sides.shape == (len(polarity.NAMES),) and np.abs(sides).max() <= 1.0


@pytest.mark.parametrize(
    ("reference", "answer", "opposite"),
    [
        ("The water gets hotter.", "it gets colder", -1.0),
        ("The water gets hotter.", "it gets hotter", 0.5),
        ("Hotter and faster", "hotter, faster", 1.0),
        ("Hotter and faster", "hotter and slower", 0.5),
        ("Hotter, faster and bigger", "colder, slower, bigger", -1.0),
        ("From hot to cold", "it was hot, then cold", 1.0),
        ("It goes from hot to cold", "it is cold", 0.5),
        ("The leaf", "the stone", 0.0),
        ("On the right.", "on the left", -1.0),
        ("It goes in and up.", "it goes in and down", -1.0),
    ],
)
def test_opposite_words_speak_against_an_answer(reference: str, answer: str, opposite: float) -> None:
    """Against, if more words of the reference stand opposite than are shared; for it, half a point a shared one."""
    assert polarity.polarity("", [reference], answer)[0] == opposite


@pytest.mark.parametrize(
    ("reference", "answer", "verdict"),
    [
        ("Yes, it does.", "yeah it does", 1.0),
        ("Yes, it does.", "I do not agree", -1.0),
        ("No.", "nope", 1.0),
        ("No.", "I agree with her", -1.0),
        ("Yes, it does.", "it certainly does so, yes", 0.0),
        ("It melts.", "yes", 0.0),
        ("Mia is wrong.", "she is right", -1.0),
        ("Yes, it moves.", "The right one stays", 0.0),
        ("No, it sinks.", "it cant float", 1.0),
    ],
)
def test_a_yes_beside_a_no_within_the_first_four_words(reference: str, answer: str, verdict: float) -> None:
    assert polarity.polarity("", [reference], answer)[1] == verdict


@pytest.mark.parametrize(
    ("reference", "answer", "choice"),
    [
        ("B, it is denser", "b because it sinks", 1.0),
        ("B, it is denser", "A is", -1.0),
        ("B, it is denser", "a", -1.0),
        ("B, it is denser", "it is a stone", 0.0),
        ("B, it is denser", "A or B", 1.0),
        ("A and B", "A", 0.0),
        ("Lena", "C", 0.0),
    ],
)
def test_another_choice_than_the_reference_takes(reference: str, answer: str, choice: float) -> None:
    assert polarity.polarity("which one sinks, A or B?", [reference], answer)[2] == choice


def test_of_several_references_the_one_that_speaks_least_against_the_answer() -> None:
    assert polarity.polarity("", ["No, colder.", "Yes, hotter."], "yes, hotter").tolist() == [0.5, 1.0, 0.0]
    assert polarity.polarity("Is it?", [], "yes").tolist() == [0.0, 0.0, 0.0]


def read(*tokens: np.ndarray, rarity: tuple[float, ...], phrases: tuple[tuple[int, int], ...] = ()) -> Reading:
    """A reading whose special tokens say nothing."""
    vectors = np.array([NOTHING, *tokens, NOTHING], dtype=np.float32)
    return Reading.of(vectors, np.array(rarity, dtype=np.float32), phrases)


QUESTION = read(UP, rarity=(1.0,))
REFERENCE = read(EAST, 2.0 * NORTH, rarity=(1.0, 3.0))
HALF = read(EAST, rarity=(2.0,))


def near(question: Reading, references: list[Reading], answer: Reading) -> dict[str, float]:
    found = similar.similarity(question, references, answer)
    return dict(zip(similar.NAMES, found.tolist(), strict=True))


def test_nearness_of_an_answer_that_says_the_commoner_half() -> None:
    """The answer points east; the reference east, and twice as far north: the cosine is 1 to the root of 5."""
    found = near(QUESTION, [REFERENCE], HALF)
    cosine = 1 / sqrt(5)
    assert found == pytest.approx({
        "cosine": cosine, "reference found": 0.5, "answer found": 1.0, "cosine of the mean reference": cosine,
        "cosine with the question": 0.0, "answer found in the question": 0.0,
        "rare words of the reference found": 0.25, "rare words of the answer found": 1.0,
        "news of the reference found": 0.25, "news of the answer found": 1.0, "main news found": 0.5,
        "least of the main news found": 0.0, "nearer than the question": 0.25, "least phrase near": cosine,
        "phrases near": cosine, "least phrase found": 0.25, "phrases found": 0.25, "least own phrase near": cosine,
        "own phrases near": cosine, "phrases": 0.2, "own phrases": 0.2, "share of phrases found": 0.0,
    }, abs=1e-4)  # fmt: skip


def test_what_the_question_said_already_is_no_news() -> None:
    """The question points east, as the answer does: of the reference all that is new is north."""
    found = near(read(EAST, rarity=(1.0,)), [REFERENCE], HALF)
    assert found["news of the reference found"] == pytest.approx(0.0, abs=1e-3)
    assert found["nearer than the question"] == pytest.approx(0.0)
    assert (found["cosine with the question"], found["answer found in the question"]) == pytest.approx((1.0, 1.0))


def test_a_phrase_of_the_reference_that_nothing_matches_shows() -> None:
    parted = read(EAST, 2.0 * NORTH, rarity=(1.0, 3.0), phrases=((0, 1), (1, 2)))
    found = near(QUESTION, [parted], HALF)
    assert (found["least phrase near"], found["phrases near"]) == pytest.approx((0.0, 0.5))
    assert (found["least phrase found"], found["phrases found"]) == pytest.approx((0.0, 0.5))
    assert (found["least own phrase near"], found["own phrases near"]) == pytest.approx((1.0, 1.0))
    assert (found["phrases"], found["own phrases"], found["share of phrases found"]) == pytest.approx((0.4, 0.2, 0.5))


def test_nearness_is_to_the_nearest_reference_wherever_it_stands() -> None:
    alone, other = near(QUESTION, [HALF], HALF), read(UP, rarity=(1.0,))
    for references in ([HALF, other], [other, HALF]):
        assert near(QUESTION, references, HALF) == {**alone, "cosine of the mean reference": 0.5}


def test_an_answer_without_words_and_a_question_without_references_are_near_nothing() -> None:
    empty = read(rarity=())
    for found in (near(QUESTION, [REFERENCE], empty), near(QUESTION, [], HALF), near(empty, [empty], HALF)):
        assert set(found.values()) == {0.0}
    assert mean(np.zeros((2, 3), dtype=np.float32)).tolist() == [0.0, 0.0, 0.0]
    assert np.linalg.norm(mean(np.array([[3.0, 4.0, 0.0]], dtype=np.float32))) == pytest.approx(1.0)


def vectors(text: str, east: str) -> np.ndarray:
    """Words of `east` point east and all others north."""
    inner = [EAST if token in numbers(east) else NORTH for token in pairs().tokens(text)]
    return np.array([NOTHING, *inner, NOTHING], dtype=np.float32)


RIGHT = "the salt is left because the water is gone"


def known(*texts: str) -> dict[str, Reading]:
    return {text: reading(pairs(), text, vectors(text, "the salt is left")) for text in texts}


def test_phrases_that_match_are_evidence_and_the_others_are_missing() -> None:
    """Of the second phrase "the" and "is" point east too: half of it, so that it is 0.71 from either."""
    only = {RIGHT: reading(pairs(), RIGHT, vectors(RIGHT, "salt left")), **known("salt left")}
    found = matches(pairs(), [RIGHT], "salt left", only)
    assert found == Matches((Evidence("salt left", "the salt is left", 0.707),), ("the water is gone",))


def test_evidence_comes_best_first_and_is_of_the_reference_that_is_covered_best() -> None:
    other = "water gone"
    texts = known(RIGHT, other, "salt left")
    found = matches(pairs(), [other, RIGHT], "salt left", texts)
    assert [(one.reference, one.likeness) for one in found.evidence] == [
        ("the salt is left", 1.0),
        ("the water is gone", 0.707),
    ]
    assert matches(pairs(), [RIGHT, other], "water gone", texts | known("water gone")).evidence == (
        Evidence("water gone", "water gone", 1.0),
    )


def test_where_nothing_was_said_all_of_the_first_reference_is_missing() -> None:
    texts = known(RIGHT, "", "water gone")
    assert matches(pairs(), [RIGHT, "water gone"], "", texts).missing == ("the salt is left", "the water is gone")
    assert matches(pairs(), [], "water gone", texts) == Matches()


def test_features_are_those_that_are_asked_for() -> None:
    texts = known(RIGHT, "salt left", "the water")
    asked = "the water", [RIGHT], "salt left"
    counts = [*lexical.lexical(*asked), *polarity.polarity(*asked), *fluency.fluency(*asked[1:])]
    close = similar.similarity(texts["the water"], [texts[RIGHT]], texts["salt left"]).tolist()
    assert features(*asked, None, True).tolist() == counts
    assert features(*asked, texts, False).tolist() == close
    assert features(*asked, texts, True).tolist() == [*counts, *close]
    assert features(*asked, None, False).shape == (0,)

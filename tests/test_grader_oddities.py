"""A grader says something of whatever comes: nothing at all, half a character, pages, signs of any script."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from student_model.encoder.grader import Served, open_grader
from student_model.encoder.pairs import Pairs, readable

REFERENCES = [("It floats because it is light.",), (), ("",), ("yes", "yes"), ("word " * 3000,), ("r",) * 12]
ODD = [
    "", " ", "\n\t", "?", "...", "\x00", "👍👍", "\u200b", "e\u0301" * 300, "a" * 10_000, "word, " * 1600, "no " * 3300,
    "ﷺ" * 50, "\ud800", "half \udfff here", "\u202eabc", "٣٤", "1" * 9000, "中" * 300, "[SEP] [CLS] [MASK]", "İ" * 50,
]  # fmt: skip


@pytest.fixture(scope="module")
def grader(tiny_grader: Path) -> Served:
    return open_grader(tiny_grader)


@pytest.mark.parametrize("references", REFERENCES, ids=lambda one: f"{len(one)} of {len(''.join(one))}")
@pytest.mark.parametrize("question", ["Why?", "", "\ud83d?"])
def test_any_answer_gets_a_grade_that_can_be_told(grader: Served, question: str, references: tuple[str, ...]) -> None:
    for odd in ODD:
        grade = grader.grade(question, references, odd, "\ud83d a passage" if len(odd) == 1 else "")
        assert 0.0 <= grade.score <= 1.0 and 0.0 < grade.confidence <= 1.0, odd[:20]
        told = [[one.said, one.reference] for one in grade.evidence] + [list(grade.missing)]
        assert json.dumps(told, ensure_ascii=False).encode()


def test_of_no_answers_there_are_no_outcomes(grader: Served) -> None:
    found = grader.outcomes([])
    assert found.place.shape == found.score.shape == (0,) and found.probability.shape == (0, 2)


def test_a_half_character_becomes_a_sign_of_the_same_length() -> None:
    assert readable("a\ud800b\udc00") == "a\ufffdb\ufffd" and readable("👍 é 中") == "👍 é 中"


def test_readings_are_remembered_up_to_a_size_the_last_used_longest(
    grader: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = [f"{n} " * 300 for n in range(6)]
    size = 4 * (254 * 384 + 254 + 2 * 384)  # tokens, rarity, mean and the one phrase
    own = open_grader(grader.folder)
    monkeypatch.setattr("student_model.encoder.grader.REMEMBERED", 3 * size + 10_000)
    for text in (*long[:3], long[0], *long[3:]):
        own.grade(text, (), "so")
    assert list(own._readings) == long[3:]
    assert own._held == 3 * size == sum(one.inner.nbytes for one in own._readings.values()) + 3 * 4 * (254 + 2 * 384)
    assert own.grade(long[0], (), "so") == grader.grade(long[0], (), "so")


def test_long_texts_are_not_remembered_without_end(grader: Served) -> None:
    pairs = Pairs(grader.pairs.tokenizer, grader.pairs.signs, most=1000)
    for n in range(50):
        pairs.tokens(f"{n} " * 100)
    assert sum(len(one) for one in pairs._known.values()) <= 1000 + 2 * 400
    assert np.array_equal(pairs.tokens("0 " * 100), grader.pairs.tokens("0 " * 100))

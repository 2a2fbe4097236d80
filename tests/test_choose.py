"""Which answers to grade next: those in doubt, no two of them alike, over many questions; same dice, same choice."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from api.cli.encoder import encoder
from student_model.encoder.answers import Task
from student_model.encoder.choose import choose, doubts
from student_model.encoder.outcomes import Floats, Outcomes


def dice(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def said(*probability: tuple[float, ...]) -> Outcomes:
    share = np.array(probability)
    return Outcomes(share, share.argmax(axis=1), share[:, 0], share.max(axis=1))


def apart(many: int) -> Floats:
    """Texts that have nothing in common."""
    return np.eye(many)


def test_of_answers_that_are_all_different_the_doubtful_come_first() -> None:
    doubt = dice(3).permutation(np.linspace(0.05, 0.9, 12))
    found = choose(doubt, apart(12), ["q"] * 12, 4, dice())
    assert found.tolist() == np.argsort(-doubt)[:4].tolist()


def test_one_of_many_near_duplicates_is_chosen() -> None:
    """Ten ways to write the most doubtful answer, and five other answers with half the doubt."""
    twin = np.tile(np.eye(15)[0], (10, 1)) + 0.05 * dice(1).normal(size=(10, 15))
    vectors = np.concatenate((twin, np.eye(15)[1:6]))
    found = choose(np.array([0.8] * 10 + [0.4] * 5), vectors, ["q"] * 15, 6, dice())
    assert found[0] < 10
    assert sorted(found[1:].tolist()) == [10, 11, 12, 13, 14]


def test_questions_share_the_work_and_those_with_grades_wait() -> None:
    groups = [*"aaaaaaaa", "b", "b", "c", "c"]
    doubt = np.array([0.6] * 8 + [0.5] * 4)
    assert sorted(groups[n] for n in choose(doubt, apart(12), groups, 6, dice())) == [*"aabbcc"]
    waiting = choose(doubt, apart(12), groups, 4, dice(), {"a": 9})
    assert sorted(groups[n] for n in waiting) == [*"bbcc"]


def test_the_same_words_to_another_question_are_not_the_same_answer() -> None:
    vectors = np.eye(2)[[0, 0, 0, 1]]
    found = choose(np.array([0.9, 0.8, 0.7, 0.01]), vectors, ["a", "a", "b", "a"], 2, dice())
    assert found.tolist() == [0, 2]


def test_dice_order_equals_and_nothing_else() -> None:
    flat, groups = np.full(40, 0.5), ["q"] * 40
    assert choose(flat, apart(40), groups, 5, dice(1)).tolist() == choose(flat, apart(40), groups, 5, dice(1)).tolist()
    assert len({tuple(choose(flat, apart(40), groups, 5, dice(n))) for n in range(8)}) > 4


def test_all_are_told_once_however_many_are_asked_for() -> None:
    vectors = np.zeros((6, 3))  # texts that say nothing, and no doubt: still an order
    assert sorted(choose(np.zeros(6), vectors, [*"aabbcc"], 99, dice()).tolist()) == [0, 1, 2, 3, 4, 5]
    assert choose(np.zeros(0), np.zeros((0, 3)), [], 3, dice()).tolist() == []
    assert choose(np.zeros(2), apart(2), [*"ab"], 0, dice()).tolist() == []


def test_what_does_not_fit_together_is_refused() -> None:
    with pytest.raises(ValueError, match="2 doubts, 3 vectors and 2 questions"):
        choose(np.zeros(2), apart(3), [*"ab"], 1, dice())
    with pytest.raises(ValueError, match="-1 answers cannot be chosen"):
        choose(np.zeros(2), apart(2), [*"ab"], -1, dice())


def test_entropy_tells_two_candidates_from_three() -> None:
    two, three, sure = (0.5, 0.5, 0.0), (0.5, 0.25, 0.25), (1.0, 0.0, 0.0)
    by_confidence, by_entropy = doubts(said(two, three, sure)), doubts(said(two, three, sure), "entropy")
    assert by_confidence.tolist() == [0.5, 0.5, 0.0]
    assert by_entropy == pytest.approx([np.log(2) / np.log(3), 1.5 * np.log(2) / np.log(3), 0.0])


def test_scores_on_a_line_have_their_one_confidence() -> None:
    line = Outcomes(np.zeros((2, 0)), np.zeros(2, dtype=np.int64), np.ones(2), np.full(2, 0.75))
    assert doubts(line, "entropy").tolist() == doubts(line).tolist() == [0.25, 0.25]


class Doubtful:
    """A grader whose confidence is written in the answer, and whose vectors tell words apart."""

    task = Task("labels", ("correct", "incorrect"), (1.0, 0.0))

    def outcomes(self, answers: Any, done: Any = None) -> Outcomes:
        return said(*((float(one.answer.split()[0]), 1.0 - float(one.answer.split()[0])) for one in answers))

    def embed(self, texts: Any) -> Floats:
        words = sorted({text.split()[1] for text in texts})
        return np.eye(len(words))[[words.index(text.split()[1]) for text in texts]]


def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> Any:
    monkeypatch.setattr("student_model.encoder.grader.open_grader", lambda folder: Doubtful())
    texts = ["0.6 sun", "0.61 sun", "0.99 moon", "0.7 star"]
    lines = [{"question": "Why?", "reference_answers": [], "answer": one, "answer_id": one[-4:]} for one in texts]
    path = tmp_path / "bare.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, lines)).encode()))
    given = ["queue", "--model", str(tmp_path), "--unlabelled", str(path), *more]
    return CliRunner().invoke(encoder, given)


def test_the_queue_says_what_to_grade_next_and_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = queue(tmp_path, monkeypatch, "--count", "2", "--json")
    assert told.exit_code == 0, told.output
    first, second = json.loads(told.stdout)["answers"]
    assert (first["answer"], first["label"], first["confidence"]) == ("0.6 sun", "correct", 0.6)
    assert second["answer"] == "0.7 star" and second["question"] == "Why?"
    assert json.loads(told.stdout)["of"] == 4


def test_graded_answers_leave_the_queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = tmp_path / "done.jsonl"
    done.write_text(json.dumps({"question": "Why?", "answer": "0.6 sun", "label": "correct"}))
    told = json.loads(queue(tmp_path, monkeypatch, "--graded", str(done), "--json").stdout)
    assert [one["answer"] for one in told["answers"]] == ["0.61 sun", "0.7 star", "0.99 moon"]


def test_the_queue_reads_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = queue(tmp_path, monkeypatch, "--count", "1")
    assert told.stdout.splitlines() == ["1. Why?", "   “0.6 sun”", "   would get correct, confidence 0.60"]
    assert queue(tmp_path, monkeypatch, "--count", "0").exit_code == 2

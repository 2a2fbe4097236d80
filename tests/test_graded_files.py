"""Files of graded answers: read as they are meant, and every fault named with its line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from data.graded_answers import MOST_FAULTS, read_graded
from data.importers import ImportFault
from knowledge_graph.types import Item, ItemId
from student_model.encoder.answers import GradedAnswer
from student_model.judging import references_of

ROW: dict[str, Any] = {"question": "Why?", "reference_answers": ["Because."], "answer": "so", "label": "correct"}


def file(path: Path, *rows: Any) -> Path:
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows), "utf-8")
    return path


def test_rows_are_read_in_order_with_all_they_say(tmp_path: Path) -> None:
    whole = {
        **ROW, "label": " partial ", "score": 3, "max_score": 4, "question_id": "q1", "answer_id": 7,
        "passage": "Once.", "colour": "blue",
    }  # fmt: skip
    first = file(tmp_path / "a.jsonl", whole, "", {"question": "Which?", "answer": "", "score": 0.25})
    second = file(tmp_path / "b.jsonl", ROW)
    assert read_graded([first, second]) == [
        GradedAnswer("Why?", ("Because.",), "so", "partial", 0.75, 4.0, "q1", "7", "Once."),
        GradedAnswer("Which?", (), "", None, 0.25, 1.0),
        GradedAnswer("Why?", ("Because.",), "so", "correct"),
    ]


def test_a_row_with_several_answers_stands_for_as_many(tmp_path: Path) -> None:
    grouped = {"question": "Why?", "question_id": "q1", "answers": [["correct", "so"], ["wrong", "no\nidea"]]}
    bare = {"question": "Why not?", "answers": [["wrong", "?"]]}
    found = read_graded([file(tmp_path / "a.jsonl", grouped, bare)])
    assert [(one.label, one.answer, one.answer_id, one.group) for one in found] == [
        ("correct", "so", "q1/1", "q1"),
        ("wrong", "no\nidea", "q1/2", "q1"),
        ("wrong", "?", "Why not?/1", "Why not?"),
    ]


def test_a_row_may_name_an_item_of_a_course(tmp_path: Path) -> None:
    item = Item(ItemId("why"), "text", (), "Why is it so?", reference_answers=("Because.", "For that."))
    path = file(
        tmp_path / "a.jsonl", {"question_id": "why", "answer": "so", "label": "correct"}, {**ROW, "question_id": "why"}
    )
    named, own = read_graded([path], [item])
    assert (named.question, named.reference_answers) == ("Why is it so?", ("Because.", "For that."))
    assert own.question == "Why?"
    with pytest.raises(ImportFault, match=r"a.jsonl:1: `question` is missing$"):
        read_graded([path])


def test_a_row_takes_from_its_item_what_the_service_compares_with(tmp_path: Path) -> None:
    item = Item(ItemId("why"), "text", (), "Why?", answer="Because.", accepted_answers=("It is so.",))
    named = {"question_id": "why", "answer": "so", "label": "correct"}
    path = file(tmp_path / "a.jsonl", named, {**named, "question": "Why?"}, {**ROW, "question_id": "why"})
    bare, asked, own = read_graded([path], [item])
    assert bare.reference_answers == asked.reference_answers == references_of(item) == ("Because.", "It is so.")
    assert own.reference_answers == ("Because.",)


def test_an_item_that_the_course_has_not_is_named(tmp_path: Path) -> None:
    item = Item(ItemId("why"), "text", (), "Why?", reference_answers=("Because.",))
    path = file(tmp_path / "a.jsonl", {"question_id": "wy", "answer": "so", "label": "correct"})
    with pytest.raises(ImportFault, match="`question` is missing, and the course has no item 'wy' to take it from"):
        read_graded([path], [item])


def test_gzip_is_read_whatever_the_file_is_called(tmp_path: Path) -> None:
    path = tmp_path / "packed.jsonl"
    path.write_bytes(gzip.compress(json.dumps(ROW).encode()))
    assert len(read_graded([path])) == 1


@pytest.mark.parametrize("harm", ["cut", "changed"])
def test_damaged_gzip_is_refused_by_name(tmp_path: Path, harm: str) -> None:
    path = tmp_path / "packed.jsonl.gz"
    whole = bytearray(gzip.compress(b"".join(json.dumps({**ROW, "answer": str(n)}).encode() for n in range(50))))
    if harm == "changed":
        whole[20:40] = b"\xff" * 20
    path.write_bytes(whole[: len(whole) // 2] if harm == "cut" else whole)
    with pytest.raises(ImportFault, match=r"packed.jsonl.gz cannot be read: "):
        read_graded([path])


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("{", "unexpected end of data"),
        ("[1]", "a JSON object is needed, with question, reference_answers"),
        ({**ROW, "question": 5}, "`question` is 5: a text is needed"),
        ({**ROW, "answer": None}, "`answer` is missing"),
        ({**ROW, "passage": ["Once."]}, r"`passage` is \['Once.'\]: a text is needed"),
        ({**ROW, "answer": ["so"]}, "`answer` must be a text"),
        ({**ROW, "reference_answers": "Because."}, "`reference_answers` must be a list of texts"),
        ({**ROW, "label": " "}, "`label` is ' ': a word is needed"),
        ({**ROW, "max_score": 0}, "`max_score` is 0: a number above 0 is needed"),
        ({**ROW, "score": 3, "max_score": 2}, r"`score` is 3: a number from 0 to `max_score` \(2\) is needed"),
        ({**ROW, "score": True}, "`score` is True: a number from 0"),
        ({**ROW, "label": None}, "no grade: `label`, or `score` with `max_score`, is needed"),
        ({"question": "Why?", "answers": ["so"]}, r"`answers` must be a list of pairs \[label, answer\]"),
        ({"question": "Why?", "answers": [["correct", 3]]}, "`answer` must be a text"),
        ({"label": "correct"}, "`question` is missing; `answer` is missing"),
    ],
)
def test_what_is_wrong_with_a_row_is_said(tmp_path: Path, row: Any, said: str) -> None:
    with pytest.raises(ImportFault, match=rf"a.jsonl:2: .*{said}"):
        read_graded([file(tmp_path / "a.jsonl", ROW, row)])


def test_every_fault_is_named_with_its_file_and_line_up_to_a_number(tmp_path: Path) -> None:
    first = file(tmp_path / "a.jsonl", "{", ROW, "", {**ROW, "label": None})
    second = file(tmp_path / "b.jsonl", *["nonsense"] * MOST_FAULTS)
    with pytest.raises(ImportFault) as caught:
        read_graded([first, second])
    told = str(caught.value).splitlines()
    assert [line.split(": ")[0] for line in told[:3]] == [f"{first}:1", f"{first}:4", f"{second}:1"]
    assert len(told) == MOST_FAULTS + 1 and told[-1] == "and 2 more faults"


def test_answers_to_be_graded_need_no_grade(tmp_path: Path) -> None:
    path = file(tmp_path / "a.jsonl", {"question": "Why?", "answer": "so"})
    assert read_graded([path], graded=False) == [GradedAnswer("Why?", (), "so")]
    with pytest.raises(ImportFault, match="no grade"):
        read_graded([path])


def test_a_file_without_answers_and_one_that_is_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportFault, match=r"a.jsonl: no answers; each line is one JSON object with question"):
        read_graded([file(tmp_path / "a.jsonl", "")])
    with pytest.raises(ImportFault, match=r"nowhere.jsonl cannot be read: .*No such file"):
        read_graded([tmp_path / "nowhere.jsonl"])


def test_the_answers_that_come_with_wayline_are_whole() -> None:
    """As many as their readme says, each question with the same number of answers, and all by the same five labels."""
    paths = sorted((Path(__file__).resolve().parent.parent / "data" / "graded").glob("*.jsonl"))
    found = read_graded(paths)
    assert (len(paths), len(found), len({one.group for one in found})) == (7, 3360, 420)
    assert {one.label for one in found} == {
        "correct", "partially_correct_incomplete", "contradictory", "irrelevant", "non_domain",
    }  # fmt: skip
    assert all(one.reference_answers and one.answer for one in found)

"""ASSISTments exports: rows of one `order_id` are one response, for apart they would give the answer away."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.importers import ImportFault, ImportReport
from data.importers.assistments import responses
from student_model.types import Response

HEADER = (
    "order_id,assignment_id,user_id,assistment_id,problem_id,original,correct,attempt_count,ms_first_response,"
    "tutor_mode,answer_type,sequence_id,student_class_id,position,type,base_sequence_id,skill_id,skill_name,"
    "teacher_id,school_id,hint_count,hint_total,overlap_time,template_id,answer_id,answer_text,first_action,"
    "bottom_hint,opportunity,opportunity_original\n"
)


def row(order: int, user: int, problem: int, correct: str, skill: str, *, ms: int = 2500, text: str = "") -> str:
    return (
        f"{order},1,{user},9,{problem},1,{correct},1,{ms},tutor,algebra,5,6,1,MasterySection,5,{skill},Name,"
        f"3,4,1,3,100,2,,{text},0,,1,1\n"
    )


def read(path: Path, text: str, encoding: str = "latin-1") -> tuple[list[Response], ImportReport]:
    file = path / "skill_builder_data.csv"
    file.write_bytes(text.encode(encoding))
    report = ImportReport()
    return list(responses(file, report)), report


def test_a_row_for_each_skill_is_one_response(tmp_path: Path) -> None:
    text = HEADER + row(20, 7, 100, "1", "11") + row(20, 7, 100, "1", "12") + row(21, 7, 101, "0", "11")
    (first, second), report = read(tmp_path, text)
    assert (first.item_id, first.concept_ids, first.correct) == ("100", ("11", "12"), True)
    assert (second.item_id, second.concept_ids, second.correct) == ("101", ("11",), False)
    assert (first.elapsed_seconds, first.hints, first.at, first.sequence) == (2.5, 1, None, 20)
    assert (report.rows_read, report.rows_kept) == (3, 3)
    assert "answer_text" in report.notes[0]


def test_skills_joined_by_underscore_are_several(tmp_path: Path) -> None:
    (found,), _ = read(tmp_path, HEADER + row(20, 7, 100, "1", "11_12"))
    assert found.concept_ids == ("11", "12")


def test_order_is_that_of_order_id_within_each_learner(tmp_path: Path) -> None:
    text = HEADER + row(30, 8, 1, "1", "1") + row(12, 7, 2, "1", "1") + row(9, 8, 3, "1", "1")
    found, _ = read(tmp_path, text)
    assert [(one.learner_id, one.item_id) for one in found] == [("7", "2"), ("8", "3"), ("8", "1")]


def test_latin_1_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    (found,), _ = read(tmp_path, HEADER + row(1, 7, 1, "1", "1", text="caf\xe9"))
    assert found.item_id == "1"
    (found,), _ = read(tmp_path, "\ufeff" + HEADER + row(1, 7, 1, "1", "1", text="café"), "utf-8")
    assert found.item_id == "1"


def test_bad_rows_are_counted_and_named(tmp_path: Path) -> None:
    text = (
        HEADER
        + row(1, 7, 1, "maybe", "1")
        + row(2, 7, 1, "1", "", ms=-5)
        + row(3, 7, 1, "1", "1")
        + row(3, 7, 99, "1", "1")
        + ",1,7\n"
        + row(5, 7, 1, "1", "1").replace("5,1,7", "x,1,7", 1)
    )
    found, report = read(tmp_path, text)
    assert [one.sequence for one in found] == [2, 3]
    assert found[0].concept_ids == () and found[0].elapsed_seconds is None
    assert {kind: fault.count for kind, fault in report.faults.items()} == {
        "`correct` is not 0 or 1": 1,
        "no skill (the response is kept)": 1,
        "a negative `ms_first_response` (the response is kept)": 1,
        "the `order_id` was used for another answer": 1,
        "the row has more or fewer cells than the header": 1,
        "`order_id`, `user_id` or `problem_id` is missing": 1,
    }
    assert (report.rows_read, report.rows_kept) == (6, 2)


def test_our_own_format_is_pointed_at(tmp_path: Path) -> None:
    with pytest.raises(ImportFault, match="import it with the format `canonical`"):
        read(tmp_path, "learner_id,item_id,concept_ids,correct\na,i,c,1\n")


def test_what_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImportFault, match="no column skill_id; the header has order_id,user_id,problem_id,correct"):
        read(tmp_path, "order_id,user_id,problem_id,correct\n")


def test_orders_are_numbers_and_learners_stay_together(tmp_path: Path) -> None:
    text = HEADER + "".join(row(order, user, order, "1", "1") for order, user in [(100, 7), (9, 10), (20, 7), (1, 10)])
    found, _ = read(tmp_path, text)
    assert [(one.learner_id, one.sequence) for one in found] == [("10", 1), ("10", 9), ("7", 20), ("7", 100)]
    assert [one.response_id for one in found][:2] == ["assistments-1", "assistments-9"]


def test_one_order_id_of_two_learners_is_two_responses(tmp_path: Path) -> None:
    found, report = read(tmp_path, HEADER + row(5, 7, 1, "1", "1") + row(5, 8, 1, "0", "2"))
    assert [(one.learner_id, one.correct, one.concept_ids) for one in found] == [
        ("7", True, ("1",)),
        ("8", False, ("2",)),
    ]
    assert not report.faults


def test_rows_that_disagree_about_the_result_are_not_joined(tmp_path: Path) -> None:
    (found,), report = read(tmp_path, HEADER + row(5, 7, 1, "1", "1") + row(5, 7, 1, "0", "2"))
    assert (found.correct, found.concept_ids) == (True, ("1",))
    assert (report.rows_read, report.rows_kept) == (2, 1)


@pytest.mark.parametrize(
    ("skill", "concepts"),
    [("NA", ()), ("", ()), ("3_NA_4", ("3", "4")), ("_3_", ("3",)), ("3_3", ("3",)), (" 3 ", ("3",))],
)
def test_skills_that_are_none_are_left_out(tmp_path: Path, skill: str, concepts: tuple[str, ...]) -> None:
    (found,), report = read(tmp_path, HEADER + row(5, 7, 1, "1", skill))
    assert found.concept_ids == concepts
    assert bool(report.faults) == (concepts == ())


@pytest.mark.parametrize(("ms", "seconds"), [("0", 0.0), ("1", 0.001), ("nan", None), ("inf", None), ("soon", None)])
def test_time_spent_is_in_seconds_or_not_known(tmp_path: Path, ms: str, seconds: float | None) -> None:
    text = row(5, 7, 1, "0", "1").replace(",2500,", f",{ms},")
    (found,), _ = read(tmp_path, HEADER + text)
    assert found.elapsed_seconds == seconds


def test_columns_that_are_not_needed_may_lack(tmp_path: Path) -> None:
    (found,), report = read(tmp_path, "order_id,user_id,problem_id,correct,skill_id\n5,7,1,1,3\n")
    assert (found.hints, found.elapsed_seconds, found.concept_ids) == (None, None, ("3",))
    assert report.rows_kept == 1

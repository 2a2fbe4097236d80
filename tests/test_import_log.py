"""The log CSV: rows become responses with stable ids; a bad row is counted and named, never just lost."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.importers import ImportFault, ImportReport
from data.importers.canonical import NOT_CORRECT, read_log, responses, write
from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import EMPTY_VOCABULARY, Vocabulary
from student_model.log import Log
from student_model.replay import to_log
from student_model.types import LearnerId, Response, ResponseId

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "knowledge_tracing" / "assistments2009"
HEADER = "learner_id,item_id,concept_ids,correct\n"


def log_file(path: Path, text: str) -> Path:
    file = path / "log.csv"
    file.write_bytes(text.encode())
    return file


def read(path: Path) -> tuple[list[Response], ImportReport]:
    report = ImportReport()
    return list(responses(path, report)), report


Row = tuple[str, str, tuple[ConceptId, ...], list[float]]


def content(log: Log) -> list[Row]:
    """Rows by learner with their items' concepts, whatever the numbering."""
    tags, items = log.vocabulary.tags(), [log.vocabulary.items[i] for i in log.item]
    numbers = np.stack((log.outcome, log.seconds, log.weights, log.elapsed_seconds), axis=1)
    names = [str(log.learners[n]) for n in log.learner]
    plain = np.nan_to_num(numbers, nan=-1.0).tolist()
    rows = [(name, str(item), tags[item], cells) for name, item, cells in zip(names, items, plain, strict=True)]
    return sorted(rows, key=lambda row: row[0])


def test_rows_become_responses(tmp_path: Path) -> None:
    text = (
        "\ufefflearner_id,item_id,concept_ids,correct,seconds,answer_text,choice,elapsed_seconds,hints\r\n"
        'ann,i1,a;b,1,0,"three, or so",,12.5,0\r\n'
        "ann,i2,a,false,90.5,,B,,2\r\n"
        "bob,i1,a;b,0.25,,,,,\r\n"
        "bob,i3,,,,,,,\r\n"
    )
    found, report = read(log_file(tmp_path, text))
    first, second, third, fourth = found
    assert (first.learner_id, first.item_id, first.concept_ids) == ("ann", "i1", ("a", "b"))
    assert (first.at, first.sequence, first.correct, first.score) == (EPOCH, 0, True, None)
    assert (first.answer_text, first.choice, first.elapsed_seconds, first.hints) == (
        "three, or so",
        None,
        12.5,
        0,
    )
    assert (second.at, second.sequence, second.correct, second.hints) == (
        EPOCH + timedelta(seconds=90.5),
        1,
        False,
        2,
    )
    assert (third.at, third.sequence, third.correct, third.score, third.outcome) == (
        None,
        0,
        None,
        0.25,
        0.25,
    )
    assert (fourth.correct, fourth.outcome, fourth.concept_ids) == (None, None, ())
    assert (report.rows_read, report.rows_kept, report.faults, report.notes) == (4, 4, {}, [])


def test_without_items_the_concepts_stand_for_them(tmp_path: Path) -> None:
    found, _ = read(log_file(tmp_path, "learner_id,concept_ids,correct\nann,a;b,1\n"))
    assert (found[0].item_id, found[0].concept_ids) == ("a;b", ("a", "b"))


def test_ids_depend_on_content_and_order_alone(tmp_path: Path) -> None:
    rows = "ann,i1,a,1\nann,i1,a,1\nbob,i1,a,1\n"
    (tmp_path / "other").mkdir()
    once, _ = read(log_file(tmp_path, HEADER + rows))
    again, _ = read(log_file(tmp_path / "other", HEADER + rows + "ann,i9,a,0\n"))
    assert once == again[:3], "a longer file has the same ids for the rows that were there"
    assert len({one.response_id for one in once}) == 3, "the same answer twice is two responses"


def test_bad_rows_are_counted_and_named(tmp_path: Path) -> None:
    rows = "ann,i1,a,yes\n,i1,a,1\nann,,,1\nann,i1,a\nann,i1,a,2\nann,i1,a,nan\nann,i1,a,1\n"
    found, report = read(log_file(tmp_path, HEADER + rows))
    assert [one.sequence for one in found] == [4], "rows keep their numbers when those before are mended"
    assert (report.rows_read, report.rows_kept) == (7, 1)
    assert {kind: (fault.count, fault.places) for kind, fault in report.faults.items()} == {
        NOT_CORRECT: (3, ["log.csv:2", "log.csv:6", "log.csv:7"]),
        "`learner_id` is empty": (1, ["log.csv:3"]),
        "neither `item_id` nor `concept_ids`": (1, ["log.csv:4"]),
        "the row has more or fewer cells than the header": (1, ["log.csv:5"]),
    }


def test_bad_extras_cost_the_extra_not_the_response(tmp_path: Path) -> None:
    text = "learner_id,item_id,correct,hints,elapsed_seconds,confidence\nann,i,1,many,-3,2\n"
    (found,), report = read(log_file(tmp_path, text))
    assert (found.correct, found.hints, found.elapsed_seconds, found.confidence) == (True, None, None, None)
    assert len(report.faults) == 3


@pytest.mark.parametrize("seconds", ["soon", "nan", "inf", "1e300"])
def test_a_time_that_is_none_is_a_fault(tmp_path: Path, seconds: str) -> None:
    found, report = read(log_file(tmp_path, f"learner_id,item_id,correct,seconds\nann,i,1,{seconds}\n"))
    assert found == []
    assert [fault.places for fault in report.faults.values()] == [["log.csv:2"]]


def test_unknown_columns_are_noted(tmp_path: Path) -> None:
    for reader in (lambda p, r: list(responses(p, r)), lambda p, r: read_log(p, report=r)):
        report = ImportReport()
        reader(log_file(tmp_path, "learner_id,item_id,correct,mood,school\nann,i,1,good,x\n"), report)
        assert report.notes == ["ignored columns: mood, school"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("learner_id,item_id\nann,i\n", "no column correct"),
        ("learner_id,correct\nann,1\n", "no column item_id or concept_ids"),
        ("", "the header has nothing"),
        (HEADER + 'ann,"i,a,1\n', "not CSV"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, text: str, words: str) -> None:
    file = log_file(tmp_path, text)
    with pytest.raises(ImportFault, match=words):
        read(file)
    with pytest.raises(ImportFault, match=words):
        read_log(file)


def test_a_broken_archive_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "log.csv.gz"
    file.write_bytes(gzip.compress((HEADER + "ann,i,a,1\n" * 1000).encode())[:40])
    with pytest.raises(ImportFault, match="cannot be read"):
        read(file)


CELLS = st.tuples(
    st.sampled_from(["ann", "bob", "eve"]),
    st.sampled_from(["i1", "i2", "i3", ""]),
    st.sampled_from(["a", "a;b", "b ; c", ""]),
    st.sampled_from(["0", "1", "true", "False", "0.5", "", "no", "2"]),
    st.sampled_from(["", "0", "5", "5", "90.5", "late"]),
    st.sampled_from(["", "0.25", "1"]),
    st.sampled_from(["", "0.5", "1"]),
    st.sampled_from(["", "12.5"]),
)


@given(st.lists(CELLS, max_size=12))
@settings(deadline=None)
def test_columns_say_what_rows_say(rows: list[tuple[str, ...]]) -> None:
    """`read_log` is a faster way to the same log, faults included."""
    header = "learner_id,item_id,concept_ids,correct,seconds,score,score_confidence,elapsed_seconds\n"
    text = header + "".join(",".join(row) + "\n" for row in rows)
    with TemporaryDirectory() as name:
        file = log_file(Path(name), text)
        slow, fast = ImportReport(), ImportReport()
        wanted = to_log(responses(file, slow), EMPTY_VOCABULARY)
        got = read_log(file, report=fast)
    assert content(got) == content(wanted)
    assert fast == slow


@pytest.mark.parametrize(
    ("cells", "weight"), [("0.5,,0.5", 0.5), ("1,,0.5", 1.0), ("1,1,0.5", 0.5), ("0,0.25,", 1.0), ("0.5,,", 1.0)]
)
def test_confidence_is_of_a_score_and_a_share_of_full_marks_is_one(cells: str, weight: float, tmp_path: Path) -> None:
    file = log_file(tmp_path, f"learner_id,item_id,correct,score,score_confidence\nann,i,{cells}\n")
    assert read_log(file).weights.tolist() == [weight]
    assert to_log(responses(file, ImportReport()), EMPTY_VOCABULARY).weights.tolist() == [weight]


def test_the_vocabulary_is_extended_not_renumbered(tmp_path: Path) -> None:
    known = Vocabulary.build([ConceptId("z")], {ItemId("i2"): [ConceptId("z")]})
    log = read_log(log_file(tmp_path, HEADER + "ann,i1,a,1\nann,i2,a,0\n"), known)
    assert log.vocabulary.items == ("i2", "i1")
    assert log.vocabulary.concepts == ("z", "a")
    assert log.vocabulary.tags()[ItemId("i2")] == ("z",), "the course's tags hold"
    assert log.item.tolist() == [1, 0]


def test_rows_of_a_learner_are_put_in_order_of_time(tmp_path: Path) -> None:
    text = "learner_id,item_id,correct,seconds\nann,late,1,9\nbob,x,1,1\nann,early,0,3\nann,untimed,1,\n"
    log = read_log(log_file(tmp_path, text))
    assert [log.vocabulary.items[i] for i in log.item] == ["untimed", "early", "late", "x"]


def test_corrections_take_the_place_of_what_they_correct(tmp_path: Path) -> None:
    text = "learner_id,item_id,correct,response_id,supersedes\nann,i,0,r1,\nann,j,1,r2,\nann,i,1,r3,r1\n"
    log = read_log(log_file(tmp_path, text))
    assert [log.vocabulary.items[i] for i in log.item] == ["i", "j"]
    assert log.outcome.tolist() == [1.0, 1.0]


def test_an_empty_log_is_a_log(tmp_path: Path) -> None:
    assert len(read_log(log_file(tmp_path, HEADER))) == 0


WORDS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
SHARES = st.none() | st.floats(0, 1)
WRITTEN = st.builds(
    Response,
    response_id=st.uuids().map(lambda one: ResponseId(str(one))),
    learner_id=st.sampled_from([LearnerId("ann"), LearnerId("bob")]),
    item_id=st.sampled_from([ItemId("i"), ItemId("j, k")]),
    at=st.none() | st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    sequence=st.integers(0, 99),
    correct=st.none() | st.booleans(),
    score=SHARES,
    score_confidence=SHARES,
    choice=WORDS,
    answer_text=WORDS,
    elapsed_seconds=st.none() | st.floats(0, 1e6),
    hints=st.none() | st.integers(0, 9),
    confidence=SHARES,
    supersedes=st.none() | st.just(ResponseId("r1")),
    concept_ids=st.sampled_from([(), (ConceptId("a"),), (ConceptId("a"), ConceptId("b"))]),
)


@given(st.lists(WRITTEN, max_size=5), st.sampled_from(["out.csv", "out.csv.gz"]))
@settings(deadline=None)
def test_reading_gives_what_was_written(written: list[Response], name: str) -> None:
    with TemporaryDirectory() as folder:
        assert write(written, Path(folder) / name) == len(written)
        found, report = read(Path(folder) / name)
    assert found == written
    assert not report.faults


@pytest.mark.skipif(not REAL.exists(), reason="the real log of shared/data is not here")
def test_the_real_log_is_read_whole() -> None:
    report = ImportReport()
    log = read_log(REAL / "train.csv.gz", report=report)
    assert (len(log), len(log.learners), report.faults) == (220_070, 2_491, {})
    assert log.outcome.mean() == pytest.approx(0.66, abs=0.01)


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from("ijk"), st.none() | st.integers(0, 3), st.booleans()),
        max_size=8,
    ),
    st.randoms(use_true_random=False),
)
@settings(deadline=None)
def test_an_exported_log_is_read_in_its_order(rows: list[tuple[str, str, int | None, bool]], dice: Random) -> None:
    """With times, numbers and ids in the file, and rows in any order, both ways still give the same log."""
    written = [
        Response(
            response_id=ResponseId(f"r{number}"),
            learner_id=LearnerId(learner),
            item_id=ItemId(item),
            at=None if hour is None else EPOCH + timedelta(hours=hour),
            sequence=number,
            correct=correct,
        )
        for number, (learner, item, hour, correct) in enumerate(rows)
    ]
    dice.shuffle(written)
    with TemporaryDirectory() as name:
        file = Path(name) / "log.csv"
        write(written, file)
        assert content(read_log(file)) == content(to_log(written, EMPTY_VOCABULARY))


def test_a_log_with_a_response_twice_counts_it_once(tmp_path: Path) -> None:
    rows = "ann,i,1,r1,0\nann,i,1,r1,0\nann,j,0,r2,1\n"
    log = read_log(log_file(tmp_path, "learner_id,item_id,correct,response_id,sequence\n" + rows))
    assert [log.vocabulary.items[i] for i in log.item] == ["i", "j"]


def test_score_goes_before_correct(tmp_path: Path) -> None:
    log = read_log(log_file(tmp_path, "learner_id,item_id,correct,score\nann,i,0,0.75\nann,j,1,\nann,k,,\n"))
    assert log.outcome.tolist() == [0.75, 1.0]

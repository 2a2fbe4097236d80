"""DBE-KT22: HTML becomes text, a symmetric map becomes inferred edges, steps of time become seconds."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from data.importers import ImportReport
from data.importers._html import text_of
from data.importers.dbe_kt22 import curriculum, responses, seconds_of
from knowledge_graph.lint import lint

REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "knowledge_tracing" / "dbe_kt22"
TEX = '<img src="http://latex.codecogs.com/gif.latex?%s" border="0"/>'
FILES = {
    "questions.csv": "id,question_rich_text,question_title,explanation,hint_text,question_text,difficulty\n"
    "1,Late?,Q1,,,Late?,1\n"
    "2,Early &amp; <b>bold</b>?,Q2,Because.,A <i>hint</i>,x,2\n"
    "3,No key?,Q3,,,No key?,1\n",
    "choices.csv": "id,choice_text,is_correct,question_id\n"
    "1,yes,True,1\n2,no,False,1\n3,a,False,2\n4,b,True,2\n5,c,False,3\n",
    "concepts.csv": "id,name,description\n7,Join,Both\n8,Set,Many\n9,Lonely,None\n",
    "question_concepts.csv": "id,question_id,knowledgecomponent_id\n1,1,7\n2,2,8\n3,2,8\n",
    "concept_links.csv": "id,from_knowledgecomponent_id,to_knowledgecomponent_id\n1,7,8\n2,8,7\n3,9,9\n4,9,7\n",
}
LOG = (
    "learner_id,order,item_id,correct,elapsed_bin,lag_bin\n"
    "5,0,2,1,15s 이상 ~ 20s 미만,unk_id\n"
    "5,1,,1,unk_id,1s 이상 ~ 2s 미만\n"
    "5,2,1,0,120s 이상,60s 이상\n"
    "5,x,1,0,unk_id,\n"
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "responses_train.csv.gz").write_bytes(gzip.compress(LOG.encode()))
    return tmp_path


def test_the_log_gives_the_order_of_the_course(source: Path) -> None:
    report = ImportReport()
    course = curriculum(source, report)
    assert [item.item_id for item in course.items] == ["2", "1"]
    assert [concept.title for concept in course.concepts] == ["Set", "Join", "Lonely"]
    (first, second) = course.prerequisites
    assert (first.source_id, first.target_id, first.origin) == ("8", "7", "inferred")
    assert (second.source_id, second.target_id) == ("7", "9")
    assert "direction" in first.reason
    assert {kind: fault.places for kind, fault in report.faults.items()} == {
        "no choice of the question is right": ["questions.csv:4"],
        "a link from a concept to itself or to none": ["concept_links.csv: ['9']"],
    }


def test_questions_become_choice_items(source: Path) -> None:
    item = curriculum(source, ImportReport()).items[0]
    assert (item.kind, item.text, item.title) == ("choice", "Early & bold?", "Q2")
    assert (item.choices, item.answer, item.concept_ids) == (("a", "b"), "b", ("8",))
    assert (item.hints, item.explanation) == (("A hint",), "Because.")


def test_without_the_log_the_file_gives_the_order(source: Path) -> None:
    (source / "responses_train.csv.gz").unlink()
    report = ImportReport()
    assert [item.item_id for item in curriculum(source, report).items] == ["1", "2"]
    assert any("order of their file" in note for note in report.notes)


def test_rows_without_a_question_are_named(source: Path) -> None:
    report = ImportReport()
    first, second = responses(source, report)
    assert (first.item_id, first.sequence, first.correct, first.elapsed_seconds) == ("2", 0, True, 17.5)
    assert (second.item_id, second.sequence, second.elapsed_seconds, second.at) == ("1", 2, 120.0, None)
    assert first.concept_ids == ("8",)
    assert {kind: fault.places for kind, fault in report.faults.items()} == {
        "no `item_id`: two questions could not be told apart": ["responses_train.csv.gz:3"],
        "`correct` is not 0 or 1, `order` no number, or `learner_id` empty": ["responses_train.csv.gz:5"],
    }


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (f"Let {TEX % 'T_{1}'}run", "Let $$T_{1}$$ run"),
        (TEX % r"\bf \large \color{red} {\pi_{id}(A)}", r"$${\pi_{id}(A)}$$"),
        ("a<br>\n\n<br>\n<br>\n<br>b", "a\n\nb"),
        ("<style>p {}</style>a<p>b</p>c", "a\nb\nc"),
        (
            "<table><tr><th>A</th><th>B</th></tr>\n<tr><td> </td><td><center>x</td></tr></table>z",
            "A | B\n| x\nz",
        ),
        ('<img src="a.png" alt="a tree">', "[picture: a tree]"),
        ("1 &lt; 2 &amp;&amp; 3", "1 < 2 && 3"),
        ("<ul><li>one</li><li>two</li></ul>", "one\ntwo"),
        ("<table><tr><td>a</td></tr></table><table><tr><td>b</td></tr></table>", "a\n\nb"),
        ("<h2>T</h2>text", "T\ntext"),
        ("<table><tr><td><p>a</p></td><td>b</td></tr></table>", "a | b"),
        ("x<script>if (a < b) {}</script>y</style>z", "xyz"),
        ("<div>a <b> b</b>\n c</div>", "a b c"),
        ("<img>", "[picture: ]"),
        ('<img src="http://latex.codecogs.com/svg.image?a%20%3C%20b">', "$$a < b$$"),
        ("&nbsp;a&nbsp;", "a"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_html_becomes_text(html: str, text: str) -> None:
    assert text_of(html) == text


@pytest.mark.parametrize(
    ("step", "seconds"),
    [("0s 이상 ~ 5s 미만", 2.5), ("120s 이상", 120.0), ("unk_id", None), ("", None), ("5s", None)],
)
def test_steps_of_time_become_seconds(step: str, seconds: float | None) -> None:
    assert seconds_of(step) == seconds


@pytest.mark.skipif(not REAL.exists(), reason="the real course of shared/data is not here")
def test_the_real_course_is_read_whole() -> None:
    report = ImportReport()
    course = curriculum(REAL, report)
    assert (len(course.concepts), len(course.items), report.faults) == (98, 212, {})
    assert not [finding for finding in lint(course) if finding.severity == "error"]
    assert not any("<" in item.text and "</" in item.text for item in course.items)
    report = ImportReport()
    assert sum(1 for _ in responses(REAL, report)) == report.rows_kept == 128_935 - 2_174


def test_the_middle_of_a_questions_places_counts_not_its_first(source: Path) -> None:
    rows = [("5", 0, "1"), ("6", 9, "1"), ("7", 8, "1"), ("5", 4, "2"), ("6", 5, "2"), ("7", 6, "2")]
    text = "learner_id,order,item_id,correct,elapsed_bin,lag_bin\n"
    text += "".join(f"{learner},{order},{item},1,unk_id,\n" for learner, order, item in rows)
    (source / "responses_train.csv.gz").write_bytes(gzip.compress(text.encode()))
    # Question 1 is at 0, 8 and 9, in the middle 8; question 2 at 4, 5 and 6, in the middle 5.
    assert [item.item_id for item in curriculum(source, ImportReport()).items] == ["2", "1"]


def test_what_no_log_names_comes_last_in_the_order_of_its_file(source: Path) -> None:
    with (source / "questions.csv").open("a") as file:
        file.write("4,Unasked?,Q4,,,Unasked?,1\n0,Unasked too?,Q0,,,x,1\n")
    with (source / "choices.csv").open("a") as file:
        file.write("6,a,True,4\n7,a,True,0\n8,b,False,0\n")
    course = curriculum(source, ImportReport())
    assert [item.item_id for item in course.items] == ["2", "1", "4", "0"]
    assert course.items[2].concept_ids == ()


def test_several_right_choices_are_all_right_and_the_same_choice_stands_once(source: Path) -> None:
    with (source / "choices.csv").open("a") as file:
        file.write("6,<b>both</b>,True,2\n7,a,False,2\n")
    item = curriculum(source, ImportReport()).items[0]
    assert (item.choices, item.answer, item.accepted_answers) == (("a", "b", "both"), "b", ("both",))


def test_without_rich_text_the_plain_one_is_asked(source: Path) -> None:
    text = (source / "questions.csv").read_text().replace("Early &amp; <b>bold</b>?", "<p> </p>")
    (source / "questions.csv").write_text(text)
    assert curriculum(source, ImportReport()).items[0].text == "x"


def test_the_same_row_has_the_same_id_and_any_other_another(source: Path) -> None:
    head, first, *_ = LOG.splitlines(keepends=True)
    others = ["6,0,2,1,unk_id,\n", "5,1,2,1,unk_id,\n", "5,0,1,1,unk_id,\n", "5,0,2,0,unk_id,\n"]
    (source / "responses_train.csv.gz").write_bytes(gzip.compress("".join([head, first, *others, first]).encode()))
    ids = [one.response_id for one in responses(source / "responses_train.csv.gz", ImportReport())]
    assert ids[0] == ids[-1] and len(set(ids)) == 5

"""Every importer, found by its file, keeps the contract on a small sample of its format."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from data import importers
from data.importers import ImportFault, ImportReport
from knowledge_graph.formats import folder
from knowledge_graph.lint import structural
from knowledge_graph.types import Curriculum

Files = dict[str, str]

OATUTOR: Files = {
    "coursePlans.json": json.dumps(
        [
            {
                "courseName": "Algebra",
                "lessons": [
                    {
                        "id": "L1",
                        "name": "Lesson 1.1",
                        "topics": "Add",
                        "learningObjectives": {"add_integers": 0.85},
                    },
                    {
                        "id": "L2",
                        "name": "Lesson 1.2",
                        "topics": "Mult",
                        "learningObjectives": {"multiply": 0.85},
                    },
                ],
            }
        ]
    ),
    "skillModel.json": json.dumps({"p1a": ["add_integers"], "p2a": ["multiply"]}),
    "content-pool/p1/p1.json": json.dumps({"id": "p1", "title": "Add", "body": "Add.", "lessonId": "L1"}),
    "content-pool/p1/steps/p1a/p1a.json": json.dumps(
        {
            "stepAnswer": ["$$3$$"],
            "problemType": "TextBox",
            "stepTitle": "$$1+2$$",
            "answerType": "arithmetic",
        }
    ),
    "content-pool/p2/p2.json": json.dumps({"id": "p2", "title": "Multiply", "body": "", "lessonId": "L2"}),
    "content-pool/p2/steps/p2a/p2a.json": json.dumps(
        {
            "stepAnswer": ["six"],
            "problemType": "MultipleChoice",
            "stepTitle": "2 times 3?",
            "answerType": "string",
            "choices": ["five", "six"],
        }
    ),
}
DBE: Files = {
    "questions.csv": "id,question_rich_text,question_title,explanation,hint_text,question_text,difficulty\n"
    "1,What?<br>Now?,Q1,,,What? Now?,1\n",
    "choices.csv": "id,choice_text,is_correct,question_id\n1,yes,True,1\n2,no,False,1\n",
    "concepts.csv": "id,name,description\n7,Set,Many\n8,Tuple,Few\n",
    "question_concepts.csv": "id,question_id,knowledgecomponent_id\n1,1,7\n2,1,8\n",
    "concept_links.csv": "id,from_knowledgecomponent_id,to_knowledgecomponent_id\n1,7,8\n2,8,7\n",
    "responses_train.csv": "learner_id,order,item_id,correct,elapsed_bin,lag_bin\n5,0,1,1,120s 이상,unk_id\n",
}
ASSISTMENTS = "order_id,user_id,problem_id,correct,skill_id\n10,u,p,1,4\n10,u,p,1,5\n11,u,q,0,\n"
SAMPLES: dict[str, Files] = {
    "assistments": {"sample.csv": ASSISTMENTS},
    "canonical": {"sample.csv": "learner_id,item_id,concept_ids,correct\nann,i,a;b,1\nann,j,b,0\n"},
    "dbe_kt22": DBE,
    "junyi": {
        "exercises.csv": "name,live,prerequisites,topic,area,short_display_name\n"
        "plus,True,,sum,arithmetic,加\ntimes,True,plus,sum,arithmetic,乘\n"
    },
    "metacademy": {
        "concepts.csv": "concept_id,title,summary\na,A,first\nb,B,second\n",
        "prerequisites.csv": "prerequisite_id,concept_id,reason\na,b,because\n",
    },
    "oatutor": OATUTOR,
}
"""A small source of each format: a new importer needs one here."""


@pytest.fixture
def source(tmp_path: Path) -> Callable[[str], Path]:
    """Writes the sample of a format and gives the path to import."""

    def written(name: str) -> Path:
        root = tmp_path / name
        for file, text in SAMPLES[name].items():
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).write_text(text, encoding="utf-8")
            if file == "responses_train.csv":
                (root / f"{file}.gz").write_bytes(gzip.compress(text.encode()))
        return root / "sample.csv" if "sample.csv" in SAMPLES[name] else root

    return written


def test_every_importer_has_a_sample() -> None:
    assert tuple(sorted(SAMPLES)) == importers.available()


@pytest.mark.parametrize("name", importers.available())
def test_an_importer_gives_a_course_or_responses(name: str) -> None:
    importer = importers.load(name)
    assert importer.name == name
    assert importer.curriculum or importer.responses


@pytest.mark.parametrize("name", importers.available())
def test_importing_is_repeatable_and_counted(name: str, source: Callable[[str], Path]) -> None:
    path, importer = source(name), importers.load(name)

    def everything() -> list[object]:
        found: list[object] = []
        for read in (importer.curriculum, importer.responses):
            if read is not None:
                report = ImportReport()
                result = read(path, report)
                found += [result if isinstance(result, Curriculum) else list(result), report]
                assert 0 < report.rows_kept <= report.rows_read
                assert all(fault.count >= len(fault.places) > 0 for fault in report.faults.values())
        return found

    assert everything() == everything()


@pytest.mark.parametrize("name", [one for one in importers.available() if importers.load(one).curriculum])
def test_a_course_is_sound_and_can_be_written(name: str, source: Callable[[str], Path], tmp_path: Path) -> None:
    read = importers.load(name).curriculum
    assert read is not None
    course = read(source(name), ImportReport())
    assert structural(course) == ()
    assert len(course.concepts) == 2
    assert len(course.prerequisites) == 1
    assert course.course.licence or name == "oatutor"
    folder.write(course, tmp_path / "out")
    assert replace(folder.read(tmp_path / "out"), places={}) == course


@pytest.mark.parametrize("name", [one for one in importers.available() if importers.load(one).responses])
def test_responses_have_ids_of_their_own_and_an_order(name: str, source: Callable[[str], Path]) -> None:
    read = importers.load(name).responses
    assert read is not None
    found = list(read(source(name), ImportReport()))
    assert found
    assert len({one.response_id for one in found}) == len(found)
    assert all(one.sequence is not None and one.outcome is not None for one in found)


@pytest.mark.parametrize("name", importers.available())
@pytest.mark.parametrize("what", ["an empty folder", "an empty file", "noise"])
def test_a_source_of_another_kind_is_refused(name: str, what: str, tmp_path: Path) -> None:
    path = tmp_path if what == "an empty folder" else tmp_path / "sample.csv"
    if path != tmp_path:
        path.write_bytes(b"" if what == "an empty file" else b"\x00\xff\xfe;\n1;2\n")
    importer = importers.load(name)
    if importer.curriculum is not None:
        with pytest.raises(ImportFault):
            importer.curriculum(path, ImportReport())
    if importer.responses is not None:
        with pytest.raises(ImportFault):
            list(importer.responses(path, ImportReport()))


def test_an_unknown_name_lists_those_there_are() -> None:
    with pytest.raises(ValueError, match="no import format 'excel'; there are: assistments, canonical"):
        importers.load("excel")


def test_a_report_names_the_first_places_and_counts_the_rest() -> None:
    report = ImportReport(rows_read=9, rows_kept=4)
    for line in range(5):
        report.fault("bad", f"log.csv:{line}")
    report.note("ignored columns: x")
    report.note("ignored columns: x")
    assert list(report.lines()) == [
        "9 rows read, 4 kept",
        "5 x bad: log.csv:0, log.csv:1, log.csv:2 and 2 more",
        "ignored columns: x",
    ]

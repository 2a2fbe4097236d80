"""OATutor's item banks: problems become items with keys that can be judged, lessons become an order."""

from __future__ import annotations

import io
import json
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from data.importers import ImportFault, ImportReport, _archive
from data.importers._archive import contents
from data.importers._latex import plain
from data.importers._oatutor_items import key_of
from data.importers._oatutor_lessons import title_of_skill
from data.importers.oatutor import curriculum
from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.lint import lint
from knowledge_graph.types import Curriculum

REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "items" / "oatutor_elementary_algebra.tar.gz"
LESSONS = [
    ("L1", "Lesson 1.1", "Whole numbers", ["find_multiples", "use_place_value"]),
    ("L2", "Lesson 1.2", "Fractions", ["multiply_fractions", "simplify_fractions"]),
    ("L3", "Lesson 2.1", "More fractions", ["divide_fractions", "use_place_value"]),
]
STEP = {"problemType": "TextBox", "answerType": "arithmetic", "stepTitle": "How many?", "stepBody": ""}


def hint(name: str, text: str, after: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    return {"id": name, "type": "hint", "title": "", "text": text, "dependencies": list(after), **more}


class Bank:
    """An item bank to fill."""

    def __init__(self) -> None:
        self.files: dict[str, Any] = {
            "coursePlans.json": [
                {
                    "courseName": "Tiny: Algebra",
                    "courseLicense": "CC BY 4.0",
                    "lessons": [
                        {"id": a, "name": b, "topics": c, "learningObjectives": dict.fromkeys(d, 0.85)}
                        for a, b, c, d in LESSONS
                    ],
                }
            ],
            "skillModel.json": {},
        }

    def problem(self, name: str, lesson: str, *steps: dict[str, Any], body: str = "Look.", skill: str = "") -> None:
        content = {"id": name, "title": f"Title {name}", "body": body, "lessonId": lesson}
        self.files[f"content-pool/{name}/{name}.json"] = content
        for letter, step in zip("abcdef", steps, strict=False):
            self.step(name, f"{name}{letter}", step, skill)

    def step(self, problem: str, name: str, step: dict[str, Any], skill: str) -> None:
        root = f"content-pool/{problem}/steps/{name}"
        self.files[f"{root}/{name}.json"] = {**STEP, **{k: v for k, v in step.items() if k != "hints"}}
        self.files[f"{root}/tutoring/{name}DefaultPathway.json"] = step.get("hints", [])
        if skill:
            self.files["skillModel.json"][name] = [skill]

    def folder(self, path: Path) -> Path:
        for name, content in self.files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_text(json.dumps(content))
        return path

    def archive(self, path: Path) -> Path:
        with tarfile.open(path, "w:gz") as archive:
            for name, content in self.files.items():
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                member = tarfile.TarInfo(f"./bank/{name}")
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
        return path


def read(bank: Bank, tmp_path: Path) -> tuple[Curriculum, ImportReport]:
    report = ImportReport()
    return curriculum(bank.folder(tmp_path), report), report


def test_one_step_is_a_plain_item(tmp_path: Path) -> None:
    bank = Bank()
    hints = [hint("h2", "then", ("h1",)), hint("h1", "first", title="Start")]
    bank.problem("p1", "L1", {"stepAnswer": [r"$$\frac{3}{4}$$"], "hints": hints}, skill="use_place_value")
    (item,) = read(bank, tmp_path)[0].items
    assert (item.kind, item.answer, item.text) == ("numeric", "3/4", "Look.\n\nHow many?")
    assert (item.title, item.concept_ids) == ("Title p1", ("use_place_value",))
    assert item.hints == ("Start: first", "then"), "a hint comes after those it depends on"


def test_several_steps_are_an_item_of_steps(tmp_path: Path) -> None:
    bank = Bank()
    choice = {
        "problemType": "MultipleChoice",
        "answerType": "string",
        "choices": ["yes", "no"],
        "stepAnswer": ["no"],
    }
    text = {"answerType": "string", "stepAnswer": ["(0,1)"]}
    bank.problem("p1", "L1", choice, text, {"stepAnswer": ["$$n=12$$"]})
    bank.files["skillModel.json"] = {
        "p1a": ["use_place_value"],
        "p1b": ["find_multiples"],
        "p1c": ["use_place_value"],
    }
    (item,) = read(bank, tmp_path)[0].items
    assert (item.kind, item.text, item.concept_ids) == (
        "steps",
        "Look.",
        ("use_place_value", "find_multiples"),
    )
    assert [(step.step_id, step.kind) for step in item.steps] == [
        ("p1a", "choice"),
        ("p1b", "text"),
        ("p1c", "expression"),
    ]
    assert (item.steps[0].choices, item.steps[0].answer) == (("yes", "no"), "no")
    assert (item.steps[1].reference_answers, item.steps[1].answer) == (("(0,1)",), None)
    assert (item.steps[2].answer, item.steps[2].accepted_answers) == ("n=12", ("12",))


def test_questions_among_the_hints_end_with_their_answers(tmp_path: Path) -> None:
    scaffold = hint("h1", "What is 2+2?", hintAnswer=["$$4$$"], subHints=[hint("s1", "Count.")])
    bank = Bank()
    bank.problem("p1", "L1", {"stepAnswer": ["$$4$$"], "hints": [scaffold]}, skill="use_place_value")
    (item,) = read(bank, tmp_path)[0].items
    assert item.hints == ("What is 2+2?\nCount.\nAnswer: $$4$$",)


def test_hints_that_wait_for_each_other_still_come(tmp_path: Path) -> None:
    bank = Bank()
    hints = [hint("h1", "one", ("h2",)), hint("h2", "two", ("h1", "gone"))]
    bank.problem("p1", "L1", {"stepAnswer": ["$$4$$"], "hints": hints}, skill="use_place_value")
    (item,) = read(bank, tmp_path)[0].items
    assert item.hints == ("one", "two")


def test_what_is_odd_is_named(tmp_path: Path) -> None:
    bank = Bank()
    twice = {
        "problemType": "MultipleChoice",
        "choices": ["a", "a", "b"],
        "stepAnswer": ["c"],
        "answerType": "string",
    }
    bank.problem("p1", "L1", twice, skill="use_place_value")
    bank.problem("p2", "L1", {"stepAnswer": [r"$$\begin{x}1$$"], "stepTitle": "See ##fig.gif##"}, skill="unheard_of")
    bank.problem("p3", "L1")
    course, report = read(bank, tmp_path)
    by_id = {str(item.item_id): item for item in course.items}
    assert by_id["p1"].choices == ("a", "b", "c")
    assert (by_id["p2"].kind, by_id["p2"].concept_ids) == ("text", ())
    assert by_id["p2"].text == "Look.\n\nSee [picture: fig.gif]"
    kinds = {kind: fault.places[0] for kind, fault in report.faults.items()}
    assert kinds == {
        "the skill is in no lesson, so its tag is left out": "p2a: unheard_of",
        "a choice is there twice (one is left)": "p1a",
        "the answer is not among the choices (it is added)": "p1a",
        "the step has no skill": "p2a",
        "the picture is not in the source": "p2a: fig.gif",
        "the answer has no plain notation: kind `text`": "p2a",
        "the problem has no text or no steps": "p3",
        "the skill has no problems": "find_multiples",
    }
    assert (report.rows_read, report.rows_kept) == (3, 2)


def test_lessons_give_order_and_inferred_prerequisites(tmp_path: Path) -> None:
    bank = Bank()
    skills = ["use_place_value", "find_multiples", "simplify_fractions", "multiply_fractions"]
    for number, skill in enumerate(skills, start=1):
        bank.problem(f"x{number}", LESSONS[(number - 1) // 2][0], {"stepAnswer": ["$$1$$"]}, skill=skill)
    bank.problem("x11", "L3", {"stepAnswer": ["$$1$$"]}, skill="divide_fractions")
    course, _ = read(bank, tmp_path)
    assert [concept.concept_id for concept in course.concepts] == [*skills, "divide_fractions"]
    assert course.concepts[2].topic == "Lesson 1.2: Fractions"
    assert [item.item_id for item in course.items] == ["x1", "x2", "x3", "x4", "x11"]
    assert {edge.origin for edge in course.prerequisites} == {"inferred"}
    assert all(edge.weight <= 0.7 and "Lesson" in edge.reason for edge in course.prerequisites)
    KnowledgeGraph(course)
    assert [finding.code for finding in lint(course)] == []


def test_an_archive_reads_as_its_folder(tmp_path: Path) -> None:
    bank = Bank()
    bank.problem("p1", "L1", {"stepAnswer": ["$$4$$"]}, skill="use_place_value")
    whole = read(bank, tmp_path / "folder")[0]
    assert curriculum(bank.archive(tmp_path / "bank.tar.gz"), ImportReport()) == whole


def test_files_that_are_not_json_are_named(tmp_path: Path) -> None:
    bank = Bank()
    bank.problem("p1", "L1", {"stepAnswer": ["$$4$$"]}, skill="use_place_value")
    bank.files["content-pool/p2/p2.json"] = b"{"
    bank.files["content-pool/p2/extra.json"] = {}
    report = ImportReport()
    curriculum(bank.archive(tmp_path / "bank.tar.gz"), report)
    assert report.faults["the file is not JSON"].places[0].startswith("content-pool/p2/p2.json")
    assert report.faults["the file is none that this importer reads"].places == ["content-pool/p2/extra.json"]


def test_an_archive_cannot_reach_out_or_flood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "evil.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, data in (
            ("a/coursePlans.json", b"[]"),
            ("../../evil.json", b"{}"),
            ("/etc/evil.json", b"{}"),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        link = tarfile.TarInfo("a/link.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    assert contents(path, ".json", "coursePlans.json") == {"coursePlans.json": b"[]"}
    assert [one.name for one in tmp_path.iterdir()] == ["evil.tar.gz"], "nothing is unpacked to disk"
    monkeypatch.setattr(_archive, "MOST_BYTES", 3)
    with pytest.raises(ImportFault, match="import it in parts"):
        contents(path, ".json", "coursePlans.json")


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"$$\frac{\sqrt{42}}{9}$$", "(sqrt(42))/9"),
        (r"$$8y^2 \left(y+2\right)$$", "8y^2 (y+2)"),
        (r"$$\frac{\left(a-3\right)}{\left(a-5\right)^2}$$", "((a-3))/((a-5)^2)"),
        (r"$$x^{-3}$$", "x^(-3)"),
        (r"$$x^{\frac{1}{2}}$$", "x^(1/2)"),
        (r"$$\sqrt[3]{x}$$", "x^(1/3)"),
        (r"$$x \leq 3$$", "x <= 3"),
        (r"$$\frac12$$", "1/2"),
        ("$$−3$$", "-3"),
        (r"$$\frac{1}{$$", None),
        (r"$$\pm 1$$", None),
        (r"$$}$$", None),
    ],
)
def test_latex_in_plain_notation(latex: str, text: str | None) -> None:
    assert plain(latex) == text


@pytest.mark.parametrize(
    ("latex", "key"),
    [
        ("$$1,234$$", ("numeric", "1234", ())),
        ("$$-0.5$$", ("numeric", "-0.5", ())),
        ("$$2x$$", ("expression", "2x", ())),
        ("$$y=2x+1$$", ("expression", "y=2x+1", ("2x+1",))),
        ("", ("text", "", ())),
    ],
)
def test_answers_get_a_kind_that_can_be_judged(latex: str, key: tuple[str, str, tuple[str, ...]]) -> None:
    assert key_of(latex) == key


def test_titles_are_made_of_ids() -> None:
    assert title_of_skill("add_or_subtract_decimals.") == "Add or subtract decimals"
    assert title_of_skill("a(x___h)**2_=_k") == "A(x - h)^2 = k"


@pytest.mark.skipif(not REAL.exists(), reason="the real item bank of shared/data is not here")
def test_the_real_bank_becomes_a_course() -> None:
    report = ImportReport()
    course = curriculum(REAL, report)
    assert (len(course.concepts), len(course.items)) == (201, 3_498)
    kinds = Counter(item.kind for item in course.items)
    assert kinds["steps"] == 542 and kinds["numeric"] > 1_000
    assert lint(course) == (), "no circles, no implied edges, no missing keys"
    assert course.concepts[0].title == "Use place value with whole numbers"
    first = {edge.target_id for edge in course.prerequisites}
    assert sum(concept.concept_id not in first for concept in course.concepts) <= 5, "few places to begin"
    assert report.faults["the picture is not in the source"].count == 347

"""A question on a passage from the course to the verdict: shown with it, judged by it, and learned from with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from graders import Broken, Fixed, Rules
from graders_fitted import AT, COLOURS, Made, planted, write
from services import Caller, ask, client_of, geography, service_on

from api.cli.encoder import encoder
from api.cli.responses import responses
from api.grading import Graders
from api.settings import read_settings
from api.wiring import build
from data.graded_answers import read_graded
from knowledge_graph.formats import folder
from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.types import Item, ItemId, Step
from student_model.encoder.answers import GradedAnswer
from student_model.encoder.export import save
from student_model.encoder.fit import fit
from student_model.encoder.grader import Served
from student_model.encoder.passages import ENOUGH
from student_model.encoder.recipe import Recipe
from student_model.judging import UNJUDGED, judge
from student_model.judging.grades import Grade, Grader
from student_model.judging.wording import Wording

FOG = "The fog came down. Mara stopped rowing, for the bell rang behind her."
SEEN = ask("seen", "text", "towns", text="Why did she stop?", passage=FOG, reference_answers=("The bell rang.",))
ALONE = replace(SEEN, item_id=ItemId("alone"), reference_answers=())
STEPPED = replace(
    SEEN,
    item_id=ItemId("stepped"),
    kind="steps",
    steps=(Step("who", "text", "Who rang it?"), Step("how", "text", "How many rang?", reference_answers=("One.",))),
)


@dataclass(frozen=True)
class Reads(Fixed):
    """Reads passages if it is told to, and keeps what it was asked."""

    reads_passages: bool = True
    asked: list[tuple[str, tuple[str, ...], str, str]] = field(default_factory=list)

    def grade(self, question: str, references: Sequence[str], answer: str, passage: str = "") -> Grade:
        self.asked.append((question, tuple(references), answer, passage))
        return super().grade(question, references, answer, passage)


def with_passages(*items: Item) -> KnowledgeGraph:
    whole = geography().curriculum
    return KnowledgeGraph(replace(whole, items=(*whole.items, *(items or (SEEN, ALONE, STEPPED)))))


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'log.db'}"


def lena_on(url: str, grader: Grader) -> Caller:
    return Caller(client_of(service_on(url, grader=Graders(grader), graph=with_passages())))


def test_the_grader_is_given_the_passage_also_with_each_step() -> None:
    grader = Reads(1.0, 0.9)
    judged = judge(SEEN, "for the fog", grader)
    assert judged.correct and judged.confidence == 0.9
    assert judge(STEPPED, ["a man", "two"], grader).confidence == 0.9
    assert grader.asked == [
        ("Why did she stop?", ("The bell rang.",), "for the fog", FOG),
        ("Who rang it?", (), "a man", FOG),
        ("How many rang?", ("One.",), "two", FOG),
    ]
    assert judge(SEEN, "the bell RANG.", Broken()).confidence is None, "what is written like a key asks nobody"


@pytest.mark.parametrize(
    ("item", "grader"),
    [
        (ALONE, Rules()),  # which does not say that it could
        (ALONE, Reads(1.0, 0.9, reads_passages=False)),
        (ALONE, Reads(1.0, 0.0)),  # and says of this one that it cannot tell
        (ALONE, Wording()),
        (ALONE, Graders()),
        (ALONE, Graders(Rules())),
        (replace(ALONE, passage=""), Reads(1.0, 0.9)),
        (replace(ALONE, passage=" \n"), Graders(Reads(1.0, 0.9))),
    ],
)
def test_without_a_reference_or_a_grader_that_learned_to_do_without_a_teacher_is_asked(
    item: Item, grader: Grader
) -> None:
    assert judge(item, "for the bell", grader) == UNJUDGED
    assert (UNJUDGED.confidence, UNJUDGED.provisional, UNJUDGED.grade) == (0.0, True, None)


def test_a_grader_that_reads_passages_is_asked_without_references_through_the_service_too(url: str) -> None:
    lena = lena_on(url, Reads(1.0, 0.9))
    told = lena.respond({"item_id": "alone", "answer_text": "for the bell"}).get_json()["responses"][0]["judgement"]
    assert (told["correct"], told["score"], told["confidence"], told["answer"]) == (True, 1.0, 0.9, None)
    assert told["grade"]["label"] == "correct" and not told["grade"]["for_review"]


class BrokenReader(Broken):
    reads_passages = True


def test_where_it_breaks_nobody_guesses(url: str) -> None:
    """Wording would call it wrong, and be rather sure."""
    lena = lena_on(url, BrokenReader())
    before = lena.beliefs()["towns"]["probability"]
    told = lena.respond({"item_id": "alone", "answer_text": "for the bell"}).get_json()["responses"][0]["judgement"]
    assert (told["confidence"], told["provisional"], told["grade"]) == (0.0, True, None)
    assert lena.beliefs()["towns"]["probability"] == pytest.approx(before, abs=1e-9)
    assert lena.client.get("/v1/review-queue").get_json()["waiting"] == 1


def test_the_passage_is_shown_with_the_question_and_to_the_teacher(url: str) -> None:
    lena = lena_on(url, Rules())
    items = {one["item_id"]: one["item"] for one in lena.recommend({"count": 20}).get_json()["items"]}
    assert [items[name]["passage"] for name in ("seen", "alone", "stepped")] == [FOG] * 3
    assert {one["passage"] for name, one in items.items() if name not in ("seen", "alone", "stepped")} == {""}
    lena.respond({"item_id": "alone", "answer_text": "for the bell"})
    (entry,) = lena.client.get("/v1/review-queue").get_json()["entries"]
    assert (entry["passage"], entry["question"], entry["reference_answers"]) == (FOG, "Why did she stop?", [])
    schemas = lena.client.get("/openapi.json").get_json()["components"]["schemas"]
    for name in ("ItemOut", "WaitingOut"):
        assert schemas[name]["properties"]["passage"]["type"] == "string"
        assert "passage" in schemas[name]["required"]
    assert "passage" not in schemas["StepOut"]["properties"]


def test_verdicts_are_written_with_the_passage_and_rows_take_it_from_their_item(tmp_path: Path) -> None:
    folder.write(with_passages().curriculum, tmp_path / "course")
    store = {"WAYLINE_STATE_DIR": str(tmp_path / "state"), "WAYLINE_CURRICULUM": str(tmp_path / "course")}
    lena = Caller(client_of(build(read_settings(store))))
    lena.respond([{"item_id": name, "answer_text": "for the bell"} for name in ("alone", "why")])
    for one in lena.client.get("/v1/review-queue").get_json()["entries"]:
        verdict = {"label": "correct", "teacher": "Ms Lee"}
        assert lena.client.post(f"/v1/review-queue/{one['review_id']}", json=verdict).status_code == 201
    written = CliRunner().invoke(responses, ["graded"], env=store)
    rows = {row["question_id"]: row for row in map(json.loads, written.stdout.splitlines())}
    assert rows["alone"]["passage"] == FOG and "passage" not in rows["why"]
    bare = [{"question_id": "seen", "answer": "so", "label": "correct"}, {**rows["alone"], "passage": "Her own."}]
    named, own = read_graded([write(tmp_path / "rows.jsonl", bare)], with_passages().items)
    assert (named.question, named.passage, own.passage) == ("Why did she stop?", FOG, "Her own.")


def boxes(many: int = ENOUGH) -> list[GradedAnswer]:
    """Answers to questions on as many passages, with nothing but these to tell right from wrong."""
    found = []
    for one in planted(many):
        number = int(one.question_id[1:])
        text = f"Box {number} stood there. It held a {COLOURS[number]} ribbon with {COLOURS[number]} pearls."
        found.append(replace(one, reference_answers=(), passage=text))
    return found


@pytest.fixture(scope="module")
def reader(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Served:
    """A grader fitted to passages alone."""
    answers = boxes()
    fitted = fit(answers, Recipe(base=str(small), method="frozen", epochs=1))
    return save(fitted, answers, tmp_path_factory.mktemp("reader") / "grader", AT, 1.0)


def test_a_grader_learns_to_do_without_references_from_passages_alone(reader: Served) -> None:
    assert reader.reads_passages and reader.manifest["trained_on"]["passages_alone"] == ENOUGH
    assert Graders(reader).reads_passages
    box = boxes()[0]
    right, wrong = (judge(item_of(box), text, reader) for text in ("red ribbon and pearls", "I did not look"))
    assert right.grade is not None and wrong.grade is not None
    assert right.score > wrong.score, "what is in the passage is nearer to right than what is not"


def item_of(one: GradedAnswer) -> Item:
    return ask("box", "text", "towns", text=one.question, passage=one.passage)


def test_precedents_are_found_for_an_item_under_its_passage(reader: Served) -> None:
    item = item_of(boxes()[0])
    asked = GradedAnswer(item.text, item.reference_answers, "a red one", passage=item.passage)
    known = reader.known([asked, replace(asked, passage=""), replace(asked, passage="Another.")])
    assert known is not None and known.tolist() == [True, False, False]


def test_fewer_questions_than_enough_do_not_make_it_one(made: Made, tmp_path: Path) -> None:
    told = made.served.manifest["trained_on"]
    fewer = Served(made.folder, {**made.served.manifest, "trained_on": {**told, "passages_alone": ENOUGH - 1}})
    older = {name: value for name, value in told.items() if name != "passages_alone"}
    assert not fewer.reads_passages
    assert not Served(made.folder, {**made.served.manifest, "trained_on": older}).reads_passages


@pytest.mark.parametrize(("more", "warned"), [([], True), (["--reference", "The bell rang."], False)])
def test_the_command_line_says_when_a_grader_can_but_guess(made: Made, more: list[str], warned: bool) -> None:
    asked: list[Any] = ["grade", "--model", str(made.folder), "--question", "Why?", "--answer", "so", "--passage", FOG]
    told = CliRunner().invoke(encoder, [*asked, *more, "--json"])
    assert told.exit_code == 0 and json.loads(told.stdout)["grader"] == made.served.version
    assert told.stderr == (
        "it was fitted to no answers beside a passage alone: without a reference it guesses\n" * warned
    )

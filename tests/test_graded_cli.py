"""`wayline responses graded` and `--grader`: verdicts become training data, and a grader is opened or refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from services import SECRETS, Caller, client_of, geography, in_steps

from api.cli.responses import responses
from api.cli.serve import serve
from api.settings import read_settings
from api.wiring import build
from knowledge_graph.formats import folder


@pytest.fixture
def store(tmp_path: Path) -> dict[str, str]:
    """Settings that keep everything below the test's folder, with a course that has one question in words."""
    folder.write(geography().curriculum, tmp_path / "course")
    return {"WAYLINE_STATE_DIR": str(tmp_path / "state"), "WAYLINE_CURRICULUM": str(tmp_path / "course")}


def run(command: Any, *arguments: object, **environment: str) -> Result:
    return CliRunner().invoke(command, [str(one) for one in arguments], env=environment)


def judged(store: dict[str, str]) -> Caller:
    """A learner whose first answer a teacher judged, while the second waits."""
    lena = Caller(client_of(build(read_settings(store))), "lena.moser")
    for number, text in enumerate(["Für die Regierung\nda.", "no idea"]):
        lena.respond({"item_id": "why", "answer_text": text, "response_id": f"lena.moser-{number}"})
    entries = lena.client.get("/v1/review-queue?order=oldest").get_json()["entries"]
    verdict = {"label": "correct", "score": 0.75, "teacher": "Ms Lee"}
    assert lena.client.post(f"/v1/review-queue/{entries[0]['review_id']}", json=verdict).status_code == 201
    return lena


def test_what_teachers_judged_is_written_as_graded_answers(tmp_path: Path, store: dict[str, str]) -> None:
    judged(store)
    out = tmp_path / "graded.jsonl"
    told = run(responses, "graded", "--out", out, "--json", **store, WAYLINE_GRADER=str(tmp_path / "not fitted yet"))
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout) == {"out": str(out), "answers": 1, "left_out": 0}
    (line,) = out.read_text(encoding="utf-8").splitlines()
    found = json.loads(line)
    assert len(found.pop("answer_id")) > 20
    assert found == {
        "question": "Why is a town a capital?",
        "reference_answers": [SECRETS[3]],
        "answer": "Für die Regierung\nda.",
        "label": "correct",
        "score": 0.75,
        "max_score": 1,
        "question_id": "why",
    }
    assert "lena" not in line
    shown = run(responses, "graded", **store)
    assert (shown.stdout, shown.stderr) == (f"{line}\n", "1 graded answers -> stdout\n")
    assert run(responses, "graded", "--json", **store).exit_code == 2


def test_what_the_course_has_no_question_for_is_left_out_and_counted(tmp_path: Path, store: dict[str, str]) -> None:
    judged(store)
    whole = geography().curriculum
    folder.write(replace(whole, items=tuple(one for one in whole.items if one.kind != "text")), tmp_path / "shorter")
    told = run(responses, "graded", "--curriculum", tmp_path / "shorter", **store)
    assert (told.exit_code, told.stdout) == (0, "")
    assert "1 left out: the course has no question in words of their item's id" in told.stderr


def test_a_verdict_on_several_steps_is_left_out_for_what_it_is(tmp_path: Path, store: dict[str, str]) -> None:
    folder.write(in_steps().curriculum, tmp_path / "course")
    lena = judged(store)
    lena.respond({"item_id": "explain", "answers": ["so", "2", "so"], "response_id": "steps"})
    waiting = lena.client.get("/v1/review-queue").get_json()["entries"]
    (review_id,) = (one["review_id"] for one in waiting if one["item_id"] == "explain")
    lena.client.post(f"/v1/review-queue/{review_id}", json={"label": "incorrect", "teacher": "Ms Lee"})
    told = run(responses, "graded", "--out", tmp_path / "graded.jsonl", "--json", **store)
    assert (json.loads(told.stdout)["answers"], json.loads(told.stdout)["left_out"]) == (1, 1)
    assert told.stderr == "1 left out: a verdict on all steps of an item together grades no single answer\n"


def test_an_erased_answer_is_no_training_data(store: dict[str, str]) -> None:
    judged(store)
    service = build(read_settings(store))
    service.store.responses.erase_text(before=service.clock())
    assert run(responses, "graded", **store).stdout == ""


def test_a_folder_without_a_grader_is_refused_before_anything_is_served(tmp_path: Path, store: dict[str, str]) -> None:
    (tmp_path / "empty").mkdir()
    told = run(serve, "--grader", tmp_path / "empty", "--port", 0, **store)
    assert told.exit_code == 1
    assert told.stderr.startswith("Error: ")
    assert run(serve, "--grader", tmp_path / "nowhere", **store).exit_code == 2

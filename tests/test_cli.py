"""The command line as people run it: real processes, real output, real exit codes."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.cli.serve import _without_grader
from api.settings import embedded_course
from knowledge_graph.formats import folder

ROOT = Path(__file__).resolve().parent.parent
WAYLINE = [sys.executable, "-c", "from api.cli.main import main; main(prog_name='wayline')"]
HEAVY = (
    "torch",
    "transformers",
    "pandas",
    "sklearn",
    "numba",
    "scipy",
    "flask",
    "pydantic",
    "networkx",
    "alembic",
)


def environment(state: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WAYLINE_")}
    return {**kept, "PYTHONPATH": str(ROOT), "WAYLINE_STATE_DIR": str(state)}


def wayline(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*WAYLINE, *arguments]
    return subprocess.run(command, env=environment(state), capture_output=True, text=True, check=False, timeout=60)


def test_recommend_prints_one_json_object(tmp_path: Path) -> None:
    ran = wayline(tmp_path, "recommend", "--learner", "lena", "--count", "3", "--json")
    assert ran.returncode == 0, ran.stderr
    document = json.loads(ran.stdout)
    assert len(document["items"]) == 3
    assert set(document) == {
        "decision_id", "learner_id", "items", "rung", "model_version", "graph_version", "infeasible",
    }  # fmt: skip
    assert (tmp_path / "wayline.db").is_file()
    assert (tmp_path / "pseudonym.key").stat().st_mode & 0o077 == 0


def test_recommend_keeps_to_what_is_demanded(tmp_path: Path) -> None:
    course = folder.read(embedded_course())
    goal = course.concepts[0].concept_id
    first = json.loads(wayline(tmp_path, "recommend", "--learner", "x", "--goal", goal, "--json").stdout)
    (done,) = first["items"]
    wanted = ("--goal", goal, "--exclude", done["item_id"], "--minutes", "5", "--policy", "syllabus")
    ran = wayline(tmp_path, "recommend", "--learner", "x", *wanted, "--json")
    (other,) = json.loads(ran.stdout)["items"]
    assert other["item_id"] != done["item_id"]
    assert (done["concept_id"], other["concept_id"]) == (goal, goal)
    assert other["minutes"] <= 5


def test_recommend_for_people_says_why(tmp_path: Path) -> None:
    ran = wayline(tmp_path, "recommend", "--learner", "lena")
    assert ran.returncode == 0
    assert re.match(r"1\. .+ \[.+\]\n   .+\.\n", ran.stdout)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "--learner"),
        (("--learner", "a\nb"), 2, "cannot be printed"),
        (("--learner", "x", "--count", "0"), 2, "1<=x<=50"),
        (("--learner", "x", "--goal", "mars", "--policy", "luck"), 2, "policy 'luck' does not exist"),
        (("--learner", "x", "--goal", "mars"), 2, "goal 'mars' is no concept"),
        (("--learner", "x", "--exclude", "mars"), 2, "'mars'"),
        (("--learner", "x", "--curriculum", "/nowhere", "--model", "oracle"), 2, "neither a model"),
        (("--learner", "x", "--database", "sqlite:////proc/no/x.db"), 1, "proc"),
        (("--learner", "x", "--minutes", "0.01"), 1, ""),
    ],
)
def test_refusals_are_plain_and_have_their_exit_codes(
    tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    ran = wayline(tmp_path, "recommend", *arguments)
    assert ran.returncode == code, ran.stderr
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_broken_course_is_the_datas_fault(tmp_path: Path) -> None:
    (tmp_path / "curriculum.yaml").write_text("id: x\n")
    ran = wayline(tmp_path, "recommend", "--learner", "x", "--curriculum", str(tmp_path))
    assert ran.returncode == 1
    assert "concepts.csv" in ran.stderr


def test_help_lists_every_command_and_imports_none() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from api.cli.main import main; "
        "print(CliRunner().invoke(main, ['--help']).output); "
        "print(sorted(name for name in sys.modules if name.startswith('api.cli.')), 'numpy' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    files = {path.stem for path in (ROOT / "api" / "cli").glob("*.py")} - {"__init__", "main"}
    for name in files:
        assert name.startswith("_") or re.search(rf"^  {name} +\w", ran.stdout, re.MULTILINE)
    assert ran.stdout.splitlines()[-1] == "['api.cli.main'] False"
    assert wayline(ROOT, "unknown").returncode == 2


def test_recommend_stays_light(tmp_path: Path) -> None:
    wayline(tmp_path, "recommend", "--learner", "x")  # the first run makes the database
    code = (
        "import sys; from api.cli.main import main; main(['recommend', '--learner', 'x'], standalone_mode=False); "
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, env=environment(tmp_path), capture_output=True, text=True, check=True)
    assert ran.stderr.strip() == "[]"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The real service with two workers, and the lines it greets with."""
    state = tmp_path_factory.mktemp("served")
    with (state / "log").open("w") as log:
        process = subprocess.Popen(
            [*WAYLINE, "serve", "--port", "0"],
            env=environment(state),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout is not None
    greeting = [process.stdout.readline(), process.stdout.readline()]
    try:
        yield process, greeting
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        process.stdout.close()


def call(url: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as reply:
        return json.load(reply)


def root_of(greeting: list[str]) -> str:
    found = re.search(r"http://[\d.:]+", greeting[0])
    assert found, greeting
    return found[0]


def test_serve_greets_with_addresses_and_a_command_that_works(
    served: tuple[subprocess.Popen[str], list[str]],
) -> None:
    _, greeting = served
    root = root_of(greeting)
    for path in ("/", "/docs"):
        assert f"{root}{path}" in greeting[0]
        with urllib.request.urlopen(root + path, timeout=20) as page:
            assert page.status == 200
    command = shlex.split(greeting[1].removeprefix("Try: "))
    ran = subprocess.run([*command, "--silent"], capture_output=True, text=True, check=True, timeout=20)
    assert len(json.loads(ran.stdout)["items"]) == 3


def test_serves_workers_see_each_others_responses(served: tuple[subprocess.Popen[str], list[str]]) -> None:
    root = root_of(served[1]) + "/v1/learners/lena"
    item = call(f"{root}/recommendations", {"kinds": ["numeric"]})["items"][0]["item_id"]
    for number in range(1, 13):
        call(f"{root}/responses", {"item_id": item, "correct": number % 3 > 0})
        assert call(f"{root}/beliefs")["log_position"] == number


def test_without_a_grader_the_command_that_fits_one_is_told(tmp_path: Path) -> None:
    course = tmp_path / "my course"
    told = _without_grader(course)
    assert "compared by their wording alone" in told and f"--train FILE --curriculum '{course}' --out grader\n" in told
    course.mkdir()
    (course / "graded_answers.jsonl").write_text("")
    assert f"wayline encoder fit --train '{course}/graded_answers.jsonl' --curriculum" in _without_grader(course)


def test_serve_says_that_a_port_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        ran = wayline(tmp_path, "serve", "--port", port)
    assert ran.returncode == 1
    assert ran.stderr == f"Error: cannot listen on 127.0.0.1:{port}: Address already in use; choose another --port\n"


def test_the_service_stays_light() -> None:
    code = f"import api.app, sys; print(sorted(set({HEAVY[:6]!r}) & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"

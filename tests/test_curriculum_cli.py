"""`wayline curriculum` and `wayline responses`: what they print, where, and the status they end with."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.cli.curriculum import curriculum
from api.cli.responses import responses
from knowledge_graph.formats.folder import read

REAL = Path(__file__).resolve().parents[2] / "shared" / "data"
SOUND = {
    "curriculum.yaml": "id: tiny\ntitle: Tiny\nlicence: CC0\n",
    "concepts.csv": "concept_id,title\na,A\nb,B\n",
    "edges.csv": "source_id,target_id,kind,weight\na,b,prerequisite,1\n",
    "items.jsonl": '{"item_id": "i", "kind": "reading", "concept_ids": ["a"], "text": "A", "media": '
    '[{"path": "media/a.png", "alt": "A"}]}\n'
    '{"item_id": "j", "kind": "reading", "concept_ids": ["b"], "text": "B"}\n',
    "media/a.png": "picture",
}
LOG = "learner_id,item_id,concept_ids,correct,mood\nann,i,a,1,good\nann,j,b,maybe,\nbob,i,a,0,\n"


def course(path: Path, **files: str) -> Path:
    for name, text in {**SOUND, **{name.replace("_", "."): text for name, text in files.items()}}.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    return path


def run(group: object, *arguments: object, **environment: str) -> Result:
    return CliRunner().invoke(group, [str(one) for one in arguments], env=environment)  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> dict[str, str]:
    """Settings that keep everything below the test's folder."""
    return {
        "WAYLINE_STATE_DIR": str(tmp_path / "state"),
        "WAYLINE_CURRICULUM": str(course(tmp_path / "course")),
    }


def test_a_sound_course_passes(tmp_path: Path) -> None:
    result = run(curriculum, "lint", course(tmp_path))
    assert (result.exit_code, result.stdout) == (0, "0 errors, 0 warnings, 0 notes\n")


def test_faults_are_grouped_and_end_with_1(tmp_path: Path) -> None:
    edges = "source_id,target_id,kind,weight\n" + "".join(f"a,z{n},prerequisite,1\n" for n in range(9))
    path = course(tmp_path, edges_csv=edges)
    result = run(curriculum, "lint", path)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0] == "error: dangling-edge (9)"
    assert lines[1].startswith(f"  {path / 'edges.csv'}:2: edge `a` → `z0` names an unknown concept: `z0`; correct")
    assert lines[6] == "  … and 4 more; --all shows them"
    assert lines[-1] == "9 errors, 0 warnings, 0 notes"
    assert len(run(curriculum, "lint", path, "--all").stdout.splitlines()) == 11


def test_a_row_that_is_lost_hides_no_other_fault_and_makes_none(tmp_path: Path) -> None:
    path = course(tmp_path, concepts_csv="concept_id,title\na,A\n,B\na,C\n")
    result = run(curriculum, "lint", path)
    assert result.exit_code == 1
    assert "concepts.csv:3" in result.stdout
    assert "`a` is used twice" in result.stdout, "faults of files and of the course come at once"
    assert "dangling" not in result.stdout, "the row that is lost must not make more faults"
    assert "there may be more" in result.stderr


def test_lint_prints_one_json_object(tmp_path: Path) -> None:
    path = course(tmp_path, edges_csv="source_id,target_id,kind,weight\na,a,prerequisite,1\n")
    result = run(curriculum, "lint", path, "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (told["errors"], told["warnings"], told["notes"]) == (1, 0, 0)
    (finding,) = told["findings"]
    assert (finding["code"], finding["severity"], finding["line"]) == ("self-loop", "error", 2)
    assert finding["path"].endswith("edges.csv") and finding["fix"]


def test_wrong_use_ends_with_2(tmp_path: Path) -> None:
    assert run(curriculum, "lint", tmp_path / "gone").exit_code == 2
    unknown = run(curriculum, "import", tmp_path, "--format", "excel", "--out", tmp_path / "out")
    assert (unknown.exit_code, "there are: assistments, canonical" in unknown.stderr) == (2, True)
    other = run(curriculum, "import", tmp_path, "--format", "canonical", "--out", tmp_path / "out")
    assert (other.exit_code, "use `wayline responses import`" in other.stderr) == (2, True)
    other = run(responses, "import", tmp_path, "--format", "junyi")
    assert (other.exit_code, "use `wayline curriculum import`" in other.stderr) == (2, True)


def metacademy(path: Path) -> Path:
    path.mkdir()
    (path / "concepts.csv").write_text("concept_id,title,summary\na,A,one\nb,B,two\na,A,again\n")
    (path / "prerequisites.csv").write_text("prerequisite_id,concept_id,reason\na,b,because\n")
    return path


def test_a_course_is_imported_and_its_faults_are_told(tmp_path: Path) -> None:
    source = metacademy(tmp_path / "source")
    result = run(curriculum, "import", source, "--format", "metacademy", "--out", tmp_path / "out")
    assert result.exit_code == 0
    assert result.stdout == f"2 concepts, 1 prerequisites, 0 encompassings, 0 items -> {tmp_path / 'out'}\n"
    assert "4 rows read, 3 kept" in result.stderr
    assert "1 x `concept_id` is empty or there twice: concepts.csv:4" in result.stderr
    assert "2 warnings" in result.stderr
    assert len(read(tmp_path / "out").concepts) == 2


def test_import_does_not_overwrite_unless_told(tmp_path: Path) -> None:
    arguments = (metacademy(tmp_path / "source"), "--format", "metacademy", "--out", tmp_path / "out")
    assert run(curriculum, "import", *arguments).exit_code == 0
    again = run(curriculum, "import", *arguments)
    assert (again.exit_code, "is not empty" in again.stderr) == (1, True)
    forced = run(curriculum, "import", *arguments, "--force", "--json")
    told = json.loads(forced.stdout)
    assert (forced.exit_code, told["concepts"], told["rows_kept"]) == (0, 2, 3)
    assert told["faults"] == [
        {"kind": "`concept_id` is empty or there twice", "count": 1, "places": ["concepts.csv:4"]}
    ]
    assert told["lint"] == {"errors": 0, "warnings": 2, "notes": 0}


def test_a_source_of_another_kind_ends_with_1(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    result = run(curriculum, "import", tmp_path / "source", "--format", "junyi", "--out", tmp_path / "out")
    assert (result.exit_code, "exercises.csv" in result.stderr) == (1, True)
    assert not (tmp_path / "out").exists()


def test_export_copies_the_course_with_its_media(tmp_path: Path) -> None:
    path = course(tmp_path / "course")
    result = run(curriculum, "export", path, "--out", tmp_path / "out", "--json")
    assert (result.exit_code, json.loads(result.stdout)["items"]) == (0, 2)
    assert read(tmp_path / "out").items == read(path).items
    assert (tmp_path / "out" / "media" / "a.png").read_text() == "picture"
    (path / "media" / "a.png").unlink()
    broken = run(curriculum, "export", path, "--out", tmp_path / "other")
    assert (broken.exit_code, "media/a.png" in broken.stderr) == (1, True)


def test_responses_are_stored_once(tmp_path: Path, store: dict[str, str]) -> None:
    file = tmp_path / "log.csv"
    file.write_text(LOG)
    first = run(responses, "import", file, **store)
    assert first.exit_code == 0, first.output
    assert first.stdout == "2 responses stored, 0 were there before\n"
    assert "3 rows read, 2 kept" in first.stderr
    assert "log.csv:3" in first.stderr
    assert "ignored columns: mood" in first.stderr
    again = json.loads(run(responses, "import", file, "--json", **store).stdout)
    assert (again["stored"], again["duplicates"], again["rows_kept"]) == (0, 2, 2)


def test_what_was_stored_is_exported_under_pseudonyms(tmp_path: Path, store: dict[str, str]) -> None:
    file, out = tmp_path / "log.csv.gz", tmp_path / "out.csv.gz"
    file.write_bytes(gzip.compress(LOG.encode()))
    run(responses, "import", file, **store)
    told = run(responses, "export", "--out", out, "--json", **store)
    assert json.loads(told.stdout) == {"out": str(out), "responses": 2}
    rows = gzip.decompress(out.read_bytes()).decode().splitlines()
    assert rows[0].startswith("learner_id,item_id,concept_ids,correct,seconds")
    told_of = sorted(row.split(",")[1:4] for row in rows[1:])  # learners stand in the order of their pseudonyms
    assert told_of == [["i", "a", "0"], ["i", "a", "1"]]
    assert "ann" not in "".join(rows)
    shown = run(responses, "export", **store)
    assert shown.stdout.splitlines()[0] == rows[0]
    assert "2 responses -> stdout" in shown.stderr
    assert run(responses, "export", "--json", **store).exit_code == 2


def test_a_changed_response_is_refused(tmp_path: Path, store: dict[str, str]) -> None:
    file = tmp_path / "log.csv"
    for correct, status in (("1", 0), ("0", 1)):
        file.write_text(f"learner_id,item_id,correct,response_id\nann,i,{correct},r1\n")
        result = run(responses, "import", file, **store)
        assert result.exit_code == status
    assert "r1" in result.stderr


def test_bad_settings_and_files_are_refused(tmp_path: Path, store: dict[str, str]) -> None:
    file = tmp_path / "log.csv"
    file.write_text("a,b\n1,2\n")
    assert run(responses, "import", file, **store).exit_code == 1
    assert run(responses, "import", file, "--database", "mysql://x", **store).exit_code == 2
    assert run(responses, "import", file, "--format", "excel", **store).exit_code == 2


@pytest.mark.parametrize("module", ["curriculum", "responses"])
def test_the_commands_are_light_to_import(module: str) -> None:
    heavy = ("numpy", "pandas", "sqlalchemy", "networkx", "yaml", "rich", "torch")
    code = f"import api.cli.{module}, sys; print(sorted(set({heavy!r}) & set(sys.modules)))"
    root = Path(__file__).resolve().parents[1]
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.skipif(not REAL.exists(), reason="the real data of shared/data is not here")
def test_junyi_is_imported_as_it_is_and_lint_says_no(tmp_path: Path) -> None:
    source = REAL / "prerequisites" / "junyi"
    done = run(curriculum, "import", source, "--format", "junyi", "--out", tmp_path, "--json")
    assert (done.exit_code, json.loads(done.stdout)["lint"]["errors"]) == (0, 3)
    assert run(curriculum, "lint", tmp_path).exit_code == 1

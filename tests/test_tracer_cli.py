"""`wayline tracer fit` and `evaluate`: what they print where, what they write, and their exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from api.cli.tracer import tracer

KEYS = {"model", "rows", "auc", "log_loss", "brier", "ece", "fit_seconds", "predict_seconds", "baselines"}


def write_log(path: Path, first: int, learners: int, seed: int, extra: str = "") -> Path:
    """A log of ten items with the concepts a, b or both."""
    rng = np.random.default_rng(seed)
    lines = ["learner_id,item_id,concept_ids,correct" + (",mood" if extra else "")]
    for learner in range(first, first + learners):
        for _ in range(15):
            item = int(rng.integers(10))
            tags = ("a", "b", "a;b")[item % 3]
            lines.append(f"l{learner},i{item},{tags},{int(rng.random() < 0.3 + item / 20)}{extra}")
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def expand(source: Path, path: Path) -> Path:
    head, *rows = source.read_text("utf-8").splitlines()
    cells = [row.split(",") for row in rows]
    lines = [",".join((who, item, tag, right)) for who, item, tags, right in cells for tag in tags.split(";")]
    path.write_text("\n".join([head, *lines]) + "\n", "utf-8")
    return path


@pytest.fixture
def train(tmp_path: Path) -> Path:
    return write_log(tmp_path / "train.csv", 0, 30, 1)


@pytest.fixture
def test(tmp_path: Path) -> Path:
    return write_log(tmp_path / "test.csv", 50, 10, 2)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(tracer, [str(one) for one in arguments])


def test_json_is_one_object_alone_on_stdout(train: Path, test: Path) -> None:
    result = run("evaluate", "--model", "elo", "--train", train, "--test", test, "--json")
    assert result.exit_code == 0, result.output
    plain = json.loads(result.stdout)
    assert set(plain) >= KEYS
    assert (plain["model"], plain["rows"]) == ("elo", 150)
    assert set(plain["baselines"]) == {"mean", "bkt", "elo", "logistic"}
    assert set(plain["baselines"]["bkt"]) >= KEYS - {"baselines"}
    assert "fitting elo" in result.stderr


def test_without_json_stdout_is_a_table_of_all_models(train: Path, test: Path) -> None:
    result = run("evaluate", "--model", "bkt", "--train", train, "--test", test)
    assert result.exit_code == 0, result.output
    assert all(name in result.stdout for name in ("mean", "elo", "bkt", "log loss", "auc, first five", "150 responses"))
    assert "fitting" not in result.stdout


def test_a_fitted_directory_is_evaluated_as_it_is(train: Path, test: Path, tmp_path: Path) -> None:
    fitted = run("fit", "--model", "bkt", "--train", train, "--out", tmp_path / "kept", "--force")
    assert fitted.exit_code == 0, fitted.output
    assert "450 responses of 30 learners" in fitted.stdout
    result = run("evaluate", "--model", tmp_path / "kept", "--train", train, "--test", test, "--json")
    plain = json.loads(result.stdout)
    assert (plain["model"], plain["fit_seconds"]) == ("bkt", None)
    assert plain["auc"] == plain["baselines"]["bkt"]["auc"]


def test_a_model_is_not_measured_on_the_file_it_was_fitted_to(train: Path, test: Path, tmp_path: Path) -> None:
    assert run("fit", "--model", "bkt", "--train", train, "--out", tmp_path / "kept", "--force").exit_code == 0
    result = run("evaluate", "--model", tmp_path / "kept", "--train", test, "--test", train)
    assert result.exit_code == 1
    assert "train.csv: seen before: is the file that the model was fitted to" in result.stderr


def test_files_without_any_item_in_common_are_told_of(train: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("learner_id,item_id,concept_ids,correct\nzoe,new,a,1\nzoe,newer,a,0\n", "utf-8")
    result = run("evaluate", "--model", "mean", "--train", train, "--test", other)
    assert "no item of the test file is in the training file" in result.stderr


def test_ignored_columns_are_named_on_stderr(test: Path, tmp_path: Path) -> None:
    moody = write_log(tmp_path / "moody.csv", 0, 10, 1, extra=",glad")
    result = run("evaluate", "--model", "mean", "--train", moody, "--test", test, "--json")
    assert "mood" in result.stderr
    json.loads(result.stdout)


def test_leaky_files_are_refused_with_all_faults_and_status_1(train: Path, tmp_path: Path) -> None:
    wide = expand(train, tmp_path / "wide.csv")
    result = run("evaluate", "--model", "elo", "--train", wide, "--test", train, "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "wide.csv: expanded by concept" in result.stderr
    assert "train.csv: overlapping learners: 30 of 30" in result.stderr
    assert "Traceback" not in result.stderr
    fit = run("fit", "--model", "elo", "--train", wide, "--out", tmp_path / "kept")
    assert fit.exit_code == 1
    assert not (tmp_path / "kept").exists()


def test_a_file_that_is_no_log_has_status_1(test: Path, tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text("name,age\nx,3\n", "utf-8")
    result = run("evaluate", "--model", "elo", "--train", tmp_path / "odd.csv", "--test", test)
    assert result.exit_code == 1
    assert "learner_id" in result.stderr and "Traceback" not in result.stderr


def test_a_foreign_directory_has_status_1(train: Path, test: Path, tmp_path: Path) -> None:
    result = run("evaluate", "--model", tmp_path, "--train", train, "--test", test)
    assert result.exit_code == 1
    assert "has no manifest.json" in result.stderr


@pytest.mark.parametrize("arguments", [
    ("fit", "--model", "oracle", "--train", "{train}", "--out", "{out}"),
    ("fit", "--model", "bkt", "--train", "{out}/none.csv", "--out", "{out}"),
    ("fit", "--model", "bkt", "--train", "{train}"),
    ("evaluate", "--model", "oracle", "--train", "{train}", "--test", "{train}"),
    ("evaluate", "--model", "elo", "--train", "{train}"),
    ("mend",),
])  # fmt: skip
def test_wrong_use_has_status_2(arguments: tuple[str, ...], train: Path, tmp_path: Path) -> None:
    result = run(*(one.format(train=train, out=tmp_path / "out") for one in arguments))
    assert result.exit_code == 2
    if "oracle" in arguments:
        assert "there are: attentive, bkt" in result.stderr


def test_a_curriculum_comes_first(train: Path, test: Path, tmp_path: Path) -> None:
    course = tmp_path / "course"
    course.mkdir()
    (course / "curriculum.yaml").write_text("id: c\ntitle: C\n", "utf-8")
    (course / "concepts.csv").write_text("concept_id,title\nz,Last\na,First\n", "utf-8")
    (course / "edges.csv").write_text("source_id,target_id,kind,weight,reason\n", "utf-8")
    (course / "items.jsonl").write_text("", "utf-8")
    out = tmp_path / "kept"
    result = run("fit", "--model", "bkt", "--train", train, "--out", out, "--curriculum", course, "--force")
    assert result.exit_code == 0, result.output
    assert json.loads((out / "tracer.json").read_text("utf-8"))["concepts"] == ["z", "a", "b"]
    result = run("evaluate", "--model", out, "--train", train, "--test", test, "--curriculum", course, "--json")
    assert json.loads(result.stdout)["rows"] == 150
    cycle = "source_id,target_id,kind,weight,reason\na,z,prerequisite,1,\nz,a,prerequisite,1,\n"
    (course / "edges.csv").write_text(cycle, "utf-8")
    assert run("fit", "--model", "bkt", "--train", train, "--out", out, "--curriculum", course).exit_code == 1


def test_the_module_is_light_to_import() -> None:
    heavy = {"numpy", "pandas", "rich", "numba"}
    program = f"import sys, api.cli.tracer; print(*sorted(sys.modules.keys() & {heavy}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""

"""`wayline tracer fit` judges before it registers; `refit` does so on the service's own log."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from mlflow import MlflowClient
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from api.cli.tracer import tracer
from api.settings import read_settings
from api.wiring import open_store
from knowledge_graph.formats import folder
from knowledge_graph.types import ItemId
from student_model.log import Log
from student_model.storage import SIMPLER, model_version, open_tracer, read_manifest
from student_model.tracing import ALONE, Context, Tracer, elo
from student_model.types import LearnerId, Response, ResponseId


def run(*arguments: object, **environment: str) -> Result:
    return CliRunner().invoke(tracer, [str(one) for one in arguments], env=environment)


@pytest.fixture
def train(tmp_path: Path) -> Path:
    """Sixty learners who differ much, so that a mean over learners loses to every guard."""
    rng = np.random.default_rng(0)
    lines = ["learner_id,item_id,concept_ids,correct"]
    for learner in range(60):
        ability = rng.normal(0.0, 2.0)
        lines += [f"l{learner},i{rng.integers(9)},a,{int(rng.normal() < ability)}" for _ in range(30)]
    path = tmp_path / "train.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_a_model_that_loses_is_refused_with_each_loss_and_writes_nothing(train: Path, tmp_path: Path) -> None:
    result = run("fit", "--model", "mean", "--train", train, "--out", tmp_path / "kept")
    assert result.exit_code == 1 and result.stdout == ""
    for told in ("mean loses to elo: log loss", "mean loses to logistic: log loss", "not registered", "--force"):
        assert told in result.stderr
    assert not (tmp_path / "kept").exists()


def test_force_registers_it_and_is_recorded(train: Path, tmp_path: Path) -> None:
    result = run("fit", "--model", "mean", "--train", train, "--out", tmp_path / "kept", "--force", "--json")
    assert result.exit_code == 0, result.output
    told, origin = json.loads(result.stdout), read_manifest(tmp_path / "kept").origin
    assert origin is not None and told["forced"] is origin["forced"] is True
    assert [loss.partition(":")[0] for loss in origin["verdict"]["losses"]] == [
        "mean loses to elo", "mean loses to logistic",
    ]  # fmt: skip
    assert "by force" in (tmp_path / "kept" / "MODEL_CARD.md").read_text("utf-8")


def test_what_is_registered_was_fitted_to_all_learners_unless_told_not_to(train: Path, tmp_path: Path) -> None:
    whole = json.loads(run("fit", "--model", "logistic", "--train", train, "--out", tmp_path / "a", "--json").stdout)
    part = run("fit", "--model", "logistic", "--train", train, "--out", tmp_path / "b", "--json", "--no-refit")
    assert whole["data"] == json.loads(part.stdout)["data"]
    assert whole["verdict"] == json.loads(part.stdout)["verdict"]
    assert whole["version"] != json.loads(part.stdout)["version"]
    assert json.loads(part.stdout)["as_judged"] is True and whole["as_judged"] is False
    assert "fitted to nine in ten of these" in (tmp_path / "b" / "MODEL_CARD.md").read_text("utf-8")
    assert whole["data"]["learners"] == 60 and whole["verdict"]["learners"] == 6 and whole["forced"] is False


def test_a_simpler_model_is_put_beside_for_when_it_fails(train: Path, tmp_path: Path) -> None:
    assert run("fit", "--model", "irt", "--train", train, "--out", tmp_path / "a", "--force").exit_code == 0
    assert (open_tracer(tmp_path / "a").name, open_tracer(tmp_path / "a" / SIMPLER).name) == ("irt", "logistic")
    assert run("fit", "--model", "logistic", "--train", train, "--out", tmp_path / "b").exit_code == 0
    assert not (tmp_path / "b" / SIMPLER).exists()


@pytest.mark.parametrize("when", [1, 2])
def test_ctrl_c_keeps_the_model_that_was_judged_and_says_so(
    when: int, train: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the first fit networks stop at their best, and there is no second; at the second the judged one is kept."""
    fitted, kept = list[Tracer](), elo.fit

    def fit(log: Log, seed: int = 0, context: Context = ALONE) -> Tracer:
        fitted.append(kept(log, seed))
        if len(fitted) == when == 1:
            context.interrupted()
        if len(fitted) == when == 2:
            raise KeyboardInterrupt
        return fitted[-1]

    monkeypatch.setattr(elo, "fit", fit)
    done = run("fit", "--model", "elo", "--train", train, "--out", tmp_path / "kept", "--force", "--json")
    told = json.loads(done.stdout)
    assert len(fitted) == when and told["interrupted"] is True
    assert told["version"] == model_version(fitted[0])
    assert "Ctrl-C ended its training early" in (tmp_path / "kept" / "MODEL_CARD.md").read_text("utf-8")


def test_curves_show_what_was_measured_of_any_model(train: Path, tmp_path: Path) -> None:
    done = run(
        "fit", "--model", "logistic", "--train", train, "--out", tmp_path / "a", "--curves", tmp_path / "c", "--json"
    )
    scores = json.loads(done.stdout)["verdict"]["scores"]
    for name in ("logistic", "elo"):
        events = EventAccumulator(str(tmp_path / "c" / "judged" / "held-back" / name)).Reload()
        assert events.Scalars("held back/auc")[0].value == pytest.approx(scores[name]["auc"], abs=1e-6)


def test_a_log_too_small_to_judge_by_is_forced_on_the_record(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'w.db'}"
    open_store(read_settings({}, database=database)).responses.append(answers(9), datetime(2026, 1, 1, tzinfo=UTC))
    out = ["--out", tmp_path / "model", "--database", database, "--force", "--json"]
    told = json.loads(run("refit", "--model", "elo", *out).stdout)
    assert told["verdict"] is None and told["forced"] is True and told["data"]["course"]


def test_one_failure_does_not_end_the_schedule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two nights fail in their own ways; the third is ctrl-C while it waits."""
    nights = iter([IndexError("out of range"), KeyboardInterrupt()])

    def failing(*_: object, **__: object) -> None:
        raise next(nights)

    monkeypatch.setattr("api.cli._fitting.refitted", failing)
    monkeypatch.setattr("api.cli.tracer.time.sleep", lambda _: None)
    told = run("refit", "--model", "elo", "--out", tmp_path / "m", "--every", 24)
    assert "IndexError: out of range; trying again in 24 hours" in told.stderr


def test_a_report_has_plots_and_the_ladder(train: Path, tmp_path: Path) -> None:
    result = run("fit", "--model", "logistic", "--train", train, "--out", tmp_path / "a", "--report", tmp_path / "r")
    assert result.exit_code == 0, result.output
    for name in ("reliability.png", "learning.png"):
        assert (tmp_path / "r" / name).read_bytes().startswith(b"\x89PNG")
    table = (tmp_path / "r" / "ladder.md").read_text("utf-8").splitlines()
    assert table[0] == "| | logistic | elo |"
    assert any(line.startswith("| log loss |") for line in table)


def answers(learners: int) -> list[Response]:
    """Responses to the first items of the embedded course, by learners who differ."""
    settings = read_settings({})
    items = [one.item_id for one in folder.read(settings.curriculum).items[:20]]
    rng = np.random.default_rng(1)
    return [
        Response(
            response_id=ResponseId(f"r{n}"),
            learner_id=LearnerId(f"l{learner}"),
            item_id=items[int(rng.integers(20))],
            correct=bool(rng.normal() < ability),
        )
        for learner, ability in enumerate(rng.normal(0.0, 2.0, learners))
        for n in range(20)
    ]


def test_refit_fits_to_the_log_of_the_service(tmp_path: Path) -> None:
    # which six of sixty are held back follows from the pseudonyms, and those from the key: with a new key each time
    # the mean wins now and then by luck
    (tmp_path / "pseudonym.key").write_text("a5" * 32, encoding="ascii")
    database = f"sqlite:///{tmp_path / 'w.db'}"
    open_store(read_settings({}, database=database)).responses.append(answers(60), datetime(2026, 1, 1, tzinfo=UTC))
    out = tmp_path / "model"
    first = run("refit", "--model", "logistic", "--out", out, "--database", database)
    assert first.exit_code == 0, first.output
    assert "1,200 responses of 60 learners" in first.stdout
    again = run("refit", "--model", "logistic", WAYLINE_MODEL=str(out), WAYLINE_DATABASE=database)
    assert again.exit_code == 0, again.output
    assert open_tracer(out).name == "logistic"
    before = (out / "manifest.json").read_bytes()
    lost = run("refit", "--model", "mean", "--out", out, "--database", database)
    assert lost.exit_code == 1 and "mean loses to elo" in lost.stderr
    assert (out / "manifest.json").read_bytes() == before


def test_refit_leaves_things_as_they_are_while_there_are_too_few_learners(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'w.db'}"
    open_store(read_settings({}, database=database)).responses.append(answers(9), datetime(2026, 1, 1, tzinfo=UTC))
    result = run("refit", "--model", "elo", "--out", tmp_path / "model", "--database", database)
    assert result.exit_code == 1 and "9 learners have answered, and a model is judged from 50 on" in result.stderr
    assert not (tmp_path / "model").exists()


def test_refit_warns_where_the_course_is_another_one(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'w.db'}"
    strange = [replace(one, item_id=ItemId(f"strange-{one.item_id}")) for one in answers(9)]
    open_store(read_settings({}, database=database)).responses.append(strange, datetime(2026, 1, 1, tzinfo=UTC))
    result = run("refit", "--model", "elo", "--out", tmp_path / "model", "--database", database)
    assert "180 of 180 responses are to items that" in result.stderr and "the right --curriculum?" in result.stderr


def test_refit_says_where_it_would_write_to(tmp_path: Path) -> None:
    result = run("refit", "--model", "elo", "--database", f"sqlite:///{tmp_path / 'w.db'}")
    assert result.exit_code == 2 and "--out is missing" in result.stderr


def test_mlflow_is_told_parameters_figures_and_files(train: Path, tmp_path: Path) -> None:
    store = {"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path / 'mlflow.db'}"}
    wayline = str(Path(sys.executable).parent / "wayline")
    program = [wayline, "tracer", "fit", "--model", "elo", "--train", str(train)]
    out = ["--out", str(tmp_path / "kept"), "--report", str(tmp_path / "plots"), "--track", "--force", "--json"]
    done = subprocess.run(
        [*program, *out], cwd=tmp_path, env={**os.environ, **store}, capture_output=True, text=True, check=True
    )
    told = json.loads(done.stdout)
    runs = MlflowClient(store["MLFLOW_TRACKING_URI"]).search_runs(["1"])
    assert len(runs) == 1 and runs[0].data.params["version"] == told["version"]
    assert runs[0].data.metrics["auc"] == pytest.approx(told["verdict"]["scores"]["elo"]["auc"])
    assert runs[0].data.params["data_sha256"] == told["data"]["sha256"]
    kept = {path.name for path in tmp_path.joinpath("mlruns").rglob("*") if path.is_file()}
    assert {"manifest.json", "arrays.npz", "MODEL_CARD.md", "ladder.md", "reliability.png"} <= kept

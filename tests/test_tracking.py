"""MLflow is told of a model that was registered: parameters, the figures of all models, files; or why it was not."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow import MlflowClient

from api.cli import _tracking
from api.cli._fitting import Registered
from student_model.evaluation import Scores
from student_model.guard import Verdict
from student_model.origin import Data, Origin

VERDICT = Verdict(6, 90, {"irt": Scores(90, 0.7, 0.6, 0.2, 0.01), "elo": Scores(90, None, 0.5, 0.25, 0.02)}, ())
ORIGIN = Origin(Data("f00d", 450, 60, 2, 9, "v3"), "2026-01-01", 12.5, 8, "1+2", VERDICT, forced=True)


@pytest.fixture
def done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registered:
    """A model in a folder, and an MLflow of its own to be told of it."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "0")  # MLflow sets it for its children: nobody else is to see that
    monkeypatch.chdir(tmp_path)  # where it puts files
    (tmp_path / "kept" / "simpler").mkdir(parents=True)
    (tmp_path / "kept" / "manifest.json").write_text("{}", "utf-8")
    (tmp_path / "kept" / "simpler" / "manifest.json").write_text("{}", "utf-8")
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "ladder.md").write_text("| |", "utf-8")
    return Registered("irt", "0123abcd", tmp_path / "kept", ORIGIN)


def files(client: MlflowClient, run: str, folder: str | None = None) -> set[str]:
    found = set[str]()
    for one in client.list_artifacts(run, folder):
        found |= files(client, run, one.path) if one.is_dir else {one.path}
    return found


def test_parameters_figures_and_files_of_a_run(done: Registered, tmp_path: Path) -> None:
    number = _tracking.track(done, tmp_path / "plots")
    bare = _tracking.track(replace(done, origin=replace(ORIGIN, verdict=None, forced=False)), None)
    client = MlflowClient()
    told, without = client.get_run(number), client.get_run(bare)
    assert told.info.run_name == "irt 0123abcd" and told.info.status == "FINISHED"
    assert client.get_experiment(told.info.experiment_id).name == "wayline"
    assert told.data.params == {
        "model": "irt", "version": "0123abcd", "seed": "8", "data_sha256": "f00d", "data_responses": "450",
        "data_learners": "60", "data_concepts": "2", "data_items": "9", "data_course": "v3",
    }  # fmt: skip
    assert told.data.metrics == pytest.approx({
        "fit_seconds": 12.5, "auc": 0.7, "log_loss": 0.6, "brier": 0.2, "ece": 0.01,
        "elo_log_loss": 0.5, "elo_brier": 0.25, "elo_ece": 0.02,
    })  # fmt: skip
    assert (told.data.tags["code"], told.data.tags["forced"]) == ("1+2", "True")
    assert files(client, number) == {"model/manifest.json", "model/simpler/manifest.json", "report/ladder.md"}
    # a model that was not judged has no figures but the time it took
    assert without.data.metrics == {"fit_seconds": 12.5} and without.data.tags["forced"] == "False"
    assert files(client, bare) == {"model/manifest.json", "model/simpler/manifest.json"}


def test_an_mlflow_that_refuses_is_told_of_with_where_the_model_is(
    done: Registered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nowhere://at-all")
    with pytest.raises(_tracking.TrackingError, match=r"the model is in .*kept, but MLflow was not told"):
        _tracking.track(done, None)


def test_without_mlflow_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(_tracking.TrackingError, match=r"install wayline\[tracking\]"):
        _tracking.require()

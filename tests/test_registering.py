"""What a fit is given, what is written down of it and where, and how `wayline tracer` says what is wrong."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click
import numpy as np
import pytest
from courses import course
from listening import Heard
from rich.progress import Progress

from api.cli import _report, _tracking
from api.cli._fitting import Line, Refused, Registered, judged, progress, refusals, registered, show
from data.importers import ImportFault
from student_model.audit import Fault, LeakyData
from student_model.evaluation import Scores
from student_model.guard import Verdict
from student_model.log import Log
from student_model.origin import Data, Origin
from student_model.storage import SIMPLER, StorageError, open_tracer, read_manifest
from student_model.tracing import ALONE, CheckpointError, Context, Tracer, mean
from student_model.types import LearnerId

GRAPH = course([], names="ab", per_concept=3)


def log_of(learners: int, rows: int = 6, idle: int = 0) -> Log:
    """Learners of differing abilities on the course's items, and at the end some who never answered."""
    rng = np.random.default_rng(0)
    ability = np.repeat(rng.normal(0.0, 2.0, learners), rows)
    item = rng.integers(6, size=learners * rows).astype(np.int32)
    names = [LearnerId(f"l{n}") for n in range(learners) for _ in range(rows)]
    log = Log.from_unordered(GRAPH.vocabulary, names, item, (rng.normal(size=len(item)) < ability).astype(np.float64))
    return replace(log, learners=(*log.learners, *(LearnerId(f"idle{n}") for n in range(idle))))


def test_each_fit_has_its_own_learners_and_the_two_of_the_model_folders_of_their_own(
    heard: Heard, tmp_path: Path
) -> None:
    context = Context(GRAPH, curves=tmp_path / "c", checkpoint=tmp_path / "k", accumulate=3)
    registered("mean", log_of(60, idle=4), tmp_path / "out", 5, context, force=True)
    assert [(name, learners, seed) for name, learners, seed, _ in heard] == [
        ("mean", 54, 5), ("elo", 54, 5), ("logistic", 54, 5), ("mean", 60, 5), ("logistic", 60, 5),
    ]  # fmt: skip
    given = [(one.curves, one.checkpoint) for *_, one in heard]
    assert given[0] == (tmp_path / "c" / "judged", tmp_path / "k" / "judged")
    assert given[3] == (tmp_path / "c" / "registered", tmp_path / "k" / "registered")
    assert given[1] == given[2] == given[4] == (None, None)
    assert all(one.graph is GRAPH for *_, one in heard)
    assert heard[0][3].accumulate == heard[3][3].accumulate == 3


def test_learners_who_never_answered_do_not_make_a_trial(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="49 learners have answered, and a model is judged from 50 on"):
        registered("mean", log_of(49, idle=20), tmp_path / "out", 0, ALONE)
    assert not (tmp_path / "out").exists()


def test_what_is_written_down_is_what_was_fitted(heard: Heard, tmp_path: Path) -> None:
    log = log_of(60, idle=4)
    done = registered("mean", log, tmp_path / "out", 5, Context(GRAPH), force=True)
    origin = read_manifest(tmp_path / "out").origin
    assert origin == json.loads(json.dumps(done.origin.to_json())) and done.out == tmp_path / "out"
    assert done.origin.data == Data.of(log.of_those_who_answered(), GRAPH.version)
    begun = datetime.fromisoformat(done.origin.fitted_at)
    assert begun.utcoffset() is not None and abs(begun.timestamp() - time.time()) < 600
    assert (done.origin.seed, done.origin.forced, done.origin.as_judged, done.origin.interrupted) == (
        5,
        True,
        False,
        False,
    )
    assert open_tracer(tmp_path / "out" / SIMPLER).name == "logistic"


def test_force_is_on_the_record_only_where_it_was_needed(tmp_path: Path) -> None:
    done = registered("logistic", log_of(60, rows=20), tmp_path / "out", 0, ALONE, force=True)
    assert done.origin.verdict is not None and done.origin.verdict.losses == () and done.origin.forced is False


def test_ctrl_c_without_a_model_that_was_judged_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> Tracer:
        raise KeyboardInterrupt

    monkeypatch.setattr(mean, "fit", stopped)
    with pytest.raises(KeyboardInterrupt):
        registered("mean", log_of(9), tmp_path / "out", 0, ALONE, force=True)
    assert not (tmp_path / "out").exists()


def test_a_model_that_is_refused_has_its_report_all_the_same(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"(?s)mean loses to elo.*mean loses to logistic.*mean is not registered"):
        registered("mean", log_of(60, rows=20), tmp_path / "out", 0, ALONE, report=tmp_path / "plots")
    assert (tmp_path / "plots" / "ladder.md").read_text("utf-8").startswith("| | mean | elo | logistic |")
    assert not (tmp_path / "out").exists()


ORIGIN = Origin(Data("f00d", 4_500, 1_060, 2, 9), "2026-01-01", 12.5, 8, "1+2")
SCORES = {"irt": Scores(90, 0.7, 0.6, 0.2, 0.01), "elo": Scores(90, None, 0.5, 0.25, 0.02)}


def test_people_are_told_what_was_registered_and_how_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    verdict = Verdict(1_006, 90, SCORES, ("irt loses to elo", "irt loses to logistic"))
    show(Registered("irt", "0123", Path("kept"), replace(ORIGIN, verdict=verdict)), as_json=False)
    show(Registered("irt", "0123", Path("kept"), ORIGIN), as_json=False)
    head = "irt 0123: 4,500 responses of 1,060 learners, 2 concepts, 9 items -> kept"
    assert capsys.readouterr().out.splitlines() == [
        head,
        "on 1,006 learners held back: irt AUC 0.7000 log loss 0.6000, elo",
        "irt loses to elo",
        "irt loses to logistic",
        head,
        "fewer than 50 learners: not judged",
    ]
    assert judged(replace(verdict, losses=())).count("\n") == 0


def test_machines_are_told_of_it_as_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    show(Registered("irt", "0123", Path("kept"), ORIGIN), as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told == {"model": "irt", "version": "0123", "out": "kept", **ORIGIN.to_json()}


@pytest.mark.parametrize(("error", "told"), [
    (ImportFault("odd file"), "odd file"),
    (LeakyData((Fault("seen before", "x.csv", "is", 1, 1.0, (), "Split."),)), "x.csv: seen before"),
    (Refused("it loses"), "it loses"),
    (CheckpointError("another training"), "another training"),
    (StorageError("no tracer"), "no tracer"),
    (_report.ReportError("no plots"), "no plots"),
    (_tracking.TrackingError("no MLflow"), "no MLflow"),
    (ModuleNotFoundError("x", name="torch"), r"torch is not installed: install wayline\[training\]"),
])  # fmt: skip
def test_what_users_can_mend_is_a_message_and_no_traceback(error: Exception, told: str) -> None:
    with pytest.raises(click.ClickException, match=told) as caught, refusals():
        raise error
    assert caught.value.exit_code == 1


def test_a_fault_of_the_program_stays_one() -> None:
    with pytest.raises(ZeroDivisionError), refusals():
        raise ZeroDivisionError


def test_lines_are_said_on_stderr_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as tell:
        tell("reading [red]a file[/red]")
        tell.done(0.5)
    assert capsys.readouterr() == ("", "reading [red]a file[/red]\n")


def test_a_bar_moves_by_the_share_that_is_done() -> None:
    bar = Progress()
    line = Line(bar)
    (task,) = bar.tasks
    line("fitting")
    assert (task.description, task.total) == ("fitting", None)
    line.done(0.25)
    assert (task.completed, task.total, task.percentage) == (0.25, 1.0, 25.0)


def test_the_bar_is_gone_where_all_is_done_and_comes_back() -> None:
    bar = Progress()
    line, totals = Line(bar), list[float | None]()
    for share in (0.5, 1.0, 0.25):
        line.done(share)
        totals.append(bar.tasks[0].total)
    assert totals == [1.0, None, 1.0]
    assert bar.tasks[0].completed == 0.25


def test_a_log_without_a_response_is_called_that(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="nobody has answered: the log has no response"):
        registered("mean", log_of(0), tmp_path / "out", 0, Context())
    assert not (tmp_path / "out").exists()

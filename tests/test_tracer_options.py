"""The options of `wayline tracer`: each reaches the fits, and a schedule of refits goes on until it is stopped."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from listening import Heard

from api.cli import _fitting
from api.cli._fitting import Refused, Registered
from api.cli.tracer import tracer
from api.settings import read_settings
from api.wiring import open_store
from knowledge_graph.formats import folder
from knowledge_graph.types import ItemId
from student_model.origin import Data, Origin
from student_model.types import LearnerId, Response, ResponseId

ORIGIN = Origin(Data("f00d", 4_500, 1_060, 2, 9), "2026-01-01", 12.5, 8, "1+2")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(tracer, [str(one) for one in arguments])


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A log of sixty learners and one of ten others, in a folder that becomes the current one."""
    monkeypatch.chdir(tmp_path)
    rng, paths = np.random.default_rng(0), []
    for name, first, learners in (("train", 0, 60), ("test", 100, 10)):
        lines = ["learner_id,item_id,concept_ids,correct"]
        for learner in range(first, first + learners):
            ability = rng.normal(0.0, 2.0)
            lines += [f"l{learner},i{rng.integers(6)},a,{int(rng.normal() < ability)}" for _ in range(12)]
        paths.append(tmp_path / f"{name}.csv")
        paths[-1].write_text("\n".join(lines) + "\n", "utf-8")
    return paths[0], paths[1]


def test_options_of_fit_reach_the_model(files: tuple[Path, Path], heard: Heard, tmp_path: Path) -> None:
    options = ["--seed", 7, "--accumulate", 4, "--checkpoint", tmp_path / "k", "--force"]
    done = run("fit", "--model", "mean", "--train", files[0], "--out", tmp_path / "out", "--json", *options)
    assert done.exit_code == 0, done.output
    assert {seed for _, _, seed, _ in heard} == {7} and json.loads(done.stdout)["seed"] == 7
    given = heard[0][3]
    assert (given.accumulate, given.checkpoint, given.curves) == (4, tmp_path / "k" / "judged", None)
    assert given.graph is None


def test_options_of_evaluate_reach_every_fit_and_a_loss_is_a_warning(
    files: tuple[Path, Path], heard: Heard, tmp_path: Path
) -> None:
    train, test = files
    measured = ["--train", train, "--test", test, "--seed", 7, "--report", tmp_path / "plots"]
    done = run("evaluate", "--model", "mean", *measured)
    assert done.exit_code == 0, done.output
    assert [(name, learners, seed) for name, learners, seed, _ in heard] == [
        ("mean", 60, 7), ("elo", 60, 7), ("logistic", 60, 7),
    ]  # fmt: skip
    assert "warning: mean loses to elo: AUC" in done.stderr and "warning" not in done.stdout
    table = (tmp_path / "plots" / "ladder.md").read_text("utf-8")
    assert table.startswith("| | mean | bkt | elo | logistic |\n")


def test_a_models_name_is_the_model_even_where_a_folder_has_it_and_a_folder_has_a_column_of_its_own(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    train, test = files
    assert run("fit", "--model", "elo", "--train", train, "--out", "mean", "--force").exit_code == 0
    measured = ["--train", train, "--test", test, "--json"]
    assert json.loads(run("evaluate", "--model", "mean", *measured).stdout)["model"] == "mean"
    opened = run("evaluate", "--model", "./mean", *measured[:-1], "--report", "plots")
    assert Path("plots/ladder.md").read_text("utf-8").startswith("| | mean | bkt | elo | logistic | elo in ./mean |")
    assert opened.exit_code == 0 and "elo in" in opened.stdout


def test_the_course_reaches_every_fit_and_the_file_a_model_was_fitted_to_is_known_again_with_it(
    files: tuple[Path, Path], heard: Heard, tmp_path: Path
) -> None:
    (tmp_path / "course").mkdir()
    for name, text in {
        "curriculum.yaml": "id: c\ntitle: C\n",
        "concepts.csv": "concept_id,title\nz,Last\na,First\n",
        "edges.csv": "source_id,target_id,kind,weight,reason\n",
        "items.jsonl": "",
    }.items():
        (tmp_path / "course" / name).write_text(text, "utf-8")
    train, test = files
    given = ["--curriculum", "course"]
    done = run("fit", "--model", "elo", "--train", train, "--out", "kept", "--force", "--json", *given)
    assert json.loads(done.stdout)["data"]["concepts"] == 2 and json.loads(done.stdout)["data"]["course"]
    assert run("evaluate", "--model", "mean", "--train", train, "--test", test, *given).exit_code == 0
    graphs = [context.graph for *_, context in heard]
    assert [graph and [one.concept_id for one in graph.concepts] for graph in graphs] == [["z", "a"]] * len(heard)
    for course in (given, []):  # leaving out the course does not make the file another
        told = run("evaluate", "--model", "kept", "--train", test, "--test", train, *course)
        assert told.exit_code == 1 and "seen before: is the file that the model was fitted to" in told.stderr


@pytest.mark.parametrize(("strange", "warned"), [(0, False), (10, False), (11, True)])
def test_more_than_half_of_a_log_must_be_of_another_course_for_a_warning(
    strange: int, warned: bool, tmp_path: Path
) -> None:
    """Twenty responses, of which so many are to an item that the course does not have."""
    settings = read_settings({}, database=f"sqlite:///{tmp_path / 'w.db'}")
    known = folder.read(settings.curriculum).items[0].item_id
    log = [
        Response(
            response_id=ResponseId(f"r{n}"),
            learner_id=LearnerId(f"l{n % 3}"),
            item_id=ItemId("elsewhere") if n < strange else known,
            correct=n % 2 == 0,
        )
        for n in range(20)
    ]
    open_store(settings).responses.append(log, datetime(2026, 1, 1, tzinfo=UTC))
    told = run("refit", "--model", "mean", "--out", tmp_path / "m", "--database", settings.database).stderr
    assert "3 learners have answered" in told
    assert (f"warning: {strange} of 20 responses are to items that" in told) == warned
    assert ("warning" in told) == warned


class Night(SimpleNamespace):
    """A clock that a night's work moves, and the first sleep as the end of the test."""

    def __init__(self) -> None:
        super().__init__(now=1_000.0, slept=[])

    def monotonic(self) -> float:
        return float(self.now)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        raise KeyboardInterrupt


def refit(
    monkeypatch: pytest.MonkeyPatch, work: Callable[[Night], Registered], *options: object
) -> tuple[Result, Night]:
    """`refit` where a night's work is this."""
    night = Night()

    def refitted(*_: Any, **__: Any) -> Registered:
        return work(night)

    monkeypatch.setattr("api.cli.tracer.time", night)
    monkeypatch.setattr(_fitting, "refitted", refitted)
    return run("refit", "--model", "elo", "--out", "m", *options), night


@pytest.mark.parametrize(("hours", "took", "left"), [(2, 600.0, 6_600.0), (0.5, 600.0, 1_200.0), (1, 4_000.0, 0.0)])
def test_nights_begin_so_many_hours_apart(
    hours: float, took: float, left: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(night: Night) -> Registered:
        night.now += took
        return Registered("elo", "v", Path("m"), ORIGIN)

    done, night = refit(monkeypatch, work, "--every", hours)
    assert night.slept == [left] and "elo v: 4,500 responses" in done.stdout


@pytest.mark.parametrize("error", [Refused("it loses"), ZeroDivisionError("by zero")])
def test_a_failure_is_told_and_ends_what_runs_once_but_not_a_schedule(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(night: Night) -> Registered:
        raise error

    once, night = refit(monkeypatch, work)
    assert once.exit_code == 1 and night.slept == []
    assert once.exception is error or isinstance(error, Refused)  # a fault of the program is not hidden
    going, night = refit(monkeypatch, work, "--every", 3)
    assert night.slept == [10_800.0] and str(error) in going.stderr


def test_ctrl_c_in_a_fit_ends_the_schedule_and_so_does_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    cut = replace(ORIGIN, interrupted=True)
    done, night = refit(monkeypatch, lambda _: Registered("elo", "v", Path("m"), cut), "--every", 3)
    assert done.exit_code == 0 and night.slept == []
    assert refit(monkeypatch, lambda _: Registered("elo", "v", Path("m"), ORIGIN), "--every", 0)[0].exit_code == 2


def test_rows_that_could_not_be_read_are_told_of_with_their_file(files: tuple[Path, Path]) -> None:
    train, test = files
    with train.open("a", encoding="utf-8") as log:
        log.write("l1,i1,a,maybe\n")
    done = run("evaluate", "--model", "mean", "--train", train, "--test", test, "--json")
    assert done.exit_code == 0 and json.loads(done.stdout)["rows"] == 120
    assert any(line.startswith("train.csv: ") and "train.csv:722" in line for line in done.stderr.splitlines())


def test_the_course_of_a_refit_may_be_named(tmp_path: Path) -> None:
    """The folder that is named is read, and not the one of the service."""
    done = run("refit", "--model", "mean", "--out", tmp_path / "m", "--curriculum", tmp_path / "nowhere",
               "--database", f"sqlite:///{tmp_path / 'w.db'}")  # fmt: skip
    assert done.exit_code == 2 and "nowhere" in done.stderr and not (tmp_path / "m").exists()

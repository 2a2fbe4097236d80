"""`wayline tracer`: fit a knowledge-tracing model to a log, and measure one beside the baselines."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from knowledge_graph.graph import KnowledgeGraph
    from knowledge_graph.vocabulary import Vocabulary
    from student_model.log import Log
    from student_model.tracing import Tracer

LOG_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
TARGET = click.Path(file_okay=False, path_type=Path)

COURSE = click.option(
    "--curriculum",
    type=FOLDER,
    help="Course: its edges, its texts (read by $WAYLINE_ENCODER); its concepts come first.",
)
SEED = click.option("--seed", default=0, show_default=True, help="For models that draw.")
REPORT = click.option("--report", type=TARGET, help="Folder for plots and the ladder table.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group()
def tracer() -> None:
    """Fit and measure the models that trace what learners know."""


@tracer.command()
@click.option("--model", required=True, metavar="NAME", help="The model to fit, e.g. wayline.")
@click.option("--train", type=LOG_FILE, required=True, help="Log to fit to (.csv or .csv.gz).")
@click.option("--out", type=TARGET, required=True, help="Where to write it.")
@COURSE
@SEED
@REPORT
@click.option("--curves", type=TARGET, help="Folder for TensorBoard: losses, calibration, histograms.")
@click.option("--checkpoint", type=TARGET, help="Folder to keep training in, and to go on from.")
@click.option("--accumulate", default=1, show_default=True, type=click.IntRange(1), help="Batches a training step.")
@click.option("--no-refit", is_flag=True, help="Keep what was fitted to nine learners in ten, in half the time.")
@click.option("--force", is_flag=True, help="Register the model even if it loses to a cheaper one.")
@click.option("--track", is_flag=True, help="Tell MLflow, where $MLFLOW_TRACKING_URI says it is.")
@JSON
def fit(
    model: str,
    train: Path,
    out: Path,
    curriculum: Path | None,
    seed: int,
    report: Path | None,
    curves: Path | None,
    checkpoint: Path | None,
    accumulate: int,
    no_refit: bool,
    force: bool,
    track: bool,
    as_json: bool,
) -> None:
    """Fit a model to a log and keep it in a directory.

    It is fitted to nine learners in ten first and judged on the tenth. A model that loses to Elo or Best-LR there is
    refused; else it is fitted to all. Ctrl-C ends the training of a network and keeps its best so far.
    """
    from api.cli import _fitting, _report, _tracking
    from api.settings import base_encoder
    from student_model import audit
    from student_model.tracing import Context

    _require_model(model)
    with _fitting.refusals(), _fitting.progress() as tell:
        if track:
            _tracking.require()
        if report is not None:
            _report.require("matplotlib")
        if curves is not None:
            _report.require("tensorboard")
        tell(f"reading {train.name}")
        graph = _graph(curriculum)
        log = _read(train, graph.vocabulary if graph else None)
        audit.check(audit.read_columns(train), names=(str(train), ""))
        reads = base_encoder(os.environ)
        context = Context(graph, tell, curves, checkpoint, accumulate, done=tell.done, encoder=reads)
        done = _fitting.registered(model, log, out, seed, context, refit=not no_refit, force=force, report=report)
        if track:
            tell(f"MLflow's run is {_tracking.track(done, report)}")
    _fitting.show(done, as_json)


@tracer.command()
@click.option("--model", required=True, metavar="NAME|DIR", help="A model to fit, or what `fit --out` wrote.")
@click.option("--train", type=LOG_FILE, required=True, help="Log to fit the model and the baselines to.")
@click.option("--test", type=LOG_FILE, required=True, help="Log of other learners to measure on.")
@COURSE
@SEED
@REPORT
@JSON
def evaluate(
    model: str, train: Path, test: Path, curriculum: Path | None, seed: int, report: Path | None, as_json: bool
) -> None:
    """Measure a model on learners it has not seen, beside item mean, BKT, Elo and Best-LR."""
    import numpy as np

    from api.cli import _fitting, _report
    from api.settings import base_encoder
    from student_model import audit
    from student_model.evaluation import evaluate as measure
    from student_model.guard import warnings
    from student_model.tracing import Context

    with _fitting.refusals(), _fitting.progress() as tell:
        if report is not None:
            _report.require("matplotlib")
        chosen = _model(model)
        tell("reading")
        graph = _graph(curriculum)
        known = _read(train, graph.vocabulary if graph else None)
        asked = _read(test, known.vocabulary)
        audit.check(audit.read_columns(train), audit.read_columns(test), names=(str(train), str(test)))
        if not isinstance(chosen, str):
            _fitting.require_unseen(Path(model), test)
        if not np.isin(asked.item, known.item).any():
            click.echo("warning: no item of the test file is in the training file: do both have item_id?", err=True)
        context = Context(graph, tell, done=tell.done, encoder=base_encoder(os.environ))
        found = measure(chosen, known, asked, seed, context)
        name = found.model if isinstance(chosen, str) else f"{found.model} in {model}"
        models = {**found.baselines, name: found}
        if report is not None:
            _report.write(report, models)
    for warning in warnings(found):
        click.echo(f"warning: {warning}", err=True)
    if as_json:
        click.echo(json.dumps(found.to_json(), allow_nan=False))
    else:
        _report.show(models)


@tracer.command()
@click.option("--model", default="wayline", show_default=True, metavar="NAME", help="The model to fit.")
@click.option("--out", type=TARGET, help="Where to write it; the folder in $WAYLINE_MODEL by default.")
@click.option("--curriculum", metavar="DIR", help="The service's course; $WAYLINE_CURRICULUM else.")
@click.option("--database", metavar="URL", help="Database of the log; $WAYLINE_DATABASE else.")
@click.option("--every", metavar="HOURS", type=click.FloatRange(0, min_open=True), help="Go on, this often.")
@SEED
@click.option("--force", is_flag=True, help="Register the model even if it loses to a cheaper one.")
@JSON
def refit(
    model: str,
    out: Path | None,
    curriculum: str | None,
    database: str | None,
    every: float | None,
    seed: int,
    force: bool,
    as_json: bool,
) -> None:
    """Fit a model to the service's own log; a service that serves the folder takes it up by itself.

    What loses to Elo or Best-LR, or has too few learners to be judged, leaves the folder as it is. With --every this
    runs until it is stopped; without, once, for schedulers such as cron.
    """
    from api.cli import _fitting
    from api.settings import read_settings

    _require_model(model)
    with _fitting.refusals():
        settings = read_settings(os.environ, curriculum=curriculum, database=database)
    target = out or (Path(settings.model) if Path(settings.model).is_dir() else None)
    if target is None:
        raise click.UsageError("--out is missing, and $WAYLINE_MODEL is no folder")
    while True:
        began = time.monotonic()
        try:
            with _fitting.refusals(), _fitting.progress() as tell:
                done = _fitting.refitted(model, settings, target, seed, tell, force=force)
            _fitting.show(done, as_json)
            if done.origin.interrupted:
                return
        except click.ClickException as error:
            if every is None:
                raise
            error.show()
        except Exception as error:  # one night's failure must not end the schedule
            if every is None:
                raise
            click.echo(f"Error: {type(error).__name__}: {error}; trying again in {every:g} hours", err=True)
        if every is None:
            return
        time.sleep(max(0.0, 3600.0 * every - (time.monotonic() - began)))


def _require_model(name: str) -> None:
    from student_model.tracing import available

    if name not in available():
        raise click.UsageError(f"no model {name!r}; there are: {', '.join(available())}")


def _model(name: str) -> str | Tracer:
    """A model's name as it is, a directory opened."""
    from student_model import storage
    from student_model.tracing import available

    if name in available() or not Path(name).exists():
        _require_model(name)
        return name
    return storage.open_tracer(Path(name))


def _graph(curriculum: Path | None) -> KnowledgeGraph | None:
    if curriculum is None:
        return None
    from knowledge_graph.formats import folder
    from knowledge_graph.graph import KnowledgeGraph

    return KnowledgeGraph(folder.read(curriculum))


def _read(path: Path, vocabulary: Vocabulary | None) -> Log:
    """The log in a file; what could not be read, or was ignored, is said on stderr."""
    from data.importers import ImportReport
    from data.importers.canonical import read_log

    report = ImportReport()
    log = read_log(path, vocabulary, report)
    for note in report.notes:
        click.echo(f"{path.name}: {note}", err=True)
    for kind, fault in report.faults.items():
        click.echo(f"{path.name}: {kind}: {fault}", err=True)
    return log

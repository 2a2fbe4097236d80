"""`wayline tracer`: fit a knowledge-tracing model to a log, and measure one beside the baselines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from knowledge_graph.vocabulary import Vocabulary
    from student_model.evaluation import Report
    from student_model.log import Log
    from student_model.tracing import Tracer

METRICS = ("auc", "log_loss", "brier", "ece")
SLICES = ("first_attempts", "first_five", "unseen_items")
COSTS = ("fit_seconds", "predict_seconds", "peak_memory_mb")

LOG_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group()
def tracer() -> None:
    """Fit and measure the models that trace what learners know."""


@tracer.command()
@click.option("--model", required=True, metavar="NAME", help="The model to fit, e.g. bkt.")
@click.option("--train", type=LOG_FILE, required=True, help="Log to fit to (.csv or .csv.gz).")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Where to write it.")
@click.option("--curriculum", type=FOLDER, help="Course whose concepts and items come first.")
@click.option("--seed", default=0, show_default=True, help="For models that draw.")
def fit(model: str, train: Path, out: Path, curriculum: Path | None, seed: int) -> None:
    """Fit a model to a log and keep it in a directory."""
    from student_model import audit, storage
    from student_model.tracing import load

    _require_model(model)
    with _refusals(), _progress() as tell:
        tell(f"reading {train.name}")
        log = _read(train, _vocabulary(curriculum))
        audit.check(audit.read_columns(train), names=(str(train), ""))
        tell(f"fitting {model}")
        version = storage.save(load(model).fit(log, seed), out)
    click.echo(
        f"{model} {version}: {len(log):,} responses of {len(log.learners):,} learners, "
        f"{len(log.vocabulary.concepts):,} concepts, {len(log.vocabulary.items):,} items -> {out}"
    )


@tracer.command()
@click.option("--model", required=True, metavar="NAME|DIR", help="A model to fit, or what `fit --out` wrote.")
@click.option("--train", type=LOG_FILE, required=True, help="Log to fit the model and the baselines to.")
@click.option("--test", type=LOG_FILE, required=True, help="Log of other learners to measure on.")
@click.option("--curriculum", type=FOLDER, help="Course whose concepts and items come first.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
@click.option("--seed", default=0, show_default=True, help="For models that draw.")
def evaluate(model: str, train: Path, test: Path, curriculum: Path | None, as_json: bool, seed: int) -> None:
    """Measure a model on learners it has not seen, beside item mean, BKT, Elo and Best-LR."""
    from student_model import audit
    from student_model.evaluation import evaluate as measure

    with _refusals(), _progress() as tell:
        chosen = _model(model)
        tell("reading")
        known = _read(train, _vocabulary(curriculum))
        asked = _read(test, known.vocabulary)
        audit.check(audit.read_columns(train), audit.read_columns(test), names=(str(train), str(test)))
        report = measure(chosen, known, asked, seed, tell)
    for warning in audit.warnings(report):
        click.echo(f"warning: {warning}", err=True)
    if as_json:
        click.echo(json.dumps(report.to_json(), allow_nan=False))
    else:
        _show(report)


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


def _vocabulary(curriculum: Path | None) -> Vocabulary | None:
    if curriculum is None:
        return None
    from knowledge_graph.formats import folder
    from knowledge_graph.graph import KnowledgeGraph

    return KnowledgeGraph(folder.read(curriculum)).vocabulary


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


@contextmanager
def _refusals() -> Iterator[None]:
    """What is wrong with the data is said on stderr, and the exit status is 1."""
    from data.importers import ImportFault
    from knowledge_graph.errors import CurriculumError
    from student_model.audit import LeakyData
    from student_model.storage import StorageError

    try:
        yield
    except (ImportFault, CurriculumError, LeakyData, StorageError) as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """A line on stderr that says what is going on; the function given changes it."""
    from rich.console import Console

    console = Console(stderr=True)
    with console.status("") as status:
        yield status.update if console.is_terminal else console.print


def _show(report: Report) -> None:
    """A table with a column for each model and a row for each figure."""
    from rich.console import Console
    from rich.table import Table

    models = {**report.baselines, report.model: report}.values()
    table = Table("", *(one.model for one in models), title=f"{report.overall.rows:,} responses")
    rows: dict[str, list[float | None]] = {
        **{metric: [getattr(one.overall, metric) for one in models] for metric in METRICS},
        **{f"auc, {name}": [one.slices[name].auc for one in models] for name in SLICES},
        **{cost: [getattr(one, cost) for one in models] for cost in COSTS},
    }
    for name, figures in rows.items():
        table.add_row(name.replace("_", " "), *("-" if one is None else f"{one:.4g}" for one in figures))
    Console().print(table)

"""Fitting a model so that it may be served: judged before it is registered, and told where it comes from."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.cli import _report, _tracking
from api.settings import Settings
from api.wiring import open_store
from data.columns import columns
from data.importers.canonical import read_log
from knowledge_graph.formats import folder
from knowledge_graph.graph import KnowledgeGraph
from student_model import storage
from student_model.audit import Fault, LeakyData
from student_model.encoder.base import EncoderMissing
from student_model.guard import FEWEST, GUARDS, Verdict, tried
from student_model.log import Log
from student_model.origin import Data, Origin, code_version
from student_model.tracing import CheckpointError, Context, Tracer, load

if TYPE_CHECKING:
    from rich.progress import Progress


@dataclass(frozen=True, slots=True)
class Registered:
    """A model that was registered, and where."""

    model: str
    version: str
    out: Path
    origin: Origin


class Refused(ValueError):
    """The model loses to cheaper ones; the message names each loss."""


def registered(
    model: str,
    log: Log,
    out: Path,
    seed: int,
    context: Context,
    *,
    refit: bool = True,
    force: bool = False,
    report: Path | None = None,
) -> Registered:
    """Fit, judge and save a model. With `refit` the one that is saved was fitted to all learners after it was judged;
    with ctrl-C it is the one that was judged, at its best so far. A simpler one is put beside it, for when it fails.

    Raises:
        Refused: it loses, or there are too few learners to tell, and there is no `force`. Nothing is written but the
            report.
    """
    begin, at, cut = time.perf_counter(), datetime.now(UTC), list[str]()
    log = log.of_those_who_answered()
    context = replace(context, interrupted=lambda: cut.append("interrupted"))
    trial = tried(model, log, seed, _within(context, "judged"))
    verdict = None if trial is None else trial.verdict
    if trial is not None and report is not None:
        _report.write(report, trial.reports)
    if trial is not None and context.curves is not None:
        _report.curves(context.curves / "judged", trial.reports)
    lost = () if verdict is None else verdict.losses
    if verdict is None and not force:
        many = len(log.learners)
        if not many:
            raise Refused("nobody has answered: the log has no response to learn from")
        raise Refused(f"{many} learners have answered, and a model is judged from {FEWEST} on: wait, or give --force")
    if lost and not force:
        raise Refused("\n".join((*lost, f"{model} is not registered; fit another, or give --force")))
    tracer = None if trial is None else trial.tracer
    if tracer is None or (refit and not cut):
        tracer = _whole(model, log, seed, context, tracer, cut)
    if model not in GUARDS:
        context.tell(f"fitting {GUARDS[-1]}, for when {model} fails")
        simpler = load(GUARDS[-1]).fit(log, seed, Context(context.graph, encoder=context.encoder))
        storage.save(simpler, out / storage.SIMPLER)
    seconds = time.perf_counter() - begin
    data = Data.of(log, None if context.graph is None else context.graph.version)
    forced = force and (bool(lost) or verdict is None)
    judged = trial is not None and tracer is trial.tracer
    origin = Origin(data, at.isoformat(), seconds, seed, code_version(), verdict, forced, bool(cut), judged)
    return Registered(model, storage.save(tracer, out, origin), out, origin)


def _whole(model: str, log: Log, seed: int, context: Context, judged: Tracer | None, cut: list[str]) -> Tracer:
    """The model fitted to all learners; if ctrl-C cuts that short, the one that was judged, where there is one."""
    context.tell(f"fitting {model} to all learners")
    try:
        tracer = load(model).fit(log, seed, _within(context, "registered"))
    except KeyboardInterrupt:
        if judged is None:
            raise
        cut.append("interrupted")
    if cut and judged is not None:
        context.tell(f"interrupted; keeping the {model} that was judged")
        return judged
    return tracer


def refitted(model: str, settings: Settings, out: Path, seed: int, tell: Line, *, force: bool) -> Registered:
    """Fit, judge and save a model on the log of a service.

    Raises:
        Refused: it loses, or too few learners have answered for it to be judged, and there is no `force`.
    """
    tell("reading the log")
    graph = KnowledgeGraph(folder.read(settings.curriculum))
    log = columns(open_store(settings).responses, graph.vocabulary)
    strange = int((log.item >= len(graph.items)).sum())
    if strange > len(log) // 2:
        note = f"{strange:,} of {len(log):,} responses are to items that {settings.curriculum} does not have"
        click.echo(f"warning: {note}: is it the right --curriculum?", err=True)
    context = Context(graph, tell, done=tell.done, encoder=settings.encoder)
    return registered(model, log, out, seed, context, force=force)


def require_unseen(registered: Path, test: Path) -> None:
    """Refuse to measure a model on the very file it was fitted to, with whatever course.

    Raises:
        LeakyData: it was.
    """
    origin = storage.read_manifest(registered).origin
    log = read_log(test, storage.open_tracer(registered).vocabulary)
    if origin is not None and origin["data"]["sha256"] == Data.of(log.of_those_who_answered()).sha256:
        what = "is the file that the model was fitted to"
        remedy = "Measure it on other learners."
        raise LeakyData((Fault("seen before", str(test), what, len(log), 1.0, (str(registered),), remedy),))


def _within(context: Context, name: str) -> Context:
    """The same context with folders of its own: the two trainings are not one."""
    curves, checkpoint = context.curves, context.checkpoint
    return replace(context, curves=curves and curves / name, checkpoint=checkpoint and checkpoint / name)


def show(done: Registered, as_json: bool) -> None:
    """What was registered, for people or as one JSON object."""
    data, verdict = done.origin.data, done.origin.verdict
    if as_json:
        plain = {"model": done.model, "version": done.version, "out": str(done.out), **asdict(done.origin)}
        click.echo(json.dumps(plain, allow_nan=False))
        return
    click.echo(
        f"{done.model} {done.version}: {data.responses:,} responses of {data.learners:,} learners, "
        f"{data.concepts:,} concepts, {data.items:,} items -> {done.out}"
    )
    click.echo(f"fewer than {FEWEST} learners: not judged" if verdict is None else judged(verdict))


def judged(verdict: Verdict) -> str:
    """The verdict in a few words."""
    found = ", ".join(
        name if one.auc is None else f"{name} AUC {one.auc:.4f} log loss {one.log_loss:.4f}"
        for name, one in verdict.scores.items()
    )
    return "\n".join((f"on {verdict.learners:,} learners held back: {found}", *verdict.losses))


@contextmanager
def refusals() -> Iterator[None]:
    """What is wrong with the data is said on stderr, and the exit status is 1."""
    from api.cli._refusals import refusals as of_services
    from data.importers import ImportFault

    with of_services():
        try:
            yield
        except (
            ImportFault,
            LeakyData,
            Refused,
            CheckpointError,
            EncoderMissing,
            _report.ReportError,
            _tracking.TrackingError,
        ) as error:
            raise click.ClickException(str(error)) from error
        except ModuleNotFoundError as error:
            raise click.ClickException(f"{error.name} is not installed: install wayline[training]") from error


class Line:
    """A line on stderr that says what is going on: called with it, and with the share of it that is `done`."""

    def __init__(self, bar: Progress | None) -> None:
        self._bar, self._task = bar, None if bar is None else bar.add_task("", total=None)

    def __call__(self, what: str) -> None:
        if self._bar is None or self._task is None:
            click.echo(what, err=True)
        else:
            self._bar.update(self._task, description=what)

    def done(self, share: float) -> None:
        """Move the bar; it is gone where all is done."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=share, total=1.0)
            if share >= 1.0:
                self._bar.tasks[self._bar.task_ids.index(self._task)].total = None  # `update` takes None for "as it is"


@contextmanager
def progress() -> Iterator[Line]:
    """A bar with the time that it takes, where stderr is a terminal; lines elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield Line(None)
        return
    columns = SpinnerColumn(), BarColumn(20), TimeElapsedColumn(), TextColumn("{task.description}", markup=False)
    with Progress(*columns, console=console, transient=True) as bar:
        yield Line(bar)

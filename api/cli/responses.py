"""`wayline responses`: bring responses into the log, write the log out, and what teachers said of answers in words."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from data.responses import ResponseLog
    from data.reviews import Entry
    from knowledge_graph.types import Item

BATCH = 5_000
"""Responses to a transaction: few enough to be held at once, many enough for its cost not to be felt."""
DATABASE = click.option("--database", metavar="URL", help="Database of the log; $WAYLINE_DATABASE else.")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group()
def responses() -> None:
    """Import and export responses, and what teachers judged."""


@responses.command("import")
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--format", "name", default="canonical", show_default=True, help="Format of FILE.")
@DATABASE
@AS_JSON
def import_(file: Path, name: str, database: str | None, as_json: bool) -> None:
    """Store the responses in FILE. Those that are stored already are left alone, so a repeat does no harm."""
    from data.importers import ImportReport, available, load

    if name not in available():
        raise click.UsageError(f"no format {name!r}; there are: {', '.join(available())}")
    read = load(name).responses
    if read is None:
        raise click.UsageError(f"{name!r} holds a course, no responses: use `wayline curriculum import`")
    report = ImportReport()
    with _refusals(), _counting("stored") as tell:
        log = _log(database)
        stored = total = 0
        found = read(file, report)
        while batch := list(islice(found, BATCH)):
            stored += sum(one.status == "stored" for one in log.append(batch, datetime.now(UTC)))
            total += len(batch)
            tell(total)
    for line in report.lines():
        click.echo(line, err=True)
    counts = {"stored": stored, "duplicates": total - stored}
    if as_json:
        faults = [{"kind": k, "count": f.count, "places": f.places} for k, f in report.faults.items()]
        told = {"rows_read": report.rows_read, "rows_kept": report.rows_kept, "faults": faults}
        click.echo(json.dumps({**counts, **told, "notes": report.notes}))
    else:
        click.echo(f"{stored:,} responses stored, {total - stored:,} were there before")


@responses.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; stdout else.")
@DATABASE
@AS_JSON
def export(out: Path | None, database: str | None, as_json: bool) -> None:
    """Write the whole log as CSV (gzipped if --out ends in .gz); learners stand under their pseudonyms."""
    from data.importers.canonical import write, write_rows

    if as_json and out is None:
        raise click.UsageError("--json needs --out: both would go to stdout")
    with _refusals():
        found = _log(database).everything()
        count = write(found, out) if out else write_rows(found, sys.stdout)
    if as_json:
        click.echo(json.dumps({"out": str(out), "responses": count}))
    else:
        click.echo(f"{count:,} responses -> {out or 'stdout'}", err=out is None)


@responses.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; stdout else.")
@click.option("--curriculum", metavar="DIR", help="The course with the questions; the embedded one by default.")
@DATABASE
@AS_JSON
def graded(out: Path | None, curriculum: str | None, database: str | None, as_json: bool) -> None:
    """Write the answers in words that teachers judged as graded answers, one JSON object a line, for `encoder fit`."""
    from api.settings import read_settings
    from api.wiring import open_store
    from knowledge_graph.formats import folder

    if as_json and out is None:
        raise click.UsageError("--json needs --out: both would go to stdout")
    with _refusals():
        environ = {**os.environ, "WAYLINE_GRADER": ""}  # it may still have to be fitted, to what is written here
        settings = read_settings(environ, curriculum=curriculum, database=database)
        items = {item.item_id: item for item in folder.read(settings.curriculum).items}
        found = [(items.get(one.response.item_id), one) for one in open_store(settings).reviews.verdicts()]
        lines = [_graded(item, one) for item, one in found if item is not None and item.kind == "text"]
        with out.open("w", encoding="utf-8") if out else nullcontext(sys.stdout) as file:
            file.writelines(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
    left_out = len(found) - len(lines)
    in_steps = sum(item is not None and item.kind == "steps" for item, _ in found)
    if in_steps:
        click.echo(
            f"{in_steps:,} left out: a verdict on all steps of an item together grades no single answer", err=True
        )
    if left_out > in_steps:
        why = "the course has no question in words of their item's id"
        click.echo(f"{left_out - in_steps:,} left out: {why}", err=True)
    if as_json:
        click.echo(json.dumps({"out": str(out), "answers": len(lines), "left_out": left_out}))
    else:
        click.echo(f"{len(lines):,} graded answers -> {out or 'stdout'}", err=out is None)


def _graded(item: Item, judged: Entry) -> dict[str, Any]:
    """A verdict in the public format of graded answers; the id of the answer tells nobody whose it is."""
    from student_model.judging import references_of

    return {
        "question": item.text,
        **({"passage": item.passage} if item.passage else {}),
        "reference_answers": references_of(item),
        "answer": judged.response.answer_text,
        "label": judged.mark and judged.mark.label,
        "score": judged.response.score,
        "max_score": 1,
        "question_id": item.item_id,
        "answer_id": judged.review_id,
    }


def _log(database: str | None) -> ResponseLog:
    """The log in the database of the settings, or in this one."""
    from api.settings import read_settings
    from api.wiring import open_store

    return open_store(read_settings(os.environ, database=database)).responses


@contextmanager
def _counting(what: str) -> Iterator[Callable[[int], None]]:
    """A number on stderr that says how far it is; the function given changes it."""
    from rich.console import Console

    console = Console(stderr=True)
    with console.status("reading") as status:
        yield lambda count: status.update(f"{count:,} {what}") if console.is_terminal else None


@contextmanager
def _refusals() -> Iterator[None]:
    """What is wrong with data or settings is said on stderr, and the exit status is 1 or 2."""
    from api.cli._refusals import refusals
    from data.importers import ImportFault
    from data.responses import ResponseConflict

    with refusals():
        try:
            yield
        except (ImportFault, ResponseConflict) as error:
            raise click.ClickException(str(error)) from error

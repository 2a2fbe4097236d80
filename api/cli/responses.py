"""`wayline responses`: bring responses into the log, and write the log out."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from data.responses import ResponseLog

BATCH = 5_000
"""Responses to a transaction: few enough to be held at once, many enough for its cost not to be felt."""
DATABASE = click.option("--database", metavar="URL", help="Database of the log; $WAYLINE_DATABASE else.")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group()
def responses() -> None:
    """Import and export responses."""


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

"""`wayline curriculum`: check a course, bring one in from another format, write one out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from data.importers import ImportReport
    from knowledge_graph.errors import Finding
    from knowledge_graph.types import Curriculum

SHOWN = 5
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
TARGET = click.Path(file_okay=False, path_type=Path)


@click.group()
def curriculum() -> None:
    """Check, import and export courses."""


@curriculum.command()
@click.argument("path", type=FOLDER)
@click.option("--all", "show_all", is_flag=True, help=f"Show every finding, not {SHOWN} of a kind.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def lint(context: click.Context, path: Path, show_all: bool, as_json: bool) -> None:
    """Name every fault of the course in PATH; exit 1 if one is an error."""
    findings = _findings(path)
    count = Counter(finding.severity for finding in findings)
    if as_json:
        click.echo(json.dumps({"path": str(path), **_counts(findings), "findings": _plain(findings)}))
    else:
        _show(findings, len(findings) if show_all else SHOWN)
    context.exit(1 if count["error"] else 0)


@curriculum.command("import")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.option("--format", "name", required=True, metavar="NAME", help="Format of SOURCE, e.g. oatutor.")
@click.option("--out", type=TARGET, required=True, help="Curriculum folder to write.")
@click.option("--force", is_flag=True, help="Write into a folder that is not empty.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def import_(source: Path, name: str, out: Path, force: bool, as_json: bool) -> None:
    """Make a curriculum folder of SOURCE, a file or folder in another format."""
    from data.importers import ImportReport, available, load
    from knowledge_graph.formats import folder
    from knowledge_graph.lint import lint as lint_course

    _require_name(name, available())
    read = load(name).curriculum
    if read is None:
        raise click.UsageError(f"{name!r} holds responses, no course: use `wayline responses import`")
    _refuse_overwriting(out, force)
    report = ImportReport()
    with _refusals():
        course = read(source, report)
        folder.write(course, out, media_from=source if source.is_dir() else None)
    findings = lint_course(course)
    if as_json:
        click.echo(json.dumps({"out": str(out), **_size(course), **_told(report), "lint": _counts(findings)}))
        return
    for line in report.lines():
        click.echo(line, err=True)
    click.echo(f"{', '.join(f'{count:,} {what}' for what, count in _size(course).items())} -> {out}")
    if findings:
        counts = ", ".join(f"{count} {what}" for what, count in _counts(findings).items())
        click.echo(f"{counts}; see `wayline curriculum lint {out}`", err=True)


@curriculum.command()
@click.argument("path", type=FOLDER)
@click.option("--out", type=TARGET, required=True, help="Where to write it.")
@click.option("--format", "name", default="folder", show_default=True, help="Format to write.")
@click.option("--force", is_flag=True, help="Write into a folder that is not empty.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def export(path: Path, out: Path, name: str, force: bool, as_json: bool) -> None:
    """Write the course in PATH, media included, to another folder in plain order."""
    from knowledge_graph.formats import available, folder, load

    _require_name(name, available())
    _refuse_overwriting(out, force)
    with _refusals():
        course = folder.read(path)
        load(name).write(course, out, media_from=path)
    if as_json:
        click.echo(json.dumps({"out": str(out), **_size(course)}))
    else:
        click.echo(f"{', '.join(f'{count:,} {what}' for what, count in _size(course).items())} -> {out}")


_HIDDEN = {
    "curriculum.yaml": {"thresholds", "unknown-goal", "unreachable-goal", "no-licence"},
    "concepts.csv": {"dangling-edge", "dangling-item-concept", "unknown-goal", "unreachable-goal", "no-concepts"},
    "edges.csv": {"unreachable-goal"},
    "items.jsonl": {"concept-without-items", "unreachable-goal"},
}
"""What cannot be told of a course while rows of a file are missing because they cannot be read."""


def _findings(path: Path) -> tuple[Finding, ...]:
    """Faults of the files, and of the course as far as it can be read."""
    from knowledge_graph.formats.folder import examine
    from knowledge_graph.lint import lint as lint_course

    course, of_files = examine(path)
    torn = {Path(one.place.path).name for one in of_files if one.severity == "error" and one.place}
    hidden = {code for name in torn for code in _HIDDEN.get(name, ())}
    if hidden:
        click.echo(f"not all rows of {', '.join(sorted(torn))} can be read; once they can there may be more", err=True)
    return (*of_files, *(one for one in lint_course(course, path) if one.code not in hidden))


def _show(findings: Sequence[Finding], limit: int) -> None:
    """The findings by severity and code, `limit` of each."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.severity, finding.code), []).append(finding)
    for (severity, code), group in groups.items():
        click.secho(f"{severity}: {code} ({len(group):,})", bold=True, fg=_COLOURS[severity])
        for finding in group[:limit]:
            click.echo(f"  {finding}")
        if len(group) > limit:
            click.echo(f"  … and {len(group) - limit:,} more; --all shows them")
    click.echo(", ".join(f"{count:,} {what}" for what, count in _counts(findings).items()))


_COLOURS = {"error": "red", "warning": "yellow", "note": None}


def _counts(findings: Sequence[Finding]) -> dict[str, int]:
    count = Counter(finding.severity for finding in findings)
    return {"errors": count["error"], "warnings": count["warning"], "notes": count["note"]}


def _plain(findings: Sequence[Finding]) -> list[dict[str, str | int | None]]:
    return [
        {
            "severity": finding.severity,
            "code": finding.code,
            "message": finding.message,
            "fix": finding.fix,
            "path": finding.place.path if finding.place else None,
            "line": finding.place.line if finding.place else None,
        }
        for finding in findings
    ]


def _size(course: Curriculum) -> dict[str, int]:
    return {
        "concepts": len(course.concepts),
        "prerequisites": len(course.prerequisites),
        "encompassings": len(course.encompassings),
        "items": len(course.items),
    }


def _told(report: ImportReport) -> dict[str, object]:
    faults = [{"kind": k, "count": f.count, "places": f.places} for k, f in report.faults.items()]
    return {
        "rows_read": report.rows_read,
        "rows_kept": report.rows_kept,
        "faults": faults,
        "notes": report.notes,
    }


def _require_name(name: str, names: Sequence[str]) -> None:
    if name not in names:
        raise click.UsageError(f"no format {name!r}; there are: {', '.join(names)}")


def _refuse_overwriting(out: Path, force: bool) -> None:
    if not force and out.exists() and any(out.iterdir()):
        raise click.ClickException(f"{out} is not empty; choose another folder, or add --force")


@contextmanager
def _refusals() -> Iterator[None]:
    """What is wrong with the data is said on stderr, and the exit status is 1."""
    from data.importers import ImportFault
    from knowledge_graph.errors import CurriculumError

    try:
        yield
    except (ImportFault, CurriculumError) as error:
        raise click.ClickException(str(error)) from error

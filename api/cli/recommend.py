"""`wayline recommend`: say what a learner should do next, and why."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from api.wiring import Service
    from engine.types import Decision, Request


@click.command()
@click.option("--learner", required=True, metavar="ID", help="Whose next items.")
@click.option("--count", default=1, show_default=True, type=click.IntRange(1, 50), help="How many items.")
@click.option("--goal", metavar="CONCEPT", help="Recommend only this concept and what leads to it.")
@click.option("--exclude", multiple=True, metavar="ITEM", help="An item not to recommend; may be repeated.")
@click.option("--minutes", type=click.FloatRange(0, min_open=True), help="Time for all items together.")
@click.option("--policy", default="gain", show_default=True, metavar="NAME", help="How candidates are scored.")
@click.option("--curriculum", metavar="DIR", help="The course; the embedded one by default.")
@click.option("--database", metavar="URL", help="Where the log is; ./wayline-data/wayline.db by default.")
@click.option("--model", metavar="NAME|DIR", help="The tracer, or the folder of a fitted one.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, the same as the HTTP reply.")
def recommend(
    learner: str,
    count: int,
    goal: str | None,
    exclude: tuple[str, ...],
    minutes: float | None,
    policy: str,
    curriculum: str | None,
    database: str | None,
    model: str | None,
    as_json: bool,
) -> None:
    """Say what a learner should do next, and why."""
    from api.cli._refusals import refusals
    from api.ids import id_fault
    from api.settings import read_settings
    from api.wiring import build
    from engine.types import Request
    from knowledge_graph.types import ConceptId, ItemId

    if fault := id_fault(learner):
        raise click.UsageError(f"--learner: {fault}")
    with refusals():
        settings = read_settings(os.environ, curriculum=curriculum, database=database, model=model)
        service = build(replace(settings, grader=None))  # nothing is graded here, and a grader takes long to open
        _require_items(service, exclude)
        request = Request(
            count=count,
            goal=None if goal is None else ConceptId(goal),
            exclude=tuple(map(ItemId, exclude)),
            minutes=minutes,
            policy=policy,
        )
        decision = _decide(service, learner, request)
    if as_json:
        _print_json(service, decision)
    else:
        _print(service, decision)
    if not decision.items:
        raise SystemExit(1)


def _require_items(service: Service, exclude: tuple[str, ...]) -> None:
    unknown = [item for item in exclude if item not in service.graph.vocabulary.item_index]
    if unknown:
        course = service.graph.course.curriculum_id
        raise click.UsageError(f"--exclude: the course {course!r} has no items {', '.join(map(repr, unknown))}")


def _decide(service: Service, learner: str, request: Request) -> Decision:
    from student_model.types import LearnerId

    try:
        return service.recommend(LearnerId(learner), request)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _print_json(service: Service, decision: Decision) -> None:
    import orjson

    from api import replies

    document: dict[str, Any] = replies.recommendations(service.graph, service.cards, decision)
    click.echo(orjson.dumps(document, option=orjson.OPT_UTC_Z))


def _print(service: Service, decision: Decision) -> None:
    for number, one in enumerate(decision.items, start=1):
        item = service.graph.item(one.item_id)
        odds = "" if one.odds is None else f", {100 * one.odds:.0f} % likely to succeed"
        click.echo(f"{number}. {item.title or item.text} ({item.kind}, {one.minutes:g} min{odds}) [{one.item_id}]")
        for reason in one.reasons:
            click.echo(f"   {reason.sentence}")
    if decision.infeasible is not None:
        click.echo(f"{decision.infeasible.sentence} {decision.infeasible.remedy}")

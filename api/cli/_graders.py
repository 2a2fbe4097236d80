"""Graders as commands are given them: a folder, which a fit that broke off may have left aside; and grades as told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from student_model.encoder.place import is_there

if TYPE_CHECKING:
    from student_model.encoder.answers import GradedAnswer
    from student_model.encoder.grader import Served


def _there(_: click.Context, __: click.Parameter, given: Path) -> Path:
    """The folder that was given, if there is one; a grader that was set aside is put back before it is missed."""
    if not is_there(given):
        raise click.BadParameter(f"Directory '{given}' does not exist.")
    return given


MODEL = click.option(
    "--model",
    type=click.Path(file_okay=False, path_type=Path),
    callback=_there,
    required=True,
    help="What `fit --out` wrote.",
)


def grade_of(grader: Served, one: GradedAnswer, *, embedding: bool) -> dict[str, Any]:
    """What is printed of an answer's grade, with the answer's vector from the base encoder where that is wanted."""
    found = grader.grade(one.question, one.reference_answers, one.answer, one.passage)
    document = {
        **({"answer_id": one.answer_id} if one.answer_id else {}),
        "label": found.label,
        "score": round(found.score, 4),
        "confidence": round(found.confidence, 4),
        "probabilities": dict(found.probabilities),
        "evidence": [[e.said, e.reference, e.likeness] for e in found.evidence],
        "missing": list(found.missing),
        "grader": found.grader,
    }
    return {**document, "embedding": grader.embed([one.answer])[0].round(5).tolist()} if embedding else document

"""Where a fitted tracer comes from: the data, the code, what it was measured at; and the card that tells people."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from student_model.guard import Verdict
from student_model.log import Log


@dataclass(frozen=True, slots=True)
class Data:
    """The log a tracer was fitted to. `sha256` is of its learners, items with their concepts, outcomes, times and
    weights, in order. `course` is the version of the graph and texts it was given.
    """

    sha256: str
    responses: int
    learners: int
    concepts: int
    items: int
    course: str | None = None

    @classmethod
    def of(cls, log: Log, course: str | None = None) -> Data:
        """The fingerprint of a log, and which course came with it."""
        digest = hashlib.sha256("\0".join(log.learners).encode())
        words = log.vocabulary
        digest.update("\0".join((*words.items, "", *words.concepts)).encode())
        columns = (log.learner, log.item, log.outcome, log.seconds, log.weights, log.elapsed_seconds)
        for column in (*columns, words.item_offsets, words.item_concepts):
            digest.update(np.ascontiguousarray(column).tobytes())
        sizes = len(log), len(log.learners), len(words.concepts), len(words.items)
        return cls(digest.hexdigest(), *sizes, course)


@dataclass(frozen=True, slots=True)
class Origin:
    """What is written down beside a tracer.

    Attributes:
        fitted_at: ISO 8601, UTC.
        code: Wayline's version, and the digest of the sources of its student model.
        verdict: what it was measured at, beside simpler models, before it was fitted to all; `None` if it was not.
        forced: it was registered although it lost, or was not judged.
        interrupted: ctrl-C ended its training early.
        as_judged: it is the very model that was measured, fitted to nine learners in ten.
    """

    data: Data
    fitted_at: str
    fit_seconds: float
    seed: int
    code: str
    verdict: Verdict | None = None
    forced: bool = False
    interrupted: bool = False
    as_judged: bool = False

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def code_version() -> str:
    """Wayline's version with twelve digits that change when a source file of the student model does."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    for path in sorted(here.rglob("*.py")):
        digest.update(path.relative_to(here).as_posix().encode() + path.read_bytes())
    return f"{version('wayline')}+{digest.hexdigest()[:12]}"


def card(model: str, model_version: str, origin: Origin | None, files: Mapping[str, Mapping[str, Any]]) -> str:
    """The model card, in Markdown (Mitchell et al., "Model cards for model reporting", FAT* 2019).

    `files` has `bytes` and `sha256` of each, by name.
    """
    parts = [f"# {model} {model_version}", ""]
    parts += ["A knowledge tracer of Wayline: the odds that a learner answers an item right, and beliefs on concepts."]
    parts += ["", "## Files", "", "| file | bytes | SHA-256 |", "|---|---|---|"]
    parts += [f"| {name} | {one['bytes']:,} | `{one['sha256']}` |" for name, one in files.items()]
    if origin is None:
        return "\n".join([*parts, "", "Nothing was written down about where it comes from.", ""])
    data = origin.data
    parts += ["", "## Data", ""]
    parts += [
        f"{data.responses:,} responses of {data.learners:,} learners to {data.items:,} items of {data.concepts:,} "
        f"concepts; fingerprint `{data.sha256}`.",
        "It was fitted to nine in ten of these learners." if origin.as_judged else "It was fitted to all of these.",
        f"Begun {origin.fitted_at}, done in {origin.fit_seconds:.0f} s with its trial, seed {origin.seed}, Wayline "
        f"{origin.code}.",
    ]
    return "\n".join([*parts, "", *_measured(model, origin), "", *LIMITS, ""])


LIMITS = (
    "## Limits",
    "",
    "The figures hold for learners like those of the log, on items like its items. Odds of items that nobody answered",
    "rest on their concepts (and texts, if a course was given). It was not measured apart for groups of learners.",
)


def _measured(model: str, origin: Origin) -> list[str]:
    cut = ["", "Ctrl-C ended its training early; this is the best it had come to."] if origin.interrupted else []
    if origin.verdict is None:
        return ["## Measured", "", "Not measured: the log has too few learners to hold some back.", *cut]
    verdict = origin.verdict
    lines = ["## Measured", "", f"On {verdict.learners:,} learners of the log, fitted to the others:", ""]
    lines += ["| model | AUC | log loss | Brier | ECE |", "|---|---|---|---|---|"]
    for name, one in verdict.scores.items():
        told = ("-" if value is None else f"{value:.4f}" for value in (one.auc, one.log_loss, one.brier, one.ece))
        lines.append(f"| {'**' + name + '**' if name == model else name} | {' | '.join(told)} |")
    lines += [f"\n{loss}" for loss in verdict.losses]
    if origin.forced:
        lines.append("\nRegistered all the same, by force.")
    return lines + cut

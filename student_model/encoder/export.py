"""A fitted grader as a folder that serves without torch: ONNX graphs in eight-bit integers, trees, a manifest."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import orjson

from student_model.encoder.answers import GradedAnswer
from student_model.encoder.base import Base, token_vectors
from student_model.encoder.book import quiet
from student_model.encoder.fit import Fitted
from student_model.encoder.grader import (
    BASE,
    FORMAT,
    LEARNED,
    MANIFEST,
    PRECEDENTS,
    TOKENIZER,
    GraderError,
    Served,
    fingerprints,
    open_grader,
)
from student_model.encoder.graphs import Graded, write_graph
from student_model.encoder.outcomes import outcomes
from student_model.encoder.place import replacing
from student_model.encoder.reader import Reader
from student_model.encoder.reading import how_many_features, reading
from student_model.encoder.similar import Reading

SAMPLE = 400
"""Answers on which the eight-bit grader is compared with the one that was fitted."""


def place_for(out: Path) -> Path:
    """The whole path of a folder that a grader may take the place of: a new or empty one, or that of a grader alone.

    Raises:
        GraderError: what is in it would be lost, or it cannot be written; the text says what to do.
    """
    place = out.resolve()
    instead = f"name a folder in it, such as --out {place / 'grader'}"
    try:
        if place.is_mount() or Path.cwd().is_relative_to(place):  # which another folder cannot take the place of
            raise GraderError(f"a grader cannot replace {place}, the folder you are in or a mounted one: {instead}")
        if place.exists():
            strange = sorted({one.name for one in place.iterdir()} - _own(place))
            if strange:
                more = f" and {len(strange) - 3} more" if len(strange) > 3 else ""
                told = f"{', '.join(strange[:3])}{more}, which a grader in its place would delete"
                raise GraderError(f"{place} holds {told}: {instead}")
        with TemporaryDirectory(dir=next(one for one in place.parents if one.exists())):
            return place
    except OSError as error:
        raise GraderError(f"{place} cannot be written ({error.strerror}): name another folder with --out") from error


def _own(folder: Path) -> set[str]:
    """The names of the files of the grader in a folder, if there is one."""
    try:
        return {MANIFEST, *orjson.loads((folder / MANIFEST).read_bytes())["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def save(
    fitted: Fitted,
    answers: Sequence[GradedAnswer],
    out: Path,
    at: datetime,
    seconds: float,
    tell: Callable[[str], None] = quiet,
) -> Served:
    """Write a grader that was fitted to these answers, in place of what was there, and open it.

    The manifest says how often it gives the label that the fitted one gives (`agreement`, a share), each with features
    from its own base encoder, on some of the answers it was fitted to.

    Raises:
        GraderError: see `place_for`, which tells before anything is fitted.
    """
    out = place_for(out)
    with replacing(out) as fresh:
        _write(fitted, answers, fresh, tell)
        answering, origin = _answering(fitted), _origin(fitted, answers, at, seconds)
        _sealed(fresh, answering, origin)
        tell("comparing it with the grader of 32 bits")
        _sealed(fresh, answering, {**origin, "agreement": _agreement(fitted, open_grader(fresh), answers)})
    return open_grader(out)


def _write(fitted: Fitted, answers: Sequence[GradedAnswer], fresh: Path, tell: Callable[[str], None]) -> None:
    """All files but the manifest."""
    shutil.copy(fitted.reader.path, fresh / BASE)
    (fresh / TOKENIZER).write_text(fitted.base.pairs.tokenizer.to_str(), encoding="utf-8")
    for number, member in enumerate(fitted.members):
        tell(f"writing network {number + 1} of {len(fitted.members)} in eight bits")
        write_graph(Graded(member.net), fitted.base, fresh / f"net-{number}.onnx")
        if member.beside is not None:
            np.savez_compressed(fresh / f"beside-{number}.npz", **member.beside.arrays())  # type: ignore[arg-type]
        if member.guard is not None:
            np.savez_compressed(fresh / f"guard-{number}.npz", **member.guard.arrays())  # type: ignore[arg-type]
    if fitted.precedents is not None:
        np.savez_compressed(fresh / PRECEDENTS, **fitted.precedents.arrays())  # type: ignore[arg-type]
    np.savez_compressed(fresh / LEARNED, answers=np.unique(fingerprints(answers)))


def _answering(fitted: Fitted) -> dict[str, Any]:
    """All that a grade depends on beside the files."""
    pairs = fitted.base.pairs
    return {
        "task": asdict(fitted.task),
        "signs": asdict(pairs.signs),
        "budget": asdict(pairs.budget),
        "share": fitted.told.share,
        "known_share": fitted.told.known_share,
        "temperature": fitted.told.temperature,
        "error": fitted.told.error,
        "counted": fitted.recipe.counted,
        "near": fitted.recipe.near,
        "features": how_many_features(fitted.recipe.near, fitted.recipe.counted),
        "members": len(fitted.members),
        "trust": asdict(fitted.told.trust),
    }


def _origin(fitted: Fitted, answers: Sequence[GradedAnswer], at: datetime, seconds: float) -> dict[str, Any]:
    """Where a grader comes from, and how good it is."""
    return {
        "held": dict(fitted.told.held),
        "held_known": dict(fitted.told.held_known),
        "recipe": asdict(fitted.recipe),
        "trainable": fitted.trainable,
        "trained_on": {
            "answers": len(answers),
            "questions": len({one.group for one in answers}),
            "passages_alone": len({one.group for one in answers if one.passage and not one.reference_answers}),
        },
        "at": at.isoformat(),
        "seconds": round(seconds, 1),
        "interrupted": fitted.interrupted,
    }


def _sealed(folder: Path, answering: Mapping[str, Any], origin: Mapping[str, Any]) -> None:
    """Write the manifest. Graders have one version where the same answer gets the same grade from them."""
    files = sorted(one for one in folder.iterdir() if one.name != MANIFEST)
    hashes = {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in files}
    version = hashlib.sha256(orjson.dumps([hashes, answering])).hexdigest()[:12]
    document = {"format": FORMAT, **answering, **origin, "files": hashes, "version": version}
    (folder / MANIFEST).write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))


def _agreement(fitted: Fitted, served: Served, answers: Sequence[GradedAnswer]) -> float:
    """The share of answers that get the same label from both, of every so-manieth of the answers. Without precedents:
    they are answers that it knows.
    """
    some = answers[:: max(1, len(answers) // SAMPLE)][:SAMPLE]
    found = replace(fitted, reader=Whole(fitted.base)).found(some)
    whole = outcomes(fitted.task, found, fitted.told.temperature, fitted.told.error)
    small = served.outcomes(some, precedents=False)
    if fitted.task.kind == "labels":
        return float(np.mean(whole.place == small.place))
    return float(np.mean(np.abs(whole.score - small.score) <= 0.05))


class Whole(Reader):
    """Reads texts with a base encoder of 32 bits, where a grader reads with that of eight, as in service."""

    def __init__(self, base: Base) -> None:
        super().__init__(base.place, base.pairs)
        self._base = base

    def read(self, texts: Iterable[str], tell: Callable[[str], None] = quiet) -> dict[str, Reading]:
        """The readings of texts, by text."""
        listed = list(dict.fromkeys(texts))
        return {
            listed[place]: reading(self.pairs, listed[place], vectors)
            for place, vectors in token_vectors(self._base, listed, tell)
        }

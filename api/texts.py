"""Reading the texts of items that are new to a model, each once: what was read is kept in a file beside the log."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import structlog
from numpy.typing import NDArray

from student_model.judging.grades import Grader
from student_model.placement import Encoder, placement_of
from student_model.tracing import Tracer

MOST = 20_000
"""Readings that are kept, the newest: 30 MB, or a course of 10,000 items."""
READERS = ("base.onnx", "tokenizer.json")
"""The files of a grader that read texts; the others judge."""

Vectors = NDArray[np.float32]


@runtime_checkable
class Embedding(Protocol):
    """A grader that lends its encoder. Its manifest has the hashes of its `files`."""

    @property
    def version(self) -> str:
        """Name and version."""

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What it is made of."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """A vector of length 1 for each text, (n, d)."""


def reading_with(grader: Grader, kept: Path | None) -> Readings | None:
    """The encoder of a grader, which reads no text twice; `None` where it has none."""
    return Readings(grader, kept) if isinstance(grader, Embedding) else None


def warn_of_unread(tracer: Tracer, encoder: Encoder | None) -> None:
    """Say in the log that new items are placed without what they say, where model and grader have other encoders."""
    told = placement_of(tracer)
    if told is None or told.unread is None or encoder is None:
        return
    from student_model.encoder.base import called

    grader = encoder.base if isinstance(encoder, Readings) else encoder.version
    structlog.get_logger().warning(
        "new items are placed without what they say: the model read texts with another base encoder than the grader. "
        "Set WAYLINE_ENCODER to one of both, and fit the other anew (`wayline tracer fit`, `wayline encoder fit`)",
        model=tracer.name, model_base=called(told.unread), grader_base=grader,
    )  # fmt: skip


def read_by(manifest: Mapping[str, Any]) -> str:
    """Twelve digits that all graders share which read texts alike, whatever they have learned of answers.

    >>> one = {"files": {"base.onnx": "1", "tokenizer.json": "2", "net-0.onnx": "3"}, "signs": {"begin": 101}}
    >>> other = {**one, "files": {**one["files"], "net-0.onnx": "4"}}
    >>> read_by(one) == read_by(other), read_by(one) == read_by({**one, "signs": {"begin": 0}})
    (True, False)
    """
    told = [[manifest["files"][name] for name in READERS], manifest["signs"]]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]


class Readings:
    """An encoder that keeps what it has read by the digests of the texts. A text is some 5 ms, a kept one nothing.

    Args:
        grader: reads. What another one has read is used where both have one base encoder, as after a new fit.
        path: of the file, if any.
    """

    def __init__(self, grader: Embedding, path: Path | None) -> None:
        self.version, self._encoder, self._path = grader.version, grader, path
        self._read_by, self._base = read_by(grader.manifest), grader.manifest["recipe"]["base"]

    @property
    def base(self) -> str:
        """What the base encoder is called that the grader was fitted with."""
        from student_model.encoder.base import called

        return called(self._base)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """A vector of length 1 for each text, (n, d)."""
        names = {text: hashlib.sha256(text.encode()).hexdigest() for text in texts}
        known = self._kept()
        fresh = [text for text in names if names[text] not in known]
        if fresh:
            known |= dict(zip((names[text] for text in fresh), self._encoder.embed(fresh), strict=True))
            self._keep(known)
        return np.array([known[names[text]] for text in texts], dtype=np.float32)

    def _kept(self) -> dict[str, Vectors]:
        if self._path is None:
            return {}
        try:
            with np.load(self._path, allow_pickle=False) as found:
                if str(found["read_by"]) != self._read_by:
                    return {}
                return dict(zip(found["digests"].tolist(), found["vectors"], strict=True))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):  # none yet, or damaged: read anew
            return {}

    def _keep(self, known: dict[str, Vectors]) -> None:
        """Put them where the next process finds them. A file that cannot be written costs time, never a start."""
        if self._path is None:
            return
        newest = list(known)[-MOST:]
        fresh = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with fresh.open("wb") as file:
                vectors = np.array([known[name] for name in newest])
                np.savez(file, read_by=np.array(self._read_by), digests=np.array(newest), vectors=vectors)
            fresh.replace(self._path)
        except OSError as error:
            structlog.get_logger().warning("readings of texts are not kept", why=type(error).__name__)

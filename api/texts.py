"""Reading the texts of items that are new to a model, each once: what was read is kept in a file beside the log."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import structlog
from numpy.typing import NDArray

from student_model.judging.grades import Grader
from student_model.placement import Encoder

MOST = 20_000
"""Readings that are kept, the newest: 30 MB, or a course of 10,000 items."""

Vectors = NDArray[np.float32]


@runtime_checkable
class Embedding(Protocol):
    """A grader that lends its encoder."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """A vector of length 1 for each text, (n, d)."""


def reading_with(grader: Grader, kept: Path | None) -> Encoder | None:
    """The encoder of a grader, which reads no text twice; `None` where it has none."""
    return Readings(grader.version, grader, kept) if isinstance(grader, Embedding) else None


class Readings:
    """An encoder that keeps what it has read by the digests of the texts. A text is some 5 ms, a kept one nothing.

    Args:
        version: of the encoder; what another one has read is not used. `encoder`: reads. `path`: of the file, if any.
    """

    def __init__(self, version: str, encoder: Embedding, path: Path | None) -> None:
        self.version, self._encoder, self._path = version, encoder, path

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
                if str(found["version"]) != self.version:
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
                np.savez(file, version=np.array(self.version), digests=np.array(newest), vectors=vectors)
            fresh.replace(self._path)
        except OSError as error:
            structlog.get_logger().warning("readings of texts are not kept", why=type(error).__name__)

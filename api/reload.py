"""A service takes up a new version of its model by itself: loaded aside, tried on golden learners, then swapped in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock, Thread
from time import monotonic

import structlog

from student_model import golden
from student_model.storage import MANIFEST_FILE, read_manifest
from student_model.tracing import Tracer

EVERY = 2.0
"""Seconds between two looks at the folder; a look is one call of the file system."""

Signature = tuple[int, int, int] | None


class Unfit(ValueError):
    """A model did not get through the golden learners; the message says how."""


class Reloader:
    """Watches the folder of a model, as it is asked to `look`. Whatever goes wrong, what serves goes on serving.

    Args:
        folder: where `wayline tracer fit` and `refit` write. `seen`: its `signature` before it was opened.
        version: of the model that serves now.
        load: opens the folder's model over the course, with its version. `swap`: puts it in service.
    """

    def __init__(
        self,
        folder: Path,
        seen: Signature,
        version: str,
        load: Callable[[], tuple[Tracer, str]],
        swap: Callable[[Tracer, str], None],
    ) -> None:
        self._folder, self._seen, self._version, self._load, self._swap = folder, seen, version, load, swap
        self._taking: Thread | None = None
        self._next = 0.0
        self._lock = Lock()

    def look(self) -> Thread | None:
        """Start taking up what is new in the folder, if the last look was a while ago; the thread that does it."""
        now = monotonic()
        if now < self._next or not self._lock.acquire(blocking=False):
            return None
        try:
            self._next = now + EVERY
            found = signature(self._folder)
            if found is None or found == self._seen or (self._taking is not None and self._taking.is_alive()):
                return None  # one after the other: the newest is the last to be swapped in
            self._seen = found
            self._taking = Thread(target=self._take_up, name="wayline-reload", daemon=True)
            self._taking.start()
            return self._taking
        finally:
            self._lock.release()

    def _take_up(self) -> None:
        try:
            if read_manifest(self._folder).version == self._version:
                return
            tracer, version = self._load()
            if wrong := golden.faults(tracer):
                raise Unfit("; ".join(wrong))
            self._swap(tracer, version)
            structlog.get_logger().info("model swapped", now=version, before=self._version)
            self._version = version
        except Exception as error:  # a bad model must not take the good one down; no learner's words are in this
            structlog.get_logger().error("model refused", kept=self._version, why=f"{type(error).__name__}: {error}")


def signature(folder: Path) -> Signature:
    """What changes when a manifest takes another's place."""
    try:
        found = (folder / MANIFEST_FILE).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino

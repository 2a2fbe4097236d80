"""The place of a grader: another takes it as a whole, and whoever opens it meanwhile, or after a crash, finds one.

A folder that is not empty cannot be renamed onto another, so that there is a moment in which neither is in its place.
Who replaces and who opens keep out of each other's way by a lock on the folder around; if a process ends in that very
moment, the old grader lies aside, under a name that is known, and is put back.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """A new folder to write a grader in, which no other fit has. It takes the place of what is in `out` in the end; if
    anything fails it is gone, and `out` as it was.
    """
    fresh = out.with_name(f".{out.name}.{uuid4().hex[:8]}.next")
    fresh.mkdir(parents=True)
    try:
        yield fresh
        _put(fresh, out)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


@contextmanager
def steady(folder: Path) -> Iterator[Path]:
    """Where the grader of a folder lies, whose place no other takes meanwhile.

    That is the folder itself. One that was set aside by a fit that broke off is put back first, or, where nothing can
    be written, it is where that lies.
    """
    place = folder.resolve()
    with _locked(place, fcntl.LOCK_SH) as sure:
        if sure and _found(place) != place:
            with suppress(OSError):  # it cannot be written, or another who opens it was first
                _aside(place).rename(place)
        yield _found(place)


def is_there(folder: Path) -> bool:
    """Whether there is a folder where a grader is said to lie, in its place or set aside."""
    with steady(folder) as place:
        return place.is_dir()


def _put(fresh: Path, out: Path) -> None:
    """Rename a folder to what may be there already."""
    aside = _aside(out)
    with _locked(out, fcntl.LOCK_EX):
        if out.exists():  # else what lies aside is all there is, until the new one is in its place
            shutil.rmtree(aside, ignore_errors=True)
            out.rename(aside)
        fresh.rename(out)
        shutil.rmtree(aside, ignore_errors=True)


def _aside(place: Path) -> Path:
    return place.with_name(f".{place.name}.before")


def _found(place: Path) -> Path:
    aside = _aside(place)
    return aside if not place.exists() and aside.is_dir() else place


@contextmanager
def _locked(place: Path, how: int) -> Iterator[bool]:
    """Hold the folder that a place is in. Whether that was possible: some file systems on a network have no locks."""
    held = None
    try:
        held = os.open(place.parent, os.O_RDONLY)
        fcntl.flock(held, how)
        sure = True
    except OSError:
        sure = False
    try:
        yield sure
    finally:
        if held is not None:
            os.close(held)  # which lets it go

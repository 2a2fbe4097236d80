"""Compiled versions of plain functions: one formula serves single updates in Python and whole logs in machine code."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any


@cache
def compiled(loop: Callable[..., Any], *formulas: Callable[..., Any]) -> Callable[..., Any]:
    """`loop` as machine code; the plain functions it calls, innermost first, are `formulas`.

    numba is imported here and not above: serving a learner one response at a time needs none of it.
    The formulas stay plain Python functions for everybody else. No fast-math: results equal Python's bit for bit.
    """
    import numba
    from numba.extending import register_jitable

    for formula in formulas:
        register_jitable(formula)
    return numba.njit(cache=True, nogil=True)(_stamped(loop, formulas))


def _stamped(loop: Callable[..., Any], formulas: tuple[Callable[..., Any], ...]) -> Callable[..., Any]:
    """The loop under a name that changes with the formulas: numba's cache looks at the loop's own file alone, and would
    go on with old formulas from another.
    """
    digest = hashlib.sha256("".join(map(inspect.getsource, formulas)).encode()).hexdigest()[:12]
    copy = FunctionType(loop.__code__, loop.__globals__, loop.__name__, loop.__defaults__, loop.__closure__)
    copy.__qualname__, copy.__module__ = f"{loop.__qualname__}_{digest}", loop.__module__
    return copy

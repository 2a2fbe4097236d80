"""Compiled versions of plain functions: one formula serves single updates in Python and whole logs in machine code."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
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
    return numba.njit(cache=True, nogil=True)(loop)

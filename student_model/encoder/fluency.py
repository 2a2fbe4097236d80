"""Whether an answer says something or only lists words: small words hold a sentence together, and who heaps up the
telling words of a reference has none between them. Pure functions of texts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from student_model.encoder.lexical import compared
from student_model.judging.wording import content, words

NAMES = (
    "share of small words", "longest run without one, as a share", "longest run without one",
    "found words beside their neighbours", "found words beside a small one", "signs that part",
)  # fmt: skip
_PARTS = re.compile(r"[,;/()\n]")


def fluency(references: Sequence[str], answer: str) -> NDArray[np.float32]:
    """Features of one answer, shape (len(NAMES),), in [0, 1] but for the last: "found" are words of a reference.

    >>> fluency(["The salt stays in the pan."], "the salt stays there").tolist()[3:]
    [1.0, 1.0, 0.0]
    >>> fluency(["The salt stays in the pan."], "pan, salt").tolist()[3:]
    [0.0, 0.0, 0.5]
    """
    said = words(answer)
    telling = content(said)
    small = [word not in telling for word in said]
    size, run = max(len(said), 1), _longest_run(small)
    beside = [_found(said, small, words(one)) for one in compared(answer, references)] or [(0.0, 0.0)]
    kept, soft = (max(one) for one in zip(*beside, strict=True))
    parted = len(_PARTS.findall(answer)) / size
    return np.array([sum(small) / size, run / size, min(run, 10) / 10.0, kept, soft, parted], dtype=np.float32)


def _longest_run(small: list[bool]) -> int:
    """How many telling words stand in a row at most."""
    longest = run = 0
    for one in small:
        run = 0 if one else run + 1
        longest = max(longest, run)
    return longest


def _found(said: Sequence[str], small: list[bool], theirs: Sequence[str]) -> tuple[float, float]:
    """Of the answer's words that a reference has: the shares with a neighbour of theirs there, and with a small one."""
    there, together = content(theirs), set(pairwise(theirs))
    found = [n for n, word in enumerate(said) if word in there]
    if not found:
        return 0.0, 0.0
    kept = sum(any(pair in together for pair in pairwise(said[max(n - 1, 0) : n + 2])) for n in found)
    soft = sum(any(small[max(n - 1, 0) : n] + small[n + 1 : n + 2]) for n in found)
    return kept / len(found), soft / len(found)

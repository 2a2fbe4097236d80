"""Which sentences of a passage are read with an answer: those nearest to it and the question. Pure functions of texts.

Whether an answer follows from a long passage hangs on few of its sentences. They share with the question or the answer
words that are rare in the passage, or stand beside one that does, for pronouns point back.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from student_model.judging.wording import content, words

if TYPE_CHECKING:
    from student_model.encoder.answers import GradedAnswer

LONGEST = 40
"""Words after which a sentence that does not end is parted."""
BESIDE = 0.5
"""How much of what speaks for a sentence speaks for its neighbours."""
COMPARED = 6
"""Sentences of a passage that an answer is compared with where there is no reference."""
ENOUGH = 10
"""Questions on passages without references from which on a grader has learned to do without these."""

_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+")


@lru_cache(maxsize=256)  # one passage is read again with each answer
def sentences(passage: str) -> tuple[str, ...]:
    r"""The sentences of a passage in order, long ones in parts.

    >>> sentences("Fog came down. She stopped,\nand listened!")
    ('Fog came down.', 'She stopped,', 'and listened!')
    """
    said = (one.split() for one in _END.split(passage))
    return tuple(" ".join(one[at : at + LONGEST]) for one in said for at in range(0, len(one), LONGEST))


def nearest(passage: str, question: str, answer: str) -> list[int]:
    """The places of a passage's sentences, the nearest to question and answer first, ties as they stand.

    >>> nearest("Fog came down. She stopped. A bell rang. It was cold.", "What rang?", "the bell")
    [2, 1, 3, 0]
    """
    told, rarity = _telling(passage)
    wanted = content(words(question)) | content(words(answer))
    own = [math.fsum(rarity[word] for word in one & wanted) for one in told]  # the same in any order
    near = [one + BESIDE * sum(own[max(n - 1, 0) : n] + own[n + 1 : n + 2]) for n, one in enumerate(own)]
    return sorted(range(len(near)), key=lambda n: (-near[n], n))


def chosen(passage: str, question: str, answer: str, size: Callable[[str], int], most: int) -> list[str]:
    """The nearest sentences in their order, as many as have no more than `most` by their sizes together. One that does
    not fit makes room for the next; where none does, it is the nearest, to be cut.
    """
    told, order, left, kept = sentences(passage), nearest(passage, question, answer), most, list[int]()
    for place in order:
        if (own := size(told[place])) <= left:
            kept.append(place)
            left -= own
        if left <= 0:
            break
    return [told[place] for place in sorted(kept or order[:1])]


def compared(one: GradedAnswer) -> Sequence[str]:
    """What the features of an answer compare it with: its references, or without any the nearest of its passage."""
    if one.reference_answers or not one.passage:
        return one.reference_answers
    told = sentences(one.passage)
    return [told[place] for place in sorted(nearest(one.passage, one.question, one.answer)[:COMPARED])]


@lru_cache(maxsize=256)
def _telling(passage: str) -> tuple[tuple[frozenset[str], ...], dict[str, float]]:
    """The telling words of each sentence of a passage, and how rare each of them is in it."""
    told = tuple(frozenset(content(words(one))) for one in sentences(passage))
    times = Counter(word for one in told for word in one)
    return told, {word: math.log(1.0 + len(told) / count) for word, count in times.items()}

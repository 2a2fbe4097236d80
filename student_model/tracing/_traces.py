"""What a learner's last responses left on an item: on itself, on its concepts, and on the items that are like it.

A recurrent state blurs: whether the last answer was to the same concept, how long right answers there have run, what
came unexpected three items ago. Of the last `WINDOW` responses these are told exactly, `KINDS` numbers for the item
itself and as many for its concepts (their mean), all from the responses to it:

    met                 1 if there was one
    next, next signed   1 if it was the very last response; times that response's sign
    nearness            1 / age, where the last response has age 1
    run                 right answers since the last wrong one, up to 5, over 5
    often               log(1 + how many) / 3
    surprise            sum of (y - p) .8^r over them, r = 0 for the newest: by how much p fell short
    last sign           +1 for right, -1 for wrong, nothing between counted in full
    distance, pause     log(age) / 5, and log(1 + hours since the last) / 5 where times are known

and of all of them, for each decay g, the sums of g^(age - 1) f_j . f_k / `SIZE`^2, plain and times (y - p): how alike
they are to the item, by the features f of items. Network scores are linear in these numbers, so that all items are
still scored by one product. The formulas stand in `marks`; what they are of is found for whole
logs by a compiled loop, and a test holds it to what is served.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knowledge_graph.vocabulary import FloatArray, IntArray, Vocabulary
from student_model.compiled import compiled
from student_model.forgetting import Number
from student_model.tracing._sequences import Floats, Sequences

WINDOW = 200
"""Responses that are looked back on."""

KINDS = 10
"""Numbers that responses leave on an item, and on a concept."""

FADE, RUN, SIZE = 0.8, 5, 8.0
"""What a response to the same counts for less than the next; the longest run; the length of items' features."""

DECAYS: FloatArray = np.array([0.0, 0.7, 0.9, 0.97])
"""How much of a response's likeness is left one response later: of the first only the last response's."""

ALIKE = slice(2 * KINDS, 2 * KINDS + 2 * len(DECAYS))
WIDTH = ALIKE.stop
"""Numbers in all."""


@dataclass(frozen=True, slots=True, eq=False)
class Recent:
    """A learner's last m responses, at most `WINDOW`, oldest first, as columns (m,); read-only.

    Attributes:
        item: positions, -1 for an unknown one.
        sign: 2 y - 1, by weight. `surprise`: y - p, by weight.
        seconds: since 1970, NaN where there is no time.
    """

    item: IntArray
    sign: Floats
    surprise: Floats
    seconds: FloatArray

    @classmethod
    def none(cls) -> Recent:
        """No response yet."""
        nothing = np.empty(0, dtype=np.float32)
        return cls(np.empty(0, dtype=np.int32), nothing, nothing, np.empty(0))

    def then(self, item: int, sign: float, surprise: float, at: float) -> Recent:
        """With one more."""
        return Recent(
            _joined(self.item, item),
            _joined(self.sign, sign),
            _joined(self.surprise, surprise),
            _joined(self.seconds, at),
        )

    @classmethod
    def of_learners(cls, rows: Sequences) -> list[Recent]:
        """Each learner's after all rows of a log."""
        columns = (rows.item, rows.sign, rows.surprise, rows.seconds)
        spans = [slice(max(first, end - WINDOW), end) for first, end in pairwise(rows.offsets.tolist())]
        return [cls(*(_locked(one[span].copy()) for one in columns)) for span in spans]


@dataclass(frozen=True, slots=True, eq=False)
class Left:
    """What weights (WIDTH,) make of a learner's last responses: added scores of a few items and concepts by position,
    and a vector (K,) whose product with an item's features is the score of its likeness to them.
    """

    items: IntArray
    of_items: FloatArray
    concepts: IntArray
    of_concepts: FloatArray
    towards: Floats


def left(recent: Recent, now: float, weights: FloatArray, words: Vocabulary, features: Floats) -> Left:
    """The traces of these responses at the time `now`, weighed; a mean over an item's concepts is for the caller."""
    known = np.flatnonzero(recent.item >= 0)[::-1]  # newest first
    item, sign, surprise = recent.item[known], recent.sign[known], recent.surprise[known].astype(np.float64)
    age = (len(recent.item) - known).astype(np.float64)
    since = now - recent.seconds[known]
    since = np.where(since > 0.0, since, 0.0)  # NaN, too
    items, on_items = _left_on(item, age, sign, surprise, since)
    row, tagged = words.tagged(item)
    concepts, on_concepts = _left_on(tagged, age[row], sign[row], surprise[row], since[row])
    plain, told = weights[ALIKE].reshape(len(DECAYS), 2).T @ DECAYS[:, None] ** (age - 1.0)
    towards = ((plain + told * surprise) / SIZE**2).astype(np.float32) @ features[item]
    return Left(items, on_items @ weights[:KINDS], concepts, on_concepts @ weights[KINDS : 2 * KINDS], towards)


def _left_on(
    thing: IntArray, age: FloatArray, sign: Floats, surprise: FloatArray, since: FloatArray
) -> tuple[IntArray, FloatArray]:
    """The things met, each once, and the traces on each, shape (n, KINDS); from n entries, newest first."""
    if not len(thing):
        return thing, np.empty((0, KINDS))
    order = np.argsort(thing, kind="stable")
    things, first, count = np.unique(thing[order], return_index=True, return_counts=True)
    rank = np.arange(len(thing)) - np.repeat(first, count)
    right = sign[order] > 0
    run = np.minimum(np.minimum.reduceat(np.where(right, WINDOW, rank), first), count)
    told = np.add.reduceat(FADE**rank * surprise[order], first)
    newest = order[first]
    columns = marks(age[newest], sign[newest].astype(np.float64), run, count, told, since[newest])
    return things.astype(np.int32), np.stack(columns, axis=1)


def marks(age: Number, sign: Number, run: Any, count: Any, told: Number, since: Number) -> tuple[Any, ...]:
    """The `KINDS` numbers that responses to the same leave, of one thing or of arrays (n,): from age and sign of the
    last, the run since the last wrong one, how many there were, their surprise, and seconds since the last, 0 where
    they are not known.

    >>> [round(float(one), 3) for one in marks(2.0, -1.0, 0, 2, 0.5, 0.0)]
    [1.0, 0.0, -0.0, 0.5, 0.0, 0.366, 0.5, -1.0, 0.139, 0.0]
    """
    near = (age == 1.0) * 1.0
    return (
        age / age, near, near * sign, 1.0 / age, np.minimum(run, RUN) / RUN, np.log1p(count) / 3.0,
        told, sign, np.log(age) / 5.0, np.log1p(since / 3600.0) / 5.0,
    )  # fmt: skip


def of_rows(rows: Sequences, words: Vocabulary, features: Floats) -> Floats:
    """The traces on the item of each of N rows, of those before it by the same learner, shape (N, WIDTH)."""
    traces = np.zeros((len(rows.item), WIDTH), dtype=np.float32)
    each = np.arange(len(words.items) + 1, dtype=np.int32)
    given = Columns(rows.item, rows.sign, rows.surprise, rows.seconds)
    loop = compiled(met_loop, has, marks, trace)
    loop(rows.offsets, given, each, each, 0, traces)
    loop(rows.offsets, given, words.item_offsets, words.item_concepts, KINDS, traces)
    compiled(alike_loop)(rows.offsets, given, features, DECAYS, traces)
    return traces


class Columns(NamedTuple):
    """The columns of `Recent`, of whole logs (N,), for compiled loops."""

    item: IntArray
    sign: Floats
    surprise: Floats
    seconds: FloatArray


def has(offsets: IntArray, things: IntArray, item: int, thing: int) -> bool:
    """Whether the thing is among the item's."""
    found = False
    for k in range(offsets[item], offsets[item + 1]):
        found = found or things[k] == thing
    return found


def trace(
    rows: Columns,
    first: int,
    n: int,
    thing: int,
    share: float,
    offsets: IntArray,
    things: IntArray,
    column: int,
    traces: Floats,
) -> None:
    """Add to row n, by `share`, what rows from `first` on left on a thing."""
    last, count, run, unbroken, told, fade = -1, 0, 0, True, 0.0, 1.0
    for k in range(n - 1, first - 1, -1):
        if has(offsets, things, rows.item[k], thing):
            last = k if last < 0 else last
            count += 1
            told += fade * rows.surprise[k]
            fade *= FADE
            unbroken = unbroken and rows.sign[k] > 0
            run += 1 if unbroken else 0
    if last >= 0:
        sign, since = 1.0 * rows.sign[last], rows.seconds[n] - rows.seconds[last]
        left = marks(float(n - last), sign, run, count, told, since if since > 0.0 else 0.0)
        for k in range(KINDS):
            traces[n, column + k] += share * left[k]


def met_loop(
    learners: IntArray, rows: Columns, offsets: IntArray, things: IntArray, column: int, traces: Floats
) -> None:
    """The traces on each row's things, to be compiled; an item has the things `things[offsets[i]:offsets[i + 1]]`."""
    for learner in range(len(learners) - 1):
        for n in range(learners[learner], learners[learner + 1]):
            begin, end = offsets[rows.item[n]], offsets[rows.item[n] + 1]
            first = max(learners[learner], n - WINDOW)
            for k in range(begin, end):
                trace(rows, first, n, things[k], 1.0 / (end - begin), offsets, things, column, traces)


def alike_loop(learners: IntArray, rows: Columns, features: Floats, decays: FloatArray, traces: Floats) -> None:
    """The likeness of each row's item to those before it, to be compiled: running sums, from which what leaves the
    window is taken.
    """
    width, first = features.shape[1], 2 * KINDS
    for learner in range(len(learners) - 1):
        echo = np.zeros((2 * len(decays), width))
        for n in range(learners[learner], learners[learner + 1]):
            for d in range(2 * len(decays)):
                alike = 0.0
                for j in range(width):
                    alike += echo[d, j] * features[rows.item[n], j]
                traces[n, first + d] = alike / SIZE**2
            gone = n - WINDOW
            for d in range(len(decays)):
                lost = decays[d] ** WINDOW if gone >= learners[learner] else 0.0
                for j in range(width):
                    new = features[rows.item[n], j]
                    plain, told = (
                        decays[d] * echo[2 * d, j] + new,
                        decays[d] * echo[2 * d + 1, j] + rows.surprise[n] * new,
                    )
                    if lost > 0.0:
                        old = features[rows.item[gone], j]
                        plain, told = plain - lost * old, told - lost * rows.surprise[gone] * old
                    echo[2 * d, j], echo[2 * d + 1, j] = plain, told


def _joined(column: NDArray[Any], new: float) -> NDArray[Any]:
    kept = column[-(WINDOW - 1) :]
    longer = np.empty(len(kept) + 1, dtype=column.dtype)
    longer[:-1], longer[-1] = kept, new
    return _locked(longer)


def _locked(array: NDArray[Any]) -> NDArray[Any]:
    array.setflags(write=False)
    return array

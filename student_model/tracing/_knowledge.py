"""What the state-space model keeps of a learner: the concepts that a response has touched, and nothing of the others.

A course may have thousands of concepts of which a learner has met a few dozen. Of the rest the law says all there is,
so that a state grows with what was met and not with the course.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge_graph.vocabulary import FloatArray, IntArray
from student_model.tracing._statespace_step import Law, Tables


@dataclass(frozen=True, slots=True, eq=False)
class Knowledge:
    """What is thought of a learner: a row of `Tables`, of the k concepts whose numbers are not those of a new learner.

    `general` has shape (2,), `concepts` (positions, rising) and all else (k,); `count` is that of all concepts.
    Read-only.
    """

    count: int
    general: FloatArray
    concepts: IntArray
    level: FloatArray
    slope: FloatArray
    spread: FloatArray
    successes: FloatArray
    failures: FloatArray
    evidence: IntArray
    last_seconds: FloatArray
    as_of: FloatArray

    @classmethod
    def rows(cls, tables: Tables, law: Law) -> list[Knowledge]:
        """Each learner's."""
        learners, count = tables.level.shape
        touched = (tables.evidence > 0) | (tables.successes != 0.0) | (tables.level != 0.0) | (tables.slope != 0.0)
        touched |= (tables.spread != law.offset_variance) | ~np.isnan(tables.as_of)
        row, concept = np.nonzero(touched)
        columns: list[NDArray[Any]] = [concept.astype(np.int32), *(one[row, concept] for one in tables[1:])]
        bounds = np.searchsorted(row, np.arange(learners + 1)).tolist()
        general = tables.general.copy()
        for one in (general, *columns):
            one.setflags(write=False)
        spans = [slice(*bounds[n : n + 2]) for n in range(learners)]
        return [cls(count, general[n], *(one[span] for one in columns)) for n, span in enumerate(spans)]

    def table(self, law: Law) -> Tables:
        """A table of this learner alone, of all concepts, to write in."""
        table = Tables.blank(1, self.count, law)
        table.general[0] = self.general
        whole: tuple[NDArray[Any], ...] = table[1:]
        for column, own in zip(whole, self.columns(), strict=True):
            column[0, self.concepts] = own
        return table

    def columns(self) -> tuple[NDArray[Any], ...]:
        """The columns of `Tables` after `general`, each (k,)."""
        return tuple(getattr(self, name) for name in Tables._fields[1:])

    def spread_out(self, values: FloatArray | IntArray, usual: float) -> FloatArray:
        """Values (k,) in the places of all concepts, and what is usual in those of the others; shape (C,)."""
        whole = np.full(self.count, usual)
        whole[self.concepts] = values
        return whole


def damping_of(variance: FloatArray) -> FloatArray:
    """`_statespace_step.damping` of many."""
    return 1.0 / np.sqrt(1.0 + 0.39269908169872414 * variance)


def log1p(values: FloatArray) -> FloatArray:
    """log(1 + x) by the C library, as the compiled loop has it; numpy's own differs in the last place."""
    logs = np.zeros(len(values))
    some = np.flatnonzero(values)
    logs[some] = list(map(math.log1p, values[some].tolist()))
    return logs

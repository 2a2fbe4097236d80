"""What regressions on counts keep of a learner: successes and failures, in all, by concept and by item.

Where times are logged they also keep how many of each concept's successes are recent: DAS3H (Choffin et al., EDM 2019)
counts within windows of time; these fade with half-lives as long as the windows, so that nothing is looked back on.
Failures have no windows: a belief that rose as they faded would say that time teaches.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from knowledge_graph.vocabulary import FloatArray, IntArray, Vocabulary
from student_model.compiled import compiled
from student_model.forgetting import LN2, half_life, retention
from student_model.log import Log
from student_model.tracing import seconds_of
from student_model.tracing._practice import Ledger, Practice, Rows, clear, practised, tally
from student_model.types import Response

NONE = np.empty(0)
"""No windows."""


def left(elapsed: float, hours: float) -> float:
    """The share of a recent count that is left after so many seconds; 1 if that is NaN or not positive.

    >>> left(7200.0, 1.0), left(math.nan, 1.0)
    (0.25, 1.0)
    """
    return math.exp(-LN2 * (elapsed / (3600.0 * hours))) if elapsed > 0.0 else 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """What a learner has done.

    Attributes:
        responses: how many judged responses there were. `successes`, `failures`: of them, by weight.
        practice: per concept; its `level` is the failures.
        recent: faded successes of each concept as of its last practice, shape (W, C).
        items: positions of the items done, in the order of their first time, shape (m,).
        item_successes, item_failures: on each of these, shape (m,).
    """

    responses: int
    successes: float
    failures: float
    practice: Practice
    recent: FloatArray
    items: IntArray
    item_successes: FloatArray
    item_failures: FloatArray

    @classmethod
    def none(cls, concepts: int, windows: int = 0) -> Counts:
        """Nothing done yet, of so many concepts."""
        nothing, recent = Practice.fresh(np.zeros(concepts)), np.zeros((windows, concepts))
        return cls(0, 0.0, 0.0, nothing, recent, np.empty(0, dtype=np.int32), np.empty(0), np.empty(0))

    def after(self, vocabulary: Vocabulary, response: Response, base: float, hours: FloatArray = NONE) -> Counts:
        """With one more response counted; `base` is the half-life in days with which successes fade, `hours` (W,) are
        those with which recent counts do.
        """
        concepts, at = practised(vocabulary, response), seconds_of(response.at)
        item = vocabulary.item_index.get(response.item_id)
        outcome, weight, practice = response.outcome, response.weight, self.practice
        if outcome is None or (item is None and not len(concepts)):
            return self
        right, wrong = weight * outcome, weight * (1.0 - outcome)
        successes, elapsed = practice.successes[concepts].tolist(), (at - practice.last_seconds[concepts]).tolist()
        kept = [retention(since, count, base) for since, count in zip(elapsed, successes, strict=True)]
        levels = (practice.level[concepts] + wrong).tolist()
        counted = replace(
            self,
            responses=self.responses + 1,
            successes=self.successes + right,
            failures=self.failures + wrong,
            practice=practice.kept(concepts, np.array(kept)).judged(concepts, levels, right, at),
            recent=self._recent(concepts, elapsed, hours, right) if len(hours) else self.recent,
        )
        return counted if item is None else counted._with_item(item, right, wrong)

    def _recent(self, concepts: IntArray, elapsed: list[float], hours: FloatArray, right: float) -> FloatArray:
        recent = self.recent.copy()
        for c, since in zip(concepts.tolist(), elapsed, strict=True):
            for w, half in enumerate(hours.tolist()):
                recent[w, c] = recent[w, c] * left(since, half) + right
        return recent

    def recent_at(self, now: float, hours: FloatArray) -> FloatArray:
        """`recent` faded up to the time `now`, in seconds, NaN for no time; shape (W, C)."""
        if not len(hours) or math.isnan(now):
            return self.recent
        elapsed = (now - self.practice.last_seconds).tolist()
        kept = np.array([[left(since, half) for since in elapsed] for half in hours.tolist()])
        return np.asarray(self.recent * kept)

    def _with_item(self, item: int, right: float, wrong: float) -> Counts:
        place = np.flatnonzero(self.items == item)
        if not len(place):
            return replace(
                self,
                items=np.append(self.items, np.int32(item)),
                item_successes=np.append(self.item_successes, right),
                item_failures=np.append(self.item_failures, wrong),
            )
        successes, failures = self.item_successes.copy(), self.item_failures.copy()
        successes[place] += right
        failures[place] += wrong
        return replace(self, item_successes=successes, item_failures=failures)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Counts before each of N rows: over everything and of the row's item, shape (N,); of its concepts, shape (M,).

    `row` and `concept` say which row and which concept the M entries belong to. `recent` is of shape (W, M).
    """

    successes: FloatArray
    failures: FloatArray
    item_successes: FloatArray
    item_failures: FloatArray
    row: IntArray
    concept: IntArray
    concept_successes: FloatArray
    concept_failures: FloatArray
    recent: FloatArray


def tabulated(log: Log, vocabulary: Vocabulary, base: float, hours: FloatArray = NONE) -> Table:
    """The counts before each row; `base` and `hours` as for `Counts.after`.

    Raises:
        ValueError: the log has another vocabulary.
    """
    return _counted(log, vocabulary, base, hours, 1)[1]


def folded(log: Log, vocabulary: Vocabulary, base: float, hours: FloatArray = NONE) -> list[Counts]:
    """Each learner's counts after all rows; arguments and errors as of `tabulated`."""
    ledger, _, done, ends, sums, late = _counted(log, vocabulary, base, hours, len(log.learners))
    lengths = np.diff(log.offsets).tolist()
    states, begin = [], 0
    for learner, practice in enumerate(ledger.practices()):
        own = slice(begin, begin := int(ends[learner]))
        right, wrong = sums[learner].tolist()
        items = done[0, own].astype(np.int32)
        by_item = items, done[1, own].copy(), done[2, own].copy()
        states.append(Counts(lengths[learner], right, wrong, practice, late[learner], *by_item))
    return states


def _counted(
    log: Log, vocabulary: Vocabulary, base: float, hours: FloatArray, places: int
) -> tuple[Ledger, Table, FloatArray, IntArray, FloatArray, FloatArray]:
    """The ledger, the table; what was done of each item (3, m), up to where it is whose, each learner's sums (L, 2),
    and recent successes (places, W, C).
    """
    rows = Rows.of(log, vocabulary)
    count, learners, items = len(log), len(log.learners), len(vocabulary.items)
    ledger = Ledger.blank(places, np.zeros(len(vocabulary.concepts)))
    row = np.repeat(np.arange(count, dtype=np.int32), np.diff(vocabulary.item_offsets)[log.item])
    whole, flat, concept = np.empty((4, count)), np.empty((2, len(row))), np.empty(len(row), dtype=np.int32)
    done, ends, sums = np.empty((3, count)), np.zeros(learners, dtype=np.int32), np.zeros((learners, 2))
    scratch = np.zeros((2, items)), np.full(items, -1, dtype=np.int32)
    late, recent = np.zeros((places, len(hours), len(vocabulary.concepts))), np.empty((len(hours), len(row)))
    run = compiled(count_loop, half_life, retention, left, clear, tally)
    run(rows, ledger, base, hours, late, whole, flat, recent, concept, done, ends, sums, *scratch)
    table = Table(whole[0], whole[1], whole[2], whole[3], row, concept, flat[0], flat[1], recent)
    return ledger, table, done, ends, sums, late


def count_loop(
    rows: Rows,
    ledger: Ledger,
    base: float,
    hours: FloatArray,
    late: FloatArray,
    whole: FloatArray,
    flat: FloatArray,
    recent: FloatArray,
    concept: IntArray,
    done: FloatArray,
    ends: IntArray,
    sums: FloatArray,
    by_item: FloatArray,
    place: IntArray,
) -> None:
    """`Counts.after` over a whole log, to be compiled, writing down the counts before each row.

    The ledger has a place for each learner, or one that all use in turn; `by_item` and `place` are scratch.
    """
    places, entry, end, blank = len(ledger.level), 0, 0, np.zeros(ledger.level.shape[1])
    for learner in range(len(rows.offsets) - 1):
        r, begin = learner % places, end
        clear(ledger, r, blank)
        late[r] = 0.0
        for n in range(rows.offsets[learner], rows.offsets[learner + 1]):
            i, at = rows.item[n], rows.seconds[n]
            right, wrong = rows.weight[n] * rows.outcome[n], rows.weight[n] * (1.0 - rows.outcome[n])
            whole[0, n], whole[1, n] = sums[learner, 0], sums[learner, 1]
            whole[2, n], whole[3, n] = by_item[0, i], by_item[1, i]
            for c in rows.item_concepts[rows.item_offsets[i] : rows.item_offsets[i + 1]]:
                since = at - ledger.last_seconds[r, c]
                kept = retention(since, ledger.successes[r, c], base)
                for w in range(len(hours)):
                    recent[w, entry] = late[r, w, c] * left(since, hours[w])
                    late[r, w, c] = recent[w, entry] + right
                ledger.successes[r, c] *= kept
                flat[0, entry], flat[1, entry], concept[entry] = ledger.successes[r, c], ledger.level[r, c], c
                entry += 1
                ledger.level[r, c] += wrong
                tally(ledger, r, c, right, at)
            if place[i] < 0:
                place[i], done[0, end] = end, i
                end += 1
            by_item[0, i] += right
            by_item[1, i] += wrong
            sums[learner, 0] += right
            sums[learner, 1] += wrong
        for m in range(begin, end):
            i = int(done[0, m])
            done[1, m], done[2, m] = by_item[0, i], by_item[1, i]
            by_item[0, i], by_item[1, i], place[i] = 0.0, 0.0, -1
        ends[learner] = end

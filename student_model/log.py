"""The response log as columns: what models are fitted and folded on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from knowledge_graph.vocabulary import BoolArray, FloatArray, IntArray, Vocabulary
from student_model.types import LearnerId


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """N judged responses, one row each, grouped by learner and in order of time within a learner.

    Attributes:
        vocabulary: the order of concepts and items that the columns refer to.
        learners: ids, in order of their rows.
        learner: position in `learners`, shape (N,), non-decreasing.
        item: position in `vocabulary.items`, shape (N,).
        outcome: result in [0, 1], shape (N,).
        seconds: time of the response in seconds (UTC since 1970, or since any start), NaN where there is none.
        weight: how much each outcome counts (`Response.weight`), shape (N,); `None` where all count in full.
        elapsed: seconds spent on the item, NaN where there is no record, shape (N,); `None` where there is none at all.
    """

    vocabulary: Vocabulary
    learners: tuple[LearnerId, ...]
    learner: IntArray
    item: IntArray
    outcome: FloatArray
    seconds: FloatArray
    weight: FloatArray | None = None
    elapsed: FloatArray | None = None

    def __post_init__(self) -> None:
        rows = self.learner.shape
        if not (self.item.shape == self.outcome.shape == self.seconds.shape == rows):
            raise ValueError(
                f"columns of one length wanted; got learner {rows}, item {self.item.shape}, "
                f"outcome {self.outcome.shape}, seconds {self.seconds.shape}"
            )
        if len(self.learner) and (np.diff(self.learner) < 0).any():
            raise ValueError("rows must be grouped by learner; sort them by `learner` with a stable sort first")

    def __len__(self) -> int:
        return len(self.learner)

    @property
    def weights(self) -> FloatArray:
        """`weight`, or ones where all count in full; shape (N,)."""
        return np.ones(len(self)) if self.weight is None else self.weight

    @property
    def elapsed_seconds(self) -> FloatArray:
        """`elapsed`, or NaN for all, shape (N,)."""
        return np.full(len(self), np.nan) if self.elapsed is None else self.elapsed

    @property
    def since_last(self) -> FloatArray:
        """Seconds since the learner's last response that has a time, NaN where there is none, shape (N,)."""
        row = np.arange(len(self))
        timed = np.where(np.isnan(self.seconds), -1, row)
        latest = np.concatenate(([-1], np.maximum.accumulate(timed)[:-1])) if len(self) else timed
        known = latest >= self.offsets[self.learner]
        return np.where(known, self.seconds - self.seconds[np.maximum(latest, 0)], np.nan)

    def rows(self, chosen: BoolArray | IntArray | slice) -> Log:
        """Some rows of the log, by mask or position; every learner stays, perhaps with none."""
        return replace(
            self,
            learner=self.learner[chosen],
            item=self.item[chosen],
            outcome=self.outcome[chosen],
            seconds=self.seconds[chosen],
            weight=None if self.weight is None else self.weight[chosen],
            elapsed=None if self.elapsed is None else self.elapsed[chosen],
        )

    @property
    def offsets(self) -> IntArray:
        """Where each learner's rows begin, and the end of the last; shape (learners + 1,)."""
        count = np.bincount(self.learner, minlength=len(self.learners))
        return np.concatenate(([0], np.cumsum(count))).astype(np.int32)

    @property
    def last_seconds(self) -> FloatArray:
        """The time of each learner's last response that has one, NaN where none has, shape (learners,)."""
        last, timed = np.full(len(self.learners), np.nan), ~np.isnan(self.seconds)
        last[self.learner[timed]] = self.seconds[timed]
        return last

    @property
    def position_in_learner(self) -> IntArray:
        """How many responses of the same learner stand before each row, shape (N,)."""
        return (np.arange(len(self)) - self.offsets[self.learner]).astype(np.int32)

    def only_learners(self, keep: BoolArray) -> Log:
        """The rows of the learners marked in `keep`, shape (learners,), with learners renumbered."""
        kept = self.rows(keep[self.learner])
        names = tuple(one for one, stays in zip(self.learners, keep, strict=True) if stays)
        renumber = np.cumsum(keep) - 1
        return replace(kept, learners=names, learner=renumber[kept.learner].astype(np.int32))

    def of_those_who_answered(self) -> Log:
        """Without the learners who have no rows; itself where all have some."""
        answered = np.diff(self.offsets) > 0
        return self if answered.all() else self.only_learners(answered)

    def blocks(self, size: int) -> Iterator[Log]:
        """Logs of so many learners each, one after the other; the last has the rest."""
        bounds = self.offsets.tolist()
        for first in range(0, len(self.learners), size):
            names = self.learners[first : first + size]
            part = self.rows(slice(bounds[first], bounds[first + len(names)]))
            yield replace(part, learners=names, learner=part.learner - np.int32(first))

    @classmethod
    def from_unordered(
        cls,
        vocabulary: Vocabulary,
        learner_ids: Sequence[LearnerId],
        item: IntArray,
        outcome: FloatArray,
        seconds: FloatArray | None = None,
        weight: FloatArray | None = None,
        elapsed: FloatArray | None = None,
    ) -> Log:
        """Group rows by learner (first seen first), keeping the order within each."""
        code: dict[LearnerId, int] = {}
        learner = np.fromiter((code.setdefault(one, len(code)) for one in learner_ids), np.int32, len(learner_ids))
        time = np.full(len(learner), np.nan) if seconds is None else seconds
        order = np.argsort(learner, kind="stable")
        weight, elapsed = (None if one is None else one[order] for one in (weight, elapsed))
        return cls(vocabulary, tuple(code), learner[order], item[order], outcome[order], time[order], weight, elapsed)

"""What each learner has come to, remembered between requests and always as new as the log."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Protocol

from engine.ladder import RungFailed
from student_model.replay import Folds, Progress, order_key, replay_progress
from student_model.types import LearnerId, Response, ResponseId

Key = tuple[bool, datetime, float, str]


class Log(Protocol):
    """What is asked of the response log: a learner's responses, in the order they were stored."""

    def position(self, learner_id: LearnerId) -> tuple[int, int]:
        """The learner's number in the log, and how many responses there are."""

    def of_learner(self, learner_id: LearnerId, after: int = 0) -> Sequence[Response]:
        """The responses stored after this position."""


@dataclass(frozen=True, slots=True)
class Known:
    """A learner's progress after the first `position` responses of the log.

    Attributes:
        number: the learner's in the log; an erased one who begins anew gets another.
        last: the place in the order of the newest one folded; what comes before it makes a refold.
        awaited: ids that corrections named but the log did not have yet; such a response makes a refold too.
    """

    progress: Progress
    number: int = 0
    position: int = 0
    last: Key | None = None
    awaited: frozenset[ResponseId] = frozenset()


class Learners:
    """The progress of the learners seen last, at most `capacity` of them.

    The log decides: each look asks it for what is new, so that responses stored by another process count
    at once. What comes in order is folded onto what is known, anything else folds that learner anew. Values
    never change, so threads may race: whoever knows more wins.
    """

    def __init__(self, tracer: Folds, capacity: int) -> None:
        self._tracer = tracer
        self._capacity = capacity
        self._known: OrderedDict[LearnerId, Known] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._known)

    def current(self, learner_id: LearnerId, log: Log) -> Known:
        """The learner's progress after all that the log has now.

        Raises:
            RungFailed: the tracer cannot fold what the learner did.
        """
        with self._lock:
            known = self._known.get(learner_id)
            if known is not None:
                self._known.move_to_end(learner_id)
        number, position = log.position(learner_id)
        if known is not None and known.number != number:  # erased, and perhaps begun anew
            self.forget(learner_id)
            known = None
        known = known or Known(Progress(self._tracer.initial()), number)
        if position == known.position:
            return known
        news = log.of_learner(learner_id, after=known.position)
        with _folding():
            newer = self._after(known, news)
        if newer is None:
            whole = log.of_learner(learner_id)
            with _folding():
                newer = self._refolded(number, whole)
        self._remember(learner_id, newer)
        return newer

    def forget(self, learner_id: LearnerId) -> None:
        """Drop what is known of a learner, as after an erasure."""
        with self._lock:
            self._known.pop(learner_id, None)

    def _after(self, known: Known, news: Sequence[Response]) -> Known | None:
        """The progress with these folded onto it; `None` if they do not simply come next."""
        progress, last = known.progress, known.last
        for response in sorted(news, key=order_key):
            key = order_key(response)
            late = last is not None and key <= last
            if late or response.supersedes is not None or response.response_id in known.awaited:
                return None
            progress, last = progress.then(self._tracer, response), key
        return Known(progress, known.number, known.position + len(news), last, known.awaited)

    def _refolded(self, number: int, responses: Sequence[Response]) -> Known:
        named = {one.supersedes for one in responses if one.supersedes is not None}
        return Known(
            progress=replay_progress(self._tracer, responses),
            number=number,
            position=len(responses),
            last=max(map(order_key, responses), default=None),
            awaited=frozenset(named - {one.response_id for one in responses}),
        )

    def _remember(self, learner_id: LearnerId, known: Known) -> None:
        with self._lock:
            held = self._known.get(learner_id)
            if held is None or held.number != known.number or held.position < known.position:
                self._known[learner_id] = known
            self._known.move_to_end(learner_id)
            while len(self._known) > self._capacity:
                self._known.popitem(last=False)


@contextmanager
def _folding() -> Iterator[None]:
    try:
        yield
    except Exception as error:  # the database is not asked in here: only a tracer can fail
        raise RungFailed("a response could not be folded") from error

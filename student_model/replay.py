"""State is a fold of the response log: any order, repeat or split of the same events gives the same state."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from knowledge_graph.types import ItemId
from knowledge_graph.vocabulary import Vocabulary
from student_model.log import Log
from student_model.tracing import Tracer, seconds_of
from student_model.types import LearnerId, Response, ResponseId

RECENT = 50
_NO_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class History:
    """What of a learner's responses the engine looks back on.

    Attributes:
        count: how many responses there were.
        recent: the last `RECENT` of them, newest last.
        last_done: for each item done, the number of the response (from 1) that was its last.
    """

    count: int = 0
    recent: tuple[Response, ...] = ()
    last_done: Mapping[ItemId, int] = field(default_factory=dict)

    def then(self, response: Response) -> History:
        """The history after one more response."""
        number = self.count + 1
        return History(number, (*self.recent, response)[-RECENT:], {**self.last_done, response.item_id: number})


@dataclass(frozen=True, slots=True)
class Progress:
    """A learner's state and history after the same responses."""

    state: Any
    history: History = field(default_factory=History)

    def then(self, tracer: Tracer, response: Response) -> Progress:
        """The progress after one more response."""
        return Progress(tracer.update(self.state, response), self.history.then(response))


def order_key(response: Response) -> tuple[bool, datetime, float, str]:
    """Responses without a time come first; equal times are decided by `sequence`, then by id."""
    at, sequence = response.at, response.sequence
    return (at is not None, at or _NO_TIME, -math.inf if sequence is None else sequence, response.response_id)


def in_order(responses: Iterable[Response]) -> list[Response]:
    """Each response once, corrections in the place of what they correct, in the order of `order_key`.

    Of several corrections of one response the last (by `order_key`) holds; a correction of something
    unknown stands for itself. Ids are a learner's own: two learners may use the same.
    """
    by_id = {(one.learner_id, one.response_id): one for one in responses}
    latest: dict[tuple[LearnerId, ResponseId], Response] = {}
    for one in sorted(by_id.values(), key=order_key):
        origin = one if one.supersedes is None else _first_version(one, by_id)
        kept = one if origin is one else _in_place_of(origin, one)
        latest[origin.learner_id, origin.response_id] = kept
    return sorted(latest.values(), key=order_key)


def _in_place_of(origin: Response, correction: Response) -> Response:
    return replace(correction, at=origin.at, sequence=origin.sequence, response_id=origin.response_id)


def _first_version(response: Response, by_id: Mapping[tuple[LearnerId, ResponseId], Response]) -> Response:
    """Follow `supersedes` to the first response; a circle ends where it closes, at its smallest id."""
    learner, seen = response.learner_id, {response.response_id}
    while response.supersedes is not None and (learner, response.supersedes) in by_id:
        response = by_id[learner, response.supersedes]
        if response.response_id in seen:
            return by_id[learner, min(seen)]
        seen.add(response.response_id)
    return response


def replay(tracer: Tracer, responses: Iterable[Response]) -> Any:
    """The state of one learner after these responses, in whatever order they come."""
    state = tracer.initial()
    for response in in_order(responses):
        state = tracer.update(state, response)
    return state


def replay_progress(tracer: Tracer, responses: Iterable[Response]) -> Progress:
    """State and history of one learner after these responses, in whatever order they come."""
    ordered = in_order(responses)
    state = tracer.initial()
    for response in ordered:
        state = tracer.update(state, response)
    last_done = {response.item_id: number for number, response in enumerate(ordered, start=1)}
    return Progress(state, History(len(ordered), tuple(ordered[-RECENT:]), last_done))


def to_log(responses: Iterable[Response], vocabulary: Vocabulary) -> Log:
    """The judged responses of any number of learners as columns, each learner's in order.

    Items that the vocabulary lacks join it with the concepts that the log names for them.
    """
    judged = [one for one in in_order(responses) if one.outcome is not None]
    wider = vocabulary.extended({one.item_id: one.concept_ids for one in judged})
    return Log.from_unordered(
        wider,
        [one.learner_id for one in judged],
        np.asarray([wider.item_index[one.item_id] for one in judged], dtype=np.int32),
        np.asarray([one.outcome for one in judged], dtype=np.float64),
        np.asarray([seconds_of(one.at) for one in judged], dtype=np.float64),
        np.asarray([one.weight for one in judged], dtype=np.float64),
    )

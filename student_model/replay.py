"""State is a fold of the response log: any order, repeat or split of the same events gives the same state."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

import numpy as np

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import Vocabulary
from student_model.log import Log
from student_model.tracing import seconds_of
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


class Folds(Protocol):
    """What folding needs of a tracer."""

    def initial(self) -> Any:
        """The state of a learner of whom nothing is known."""

    def update(self, state: Any, response: Response) -> Any:
        """The state after one more response."""


class _Nothing:
    """Folds no state: what is left of a learner's progress is the history."""

    def initial(self) -> None:
        return None

    def update(self, state: None, response: Response) -> None:
        return None


NOTHING: Folds = _Nothing()
"""For those who want the history alone."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A learner's state and history after the same responses."""

    state: Any
    history: History = field(default_factory=History)

    def then(self, tracer: Folds, response: Response) -> Progress:
        """The progress after one more response."""
        return Progress(tracer.update(self.state, response), self.history.then(response))


def order_key(response: Response) -> tuple[bool, datetime, float, str]:
    """Responses without a time come first; equal times are decided by `sequence`, then by id."""
    at, sequence = response.at, response.sequence
    return (at is not None, at or _NO_TIME, -math.inf if sequence is None else sequence, response.response_id)


def in_order(responses: Iterable[Response]) -> list[Response]:
    """Each response once, corrections in the place of what they correct, in the order of `order_key`.

    Whenever it came, a correction holds against what it corrects; of several corrections of one response the last
    (by `order_key`) holds. A correction of something unknown stands for itself. Ids are a learner's own: two
    learners may use the same.
    """
    by_id = {(one.learner_id, one.response_id): one for one in responses}
    origins: dict[_Key, tuple[_Key, int]] = {}
    held: dict[_Key, tuple[int, tuple[bool, datetime, float, str], Response]] = {}
    for key, one in by_id.items():
        origin, depth = _origin(key, by_id, origins)
        claim = (depth, order_key(one), one)
        if origin not in held or held[origin][:2] < claim[:2]:
            held[origin] = claim
    placed = (_in_place_of(by_id[origin], one) for origin, (_, _, one) in held.items())
    return sorted(placed, key=order_key)


_Key = tuple[LearnerId, ResponseId]


def _in_place_of(origin: Response, one: Response) -> Response:
    if one is origin:
        return one
    return replace(one, at=origin.at, sequence=origin.sequence, response_id=origin.response_id)


def _origin(key: _Key, by_id: Mapping[_Key, Response], known: dict[_Key, tuple[_Key, int]]) -> tuple[_Key, int]:
    """The first response that this one corrects, over any number of steps, and how many; `known` remembers.

    Corrections in a circle all stand for the smallest of its ids.
    """
    way: dict[_Key, None] = {}
    while key not in known:
        if key in way:
            passed = list(way)
            circle = passed[passed.index(key) :]
            known.update(dict.fromkeys(circle, (min(circle), 0)))
            way = dict.fromkeys(passed[: -len(circle)])
            break
        way[key] = None
        named = by_id[key].supersedes
        if named is None or (key[0], named) not in by_id:
            known[key] = (key, 0)
            del way[key]
            break
        key = (key[0], named)
    origin, depth = known[key]
    for steps, earlier in enumerate(reversed(way), start=1):
        known[earlier] = (origin, depth + steps)
    return known[next(iter(way))] if way else known[key]


def replay(tracer: Folds, responses: Iterable[Response]) -> Any:
    """The state of one learner after these responses, in whatever order they come."""
    state = tracer.initial()
    for response in in_order(responses):
        state = tracer.update(state, response)
    return state


def replay_progress(tracer: Folds, responses: Iterable[Response]) -> Progress:
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
    wider = vocabulary.extended(widest((one.item_id, one.concept_ids) for one in judged))
    return Log.from_unordered(
        wider,
        [one.learner_id for one in judged],
        np.asarray([wider.item_index[one.item_id] for one in judged], dtype=np.int32),
        np.asarray([one.outcome for one in judged], dtype=np.float64),
        np.asarray([seconds_of(one.at) for one in judged], dtype=np.float64),
        np.asarray([one.weight for one in judged], dtype=np.float64),
        np.asarray([one.elapsed_seconds for one in judged], dtype=np.float64),  # None becomes NaN
    )


def widest(named: Iterable[tuple[ItemId, tuple[ConceptId, ...]]]) -> dict[ItemId, tuple[ConceptId, ...]]:
    """For each item the most concepts that a log names for it, in whatever order it does; items sorted by id.

    >>> widest([(ItemId("i"), ()), (ItemId("i"), (ConceptId("a"),))])
    {'i': ('a',)}
    """
    found: dict[ItemId, tuple[ConceptId, ...]] = {}
    for item, concepts in named:
        held = found.get(item)
        if held is None or (len(held), held) < (len(concepts), concepts):
            found[item] = concepts
    return dict(sorted(found.items()))

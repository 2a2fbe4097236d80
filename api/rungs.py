"""The ladder a service stands on: its model, a simpler one, and below them what the history alone shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from time import monotonic

from api import logs
from api.learners import Known, Learners, Log
from engine import ladder
from engine.ladder import Reading, RungFailed
from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.vocabulary import FloatArray
from student_model import storage
from student_model.replay import NOTHING
from student_model.tracing import Tracer
from student_model.types import LearnerId

BUDGET = 0.25
"""Seconds in which a rung is still asked after others failed; what the history shows is always there."""

REST = 30.0
"""Seconds for which a rung is left alone that took the whole budget to fail."""

NO_VERSION = "history"
"""Stands for a model's version where no model was asked."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a rung says of a learner, the responses it rests on, and its model with the version, if it has one."""

    reading: Reading
    known: Known
    version: str = NO_VERSION
    tracer: Tracer | None = None

    def foretold(self, later: datetime) -> FloatArray:
        """The probability for each concept at a later time without practice until then, shape (C,); as it is now,
        where the model fails.
        """
        if self.tracer is not None:
            try:
                return self.tracer.beliefs(self.known.progress.state, later).probability
            except Exception as error:  # what breaks in a model costs quality, never an answer
                logs.crashed(error)
        return self.reading.beliefs.probability


@dataclass(slots=True, eq=False)
class Rung:
    """A model in service, and the learners it has seen last."""

    tracer: Tracer
    learners: Learners
    version: str
    rests_until: float = 0.0


class Rungs:
    """A model over a simpler one over the history. `swap` puts another model on top; requests under way keep theirs.

    Args:
        graph: the course. `tracer`: bound to its vocabulary. `version`: under which it is registered, if it is.
        simpler: makes the second model when it is needed. `capacity`: how many learners each model remembers.
    """

    def __init__(
        self,
        graph: KnowledgeGraph,
        tracer: Tracer,
        simpler: Callable[[], Tracer],
        capacity: int,
        version: str | None = None,
        budget: float = BUDGET,
    ) -> None:
        self._graph, self._simpler, self._capacity, self._budget = graph, simpler, capacity, budget
        self._first = self._rung(tracer, version)
        self._second: Rung | None = None
        self._history = Learners(NOTHING, capacity)
        self._making = Lock()

    @property
    def first(self) -> Rung:
        """The model that is asked first."""
        return self._first

    def swap(self, tracer: Tracer, version: str) -> None:
        """Ask another model first from now on, and the simpler one that came with it next."""
        with self._making:
            self._first, self._second = self._rung(tracer, version), None

    def read(self, learner_id: LearnerId, responses: Log, now: datetime) -> Answer:
        """What the highest rung that works says of the learner after all that the log has.

        A rung that fails is passed over, and for a while not asked at all if it took long to fail.
        """
        end = monotonic() + self._budget
        for rung in self._models():
            begin = monotonic()
            if rung.rests_until > begin:
                continue
            try:
                known = rung.learners.current(learner_id, responses)
                reading = ladder.read(self._graph, rung.tracer, known.progress, now)
                return Answer(reading, known, rung.version, rung.tracer)
            except RungFailed as error:
                logs.crashed(error)
            if monotonic() - begin > self._budget:
                rung.rests_until = monotonic() + REST
            if monotonic() > end:
                break
        known = self._history.current(learner_id, responses)
        return Answer(ladder.from_history(self._graph, known.progress.history), known)

    def forget(self, learner_id: LearnerId) -> None:
        """Drop what any rung remembers of a learner, as after an erasure."""
        for learners in (self._first.learners, self._second and self._second.learners, self._history):
            if learners:
                learners.forget(learner_id)

    def _rung(self, tracer: Tracer, version: str | None = None) -> Rung:
        return Rung(tracer, Learners(tracer, self._capacity), version or storage.model_version(tracer))

    def _models(self) -> Iterator[Rung]:
        """From the top; the simpler one is made when it is asked for the first time."""
        yield self._first
        try:
            with self._making:
                if self._second is None:
                    self._second = self._rung(self._simpler())
        except Exception as error:  # the history is still there
            logs.crashed(error)
            return
        yield self._second

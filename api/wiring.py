"""The one place where graph, tracer, logs and engine meet: the `Service` behind every route and command."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import orjson
import structlog

from api import grading, logs
from api.ids import new_id
from api.reload import Reloader, Signature, signature
from api.replies import Cards
from api.rungs import Answer, Rungs
from api.settings import REVIEW_BELOW
from api.texts import reading_with, warn_of_unread
from data.database import open_database
from data.decisions import DecisionLog
from data.key_file import key_of
from data.responses import Appended, ResponseConflict, ResponseLog
from data.reviews import Reviews
from engine.recommend import recommend
from engine.types import Decision, DecisionId, Request
from knowledge_graph.formats import folder
from knowledge_graph.frontier import Frontier, frontier
from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.vocabulary import FloatArray
from student_model import storage, tracing
from student_model.judging import WORDING
from student_model.judging.grades import Grader
from student_model.log import Log
from student_model.placement import Encoder, placed
from student_model.tracing import Beliefs, Context, Tracer
from student_model.types import LearnerId, Response

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from api.settings import Settings
    from api.submissions import Submission
    from student_model.judging import Judgement

SIMPLER = "bkt"
"""The model, with its priors, that is asked where the first one fails and brought no simpler one along."""

MEMORY = 64 << 20
"""Bytes that the learners remembered between requests may take, roughly."""


def utc_now() -> datetime:
    """The time, with its zone."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Store:
    """The logs of one database, opened in the process that uses them."""

    engine: Engine
    responses: ResponseLog
    decisions: DecisionLog

    @property
    def reviews(self) -> Reviews:
        """What waits for a teacher."""
        return Reviews(self.responses)

    def pseudonym(self, learner_id: LearnerId) -> LearnerId:
        """The name under which the learner is stored."""
        return self.responses.name_of(learner_id)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a learner stands now: beliefs about all concepts, also in a week without practice, and the frontier."""

    beliefs: Beliefs
    in_a_week: FloatArray
    frontier: Frontier
    position: int
    rung: str
    version: str


class Service:
    """What Wayline does for learners, without HTTP.

    Args:
        graph: the course. `tracer`: bound to the graph's vocabulary. `version`: under which it is registered.
        simpler: makes the model that is asked where the first one fails, when it is needed.
        open_store: opens the database. It is called once a process: an SQLite connection must not cross a fork.
        media: the folder that the items' media paths start from.
        clock: tells the time.
        grader: of answers in words. `review_below`: the confidence below which its grade waits for a teacher.
        encoder: reads the texts of items that are new to a model that comes into service.
    """

    def __init__(
        self,
        graph: KnowledgeGraph,
        tracer: Tracer,
        open_store: Callable[[], Store],
        media: Path | None = None,
        clock: Callable[[], datetime] = utc_now,
        version: str | None = None,
        simpler: Callable[[], Tracer] | None = None,
        grader: Grader = WORDING,
        review_below: float = REVIEW_BELOW,
        encoder: Encoder | None = None,
    ) -> None:
        self.graph, self.media, self.clock, self.encoder = graph, media, clock, encoder
        self.grader, self.review_below = grading.Graders(grader), review_below
        second = simpler or (lambda: unfitted(SIMPLER, graph))
        self.rungs = Rungs(graph, tracer, second, capacity_for(graph), version)
        self.reloader: Reloader | None = None
        self.cards = Cards(graph)
        self._open_store = open_store
        self._store: tuple[int, Store] | None = None
        self._opening = Lock()

    @property
    def store(self) -> Store:
        """The logs, as this process opened them."""
        held = self._store
        if held is None or held[0] != os.getpid():
            with self._opening:
                held = self._store
                if held is None or held[0] != os.getpid():
                    held = self._store = os.getpid(), self._open_store()
        return held[1]

    @property
    def tracer(self) -> Tracer:
        """The model that is asked first now."""
        return self.rungs.first.tracer

    def follow(self, model: Path, seen: Signature) -> None:
        """Take up what comes into the folder of the model that serves, after what was `seen` there."""

        def load() -> tuple[Tracer, str]:
            tracer, version = storage.opened(model)
            return _over(self.graph, tracer, self.encoder), version

        self.reloader = Reloader(model, seen, self.rungs.first.version, load, self.rungs.swap)

    def answer(self, learner_id: LearnerId, now: datetime) -> Answer:
        """What the highest rung that works says of the learner after all that the log holds."""
        if self.reloader is not None:
            self.reloader.look()
        return self.rungs.read(learner_id, self.store.responses, now)

    def recommend(self, learner_id: LearnerId, request: Request) -> Decision:
        """What the learner should do next. The decision is kept before it is told.

        Raises:
            ValueError: the request names what there is not; the text lists every fault.
        """
        now = self.clock()
        found = self.answer(learner_id, now)
        decision = recommend(
            self.graph,
            found.reading,
            found.known.progress.history,
            request,
            learner_id=learner_id,
            decision_id=DecisionId(new_id()),
            now=now,
            seed=secrets.randbits(63),
            log_position=found.known.position,
            model_version=found.version,
            review_below=self.review_below,
        )
        store = self.store
        kept = replace(decision, learner_id=store.pseudonym(learner_id))
        store.decisions.keep(decision.decision_id, learner_id, decision.at, orjson.dumps(kept))
        return decision

    def respond(self, learner_id: LearnerId, sent: Sequence[Submission]) -> tuple[Appended, ...]:
        """Store responses, all or none; they are on disk when this returns.

        Raises:
            ResponseConflict: an id came before with another content.
        """
        log, batch = self.store.responses, [one.response for one in sent]
        marks = {(learner_id, one.response.response_id): one.mark for one in sent if one.mark is not None}
        try:
            return log.append(batch, self.clock(), marks)
        except ResponseConflict as conflict:
            again = set(conflict.response_ids)
        # What the service itself had added may differ now (the time of receipt, a verdict of an older judge):
        # such a response is the same one sent again. Whatever the platform said must not differ.
        held = {one.response_id: one for one in log.of_learner(learner_id) if one.response_id in again}
        return log.append([one.as_before(held.get(one.response.response_id)) for one in sent], self.clock(), marks)

    def judgement(self, learner_id: LearnerId, one: Submission, stored: Appended) -> Judgement | None:
        """How a response is judged: what came before as it was then, or by a teacher since."""
        if stored.status == "stored" or not one.in_words:
            return one.judgement
        store = self.store
        held = store.reviews.held(store.pseudonym(learner_id), one.response.response_id)
        return one.judgement if held is None else one.as_held(held, self.grader.worth)

    def standing(self, learner_id: LearnerId, now: datetime | None = None) -> Standing:
        """What the learner knows now, and what that opens. Reading changes nothing."""
        now = now or self.clock()
        return self.standing_of(self.answer(learner_id, now), now)

    def standing_of(self, found: Answer, now: datetime) -> Standing:
        """What this reading of a learner opens."""
        beliefs = found.reading.beliefs
        where = found.known.position, found.reading.rung, found.version
        later = found.foretold(now + timedelta(days=7))
        return Standing(beliefs, later, frontier(self.graph, beliefs.probability, beliefs.peak), *where)

    def prepare(self) -> None:
        """Bring the database to the newest schema, before the workers start."""
        self._open_store().engine.dispose()

    def check(self) -> dict[str, Exception]:
        """Which parts do not answer, and why."""
        probes: dict[str, Callable[[], object]] = {
            "database": lambda: self.store.responses.position(LearnerId("")),
            "model": lambda: self.tracer.beliefs(self.tracer.initial(), self.clock()),
        }
        failed = {}
        for name, probe in probes.items():
            try:
                probe()
            except Exception as error:  # whatever it is, the answer is "not ready"
                failed[name] = error
        return failed

    def touched(self, responses: Sequence[Response]) -> list[int]:
        """The positions of the concepts that these responses practise."""
        words = self.graph.vocabulary
        items = {words.item_index[one.item_id] for one in responses if one.item_id in words.item_index}
        return sorted({int(concept) for item in items for concept in words.concepts_of(item)})


def capacity_for(graph: KnowledgeGraph) -> int:
    """How many learners fit into `MEMORY`: arrays over the concepts, and the responses looked back on."""
    return max(100, MEMORY // (64 * len(graph.concepts) + 32_000))


def build(settings: Settings) -> Service:
    """The service of these settings; its database is opened when it is first used.

    Raises:
        CurriculumError: the course is not sound. StorageError: the folder of the model or the grader holds none.
    """
    graph = KnowledgeGraph(folder.read(settings.curriculum))
    course, grader, below = settings.curriculum, grading.opened(settings.grader), settings.review_below
    if settings.model in tracing.available():
        tracer = unfitted(settings.model, graph)
        return Service(graph, tracer, lambda: open_store(settings), course, grader=grader, review_below=below)
    registered = Path(settings.model)
    seen = signature(registered)
    tracer, version = storage.opened(registered)
    encoder = reading_with(grader, settings.readings)
    service = Service(
        graph,
        _over(graph, tracer, encoder),
        lambda: open_store(settings),
        course,
        version=version,
        simpler=lambda: simpler_of(registered, graph, encoder),
        grader=grader,
        review_below=below,
        encoder=encoder,
    )
    service.follow(registered, seen)
    return service


def _over(graph: KnowledgeGraph, tracer: Tracer, encoder: Encoder | None) -> Tracer:
    """The tracer over the course, with new items placed; the log is warned where it was fitted to something else."""
    known = sum(one in tracer.vocabulary.item_index for one in graph.vocabulary.items)
    if 2 * known < len(graph.items):
        told = "the model was fitted to few of the course's items: is it another course's?"
        structlog.get_logger().warning(told, model=tracer.name, items=len(graph.items), known=known)
    return _placed(tracer.bind(graph.vocabulary), graph, encoder)


def _placed(tracer: Tracer, graph: KnowledgeGraph, encoder: Encoder | None) -> Tracer:
    """The tracer with new items placed; without what they say, where that cannot be read."""
    try:
        found = placed(tracer, graph, encoder)
    except Exception as error:  # a broken encoder lowers quality, never availability
        if encoder is None:
            raise
        logs.crashed(error)
        structlog.get_logger().warning("texts cannot be read: new items are placed without them", model=tracer.name)
        return placed(tracer, graph)
    warn_of_unread(found, encoder)
    return found


def simpler_of(registered: Path, graph: KnowledgeGraph, encoder: Encoder | None = None) -> Tracer:
    """The simpler model that `wayline tracer fit` put beside a registered one, over the course, new items placed."""
    try:
        return _placed(storage.open_tracer(registered / storage.SIMPLER).bind(graph.vocabulary), graph, encoder)
    except storage.StorageError:  # none came along, or it is damaged
        return unfitted(SIMPLER, graph)


def unfitted(model: str, graph: KnowledgeGraph) -> Tracer:
    """The named model with its priors, over the course, its items placed by what their author and the graph say."""
    nothing = Log.from_unordered(graph.vocabulary, [], np.empty(0, dtype=np.int32), np.empty(0))
    return placed(tracing.load(model).fit(nothing, context=Context(graph)), graph)


def open_store(settings: Settings) -> Store:
    """The logs in the database of these settings, made if need be.

    Raises:
        DatabaseError, KeyFileError: it cannot be opened; the text says what to do.
    """
    engine = open_database(settings.database)
    key = key_of(engine, settings.key_file)
    return Store(engine, ResponseLog(engine, key), DecisionLog(engine, key))

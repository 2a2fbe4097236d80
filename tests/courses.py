"""Small courses and learners that tests share, built in code."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from engine import ladder
from engine.recommend import recommend
from engine.types import Decision, DecisionId, Request
from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.types import (
    Concept,
    ConceptId,
    Course,
    Curriculum,
    Encompassing,
    Item,
    ItemId,
    ItemKind,
    Prerequisite,
    Thresholds,
)
from knowledge_graph.vocabulary import Vocabulary
from student_model.log import Log
from student_model.replay import Progress, replay_progress
from student_model.tracing import Tracer, load
from student_model.types import LearnerId, Response, ResponseId

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
KINDS: tuple[ItemKind, ...] = ("reading", "choice", "numeric", "text")


def concept(name: str) -> ConceptId:
    """A concept's id."""
    return ConceptId(name)


def item(concept_name: str, number: int) -> Item:
    """The numbered item of a concept: a reading first, then a choice, a number, a text, and so on."""
    kind = KINDS[number % len(KINDS)]
    return Item(
        item_id=ItemId(f"{concept_name}-{number}"),
        kind=kind,
        concept_ids=(concept(concept_name),),
        text=f"{concept_name} number {number}",
        choices=("yes", "no") if kind == "choice" else (),
        answer={"choice": "yes", "numeric": "4"}.get(kind),
        reference_answers=("because",) if kind == "text" else (),
        minutes=1.0 + number % 3,
    )


def course(
    edges: Iterable[tuple[str, str, float]],
    names: str = "abc",
    per_concept: int = 6,
    encompassings: Iterable[tuple[str, str, float]] = (),
    goals: tuple[str, ...] = (),
    gating: bool = False,
    thresholds: Thresholds | None = None,
) -> KnowledgeGraph:
    """A graph with one concept a letter and `per_concept` items each."""
    return KnowledgeGraph(
        Curriculum(
            Course(
                "test",
                "Test",
                goals=tuple(map(concept, goals)),
                gating=gating,
                thresholds=thresholds or Thresholds(),
            ),
            tuple(Concept(concept(name), name.upper()) for name in names),
            tuple(Prerequisite(concept(a), concept(b), w) for a, b, w in edges),
            tuple(Encompassing(concept(a), concept(b), w) for a, b, w in encompassings),
            tuple(item(name, number) for name in names for number in range(per_concept)),
        )
    )


def chain() -> KnowledgeGraph:
    """a -> b -> c, all indispensable."""
    return course([("a", "b", 1.0), ("b", "c", 1.0)])


def empty_log(vocabulary: Vocabulary) -> Log:
    """No responses at all."""
    whole = np.empty(0, dtype=np.int32)
    return Log(vocabulary, (), whole, whole, np.empty(0), np.empty(0))


def fresh_tracer(graph: KnowledgeGraph, name: str = "bkt") -> Tracer:
    """A tracer that has seen no data, bound to the graph."""
    return load(name).fit(empty_log(graph.vocabulary))


def answer(item_id: str, correct: bool, day: float | None = None, **more: Any) -> Response:
    """One response, this many days after `NOON`; `None` has no time."""
    return Response(
        response_id=ResponseId("r"),
        learner_id=LearnerId("l"),
        item_id=ItemId(item_id),
        at=None if day is None else NOON + timedelta(days=day),
        correct=correct,
        **more,
    )


def responses(
    *done: tuple[str, bool | None], start: datetime = NOON, step: timedelta = timedelta(minutes=1)
) -> list[Response]:
    """One response each of (item id, correct), a step apart."""
    return [
        Response(
            response_id=ResponseId(f"r{number}"),
            learner_id=LearnerId("lena"),
            item_id=ItemId(item_id),
            at=start + number * step,
            correct=correct,
        )
        for number, (item_id, correct) in enumerate(done)
    ]


def knows(tracer: Tracer, *names: str, times: int = 6, start: datetime = NOON) -> Progress:
    """A learner who answered `times` different items of each of these concepts right."""
    return replay_progress(
        tracer,
        responses(*((f"{name}-{number}", True) for name in names for number in range(times)), start=start),
    )


def decide(
    graph: KnowledgeGraph,
    request: Request,
    progress: Progress | None = None,
    seed: int = 0,
    tracer: Tracer | None = None,
    now: datetime = NOON,
    reading: ladder.Reading | None = None,
    review_below: float = 0.0,
) -> Decision:
    """What the engine decides for a learner, by default one of whom nothing is known."""
    tracer = tracer or fresh_tracer(graph)
    progress = progress or Progress(tracer.initial())
    return recommend(
        graph,
        reading or ladder.read(graph, tracer, progress, now),
        progress.history,
        request,
        learner_id=LearnerId("lena"),
        decision_id=DecisionId("d"),
        now=now,
        seed=seed,
        log_position=0,
        model_version="m",
        review_below=review_below,
    )

"""Learners whose beliefs are planted, not traced, so that what follows from them can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from courses import responses

from engine.candidates import Context, gather
from engine.types import Request
from knowledge_graph.frontier import frontier
from knowledge_graph.graph import KnowledgeGraph
from student_model.replay import NOTHING, replay_progress
from student_model.tracing import Beliefs
from student_model.types import Response, ResponseId

Done = tuple[str, bool | None] | Response


def context_of(
    graph: KnowledgeGraph,
    known: dict[str, float],
    *done: Done,
    peak: dict[str, float] | None = None,
    last: dict[str, float] | None = None,
    eligible: str = "abcdefg",
    request: Request | None = None,
) -> Context:
    """A learner who knows these concepts so well and the others at 0.1, after what was done.

    Args:
        graph: of concepts with names of one letter, with which their items' ids begin.
        known, peak, last: probability now and right after the last practice, and when that was, by concept.
        done: items with what came of them; they are the evidence.
        eligible: of these concepts items may be drawn.
        request: what is asked.
    """
    names = graph.vocabulary.concepts
    probability = np.array([known.get(name, 0.1) for name in names])
    was = np.array([(peak or {}).get(name, known.get(name, 0.1)) for name in names])
    seconds = np.array([(last or {}).get(name, np.nan) for name in names])
    plain = [one if isinstance(one, Response) else responses(one)[0] for one in done]
    listed = [replace(one, response_id=ResponseId(f"r{n}"), sequence=n) for n, one in enumerate(plain)]
    judged = [one.item_id for one in listed if one.outcome is not None]
    evidence = np.array([sum(item.startswith(name) for item in judged) for name in names], dtype=np.int32)
    beliefs = Beliefs(names, probability, probability / 2, (1 + probability) / 2, evidence, seconds, was)
    open_ = np.array([item[0] in eligible for item in graph.vocabulary.items])
    odds = np.linspace(0.3, 0.6, len(graph.items))
    history = replay_progress(NOTHING, listed).history
    return gather(graph, beliefs, frontier(graph, probability, was), odds, history, request or Request(), open_)


def place_of(context: Context, item: str) -> int:
    """The position of an item."""
    return list(map(str, context.graph.vocabulary.items)).index(item)

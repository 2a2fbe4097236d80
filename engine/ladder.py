"""A ladder, never a gap: when the tracer fails, what the history alone shows still gives a next item."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from engine import policies
from engine.candidates import Context
from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.vocabulary import FloatArray
from student_model.placement import Placement, placement_of
from student_model.replay import History, Progress
from student_model.tracing import Beliefs, Tracer

log = logging.getLogger(__name__)

PRIOR_RIGHT, PRIOR_ALL = 0.4, 2.0
"""What stands for a concept without any response: two responses, right with probability 0.2."""


class RungFailed(RuntimeError):
    """A tracer gave no answer, or none that can be used; the message says what happened."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What one rung of the ladder says: beliefs about the C concepts, odds of the I items with their 90 % interval.

    `rung` is the tracer's name, with what the items were placed by where none has responses, or `syllabus` where no
    tracer was asked. `placement` says what placed each item, where the tracer tells.
    """

    rung: str
    beliefs: Beliefs
    odds: FloatArray
    odds_low: FloatArray
    odds_high: FloatArray
    placement: Placement | None = None


def read(graph: KnowledgeGraph, tracer: Tracer, progress: Progress, now: datetime) -> Reading:
    """What the tracer says.

    Raises:
        RungFailed: it raised, or gave numbers that are none.
    """
    try:
        beliefs = tracer.beliefs(progress.state, now)
        low, high = tracer.predict_interval(progress.state, None, now)
        odds, placement = tracer.predict(progress.state, None, now), placement_of(tracer)
        rung = tracer.name if placement is None else placement.named(tracer.name)
        reading = Reading(rung, beliefs, odds, low, high, placement)
    except Exception as error:  # whatever breaks in a model must cost quality, never the learner's next item
        raise RungFailed(f"{tracer.name} failed to read a state") from error
    if not _sound(graph, reading):
        raise RungFailed(f"{tracer.name} gave what are no odds or beliefs")
    return reading


def _sound(graph: KnowledgeGraph, reading: Reading) -> bool:
    """Whether there is a finite number for everything that is asked."""
    about_items = (reading.odds, reading.odds_low, reading.odds_high)
    about_concepts = (reading.beliefs.probability, reading.beliefs.low, reading.beliefs.high, reading.beliefs.peak)
    return all(array.shape == (len(graph.items),) and np.isfinite(array).all() for array in about_items) and all(
        array.shape == (len(graph.concepts),) and np.isfinite(array).all() for array in about_concepts
    )


def worth(context: Context, name: str) -> tuple[FloatArray, float]:
    """What the policy says of each item, shape (I,), and how much it explores; if it breaks, what the syllabus says.

    What is not eligible is worth minus infinity.
    """
    try:
        policy = policies.load(name)
        found = policy.score(context)
        if found.shape == context.eligible.shape and (np.isfinite(found) | ~context.eligible).all():
            return np.where(context.eligible, found, -np.inf), policy.EXPLORATION
        log.error("policy %s gave scores that are none; falling to the syllabus", name)
    except Exception:
        log.exception("policy %s failed; falling to the syllabus", name)
    syllabus = policies.load("syllabus")
    return np.where(context.eligible, syllabus.score(context), -np.inf), syllabus.EXPLORATION


def from_history(graph: KnowledgeGraph, history: History) -> Reading:
    """Beliefs that are the smoothed share of right answers per concept among the recent responses, each of which counts
    as much as its judge is sure.
    """
    right = np.full(len(graph.concepts), PRIOR_RIGHT)
    counted, evidence = np.zeros(len(right)), np.zeros(len(right), dtype=np.int32)
    for response in history.recent:
        item = graph.vocabulary.item_index.get(response.item_id)
        if item is not None and response.outcome is not None:
            concepts = graph.vocabulary.concepts_of(item)
            right[concepts] += response.weight * response.outcome
            counted[concepts] += response.weight
            evidence[concepts] += 1
    share = right / (PRIOR_ALL + counted)
    width = 1.645 * np.sqrt(share * (1 - share) / (PRIOR_ALL + 1 + counted))
    low, high = np.clip(share - width, 0.0, 1.0), np.clip(share + width, 0.0, 1.0)
    unknown = np.full(len(share), np.nan)
    beliefs = Beliefs(graph.vocabulary.concepts, share, low, high, evidence, unknown, share)
    spread = graph.vocabulary.mean_over_concepts
    return Reading("syllabus", beliefs, spread(share, 0.5), spread(low, 0.0), spread(high, 1.0))

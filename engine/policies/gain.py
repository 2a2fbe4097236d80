"""Expected growth of mastery in one step, with what it unlocks and what is fading, per minute of the learner's time."""

from __future__ import annotations

import numpy as np

from engine.candidates import Context
from knowledge_graph.frontier import BLOCKED, FADED, READY
from knowledge_graph.vocabulary import FloatArray

EXPLORATION = 0.1

UNLOCK = 0.5
"""Worth of opening a concept, beside the worth of learning one."""
ENOUGH = 3.0
"""What a concept opens and carries along counts for no more than this many concepts."""
REVIEW = 1.5
"""Worth of regaining what has faded, beside the worth of learning something new."""
ASIDE = 0.2
"""Worth of what does not lead to a goal."""
CONTINUITY = 2.0
"""Preference for staying with the concept just practised until it is known: learners lose the thread otherwise."""
HASTE = 0.5
"""How much every concept that is ready and stands earlier in the syllabus takes from what comes after it."""
PATIENCE = 3
"""Failures in a row on a concept after which others come first, if any are ready."""
WEARY = 0.3
"""What such a concept is still worth beside a fresh one."""
BARRED = 0.05
"""Worth of what is still blocked: it comes only where nothing else is left."""
STUDY_MINUTES = 2.0
"""Time that every item costs beside its own minutes: turning to it, thinking it over."""


def score(context: Context) -> FloatArray:
    """Expected growth in mastery per minute from doing the item next, shape (I,), in (0, ...).

    The growth of a concept is `(1 - probability) * readiness`, its room to grow times how far its prerequisites
    carry it; what it opens and what flows along encompassing edges is added. Four mild factors follow: items of even
    odds teach most (`0.75 + odds * (1 - odds)`), the concept just practised and the author's order are kept to, and
    what suits the moment within a concept (`Context.timeliness`) comes first. The constants are judgements; the
    simulation lab is to test them.
    """
    graph, words = context.graph, context.graph.vocabulary
    barred = np.where(context.frontier.standing == BLOCKED, BARRED, 1.0)
    steady = (continuity(context) * order(context) * barred).take(graph.main_concept)
    room = words.mean_over_concepts(concept_worth(context))
    weakest_link = words.least_over_concepts(context.frontier.readiness)
    reach = 0.75 + context.odds * (1.0 - context.odds)
    pace = STUDY_MINUTES / (STUDY_MINUTES + graph.minutes)
    return np.maximum(room * weakest_link * reach * steady * context.timeliness * pace, 1e-9)


def concept_worth(context: Context) -> FloatArray:
    """What it is worth to practise each concept now, shape (C,)."""
    front, probability = context.frontier, context.beliefs.probability
    room = 1.0 - probability
    faded = np.where(front.standing == FADED, np.maximum(context.beliefs.peak - probability, 0.0), 0.0)
    own = room * np.where(context.on_path, 1.0, ASIDE)
    edges = context.graph.prerequisite_arrays
    lift = np.zeros(len(room))
    limits = front.limiting[front.limiting >= 0]
    targets = edges.target[limits]
    np.add.at(lift, edges.source[limits], (front.runner_up - front.readiness)[targets] * own[targets])
    flow = context.graph.encompassing_arrays
    np.add.at(lift, flow.source, flow.weight * (own * front.readiness)[flow.target])
    return own + REVIEW * faded + UNLOCK * room * lift / (1.0 + lift / ENOUGH)


def order(context: Context) -> FloatArray:
    """A factor each concept, shape (C,): among equals the author's order holds, which edges alone tell only in part."""
    waiting = (context.frontier.standing == READY) & context.on_path
    before = np.cumsum(waiting) - waiting
    return np.asarray(1.0 / (1.0 + HASTE * before), dtype=np.float64)


def continuity(context: Context) -> FloatArray:
    """Stay with what was just practised, but not beyond `PATIENCE` failures in a row: a factor each, shape (C,)."""
    factor = np.ones(len(context.graph.concepts))
    graph, recent = context.graph, context.history.recent
    failures: dict[int, int] = {}
    settled: set[int] = set()
    for back, response in enumerate(reversed(recent)):
        concept = graph.main_concept_of(response.item_id)
        if concept is None:
            continue
        if back == 0 and context.frontier.standing[concept] in (READY, FADED):
            factor[concept] *= CONTINUITY
        if response.clear_outcome is None or concept in settled:
            continue
        if response.clear_outcome >= 0.5:
            settled.add(concept)
        else:
            failures[concept] = failures.get(concept, 0) + 1
    for concept, count in failures.items():
        if count >= PATIENCE:
            factor[concept] *= WEARY
    return factor

"""The author's order: the first concept that is not known yet, its items one after the other."""

from __future__ import annotations

import numpy as np

from engine.candidates import Context
from knowledge_graph.frontier import KNOWN, MASTERED
from knowledge_graph.vocabulary import FloatArray

EXPLORATION = 0.0


def score(context: Context) -> FloatArray:
    """Falls along the syllabus, shape (I,); known concepts come after all others, items done after those not done."""
    graph, standing = context.graph, context.frontier.standing
    known = (standing == KNOWN) | (standing == MASTERED)
    worth = 4.0 - 2.0 * known - np.arange(len(known)) / len(known)
    within = (context.done + graph.place_within_concept) / (2.0 * len(known))
    return np.asarray(worth.take(graph.main_concept) - within)

"""The outer fringe: all prerequisites known, the concept itself not (Doignon & Falmagne 1985)."""

from __future__ import annotations

import numpy as np

from engine.candidates import Context
from knowledge_graph.frontier import KNOWN, MASTERED
from knowledge_graph.vocabulary import FloatArray

EXPLORATION = 0.0


def score(context: Context) -> FloatArray:
    """The fringe scores 2, what is neither known nor open 1, what is known 0; shape (I,).

    Within each the syllabus decides, then timeliness.
    """
    standing = context.frontier.standing
    unknown = (standing != KNOWN) & (standing != MASTERED)
    fringe = unknown & ~context.frontier.gated
    level = unknown.astype(np.float64) + fringe
    syllabus = np.arange(len(level)) / len(level)
    of_concept = (level - 0.5 * syllabus).take(context.graph.main_concept)
    return np.asarray(of_concept + 1e-6 * context.timeliness)

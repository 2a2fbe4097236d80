"""The lowest mastery first: the rule in wide use (OATutor's default), blind to prerequisites and to what fades."""

from __future__ import annotations

from engine.candidates import Context
from knowledge_graph.vocabulary import FloatArray

EXPLORATION = 0.0


def score(context: Context) -> FloatArray:
    """One minus the probability of the weakest of the item's concepts; ties go to the timeliest item; shape (I,)."""
    weakest = context.graph.vocabulary.least_over_concepts(context.beliefs.probability)
    return (1.0 - weakest) + 1e-6 * context.timeliness

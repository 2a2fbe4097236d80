"""Any eligible item with equal chance: the baseline to beat, and the cleanest log to learn from."""

from __future__ import annotations

import numpy as np

from engine.candidates import Context
from knowledge_graph.vocabulary import FloatArray

EXPLORATION = 0.0


def score(context: Context) -> FloatArray:
    """The same for every item, so that the draw among equals decides; shape (I,)."""
    return np.ones(len(context.graph.items))

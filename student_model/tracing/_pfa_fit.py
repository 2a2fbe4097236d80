"""Fitting performance factors analysis: the mode of its posterior, by the Newton's method of the logistic model.

A concept's gain and loss are what all concepts share and an offset of its own, drawn to 0. Where the mode has a
negative gain it is held at 0 and the rest is fitted again, until none is negative (an active set).
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix, hstack

from knowledge_graph.vocabulary import BoolArray, FloatArray
from student_model.forgetting import HALF_LIFE_DAYS
from student_model.log import Log
from student_model.steps import Step, unheard
from student_model.tracing._counts import Table, tabulated
from student_model.tracing._logistic_fit import Problem, mode
from student_model.tracing.pfa import CONCEPT, MOST, PFA

LEVEL_PULL, SLOPE_PULL, SHARED_PULL = 0.5, 100.0, 1.0
"""Precision of the Gaussian priors: of concepts' levels around 0, of their gains and losses around the shared ones,
and of bias and shared gain and loss around their defaults. Chosen on validation learners of assistments2009; the
optimum is flat."""

ROUNDS = 5
"""At most so many fits; what is negative after the last becomes 0."""


def fitted(log: Log, step: Step = unheard) -> PFA:
    """The tracer at the mode of the posterior; its priors where the log is empty."""
    words = log.vocabulary
    concepts = len(words.concepts)
    if not len(log):
        return PFA(words, np.repeat(CONCEPT[:, None], concepts, axis=1), CONCEPT, 0.0)
    table, held = tabulated(log, words, HALF_LIFE_DAYS), np.zeros(concepts, dtype=np.bool_)
    for _ in range(ROUNDS):
        values, _ = mode(problem(log, table, held), log.outcome, log.weights, step)
        level, gain, loss, shared = np.split(values, np.cumsum([concepts] * 3))
        negative = ~held & (shared[1] + gain < 0.0)
        held |= negative
        if not negative.any():
            break
    concept = np.stack([level, np.where(held, 0.0, shared[1] + gain), shared[2] + loss])
    return PFA(words, concept, np.array([0.0, max(shared[1], 0.0), shared[2]]), float(shared[0]))


def problem(log: Log, table: Table, held: BoolArray) -> Problem:
    """Columns: levels, gains and losses of the concepts, then bias and shared gain and loss.

    Concepts of which the gain is `held` at 0, shape (C,), have no successes.
    """
    words, count, concepts = log.vocabulary, len(log), len(held)
    share = 1.0 / np.maximum(np.diff(words.item_offsets), 1)[log.item][table.row]
    gain = share * np.minimum(table.concept_successes, MOST) * ~held[table.concept]
    loss = share * np.minimum(table.concept_failures, MOST)

    def per_concept(values: FloatArray) -> csr_matrix:
        return csr_matrix((values, (table.row, table.concept)), (count, concepts))

    def per_row(values: FloatArray) -> FloatArray:
        return np.bincount(table.row, values, count).astype(np.float64)

    shared = csr_matrix(np.stack([np.ones(count), per_row(gain), per_row(loss)], axis=1))
    parts = [per_concept(share), per_concept(gain), per_concept(loss), shared]
    centre = np.concatenate((np.zeros(3 * concepts + 1), CONCEPT[1:]))
    pulls = np.repeat((LEVEL_PULL, SLOPE_PULL, SHARED_PULL), (concepts, 2 * concepts, 3))
    return Problem(hstack(parts).tocsr(), centre, pulls)

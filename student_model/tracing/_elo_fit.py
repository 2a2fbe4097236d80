"""Fitting Elo's difficulties: the posterior mode of a hierarchy, items within concepts within all.

Each pass replays all learners with the difficulties as they are and moves these by a Newton step. Unlike
running ratings, the result does not depend on the order of the learners.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from knowledge_graph.vocabulary import FloatArray, Vocabulary
from student_model.evaluation import log_loss
from student_model.log import Log
from student_model.steps import Step, unheard
from student_model.tracing.elo import CONCEPT_PULL, ITEM_PULL, Elo

PASSES = 6
"""More do not help: abilities and difficulties then drift together."""


def fitted(log: Log, step: Step = unheard) -> Elo:
    """The tracer after `PASSES` steps from a difficulty that explains the share of right answers."""
    words = log.vocabulary
    right = ((log.weights * log.outcome).sum() + 1.0) / (log.weights.sum() + 2.0)
    start = -math.log(right / (1.0 - right))
    items, concepts = np.full(len(words.items), start), np.full(len(words.concepts), start)
    tracer = Elo(words, items, np.full(len(items), 1.0 / ITEM_PULL), concepts, start)
    for _ in range(PASSES if len(log) else 0):
        odds = tracer.predict_log(log)
        step(log_loss(odds, log.outcome, log.weights))
        tracer = moved(tracer, log, odds)
    return tracer


def moved(tracer: Elo, log: Log, odds: FloatArray) -> Elo:
    """One Newton step of the items, then their concepts' means anew, then all's mean; `odds` (N,) are the tracer's.

    An item counts towards its concepts by `trust`, the share of its difficulty that its own responses tell.
    """
    words = tracer.vocabulary
    error = np.bincount(log.item, log.weights * (odds - log.outcome), len(words.items))
    information = np.bincount(log.item, log.weights * odds * (1.0 - odds), len(words.items))
    expected = words.mean_over_concepts(tracer.concept_difficulty, tracer.difficulty)
    pull = ITEM_PULL * (expected - tracer.item_difficulty)
    item = tracer.item_difficulty + (error + pull) / (information + ITEM_PULL)
    trust = information / (information + ITEM_PULL)
    told = trust * expected + (item - expected)
    difficulty = float(told.sum() / trust.sum()) if trust.any() else tracer.difficulty  # no row may have any weight
    beyond = _per_concept(words, told - trust * difficulty)
    concept = difficulty + beyond / (_per_concept(words, trust) + CONCEPT_PULL)
    unseen = words.mean_over_concepts(concept, difficulty)
    return replace(
        tracer,
        item_difficulty=np.where(information > 0.0, item, unseen),
        item_variance=np.reciprocal(information + ITEM_PULL),
        concept_difficulty=concept,
        difficulty=difficulty,
    )


def _per_concept(words: Vocabulary, values: FloatArray) -> FloatArray:
    """The sum over each concept's items, which count for an equal share of each of their concepts."""
    share = values / np.maximum(np.diff(words.item_offsets), 1)
    return np.asarray(np.bincount(words.item_concepts, share[words.item_row], len(words.concepts)), dtype=np.float64)

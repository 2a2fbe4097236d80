"""Fitting the predictor: the belief model, networks on what it leaves unexplained, and the blend of both.

Networks are trained on logits of belief models that were fitted to *other* learners; on its own learners a belief model
looks better than it is, and networks would trust it too much. Each network has learners of its own that judge it, and
their rows together fit the blend.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from knowledge_graph.vocabulary import FloatArray
from student_model.log import Log
from student_model.tracing import Context
from student_model.tracing._item_vectors import item_vectors
from student_model.tracing._logistic_fit import Problem, mode
from student_model.tracing._recurrent import Weights
from student_model.tracing._recurrent_fit import Lesson, Trained, members
from student_model.tracing._recurrent_net import Shape
from student_model.tracing._statespace_fit import fitted as believed
from student_model.tracing._statespace_fit import settled
from student_model.tracing._texts import informed, meanings, told_of_items
from student_model.tracing.statespace import StateSpace
from student_model.tracing.wayline import Blend, Wayline, made

MEMBERS, FOLDS = 3, 5
"""Networks; parts of the learners for belief models fitted to the others."""

SHAPE = Shape(hidden=128, item=64)

ALONE = np.array([0.0, 1.0, 0.0])
"""Start, trust and gain before any data, which the blend is drawn to."""


def fitted(log: Log, seed: int, context: Context) -> Wayline:
    """The model at its best on a log."""
    context.tell("fitting the belief model")
    told = told_of_items(log.vocabulary, context)
    belief = informed(believed(log, context.graph), told, context)
    rows = belief.difficulty[log.item]
    centre, scale = float(rows.mean()), float(rows.std()) + 1e-3
    context.tell("fitting it to others of each learner")
    base, difficulty = out_of_fold(log, belief, seed, context)
    features = np.concatenate((item_vectors(log), meanings(told, len(belief.difficulty))), axis=1)
    lesson = Lesson(log, features, (difficulty - centre) / scale, base, own_items=False, shape=SHAPE)
    trained = members(lesson, MEMBERS, seed, context, "network")
    weights = [one.net.weights() for one in trained] or [Weights.none(log.vocabulary, features)]
    start, trust, gain = blended(log, base, trained)
    return made(belief, Weights.joined(weights), features, Blend(start, trust, gain, centre, scale))


def out_of_fold(log: Log, belief: StateSpace, seed: int, context: Context) -> tuple[FloatArray, FloatArray]:
    """Of each row the logit of a belief model that was fitted to other learners, and its item's difficulty, (N,)."""
    learners = len(log.learners)
    base, difficulty = np.zeros(len(log)), np.zeros(len(log))
    fold = np.random.default_rng(seed).permutation(learners) % FOLDS
    for k in range(min(FOLDS, learners)):
        model = settled(log.only_learners(fold != k), context.graph, belief.law) if learners > 1 else belief
        own = fold[log.learner] == k
        base[own] = model.logits_of(log.only_learners(fold == k))
        difficulty[own] = model.difficulty[log.item[own]]
    return base, difficulty


def blended(log: Log, base: FloatArray, trained: list[Trained]) -> tuple[float, float, float]:
    """Start, trust and gain at their mode on the rows of the learners who judged the networks."""
    if not trained:
        return 0.0, 1.0, 0.0
    rows = np.any([one.judges for one in trained], axis=0)
    score = np.sum([one.scores for one in trained], axis=0)[rows]
    columns = np.stack((np.ones(len(score)), base[rows], score), axis=1)
    values = _mode(columns, log, rows)
    if values[2] < 0.0:
        values = np.append(_mode(columns[:, :2], log, rows), 0.0)
    return float(values[0]), float(values[1]), float(values[2])


def _mode(columns: FloatArray, log: Log, rows: FloatArray) -> FloatArray:
    wide = columns.shape[1]
    problem = Problem(csr_matrix(columns), ALONE[:wide], np.full(wide, 10.0))
    return mode(problem, log.outcome[rows], log.weights[rows])[0]

"""Fitting the predictor: two simpler models, networks on what they leave unexplained, and the blend of all.

Networks are trained on logits of models that were fitted to *other* learners; on its own learners a model looks better
than it is, and networks would trust it too much. Each network has learners of its own that judge it, and
their rows together fit the blend.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_matrix

from knowledge_graph.vocabulary import BoolArray, FloatArray
from student_model.evaluation import log_loss
from student_model.log import Log
from student_model.steps import steps
from student_model.tracing import Context
from student_model.tracing._cold_fit import read_into
from student_model.tracing._irt_fit import fitted as constant_ability
from student_model.tracing._item_vectors import item_vectors
from student_model.tracing._logistic_fit import Problem, mode
from student_model.tracing._practice import logistic_of
from student_model.tracing._recurrent import Weights
from student_model.tracing._recurrent_fit import FEWEST, Lesson, Trained, members
from student_model.tracing._recurrent_net import Shape
from student_model.tracing._statespace_fit import fitted as believed
from student_model.tracing._statespace_fit import settled
from student_model.tracing._texts import meanings, told_of_items
from student_model.tracing.irt import Irt
from student_model.tracing.statespace import ITEM_PULL, StateSpace
from student_model.tracing.wayline import Blend, Wayline, made

MEMBERS, FOLDS = 3, 5
"""Networks; parts of the learners for belief models fitted to the others."""

WORTH = 3e-4
"""Nats a response by which the first network must help; on assistments2009 it does by .009, on DBE-KT22 by .0001."""

SHAPE = Shape(hidden=128, item=64, dropout=0.6, batch=16, traces=True)

ALONE = np.array([0.0, 1.0, 0.0])
"""Of a sum of logits the start and the weights of the first and the second before any data: the first stands alone."""


def fitted(log: Log, seed: int, context: Context) -> Wayline:
    """The model at its best on a log."""
    context.tell("fitting the belief model")
    told = told_of_items(log.vocabulary, context)
    with steps(context, "belief") as step:
        belief = believed(log, context.graph, step=step)
    context.tell(belief.drift.in_words())
    belief = read_into(belief, told, context)
    rows = belief.difficulty[log.item]
    centre, scale = float(rows.mean()), float(rows.std()) + 1e-3
    context.tell("fitting it to others of each learner")
    apart, constant, difficulty = out_of_fold(log, belief, seed, context)
    weight = joined(log, apart, constant)
    base = weight[0] + weight[1] * apart + weight[2] * constant
    vectors = item_vectors(log, by_id=belief.drift.shared > 0.0)
    features = np.concatenate((vectors, meanings(told, len(belief.difficulty))), axis=1)
    lesson = Lesson(log, features, (difficulty - centre) / scale, base, own_items=False, shape=SHAPE)
    trained = members(lesson, MEMBERS, seed, context, "network", lambda one: helps(log, base, one))
    weights = [one.net.weights() for one in trained] or [Weights.none(log.vocabulary, features)]
    blend = Blend(*weight, *blended(log, base, trained), centre, scale)
    return made(belief, steadied(log, belief), Weights.joined(weights), features, blend)


def out_of_fold(log: Log, belief: StateSpace, seed: int, context: Context) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Of each row the logits of a belief model and of item response theory that were fitted to other learners, and its
    item's difficulty in the former, each (N,).
    """
    learners = len(log.learners)
    base, constant, difficulty = np.zeros(len(log)), np.zeros(len(log)), np.zeros(len(log))
    fold = np.random.default_rng(seed).permutation(learners) % FOLDS
    for k in range(min(FOLDS, learners)):
        others = log.only_learners(fold != k) if learners > 1 else log
        model = settled(others, context.graph, belief.law) if learners > 1 else belief
        own, mine = fold[log.learner] == k, log.only_learners(fold == k)
        base[own] = model.logits_of(mine)
        odds = steadied(others, model).predict_log(mine)
        constant[own] = np.log(odds / (1.0 - odds))
        difficulty[own] = model.difficulty[log.item[own]]
    return base, constant, difficulty


def steadied(log: Log, belief: StateSpace) -> Irt:
    """Item response theory whose items texts and ids move as far as they move the belief model's."""
    model, (estimate, information) = constant_ability(log), belief.estimates()
    usual = belief.vocabulary.mean_over_concepts(belief.concept_difficulty, belief.base)
    untold = usual + information / (information + ITEM_PULL) * (estimate - usual)
    return replace(model, ease=model.ease + untold - belief.difficulty)


def joined(log: Log, base: FloatArray, constant: FloatArray) -> tuple[float, float, float]:
    """What both logits (N,) are joined by, at its mode; of too few learners the former stands alone."""
    if len(log.learners) < FEWEST:
        return 0.0, 1.0, 0.0
    return _weighed(log, base, constant, np.ones(len(log), dtype=np.bool_))


def helps(log: Log, base: FloatArray, one: Trained) -> bool:
    """Whether a network, blended in, lowers the loss of its judges by enough to be worth others like it."""
    rows = one.judges
    columns = np.stack((np.ones(len(log)), base, one.scores), axis=1)[rows]
    losses = []
    for used in ([0, 1], [0, 1, 2]):
        odds = logistic_of(columns @ _mode(columns, used, log, rows))
        losses.append(log_loss(odds, log.outcome[rows], log.weights[rows]))
    return losses[0] - losses[1] > WORTH


def blended(log: Log, base: FloatArray, trained: list[Trained]) -> tuple[float, float, float]:
    """Start, trust and gain at their mode on the rows of the learners who judged the networks."""
    if not trained:
        return 0.0, 1.0, 0.0
    rows = np.any([one.judges for one in trained], axis=0)
    return _weighed(log, base, np.sum([one.scores for one in trained], axis=0), rows)


def _weighed(log: Log, first: FloatArray, second: FloatArray, rows: BoolArray) -> tuple[float, float, float]:
    """Start and weights of two columns at these rows. What only helps turned around is left out: chance, not law."""
    columns = np.stack((np.ones(len(log)), first, second), axis=1)[rows]
    used = [0, 1, 2]
    values = _mode(columns, used, log, rows)
    while (values[1:] < 0.0).any():
        used.remove(int(np.argmin(np.where(np.arange(3) > 0, values, np.inf))))
        values = _mode(columns, used, log, rows)
    return float(values[0]), float(values[1]), float(values[2])


def _mode(columns: FloatArray, used: list[int], log: Log, rows: BoolArray) -> FloatArray:
    """The weights (3,) of these columns at the mode, 0 for those that are not `used`."""
    values, pull = np.zeros(3), np.full(len(used), 10.0)
    problem = Problem(csr_matrix(columns[:, used]), ALONE[used], pull)
    values[used] = mode(problem, log.outcome[rows], log.weights[rows])[0]
    return values

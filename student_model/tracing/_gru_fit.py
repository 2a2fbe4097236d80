"""Training deep knowledge tracing: one network whose items have vectors of their own, drawn at first."""

from __future__ import annotations

import numpy as np

from student_model.log import Log
from student_model.tracing import Context
from student_model.tracing._recurrent_fit import Lesson, members
from student_model.tracing._recurrent_net import Net, Shape
from student_model.tracing.gru import Gru, network_of, untrained

WIDTH, SPREAD = 64, 0.02
"""Numbers a vector of an item, and how they are spread at first. Most are dropped in training: with few responses to an
item its own vector overfits within an epoch."""

SHAPE = Shape(hidden=128, item=64, dropout=0.5, feature_dropout=0.9)


def fitted(log: Log, seed: int, context: Context) -> Gru:
    """The tracer at its best on learners it was not trained on."""
    lesson, base = lesson_of(log, seed, SHAPE, Net)
    trained = members(lesson, 1, seed, context, "gru")
    if not trained:
        return untrained(log.vocabulary, base)
    net = trained[0].net
    return Gru(network_of(net.weights(), log.vocabulary, net.own_features()), base)


def lesson_of(log: Log, seed: int, shape: Shape, kind: type[Net]) -> tuple[Lesson, float]:
    """A lesson whose items' vectors are learned with the rest, and the logit of the share of right answers."""
    rng, count = np.random.default_rng(seed), float(log.weights.sum())
    features = rng.normal(0.0, SPREAD, (len(log.vocabulary.items), WIDTH)).astype(np.float32)
    share = (float(log.weights @ log.outcome) + 1.0) / (count + 2.0)
    base = float(np.log(share / (1.0 - share)))
    hard = np.zeros(len(log))
    return Lesson(log, features, hard, np.full(len(log), base), own_items=True, shape=shape, kind=kind), base

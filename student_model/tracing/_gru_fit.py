"""Training deep knowledge tracing: one network whose items have vectors of their own, drawn at first."""

from __future__ import annotations

import numpy as np

from student_model.log import Log
from student_model.tracing import Context
from student_model.tracing._recurrent import Weights
from student_model.tracing._recurrent_fit import Lesson, members
from student_model.tracing._recurrent_net import Shape
from student_model.tracing.gru import Gru, network_of

WIDTH, SPREAD = 64, 0.3
"""Numbers a vector of an item, and how they are spread at first."""

SHAPE = Shape(hidden=128, item=64, dropout=0.4, feature_dropout=0.2)


def fitted(log: Log, seed: int, context: Context) -> Gru:
    """The tracer at its best on learners it was not trained on."""
    rng, count = np.random.default_rng(seed), float(log.weights.sum())
    features = rng.normal(0.0, SPREAD, (len(log.vocabulary.items), WIDTH)).astype(np.float32)
    share = (float(log.weights @ log.outcome) + 1.0) / (count + 2.0)
    base = float(np.log(share / (1.0 - share)))
    lesson = Lesson(log, features, np.zeros(len(log)), np.full(len(log), base), own_items=True, shape=SHAPE)
    trained = members(lesson, 1, seed, context, "gru")
    weights = trained[0].weights if trained else Weights.none(log.vocabulary, features)
    return Gru(network_of(weights, log.vocabulary, trained[0].features if trained else features), base)

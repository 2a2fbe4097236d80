"""Training the attentive model: one network whose items have vectors of their own, drawn at first."""

from __future__ import annotations

import numpy as np

from student_model.log import Log
from student_model.tracing import Context
from student_model.tracing._attention_net import AttentiveNet
from student_model.tracing._gru_fit import lesson_of
from student_model.tracing._recurrent_fit import members
from student_model.tracing._recurrent_net import Shape
from student_model.tracing.attentive import Attentive, untrained
from student_model.tracing.gru import network_of

SHAPE = Shape(hidden=128, item=64, dropout=0.5, feature_dropout=0.9)


def fitted(log: Log, seed: int, context: Context) -> Attentive:
    """The tracer at its best on learners it was not trained on."""
    lesson, base = lesson_of(log, seed, SHAPE, AttentiveNet)
    trained = members(lesson, 1, seed, context, "attentive")
    if not trained:
        return untrained(log.vocabulary, base)
    net = trained[0].net
    assert isinstance(net, AttentiveNet)
    features = np.asarray(net.own_features())
    return Attentive(network_of(net.weights(), log.vocabulary, features), base, net.heads())

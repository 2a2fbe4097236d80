"""Item mean: counts and pulls worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import Vocabulary
from student_model.log import Log
from student_model.tracing.mean import fit
from student_model.types import LearnerId, Response, ResponseId

A, B = ConceptId("a"), ConceptId("b")
WORDS = Vocabulary.build([A, B], {ItemId("x"): [A], ItemId("y"): [A], ItemId("z"): [B]})


def log() -> Log:
    """Item x: 3 of 4 right; y: 0 of 2; z never."""
    item = np.array([0, 0, 0, 0, 1, 1], dtype=np.int32)
    return Log.from_unordered(WORDS, [LearnerId("l")] * 6, item, np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0]))


def test_shares_worked_out_by_hand() -> None:
    tracer = fit(log())
    # all: (3 + 1) / (6 + 2) = .5; concept a: (3 + 20 * .5) / (6 + 20) = .5; b: .5
    assert tracer.share == 0.5
    assert tracer.concept_share.tolist() == [0.5, 0.5]
    # x: (3 + 8 * .5) / 12 = .583333; y: (0 + 4) / 10 = .4; z: .5
    assert tracer.item_share == pytest.approx([0.5833333, 0.4, 0.5])
    assert tracer.predict_log(log())[:5] == pytest.approx([0.5833333] * 4 + [0.4])


def test_beliefs_are_the_learners_own_shares() -> None:
    tracer = fit(log())
    state = tracer.initial()
    for n, correct in enumerate([True, True, False]):
        one = Response(response_id=ResponseId(str(n)), learner_id=LearnerId("m"), item_id=ItemId("y"), correct=correct)
        state = tracer.update(state, one)
    # two right of three with a pull worth two at .5: (2 + 2 * .5) / (3 + 2) = .6
    assert tracer.beliefs(state, None).probability == pytest.approx([0.6, 0.5])
    assert tracer.predict(state, None, None).tolist() == tracer.item_share.tolist()


def test_unseen_items_have_wider_intervals() -> None:
    tracer = fit(log())
    low, high = tracer.predict_interval(tracer.initial(), None, None)
    assert high[2] - low[2] > high[0] - low[0]

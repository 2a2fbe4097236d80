"""What all models share: counting practice, weighing grades, carrying values over, intervals of shares."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import Vocabulary
from student_model.forgetting import DAY
from student_model.tracing import Parameters
from student_model.tracing._practice import (
    Ledger,
    Practice,
    carried,
    practised,
    setting,
    tally,
    wilson,
)
from student_model.types import LearnerId, Response, ResponseId

A, B = ConceptId("a"), ConceptId("b")
WORDS = Vocabulary.build([A, B], {ItemId("x"): [B, A], ItemId("bare"): []})
PRIORS = np.array([0.2, 0.4])


def response(item: str, *concepts: str, score: float | None = None, sure: float | None = None) -> Response:
    return Response(
        response_id=ResponseId("r"),
        learner_id=LearnerId("l"),
        item_id=ItemId(item),
        concept_ids=tuple(map(ConceptId, concepts)),
        correct=True,
        score=score,
        score_confidence=sure,
    )


def test_the_graph_says_what_a_known_item_practises_and_the_log_what_another_does() -> None:
    assert practised(WORDS, response("x", "a")).tolist() == [1, 0]
    assert practised(WORDS, response("bare", "a")).tolist() == []
    assert practised(WORDS, response("new", "b", "nowhere", "b")).tolist() == [1]
    assert practised(WORDS, response("new")).tolist() == []


def test_only_a_grade_is_weighed_by_its_confidence() -> None:
    assert response("x", score=1.0, sure=0.3).weight == 0.3
    assert response("x", score=1.0).weight == 1.0
    assert response("x", sure=0.3).weight == 1.0
    assert response("x", score=1.0, sure=7.0).weight == 1.0


def test_a_judged_response_counts_and_keeps_the_time() -> None:
    one = np.array([1], dtype=np.int32)
    fresh = Practice.fresh(PRIORS)
    judged = fresh.judged(one, [0.7], 0.5, 100.0)
    assert (judged.level.tolist(), judged.successes.tolist()) == ([0.2, 0.7], [0.0, 0.5])
    assert judged.evidence.tolist() == [0, 1]
    assert judged.last_seconds[1] == 100.0
    assert judged.judged(one, [0.8], 1.0, math.nan).last_seconds[1] == 100.0
    assert math.isnan(fresh.last_seconds[1])


def test_states_cannot_be_written_to() -> None:
    for practice in (Practice.fresh(PRIORS), *Ledger.blank(2, PRIORS).practices()):
        judged = practice.judged(np.array([0], dtype=np.int32), [0.5], 1.0, 1.0)
        for array in (practice.level, practice.last_seconds, judged.level, judged.successes, judged.evidence):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1


def test_levels_fade_towards_their_priors() -> None:
    one = np.array([1], dtype=np.int32)
    practice = Practice.fresh(PRIORS).judged(one, [0.8], 0.0, 0.0)
    # no success: half of .8 - .4 is left after seven days
    assert practice.levels_of(one, PRIORS, 7 * DAY, 7.0) == pytest.approx([0.6])
    levels, kept = practice.levels(PRIORS, 7 * DAY, 7.0)
    assert (levels.tolist(), kept.tolist()) == (pytest.approx([0.2, 0.6]), pytest.approx([1.0, 0.5]))
    assert practice.levels(PRIORS, math.nan, 7.0)[0].tolist() == [0.2, 0.8]


def test_a_ledger_counts_as_a_practice_does() -> None:
    ledger = Ledger.blank(2, PRIORS)
    tally(ledger, 1, 0, 0.5, 10.0)
    tally(ledger, 1, 0, 1.0, math.nan)
    first, second = ledger.practices()
    assert first.evidence.tolist() == [0, 0]
    assert (second.successes[0], second.evidence[0], second.last_seconds[0]) == (1.5, 2, 10.0)


def test_values_are_carried_by_id() -> None:
    values = np.array([[1.0, 2.0], [3.0, 4.0]])
    moved = carried(["a", "b"], values, ["b", "new", "a"], np.array([[7.0], [8.0]]))
    assert moved.tolist() == [[2.0, 7.0, 1.0], [4.0, 8.0, 3.0]]
    assert carried([], np.zeros(0), ["a"], 5.0).tolist() == [5.0]


def test_settings_must_be_numbers() -> None:
    parameters = Parameters("bkt", WORDS, {}, {"rate": 1, "name": "x"})
    assert setting(parameters, "rate") == 1.0
    for name in ("name", "missing"):
        with pytest.raises(ValueError, match=f"'{name}' of a bkt must be a number"):
            setting(parameters, name)


def test_wilsons_interval_worked_out_by_hand() -> None:
    # share .8 of 10, z = 1.644854: z2/n = .2705543; centre (.8 + .1352772) / 1.2705543 = .7361175
    # spread sqrt(.2705543 (.16 + .0676386)) / 1.2705543 = .1953246
    low, high = wilson(np.array([0.8]), np.array([10.0]))
    assert (low[0], high[0]) == pytest.approx((0.5407929, 0.9314421), abs=1e-6)


@given(share=st.floats(0.0, 1.0), trials=st.floats(0.5, 1e6))
def test_wilsons_interval_contains_the_share(share: float, trials: float) -> None:
    low, high = wilson(np.array([share]), np.array([trials]))
    assert 0.0 <= low[0] <= share <= high[0] <= 1.0

"""The belief model before any data: a course that is new to its learners, in the expert's edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from courses import answer, course, empty_log

from knowledge_graph.types import ConceptId, ItemId, Thresholds
from knowledge_graph.vocabulary import Vocabulary
from student_model.tracing import Context
from student_model.tracing._drift import NONE
from student_model.tracing._statespace_prior import NEW, blank, expert, unfitted
from student_model.tracing.statespace import LAW, fit

GRAPH = course([("a", "b", 1.0), ("b", "c", 0.5)], encompassings=[("c", "a", 0.4)])
WORDS = GRAPH.vocabulary


def test_a_course_is_taken_to_be_new_to_its_learners() -> None:
    model = unfitted(WORDS, None)
    beliefs = model.beliefs(model.initial(), None)
    # the usual learner's odds at a difficulty of 1.4: 1 / (1 + e^1.4) = .1978
    assert beliefs.probability == pytest.approx([0.1978] * 3, abs=1e-4)
    # ability varies by .6 and an offset by .3: 1.03 * 1.6449 * sqrt(.9) = 1.6073 logits to each side
    assert beliefs.low == pytest.approx([1 / (1 + math.exp(1.4 + 1.6073))] * 3, abs=1e-4)
    assert beliefs.high == pytest.approx([1 / (1 + math.exp(1.4 - 1.6073))] * 3, abs=1e-4)
    odds = model.predict(model.initial(), None, None)
    assert ((odds > 0.1978) & (odds < 0.3)).all(), "a mean over learners, which lies nearer to one half"


def test_some_right_answers_in_a_row_are_enough_to_go_on_and_one_is_not() -> None:
    model = unfitted(WORDS, GRAPH)
    state, seen = model.initial(), []
    for number in range(4):
        state = model.update(state, answer(f"a-{number}", True))
        seen.append(float(model.beliefs(state, None).probability[0]))
    assert seen == sorted(seen)
    assert seen[0] < Thresholds().review and seen[3] >= Thresholds().known


def test_one_right_and_one_wrong_answer_leave_more_than_there_was() -> None:
    model = unfitted(WORDS, GRAPH)
    both = model.update(model.update(model.initial(), answer("a-0", True)), answer("a-1", False))
    assert model.beliefs(both, None).probability[0] > model.beliefs(model.initial(), None).probability[0]


def test_all_items_and_concepts_are_alike() -> None:
    model = blank(WORDS, LAW, None, 0.7)
    items, concepts = len(WORDS.items), len(WORDS.concepts)
    assert model.law == LAW
    for name in ("difficulty", "expected_difficulty"):
        assert getattr(model, name).tolist() == [0.7] * items
    for name in ("difficulty_variance", "expected_variance"):
        assert getattr(model, name).tolist() == [NONE.own] * items
    assert (model.slope.tolist(), model.drifted.tolist()) == ([1.0] * items, [0.0] * items)
    assert (model.concept_slope.tolist(), model.concept_difficulty.tolist()) == ([1.0] * concepts, [0.7] * concepts)
    assert model.estimates()[1].tolist() == [0.0] * items, "no response has told anything"


def test_what_comes_later_is_new_as_well() -> None:
    wider = WORDS.extended({ItemId("n"): [ConceptId("new")], ItemId("bare"): []})
    bound = unfitted(WORDS, GRAPH).bind(wider)
    assert bound.difficulty.tolist() == [NEW] * len(wider.items)
    assert bound.concept_difficulty.tolist() == [NEW] * len(wider.concepts)


def test_an_empty_log_gives_the_same() -> None:
    fitted, model = fit(empty_log(WORDS), context=Context(GRAPH)), unfitted(WORDS, GRAPH)
    assert fitted.law == model.law
    for name, array in model.parameters().arrays.items():
        assert np.array_equal(array, fitted.parameters().arrays[name])


def test_edges_are_found_by_id_in_another_vocabulary() -> None:
    other = Vocabulary.build([ConceptId(one) for one in ("new", "c", "b", "a")], {})
    net = expert(other, LAW._replace(coupling=0.3, credit=0.5), GRAPH)
    assert (net.coupling.source.tolist(), net.coupling.target.tolist()) == ([3, 2], [2, 1])
    assert net.coupling.strength == pytest.approx([0.3, 0.15])
    assert (net.credit.source.tolist(), net.credit.target.tolist()) == ([1], [3])
    assert net.credit.strength == pytest.approx([0.2])
    without = expert(other, LAW, None)
    assert len(without.coupling.source) == len(without.credit.source) == 0

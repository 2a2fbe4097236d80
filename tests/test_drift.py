"""What neighbouring ids tell of an item: within bounds, of items nobody answered, and of those that come later."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import FloatArray, Vocabulary, natural_order
from student_model.evaluation import log_loss
from student_model.log import Log
from student_model.tracing._drift import NONE, Drift, between
from student_model.tracing._statespace_fit import fitted
from student_model.tracing.statespace import StateSpace, fit
from student_model.types import LearnerId

NEAR = Drift(own=0.3, shared=0.5, reach=5.0)


@given(st.lists(st.text("ab019", min_size=1, max_size=4), min_size=1, max_size=9, unique=True), st.data())
def test_an_id_lies_between_its_neighbours(ids: list[str], data: st.DataObject) -> None:
    known = data.draw(st.lists(st.sampled_from(ids), unique=True))
    drift = np.array(data.draw(st.lists(st.floats(-3.0, 3.0), min_size=len(known), max_size=len(known))))
    told = dict(zip(ids, between(known, drift, NEAR, ids).tolist(), strict=True))
    for one, value in zip(known, drift.tolist(), strict=True):
        assert told[one] == value
    line = [ids[n] for n in natural_order(ids)]
    for n, one in enumerate(line):
        if one not in known:
            left = next((told[each] for each in reversed(line[:n]) if each in known), 0.0)
            right = next((told[each] for each in line[n:] if each in known), 0.0)
            assert min(left, right, 0.0) - 1e-9 <= told[one] <= max(left, right, 0.0) + 1e-9


def test_a_bridge_is_the_conditional_expectation() -> None:
    """Of q3 between q1 and q4, which are two and one places away."""
    place = np.array([0.0, 3.0])
    inner = np.exp(-np.abs(place[:, None] - place) / 5.0)
    weights = np.linalg.solve(inner, np.exp(-np.abs(place - 2.0) / 5.0))
    told = between(["q1", "q4"], np.array([1.0, -0.5]), NEAR, ["q2", "q3", "q1", "q4"])
    assert told[1] == pytest.approx(weights @ [1.0, -0.5])


def test_without_a_drift_only_known_ids_have_anything() -> None:
    assert between(["q1"], np.array([[1.0, 2.0]]), NONE, ["q2", "q1"]).tolist() == [[0.0, 0.0], [1.0, 2.0]]


def written(seed: int) -> tuple[Log, FloatArray]:
    """200 items of one concept, written in blocks of ten that are as hard as each other; the last five of each block
    are new, and their true difficulties.
    """
    rng = np.random.default_rng(seed)
    difficulty = np.repeat(rng.normal(0.0, 1.5, 20), 10)
    concept = ConceptId("c")
    words = Vocabulary.build([concept], {ItemId(f"q{n}"): [concept] for n in range(200)})
    item = rng.choice(np.flatnonzero(np.arange(200) % 10 < 5), size=(200, 30)).astype(np.int32)
    logit = rng.normal(size=(200, 1)) - difficulty[item]
    outcome = (rng.random(item.shape) < 1.0 / (1.0 + np.exp(-logit))).astype(np.float64)
    names = [LearnerId(f"l{n}") for n in range(200) for _ in range(30)]
    return Log.from_unordered(words, names, item.ravel(), outcome.ravel()), difficulty


def test_items_never_answered_are_as_hard_as_those_next_to_them() -> None:
    log, difficulty = written(0)
    model = fitted(log)
    new = np.arange(200) % 10 >= 5
    assert np.corrcoef(model.difficulty[new], difficulty[new])[0, 1] > 0.75
    estimate, information = model.estimates()
    assert information[new].max() < 1e-9
    again = (information * estimate + model.expected_difficulty / model.expected_variance) * model.difficulty_variance
    assert model.difficulty == pytest.approx(again)


def fitted_to_old(log: Log) -> StateSpace:
    """The belief model of a vocabulary without the new items."""
    old = np.flatnonzero(np.arange(200) % 10 < 5)
    words = Vocabulary.build([ConceptId("c")], {log.vocabulary.items[n]: [ConceptId("c")] for n in old})
    place = np.searchsorted(old, log.item).astype(np.int32)
    names = [log.learners[n] for n in log.learner.tolist()]
    return fit(Log.from_unordered(words, names, place, log.outcome))


def test_items_that_come_after_the_fit_are_as_hard_as_those_next_to_them() -> None:
    log, difficulty = written(0)
    model = fitted_to_old(log).bind(log.vocabulary)
    state = model.initial()
    odds = model.predict(state, None, None)
    new = np.arange(200) % 10 >= 5
    assert np.corrcoef(odds[new], -difficulty[new])[0, 1] > 0.75
    asked = np.repeat(1.0 / (1.0 + np.exp(difficulty[new])), 2)
    outcome = np.tile([1.0, 0.0], new.sum())
    weight = np.where(outcome > 0.5, asked, 1.0 - asked)
    blind = np.full(len(asked), float(np.average(outcome, weights=weight)))
    assert log_loss(np.repeat(odds[new], 2), outcome, weight) < log_loss(blind, outcome, weight) - 0.03


def test_a_new_item_between_known_ones_is_surer_than_one_far_away() -> None:
    log, _ = written(0)
    model = fitted_to_old(log)
    far = [ItemId(f"q{n}") for n in range(10_000, 10_400)]
    late = model.bind(log.vocabulary.extended({one: [ConceptId("c")] for one in far}))
    usual = model.drift.own + model.drift.shared
    between_known = (np.arange(200) % 10 >= 5) & (np.arange(200) < 190)
    assert late.difficulty_variance[:200][between_known].mean() < 0.6 * usual
    assert late.difficulty_variance[-1] == pytest.approx(usual, rel=0.01)
    assert late.difficulty[-1] == pytest.approx(late.concept_difficulty[0], abs=0.01)

"""Models that are a network alone: of few learners the share of right answers, and single steps as in whole logs."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from networks import TAGS, lived, wild, words

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import Vocabulary
from student_model.log import Log
from student_model.tracing import datetime_from, load
from student_model.tracing._attention import WINDOW, Heads
from student_model.tracing._attention import slopes as slopes_of_heads
from student_model.tracing._gru_fit import SHAPE, lesson_of
from student_model.tracing._neural import Neural
from student_model.tracing._recurrent_net import Net
from student_model.tracing.attentive import Attentive
from student_model.tracing.gru import Gru, network_of
from student_model.types import LearnerId, Response, ResponseId

WORDS = words()
Z90 = 1.6448536269514722
NEURAL = ["gru", "attentive"]


def tracer(name: str) -> Neural:
    """A model whose every weight counts; a state of four numbers, one a head."""
    rng = np.random.default_rng(0)
    network = network_of(wild(members=1, hidden=4), WORDS, rng.normal(size=(len(TAGS), 4)))
    if name == "gru":
        return Gru(network, 0.4)
    wide = network.weights.inputs.shape[1]
    shapes = (wide, 4), (wide, 8), (wide, 4), (4, 4), (4,)
    return Attentive(network, 0.4, Heads(*(rng.normal(0.0, 0.5, shape).astype(np.float32) for shape in shapes)))


def response(item: str = "one", at: float | None = None, **more: Any) -> Response:
    given = {"correct": True, "at": None if at is None else datetime_from(at), **more}
    return Response(response_id=ResponseId("r"), learner_id=LearnerId("l"), item_id=ItemId(item), **given)


def responses_of(log: Log, learner: int) -> list[Response]:
    """The responses of which these rows are; a share of full marks counts as surely as its weight."""
    return [
        response(
            log.vocabulary.items[log.item[n]],
            None if math.isnan(log.seconds[n]) else float(log.seconds[n]),
            score=float(log.outcome[n]),
            score_confidence=float(log.weights[n]),
            elapsed_seconds=None if math.isnan(log.elapsed_seconds[n]) else float(log.elapsed_seconds[n]),
        )
        for n in np.flatnonzero(log.learner == learner).tolist()
    ]


@pytest.mark.parametrize("name", NEURAL)
def test_single_steps_are_those_of_whole_logs_with_times_and_weights(name: str) -> None:
    log, model = lived(WORDS, [30, 0, 1, WINDOW + 20]), tracer(name)
    odds, states = iter(model.predict_log(log).tolist()), model.fold(log)
    for learner, folded in enumerate(states):
        state = model.initial()
        for one in responses_of(log, learner):
            place = np.array([WORDS.item_index[one.item_id]], dtype=np.int32)
            assert model.predict(state, place, one.at)[0] == pytest.approx(next(odds), abs=1e-5)
            state = model.update(state, one)
        assert state.hidden.tobytes() == folded.hidden.tobytes() and state.kept.tobytes() == folded.kept.tobytes()
        assert state.responses == folded.responses == (log.learner == learner).sum()
        assert np.array_equal(state.last, folded.last, equal_nan=True)
        for field in ("successes", "evidence", "last_seconds"):
            one, other = getattr(state.practice, field), getattr(folded.practice, field)
            assert one == pytest.approx(other, nan_ok=True)
    assert model.predict_log(log).std() > 0.05


@pytest.mark.parametrize("name", NEURAL)
def test_of_few_learners_all_odds_are_the_share_of_right_answers(name: str) -> None:
    """(1 + weighted right answers) / (2 + weights): (1 + 1 + .5 * .5) / (2 + 1 + 1 + .5) = .5."""
    who, item = [LearnerId(one) for one in "aab"], np.array([0, 1, 4], dtype=np.int32)
    log = Log.from_unordered(WORDS, who, item, np.array([1.0, 0.0, 0.5]), weight=np.array([1.0, 1.0, 0.5]))
    model = load(name).fit(log)
    assert model.predict(model.initial(), None, None) == pytest.approx(np.full(5, 0.5))
    heavier = load(name).fit(replace(log, weight=np.array([3.0, 1.0, 0.0])))
    assert heavier.predict_log(log) == pytest.approx(np.full(3, (1 + 3) / (2 + 4)))
    assert heavier.beliefs(heavier.initial(), None).probability == pytest.approx(np.full(3, 4 / 6))


def test_a_network_of_its_own_items_begins_with_small_vectors_and_no_difficulties() -> None:
    log = lived(WORDS, [200, 100])
    lesson, base = lesson_of(log, 3, SHAPE, Net)
    share = (log.weights @ log.outcome + 1.0) / (log.weights.sum() + 2.0)
    assert base == pytest.approx(math.log(share / (1.0 - share)))
    assert lesson.base.tolist() == [base] * 300 and not lesson.difficulty.any() and lesson.own_items
    assert lesson.features.shape == (len(TAGS), 64) and lesson.features.std() == pytest.approx(0.02, rel=0.2)
    assert np.array_equal(lesson_of(log, 3, SHAPE, Net)[0].features, lesson.features)
    assert not np.array_equal(lesson_of(log, 4, SHAPE, Net)[0].features, lesson.features)


@pytest.mark.parametrize("name", NEURAL)
def test_margins_shrink_with_responses_and_with_those_on_the_concept(name: str) -> None:
    """After one response to a, b: variances 1 / (1 + .2) in general, the same of a and b, and 1 of c."""
    model = tracer(name)
    state = model.update(model.initial(), response("two"))
    met, other = Z90 * math.sqrt(1 / 1.2 + 1 / 1.2), Z90 * math.sqrt(1 / 1.2 + 1.0)
    margin = [met, met, (met + met + other) / 3, other, other]  # an item without concepts is as unsure as any
    odds, (low, high) = model.predict(state, None, None), model.predict_interval(state, None, None)
    logits = [np.log(one / (1.0 - one)) for one in (odds, low, high)]
    assert logits[0] - logits[1] == pytest.approx(margin) and logits[2] - logits[0] == pytest.approx(margin)
    beliefs = model.beliefs(state, None)
    logit, below, above = (np.log(p / (1.0 - p)) for p in (beliefs.probability, beliefs.low, beliefs.high))
    assert logit - below == pytest.approx([met, met, other]) and above - logit == pytest.approx([met, met, other])
    assert logit == pytest.approx(0.4 + model.network.concept_scores(state.hidden))


def test_a_pause_is_counted_from_the_last_response_that_has_a_time() -> None:
    model = tracer("gru")
    state = model.update(model.update(model.initial(), response(at=1e9)), response("two"))
    assert state.last == 1e9 and state.responses == 2
    asked = [model.predict(state, None, datetime_from(1e9 + pause)) for pause in (10.0, 11.0, 1e5)]
    assert np.array_equal(asked[0], asked[1]) and not np.array_equal(asked[0], asked[2])  # of one bucket, of two
    untimed = model.predict(state, None, None)
    assert not np.array_equal(untimed, asked[0])


def test_every_response_was_expected_at_the_share_of_right_answers() -> None:
    """Such a network has no other odds to hear of: logit .4, whatever the item and the state."""
    model = tracer("gru")
    state = model.update(model.initial(), response("three"))
    after = model.update(state, response("two", correct=False))
    expected = 1.0 / (1.0 + math.exp(-0.4))
    step = model.network.step(state.hidden, 1, WORDS.concepts_of(1), -1.0, expected, 0, 0)
    assert after.hidden == pytest.approx(step, abs=1e-6)


@pytest.mark.parametrize("name", NEURAL)
def test_the_less_sure_a_grade_the_less_it_says_of_right_and_wrong(name: str) -> None:
    """Of no confidence at all a right and a wrong answer are the same to the network."""
    model = tracer(name)
    states = [
        model.update(model.initial(), response(score=score, score_confidence=sure))
        for sure in (0.0, 0.5, 1.0)
        for score in (0.0, 1.0)
    ]
    apart = [float(np.abs(states[n].hidden - states[n + 1].hidden).max()) for n in (0, 2, 4)]
    assert apart[0] == 0.0 < apart[1] < apart[2]
    assert [one.practice.successes[0] for one in states] == [0.0, 0.0, 0.0, 0.5, 0.0, 1.0]
    assert [int(one.practice.evidence[0]) for one in states] == [1] * 6


@pytest.mark.parametrize("name", NEURAL)
def test_new_items_have_their_concepts_alone_and_known_ones_stay(name: str) -> None:
    model = tracer(name)
    tags = {"new": "c", "three": "abc", "one": "a"}
    other = Vocabulary.build(
        [ConceptId(c) for c in "cba"], {ItemId(one): [ConceptId(c) for c in own] for one, own in tags.items()}
    )
    bound = model.bind(other)  # type: ignore[attr-defined]
    state, moved = model.initial(), bound.initial()
    for item in ("one", "three", "one"):
        state, moved = model.update(state, response(item)), bound.update(moved, response(item))
    mine, theirs = model.predict(state, None, None), bound.predict(moved, None, None)
    assert theirs[1:] == pytest.approx(mine[[2, 0]], abs=1e-6)
    assert theirs[0] == pytest.approx(bound.beliefs(moved, None).probability[0], abs=1e-6)
    assert theirs[0] == pytest.approx(model.beliefs(state, None).probability[2], abs=1e-6)


def test_attention_by_the_formula_in_plain_loops() -> None:
    """Each head of two numbers: softmax of q.k / sqrt(2) - slope * distance, over the last `WINDOW` alone."""
    rng, hidden, wide, count = np.random.default_rng(2), 8, 5, WINDOW + 40
    shapes = (wide, hidden), (wide, 2 * hidden), (wide, hidden), (hidden, hidden), (hidden,)
    heads = Heads(*(rng.normal(0.0, 0.5, shape).astype(np.float32) for shape in shapes))
    x = rng.normal(size=(count, wide)).astype(np.float32)
    found = heads.states(x)
    query, key, value = x @ heads.query, x @ heads.key_value[:, :hidden], x @ heads.key_value[:, hidden:]
    for t in (0, 1, 57, WINDOW - 1, WINDOW, count - 1):
        seen = np.zeros(hidden)
        for k, slope in enumerate(slopes_of_heads().tolist()):
            own, back = slice(2 * k, 2 * k + 2), range(max(0, t - WINDOW + 1), t + 1)
            fit = np.array([query[t, own] @ key[s, own] / math.sqrt(2.0) - slope * (t - s) for s in back])
            weight = np.exp(fit) / np.exp(fit).sum()
            seen[own] = sum(w * value[s, own].astype(float) for w, s in zip(weight, back, strict=True))
        assert found[t] == pytest.approx(np.tanh(x[t] @ heads.skip + heads.bias + seen @ heads.out), abs=1e-5)

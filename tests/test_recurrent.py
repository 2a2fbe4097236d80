"""Networks: what is trained in torch is what NumPy serves, row by row and all at once, whatever the items and times."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import FloatArray, Vocabulary
from student_model.log import Log
from student_model.replay import to_log
from student_model.tracing import _attention, load
from student_model.tracing._attention import WINDOW, Heads
from student_model.tracing._attention_net import AttentiveNet
from student_model.tracing._item_vectors import item_vectors
from student_model.tracing._practice import logistic_of
from student_model.tracing._recurrent import Network, Weights, scored
from student_model.tracing._recurrent_fit import _logits
from student_model.tracing._recurrent_net import Net, Rows, Shape
from student_model.tracing._sequences import Floats, bucket, sequences
from student_model.tracing._traces import of_rows
from student_model.tracing.attentive import Attentive
from student_model.tracing.gru import network_of
from student_model.types import LearnerId, Response, ResponseId

CONCEPTS = [ConceptId(name) for name in "abc"]
TAGS = {"one": "a", "two": "ab", "three": "abc", "other": "c", "bare": ""}
WORDS = Vocabulary.build(CONCEPTS, {ItemId(item): [ConceptId(c) for c in tags] for item, tags in TAGS.items()})
SHAPE, TRACED = Shape(hidden=8, item=4), Shape(hidden=8, item=4, traces=True)


def lived(lengths: list[int], seed: int = 0) -> Log:
    """Learners of these lengths; some responses have no time, some none spent, some count in part."""
    rng, rows = np.random.default_rng(seed), sum(lengths)
    seconds = np.where(rng.random(rows) < 0.8, np.cumsum(rng.exponential(5_000.0, rows)), np.nan)
    return Log.from_unordered(
        WORDS,
        [LearnerId(f"l{n}") for n, length in enumerate(lengths) for _ in range(length)],
        rng.integers(len(TAGS), size=rows).astype(np.int32),
        rng.integers(5, size=rows) / 4.0,
        seconds,
        rng.choice([1.0, 0.6], rows),
        np.where(rng.random(rows) < 0.7, rng.exponential(40.0, rows), np.nan),
    )


def wild(kind: type[Net], features: Floats, shape: Shape = SHAPE) -> Net:
    """A network none of whose weights is nought."""
    torch.manual_seed(3)
    net = kind(WORDS, features, shape, own_items=False)
    with torch.no_grad():
        for name, value in net.named_parameters():
            if name != "features":
                value.add_(0.3 * torch.randn_like(value))
    return net.eval()


def trained_logits(net: Net, log: Log, base: FloatArray, hard: FloatArray) -> FloatArray:
    """What torch says of each row."""
    given = sequences(log, logistic_of(base), WORDS)
    features = net.own_features()
    traces = of_rows(given, WORDS, features) if net.shape.traces else None
    rows = Rows.of(given, hard, base, log.outcome, log.weights, traces)
    everybody = np.arange(len(log.learners), dtype=np.int32)
    return _logits(net, rows, given.offsets, everybody, torch.device("cpu"))


@pytest.mark.parametrize("shape", [SHAPE, TRACED], ids=["alone", "traced"])
@pytest.mark.parametrize("lengths", [[1, 30, 7], [250, 3], [450]])
def test_numpy_serves_the_recurrent_network_that_torch_trains(lengths: list[int], shape: Shape) -> None:
    rng, log = np.random.default_rng(1), lived(lengths)
    features = rng.normal(size=(len(TAGS), 6)).astype(np.float32)
    hard, base = rng.normal(size=len(TAGS)), rng.normal(size=len(log))
    net = wild(Net, features, shape)
    network = Network(net.weights(), WORDS, features, hard.astype(np.float32))
    found = scored(network, sequences(log, logistic_of(base), WORDS))
    assert found == pytest.approx(trained_logits(net, log, base, hard[log.item]) - base, abs=1e-5)
    assert np.abs(found).max() > 0.1


@pytest.mark.parametrize("lengths", [[1, 30, 7], [250, 3], [2 * WINDOW + 50]])
def test_numpy_serves_the_attentive_network_that_torch_trains(lengths: list[int]) -> None:
    rng, log = np.random.default_rng(1), lived(lengths)
    features = rng.normal(size=(len(TAGS), 6)).astype(np.float32)
    net = wild(AttentiveNet, features)
    assert isinstance(net, AttentiveNet)
    tracer = Attentive(network_of(net.weights(), WORDS, features), 0.4, net.heads())
    base = np.full(len(log), 0.4)
    odds = tracer.predict_log(log)
    assert odds == pytest.approx(logistic_of(trained_logits(net, log, base, np.zeros(len(log)))), abs=1e-5)
    assert odds.std() > 0.02


def test_attention_step_by_step_is_attention_at_once_beyond_its_window() -> None:
    rng, hidden, wide = np.random.default_rng(0), 8, 5
    shapes = (wide, hidden), (wide, 2 * hidden), (wide, hidden), (hidden, hidden), (hidden,)
    heads = Heads(*(rng.normal(0.0, 0.5, shape).astype(np.float32) for shape in shapes))
    x = rng.normal(size=(2 * WINDOW + 30, wide)).astype(np.float32)
    kept, states = np.empty((0, 2 * hidden), dtype=np.float32), []
    for one in x:
        kept, state = heads.step(kept, one)
        states.append(state)
    assert len(kept) == WINDOW
    assert heads.states(x) == pytest.approx(np.array(states), abs=1e-5)


def test_far_responses_weigh_less_by_the_slope_worked_out_by_hand() -> None:
    """Keys of nought fit alike, so weights are powers of 2^-slope e-fold: only the distance decides."""
    zero, one = np.zeros((1, 4), dtype=np.float32), np.ones((1, 4), dtype=np.float32)
    heads = Heads(zero, np.concatenate((zero, one), axis=1), zero, np.eye(4, dtype=np.float32), zero[0])
    x = np.array([[1.0], [0.0]], dtype=np.float32)  # values 1, then 0
    weight = np.exp(-_attention.slopes()) / (1.0 + np.exp(-_attention.slopes()))
    assert heads.states(x)[0] == pytest.approx(np.tanh([1.0] * 4))
    assert heads.states(x)[1] == pytest.approx(np.tanh(weight), abs=1e-6)


@pytest.mark.parametrize("name", ["gru", "attentive", "wayline"])
def test_single_steps_say_what_whole_logs_do_with_times_and_time_spent(name: str) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    rng, items = np.random.default_rng(2), list(WORDS.items)
    done = [
        Response(
            response_id=ResponseId(f"{k:02}"),
            learner_id=LearnerId(f"l{n:02}"),
            item_id=items[int(rng.integers(len(items)))],
            at=start + timedelta(hours=int(k**2)),
            correct=bool(rng.random() < 0.3 + n / 60),
            elapsed_seconds=float(rng.exponential(30.0)) if rng.random() < 0.5 else None,
        )
        for n in range(30)
        for k in range(15)
    ]
    log = to_log(done, WORDS)
    tracer = load(name).fit(log, seed=0)
    odds = {learner: iter(tracer.predict_log(log)[log.learner == n]) for n, learner in enumerate(log.learners)}
    for learner in log.learners:
        state = tracer.initial()
        for one in sorted((one for one in done if one.learner_id == learner), key=lambda one: one.response_id):
            at = tracer.predict(state, np.array([WORDS.item_index[one.item_id]], np.int32), one.at)[0]
            assert at == pytest.approx(next(odds[learner]), abs=1e-5)
            state = tracer.update(state, one)


@settings(max_examples=50)
@given(st.floats(0.0, 1e12), st.floats(1.0, 8.0))
def test_longer_times_never_fall_into_a_lower_bucket(seconds: float, times: float) -> None:
    low, high = bucket(np.array([seconds, seconds * times]), 2.0, 14).tolist()
    assert 1 <= low <= high <= 13
    assert bucket(math.nan, 2.0, 14) == 0


def test_no_members_score_nothing_and_move_nowhere() -> None:
    features = np.zeros((len(TAGS), 0), dtype=np.float32)
    network = Network(Weights.none(WORDS, features), WORDS, features, np.zeros(len(TAGS), dtype=np.float32))
    given = sequences(lived([5, 9]), np.full(14, 0.5), WORDS)
    assert scored(network, given).tolist() == [0.0] * 14
    assert network.scores(network.weights.start, 0).tolist() == [0.0] * len(TAGS)
    assert [state.shape for state in network.fold(given)] == [(0, 1)] * 2


def test_items_practised_around_the_same_others_have_alike_vectors() -> None:
    """Two worlds of items that no learner mixes: neighbours are closer than strangers."""
    words = Vocabulary.build([CONCEPTS[0]], {ItemId(f"i{n}"): [CONCEPTS[0]] for n in range(12)})
    rng = np.random.default_rng(0)
    world = rng.integers(2, size=80)
    item = (np.repeat(world, 40) * 6 + rng.integers(6, size=3_200)).astype(np.int32)
    names = [LearnerId(f"l{n}") for n in range(80) for _ in range(40)]
    vectors = item_vectors(Log.from_unordered(words, names, item, np.ones(3_200)))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    likeness = unit @ unit.T
    same = (np.arange(12)[:, None] < 6) == (np.arange(12)[None] < 6)
    assert likeness[same & ~np.eye(12, dtype=bool)].mean() > 0.2
    assert np.abs(likeness[~same]).max() < 1e-6


@pytest.mark.parametrize("name", ["gru", "wayline"])
def test_learners_who_answered_nothing_are_no_hindrance_wherever_they_stand(name: str) -> None:
    some = lived([20] * 30)
    names = (LearnerId("first"), *some.learners, LearnerId("last"), LearnerId("very last"))
    log = replace(some, learners=names, learner=some.learner + np.int32(1))
    odds = load(name).fit(log, seed=0).predict_log(log)
    assert len(odds) == len(some) and np.isfinite(odds).all()

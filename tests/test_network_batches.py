"""What networks are trained on: batches hold every row once, losses are means by weight, dropout is for training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import TAGS, lived, words

from student_model.tracing._practice import logistic_of
from student_model.tracing._recurrent import Network, scored
from student_model.tracing._recurrent_net import Net, Rows, Shape, batches
from student_model.tracing._sequences import sequences

WORDS = words()
FEATURES = np.random.default_rng(0).normal(size=(len(TAGS), 4)).astype(np.float32)
SHAPE = Shape(hidden=4, item=3, dropout=0.5, feature_dropout=0.2)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 30), max_size=12), st.integers(1, 5), st.none() | st.integers(0, 9), st.data())
def test_batches_hold_every_row_of_the_learners_asked_for_once(
    lengths: list[int], size: int, seed: int | None, data: st.DataObject
) -> None:
    offsets = np.cumsum([0, *lengths]).astype(np.int32)
    asked = [n for n in range(len(lengths)) if data.draw(st.booleans())]
    made = batches(offsets, np.array(asked, dtype=np.int32), size, seed)
    rows: list[int] = []
    for at, there in made:
        assert at.shape == there.shape and 1 <= len(at) <= size
        for line, known in zip(at.tolist(), there.tolist(), strict=True):
            (first,) = (n for n in asked if offsets[n] <= line[0] < offsets[n + 1])
            assert sum(known) == lengths[first] and known == sorted(known, reverse=True)
            assert all(offsets[first] <= row < offsets[first + 1] for row in line)  # padding is the learner's own
            rows += [row for row, holds in zip(line, known, strict=True) if holds]
    assert sorted(rows) == [row for n in asked for row in range(offsets[n], offsets[n + 1])]


def test_learners_of_about_one_length_share_a_batch() -> None:
    lengths = np.random.default_rng(0).permutation(np.arange(1, 101))
    offsets, everybody = np.cumsum([0, *lengths]).astype(np.int32), np.arange(100, dtype=np.int32)
    widths = [at.shape for at, _ in batches(offsets, everybody, 10, None)]
    assert widths == [(10, 10 * n) for n in range(1, 11)]
    blurred = [batches(offsets, everybody, 10, seed) for seed in (1, 1, 2)]
    told = [[at.tolist() for at, _ in one] for one in blurred]
    assert told[0] == told[1] != told[2]
    assert [at.shape[1] for at, _ in blurred[0]] != sorted(at.shape[1] for at, _ in blurred[0])
    spread = [np.ptp(there.sum(dim=1).numpy()) for _, there in blurred[0]]
    assert max(spread) < 40  # by at most 20 responses two learners are taken for of one length


def test_the_loss_is_the_mean_cross_entropy_by_weight_and_padding_counts_for_nothing() -> None:
    log = lived(WORDS, [3, 7])
    log = replace(log, weight=np.where(np.arange(10) % 3 == 0, 0.25, 1.0))
    base = np.linspace(-1.0, 1.0, 10)
    rows = sequences(log, logistic_of(base), WORDS)
    net = Net(WORDS, FEATURES, SHAPE, own_items=True).eval()
    given = Rows.of(rows, np.zeros(10), base, log.outcome, log.weights)
    ((at, there),) = batches(rows.offsets, np.arange(2, dtype=np.int32), 4, None)
    with torch.no_grad():
        loss, _ = net.loss(given, at, there, net.begin(2))
    odds = logistic_of(base + scored(Network(net.weights(), WORDS, FEATURES, np.zeros(5, np.float32)), rows))
    entropy = -(log.outcome * np.log(odds) + (1.0 - log.outcome) * np.log(1.0 - odds))
    assert float(loss) == pytest.approx(np.average(entropy, weights=log.weights), abs=1e-5)
    with torch.no_grad():
        nothing, _ = net.loss(given, at, torch.zeros_like(there), net.begin(2))
    assert float(nothing) == 0.0


@pytest.mark.parametrize("shares", [(0.5, 0.0), (0.0, 0.5)], ids=["inputs", "features"])
def test_dropout_is_of_training_alone(shares: tuple[float, float]) -> None:
    """Of what enters the cell, and of items' features: states differ, as states are not dropped themselves."""
    log = lived(WORDS, [6, 9])
    rows = Rows.of(sequences(log, np.full(15, 0.5), WORDS), np.zeros(15), np.zeros(15), log.outcome, log.weights)
    torch.manual_seed(0)
    net = Net(WORDS, FEATURES, replace(SHAPE, dropout=shares[0], feature_dropout=shares[1]), own_items=True)
    at = torch.arange(6)[None]
    with torch.no_grad():
        drawn = [net.train()(rows, at, net.begin(1))[1] for _ in range(2)]
        still = [net.eval()(rows, at, net.begin(1))[1] for _ in range(2)]
    assert not torch.equal(*drawn) and torch.equal(*still)


def test_mean_vectors_are_over_each_items_concepts() -> None:
    """As the vocabulary has the mean, also of items with none, and where there are no concepts at all."""
    net = Net(WORDS, FEATURES, SHAPE, own_items=False)
    table = torch.arange(6.0).reshape(3, 2) ** 2
    means = net.tags.mean(torch.arange(5)[None], table)[0].numpy()
    for column in range(2):
        assert means[:, column] == pytest.approx(WORDS.mean_over_concepts(table[:, column].double().numpy()))
    none = words({"bare": "", "lone": ""}, "")
    assert Net(none, FEATURES[:2], SHAPE, own_items=False).tags.mean(torch.tensor([[0, 1]]), table[:0]).shape == (
        1,
        2,
        2,
    )

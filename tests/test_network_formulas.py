"""Served networks follow their formulas: members one by one, in plain loops and by torch's cell, all weights wild."""

from __future__ import annotations

import math
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from networks import TAGS, lived, wild, words

from knowledge_graph.vocabulary import FloatArray, IntArray
from student_model.tracing._recurrent import Network, Weights, scored
from student_model.tracing._sequences import Floats, sequences
from student_model.tracing._traces import Recent

WORDS = words()
RNG = np.random.default_rng(0)
FEATURES: Floats = RNG.normal(size=(len(TAGS), 4)).astype(np.float32)
DIFFICULTY: Floats = RNG.normal(size=len(TAGS)).astype(np.float32)
STATE: Floats = RNG.normal(size=(2, 3)).astype(np.float32)


def network(weights: Weights) -> Network:
    return Network(weights, WORDS, FEATURES, DIFFICULTY)


def member(weights: Weights, m: int) -> Weights:
    """One member alone."""
    return Weights(*(getattr(weights, one.name)[m : m + 1] for one in fields(Weights)))


def item_vector(weights: Weights, m: int, side: str, item: int) -> FloatArray:
    """An item's vector on the side "in" or "out": the mean of its concepts', steeper by its difficulty, and its own."""
    own = getattr(weights, f"item_{side}")[m].astype(np.float64)
    total = sum(FEATURES[item, k] * own[k] for k in range(len(own)))
    concepts = WORDS.concepts_of(item).tolist()
    for c in concepts:
        concept, steep = getattr(weights, f"concept_{side}")[m, c], getattr(weights, f"steep_{side}")[m, c]
        total = total + (concept + DIFFICULTY[item] * steep) / len(concepts)
    return np.asarray(total)


@pytest.mark.parametrize("item", range(len(TAGS)))
def test_a_step_is_torchs_own_cell_on_what_enters(item: int) -> None:
    w, sign, odds, elapsed, lag = wild(), -0.6, 0.7, 3, 5
    after = network(w).step(STATE, item, WORDS.concepts_of(item), sign, odds, elapsed, lag)
    for m in range(2):
        own = item_vector(w, m, "in", item)
        x = np.concatenate((own, sign * own, [sign, odds], w.elapsed[m, elapsed], w.lag[m, lag]))
        cell = torch.nn.GRUCell(len(x), 3)
        given = {"weight_ih": w.inputs[m].T, "weight_hh": w.inner[m].T}
        given |= {"bias_ih": w.input_bias[m], "bias_hh": w.inner_bias[m]}
        cell.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in given.items()})
        with torch.no_grad():
            state = cell(torch.from_numpy(x.astype(np.float32))[None], torch.from_numpy(STATE[m : m + 1]))
        assert after[m] == pytest.approx(state[0].numpy(), abs=1e-6)


def test_scores_are_the_mean_over_members_of_products_in_plain_loops() -> None:
    w, lag = wild(), 4
    found = network(w).scores(STATE, lag)
    for item in range(len(TAGS)):
        each = []
        concepts = WORDS.concepts_of(item).tolist()
        for m in range(2):
            out, bias = item_vector(w, m, "out", item), FEATURES[item].astype(float) @ w.item_bias[m]
            bias += sum(float(w.concept_bias[m, c]) for c in concepts) / max(len(concepts), 1)
            stand = STATE[m].astype(float) + w.pause[m, lag]
            each.append(4.0 / math.sqrt(3.0) * float(stand @ out) + bias)
        assert found[item] == pytest.approx(sum(each) / 2.0, abs=1e-5)


def test_a_belief_is_the_score_of_an_item_like_no_other() -> None:
    """Without features and of the usual difficulty, right after a response: item "one" of a, "other" of c."""
    w = wild()
    plain = Network(w, WORDS, np.zeros_like(FEATURES), np.zeros_like(DIFFICULTY))
    scores = plain.scores(STATE, 0)
    beliefs = plain.concept_scores(STATE)
    assert beliefs[[0, 2]] == pytest.approx(scores[[0, 3]], abs=1e-6)
    assert beliefs.mean() == pytest.approx(scores[2], abs=1e-6)
    assert network(w).concept_scores(STATE) == pytest.approx(beliefs)  # whatever items there are


@pytest.mark.parametrize("traces", [False, True], ids=["alone", "traced"])
def test_whole_logs_are_scored_as_single_steps_by_all_members(traces: bool) -> None:
    log = lived(WORDS, [12, 0, 1, 25])
    odds = np.random.default_rng(1).uniform(0.1, 0.9, len(log))
    net, rows = network(wild(traces=traces)), sequences(log, odds, WORDS)
    found = scored(net, rows)
    states = net.fold(rows)
    for learner, state in enumerate(states):
        h, recent = net.weights.start, Recent.none()
        for n in np.flatnonzero(log.learner == learner).tolist():
            item, sign, now = int(rows.item[n]), float(rows.sign[n]), float(rows.seconds[n])
            at = net.scores(h, int(rows.lag[n]), recent, now)[item]
            assert at == pytest.approx(found[n], abs=1e-5)
            spans = int(rows.elapsed[n]), int(rows.lag[n])
            h = net.step(h, item, WORDS.concepts_of(item), sign, float(rows.odds[n]), *spans)
            recent = recent.then(item, sign, float(rows.surprise[n]), now)
        assert state.tobytes() == h.tobytes() and not state.flags.writeable
    assert states[1].tolist() == net.weights.start.tolist()  # who answered nothing is new


def test_members_joined_score_what_they_score_alone_on_average() -> None:
    w = wild(members=3, traces=True)
    log = lived(WORDS, [9, 14])
    rows = sequences(log, np.full(len(log), 0.6), WORDS)
    apart = [scored(network(member(w, m)), rows) for m in range(3)]
    joined = Weights.joined([member(w, m) for m in range(3)])
    assert joined.members == 3 and np.std(apart, axis=0).max() > 0.1
    assert scored(network(joined), rows) == pytest.approx(np.mean(apart, axis=0), abs=1e-5)


def test_an_item_that_is_not_known_is_its_concepts_at_the_usual_difficulty() -> None:
    w, own = wild(), np.array([0, 2], dtype=np.int32)
    entered = network(w).entered(None, own, 0.5, 0.7, 0, 0)
    for m in range(2):
        mean = (w.concept_in[m, 0] + w.concept_in[m, 2]) / 2.0
        assert entered[m] == pytest.approx([*mean, *(0.5 * mean), 0.5, 0.7, 0.0, 0.0, 0.0, 0.0], abs=1e-6)
    nothing: IntArray = np.empty(0, dtype=np.int32)
    assert network(w).entered(None, nothing, 1.0, 0.7, 0, 0)[0] == pytest.approx([0, 0, 0, 0, 1, 0.7, 0, 0, 0, 0])


def test_another_order_of_concepts_changes_no_score() -> None:
    """From a, b, c to c, x, b: a is gone, x is new and the mean of all three."""
    w = wild(traces=True)
    tags = {"bare": "", "other": "c", "second": "b"}
    old, new = words(tags), words(tags, "cxb")
    over = w.over(old, new)
    given = FEATURES[:3], DIFFICULTY[:3]
    log = lived(old, [15, 4])
    rows = sequences(log, np.full(len(log), 0.6), old)
    before, after = scored(Network(w, old, *given), rows), scored(Network(over, new, *given), rows)
    assert after == pytest.approx(before, abs=1e-6) and np.abs(after).max() > 0.1
    beliefs = Network(w, old, *given).concept_scores(STATE)
    assert Network(over, new, *given).concept_scores(STATE) == pytest.approx(
        [beliefs[2], beliefs.mean(), beliefs[1]], abs=1e-6
    )
    for name in ("concept_in", "steep_in", "concept_out", "steep_out", "concept_bias"):
        mean = getattr(w, name).mean(axis=1)
        assert getattr(over, name)[:, 1] == pytest.approx(mean, abs=1e-6), name


def test_from_no_concepts_new_ones_have_nothing() -> None:
    over = wild(concepts=0).over(words({"bare": ""}, ""), words({"x": "a"}, "a"))
    assert over.concept_in.shape == (2, 1, 2) and not over.concept_in.any()


def test_weights_at_rest_are_the_same_by_name() -> None:
    w = wild(traces=True)
    again = Weights.of(dict(reversed(w.arrays().items())))
    for one in fields(Weights):
        assert getattr(again, one.name) is getattr(w, one.name)


def test_a_harder_item_scores_by_its_slope() -> None:
    """Scores are linear in difficulty: a standard unit more adds the mean steepness of the item's concepts."""
    w = wild()
    harder = replace(network(w), difficulty=DIFFICULTY + np.float32(1.0))
    rise = harder.scores(STATE, 0) - network(w).scores(STATE, 0)
    steep = 4.0 / math.sqrt(3.0) * np.mean([w.steep_out[m] @ STATE[m] for m in range(2)], axis=0)
    expected = WORDS.mean_over_concepts(steep.astype(np.float64))
    assert rise == pytest.approx(expected, abs=1e-5) and rise[4] == 0.0

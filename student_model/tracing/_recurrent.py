"""What the neural models serve: a recurrent network over responses, in NumPy alone, that scores all items at once.

Cho et al., "Learning phrase representations using RNN encoder-decoder" (EMNLP 2014), used for knowledge tracing by
Piech et al., "Deep knowledge tracing" (NeurIPS 2015). An item's vectors are made of its concepts' and its own:

    in_i  = mean over concepts (in_c + d_i steep_in_c)   + features_i @ item_in
    out_i = mean over concepts (out_c + d_i steep_out_c) + features_i @ item_out

with d_i its difficulty in standard units. A response y in [-1, 1] to item i, expected at odds p, enters as

    h' = GRU(h, [in_i, y in_i, y, p, elapsed, lag]),        score_j = SHARPEN / sqrt(H) (h + pause_lag) . out_j + bias_j

and, for networks that read traces t_j (`_traces`), t_j . (trace + (h + pause_lag) @ trace_state) more. There are M
members, each with a state of H numbers; a score is their mean. No member is ever applied item by item: the product with
`features` is one for all members. Training has the same definition in torch (`_recurrent_net`), and a test holds them
together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge_graph.vocabulary import FloatArray, IntArray, Vocabulary
from student_model.tracing._sequences import LAGS, PAUSES, Floats, Sequences
from student_model.tracing._traces import Recent, left, of_rows

SHARPEN = 4.0
"""Scores of fresh networks are small; this speeds their growth."""


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Of M members, as float32. X is the width of an input, 2 D + 2 + the widths of `elapsed` and `lag`.

    Attributes:
        concept_in, steep_in: (M, C, D). concept_out, steep_out: (M, C, H). concept_bias: (M, C).
        item_in: (M, K, D). item_out: (M, K, H). item_bias: (M, K).
        elapsed: (M, PAUSES, E). lag: (M, LAGS, L). pause: (M, LAGS, H).
        inputs: (M, X, 3 H), reset, update and candidate. inner: (M, H, 3 H). input_bias, inner_bias: (M, 3 H).
        start: the state of a new learner, (M, H).
        trace, trace_state: (M, Q) and (M, H, Q); Q is 0 for networks that read no traces.
    """

    concept_in: Floats
    steep_in: Floats
    concept_out: Floats
    steep_out: Floats
    concept_bias: Floats
    item_in: Floats
    item_out: Floats
    item_bias: Floats
    elapsed: Floats
    lag: Floats
    pause: Floats
    inputs: Floats
    inner: Floats
    input_bias: Floats
    inner_bias: Floats
    start: Floats
    trace: Floats
    trace_state: Floats

    @property
    def members(self) -> int:
        """M."""
        return len(self.start)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of them by name, as `of` reads them."""
        return {f"net_{one.name}": getattr(self, one.name) for one in fields(self)}

    @classmethod
    def of(cls, arrays: dict[str, NDArray[Any]]) -> Weights:
        """What `arrays` gave."""
        return cls(*(arrays[f"net_{one.name}"] for one in fields(cls)))

    @classmethod
    def none(cls, vocabulary: Vocabulary, features: Floats) -> Weights:
        """Of no members at all: a network that scores nothing."""
        concept, item, wide = (0, len(vocabulary.concepts), 1), (0, features.shape[1], 1), (0, 1, 3)
        shapes = {
            "concept_bias": concept[:2], "item_bias": item[:2], "elapsed": (0, PAUSES, 1), "lag": (0, LAGS, 1),
            "pause": (0, LAGS, 1), "inputs": (0, 6, 3), "inner": wide, "input_bias": (0, 3), "inner_bias": (0, 3),
            "start": (0, 1), "item_in": item, "item_out": item, "trace": (0, 0), "trace_state": (0, 1, 0),
        }  # fmt: skip
        return cls(*(np.zeros(shapes.get(one.name, concept), dtype=np.float32) for one in fields(cls)))

    @classmethod
    def joined(cls, members: list[Weights]) -> Weights:
        """Several networks as members of one."""
        return cls(*(np.concatenate([getattr(each, one.name) for each in members]) for one in fields(cls)))

    def over(self, own: Vocabulary, other: Vocabulary) -> Weights:
        """The same with the concepts of another vocabulary; new ones are the mean of those known."""
        place = np.array([own.concept_index.get(concept, -1) for concept in other.concepts], dtype=np.int64)
        moved = {}
        for name in ("concept_in", "steep_in", "concept_out", "steep_out", "concept_bias"):
            values = getattr(self, name)
            usual = values.mean(axis=1, keepdims=True) if values.shape[1] else values.sum(axis=1, keepdims=True)
            moved[name] = np.concatenate((values, usual), axis=1)[:, place]
        return Weights(**{one.name: moved.get(one.name, getattr(self, one.name)) for one in fields(self)})


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Weights over a vocabulary: `features` (I, K) of its items, `difficulty` (I,) in standard units."""

    weights: Weights
    vocabulary: Vocabulary
    features: Floats
    difficulty: Floats

    def step(
        self, h: Floats, item: int | None, own: IntArray, sign: float, odds: float, elapsed: int, lag: int
    ) -> Floats:
        """The state (M, H) after a response; an unknown `item` has no features and the usual difficulty."""
        w, x = self.weights, self.entered(item, own, sign, odds, elapsed, lag)
        gates = (x[:, None] @ w.inputs)[:, 0] + w.input_bias
        return _gated(h, gates, (h[:, None] @ w.inner)[:, 0] + w.inner_bias)

    def entered(self, item: int | None, own: IntArray, sign: float, odds: float, elapsed: int, lag: int) -> Floats:
        """A response as it enters the cell, shape (M, X)."""
        w = self.weights
        hard = np.float32(0.0) if item is None else self.difficulty[item]
        own_in = np.zeros((w.members, w.item_in.shape[2]), dtype=np.float32)
        if len(own):
            own_in = (w.concept_in[:, own] + hard * w.steep_in[:, own]).mean(axis=1)
        if item is not None:
            own_in = own_in + self.features[item] @ w.item_in
        scalars = np.empty((w.members, 2), dtype=np.float32)
        scalars[:, 0], scalars[:, 1] = sign, odds
        return np.concatenate(
            (own_in, np.float32(sign) * own_in, scalars, w.elapsed[:, elapsed], w.lag[:, lag]), axis=1
        )

    def fold(self, rows: Sequences) -> list[Floats]:
        """The states after all rows of each learner, one `step` after the other; read-only."""
        made: list[Floats] = []
        for first, end in zip(rows.offsets[:-1].tolist(), rows.offsets[1:].tolist(), strict=True):
            h = self.weights.start
            for n in range(first, end if self.weights.members else first):
                item = int(rows.item[n])
                sign, odds = rows.sign.item(n), rows.odds.item(n)
                spans = int(rows.elapsed[n]), int(rows.lag[n])
                h = self.step(h, item, self.vocabulary.concepts_of(item), sign, odds, *spans)
            h.setflags(write=False)
            made.append(h)
        return made

    def scores(self, h: Floats, lag: int, recent: Recent | None = None, now: float = math.nan) -> FloatArray:
        """The score of every item at the time `now` (seconds), the mean over members, shape (I,)."""
        w, words = self.weights, self.vocabulary
        if not w.members:
            return np.zeros(len(words.items))
        stand = h + w.pause[:, lag]
        ready = stand * np.float32(SHARPEN / np.sqrt(h.shape[1]))
        concepts = ((w.concept_out @ ready[:, :, None])[:, :, 0] + w.concept_bias).mean(axis=0).astype(np.float64)
        steep = (w.steep_out @ ready[:, :, None])[:, :, 0].mean(axis=0).astype(np.float64)
        towards = ((w.item_out @ ready[:, :, None])[:, :, 0] + w.item_bias).mean(axis=0)
        found = None
        if recent is not None and len(recent.item) and w.trace.shape[1]:
            weights = (w.trace + (stand[:, None] @ w.trace_state)[:, 0]).mean(axis=0).astype(np.float64)
            found = left(recent, now, weights, words, self.features)
            concepts[found.concepts] += found.of_concepts
            towards = towards + found.towards
        plain, sloped = words.mean_over_concepts(concepts), words.mean_over_concepts(steep)
        scores: FloatArray = plain + self.difficulty * sloped + self.features @ towards
        if found is not None:
            scores[found.items] += found.of_items
        return scores

    def concept_scores(self, h: Floats) -> FloatArray:
        """The score of an item of each concept that is like no other, of the usual difficulty; shape (C,)."""
        w = self.weights
        if not w.members:
            return np.zeros(len(self.vocabulary.concepts))
        ready = h * np.float32(SHARPEN / np.sqrt(h.shape[1]))
        scores = ((w.concept_out @ ready[:, :, None])[:, :, 0] + w.concept_bias).mean(axis=0)
        return np.asarray(scores, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Bank:
    """One member's vectors of the items `used`, which stand at `place` (I,): of inputs, of outputs, and biases."""

    member: int
    place: IntArray
    own_in: Floats
    own_out: Floats
    bias: Floats

    @classmethod
    def of(cls, network: Network, used: IntArray, member: int) -> Bank:
        """Worked out once for a whole log."""
        w, m = network.weights, member
        place = np.zeros(len(network.vocabulary.items), dtype=np.int32)
        place[used] = np.arange(len(used))
        of_concepts, of_items = w.concept_bias[m][:, None], w.item_bias[m][:, None]
        return cls(
            member,
            place,
            _per_item(network, used, w.concept_in[m], w.steep_in[m], w.item_in[m]),
            _per_item(network, used, w.concept_out[m], w.steep_out[m], w.item_out[m]),
            _per_item(network, used, of_concepts, np.zeros_like(of_concepts), of_items)[:, 0],
        )

    def entering(self, w: Weights, rows: Sequences, at: IntArray | slice) -> Floats:
        """What enters the cell at these rows, shape (n, X)."""
        own, sign = self.own_in[self.place[rows.item[at]]], rows.sign[at][:, None]
        times = w.elapsed[self.member][rows.elapsed[at]], w.lag[self.member][rows.lag[at]]
        return np.concatenate((own, sign * own, sign, rows.odds[at][:, None], *times), axis=1)

    def scores(
        self, w: Weights, h: Floats, rows: Sequences, at: IntArray | slice, traces: Floats | None = None
    ) -> Floats:
        """The scores of these rows' items, given the states before them (n, H) and all traces; shape (n,)."""
        place = self.place[rows.item[at]]
        stand = h + w.pause[self.member][rows.lag[at]]
        scores = (stand * self.own_out[place]).sum(axis=1) * np.float32(SHARPEN / np.sqrt(h.shape[1]))
        if traces is not None:
            scores += (traces[at] * (w.trace[self.member] + stand @ w.trace_state[self.member])).sum(axis=1)
        return np.asarray(scores + self.bias[place])


def scored(network: Network, rows: Sequences) -> FloatArray:
    """The score of each row's item before its response, shape (N,): `step` and `scores` over many learners at once."""
    w, used = network.weights, np.unique(rows.item).astype(np.int32)
    result, lengths = np.zeros(len(rows.item)), np.diff(rows.offsets)
    order = np.argsort(-lengths, kind="stable")
    traces = of_rows(rows, network.vocabulary, network.features) if w.trace.shape[1] else None
    for m in range(w.members):
        bank = Bank.of(network, used, m)
        h = np.repeat(w.start[m][None], len(order), axis=0)
        for t in range(int(lengths.max(initial=0))):
            alive = int((lengths > t).sum())
            at = rows.offsets[order[:alive]] + t
            h = h[:alive]
            result[at] += bank.scores(w, h, rows, at, traces) / w.members
            x = bank.entering(w, rows, at)
            h = _gated(h, x @ w.inputs[m] + w.input_bias[m], h @ w.inner[m] + w.inner_bias[m])
    return result


def _per_item(network: Network, used: IntArray, concept: Floats, steep: Floats, own: Floats) -> Floats:
    """The vectors of the items `used`, shape (n, width)."""
    words = network.vocabulary
    share = (1.0 / np.maximum(np.diff(words.item_offsets), 1)).astype(np.float32)
    kept = np.zeros(len(words.items), dtype=np.bool_)
    kept[used] = True
    entry = np.flatnonzero(kept[words.item_row])
    row, c = np.searchsorted(used, words.item_row[entry]), words.item_concepts[entry]
    vectors = network.features[used] @ own
    hard = network.difficulty[used][row][:, None]
    np.add.at(vectors, row, (concept[c] + hard * steep[c]) * share[used][row][:, None])
    return np.asarray(vectors, dtype=np.float32)


def _gated(h: Floats, gates: Floats, inner: Floats) -> Floats:
    """The cell: reset and update gates, then the candidate that the reset inner part joins."""
    wide = h.shape[-1]
    both = 1.0 / (1.0 + np.exp(-(gates[..., : 2 * wide] + inner[..., : 2 * wide])))
    candidate = np.tanh(gates[..., 2 * wide :] + both[..., :wide] * inner[..., 2 * wide :])
    keep = both[..., wide:]
    return np.asarray((1.0 - keep) * candidate + keep * h, dtype=np.float32)

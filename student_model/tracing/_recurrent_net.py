"""The recurrent network in torch, for training; what it computes is written down in `_recurrent`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from knowledge_graph.vocabulary import FloatArray, IntArray, Vocabulary
from student_model.tracing._recurrent import SHARPEN, Weights
from student_model.tracing._sequences import LAGS, PAUSES, Floats, Sequences
from student_model.tracing._traces import WIDTH

TIME_WIDTH = 8
"""Numbers that stand for a time in an input."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Widths: of states, of items' input vectors; shares of numbers dropped in training; learners in a batch of it;
    whether the network reads traces.
    """

    hidden: int = 128
    item: int = 64
    dropout: float = 0.5
    feature_dropout: float = 0.2
    batch: int = 32
    traces: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Everything about N rows as tensors of shape (N,); `base` is a logit that scores are added to. `traces` is of
    shape (N, Q).
    """

    item: Tensor
    sign: Tensor
    odds: Tensor
    elapsed: Tensor
    lag: Tensor
    difficulty: Tensor
    base: Tensor
    outcome: Tensor
    weight: Tensor
    traces: Tensor

    @classmethod
    def of(
        cls,
        rows: Sequences,
        difficulty: FloatArray,
        base: FloatArray,
        outcome: FloatArray,
        weight: FloatArray,
        traces: Floats | None = None,
    ) -> Rows:
        """From columns of shape (N,), and traces (N, Q) where they are read."""
        whole = (torch.from_numpy(one.astype(np.int64)) for one in (rows.item, rows.elapsed, rows.lag))
        item, elapsed, lag = whole
        parts = (rows.sign, rows.odds, difficulty, base, outcome, weight)
        sign, odds, hard, start, right, sure = (torch.from_numpy(one.astype(np.float32)) for one in parts)
        left = torch.from_numpy(np.zeros((len(rows.item), 0), dtype=np.float32) if traces is None else traces)
        return cls(item, sign, odds, elapsed, lag, hard, start, right, sure, left)

    def to(self, device: torch.device) -> Rows:
        """The same on a device."""
        return Rows(*(getattr(self, one.name).to(device) for one in fields(self)))


class Net(nn.Module):
    """One member."""

    def __init__(self, vocabulary: Vocabulary, features: Floats, shape: Shape, own_items: bool) -> None:
        """`features` (I, K) stay as they are, unless `own_items`: then they are where learning begins."""
        super().__init__()
        concepts, width, hidden, item = len(vocabulary.concepts), features.shape[1], shape.hidden, shape.item
        self.shape, self.own_items = shape, own_items
        self.features = nn.Parameter(torch.from_numpy(features.copy()), requires_grad=own_items)
        self.tags = _Tags(vocabulary)
        self.concept_in, self.steep_in = _table(concepts, item, 0.1), _table(concepts, item, 0.05)
        scale = 0.1 if own_items else 0.0
        self.concept_out, self.steep_out = _table(concepts, hidden, scale), _table(concepts, hidden, 0.0)
        self.concept_bias, self.item_bias = _table(concepts, 1, 0.0), _table(width, 1, 0.0)
        self.item_in, self.item_out = _table(width, item, 0.02), _table(width, hidden, 0.0)
        self.elapsed, self.lag = _table(PAUSES, TIME_WIDTH, 0.0), _table(LAGS, TIME_WIDTH, 0.0)
        self.pause = _table(LAGS, hidden, 0.0)
        self.start = nn.Parameter(torch.zeros(hidden))
        self.trace, self.trace_state = (
            nn.Parameter(torch.zeros(*rows, WIDTH * shape.traces)) for rows in ((), (hidden,))
        )
        self.cell = self.made_cell(2 * item + 2 + 2 * TIME_WIDTH, hidden)
        self.drop, self.feature_drop = nn.Dropout(shape.dropout), nn.Dropout(shape.feature_dropout)

    def made_cell(self, width: int, hidden: int) -> nn.Module:
        """What turns inputs into states."""
        return nn.GRU(width, hidden, batch_first=True)

    def begin(self, learners: int) -> Tensor:
        """What is carried from span to span, of new learners: the states, shape (1, B, H)."""
        return self.start.expand(1, learners, -1).contiguous()

    def read(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The states before the first input (B, 1, H) and after each (B, T, H), and what is carried on."""
        states, after = self.cell(x, h)
        return h.transpose(0, 1), states, after

    def forward(self, rows: Rows, at: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, T) of the rows `at` (B, T) before their responses, and the states after the last."""
        item, lag = rows.item[at], rows.lag[at]
        hard, sign = rows.difficulty[at][..., None], rows.sign[at][..., None]
        features = self.feature_drop(functional.embedding(item, self.features))
        own_in = self.tags.mean(item, self.concept_in) + hard * self.tags.mean(item, self.steep_in)
        own_out = self.tags.mean(item, self.concept_out) + hard * self.tags.mean(item, self.steep_out)
        own_in, own_out = own_in + features @ self.item_in, own_out + features @ self.item_out
        bias = (self.tags.mean(item, self.concept_bias) + features @ self.item_bias)[..., 0]
        times = _looked_up(self.elapsed, rows.elapsed[at]), _looked_up(self.lag, lag)
        x = torch.cat((own_in, sign * own_in, sign, rows.odds[at][..., None], *times), -1)
        first, states, after = self.read(self.drop(x), h)
        before = torch.cat((first, states[:, :-1]), 1) + _looked_up(self.pause, lag)
        stand = self.drop(before)
        score = (stand * own_out).sum(-1) * (SHARPEN / self.shape.hidden**0.5)
        if self.shape.traces:
            score = score + (rows.traces[at] * (self.trace + stand @ self.trace_state)).sum(-1)
        return rows.base[at] + bias + score, after

    def loss(self, rows: Rows, at: Tensor, there: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """Mean cross-entropy of the rows that are `there` (B, T), and the states after the last."""
        logits, after = self(rows, at, h)
        weight = rows.weight[at] * there
        told = functional.binary_cross_entropy_with_logits(logits, rows.outcome[at], reduction="none")
        return (told * weight).sum() / weight.sum().clamp(min=1e-6), after

    def weights(self) -> Weights:
        """For NumPy, as the only member; `own_features` has the items' where they were learned."""

        def plain(values: Tensor) -> Floats:
            return values.detach().cpu().numpy().astype(np.float32)[None]

        return Weights(
            *map(plain, (self.concept_in, self.steep_in, self.concept_out, self.steep_out, self.concept_bias[:, 0])),
            *map(plain, (self.item_in, self.item_out, self.item_bias[:, 0])),
            *map(plain, (_known(self.elapsed), _known(self.lag), _known(self.pause))),
            *map(plain, (*self.gates(), self.start, self.trace, self.trace_state)),
        )

    def gates(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """`inputs`, `inner`, `input_bias` and `inner_bias` of `Weights`."""
        cell: Any = self.cell
        return cell.weight_ih_l0.T.contiguous(), cell.weight_hh_l0.T.contiguous(), cell.bias_ih_l0, cell.bias_hh_l0

    def own_features(self) -> Floats:
        """The items' features (I, K)."""
        return self.features.detach().cpu().numpy().astype(np.float32)


class _Tags(nn.Module):
    """Which concepts items have, padded to the most that one has."""

    place: Tensor
    share: Tensor

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__()
        count = np.diff(vocabulary.item_offsets)
        most = max(int(count.max(initial=1)), 1)
        place, share = np.zeros((len(count), most), dtype=np.int64), np.zeros((len(count), most), dtype=np.float32)
        column = np.arange(len(vocabulary.item_row)) - vocabulary.item_offsets[vocabulary.item_row]
        place[vocabulary.item_row, column] = vocabulary.item_concepts
        share[vocabulary.item_row, column] = 1.0 / count[vocabulary.item_row]
        self.register_buffer("place", torch.from_numpy(place), persistent=False)
        self.register_buffer("share", torch.from_numpy(share), persistent=False)

    def mean(self, item: Tensor, table: Tensor) -> Tensor:
        """Of the table's rows over each item's concepts, shape (*item.shape, width)."""
        if not len(table):
            return torch.zeros(*item.shape, table.shape[1], device=table.device)
        return (functional.embedding(self.place[item], table) * self.share[item][..., None]).sum(-2)


def _table(rows: int, width: int, scale: float) -> nn.Parameter:
    return nn.Parameter(torch.randn(rows, width) * scale)


def _known(table: Tensor) -> Tensor:
    """The table with nothing where the time is not known."""
    return torch.cat((torch.zeros_like(table[:1]), table[1:]))


def _looked_up(table: Tensor, place: Tensor) -> Tensor:
    """Rows of the table; in contrast to indexing its gradient is the same in every run."""
    return functional.embedding(place, _known(table))


def batches(offsets: IntArray, learners: IntArray, size: int, seed: int | None) -> list[tuple[Tensor, Tensor]]:
    """Rows of learners of about one length, as (B, T) positions and which of them are there; who has none is left out.

    With a seed lengths are blurred and batches come in any order.
    """
    learners = learners[np.diff(offsets)[learners] > 0]
    rng, length = np.random.default_rng(seed), np.diff(offsets)[learners]
    order = np.argsort(length + (rng.uniform(0.0, 20.0, len(length)) if seed is not None else 0.0), kind="stable")
    groups = [learners[order[k : k + size]] for k in range(0, len(order), size)]
    made = []
    for group in groups:
        own = np.diff(offsets)[group]
        step = np.arange(int(own.max(initial=0)))
        at = offsets[group][:, None] + np.minimum(step, np.maximum(own[:, None] - 1, 0))
        made.append((torch.from_numpy(at.astype(np.int64)), torch.from_numpy(step < own[:, None])))
    return [made[k] for k in rng.permutation(len(made))] if seed is not None else made

"""The network that grades: a transformer over the row of tokens, and a head over what it makes of the parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from student_model.encoder.answers import Task
from student_model.encoder.pairs import ANSWER, REFERENCE

HIDDEN = 256


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows as tensors: `tokens`, `mask`, `kinds`, `parts` (B, T), `features` (B, F), `target` (B,), `weight` (B,)."""

    tokens: Tensor
    mask: Tensor
    kinds: Tensor
    parts: Tensor
    features: Tensor
    target: Tensor
    weight: Tensor


class Head(nn.Module):
    """From token vectors (B, T, d), their parts (B, T) and features (B, F) to what the task needs (B, outputs).

    The means over answer, references and the whole row are compared as sentence encoders are (u, v, |u - v|, u * v:
    Conneau et al., EMNLP 2017); the features come in beside them.
    """

    def __init__(self, width: int, features: int, outputs: int, dropout: float) -> None:
        super().__init__()
        self.meaning = nn.Linear(5 * width, HIDDEN)
        self.norm = nn.LayerNorm(HIDDEN)
        self.counted = nn.Linear(features, HIDDEN // 4) if features else None
        self.out = nn.Linear(HIDDEN + (HIDDEN // 4 if features else 0), outputs)
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("centre", torch.zeros(features))
        self.register_buffer("spread", torch.ones(features))

    def forward(self, states: Tensor, mask: Tensor, parts: Tensor, features: Tensor) -> Tensor:
        answer, reference = _mean(states, parts == ANSWER), _mean(states, parts == REFERENCE)
        whole = _mean(states, mask > 0)
        told = torch.cat((whole, answer, reference, (answer - reference).abs(), answer * reference), dim=1)
        hidden = functional.gelu(self.norm(self.meaning(self.dropout(told))))
        if self.counted is not None:
            scaled = (features - self.centre) / self.spread  # type: ignore[operator]
            hidden = torch.cat((hidden, functional.gelu(self.counted(scaled))), dim=1)
        found: Tensor = self.out(self.dropout(hidden))
        return found


def _mean(states: Tensor, there: Tensor) -> Tensor:
    weight = there.to(states.dtype)[..., None]
    return (states * weight).sum(1) / weight.sum(1).clamp(min=1.0)


class GradingNet(nn.Module):
    """The transformer and its head. With `kinds` the transformer is told which tokens are the answer's."""

    def __init__(
        self, encoder: nn.Module, width: int, features: int, task: Task, dropout: float = 0.1, kinds: bool = False
    ) -> None:
        super().__init__()
        self.encoder, self.task, self.kinds = encoder, task, kinds
        self.head = Head(width, features, task.outputs, dropout)

    def states(self, batch: Batch, embeddings: Tensor | None = None) -> Tensor:
        """The last layer, (B, T, d), over tokens or over embeddings given in their place."""
        given: dict[str, Any] = {"input_ids": batch.tokens} if embeddings is None else {"inputs_embeds": embeddings}
        if self.kinds:
            given["token_type_ids"] = batch.kinds
        states: Tensor = self.encoder(attention_mask=batch.mask, **given).last_hidden_state
        return states

    def forward(self, batch: Batch, embeddings: Tensor | None = None) -> Tensor:
        return torch.as_tensor(
            self.head(self.states(batch, embeddings), batch.mask, batch.parts, batch.features)
        ).float()

    def words(self, batch: Batch) -> Tensor:
        """The embeddings of the tokens themselves, (B, T, d), before position and kind are added."""
        return torch.as_tensor(self.encoder.get_input_embeddings()(batch.tokens))  # type: ignore[operator]


def loss_of(task: Task, found: Tensor, batch: Batch, smoothing: float = 0.0) -> Tensor:
    """The loss of a batch: cross-entropy for labels, for levels the sum over "at least this level" (Niu et al.,
    "Ordinal regression with multiple output CNN", CVPR 2016), for scores the cross-entropy with a share in [0, 1].
    """
    if task.kind == "labels":
        each = functional.cross_entropy(found, batch.target.long(), reduction="none", label_smoothing=smoothing)
    elif task.kind == "ordinal":
        above = (batch.target[:, None] > torch.arange(task.outputs, device=found.device)).float()
        each = functional.binary_cross_entropy_with_logits(found, above, reduction="none").mean(1)
    else:
        each = functional.binary_cross_entropy_with_logits(found[:, 0], batch.target, reduction="none")
    return (each * batch.weight).sum() / batch.weight.sum().clamp(min=1e-6)


def apart(task: Task, one: Tensor, other: Tensor) -> Tensor:
    """How far two answers of the network to the same batch are apart: the symmetric divergence of R-Drop (Liang et
    al., NeurIPS 2021).
    """
    if task.kind == "labels":
        first, second = one.log_softmax(1), other.log_softmax(1)
        return 0.5 * ((first.exp() - second.exp()) * (first - second)).sum(1).mean()
    first, second = one.sigmoid(), other.sigmoid()
    return 0.5 * ((first - second) * (one - other)).mean(1).mean()

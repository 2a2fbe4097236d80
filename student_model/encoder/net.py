"""The network that grades: a transformer over the row of tokens, and a head over what it makes of the parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from student_model.encoder.answers import Task


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows as tensors: `tokens`, `mask`, `kinds` (B, T), `features` (B, F), `target` (B,), `weight` (B,)."""

    tokens: Tensor
    mask: Tensor
    kinds: Tensor
    features: Tensor
    target: Tensor
    weight: Tensor


class Head(nn.Module):
    """From token vectors (B, T, d), their mask (B, T) and features (B, F) to what the task needs, (B, outputs).

    Two straight lines, added: one from what the features say, one from the mean of the row. A head that could do more
    learned which words are right for which question, and was worse than the features alone on questions it had not
    seen (`LOG.md`).
    """

    def __init__(self, width: int, features: int, outputs: int, dropout: float) -> None:
        super().__init__()
        self.meaning = nn.Linear(width, outputs)
        self.counted = nn.Linear(features, outputs) if features else None
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("centre", torch.zeros(features))
        self.register_buffer("spread", torch.ones(features))

    def forward(self, states: Tensor, mask: Tensor, features: Tensor) -> Tensor:
        found: Tensor = self.meaning(self.dropout(_mean(states, mask)))
        return found if self.counted is None else found + self.of_features(features)

    def of_features(self, features: Tensor) -> Tensor:
        """What the features alone say, (B, outputs)."""
        assert self.counted is not None
        scaled = (features - self.centre) / self.spread  # type: ignore[operator]
        return torch.as_tensor(self.counted(scaled.clamp(-5.0, 5.0)))

    def begin(self, task: Task, features: Tensor, target: Tensor, penalty: float = 1.0) -> None:
        """Begin with what features (n, F) say of targets (n,), a logistic regression, and with nothing of the text."""
        with torch.no_grad():
            nn.init.zeros_(self.meaning.weight)
            nn.init.zeros_(self.meaning.bias)
            if self.counted is None:
                return
            nn.init.zeros_(self.counted.weight)  # a feature that is always the same in training keeps this
            nn.init.zeros_(self.counted.bias)
            self.centre.copy_(features.mean(0))  # type: ignore[operator]
            self.spread.copy_(features.std(0) + 1e-3)  # type: ignore[operator]
        own = self.counted
        steps = torch.optim.LBFGS(own.parameters(), max_iter=200, line_search_fn="strong_wolfe")
        weight = torch.ones_like(target)

        def closure() -> Tensor:
            steps.zero_grad()
            value = loss_of(task, self.of_features(features), target, weight)
            value = value + 0.5 * penalty / len(target) * own.weight.square().sum()
            torch.autograd.backward(value)
            return value

        steps.step(closure)  # type: ignore[no-untyped-call]
        own.zero_grad(set_to_none=True)


def _mean(states: Tensor, mask: Tensor) -> Tensor:
    weight = mask.to(states.dtype)[..., None]
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
        return torch.as_tensor(self.head(self.states(batch, embeddings), batch.mask, batch.features)).float()

    def words(self, batch: Batch) -> Tensor:
        """The embeddings of the tokens themselves, (B, T, d), before position and kind are added."""
        return torch.as_tensor(self.encoder.get_input_embeddings()(batch.tokens))  # type: ignore[operator]


def loss_of(task: Task, found: Tensor, target: Tensor, weight: Tensor, smoothing: float = 0.0) -> Tensor:
    """The loss of a batch: cross-entropy for labels, for levels the sum over "at least this level" (Niu et al.,
    "Ordinal regression with multiple output CNN", CVPR 2016), for scores the cross-entropy with a share in [0, 1].
    """
    if task.kind == "labels":
        each = functional.cross_entropy(found, target.long(), reduction="none", label_smoothing=smoothing)
    elif task.kind == "ordinal":
        above = (target[:, None] > torch.arange(task.outputs, device=found.device)).float()
        each = functional.binary_cross_entropy_with_logits(found, above, reduction="none").mean(1)
    else:
        each = functional.binary_cross_entropy_with_logits(found[:, 0], target, reduction="none")
    return (each * weight).sum() / weight.sum().clamp(min=1e-6)


def apart(task: Task, one: Tensor, other: Tensor) -> Tensor:
    """How far two answers of the network to the same batch are apart: the symmetric divergence of R-Drop (Liang et
    al., NeurIPS 2021).
    """
    if task.kind == "labels":
        first, second = one.log_softmax(1), other.log_softmax(1)
        return 0.5 * ((first.exp() - second.exp()) * (first - second)).sum(1).mean()
    first, second = one.sigmoid(), other.sigmoid()
    return 0.5 * ((first - second) * (one - other)).mean(1).mean()

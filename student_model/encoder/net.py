"""The network that grades: a transformer over the row of tokens, and a head over what it makes of the parts."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from student_model.encoder.answers import Task
from student_model.encoder.book import Book
from student_model.encoder.outcomes import Floats
from student_model.encoder.pairs import COMPARED, SAID
from student_model.encoder.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows as tensors: `tokens`, `mask`, `sides` (B, T), `target` (B,), `weight` (B,)."""

    tokens: Tensor
    mask: Tensor
    sides: Tensor
    target: Tensor
    weight: Tensor


class Head(nn.Module):
    """From token vectors (B, T, d), their mask and sides (B, T) to what the task needs, (B, outputs): a straight line
    from the mean of the row, and from how far apart the means u and v of the answer and of what it is compared with
    are, |u - v| and u * v (Conneau et al., "Supervised learning of universal sentence representations", EMNLP 2017),
    which say whether they mean the same whatever they are about. A head that could do more learned which words are
    right for which question, and was worse on questions it had not seen. What can be counted has no part in it: a
    network that learned beside a line over such features left the work to the line (`LOG.md`).
    """

    def __init__(self, width: int, outputs: int, dropout: float) -> None:
        super().__init__()
        self.meaning = nn.Linear(3 * width, outputs)
        self.dropout = nn.Dropout(dropout)
        nn.init.zeros_(self.meaning.weight)
        nn.init.zeros_(self.meaning.bias)

    def forward(self, states: Tensor, mask: Tensor, sides: Tensor) -> Tensor:
        said, compared = _mean(states, sides == SAID), _mean(states, sides == COMPARED)
        found = torch.cat((_mean(states, mask), (said - compared).abs(), said * compared), dim=1)
        return torch.as_tensor(self.meaning(self.dropout(found)))


def _mean(states: Tensor, mask: Tensor) -> Tensor:
    weight = mask.to(states.dtype)[..., None]
    return (states * weight).sum(1) / weight.sum(1).clamp(min=1.0)


def kinds_of(sides: Tensor) -> Tensor:
    """What BERT calls the types of tokens: 0 for the first text, the answer, and 1 for what stands beside it."""
    return (sides >= COMPARED).long()


class GradingNet(nn.Module):
    """The transformer and its head. With `kinds` the transformer is told which tokens are the answer's."""

    def __init__(self, encoder: nn.Module, width: int, task: Task, dropout: float = 0.1, kinds: bool = False) -> None:
        super().__init__()
        self.encoder, self.task, self.kinds = encoder, task, kinds
        self.head = Head(width, task.outputs, dropout)

    def states(self, batch: Batch, embeddings: Tensor | None = None) -> Tensor:
        """The last layer, (B, T, d), over tokens or over embeddings given in their place."""
        given: dict[str, Any] = {"input_ids": batch.tokens} if embeddings is None else {"inputs_embeds": embeddings}
        if self.kinds:
            given["token_type_ids"] = kinds_of(batch.sides)
        states: Tensor = self.encoder(attention_mask=batch.mask, **given).last_hidden_state
        return states

    def forward(self, batch: Batch, embeddings: Tensor | None = None) -> Tensor:
        return torch.as_tensor(self.head(self.states(batch, embeddings), batch.mask, batch.sides)).float()

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


def loss(net: GradingNet, task: Task, batch: Batch, recipe: Recipe) -> Tensor:
    """The loss of a batch, with what the recipe adds against overfitting."""

    def graded(found: Tensor) -> Tensor:
        return loss_of(task, found, batch.target, batch.weight, recipe.smoothing)

    if recipe.fgm <= 0:
        found = net(batch)
        value = graded(found)
    else:
        words = net.words(batch).detach().requires_grad_(True)
        found = net(batch, words)
        value = graded(found)
        (slope,) = torch.autograd.grad(value, words, retain_graph=True)
        size = slope.norm(dim=(1, 2), keepdim=True).clamp(min=1e-12)
        value = value + graded(net(batch, words.detach() + recipe.fgm * slope / size))
    if recipe.rdrop > 0:
        again = net(batch)
        value = 0.5 * (value + graded(again)) + recipe.rdrop * apart(task, found, again)
    return value


def batch_of(net: GradingNet, book: Book, places: NDArray[np.int64], rng: np.random.Generator | None = None) -> Batch:
    """Entries of a book as tensors on the network's device; with dice, as an epoch reads them."""
    device = next(net.parameters()).device
    chosen, rows = [book.entries[n] for n in places], book.together(places, rng)
    tokens, mask, sides = (torch.from_numpy(one).to(device) for one in (rows.tokens, rows.mask, rows.sides))
    return Batch(
        tokens,
        mask,
        sides,
        torch.tensor([one.target for one in chosen], dtype=torch.float32, device=device),
        torch.tensor([one.weight for one in chosen], dtype=torch.float32, device=device),
    )


def predict(net: GradingNet, book: Book, size: int = 64) -> Floats:
    """The numbers of the head for all entries, (n, outputs)."""
    was = net.training
    net.eval()
    found = np.zeros((len(book), net.task.outputs))
    order = np.argsort([len(one.tokens) for one in book.rows], kind="stable")
    cuda = next(net.parameters()).device.type == "cuda"
    with torch.no_grad(), torch.autocast("cuda", torch.bfloat16) if cuda else nullcontext():
        for start in range(0, len(order), size):
            some = order[start : start + size]
            found[some] = net(batch_of(net, book, some)).float().cpu().numpy()
    net.train(was)
    return found


def soup(nets: Sequence[GradingNet]) -> GradingNet:
    """One network with the mean of the weights of several."""
    whole = copy.deepcopy(nets[0])
    states = [net.state_dict() for net in nets]
    whole.load_state_dict({
        name: torch.stack([one[name].float() for one in states]).mean(0).to(value.dtype)
        for name, value in states[0].items()
    })  # fmt: skip
    return whole

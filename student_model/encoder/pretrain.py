"""Contrastive training of the transformer on texts without grades, before it learns to grade.

Each text goes through the network twice, with other dropout: the two vectors shall be nearer to each other than to
those of the other texts in the batch (Gao, Yao & Chen, "SimCSE: simple contrastive learning of sentence embeddings",
EMNLP 2021, unsupervised). It shows the network how pupils write, where answers are many and grades few.

Texts of questions held back may be among them; their grades never are.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from student_model.encoder.answers import GradedAnswer
from student_model.encoder.base import Base
from student_model.encoder.pairs import Row
from student_model.encoder.recipe import Recipe
from student_model.training import Plan, Watch, train

TEMPERATURE = 0.05
RATE, BATCH, LONGEST = 3e-5, 64, 96
"""Learning rate and texts in a step, those of SimCSE, and how many tokens of a text are read, as of an answer."""
FEWEST, MOST_HELD = 8, 256
"""Texts below which there is nothing to tell apart, and how many at most are held back to choose the epoch."""


def texts_of(answers: Iterable[GradedAnswer]) -> list[str]:
    """The answers and the references, each text once, in the order they came."""
    found = dict.fromkeys(text.strip() for one in answers for text in (one.answer, *one.reference_answers))
    return [text for text in found if text]


class Views(nn.Module):
    """A transformer that gives the mean of a text's tokens, of length 1: rows (B, T) and mask (B, T) to (B, d)."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        states: Tensor = self.encoder(input_ids=tokens, attention_mask=mask).last_hidden_state
        weight = mask.to(states.dtype)[..., None]
        return functional.normalize((states * weight).sum(1).float(), dim=1)


def contrast(one: Tensor, other: Tensor) -> Tensor:
    """The loss of two views of the same texts, (B, d) each of length 1: who belongs to whom, among all in the batch.

    >>> round(float(contrast(torch.eye(2), torch.eye(2))), 6)
    0.0
    """
    return functional.cross_entropy(one @ other.T / TEMPERATURE, torch.arange(len(one), device=one.device))


def pretrained(
    base: Base, texts: Sequence[str], recipe: Recipe, watch: Watch, device: str = "cpu"
) -> tuple[nn.Module, int]:
    """A copy of the base transformer after `recipe.pretrain` epochs on these texts, on the processor, and how many
    epochs it had: fewer if ctrl-C ended it. The base stays as it is. Fewer than `FEWEST` texts leave the copy so too.

    Raises:
        CheckpointError: the folder for checkpoints keeps another training.
    """
    encoder = copy.deepcopy(base.model)
    if len(texts) < FEWEST:
        watch.tell(f"{watch.name}: {len(texts)} texts are too few, at least {FEWEST} are needed; left out")
        return encoder, 0
    encoder.get_input_embeddings().requires_grad_(False)  # type: ignore[operator]  # as in `tuning`
    net = Views(encoder).to(device)
    rows = [base.pairs.alone(text, LONGEST) for text in texts]
    order = np.random.default_rng((recipe.seed, 41)).permutation(len(rows))
    held = [rows[n] for n in order[: min(max(len(rows) // 10, 2), MOST_HELD)]]
    own = [rows[n] for n in order[len(held) :]]

    def loss(some: Sequence[Row]) -> Tensor:
        together = base.pairs.together([*some, *some])  # both views in one pass: dropout differs by row
        tokens, mask = torch.from_numpy(together.tokens).to(device), torch.from_numpy(together.mask).to(device)
        one, other = net(tokens, mask).chunk(2)
        return contrast(one, other)

    def losses(epoch: int) -> Iterator[Tensor]:
        for places in batches([len(one.tokens) for one in own], np.random.default_rng((recipe.seed, epoch, 43))):
            yield loss([own[n] for n in places])

    def judge() -> Mapping[str, float]:
        return {"contrast on texts held back": _with_dropout(net, held, loss, recipe.seed)}

    plan = Plan(
        recipe.pretrain, RATE, recipe.decay, seed=recipe.seed, warmup=recipe.warmup, schedule=recipe.schedule,
        mixed=recipe.mixed, steps=-(-len(own) // BATCH),
    )  # fmt: skip
    key = hashlib.sha256("\0".join(texts).encode()).hexdigest()
    course = train(net, losses, judge, plan, replace(watch, key=f"{key} {base.place.name} {plan.epochs} {plan.seed}"))
    return encoder.cpu(), course.epoch


def batches(lengths: Sequence[int], rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """The places of n texts in batches of two and more, an epoch. Those of about one length are together: that saves
    padding, and it leaves length no clue (Wu et al., "ESimCSE", COLING 2022, find that views are told apart by it).
    """
    drawn, found = rng.permutation(len(lengths)), []
    for start in range(0, len(drawn), 16 * BATCH):
        some = drawn[start : start + 16 * BATCH]
        some = some[np.argsort([lengths[n] for n in some], kind="stable")]
        found += [some[at : at + BATCH] for at in range(0, len(some), BATCH)]
    return [found[n] for n in rng.permutation(len(found)) if len(found[n]) > 1]


def _with_dropout(net: nn.Module, held: Sequence[Row], loss: Callable[[Sequence[Row]], Tensor], seed: int) -> float:
    """The mean loss of rows held back. Without dropout the two views would be one; its dice are the same each time,
    and those of the training stay as they were.
    """
    device = next(net.parameters()).device
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        net.train()
        found = [float(loss(held[at : at + BATCH])) for at in range(0, len(held), BATCH) if len(held[at:]) > 1]
        net.eval()
    return float(np.mean(found))

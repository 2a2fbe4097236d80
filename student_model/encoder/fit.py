"""Fitting a grader: networks trained on graded answers, judged on questions they did not see, joined into one."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from student_model.encoder.answers import GradedAnswer, Split, Task, folds, task_of
from student_model.encoder.base import Base, load
from student_model.encoder.book import Book, open_book, quiet
from student_model.encoder.forest import Forest, grow, numbers
from student_model.encoder.net import Batch, GradingNet, apart, loss_of
from student_model.encoder.outcomes import Floats, best_temperature, figures, joined, log_loss, outcomes
from student_model.encoder.recipe import Recipe
from student_model.encoder.tuning import merged, tuned
from student_model.training import Plan, Watch, train

FEWEST_HELD = 2
"""Questions below which none are held back: the last epoch is kept and the temperature is 1."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Beside the recipe: where the training says how it goes, its folders, and the device."""

    tell: Callable[[str], None] = quiet
    done: Callable[[float], None] = lambda share: None
    curves: Path | None = None
    checkpoint: Path | None = None
    device: str = "cpu"


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One network, and one forest over the features beside it, fitted to the same answers."""

    net: GradingNet
    forest: Forest | None

    def found(self, book: Book) -> Floats:
        """What both say of all entries of a book, as the numbers of one head, (n, outputs)."""
        said = [predict(self.net, book)]
        if self.forest is not None:
            said.append(numbers(self.net.task, self.forest.mean(book.features)))
        return joined(self.net.task, said)


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A grader as it was fitted, and what was measured on questions held back from its members."""

    task: Task
    recipe: Recipe
    base: Base
    members: list[Member]
    temperature: float
    error: float
    held: Mapping[str, float]
    trainable: int
    interrupted: bool = False

    def found(self, answers: Sequence[GradedAnswer], device: str = "cpu") -> Floats:
        """What the members say of these answers on average, as the numbers of one head, (n, outputs)."""
        bare = [replace(one, label=None, score=0.0) for one in answers]
        book = open_book(bare, Task("regression"), self.base, self.recipe)
        for one in self.members:
            one.net.to(device)
        return joined(self.task, [one.found(book) for one in self.members])


def fit(
    answers: Sequence[GradedAnswer], recipe: Recipe, asked: Asked = Asked(), bare: Sequence[GradedAnswer] = ()
) -> Fitted:
    """Fit a grader to graded answers, and to `bare` ones without grades where the recipe has a use for them.

    Raises:
        NoTask: the answers do not say what to learn. EncoderMissing: the base encoder is not here.
        CheckpointError: the folder for checkpoints keeps another training.
    """
    task = task_of(answers, recipe.worth, recipe.scores)
    parts, base = _parted(answers, recipe), load(recipe.base)
    members, found, truth, trainable, cut = list[Member](), list[Floats](), list[Floats](), 0, False
    for number in range(recipe.members):
        own = replace(recipe, seed=recipe.seed + 1000 * number)
        name = "grader" if recipe.members == 1 else f"grader {number + 1} of {recipe.members}"
        split = parts[number % len(parts)]
        base.model.to(asked.device)
        book = open_book(split.train, task, base, own, variants=True, tell=asked.tell)
        held = open_book(split.held, task, base, own) if split.held else None
        kept = asked.checkpoint and (asked.checkpoint / f"{number}" if recipe.members > 1 else asked.checkpoint)
        net, cut = _trained(book, held, task, base, own, name, replace(asked, checkpoint=kept))
        trainable = sum(one.numel() for one in net.parameters() if one.requires_grad)
        net.encoder = merged(net.encoder)
        member = Member(net, _grown(book, task, own))
        if held is not None:
            found.append(member.found(held))
            truth.append(held.targets)
        members.append(Member(net.cpu(), member.forest))
        if cut:
            break
    base.model.cpu()
    if recipe.join == "weights" and len(members) > 1:
        members = [Member(soup([one.net for one in members]), members[0].forest)]
    temperature, error, judged = _judged(task, found, truth)
    return Fitted(task, recipe, base, members, temperature, error, judged, trainable, cut)


def _grown(book: Book, task: Task, recipe: Recipe) -> Forest | None:
    if not recipe.forest or not book.features.shape[1]:
        return None
    own = book.plain
    return grow(book.features[own], book.targets[own], task, recipe.seed)


def _parted(answers: Sequence[GradedAnswer], recipe: Recipe) -> list[Split]:
    many = max(2, round(1.0 / recipe.held)) if recipe.held > 0 else 1
    if len({one.group for one in answers}) < FEWEST_HELD * 2 or many < 2:
        return [Split(list(answers), [])]
    return folds(answers, many, recipe.seed)


def _judged(task: Task, found: list[Floats], truth: list[Floats]) -> tuple[float, float, dict[str, float]]:
    """Temperature, typical error of a score, and the figures on the questions held back from each network."""
    if not found:
        return 1.0, 0.25, {}
    all_found, target = np.concatenate(found), np.concatenate(truth)
    temperature = best_temperature(task, all_found, target)
    said = outcomes(task, all_found, temperature)
    error = 0.25
    if task.kind == "regression":
        error = max(float(np.sqrt(np.mean((said.score - target) ** 2))), 1e-3)
        said = outcomes(task, all_found, temperature, error)
    return temperature, error, figures(task, said, target)


def _trained(
    book: Book, held: Book | None, task: Task, base: Base, recipe: Recipe, name: str, asked: Asked
) -> tuple[GradingNet, bool]:
    torch.manual_seed(recipe.seed)
    steps = -(-book.steps // recipe.accumulate)
    method = tuned(copy.deepcopy(base.model), recipe.method, recipe.layers, recipe.rank, steps * recipe.epochs)
    kinds = recipe.kinds and base.pairs.signs.kinds and recipe.method != "prefix"  # which takes none
    net = GradingNet(method.encoder, base.width, book.features.shape[1], task, recipe.dropout, kinds).to(asked.device)
    own = book.plain
    net.head.begin(
        task,
        torch.from_numpy(book.features[own]).to(asked.device),
        torch.tensor(book.targets[own], dtype=torch.float32, device=asked.device),
    )
    plan = Plan(
        recipe.epochs, recipe.rate, recipe.decay, accumulate=recipe.accumulate, seed=recipe.seed, steps=steps,
        warmup=recipe.warmup, schedule=recipe.schedule, average=recipe.average, patience=recipe.patience,
        mixed=recipe.mixed, stepped=method.stepped,
        factor=lambda one: recipe.head_rate if one.startswith("head.") else 1.0,
    )  # fmt: skip

    def losses(epoch: int) -> Iterator[Tensor]:
        rng = np.random.default_rng((recipe.seed, epoch, 31))
        for places in book.batches(rng):
            yield loss(net, task, batch_of(net, book, places), recipe)

    def judge() -> Mapping[str, float]:
        if held is None:
            return {"epochs to come": 0.0}
        found = predict(net, held)
        told = figures(task, outcomes(task, found), held.targets)
        least = {"1 - macro F1": 1.0 - told["macro_f1"]} if task.kind == "labels" else {"rmse": told["rmse"]}
        return {**least, "log loss": log_loss(task, found, held.targets), "accuracy": told["accuracy"]}

    data = hashlib.sha256(repr(book.entries).encode()).hexdigest()
    watch = Watch(name, asked.tell, asked.curves, asked.checkpoint, f"{recipe} {data}", asked.done)
    course = train(net, losses, judge, plan, watch)
    return net, course.interrupted


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


def batch_of(net: GradingNet, book: Book, places: NDArray[np.int64]) -> Batch:
    """Entries of a book as tensors on the network's device."""
    device = next(net.parameters()).device
    chosen, rows = [book.entries[n] for n in places], book.together(places)
    tokens, mask, kinds = (torch.from_numpy(one).to(device) for one in (rows.tokens, rows.mask, rows.kinds))
    return Batch(
        tokens,
        mask,
        kinds,
        torch.from_numpy(book.features[places]).to(device),
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

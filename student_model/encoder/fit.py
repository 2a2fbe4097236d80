"""Fitting a grader: networks trained on graded answers, judged on questions they did not see, joined into one."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch import Tensor

from student_model.encoder import pseudo
from student_model.encoder.answers import GradedAnswer, Split, Task, task_of, with_known
from student_model.encoder.base import Base, load
from student_model.encoder.beside import Beside, beside
from student_model.encoder.book import OWN, Book, open_book, quiet
from student_model.encoder.families import held_back
from student_model.encoder.graphs import Vectors, write_graph
from student_model.encoder.guard import Guard, grow_guard
from student_model.encoder.judged import Judged, Said, Told
from student_model.encoder.net import GradingNet, batch_of, loss, predict, soup
from student_model.encoder.outcomes import Floats, figures, joined, log_loss, outcomes
from student_model.encoder.precedents import Precedents, Trust, collect
from student_model.encoder.pretrain import pretrained, texts_of
from student_model.encoder.reader import Reader
from student_model.encoder.recipe import Recipe
from student_model.encoder.tuning import merged, tuned
from student_model.training import Course, Plan, Watch, train

BASE = "base.onnx"
KNOWN, LEAST_KNOWN = 10, 100
"""One answer in so many to the other questions is held back too, where that makes at least so many: fewer tell less of
how far to trust precedents than they are worth to the network."""


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
    """One network, what speaks of features beside it, and a guard, fitted to the same answers."""

    net: GradingNet
    beside: Beside | None
    guard: Guard | None = None

    def said(self, book: Book) -> Said:
        """What each of them says of all entries of a book."""
        task, features = self.net.task, book.features
        counted = None if self.beside is None else self.beside.said(task, features)
        return Said(predict(self.net, book), counted, None if self.guard is None else self.guard.said(task, features))


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A grader as it was fitted, and what questions told that were held back from its members."""

    task: Task
    recipe: Recipe
    base: Base
    reader: Reader
    members: list[Member]
    told: Told
    precedents: Precedents | None
    trainable: int
    folder: TemporaryDirectory[str]
    interrupted: bool = False

    def found(self, answers: Sequence[GradedAnswer], device: str = "cpu") -> Floats:
        """What the members say of these answers on average, as the numbers of one head, (n, outputs), precedents left
        out.
        """
        bare = [replace(one, label=None, score=0.0) for one in answers]
        book = open_book(bare, Task("regression"), self.reader, self.recipe)
        each = []
        for one in self.members:
            one.net.to(device)
            each.append(one.said(book).joined(self.task, self.told.share))
            one.net.cpu()  # where graphs are written
        return joined(self.task, each)


def fit(
    answers: Sequence[GradedAnswer], recipe: Recipe, asked: Asked = Asked(), bare: Sequence[GradedAnswer] = ()
) -> Fitted:
    """Fit a grader to graded answers, and to `bare` ones without grades where the recipe has a use for them.

    Raises:
        NoTask: the answers do not say what to learn. EncoderMissing: the base encoder is not here.
        CheckpointError: the folder for checkpoints keeps another training.
    """
    task, base, folder = task_of(answers, recipe.worth, recipe.scores), load(recipe.base), TemporaryDirectory()
    asked.tell("writing the base encoder in eight bits")
    reader = Reader(write_graph(Vectors(base.model), base, Path(folder.name) / BASE), base.pairs)
    start, epochs = base, 0
    if recipe.pretrain > 0:
        watch = _watch("pre-training", asked)
        encoder, epochs = pretrained(base, texts_of([*answers, *bare]), recipe, watch, asked.device)
        start = replace(base, model=encoder)
    given = _Given(task, recipe, asked, _parted(answers, recipe), base, start, epochs, reader, folder)
    fitted, fresh = _round(given), pseudo.ungraded(bare, answers)
    if recipe.pseudo <= 0 or fitted.interrupted or not fresh:
        return fitted
    told = fitted.told
    said = outcomes(task, fitted.found(fresh, asked.device), told.temperature, told.error)
    guessed = pseudo.sure(fresh, task, said, recipe.pseudo)
    asked.tell(f"sure of {len(guessed):,} of {len(fresh):,} ungraded answers")
    if not guessed:
        return fitted
    second = _round(given, guessed)
    return replace(fitted, interrupted=True) if second.interrupted else second


@dataclass(frozen=True, slots=True, eq=False)
class _Given:
    """What all rounds of a fit share. `start` is the base encoder, after so many `epochs` on bare texts."""

    task: Task
    recipe: Recipe
    asked: Asked
    parts: Sequence[Split]
    base: Base
    start: Base
    epochs: int
    reader: Reader
    folder: TemporaryDirectory[str]


def _round(given: _Given, guessed: Sequence[GradedAnswer] = ()) -> Fitted:
    """All members fitted once, to graded answers and to those whose grades were guessed."""
    task, recipe, asked, reader = given.task, given.recipe, given.asked, given.reader
    members, serving, judged, known = list[Member](), list[Member](), Judged(task), None
    trainable, cut = 0, False
    for number in range(recipe.members):
        own = replace(recipe, seed=recipe.seed + 1000 * number)
        name = "grader" if recipe.members == 1 else f"grader {number + 1} of {recipe.members}"
        name = f"{name}, second round" if guessed else name
        split = given.parts[number % len(given.parts)]  # of joined weights all have the same
        more = pseudo.beside(guessed, split.held)
        book = open_book(split.train, task, reader, own, variants=True, tell=asked.tell, guessed=more)
        held, aside = (open_book(some, task, reader, own) if some else None for some in (split.held, split.known))
        graded = [one for one in (book, held, aside) if one is not None]
        net, course = _trained(book, held, own, name, given)
        trainable = sum(one.numel() for one in net.parameters() if one.requires_grad)
        net.encoder = merged(net.encoder)
        guard = grow_guard(book, task, reader) if recipe.disguise and book.features.shape[1] else None
        member = Member(net, beside(task, own, [book]), guard)
        if known is None and recipe.precedents:
            known, judged.trust = _collected(graded, task, own)
        if recipe.join == "outputs":
            _hear(judged, member, held, aside, known)
        members.append(replace(member, net=net.cpu()))
        whole, cut = _whole(members[-1], graded, own, name, course, given)
        serving.append(whole)
        if cut:
            break
    if recipe.join == "weights":  # all have the same questions held back, so that their average can be judged by them
        _hear(judged, replace(members[0], net=soup([one.net for one in members])), held, aside, known)
        serving = [replace(serving[0], net=soup([one.net for one in serving]))]
    return Fitted(task, recipe, given.base, reader, serving, judged.told(), known, trainable, given.folder, cut)


def _whole(
    member: Member, books: Sequence[Book], recipe: Recipe, name: str, course: Course, given: _Given
) -> tuple[Member, bool]:
    """A member as it serves, and whether it was interrupted: fitted once more, also to what was held back from it. That
    has judged it by then.
    """
    share = None if member.beside is None else member.beside.share
    member = replace(member, beside=beside(given.task, recipe, books, share))
    if not recipe.refit or len(books) == 1 or course.interrupted:
        return member, course.interrupted
    book, epochs = books[0].beside(books[1:]), course.best_epoch + 1
    net, again = _trained(book, None, recipe, f"{name}, on all answers", given, epochs)
    if again.interrupted:
        return member, True
    net.encoder = merged(net.encoder)
    return replace(member, net=net.cpu()), False


def _hear(judged: Judged, member: Member, held: Book | None, aside: Book | None, known: Precedents | None) -> None:
    """Let a member be judged by what was held back from it: questions, and answers to others set aside."""
    if held is not None:
        judged.new.add(judged.task, held, member.said(held), known)
    if aside is not None:
        judged.known.add(judged.task, aside, member.said(aside), known)


def _collected(books: Sequence[Book], task: Task, recipe: Recipe) -> tuple[Precedents, Trust]:
    """The precedents of all graded answers, those held back among them."""
    graded = [(one.answer, row) for own in books for one, row in zip(own.entries, own.features, strict=True)
              if one.kind == OWN and one.weight == 1.0]  # fmt: skip
    return collect([one for one, _ in graded], np.array([row for _, row in graded]), task, recipe.seed)


def _watch(name: str, asked: Asked, key: str = "") -> Watch:
    """Each training of a fit has a folder of its own for its checkpoint."""
    folder = None if asked.checkpoint is None else asked.checkpoint / name.replace(",", "").replace(" ", "-")
    return Watch(name, asked.tell, asked.curves, folder, key, asked.done)


def _parted(answers: Sequence[GradedAnswer], recipe: Recipe) -> list[Split]:
    """What each member learns from and is judged by."""
    many = 1 if recipe.join == "weights" else recipe.members
    parts = [held_back(answers, recipe.held, recipe.seed + number) for number in range(many)]
    if not recipe.precedents:
        return parts
    return [with_known(one, KNOWN, LEAST_KNOWN, recipe.seed) if one.held else one for one in parts]


def _trained(
    book: Book, held: Book | None, recipe: Recipe, name: str, given: _Given, until: int = 0
) -> tuple[GradingNet, Course]:
    """A network at its last epoch of a book: `until`, if that is given. With patience, at its best by what was held
    back.
    """
    task, base, asked, (rate, head) = given.task, given.start, given.asked, recipe.rates
    torch.manual_seed(recipe.seed)
    steps = -(-book.steps // recipe.accumulate)
    method = tuned(copy.deepcopy(base.model), recipe.method, recipe.layers, recipe.rank, steps * recipe.epochs)
    kinds = recipe.kinds and base.pairs.signs.kinds and recipe.method != "prefix"  # which takes none
    net = GradingNet(method.encoder, base.width, task, recipe.dropout, kinds).to(asked.device)
    plan = Plan(
        recipe.epochs, rate, recipe.decay, accumulate=recipe.accumulate, seed=recipe.seed, steps=steps,
        warmup=recipe.warmup, schedule=recipe.schedule, average=recipe.average, patience=recipe.patience,
        mixed=recipe.mixed, stepped=method.stepped, until=until, last=held is None or not recipe.patience,
        factor=lambda one: head if one.startswith("head.") else 1.0,
    )  # fmt: skip

    def losses(epoch: int) -> Iterator[Tensor]:
        rng = np.random.default_rng((recipe.seed, epoch, 31))
        for places in book.batches(rng):
            yield loss(net, task, batch_of(net, book, places, rng), recipe) + method.penalty()

    def judge() -> Mapping[str, float]:
        if held is None:
            return {}
        found = predict(net, held)
        told = figures(task, outcomes(task, found), held.targets)
        least = {"1 - macro F1": 1.0 - told["macro_f1"]} if task.kind == "labels" else {"rmse": told["rmse"]}
        return {**least, "log loss": log_loss(task, found, held.targets), "accuracy": told["accuracy"]}

    data = hashlib.sha256(repr(book.entries).encode()).hexdigest()
    return net, train(net, losses, judge, plan, _watch(name, asked, f"{recipe} {data} {given.epochs}"))

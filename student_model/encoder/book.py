"""Answers as a network takes them: rows of tokens, features, targets, and the variants that an epoch may draw."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from student_model.encoder.answers import GradedAnswer, Task
from student_model.encoder.augment import reworded
from student_model.encoder.own_words import in_own_words
from student_model.encoder.pairs import Pairs, Row, Rows
from student_model.encoder.passages import compared
from student_model.encoder.pseudo import WEIGHT
from student_model.encoder.reader import Reader
from student_model.encoder.reading import features
from student_model.encoder.recipe import Recipe
from student_model.encoder.similar import Reading
from student_model.encoder.swaps import Swaps

OWN, REWORDED, BORROWED = range(3)
"""Where an entry comes from: as it is, said otherwise, or beside a borrowed reference."""

Tell = Callable[[str], None]


def quiet(what: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer to learn from: `origin` is the place of the answer that it was made of."""

    answer: GradedAnswer
    target: float
    origin: int
    kind: int = OWN
    weight: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """Entries with their rows and features (N, F). `drawn` chooses those of an epoch."""

    entries: Sequence[Entry]
    rows: Sequence[Row]
    features: NDArray[np.float32]
    recipe: Recipe
    pairs: Pairs
    swaps: Swaps | None = None

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def targets(self) -> NDArray[np.float64]:
        """Of all entries, (N,)."""
        return np.array([one.target for one in self.entries])

    @property
    def weights(self) -> NDArray[np.float64]:
        """Of all entries, (N,)."""
        return np.array([one.weight for one in self.entries])

    @property
    def plain(self) -> NDArray[np.int64]:
        """The entries that what is fitted to features alone learns from: answers as they are."""
        return np.array([n for n, one in enumerate(self.entries) if one.kind == OWN], dtype=np.int64)

    def together(self, places: NDArray[np.int64], rng: np.random.Generator | None = None) -> Rows:
        """The rows of some entries, side by side; with dice, some of their words stand for others."""
        if rng is None or self.swaps is None:
            return self.pairs.together([self.rows[n] for n in places])
        return self.pairs.together([self.swaps.row(self.entries[n].answer, self.recipe.swap, rng) for n in places])

    def beside(self, others: Sequence[Book]) -> Book:
        """One book of it and others of the same recipe."""
        entries, rows = list(self.entries), list(self.rows)
        for one in others:
            start = 1 + max((entry.origin for entry in entries), default=-1)
            entries += [replace(entry, origin=start + entry.origin) for entry in one.entries]
            rows += one.rows
        features = np.concatenate([self.features, *(one.features for one in others)])
        swaps = self.swaps and _swaps(self.pairs, entries, self.recipe)
        return replace(self, entries=entries, rows=rows, features=features, swaps=swaps)

    def drawn(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """The entries of an epoch: each answer once, as it is or as a variant."""
        share = {OWN: 1.0, REWORDED: self.recipe.reword, BORROWED: self.recipe.borrow}
        variants: dict[tuple[int, int], list[int]] = {}
        for place, one in enumerate(self.entries):
            variants.setdefault((one.origin, one.kind), []).append(place)
        chosen, lots = dict[int, int](), rng.random(len(self.entries))
        for (origin, kind), places in variants.items():
            lot = lots[places[0]] / share[kind] if share[kind] else 1.0
            if lot < 1.0:
                chosen[origin] = places[int(lot * len(places))]
        return np.array([*chosen.values()], dtype=np.int64)

    def batches(self, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
        """An epoch in batches of about equal length each, in any order."""
        size, drawn = self.recipe.batch, rng.permutation(self.drawn(rng))
        found = []
        for start in range(0, len(drawn), 16 * size):
            some = drawn[start : start + 16 * size]
            some = some[np.argsort([len(self.rows[n].tokens) for n in some], kind="stable")]
            found += [some[at : at + size] for at in range(0, len(some), size)]
        order = rng.permutation(len(found))
        return (found[n] for n in order)

    @property
    def steps(self) -> int:
        """About how many batches an epoch has."""
        return max(1, round(len(self.plain) / self.recipe.batch + 0.5))


def open_book(
    answers: Sequence[GradedAnswer],
    task: Task,
    reader: Reader,
    recipe: Recipe,
    variants: bool = False,
    tell: Tell = quiet,
    guessed: Sequence[GradedAnswer] = (),
) -> Book:
    """The book of graded answers, and of some whose grades were guessed, with variants to train on where wanted."""
    entries = [Entry(one, task.target(one), place) for place, one in enumerate(answers)]
    entries += [Entry(one, task.target(one), len(answers) + n, weight=WEIGHT) for n, one in enumerate(guessed)]
    if variants:
        entries += _variants(entries, task, recipe)
    entries = [replace(one, answer=in_own_words(one.answer)) for one in entries]
    told = [one.answer for one in entries]
    rows = [reader.pairs.row(one.question, one.reference_answers, one.answer, one.passage) for one in told]
    swaps = _swaps(reader.pairs, entries, recipe) if variants else None
    return Book(entries, rows, book_features(told, reader, recipe, tell), recipe, reader.pairs, swaps)


def _swaps(pairs: Pairs, entries: Sequence[Entry], recipe: Recipe) -> Swaps | None:
    return Swaps(pairs, [one.answer for one in entries]) if recipe.swap else None


def book_features(
    answers: Sequence[GradedAnswer], reader: Reader, recipe: Recipe, tell: Tell = quiet
) -> NDArray[np.float32]:
    """What stands beside the meaning of each answer, (n, F); F = 0 where the recipe wants none."""
    known: dict[str, Reading] | None = None
    told = [(one.question, compared(one), one.answer) for one in answers]
    if recipe.near:
        texts = sorted({text for question, beside, answer in told for text in (question, answer, *beside)})
        known = reader.read(texts, tell)
    return np.array([features(*one, known, recipe.counted) for one in told], dtype=np.float32)


def _variants(entries: Sequence[Entry], task: Task, recipe: Recipe) -> list[Entry]:
    """Variants of all answers, made once: an epoch draws among them."""
    rng = np.random.default_rng((recipe.seed, 5))
    best, _ = ends(task)
    right: dict[str, list[str]] = {}
    for one in entries:
        if one.target == best and one.weight == 1.0:  # what was guessed is no reference for others
            right.setdefault(one.answer.group, []).append(one.answer.answer)
    found: list[Entry] = []
    for one in entries:
        own = one.answer
        if recipe.reword:
            found += [
                replace(one, answer=replace(own, answer=reworded(own.answer, rng, strength)), kind=REWORDED)
                for strength in (0.6, 1.2)
            ]
        if recipe.borrow:
            others = [text for text in right.get(own.group, ()) if text != own.answer]
            if others:
                borrowed = replace(own, reference_answers=(str(rng.choice(np.array(others, dtype=object))),))
                found.append(replace(one, answer=borrowed, kind=BORROWED))
    return found


def ends(task: Task) -> tuple[float, float]:
    """The targets of the best and of the worst grade. Of several worst labels, the one that means "off the point"."""
    if task.kind == "labels":
        least = min(task.worth)
        worst = [n for n, worth in enumerate(task.worth) if worth == least]
        beside = [n for n in worst if "contra" not in task.labels[n]]
        return float(np.argmax(task.worth)), float((beside or worst)[0])
    return (1.0, 0.0) if task.kind == "regression" else (float(len(task.worth) - 1), 0.0)

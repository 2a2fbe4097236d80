"""Which questions are about the same, so that what is learned from one is no surprise at the other.

Courses ask in series: "why was the reading at terminal 1 so?", then at terminal 2. Held back one by one, such questions
flatter a grader: trees reach a weighted F1 of .67 on Beetle's, and .60 where the whole series is held back, as on
questions that are new indeed (`LOG.md`). So a grader is judged on families that it has seen nothing of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from student_model.encoder.answers import GradedAnswer, Split
from student_model.judging import plain
from student_model.judging.wording import content, words

ALIKE = 0.5
"""The share of their telling words from which references of two questions are about the same."""
FEWEST = 4
"""Families below which questions count by themselves, and questions below which none are held back."""
OVER = 1.25
"""How much more than was wanted may be held back rather than a family parted."""


def families(answers: Sequence[GradedAnswer], alike: float = ALIKE) -> dict[str, str]:
    """The family of each question, named by one of its questions.

    Two are of one family where at least so much of the telling words in the references of either are in both (Jaccard),
    or that are about one passage, and with them whatever is so related to one of them. Without references the question
    and its passage are compared.

    >>> ask = [GradedAnswer(q, (r,), "") for q, r in (("1?", "The lamp is in an open path."),
    ...        ("2?", "The lamp is in a closed path."), ("3?", "Salt stays."))]
    >>> families(ask)
    {'1?': '1?', '2?': '1?', '3?': '3?'}
    """
    first: dict[str, GradedAnswer] = {}
    for one in answers:
        first.setdefault(one.group, one)
    names = sorted(first)
    telling = [_telling(first[name]) for name in names]
    places = {word: n for n, word in enumerate(sorted(set().union(*telling)))}
    rows = np.repeat(np.arange(len(names)), [len(own) for own in telling])
    columns = [places[word] for own in telling for word in sorted(own)]
    found = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(names), max(len(places), 1)))
    shared = (found @ found.T).tocoo()
    sizes = np.array([len(own) for own in telling])
    row, column = shared.coords
    near = shared.data >= alike * (sizes[row] + sizes[column] - shared.data)
    one_side, other = np.array(_on_one_passage(answers, names), dtype=np.int64).reshape(-1, 2).T
    links = np.concatenate((row[near], one_side)), np.concatenate((column[near], other))
    linked = csr_array((np.ones(len(links[0])), links), shape=(len(names),) * 2)
    _, labels = connected_components(linked, directed=False)
    heads: dict[int, str] = {}
    return {name: heads.setdefault(int(label), name) for name, label in zip(names, labels, strict=True)}


def held_back(answers: Sequence[GradedAnswer], share: float, seed: int) -> Split:
    """Whole families held back, drawn until they have about this share of the answers; none where there are too few."""
    family = _kept_together(answers)
    if share <= 0.0 or len(set(family.values())) < FEWEST:
        return Split(list(answers))
    sizes: dict[str, int] = {}
    for one in answers:
        sizes[family[one.group]] = sizes.get(family[one.group], 0) + 1
    names, wanted, held, many = sorted(sizes), share * len(answers), set[str](), 0
    np.random.default_rng((seed, 77)).shuffle(names)
    for name in names:
        if many < wanted and many + sizes[name] <= OVER * wanted:
            held.add(name)
            many += sizes[name]
    if not held:
        held.add(min(names, key=lambda one: sizes[one]))
    return Split(
        [one for one in answers if family[one.group] not in held],
        [one for one in answers if family[one.group] in held],
    )


def _kept_together(answers: Sequence[GradedAnswer]) -> Mapping[str, str]:
    """Families, or each question by itself where there are too few families to hold some back."""
    found = families(answers)
    return found if len(set(found.values())) >= FEWEST else {name: name for name in found}


def _on_one_passage(answers: Sequence[GradedAnswer], names: Sequence[str]) -> list[tuple[int, int]]:
    """The places of the questions that are about a passage, each with that of the first that is about the same one."""
    place, first = {name: n for n, name in enumerate(names)}, dict[str, int]()
    about = {(plain(one.passage), place[one.group]) for one in answers if one.passage.strip()}
    return [(first.setdefault(passage, n), n) for passage, n in sorted(about)]


def _telling(one: GradedAnswer) -> frozenset[str]:
    texts = one.reference_answers or (one.question, one.passage)
    return frozenset(content(words(" ".join(texts))))

"""How question, reference answers, answer and passage become one row of tokens: the same for training and serving.

`[CLS] answer [SEP] reference | reference … [SEP]`, and where there is no reference, or a passage, the question and the
passage after them: the transformer reads the answer in the light of its nearest references at once, so that one pass
grades it. Beside references the question told it nothing more (`LOG.md`) and took a third of the time; what of an
answer the question had said already, and how near it is to the other references, is counted in the features. Of a
passage that is over its budget the sentences are read that are nearest to question and answer, in their order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from student_model.encoder.passages import chosen
from student_model.judging.wording import FILLERS, words

if TYPE_CHECKING:
    from tokenizers import Tokenizer

OTHER, ANSWER, REFERENCE, QUESTION, PASSAGE = range(5)
"""What a token is part of; `OTHER` are the separators."""
SAID, COMPARED, ASIDE = 1, 2, 3
"""On which side a token is: the answer's, that of what it is compared with (the references, or without any the question
and the passage), or beside both; 0 for separators and padding."""

COMMON = 1000
"""Tokens numbered below are letters, signs and the most frequent words."""
PUNCTUATION = ".,;:!?'\"()-"
BREAKS = frozenset(
    (*".,;:!?", "and", "because", "so", "but", "then", "therefore", "while", "since", "which", "that", "or")
)
"""Where one phrase ends and the next begins."""

_HALF = re.compile("[\ud800-\udfff]")

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Budget:
    """How many tokens of each part are read; what is over is cut: of answers the middle, of passages the sentences that
    are farthest from question and answer. Beside the nearest reference others are read, each whole, as far as all
    together have no more than `several`.
    """

    answer: int = 96
    reference: int = 96
    question: int = 48
    passage: int = 160
    several: int = 48


@dataclass(frozen=True, slots=True)
class Signs:
    """The numbers of the special tokens of a base encoder, and whether it tells first from second texts."""

    begin: int
    end: int
    pad: int
    kinds: bool


@dataclass(frozen=True, slots=True)
class Phrase:
    """A part of a text: its tokens from `first` to before `last`, and its letters from `begin` to before `end`."""

    first: int
    last: int
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Row:
    """One answer with all it is compared with: tokens (n,), and what each is part of (n,)."""

    tokens: list[int]
    parts: list[int]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one length, padded: `tokens`, `mask` and `sides`, each (B, T)."""

    tokens: Ints
    mask: Ints
    sides: Ints


class Pairs:
    """Makes rows. Texts are tokenised once and remembered by their content, up to `most` tokens in all."""

    def __init__(self, tokenizer: Tokenizer, signs: Signs, budget: Budget = Budget(), most: int = 500_000) -> None:
        self.tokenizer, self.signs, self.budget, self.most = tokenizer, signs, budget, most
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._known: dict[str, list[int]] = {}
        self._held = 0
        self._small = {token for word in (*sorted(FILLERS), *PUNCTUATION) for token in self.tokens(word)}
        self._breaks = {own[0] for own in map(self.tokens, sorted(BREAKS)) if len(own) == 1}

    def tokens(self, text: str) -> list[int]:
        """A text's tokens without special ones."""
        found = self._known.get(text)
        if found is None:
            found = list(self.tokenizer.encode(readable(text), add_special_tokens=False).ids)
            if self._held > self.most:
                self._known.clear()
                self._held = 0
            self._known[text] = found
            self._held += len(found) + 1
        return found

    def rarity(self, text: str, most: int) -> NDArray[np.float32]:
        """How rare the tokens of a text are, (n,): vocabularies are written with the most frequent first."""
        own = np.array(self.tokens(text)[: most - 2], dtype=np.int64)
        rare = np.log(np.maximum(own, COMMON) / COMMON) + 0.3
        return np.asarray(rare * [0.1 if one in self._small else 1.0 for one in own.tolist()], dtype=np.float32)

    def phrases(self, text: str, most: int) -> list[Phrase]:
        """The parts of a text between punctuation and joining words; those without a telling word are left out."""
        encoded = self.tokenizer.encode(readable(text), add_special_tokens=False)
        own, places = encoded.ids[: most - 2], encoded.offsets
        found, first = [], 0
        for place, token in enumerate((*own, None)):
            if token is not None and token not in self._breaks:
                continue
            if any(one not in self._small for one in own[first:place]):
                found.append(Phrase(first, place, places[first][0], places[place - 1][1]))
            first = place + 1
        return found

    def row(
        self,
        question: str,
        references: Sequence[str],
        answer: str,
        passage: str = "",
        read: Callable[[str], Sequence[int]] | None = None,
    ) -> Row:
        """The row of one answer. References that share most words with it come first. `read` gives a text's tokens,
        where they are to be others than its own.
        """
        budget, end, read = self.budget, self.signs.end, read or self.tokens
        tokens, parts = [self.signs.begin], [OTHER]

        def add(some: Sequence[int], part: int) -> None:
            tokens.extend((*some, end))
            parts.extend((*[part] * len(some), OTHER))

        add(_both_ends(read(answer), budget.answer), ANSWER)
        for own in _within(budget, [read(one) for one in nearest_first(answer, references)]):
            add(own, REFERENCE)
        bare = REFERENCE not in parts
        if bare:
            add((), REFERENCE)
        if passage or bare:
            add(read(question)[: budget.question], QUESTION)
        if passage:
            told = [token for text in self.of_passage(question, answer, passage) for token in read(text)]
            add(told[: budget.passage], PASSAGE)
        return Row(tokens, parts)

    def of_passage(self, question: str, answer: str, passage: str) -> list[str]:
        """The texts that are read of a passage: all of it where that is within the budget, else see `chosen`."""
        if len(self.tokens(passage)) <= self.budget.passage:
            return [passage]
        return chosen(passage, question, answer, lambda text: len(self.tokens(text)), self.budget.passage)

    def alone(self, text: str, most: int) -> Row:
        """The row of one text by itself, as base encoders read it."""
        own = self.tokens(text)[: most - 2]
        return Row([self.signs.begin, *own, self.signs.end], [OTHER, *[ANSWER] * len(own), OTHER])

    def together(self, rows: Sequence[Row]) -> Rows:
        """Rows side by side, as long as the longest."""
        longest = max(len(one.tokens) for one in rows)
        tokens = np.full((len(rows), longest), self.signs.pad, dtype=np.int64)
        mask, sides = np.zeros_like(tokens), np.zeros_like(tokens)
        for place, one in enumerate(rows):
            size, parts = len(one.tokens), np.array(one.parts)
            compared = parts == REFERENCE if REFERENCE in one.parts else parts > REFERENCE
            tokens[place, :size], mask[place, :size] = one.tokens, 1
            sides[place, :size] = np.select([parts == ANSWER, compared, parts > REFERENCE], [SAID, COMPARED, ASIDE])
        return Rows(tokens, mask, sides)


def readable(text: str) -> str:
    r"""The text with a sign of the same length in place of each half of a character that lacks its other half.

    >>> readable("one \ud83d two") == "one \ufffd two"
    True
    """
    return _HALF.sub("\ufffd", text)


def nearest_first(answer: str, references: Sequence[str]) -> list[str]:
    """The references, those that share the largest part of their words with the answer first; ties as they came."""
    if len(references) < 2:
        return list(references)
    said = set(words(answer))
    shared = [len(said & own) / max(len(own | said), 1) for own in (set(words(one)) for one in references)]
    return [references[place] for place in sorted(range(len(references)), key=lambda n: (-shared[n], n))]


def _within(budget: Budget, references: Sequence[Sequence[int]]) -> list[Sequence[int]]:
    """Those of the references that are read, as a budget has it; empty ones are none."""
    given = [one for one in references if one]
    found = [one[: budget.reference] for one in given[:1]]
    left = budget.several - sum(len(one) + 1 for one in found)
    for one in given[1:]:
        if len(one) < left:  # a separator follows
            found.append(one)
            left -= len(one) + 1
    return found


def _both_ends(tokens: Sequence[int], most: int) -> Sequence[int]:
    """The beginning and the end of what is too long: nothing hides behind padding."""
    if len(tokens) <= most:
        return tokens
    head = most - most // 3
    return [*tokens[:head], *tokens[len(tokens) - most // 3 :]]


def read_tokenizer(content: bytes) -> Tokenizer:
    """The tokenizer in the content of a file `tokenizer.json`; needs no transformers."""
    from tokenizers import Tokenizer

    return Tokenizer.from_str(content.decode("utf-8"))

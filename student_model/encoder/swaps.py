"""Rows in which telling words stand for others, the same ones in an answer and in what it is compared with.

Whether an answer says what its reference says does not hang on what both are about. A network that reads such rows
cannot learn which words are right for which question, and has to compare: on questions it has not seen it is better for
it (`LOG.md`). Words that deny, small words and numbers stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from student_model.encoder.pairs import readable
from student_model.judging.wording import content, words

if TYPE_CHECKING:
    import numpy as np

    from student_model.encoder.answers import GradedAnswer
    from student_model.encoder.pairs import Pairs, Row

SHORTEST = 3
"""Letters of a telling word, without its ending."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A word or a sign of a text: its tokens, and its stem where it is a telling word."""

    tokens: tuple[int, ...]
    stem: str | None


class Swaps:
    """Draws rows of answers, whose words it knows. A word's forms share a stem and are swapped together; what stands in
    their place is the commonest form of another stem of these answers.
    """

    def __init__(self, pairs: Pairs, answers: Sequence[GradedAnswer]) -> None:
        self.pairs = pairs
        texts = dict.fromkeys(text for one in answers for text in _texts(one))
        self._pieces = {text: pieces(pairs, text) for text in texts}
        forms: dict[str, Counter[tuple[int, ...]]] = {}
        for found in self._pieces.values():
            for one in found:
                if one.stem is not None:
                    forms.setdefault(one.stem, Counter())[one.tokens] += 1
        self._forms = [counts.most_common(1)[0][0] for _, counts in sorted(forms.items())]

    def row(self, one: GradedAnswer, share: float, rng: np.random.Generator) -> Row:
        """The row of an answer in which this share of its telling words stand for others."""
        stems = sorted({piece.stem for text in _texts(one) for piece in self._pieces[text] if piece.stem is not None})
        swapped = [stem for stem, lot in zip(stems, rng.random(len(stems)), strict=True) if lot < share]
        others = rng.integers(len(self._forms), size=len(swapped)) if swapped else ()
        instead = {stem: self._forms[place] for stem, place in zip(swapped, others, strict=True)}

        def read(text: str) -> list[int]:
            found = self._pieces[text]
            return [token for piece in found for token in instead.get(piece.stem or "", piece.tokens)]

        return self.pairs.row(one.question, one.reference_answers, one.answer, one.passage, read)


def pieces(pairs: Pairs, text: str) -> list[Piece]:
    """The words and signs of a text in order; their tokens one after the other are those of the text."""
    encoded = pairs.tokenizer.encode(readable(text), add_special_tokens=False)
    found: list[Piece] = []
    first, ids, places = 0, encoded.ids, encoded.word_ids
    for place in range(1, len(ids) + 1):
        if place < len(ids) and places[place] == places[first]:
            continue
        own = words(text[encoded.offsets[first][0] : encoded.offsets[place - 1][1]])
        telling = len(own) == 1 and len(own[0]) >= SHORTEST and own[0].isalpha() and bool(content(own))
        found.append(Piece(tuple(ids[first:place]), own[0] if telling else None))
        first = place
    return found


def _texts(one: GradedAnswer) -> tuple[str, ...]:
    return (one.answer, *one.reference_answers, one.question, one.passage)

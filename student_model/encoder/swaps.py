"""Rows in which telling words stand for others, the same ones in an answer and in what it is compared with.

Whether an answer says what its reference says does not hang on what both are about. A network that reads such rows
cannot learn which words are right for which question, and has to compare: on questions it has not seen it is better for
it (`LOG.md`). Words that deny, small words and numbers in digits stay.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from student_model.encoder.pairs import readable
from student_model.judging.wording import WORD, content, words

if TYPE_CHECKING:
    import numpy as np

    from student_model.encoder.answers import GradedAnswer
    from student_model.encoder.pairs import Pairs, Row

SHORTEST = 3
"""Letters that a telling word has left without its ending."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A word or a sign of a text: its tokens, and its stem where it is a telling word."""

    tokens: tuple[int, ...]
    stem: str | None


class Swaps:
    """Draws rows of answers, whose words it knows. Words of one stem are swapped together, for the commonest word of a
    stem that is not in the row: two that differ stay different.
    """

    def __init__(self, pairs: Pairs, answers: Sequence[GradedAnswer]) -> None:
        self.pairs = pairs
        texts = dict.fromkeys(text for one in answers for text in self._texts(one))
        self._pieces = {text: pieces(pairs, text) for text in texts}
        forms: dict[str, Counter[tuple[int, ...]]] = {}
        for found in self._pieces.values():
            for place, one in enumerate(found):
                if one.stem is not None:
                    # Some tokenizers write the first word of a text in another way: it is the last choice.
                    forms.setdefault(one.stem, Counter())[one.tokens] += min(place, 1)
        self._forms = {stem: counts.most_common(1)[0][0] for stem, counts in sorted(forms.items())}

    def row(self, one: GradedAnswer, share: float, rng: np.random.Generator) -> Row:
        """The row of an answer in which this share of its telling words stand for others, as far as there are any."""
        own = dict.fromkeys(piece.stem for text in self._texts(one) for piece in self._pieces[text] if piece.stem)
        swapped = [stem for stem, lot in zip(own, rng.random(len(own)), strict=True) if lot < share]
        others = [tokens for stem, tokens in self._forms.items() if stem not in own]
        drawn = rng.choice(len(others), min(len(swapped), len(others)), replace=False) if others else ()
        instead = {stem: others[place] for stem, place in zip(swapped, drawn, strict=False)}

        def read(text: str) -> list[int]:
            found = self._pieces[text]
            return [token for piece in found for token in instead.get(piece.stem or "", piece.tokens)]

        return self.pairs.row(one.question, one.reference_answers, one.answer, one.passage, read)

    def _texts(self, one: GradedAnswer) -> tuple[str, ...]:
        read = self.pairs.of_passage(one.question, one.answer, one.passage)
        return (one.answer, *one.reference_answers, one.question, *read)


def pieces(pairs: Pairs, text: str) -> list[Piece]:
    """The words and signs of a text in order; their tokens one after the other are those of the text. A word that the
    tokenizer does not part from a sign beside it is not telling.
    """
    text = readable(text)
    encoded = pairs.tokenizer.encode(text, add_special_tokens=False)
    ends = [place for found in WORD.finditer(text) for place in found.span()]
    found, first = list[Piece](), 0
    for place in range(1, len(encoded.ids) + 1):
        if place < len(encoded.ids) and _word(ends, encoded.offsets[place]) == _word(ends, encoded.offsets[first]) >= 0:
            continue
        said = text[encoded.offsets[first][0] : encoded.offsets[place - 1][1]].strip()
        found.append(Piece(tuple(encoded.ids[first:place]), _stem(said)))
        first = place
    return found


def _word(ends: Sequence[int], span: tuple[int, int]) -> int:
    """Which word a token is part of, where words begin and end at these places; -1 for signs."""
    place = bisect_right(ends, span[1] - 1)
    return place // 2 if place % 2 else -1


def _stem(said: str) -> str | None:
    """The stem of a telling word, and nothing for all else."""
    if not WORD.fullmatch(said) or said.casefold() == "won":  # which "won't" may be parted into
        return None
    own = words(said)
    telling = len(own) == 1 and len(own[0]) >= SHORTEST and own[0].isalpha() and content(own)
    return own[0] if telling else None

"""A tokenizer of whole words with numbers of our own, so that rows and rarities can be worked out by hand."""

from __future__ import annotations

from tokenizers import Tokenizer, models, pre_tokenizers

from student_model.encoder.pairs import Budget, Pairs, Signs

NUMBERS = {
    "[UNK]": 1, ",": 4, "because": 5, "the": 6, "is": 7, "leaves": 1000, "salt": 2000, "water": 3000, "left": 4000,
    "gone": 5000, **{letter: 100 + place for place, letter in enumerate("bcdefghjklmnopqrstuvwxyz")},
}  # fmt: skip
SIGNS, USUAL = Signs(begin=2, end=3, pad=0, kinds=True), Budget()


def pairs(budget: Budget = USUAL, signs: Signs = SIGNS) -> Pairs:
    """Rows of these words; letters but for `a` and `i` are words too."""
    tokenizer = Tokenizer(models.WordLevel(NUMBERS, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return Pairs(tokenizer, signs, budget)


def numbers(text: str) -> list[int]:
    """Its words' numbers."""
    return [NUMBERS[word] for word in text.split()]

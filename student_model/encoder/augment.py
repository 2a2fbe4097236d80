"""The same answer in other words, which keeps its meaning and so its grade.

Nothing is downloaded: paraphrases come from a table of our own, misspellings from the dice.
"""

from __future__ import annotations

import re

import numpy as np

from student_model.judging.wording import negations, words

SAME: tuple[tuple[str, ...], ...] = (
    ("because", "since", "as"), ("is not", "isn't"), ("are not", "aren't"), ("does not", "doesn't"),
    ("do not", "don't"), ("cannot", "can't", "can not"), ("will not", "won't"), ("it is", "it's"),
    ("that is", "that's"), ("they are", "they're"), ("bigger", "larger"), ("big", "large"), ("smaller", "littler"),
    ("small", "little"), ("the same", "equal"), ("goes up", "increases", "rises"), ("go up", "increase", "rise"),
    ("goes down", "decreases", "falls"), ("go down", "decrease", "fall"), ("makes", "causes"), ("make", "cause"),
    ("shows", "tells"), ("so", "therefore"), ("for example", "for instance"), ("about", "around", "roughly"),
    ("start", "begin"), ("starts", "begins"), ("end", "finish"), ("need to", "have to", "must"), ("get", "obtain"),
    ("put", "place"), ("fast", "quick"), ("faster", "quicker"), ("hard", "difficult"), ("easy", "simple"),
    ("a lot of", "lots of", "many"), ("each", "every"), ("if", "when"), ("also", "too"), ("maybe", "perhaps"),
)  # fmt: skip
"""Words that may stand for each other."""

OPENINGS = ("I think ", "I think that ", "My answer is ", "Well, ", "um ", "I would say ", "I believe ")
CLOSINGS = (" I think", " and that is why", ".", "!", " :)", " that's it", " ok")

_SAME = {one: [other for other in group if other != one] for group in SAME for one in group}
_PATTERN = re.compile(r"\b(" + "|".join(map(re.escape, sorted(_SAME, key=len, reverse=True))) + r")\b", re.IGNORECASE)
_SMALL = frozenset(("a", "an", "the", "is", "are", "it", "that", "of", "to", "was", "and"))


def reworded(answer: str, rng: np.random.Generator, strength: float) -> str:
    """The answer, said otherwise: paraphrases, misspellings, neighbours swapped, small words dropped, fillers.

    Words that deny or compare are left alone, and so are numbers and an "A", which may be a choice.
    """
    text = _PATTERN.sub(lambda found: _other(found[0], rng, strength), answer)
    kept: list[str] = []
    for said in text.split(" "):
        word, dice = said, rng.random(3)
        safe = word.isalpha() and not _kept(word)
        if dice[0] < 0.15 * strength and word.casefold() in _SMALL and word != "A":
            continue
        if safe and dice[1] < 0.12 * strength and len(word) > 4:
            word = misspelt(word, rng)
        if safe and kept and kept[-1].isalpha() and dice[2] < 0.04 * strength and not _kept(kept[-1]):
            kept.insert(-1, word)
            continue
        kept.append(word)
    text = " ".join(kept) or answer
    if rng.random() < 0.1 * strength:
        text = str(rng.choice(OPENINGS)) + text
    if rng.random() < 0.1 * strength:
        text += str(rng.choice(CLOSINGS))
    cased = rng.random()
    return text.lower() if cased < 0.15 * strength else text.upper() if cased < 0.17 * strength else text


def _kept(word: str) -> bool:
    """Whether a word denies or compares."""
    return negations(words(word)) or word.casefold() in ("more", "less")


def _other(word: str, rng: np.random.Generator, strength: float) -> str:
    if rng.random() > 0.4 * strength:
        return word
    return str(rng.choice(_SAME[word.casefold()])) if word.casefold() in _SAME else word


def misspelt(word: str, rng: np.random.Generator) -> str:
    """The word with two letters swapped, one dropped or one doubled; its first letter stays."""
    place = int(rng.integers(1, len(word) - 1))
    how = int(rng.integers(3))
    if how == 0:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return word[:place] + word[place + 1 :] if how == 1 else word[:place] + word[place] + word[place:]

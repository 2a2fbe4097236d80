"""How close a written answer is to reference answers: provisional, until a trained grader or a person says more.

Shared words say little about meaning, so the score is bounded and its confidence low. The weights follow a
logistic regression on the ScientsBank training set (4,969 answers to 135 questions, right or not; the penalty
for a missing or added "not" is set higher than fitted). On questions the regression had not seen (10 folds by
question) it reaches AUC .75 and accuracy .71, where calling everything wrong has .60; on Beetle, another
domain, AUC .83 and accuracy .67 (.58).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from student_model.judging.grades import Grade

MOST_WORDS = 300
MOST_CONFIDENCE = 0.6
"""However clear the overlap, the reader of words alone is never surer than this."""
RECALL, NEWS, SPELLING, NEGATED, BIAS = 0.9, 2.1, 1.8, -0.5, -1.6
LOWEST, HIGHEST = 0.02, 0.95
PASS = 0.5
"""The closeness from which a written answer counts as right for the time being."""

WORD = re.compile(r"[^\W_]+")
_AUXILIARIES = """am are can could dare did do does had has have is may might must need ought should was were will
would"""
_VERBS = _AUXILIARIES.split()
"""With which questions begin that are answered by yes or no, and which "not" is added to."""
_FILLERS = """a an the and or but if so that this these those it its is are was were be been being am to of in
on at by for from with as into than then there their they them he she his her him you your we our us i my me
do does did will would can could should may might must have has had what which who when where how why because also
just very more most"""
_SHORT = {"ai": "is", "ca": "can", "sha": "shall", "wo": "will"}
_DENIALS = "no not never none nothing nobody nowhere neither nor cannot without"
_NEGATED = frozenset((*_DENIALS.split(), *(f"{verb}n" for verb in _VERBS)))
"""Among them "couldn", which is left of "couldn t", but not "can" and "won", which are other words."""
_ENDINGS = ("ations", "ation", "ingly", "edly", "ings", "ness", "ing", "ies", "ed", "es", "ly", "s", "e", "y")
FILLERS = frozenset(_FILLERS.split())
_SHORT_NOT = re.compile(rf"\b({'|'.join((*_VERBS, *_SHORT))})n['’‘´`]?t\b")
"""With an apostrophe or what pupils write in its place, or without."""
_CLAUSE = re.compile(r"[,.;:!?\n]\s*")


class Wording:
    """The grader of words alone, for where no model has been fitted."""

    version = "wording"
    worth: Mapping[str, float] = {"correct": 1.0, "incorrect": 0.0}

    def grade(self, question: str, references: Sequence[str], answer: str, passage: str = "") -> Grade:
        """Right from a closeness of one half on; of what there is no reference for nothing is known."""
        score = closeness(answer, references, question)
        label, sure = "correct" if score >= PASS else "incorrect", confidence(score) if references else 0.0
        return Grade(label, score, sure, grader=self.version, worth=self.worth)


def closeness(answer: str, references: Sequence[str], question: str) -> float:
    """How close the answer is to the nearest reference, in [0, 1]; 0 if it is empty or the question again.

    >>> close = closeness("Water evaporates and leaves salt", ["The water evaporated, leaving the salt."], "How?")
    >>> close > 0.8, closeness("How?", ["The water evaporated."], "How?"), closeness("", ["Yes."], "Is it?")
    (True, 0.0, 0.0)
    """
    said, asked = words(answer), words(question)
    if not said or copied(answer, question):
        return 0.0
    return max((_nearness(said, words(reference), asked) for reference in references), default=0.0)


def confidence(score: float) -> float:
    """How sure such a score is: nothing in the middle, at most `MOST_CONFIDENCE` at the ends.

    >>> confidence(0.5), confidence(0.0)
    (0.0, 0.6)
    """
    return MOST_CONFIDENCE * abs(2.0 * score - 1.0)


def words(text: str) -> list[str]:
    """The words of a text, lower-case and without endings; at most `MOST_WORDS`.

    >>> words("The water evaporated, leaving salts.")
    ['the', 'water', 'evaporat', 'leav', 'salt']
    >>> negations(words("It can't float")), negations(words("it dont move")), content(words("because it was so"))
    (True, True, frozenset())
    """
    return list(_words(text))


@lru_cache(maxsize=512)  # questions and references are read again with each answer, and by several readers
def _words(text: str) -> tuple[str, ...]:
    told = _SHORT_NOT.sub(lambda one: f"{_SHORT.get(one[1], one[1])} not", text.casefold())
    found = WORD.finditer(told)
    return tuple(stem(match[0]) for match, _ in zip(found, range(MOST_WORDS), strict=False))


def copied(answer: str, question: str) -> bool:
    """Whether an answer only gives the question back: no word of its own, and every telling one of the question's.

    Not where that is an answer: which of the things named, and whether it is so.

    >>> copied("3/4 is larger", "Which is larger, 3/4 or 2/3?")
    False
    >>> copied("the salt is left", "When it is dry, is the salt left?"), copied("salt", "Why salt?")
    (False, True)
    """
    said, asked = words(answer), words(question)
    if not set(said) <= set(asked) or not content(asked) <= set(said):
        return False
    return all(_WHETHER.isdisjoint(words(clause)[:1]) for clause in _CLAUSE.split(question))


def _nearness(said: list[str], reference: list[str], question: list[str]) -> float:
    """One reference's closeness: its words found, those the question lacks, and likeness of spelling."""
    mine, theirs = content(said), content(reference)
    news = theirs - content(question)
    recall = len(mine & theirs) / max(1, len(theirs))
    fresh = len(mine & news) / len(news) if news else recall
    negated = negations(said) != negations(reference)
    weighed = RECALL * recall + NEWS * fresh + SPELLING * likeness(mine, theirs) + NEGATED * negated + BIAS
    return min(max(1.0 / (1.0 + math.exp(-weighed)), LOWEST), HIGHEST)


def content(said: Sequence[str]) -> frozenset[str]:
    """The words that carry meaning."""
    return frozenset(said) - _EMPTY_STEMS - _NEGATED_STEMS


def negations(said: Sequence[str]) -> bool:
    """Whether anything is denied."""
    return not _NEGATED_STEMS.isdisjoint(said)


def likeness(mine: frozenset[str], theirs: frozenset[str]) -> float:
    """Dice's coefficient over runs of three letters: it forgives misspelling."""
    one, other = _runs(mine), _runs(theirs)
    return 2.0 * len(one & other) / max(1, len(one) + len(other))


def _runs(said: frozenset[str]) -> frozenset[str]:
    return frozenset(f" {word} "[place : place + 3] for word in said for place in range(len(word)))


@lru_cache(maxsize=4096)  # most words come again with the next answer
def stem(word: str) -> str:
    """A word without its ending, unless that would deny.

    >>> stem("moved"), stem("done"), stem("notes")
    ('mov', 'done', 'note')
    """
    for ending in _ENDINGS:
        left = word.removesuffix(ending)
        if 3 <= len(left) < len(word) and left not in _NEGATED:
            return left
    return word


_EMPTY_STEMS, _NEGATED_STEMS, _WHETHER = (frozenset(map(stem, one)) for one in (FILLERS, _NEGATED, _VERBS))

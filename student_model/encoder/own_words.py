"""What an answer says of its own: without the question given back, and each thing said once.

Pupils write the question down before they answer it, and whoever wants to look better repeats himself; neither is
evidence. Grading reads what is left, in training and in service alike.
"""

from __future__ import annotations

import re
from dataclasses import replace

from student_model.encoder.answers import GradedAnswer
from student_model.judging.wording import WORD, copied, words

_END = re.compile(r"(?<=[.!?])\s+|\n+")
LEAST = 3
"""Words of a question below which it may begin an answer by chance."""


def own_words(question: str, answer: str) -> str:
    """The answer without sentences copied from the question or from itself; empty, where nothing else is in it.

    >>> own_words("What is left in the pan?", "What is left in the pan? The salt is left. The salt is left.")
    'The salt is left.'
    >>> own_words("What is left in the pan?", "What is left in the pan?")
    ''
    """
    asked = {tuple(words(one)) for one in _sentences(question)}
    kept: list[str] = []
    seen: set[tuple[str, ...]] = set()
    for one in _sentences(_without(question, answer)):
        said = tuple(words(one))
        if said in asked or said in seen:
            continue
        seen.add(said)
        if said or not kept:
            kept.append(one)
    found = " ".join(kept)
    return "" if words(found) and copied(words(found), words(question)) else found


def in_own_words(one: GradedAnswer) -> GradedAnswer:
    """A graded answer, reduced to what it says of its own."""
    return replace(one, answer=own_words(one.question, one.answer))


def _sentences(text: str) -> list[str]:
    return [one.strip() for one in _END.split(text) if one.strip()]


def _without(question: str, answer: str) -> str:
    """The answer without the whole question at its beginning and at its end, however that is written."""
    asked = [one[0].casefold() for one in WORD.finditer(question)]
    said = list(WORD.finditer(answer))
    told, size = [one[0].casefold() for one in said], len(asked)
    begin, end = 0, len(answer)
    if size >= LEAST and told[:size] == asked:
        begin, said, told = said[size - 1].end(), said[size:], told[size:]
    if size >= LEAST and told[-size:] == asked:
        end = said[-size].start()
    left = answer[begin:end].strip()
    return left.lstrip(" .,:;!?") if begin else left

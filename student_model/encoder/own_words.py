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
    >>> own_words("What is left in the pan?", "What is left in the pan?"), own_words("What is it? Heat. Ice.", "Ice.")
    ('', 'Ice.')
    """
    asked = _sentences(question)
    asking = {one for one, said in asked.items() if len(one) >= LEAST and said.endswith("?")}
    own = {one: said for one, said in _sentences(_without(question, answer)).items() if one not in asking}
    new = {one: said for one, said in own.items() if one not in asked}
    kept = new if any(new) else own  # a choice may be among what the question says
    found = " ".join([said for one, said in kept.items() if one] or [*kept.values()][:1])
    return "" if words(found) and copied(found, question) else found


def in_own_words(one: GradedAnswer) -> GradedAnswer:
    """A graded answer, reduced to what it says of its own."""
    return replace(one, answer=own_words(one.question, one.answer))


def _sentences(text: str) -> dict[tuple[str, ...], str]:
    """The sentences of a text by their words, each once, as they were written first."""
    found: dict[tuple[str, ...], str] = {}
    for one in _END.split(text):
        if one.strip():
            found.setdefault(tuple(words(one)), one.strip())
    return found


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

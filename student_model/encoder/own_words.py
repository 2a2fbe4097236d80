"""What an answer says of its own: without the question given back, and each thing said once.

Pupils write the question down before they answer it, and whoever wants to look better repeats himself; neither is
evidence. Grading reads what is left, in training and in service alike.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

from student_model.encoder.answers import GradedAnswer
from student_model.judging.wording import WORD, copied, words

_END = re.compile(r"(?<=[.!?])\s+|\n+")
_AFTER = " .,:;!?"
"""What stands after a question that is cut out."""
LEAST, LEAST_WHOLE = 3, 4
"""Words of a question below which a sentence may be the same by chance, and its whole stand in an answer by chance; and
how many words, or how often, have to be said again to be no answer ("no, no")."""
PASSES = 5
"""What is cut out may bring together what has to be cut out, too. Whoever builds on that is stopped here."""


def own_words(question: str, answer: str) -> str:
    """The answer without the question, sentences copied from it or from the answer itself; empty, where nothing else is
    in it.

    >>> own_words("What is left in the pan?", "What is left in the pan? The salt is left. The salt is left.")
    'The salt is left.'
    >>> own_words("What is left in the pan?", "What is left in the pan?"), own_words("What is it? Heat. Ice.", "Ice.")
    ('', 'Ice.')
    """
    for _ in range(PASSES):
        found = _own(question, answer)
        if found == answer:
            break
        answer = found
    return answer


def _own(question: str, answer: str) -> str:
    asked = _sentences(question)
    asking = {one for one, said in asked.items() if len(one) >= LEAST and said.endswith("?")}
    own = {one: said for one, said in _sentences(_without(question, answer)).items() if one not in asking}
    new = {one: said for one, said in own.items() if one not in asked}
    kept = new if any(new) else own  # a choice may be among what the question says
    found = _once(" ".join([said for one, said in kept.items() if one] or [*kept.values()][:1]))
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


def _once(answer: str) -> str:
    """An answer that is the same words again and again, though no sentence ends, with these once."""
    said = [*WORD.finditer(answer)]
    told, many = [one[0].casefold() for one in said], len(said)
    for size in range(1, many // 2 + 1):
        again = many // size
        if again * size == many and max(size, again) >= LEAST and told == told[:size] * again:
            return answer[: said[size - 1].end()]
    return answer


def _without(question: str, answer: str) -> str:
    """The answer without the whole question, wherever it stands and however it is written; what stood around it are
    sentences of their own then.
    """
    asked, said = [one[0].casefold() for one in WORD.finditer(question)], [*WORD.finditer(answer)]
    size = len(asked)
    if size < LEAST_WHOLE:
        return answer
    left, told = list[int](), list[str]()
    for place, one in enumerate(said):
        left.append(place)
        told.append(one[0].casefold())
        if told[-1] == asked[-1] and told[-size:] == asked:
            del left[-size:], told[-size:]
    kept, begin = list[str](), 0
    for one_left, next_left in pairwise((-1, *left, len(said))):
        if next_left - one_left > 1:
            kept.append(answer[begin : said[one_left + 1].start()])
            begin = said[next_left - 1].end()
    own = [one.strip().lstrip(_AFTER if n else "") for n, one in enumerate((*kept, answer[begin:]))]
    return "\n".join(one for one in own if one) if kept else answer

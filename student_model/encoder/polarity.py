"""Signs that an answer takes the other side than its reference: opposite words, yes and no, another choice.

Embeddings put `hotter` beside `colder`, so a network that compares meanings is weak just here (Mrkšić et al.,
"Counter-fitting word vectors to linguistic constraints", NAACL 2016). The table of opposites is our own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from student_model.judging.wording import WORD, stem, words

NAMES = ("opposite words", "verdicts", "choices")

OPPOSITES = """
more/less/fewer big/small bigger/smaller large/small larger/smaller high/low higher/lower long/short longer/shorter
fast/slow faster/slower quick/slow quickly/slowly hot/cold hotter/colder/cooler warm/cool warmer/cooler heat/cool
heavy/light heavier/lighter hard/soft harder/softer hard/easy harder/easier strong/weak stronger/weaker
increase/decrease increases/decreases rise/fall rises/falls rise/sink float/sink floats/sinks up/down above/below
over/under upward/downward push/pull attract/repel attracts/repels north/south east/west left/right before/after
first/last early/late earlier/later begin/end start/stop start/end open/closed close/open closed/open
connected/disconnected connect/separate connected/separated complete/incomplete broken/complete break/mend on/off
in/out inside/outside enter/leave positive/negative plus/minus add/subtract adds/subtracts multiply/divide
gain/lose gains/loses same/different equal/unequal like/unlike alike/different both/neither all/none always/never
everything/nothing some/none true/false right/wrong correct/incorrect possible/impossible able/unable alive/dead
living/dead wet/dry smooth/rough fine/coarse thick/thin thicker/thinner wide/narrow wider/narrower deep/shallow
deeper/shallower near/far nearer/farther closer/farther full/empty dark/light darker/lighter bright/dim brighter/dimmer
black/white day/night summer/winter liquid/solid solid/gas melt/freeze melts/freezes evaporate/condense
expand/contract expands/contracts absorb/reflect absorbs/reflects absorb/release dissolve/settle
conductor/insulator conducts/insulates parallel/series current/still series/parallel male/female young/old
parent/child predator/prey producer/consumer inherited/learned natural/artificial new/old safe/dangerous
rich/poor buy/sell win/lose even/odd prime/composite numerator/denominator horizontal/vertical row/column
maximum/minimum most/least highest/lowest biggest/smallest largest/smallest fastest/slowest best/worst better/worse
global/local public/private stack/queue read/write input/output push/pop
"""

_YES = frozenset(map(stem, ("yes", "yeah", "yep", "agree", "agrees", "true", "right", "correct")))
_NO = frozenset(map(stem, ("no", "nope", "not", "disagree", "disagrees", "false", "wrong", "incorrect")))
_NAME = re.compile(r"\b(?:[A-Z]\b|[A-Z][a-z]+)")


def _table() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for group in OPPOSITES.split():
        one, *others = (stem(word) for word in group.split("/"))
        for other in others:
            found.setdefault(one, set()).add(other)
            found.setdefault(other, set()).add(one)
    return {word: frozenset(others) for word, others in found.items()}


_OPPOSITE = _table()


def polarity(question: str, references: Sequence[str], answer: str) -> NDArray[np.float32]:
    """Features of one answer beside the reference that speaks least against it, shape (len(NAMES),), in [-1, 1].

    >>> polarity("Which is hotter, A or B?", ["No. B gets hotter."], "Yes, the A gets colder").tolist()
    [-1.0, -1.0, -1.0]
    """
    mine = _stems(answer)
    beside = [_beside(question, one, answer, mine) for one in references] or [(0.0, 0.0, 0.0)]
    return np.array(max(beside, key=sum), dtype=np.float32)


def _beside(question: str, reference: str, answer: str, mine: frozenset[str]) -> tuple[float, float, float]:
    theirs = _stems(reference)
    against = sum(1 for word in theirs - mine if (_OPPOSITE.get(word, frozenset()) & mine) - theirs)
    # "On the left" and "on the right" share a word that says nothing of the side.
    for_it = sum(1 for word in theirs & mine if word in _OPPOSITE and word not in ("in", "on"))
    opposite = -1.0 if against > for_it else min(1.0, 0.5 * for_it)
    return opposite, _verdict(answer) * _verdict(reference), _choice(question, reference, answer)


def _verdict(text: str) -> float:
    """1 for a text that begins with a yes, -1 with a no, 0 with neither."""
    first = words(text)[:4]
    for before, word in zip(["", *first], first, strict=False):
        if word in _NO:
            return -1.0
        if word in _YES and (before, word) != ("the", "right"):  # which is a side
            return 1.0
    return 0.0


def _choice(question: str, reference: str, answer: str) -> float:
    """Whether an answer names the same of the things that the question names (letters, people) as the reference."""
    offered = {one.casefold() for one in _NAME.findall(question)}
    key = {one.casefold() for one in _NAME.findall(reference)} & offered
    named = WORD.findall(answer)
    letters = {word.casefold() for word in named if word != "a"} | {word.casefold() for word in named[:1]}
    said = letters & offered  # an "a" inside a sentence is no choice
    if not key or not said or key == offered:
        return 0.0
    return 1.0 if said & key else -1.0


@lru_cache(maxsize=512)
def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word.casefold()) for word in WORD.findall(text))

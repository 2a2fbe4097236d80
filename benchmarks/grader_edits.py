"""Edits that keep what an answer means: a fair grader gives the same label after them.

Written without a look at what graders train on (`student_model/encoder/augment.py`), with other methods and phrases, so
that a robust grader is told from one that remembers. No edit touches a number, or takes away or adds a denial. An edit
that finds nothing to do gives the answer back as it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import numpy as np

Rng = np.random.Generator
Edit = Callable[[str, Rng], str]

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_DENIED = """no not never none nothing neither nor cannot without nobody nowhere isnt arent doesnt didnt wasnt werent
hasnt havent couldnt wouldnt shouldnt"""
_DENIALS = frozenset(_DENIED.split())
_BY_KEY = dict(zip("qwertyuiopasdfghjklzxcvbnm", "wertrtyuposdfdhgklkxzvcnmn", strict=True))
_BY_EAR = (
    ("ph", "f"), ("ight", "ite"), ("tion", "shun"), ("ck", "k"), ("ea", "ee"), ("ie", "ei"), ("ous", "us"),
    ("ence", "ance"), ("able", "ible"), ("cc", "c"), ("ll", "l"), ("tt", "t"), ("ss", "s"), ("wh", "w"), ("qu", "kw"),
)  # fmt: skip
_PAIRS = (
    ("due to", "because of"), ("whole", "entire"), ("happens", "takes place"), ("happen", "take place"),
    ("nearly", "almost"), ("stays", "remains"), ("stay", "remain"), ("children", "kids"),
    ("to make sure", "to ensure"), ("find out", "discover"), ("needs", "requires"), ("chooses", "picks"),
    ("quickly", "rapidly"), ("kind of", "sort of"), ("picture", "image"), ("once more", "again"),
    ("as well as", "along with"), ("seems", "appears"), ("next to", "beside"), ("everybody", "everyone"),
    ("somebody", "someone"), ("each other", "one another"), ("although", "though"), ("till", "until"),
    ("usually", "normally"), ("mainly", "mostly"), ("very", "really"), ("straight away", "immediately"),
    ("in the end", "finally"), ("at the same time", "simultaneously"), ("pupils", "students"), ("amount", "quantity"),
)  # fmt: skip
_SAFE = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}
_SAFE_WORDS = re.compile(r"\b(" + "|".join(sorted(map(re.escape, _SAFE), key=len, reverse=True)) + r")\b")
_SHORT = {
    "would not": "wouldn't", "did not": "didn't", "has not": "hasn't", "have not": "haven't", "was not": "wasn't",
    "were not": "weren't", "could not": "couldn't", "should not": "shouldn't", "there is": "there's",
    "you are": "you're", "he is": "he's", "she is": "she's", "we are": "we're", "it will": "it'll",
    "they will": "they'll", "they have": "they've", "is not": "isn't", "are not": "aren't", "does not": "doesn't",
    "do not": "don't",
}  # fmt: skip
_LONG = {short: long for long, short in _SHORT.items() if short.endswith("n't") or short[0] == "t"}
_BEFORE = ("Basically, ", "Ok so ", "Honestly, ", "Like, ", "Hmm, ", "The way I see it, ", "Right, so ", "Ahem: ")
_AFTER = (
    ", you know",
    ", basically",
    ", if that makes sense",
    " (hopefully)",
    ", I guess",
    ", or so we learned",
    " lol",
)
_SUBJECT = re.compile(r"(?:the|a|an|one|each|every|all|plants|animals|people|water|[A-Z])\b")
_VERB = re.compile(
    r"(?<!to )\b(?:is|are|was|were|has|have|had|goes|go|gets|get|makes|make|can|could|will|would|"
    r"needs?|does|do|did|moves?|falls?|rises?|flows?|keeps?|holds?|gives?|takes?|stays?|turns?|becomes?)\b"
)
_BOUND = re.compile(
    r"\b(?:then|so|because|since|but|after|before|between|both|when|if|it|they|this|these|first|that|which|who)\b"
)


def misspelling(answer: str, rng: Rng) -> str:
    """In one word of eight, at least in one, a slip to the neighbouring key, or a spelling by ear."""
    places = [w for w in _WORD.finditer(answer) if len(w[0]) >= 5 and w[0].isalpha() and w[0].lower() not in _DENIALS]
    many = max(1, len(answer.split()) // 8)
    chosen = {int(n) for n in rng.permutation(len(places))[:many]}
    for n in sorted(chosen, reverse=True):  # from the end, so that places before stay
        word = places[n]
        answer = answer[: word.start()] + _slipped(word[0], rng) + answer[word.end() :]
    return answer


def _slipped(word: str, rng: Rng) -> str:
    heard = [(sound, other) for sound, other in _BY_EAR if sound in word[1:]]
    if heard and rng.random() < 0.6:
        sound, other = heard[int(rng.integers(len(heard)))]
        return word[0] + word[1:].replace(sound, other, 1)
    place = int(rng.integers(1, len(word)))
    return word[:place] + _BY_KEY.get(word[place], word[place]) + word[place + 1 :]


def case(answer: str, rng: Rng) -> str:
    """All small, all capitals, Each Word With A Capital, or small and capital the other way round."""
    how: list[Callable[[str], str]] = [str.lower, str.upper, lambda text: re.sub(r"\b[a-z]", _capital, text)]
    return [*how, str.swapcase][int(rng.integers(4))](answer)


def _capital(letter: re.Match[str]) -> str:
    return letter[0].upper()


def punctuation(answer: str, rng: Rng) -> str:
    """Signs between words taken away, doubled or set apart; those in numbers and between letters stay."""
    how = int(rng.integers(3))
    if how == 0:
        return re.sub(r"[,;:.!](?=\s|$)", "", answer)
    if how == 1:
        return answer.rstrip(" .!\n") + ("...", "!!", " .", ".")[int(rng.integers(4))]
    return re.sub(r"([,;:.!?])(?=\s|$)", r" \1 ", answer).strip()


def contractions(answer: str, rng: Rng) -> str:
    """Two words drawn together or parted again, or the apostrophe forgotten, as in "dont"."""
    if rng.random() < 0.4:
        return re.sub(r"(?i)\b([a-z]+n)['’]t\b", r"\1t", answer)
    table = _SHORT | _LONG
    pattern = r"\b(" + "|".join(map(re.escape, table)) + r")\b"
    return re.sub(pattern, lambda found: table[found[0]], answer)


def fillers(answer: str, rng: Rng) -> str:
    """What people say around an answer, before it, after it, or both."""
    how = int(rng.integers(3))
    before = str(rng.choice(_BEFORE)) if how != 1 else ""
    after = str(rng.choice(_AFTER)) if how != 0 else ""
    return f"{before}{answer.rstrip('. ') if after else answer}{after}"


def synonyms(answer: str, rng: Rng) -> str:
    """Words of no subject in place of others that mean the same in any sentence; each with odds of three in four."""
    return _SAFE_WORDS.sub(lambda found: _SAFE[found[0]] if rng.random() < 0.75 else found[0], answer)


def order(answer: str, rng: Rng) -> str:
    """Two clauses joined by "and" or a full stop change places, where each stands alone and neither comes first."""
    text = answer.strip().rstrip(".")
    halves = re.split(r",?\s+and\s+|\.\s+", text)
    whole = len(halves) == 2 and all(len(one.split()) >= 3 and _VERB.search(one) for one in halves)
    if (
        not whole
        or set(",;:?") & set("".join(halves))
        or _BOUND.search(text.lower())
        or not all(_SUBJECT.match(_small(one)) for one in halves)
    ):
        return answer
    return f"{halves[1][0].upper()}{halves[1][1:]} and {_small(halves[0])}."


def _small(text: str) -> str:
    """The text with a small first letter, but for names of one letter and words in capitals."""
    return text if text[:2].isupper() or not text[1:2].isalpha() else text[0].lower() + text[1:]


def typography(answer: str, rng: Rng) -> str:
    """As telephones and word processors write it: curly apostrophes, fixed spaces, lines broken, spaces doubled."""
    text = answer.replace("'", "’").replace(" - ", " – ")
    spaces = [n for n, sign in enumerate(text) if sign == " "]
    for n in sorted((int(one) for one in rng.permutation(spaces)[:3]), reverse=True):
        text = text[:n] + ("\u00a0", "  ", "\n")[int(rng.integers(3))] + text[n + 1 :]
    return text


EDITS: Mapping[str, Edit] = {
    "misspelling": misspelling, "case": case, "punctuation": punctuation, "contractions": contractions,
    "fillers": fillers, "synonyms": synonyms, "order of clauses": order, "typography": typography,
}  # fmt: skip

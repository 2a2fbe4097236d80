"""An answer read beside its references: what can be counted, what is near, and which phrase matched which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from student_model.encoder.fluency import fluency
from student_model.encoder.lexical import lexical
from student_model.encoder.pairs import Pairs, readable
from student_model.encoder.polarity import polarity
from student_model.encoder.similar import Reading, similarity
from student_model.judging.grades import Evidence

LONGEST = 256
"""Tokens of a text that the base encoder reads."""
NEAR = 0.55
"""The cosine from which two phrases say about the same."""
MOST_EVIDENCE = 4


def reading(pairs: Pairs, text: str, vectors: NDArray[np.float32]) -> Reading:
    """A text whose token vectors are known, with what its tokens tell."""
    phrases = tuple((one.first, one.last) for one in pairs.phrases(text, LONGEST))
    return Reading.of(vectors, pairs.rarity(text, LONGEST), phrases)


def features(
    question: str, references: Sequence[str], answer: str, known: Mapping[str, Reading] | None, count: bool
) -> NDArray[np.float32]:
    """What stands beside the meaning of an answer, (F,): counted where `count`, near where texts are `known`."""
    found = [np.zeros(0, dtype=np.float32)]
    if count:
        found += [
            lexical(question, references, answer),
            polarity(question, references, answer),
            fluency(references, answer),
        ]
    if known is not None:
        found.append(similarity(known[question], [known[one] for one in references], known[answer]))
    return np.concatenate(found)


def how_many_features(near: bool, count: bool) -> int:
    """How many numbers `features` gives."""
    nothing = Reading.of(np.zeros((2, 1), dtype=np.float32), np.zeros(0, dtype=np.float32))
    return len(features("", (), "", {"": nothing} if near else None, count))


@dataclass(frozen=True, slots=True)
class Matches:
    """Which phrases of an answer matched which of its nearest reference, and which of the reference nothing matched."""

    evidence: tuple[Evidence, ...] = ()
    missing: tuple[str, ...] = ()


def matches(pairs: Pairs, references: Sequence[str], answer: str, known: Mapping[str, Reading]) -> Matches:
    """The matches of an answer with the reference that it covers best."""
    said = known[answer]
    if not references or not said.rarity.size:
        return Matches(missing=_phrases(pairs, references[0]) if references else ())
    nearness = [said.phrase_means @ known[one].phrase_means.T for one in references]
    best = max(range(len(references)), key=lambda n: (float(nearness[n].max(axis=0).mean()), -n))
    near, theirs, own = nearness[best], _phrases(pairs, references[best]), _phrases(pairs, answer)
    found, missing = [], []
    for place, phrase in enumerate(theirs):
        mine = int(near[:, place].argmax())
        likeness = float(near[mine, place])
        if likeness >= NEAR:
            found.append(Evidence(own[mine], phrase, round(min(likeness, 1.0), 3)))
        else:
            missing.append(phrase)
    found.sort(key=lambda one: -one.likeness)
    return Matches(tuple(found[:MOST_EVIDENCE]), tuple(missing))


def _phrases(pairs: Pairs, text: str) -> tuple[str, ...]:
    """The phrases of a text as they are written; the whole of one that has none."""
    text = readable(text)
    return tuple(text[one.begin : one.end].strip() for one in pairs.phrases(text, LONGEST)) or (text.strip(),)

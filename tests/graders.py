"""Graders of answers in words whose grades can be worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from student_model.judging.grades import Evidence, Grade
from student_model.judging.labels import THREE, nearest

LABELS = tuple(THREE)


class Rules:
    """By the share of the first reference's words that are in the answer; where it is some of them, in doubt."""

    version, worth = "rules-1", THREE

    def grade(self, question: str, references: Sequence[str], answer: str, passage: str = "") -> Grade:
        wanted, said = references[0].lower().split(), set(answer.lower().split())
        found = [word for word in wanted if word in said]
        share = len(found) / len(wanted)
        place = 0 if share > 0.75 else 1 if share > 0.25 else 2
        sure = (0.95, 0.4, 0.85)[place]
        return Grade(
            LABELS[place],
            share,
            sure,
            {label: sure if label == LABELS[place] else (1 - sure) / 2 for label in LABELS},
            tuple(Evidence(word, word, 1.0) for word in found),
            tuple(word for word in wanted if word not in said),
            self.version,
        )


@dataclass(frozen=True)
class Fixed:
    """The same grade whatever the answer says; `label` is the nearest to the score, or the marks of one without any."""

    score: float
    confidence: float
    version: str = "fixed-1"
    worth: Mapping[str, float] = field(default_factory=lambda: THREE)
    label: str = ""

    def grade(self, question: str, references: Sequence[str], answer: str, passage: str = "") -> Grade:
        label = self.label or nearest(self.score, self.worth)
        return Grade(label, self.score, self.confidence, grader=self.version, worth=self.worth)


class Broken(Rules):
    """Fails on every answer."""

    def grade(self, question: str, references: Sequence[str], answer: str, passage: str = "") -> Grade:
        raise FloatingPointError(answer)

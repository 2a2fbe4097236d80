"""Graders of answers in words whose grades can be worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from student_model.judging.grades import Evidence, Grade
from student_model.judging.labels import nearest

LABELS = ("correct", "partial", "incorrect")


class Rules:
    """By the share of the first reference's words that are in the answer; where it is some of them, in doubt."""

    version, labels = "rules-1", LABELS

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
    """The same grade whatever the answer says."""

    score: float
    confidence: float
    version: str = "fixed-1"
    labels: Sequence[str] = LABELS

    def grade(self, question: str, references: Sequence[str], answer: str, passage: str = "") -> Grade:
        label = nearest(self.score, self.labels) if self.labels else ""
        return Grade(label, self.score, self.confidence, grader=self.version)


class Broken(Rules):
    """Fails on every answer."""

    def grade(self, question: str, references: Sequence[str], answer: str, passage: str = "") -> Grade:
        raise FloatingPointError(answer)

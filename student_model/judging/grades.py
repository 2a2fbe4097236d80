"""What a grader says of an answer in words, and what a grader is. The judge knows graders by this and no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from student_model.judging.labels import THREE, Standing, nearest, standing


@dataclass(frozen=True, slots=True)
class Evidence:
    """A part of an answer and the part of a reference answer that it matched.

    Attributes:
        said, reference: the two parts, word for word as they were written.
        likeness: how near they are in meaning, in [0, 1].
    """

    said: str
    reference: str
    likeness: float


@dataclass(frozen=True, slots=True)
class Grade:
    """What an answer in words is worth, and why.

    Attributes:
        label: one of the grader's labels, `correct` for instance; the marks where it gives scores alone.
        score: share of full marks in [0, 1].
        confidence: how likely the grade is right, in [0, 1].
        probabilities: of each label; empty for a grader that has none.
        evidence: the best matches, best first.
        missing: parts of the nearest reference answer that nothing in the answer matched.
        grader: which grader said so: the name and version of a model, or of a person.
        worth: the share of full marks of each label that this grader may give; see `Grader`.
    """

    label: str
    score: float
    confidence: float
    probabilities: Mapping[str, float] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    missing: tuple[str, ...] = ()
    grader: str = ""
    worth: Mapping[str, float] = field(default_factory=lambda: THREE)

    @property
    def standing(self) -> Standing:
        """Right, partly right or not, by the label; where that is none of `worth`, by the one nearest to the score."""
        return standing(self.label if self.label in self.worth else nearest(self.score, self.worth), self.worth)


class Grader(Protocol):
    """Grades answers in words. Pure: the same answer gets the same grade."""

    @property
    def version(self) -> str:
        """Name and version, as a grade carries it."""

    @property
    def worth(self) -> Mapping[str, float]:
        """The share of full marks of each label that it, or a teacher beside it, may give, the best first."""

    def grade(self, question: str, references: Sequence[str], answer: str, passage: str = "") -> Grade:
        """The grade of an answer to a question with these reference answers, about a passage where there is one."""


@runtime_checkable
class PassageGrader(Protocol):
    """A grader that says whether a passage is enough for it."""

    @property
    def reads_passages(self) -> bool:
        """Whether it learned to grade answers about a passage where no reference answer is given."""

"""The grader in service: within its bounds, and never without an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from api import logs
from student_model.judging import WORDING
from student_model.judging.grades import Grade, Grader, PassageGrader
from student_model.storage import StorageError

SUREST = 0.999
"""The highest confidence that a grader may have: only a person is sure."""


class Graders:
    """A grader over the one that compares wording: where the first fails, the second grades.

    What a grader may say is bounded here: a score in [0, 1] and a confidence below 1, whatever stands in the answer.
    """

    def __init__(self, first: Grader = WORDING, second: Grader = WORDING) -> None:
        self._first, self._second = first, second

    @property
    def version(self) -> str:
        """Of the grader that is asked first."""
        return self._first.version

    @property
    def worth(self) -> Mapping[str, float]:
        """Of the grader that is asked first: teachers judge by its labels, and it learns from them."""
        return self._first.worth

    @property
    def reads_passages(self) -> bool:
        """Whether the grader that is asked first does."""
        return isinstance(self._first, PassageGrader) and self._first.reads_passages

    def grade(self, question: str, references: Sequence[str], answer: str, passage: str = "") -> Grade:
        """The first grader's grade, or the second's where it raises or is out of bounds."""
        return self._asked(question, references, answer, passage) or self._second.grade(
            question, references, answer, passage
        )

    def works(self) -> bool:
        """Whether the first grader grades."""
        return self._asked("Is it ready?", ["Yes, it is."], "it is", "") is not None

    def _asked(self, question: str, references: Sequence[str], answer: str, passage: str) -> Grade | None:
        """The first grader's grade; none where it raises or is out of bounds."""
        try:
            found = self._first.grade(question, references, answer, passage)
            if not (0.0 <= found.score <= 1.0 and 0.0 <= found.confidence <= 1.0):
                raise ValueError("a grade out of its bounds")
        except Exception as error:  # a broken grader lowers quality, never availability
            logs.crashed(error)
            return None
        return replace(found, confidence=min(found.confidence, SUREST))


def opened(folder: Path | None) -> Grader:
    """The grader in this folder; without one, the grader that compares wording.

    Raises:
        StorageError: there is none in it, or none that can be used; the text says what to do.
    """
    if folder is None:
        return WORDING
    from student_model.encoder.grader import GraderError, open_grader  # with all it needs, only where it is wanted

    try:
        return open_grader(folder)
    except GraderError as error:
        raise StorageError(str(error)) from error

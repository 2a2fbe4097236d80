"""The grader in service: within its bounds, and never without an answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from api import logs
from student_model.judging import WORDING
from student_model.judging.grades import Grade, Grader
from student_model.judging.labels import THREE
from student_model.storage import StorageError


class Graders:
    """A grader over the one that compares wording: where the first fails, the second grades.

    What a grader may say is bounded here: a score and a confidence in [0, 1], whatever stands in the answer.
    """

    def __init__(self, first: Grader = WORDING, second: Grader = WORDING) -> None:
        self._first, self._second = first, second

    @property
    def version(self) -> str:
        """Of the grader that is asked first."""
        return self._first.version

    @property
    def labels(self) -> Sequence[str]:
        """Of the grader that is asked first; those that people use where it gives scores alone."""
        return tuple(self._first.labels) or THREE

    def grade(self, question: str, references: Sequence[str], answer: str, passage: str = "") -> Grade:
        """The first grader's grade, or the second's where it raises or is out of bounds."""
        try:
            found = self._first.grade(question, references, answer, passage)
            if not (0.0 <= found.score <= 1.0 and 0.0 <= found.confidence <= 1.0):
                raise ValueError("a grade out of its bounds")
        except Exception as error:  # a broken grader lowers quality, never availability
            logs.crashed(error)
            return self._second.grade(question, references, answer, passage)
        return found


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

"""What a learner is told about an answer in words: how it was judged, what was seen in it, and where to look next.

The verdict is that of the label. These few lines say what to do next: hints are the item's own, and what is missing is
for who is on the way. Whoever shows them has the whole grade beside them, and the model answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from student_model.judging.grades import Grade
from student_model.judging.labels import Standing

SURE = 0.7
"""The confidence from which the grade is said without a doubt."""

_VERDICTS: Mapping[Standing, tuple[str, str]] = {
    "correct": ("Right.", "This looks right."),
    "partial": ("Partly right.", "This looks partly right."),
    "incorrect": ("Not yet.", "This does not look right yet."),
}


def feedback(grade: Grade, hints: Sequence[str] = ()) -> str:
    r"""Lines for the learner: the verdict first, then what to add or to think about.

    >>> feedback(Grade("partial", 0.5, 0.9, missing=("the salt is left",)), ["What stays in the pan?"])
    'Partly right.\nThink about: What stays in the pan?\nNot said yet: the salt is left'
    >>> feedback(Grade("incorrect", 0.1, 0.5), ["What stays in the pan?"])
    'This does not look right yet.\nThink about: What stays in the pan?'
    """
    said, guessed = _VERDICTS[grade.standing]
    lines = [said if grade.confidence >= SURE else guessed]
    if grade.standing != "correct":
        lines += [f"Think about: {hint}" for hint in hints[:1]]
    if grade.standing == "partial":
        lines += [f"Not said yet: {part}" for part in grade.missing[:2]]
    return "\n".join(lines)

"""What a learner is told about an answer in words: how it was judged, what was seen in it, and where to look next.

Hints are the item's own. What is missing is told only to who is on the way: to somebody else it would be the answer.
"""

from __future__ import annotations

from collections.abc import Sequence

from student_model.judging.grades import Grade

FULL, HALF = 0.8, 0.35
"""The shares of full marks from which an answer counts as right, and as partly right, in what is said of it."""
SURE = 0.7
"""The confidence from which the grade is said without a doubt."""


def feedback(grade: Grade, hints: Sequence[str] = ()) -> str:
    r"""Lines for the learner: the verdict first, then what to add or to think about.

    >>> feedback(Grade("partial", 0.5, 0.9, missing=("the salt is left",)), ["What stays in the pan?"])
    'Partly right.\nThink about: What stays in the pan?\nNot said yet: the salt is left'
    >>> feedback(Grade("incorrect", 0.1, 0.5), ["What stays in the pan?"])
    'This does not look right yet.\nThink about: What stays in the pan?'
    """
    if grade.score >= FULL:
        return "Right." if grade.confidence >= SURE else "This looks right."
    lines = [_verdict(grade)]
    lines += [f"Think about: {hint}" for hint in hints[:1]]
    if grade.score >= HALF:
        lines += [f"Not said yet: {part}" for part in grade.missing[:2]]
    return "\n".join(lines)


def _verdict(grade: Grade) -> str:
    sure = grade.confidence >= SURE
    if grade.score >= HALF:
        return "Partly right." if sure else "This looks partly right."
    return "Not right yet." if sure else "This does not look right yet."

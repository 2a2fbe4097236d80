"""What a recommendation owes to an answer in words: how a grader or a teacher judged it, or that it waits for one."""

from __future__ import annotations

from engine.candidates import Context
from engine.types import Reason
from student_model.types import Response


def reason(context: Context, concept: int, review_below: float, cited: int) -> Reason | None:
    """The ground that a graded answer in words is, for an item of this concept; `None` where there is no such answer.

    It is the last answer of all, whatever it was about, or else one of the last few (`cited`) about the concept.

    Args:
        concept: its position. `review_below`: a grade less certain than this waits for a teacher.
    """
    response = _answer(context, concept, cited)
    about = None if response is None else context.graph.main_concept_of(response.item_id)
    if response is None or about is None:
        return None
    title = context.graph.concepts[about].title
    sentence = _sentence(response, f"answer in words on “{title}”", review_below)
    return Reason("graded", sentence, (context.beliefs.of(about),), (), (response.response_id,))


def _answer(context: Context, concept: int, cited: int) -> Response | None:
    """The newest graded answer in words that counts here."""
    index = context.graph.vocabulary.item_index
    judged = [one for one in reversed(context.history.recent) if one.outcome is not None and one.item_id in index]
    about = [one for one in judged if concept in context.graph.vocabulary.concepts_of(index[one.item_id])]
    return next((one for one in (*judged[:1], *about[:cited]) if is_graded(one)), None)


def is_graded(response: Response) -> bool:
    """Whether a grader or a teacher gave the score of an answer in words; an exact key names no confidence."""
    return response.score is not None and response.score_confidence is not None


def by_teacher(response: Response) -> bool:
    """Whether a person gave the score: a correction of which its judge is sure, as no model may be."""
    return response.supersedes is not None and response.score_confidence == 1.0


def percent(probability: float) -> str:
    """A probability as people read it.

    >>> percent(0.425)
    '42 %'
    """
    return f"{100 * probability:.0f} %"


def _sentence(response: Response, answer: str, review_below: float) -> str:
    score, sure = response.score or 0.0, response.score_confidence or 0.0
    marks = f"{score:.2g} of 1"
    grade = f"“{response.label}” ({marks})" if response.label else marks
    if by_teacher(response):
        return f"A teacher judged your {answer} {grade}."
    told = f"Your last {answer} was graded {grade}; the grader is {percent(sure)} sure"
    if sure < review_below and response.answer_text is not None:
        return f"{told}: the answer waits for a teacher, and counts for no more than that until then."
    return f"{told}, and the answer counts for as much."

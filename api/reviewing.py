"""What teachers do: they see which answers in words wait for them, and their verdicts correct the log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from api import replies
from api.replies import Document
from api.wiring import Service
from data.reviews import Entry, Order, Verdict
from data.rows import TEACHER, Mark
from knowledge_graph.types import Item
from student_model.judging import references_of
from student_model.judging.labels import nearest, standing
from student_model.types import ResponseId

if TYPE_CHECKING:
    from api.review_schemas import VerdictIn

SHORT = 12
"""Characters of a pseudonym: enough for a teacher to see whose answers belong together."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a verdict. `fresh`: whether it was stored now, and not before."""

    document: Document
    fresh: bool


def queue(service: Service, limit: int, order: Order) -> Document:
    """The answers that wait, for a reply."""
    known = service.graph.vocabulary.item_index
    count, entries = service.store.reviews.waiting(service.review_below, known, limit, order)
    return {
        "waiting": count,
        "threshold": service.review_below,
        "labels": list(service.grader.worth),
        "entries": [_entry(service.graph.item(one.response.item_id), one) for one in entries],
    }


def judge(service: Service, review_id: str, sent: VerdictIn) -> Judged:
    """Store a verdict, refold the learner, and tell which beliefs it moved.

    Raises:
        UnknownReviewError, NoVerdictError, JudgedError, TextErasedError: it cannot be judged so, or not any more.
    """
    store, now = service.store, service.clock()
    learner_id, log = store.reviews.find(review_id).response.learner_id, store.responses.by_pseudonym()
    replaces = None if sent.replaces is None else ResponseId(sent.replaces)
    try:
        before = service.rungs.read(learner_id, log, now).reading.beliefs
        verdict, stored = store.reviews.judge(review_id, _verdict(sent, service.grader.worth), now, replaces)
        standing = service.standing_of(service.rungs.read(learner_id, log, now), now)
    finally:
        service.rungs.forget(learner_id)  # nobody asks under this name again, or would have it forgotten
    seen = standing.beliefs, standing.in_a_week, standing.frontier
    beliefs = replies.beliefs(service.graph, *seen, service.touched([verdict]))
    document = {
        "response_id": verdict.response_id,
        "supersedes": verdict.supersedes,
        "beliefs": replies.moved(beliefs, service.graph, before),
    }
    return Judged(document, stored.status == "stored")


def _verdict(sent: VerdictIn, worth: Mapping[str, float]) -> Verdict:
    """What was sent, whole: a label has its worth, and a score the label that is nearest."""
    label = nearest(sent.score or 0.0, worth) if sent.label is None else sent.label
    score = worth[label] if sent.score is None else sent.score
    correct = standing(label, worth) == "correct"
    return Verdict(score, correct, Mark(label, TEACHER + sent.teacher, sent.reason))


def _entry(item: Item, entry: Entry) -> Document:
    response, mark = entry.response, entry.mark
    return {
        "review_id": entry.review_id,
        "learner": response.learner_id[:SHORT],
        "item_id": item.item_id,
        "passage": item.passage,
        "question": question(item),
        "media": replies.media(item),
        "reference_answers": references(item),
        "hints": item.hints,
        "answer_text": answer(item, response.answer_text or ""),
        "at": response.at,
        "grade": {
            "label": mark and mark.label,
            "score": response.score,
            "confidence": response.score_confidence,
            "grader": mark and mark.grader,
        },
    }


def question(item: Item) -> str:
    """What was asked; of several steps one line each, below what they have in common."""
    return "\n".join([item.text, *_numbered(step.text for step in item.steps)])


def references(item: Item) -> list[str]:
    """The right answers; of several steps the first of each."""
    if item.kind != "steps":
        return list(references_of(item))
    return _numbered(next(iter(references_of(step)), "") for step in item.steps)


def answer(item: Item, text: str) -> str:
    """What was answered; of several steps one line each."""
    if item.kind != "steps":
        return text
    try:
        return "\n".join(_numbered(orjson.loads(text)))
    except (orjson.JSONDecodeError, TypeError):  # from before the item had steps
        return text


def _numbered(lines: Iterable[str]) -> list[str]:
    return [f"{number}. {line}" for number, line in enumerate(lines, start=1)]

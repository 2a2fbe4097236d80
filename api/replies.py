"""What is replied: the engine's answers as plain values for `orjson`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from engine.types import Decision, Recommendation
from knowledge_graph.frontier import STANDINGS, Frontier
from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.types import Item, Media, Step
from knowledge_graph.vocabulary import FloatArray
from student_model.tracing import Beliefs, datetime_from

if TYPE_CHECKING:
    from student_model.judging import Judgement
    from student_model.judging.grades import Grade

Document = dict[str, Any]


class Cards:
    """Items as a learner may see them, each written as JSON once: it is the bulk of a recommendation."""

    def __init__(self, graph: KnowledgeGraph) -> None:
        self._graph = graph
        self._written: dict[str, orjson.Fragment] = {}

    def of(self, item_id: str) -> orjson.Fragment:
        """The card of one item, ready to stand in a reply."""
        card = self._written.get(item_id)
        if card is None:
            index = self._graph.vocabulary.item_index[item_id]  # type: ignore[index]
            written = orjson.dumps(card_of(self._graph.items[index], float(self._graph.minutes[index])))
            card = self._written[item_id] = orjson.Fragment(written)
        return card


def card_of(item: Item, minutes: float) -> Document:
    """An item without answer, accepted or reference answers and explanation."""
    return {
        **_question(item),
        "item_id": item.item_id,
        "title": item.title,
        "passage": item.passage,
        "steps_text": item.steps_text,
        "steps": [{**_question(step), "step_id": step.step_id} for step in item.steps],
        "media": media(item),
        "minutes": minutes,
    }


def media(item: Item) -> list[Document]:
    """The pictures, sounds and films of an item."""
    return [{"url": media_url(one), "alt": one.alt} for one in item.media]


def media_url(media: Media) -> str:
    """Where a picture is served, relative to the root of the service.

    >>> media_url(Media("media/a bar.svg"))
    'media/a%20bar.svg'
    """
    return f"media/{quote(media.path.removeprefix('media/'))}"


def _question(item: Item | Step) -> Document:
    return {
        "kind": item.kind,
        "text": item.text,
        "choices": item.choices,
        "unit": item.unit,
        "hints": item.hints,
    }


def recommendations(graph: KnowledgeGraph, cards: Cards, decision: Decision) -> Document:
    """A decision as its caller sees it."""
    return {
        "decision_id": decision.decision_id,
        "learner_id": decision.learner_id,
        "items": [_recommendation(graph, cards, one) for one in decision.items],
        "rung": decision.rung,
        "model_version": decision.model_version,
        "graph_version": decision.graph_version,
        "infeasible": decision.infeasible,
    }


def _recommendation(graph: KnowledgeGraph, cards: Cards, one: Recommendation) -> Document:
    return {
        "item_id": one.item_id,
        "concept_id": one.concept_id,
        "concept_title": graph.concept(one.concept_id).title,
        "odds": one.odds,
        "odds_low": one.odds_low,
        "odds_high": one.odds_high,
        "propensity": one.propensity,
        "minutes": one.minutes,
        "sentence": one.sentence,
        "reasons": one.reasons,
        "placed_by": one.placed_by,
        "item": cards.of(one.item_id),
    }


def beliefs(
    graph: KnowledgeGraph, known: Beliefs, later: FloatArray, front: Frontier, concepts: Iterable[int] | None = None
) -> list[Document]:
    """The beliefs about these concepts (all for `None`), with where the learner stands, in syllabus order.

    `later` is each concept's probability in a week, shape (C,).
    """
    places = range(len(graph.concepts)) if concepts is None else sorted(set(concepts))
    last = known.last_seconds.tolist()
    return [
        {
            "concept_id": graph.concepts[place].concept_id,
            "title": graph.concepts[place].title,
            "topic": graph.concepts[place].topic,
            "probability": float(known.probability[place]),
            "low": float(known.low[place]),
            "high": float(known.high[place]),
            "evidence": int(known.evidence[place]),
            "last_practice": _time(last[place]),
            "peak": float(known.peak[place]),
            "in_a_week": float(later[place]),
            "standing": STANDINGS[front.standing[place]],
            "readiness": float(front.readiness[place]),
        }
        for place in places
    ]


def _time(seconds: float) -> datetime | None:
    return None if math.isnan(seconds) else datetime_from(seconds)


def moved(beliefs: list[Document], graph: KnowledgeGraph, before: Beliefs) -> list[Document]:
    """The beliefs, each with its probability before."""
    index = graph.vocabulary.concept_index
    return [{**one, "before": float(before.probability[index[one["concept_id"]]])} for one in beliefs]


def judgement(item: Item, judged: Judgement | None, review_below: float) -> Document | None:
    """How an answer was judged, with the right answer and why; only now may the learner see them."""
    if judged is None:
        return None
    return {
        **_judged(judged, review_below),
        "answer": _answer(item),
        "explanation": item.explanation,
        "steps": [
            {"step_id": step.step_id, **_judged(one, review_below), "answer": _key(step)}
            for step, one in zip(item.steps, judged.steps, strict=False)
        ],
    }


def _judged(judged: Judgement, review_below: float) -> Document:
    """What an item and each of its steps are told alike."""
    return {
        "correct": judged.correct,
        "score": judged.score,
        "confidence": judged.confidence,
        "provisional": judged.provisional,
        "feedback": judged.feedback,
        "grade": None if judged.grade is None else _grade(judged.grade, review_below),
    }


def _grade(grade: Grade, review_below: float) -> Document:
    """What the grader said, and whether a teacher is asked."""
    return {
        "label": grade.label,
        "score": grade.score,
        "confidence": grade.confidence,
        "probabilities": dict(grade.probabilities),
        "evidence": grade.evidence,
        "missing": grade.missing,
        "grader": grade.grader,
        "for_review": grade.confidence < review_below,
    }


def _answer(item: Item) -> str | None:
    """The right answer; for steps one line each."""
    if item.kind == "steps":
        return "\n".join(_key(step) or "" for step in item.steps)
    return _key(item)


def _key(item: Item | Step) -> str | None:
    known: Sequence[str] = item.reference_answers if item.answer is None else (item.answer,)
    return known[0] if known else None


def graph(content: KnowledgeGraph) -> Document:
    """The course's concepts and edges; items only as a count per concept."""
    course, index = content.course, content.vocabulary
    items = [0] * len(content.concepts)
    for concept in index.item_concepts.tolist():
        items[concept] += 1
    edges = [(edge, "prerequisite") for edge in content.curriculum.prerequisites]
    edges += [(edge, "encompasses") for edge in content.curriculum.encompassings]  # type: ignore[misc]
    return {
        "curriculum_id": course.curriculum_id,
        "title": course.title,
        "language": course.language,
        "licence": course.licence,
        "attribution": course.attribution,
        "version": content.version,
        "thresholds": course.thresholds,
        "goals": course.goals,
        "concepts": [
            {
                "concept_id": concept.concept_id,
                "title": concept.title,
                "description": concept.description,
                "topic": concept.topic,
                "items": count,
            }
            for concept, count in zip(content.concepts, items, strict=True)
        ],
        "edges": [
            {
                "source_id": edge.source_id,
                "target_id": edge.target_id,
                "kind": kind,
                "weight": edge.weight,
                "reason": edge.reason,
                "origin": edge.origin,
            }
            for edge, kind in edges
        ],
    }

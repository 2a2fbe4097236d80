"""Which items could be next: everything about them that policies score, as arrays over the course's items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.types import Candidate, Request, Source
from knowledge_graph.frontier import BLOCKED, FADED, KNOWN, MASTERED, Frontier
from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.vocabulary import BoolArray, FloatArray
from student_model.replay import History
from student_model.tracing import Beliefs

PARTLY = 0.35
"""The share of full marks from which an answer is partly right."""
PAUSES = (8, 4, 2, 1, 0)
"""An item comes back only after this many other responses; after fewer, where nothing else would be left."""

KEPT = 50
"""How many candidates, best first, a decision keeps beside those drawn; the others follow from a replay."""

SOURCES: dict[int, Source] = {BLOCKED: "blocked", KNOWN: "known", MASTERED: "known", FADED: "review"}


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """What a policy sees: the learner's standing in the C concepts, and the course's I items with their odds.

    Attributes:
        graph, beliefs, frontier, history, request: of the learner and the moment.
        eligible: which items may be drawn, shape (I,).
        odds: probability of success, shape (I,).
        timeliness: how well the item suits where the learner is within its concept, in (0, 1], shape (I,).
        done: whether each was done before, shape (I,).
        on_path: which concepts lead to the goal asked for, or to the course's goals; shape (C,).
    """

    graph: KnowledgeGraph
    beliefs: Beliefs
    frontier: Frontier
    history: History
    request: Request
    eligible: BoolArray
    odds: FloatArray
    timeliness: FloatArray
    done: BoolArray
    on_path: BoolArray


def gather(
    graph: KnowledgeGraph,
    beliefs: Beliefs,
    front: Frontier,
    odds: FloatArray,
    history: History,
    request: Request,
    eligible: BoolArray,
) -> Context:
    """Lay out the items for scoring.

    Args:
        odds: probability of success at each of the graph's items, shape (I,).
        eligible: which of them the constraints allow, shape (I,).
    """
    goals = (request.goal,) if request.goal is not None else graph.course.goals
    on_path = graph.leading_to(*goals) if goals else np.ones(len(graph.concepts), dtype=np.bool_)
    done = done_before(graph, history)
    timely = timeliness(graph, beliefs, front, history, done)
    open_ = awake(graph, history, eligible, request.count)
    return Context(graph, beliefs, front, history, request, open_, odds, timely, done, on_path)


def done_before(graph: KnowledgeGraph, history: History) -> BoolArray:
    """Which items the learner has done, shape (I,)."""
    done = np.zeros(len(graph.items), dtype=np.bool_)
    index = graph.vocabulary.item_index
    done[[index[item] for item in history.last_done if item in index]] = True
    return done


def awake(graph: KnowledgeGraph, history: History, eligible: BoolArray, count: int) -> BoolArray:
    """The eligible items not done just now, shape (I,), after the longest of `PAUSES` that leaves as many as wanted."""
    index = graph.vocabulary.item_index
    done = [index.get(response.item_id) for response in history.recent]
    left, wanted = eligible, min(count, int(np.count_nonzero(eligible)))
    for pause in PAUSES:
        left = eligible.copy()
        left[[item for item in done[max(0, len(done) - pause) :] if item is not None]] = False
        if np.count_nonzero(left) >= wanted:
            break
    return left


def timeliness(
    graph: KnowledgeGraph, beliefs: Beliefs, front: Frontier, history: History, done: BoolArray
) -> FloatArray:
    """How well each item suits where the learner is within its concept, shape (I,).

    Something to study comes first on a concept never practised, after a wrong answer, and when it has faded; once
    studied, questions come. What was done before waits behind what was not. Within these, the author's order holds.
    """
    studied = np.zeros(len(graph.concepts), dtype=np.bool_)
    studied[graph.main_concept[done & ~graph.scored & graph.tagged]] = True
    fresh = (beliefs.evidence == 0) & ~studied
    suits_study = fresh | (front.standing == FADED) | stumbled(graph, history)
    studying, asking = np.where(suits_study, 1.0, 0.25), np.where(suits_study, 0.7, 1.0)
    which = graph.main_concept + len(graph.concepts) * graph.scored
    value = np.concatenate((studying, asking)).take(which) * (1.0 - 0.02 * graph.place_within_concept)
    again = np.flatnonzero(done)
    value[again] *= np.where(graph.scored[again], 0.5, 0.2)
    return value


def stumbled(graph: KnowledgeGraph, history: History) -> BoolArray:
    """The concept whose question was clearly answered wrong just now, as a mask of shape (C,). Who was partly right
    needs another question more than a reading.
    """
    found = np.zeros(len(graph.concepts), dtype=np.bool_)
    last = history.recent[-1] if history.recent else None
    if last is not None and last.clear_outcome is not None and last.clear_outcome < PARTLY:
        concept = graph.main_concept_of(last.item_id)
        if concept is not None:
            found[concept] = True
    return found


def kept(context: Context, worth: FloatArray, chances: FloatArray, drawn: Sequence[int]) -> tuple[Candidate, ...]:
    """What a decision keeps of the candidates: the best `KEPT` by score and those drawn, best first.

    Args:
        worth: of each item, shape (I,), minus infinity for what is not eligible.
        chances: with which each was drawn first, shape (I,).
        drawn: the positions of those drawn.
    """
    best = highest(worth, min(KEPT, int(np.count_nonzero(context.eligible))))
    beyond = set(drawn).difference(best.tolist())
    items = np.append(best, sorted(beyond, key=lambda item: -worth[item])).astype(np.intp)
    graph, concepts = context.graph, context.graph.main_concept[items]
    return tuple(
        Candidate(
            graph.vocabulary.items[item],
            graph.vocabulary.concepts[concept],
            SOURCES.get(standing, "frontier"),
            odds if scored else None,
            score,
            chance,
        )
        for item, concept, standing, odds, scored, score, chance in zip(
            items.tolist(),
            concepts.tolist(),
            context.frontier.standing[concepts].tolist(),
            context.odds[items].tolist(),
            graph.scored[items].tolist(),
            worth[items].tolist(),
            chances[items].tolist(),
            strict=True,
        )
    )


def highest(scores: FloatArray, count: int) -> NDArray[np.intp]:
    """Positions of the highest scores, highest first and ties in their order, without sorting all of them.

    >>> highest(np.array([1.0, 3.0, 2.0, 3.0]), 2).tolist()
    [1, 3]
    """
    if count == 0:
        return np.empty(0, dtype=np.intp)
    least = np.partition(scores, len(scores) - count)[len(scores) - count]
    near = np.flatnonzero(scores >= least)
    return near[np.argsort(-scores[near], kind="stable")][:count]

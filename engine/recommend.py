"""candidates -> odds -> policy -> constraints -> reason -> Decision. The whole way of a recommendation, on one screen."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from engine import constraints, draw, explain, ladder, policies
from engine.candidates import Context, gather, resting
from engine.types import Candidate, Decision, DecisionId, Recommendation, Request
from knowledge_graph.frontier import frontier
from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.vocabulary import FloatArray
from student_model.replay import Progress
from student_model.tracing import Tracer
from student_model.types import LearnerId

KEPT = 100
"""How many candidates, best first, a decision keeps; the others follow from a replay."""


def recommend(
    graph: KnowledgeGraph,
    tracer: Tracer,
    progress: Progress,
    request: Request,
    *,
    learner_id: LearnerId,
    decision_id: DecisionId,
    now: datetime,
    seed: int,
    log_position: int,
    model_version: str,
) -> Decision:
    """What the learner should do next, and why. Pure: the same arguments give the same decision, bit for bit.

    Args:
        graph: the course. `tracer` must be bound to its vocabulary; `progress` is the learner's under that tracer.
        now: the time of the request, timezone-aware. `seed`: of the generator that draws.
        log_position, model_version: kept in the decision, so that it can be replayed.

    Raises:
        ValueError: the request names a policy, goal or kind that there is not; the message lists every fault.
    """
    check(graph, request)
    reading = ladder.read(graph, tracer, progress, now)
    front = frontier(graph, reading.beliefs.probability, reading.beliefs.peak)
    minutes = constraints.time_at_hand(request, now)
    demands = constraints.masks(graph, request, minutes, front.gated)
    eligible = constraints.allowed(graph, demands)
    context = gather(graph, reading.beliefs, front, reading.odds, progress.history, request, eligible)
    policy = policies.load("syllabus" if reading.rung == "syllabus" else request.policy)
    scores = policy.score(context)
    chosen = choose(context, scores, policy.EXPLORATION, minutes, np.random.default_rng(seed))
    infeasible = None
    if not chosen:
        infeasible = constraints.why_nothing(graph, demands, resting(graph, progress.history))
    elif len(chosen) < request.count:
        infeasible = constraints.too_few(request.count, len(chosen), minutes)
    return Decision(
        decision_id=decision_id,
        learner_id=learner_id,
        at=now,
        request=request,
        rung=reading.rung,
        model_version=model_version,
        graph_version=graph.version,
        log_position=log_position,
        seed=seed,
        eligible=len(context.items),
        candidates=best(context, scores),
        items=tuple(recommendation(context, reading, place, chance) for place, chance in chosen),
        infeasible=infeasible,
    )


def choose(
    context: Context, scores: FloatArray, exploration: float, minutes: float, rng: np.random.Generator
) -> list[tuple[int, float]]:
    """Draw up to `count` items that fit into the time together: the place of each, and its propensity at its turn."""
    chosen: list[tuple[int, float]] = []
    durations = context.graph.minutes[context.items]
    open_ = durations <= minutes
    while len(chosen) < context.request.count and open_.any():
        chance = draw.chances(scores, open_, exploration)
        place = draw.draw(chance, rng)
        chosen.append((place, float(chance[place])))
        minutes -= float(durations[place])
        open_[place] = False
        open_ &= durations <= minutes + 1e-9
    return chosen


def best(context: Context, scores: FloatArray) -> tuple[Candidate, ...]:
    """The best candidates by score, at most `KEPT`, ties in syllabus order."""
    order = np.argsort(-scores, kind="stable")[:KEPT]
    items, concepts = context.graph.vocabulary.items, context.graph.vocabulary.concepts
    return tuple(
        Candidate(
            items[context.items[place]],
            concepts[context.concept[place]],
            context.source(place),
            odds if scored else None,
            score,
        )
        for place, odds, score, scored in zip(
            order.tolist(),
            context.odds[order].tolist(),
            scores[order].tolist(),
            context.graph.scored[context.items[order]].tolist(),
            strict=True,
        )
    )


def recommendation(context: Context, reading: ladder.Reading, place: int, propensity: float) -> Recommendation:
    """The item at this place, with its odds and its reasons."""
    item = int(context.items[place])
    reasons = explain.reasons(context, place)
    odds, low, high = (float(values[item]) for values in (reading.odds, reading.odds_low, reading.odds_high))
    judged = bool(context.graph.scored[item])
    return Recommendation(
        item_id=context.graph.vocabulary.items[item],
        concept_id=context.graph.vocabulary.concepts[context.concept[place]],
        odds=odds if judged else None,
        odds_low=low if judged else None,
        odds_high=high if judged else None,
        propensity=propensity,
        minutes=float(context.graph.minutes[item]),
        sentence=reasons[0].sentence,
        reasons=reasons,
    )


def check(graph: KnowledgeGraph, request: Request) -> None:
    """Refuse a request that names what there is not, all faults at once."""
    faults = []
    if request.policy not in policies.available():
        faults.append(f"policy {request.policy!r} does not exist; there are: {', '.join(policies.available())}")
    if request.goal is not None and request.goal not in graph.vocabulary.concept_index:
        faults.append(f"goal {request.goal!r} is no concept of the course {graph.course.curriculum_id!r}")
    if request.count < 1:
        faults.append(f"count must be at least 1, got {request.count}")
    if request.minutes is not None and not request.minutes > 0:
        faults.append(f"minutes must be above 0, got {request.minutes}")
    if faults:
        raise ValueError("; ".join(faults))

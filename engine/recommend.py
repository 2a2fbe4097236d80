"""candidates -> odds -> policy -> constraints -> reason -> Decision: a recommendation, on one screen."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from engine import constraints, draw, explain, ladder
from engine.candidates import gather, kept
from engine.types import Decision, DecisionId, Request
from knowledge_graph.frontier import frontier
from knowledge_graph.graph import KnowledgeGraph
from student_model.replay import History
from student_model.types import LearnerId


def recommend(
    graph: KnowledgeGraph,
    reading: ladder.Reading,
    history: History,
    request: Request,
    *,
    learner_id: LearnerId,
    decision_id: DecisionId,
    now: datetime,
    seed: int,
    log_position: int,
    model_version: str,
    review_below: float = 0.0,
) -> Decision:
    """What the learner should do next, and why. Pure: the same arguments give the same decision, bit for bit.

    Args:
        graph: the course. `reading`: what a rung of the ladder says of the learner now. `history`: what was done.
        now: the time of the request, timezone-aware. `seed`: of the generator that draws.
        log_position, model_version: kept in the decision, so that it can be replayed.
        review_below: a grade less certain than this waits for a teacher, and the reasons say so. It decides nothing.

    Raises:
        ValueError: the request names a policy, goal or kind that there is not; the message lists every fault.
    """
    constraints.check(graph, request)
    front = frontier(graph, reading.beliefs.probability, reading.beliefs.peak)
    minutes = constraints.time_at_hand(request, now)
    demands = constraints.masks(graph, request, minutes, front.gated)
    eligible = constraints.allowed(graph, demands)
    context = gather(graph, reading.beliefs, front, reading.odds, history, request, eligible)
    worth, exploration = ladder.worth(context, "syllabus" if reading.rung == "syllabus" else request.policy)
    rng = np.random.default_rng(seed)
    chosen, first = draw.take(worth, graph.minutes, request.count, minutes, exploration, rng)
    infeasible = None
    if not chosen:
        infeasible = constraints.why_nothing(graph, demands)
    elif len(chosen) < request.count:
        infeasible = constraints.too_few(graph, demands, request, len(chosen), minutes)
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
        eligible=int(np.count_nonzero(context.eligible)),
        candidates=kept(context, worth, first, [item for item, _ in chosen]),
        items=tuple(explain.recommendation(context, reading, item, chance, review_below) for item, chance in chosen),
        infeasible=infeasible,
        review_below=review_below,
        encoder=reading.placement.encoder if reading.placement is not None else "",
    )

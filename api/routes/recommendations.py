"""POST /v1/learners/{id}/recommendations: what to do next, and why."""

from __future__ import annotations

from flask import Response
from flask_openapi.blueprint import APIBlueprint

from api import replies
from api.reading import PROBLEM, checked, documented, read_body, reply
from api.reply_schemas import RecommendationsOut
from api.schemas import Checks, LearnerPath, RecommendationIn
from api.wiring import Service
from engine.types import Request
from knowledge_graph.types import ConceptId, ItemId
from student_model.types import LearnerId


def routes(service: Service) -> APIBlueprint:
    """The routes of this file, over this service."""
    topic = APIBlueprint(
        "recommendations",
        __name__,
        url_prefix="/v1",
        abp_tags=[{"name": "Learners"}],
        abp_responses={400: PROBLEM, 413: PROBLEM, 415: PROBLEM},
    )

    @topic.post(
        "/learners/<learner:learner_id>/recommendations",
        operation_id="recommend",
        summary="Recommend what to do next",
        description="The decision is kept with all that led to it, see `GET /v1/decisions/{decision_id}`.",
        request_body=documented(topic, RecommendationIn, required=False),
        responses={200: RecommendationsOut},
    )
    def recommend(path: LearnerPath) -> Response:
        checks = Checks(service.graph, service.clock())
        wanted = read_body(lambda body: checked(RecommendationIn, body, checks), optional=True)
        decision = service.recommend(LearnerId(path.learner_id), request_of(wanted))
        return reply(replies.recommendations(service.graph, service.cards, decision))

    return topic


def request_of(wanted: RecommendationIn) -> Request:
    """What is wanted, in the engine's terms."""
    return Request(
        count=wanted.count,
        goal=None if wanted.goal is None else ConceptId(wanted.goal),
        exclude=tuple(map(ItemId, wanted.exclude)),
        minutes=wanted.minutes,
        deadline=wanted.deadline,
        kinds=tuple(wanted.kinds),
        policy=wanted.policy,
    )

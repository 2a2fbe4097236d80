"""GET /v1/learners/{id}/beliefs: what a learner is thought to know now."""

from __future__ import annotations

from flask import Response
from flask_openapi.blueprint import APIBlueprint

from api import replies
from api.reading import PROBLEM, reply
from api.reply_schemas import BeliefsOut
from api.schemas import LearnerPath
from api.wiring import Service
from student_model.types import LearnerId


def routes(service: Service) -> APIBlueprint:
    """The routes of this file, over this service."""
    topic = APIBlueprint(
        "beliefs", __name__, url_prefix="/v1", abp_tags=[{"name": "Learners"}], abp_responses={400: PROBLEM}
    )

    @topic.get(
        "/learners/<learner:learner_id>/beliefs",
        operation_id="read_beliefs",
        summary="What a learner is thought to know",
        description="One belief a concept, in syllabus order. A learner without responses has the priors.",
        responses={200: BeliefsOut},
    )
    def read_beliefs(path: LearnerPath) -> Response:
        standing = service.standing(LearnerId(path.learner_id))
        seen = standing.beliefs, standing.in_a_week, standing.frontier
        return reply(
            {
                "learner_id": path.learner_id,
                "log_position": standing.position,
                "rung": standing.rung,
                "model_version": standing.version,
                "graph_version": service.graph.version,
                "beliefs": replies.beliefs(service.graph, *seen),
            }
        )

    return topic

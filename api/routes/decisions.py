"""GET /v1/decisions/{id}: a recommendation with all that led to it."""

from __future__ import annotations

from flask import Response
from flask_openapi.blueprint import APIBlueprint

from api.problems import not_found
from api.reading import PROBLEM, reply
from api.reply_schemas import DecisionOut
from api.schemas import DecisionPath
from api.wiring import Service
from engine.types import DecisionId


def routes(service: Service) -> APIBlueprint:
    """The routes of this file, over this service."""
    topic = APIBlueprint(
        "decisions",
        __name__,
        url_prefix="/v1",
        abp_tags=[{"name": "Decisions"}],
        abp_responses={400: PROBLEM, 404: PROBLEM},
    )

    @topic.get(
        "/decisions/<decision_id>",
        operation_id="read_decision",
        summary="A recommendation with all that led to it",
        responses={200: DecisionOut},
    )
    def read_decision(path: DecisionPath) -> Response:
        document = service.store.decisions.get(DecisionId(path.decision_id))
        if document is None:
            raise not_found("There is no decision of this id.")
        return reply(document)

    return topic

"""GET /v1/graph: the course's concepts and edges."""

from __future__ import annotations

import orjson
from flask import Response, request
from flask_openapi.blueprint import APIBlueprint

from api import replies
from api.reply_schemas import GraphOut
from api.wiring import Service


def routes(service: Service) -> APIBlueprint:
    """The routes of this file, over this service."""
    topic = APIBlueprint("graph", __name__, url_prefix="/v1", abp_tags=[{"name": "Course"}])
    document = orjson.dumps(replies.graph(service.graph))

    @topic.get(
        "/graph",
        operation_id="read_graph",
        summary="The course's concepts and edges",
        description="It has an `ETag`; with `If-None-Match` an unchanged graph is not sent again (304).",
        responses={200: GraphOut, 304: {"description": "Unchanged"}},
    )
    def read_graph() -> Response:
        found = Response(document, content_type="application/json")
        found.set_etag(service.graph.version)
        found.headers["Cache-Control"] = "no-cache"  # keep it, but ask whether it is still the one
        found.make_conditional(request)
        return found

    return topic

"""The pages a browser asks for: the learner's, the teacher's, the API's description, and the course's pictures."""

from __future__ import annotations

from urllib.parse import unquote

import orjson
from flask import Blueprint, Response, send_from_directory
from flask_openapi.openapi import OpenAPI

from api.problems import not_found
from api.replies import media_url
from api.wiring import Service

SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""A picture may style itself but neither run nor load anything, even when it is opened as a page."""


def routes(service: Service, app: OpenAPI) -> Blueprint:
    """The routes of this file, over this service."""
    topic = Blueprint("pages", __name__)
    pictures = {
        unquote(media_url(media)).removeprefix("media/"): media.path
        for item in service.graph.items
        for media in item.media
    }

    @topic.get("/")
    def learner_page() -> Response:
        return _page(app, "learner.html")

    @topic.get("/review")
    def review_page() -> Response:
        return _page(app, "review.html")

    @topic.get("/docs")
    def docs_page() -> Response:
        return _page(app, "docs.html")

    @topic.get("/openapi.json")
    def openapi_document() -> Response:
        return Response(orjson.dumps(app.api_doc), content_type="application/json")

    @topic.get("/media/<path:name>")
    def picture(name: str) -> Response:
        # Only what the items name is served, whatever else lies in the curriculum's folder.
        if service.media is None or name not in pictures:
            raise not_found("There is no such picture in the course.")
        found = send_from_directory(service.media, pictures[name], max_age=3600)
        found.headers["Content-Security-Policy"] = SANDBOX
        return found

    return topic


def _page(app: OpenAPI, name: str) -> Response:
    return send_from_directory(f"{app.root_path}/{app.template_folder}", name, max_age=0)

"""The Flask application: routes over a `Service`, problems for errors, headers for safety."""

from __future__ import annotations

from time import perf_counter
from typing import NoReturn

import structlog
from flask import Response, g, request
from flask.typing import ResponseReturnValue
from flask_openapi.openapi import OpenAPI
from pydantic import BaseModel, ValidationError
from werkzeug.routing import PathConverter

from api import logs, problems, wiring
from api.ids import new_id
from api.problems import faults_of, invalid
from api.routes import beliefs, decisions, graph, health, pages, recommendations, responses, review
from api.schemas import ProblemOut
from api.settings import Settings
from api.strict_json import LARGEST_BODY
from api.wiring import Service

POLICY = "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; form-action 'self'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
INFO = {
    "title": "Wayline",
    "version": "1",
    "description": "What a learner should do next, and why.",
    "license": {"name": "MIT", "identifier": "MIT"},
}


def create_app(source: Settings | Service) -> OpenAPI:
    """The application over a service, or over the one that settings describe.

    Raises:
        CurriculumError, StorageError: see `api.wiring.build`.
    """
    service = source if isinstance(source, Service) else wiring.build(source)
    logs.configure()
    app = OpenAPI(
        __name__,
        info=INFO,
        doc_ui=False,
        static_folder="web/static",
        template_folder="web/templates",
        validation_error_status=400,
        validation_error_model=ProblemOut,
        validation_error_callback=_refuse,
    )
    app.openapi_version = "3.1.0"
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.url_map.merge_slashes = False
    app.url_map.converters["learner"] = LearnerInPath
    app.before_request(_begin)
    app.after_request(_finish)
    problems.register(app)
    for topic in (responses, recommendations, beliefs, decisions, graph, review):
        app.register_api(topic.routes(service))
    app.register_api(health.routes(service))
    app.register_blueprint(pages.routes(service, app))
    return app


class LearnerInPath(PathConverter):
    """A learner id in a path: any characters, slashes and line ends too; `api.schemas` refuses what is none."""

    regex = r"[\s\S]+?"
    part_isolating = False


def _refuse(error: ValidationError) -> NoReturn:
    """What the framework checks are path parameters; bodies are read by `api.reading`."""
    raise invalid(faults_of(error, BaseModel))


def _begin() -> ResponseReturnValue | None:
    g.request_id, g.began = new_id(), perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)
    return None


def _finish(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-Id"] = g.request_id
    rule = request.url_rule.rule if request.url_rule else None
    milliseconds = round(1000 * (perf_counter() - g.began), 2)
    structlog.get_logger().info(
        "request", method=request.method, route=rule, status=response.status_code, milliseconds=milliseconds
    )
    return response

"""How a request's body is read and a reply is written; the same for every route."""

from __future__ import annotations

from typing import Any, TypeVar

import orjson
from flask import Response, request
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.request_body import RequestBody
from flask_openapi.utils import parse_body
from pydantic import BaseModel, ValidationError

from api.problems import Problem, faults_of, invalid
from api.schemas import ProblemOut
from api.strict_json import JsonError, read

Model = TypeVar("Model", bound=BaseModel)

PROBLEM = {"content": {"application/problem+json": {"schema": {"$ref": f"#/components/schemas/{ProblemOut.__name__}"}}}}


def read_body(*, optional: bool = False) -> Any:
    """The strictly read JSON body; an empty one is an empty object where it is optional.

    Raises:
        Problem: wrong media type (415), too large (413, by Flask), or no strict JSON (400).
    """
    data = request.get_data(cache=False)
    if optional and not data:
        return {}
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype != "application/json" or charset not in ("utf-8", "utf8"):
        came = request.content_type or "none"
        detail = f"The body's content type is {came[:100]}; allowed: application/json in UTF-8."
        raise Problem(415, "unsupported-media-type", "This media type is not read here.", detail)
    try:
        return read(data)
    except JsonError as error:
        raise invalid(error.faults) from None


def checked(model: type[Model], value: Any, context: Any = None) -> Model:
    """The value as this model, or a problem with every fault."""
    try:
        return model.model_validate(value, context=context)
    except ValidationError as error:
        raise invalid(faults_of(error, model)) from None


def reply(document: Any, status: int = 200) -> Response:
    """A JSON reply."""
    body = orjson.dumps(document, option=orjson.OPT_UTC_Z)
    return Response(body, status, content_type="application/json")


def documented(routes: APIBlueprint, model: type[BaseModel], *, required: bool = True) -> RequestBody:
    """The body as the OpenAPI document tells it; `read_body` reads it, stricter than the framework."""
    content, schemas = parse_body(model)
    routes.components_schemas.update(schemas)
    return RequestBody(content=content, required=required)

"""How a request's body is read and a reply is written; the same for every route."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import orjson
from flask import Response, request
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.request_body import RequestBody
from flask_openapi.utils import parse_body
from pydantic import BaseModel, ValidationError

from api.problems import Problem, faults_of, invalid
from api.schemas import ProblemOut
from api.strict_json import MOST_FAULTS, Fault, JsonError, read

Model = TypeVar("Model", bound=BaseModel)
Read = TypeVar("Read")

PROBLEM = {"content": {"application/problem+json": {"schema": {"$ref": f"#/components/schemas/{ProblemOut.__name__}"}}}}


def read_body(check: Callable[[Any], Read], *, optional: bool = False) -> Read:
    """What `check` makes of the strictly read JSON body; an empty one is an empty object where it is optional.

    Raises:
        Problem: wrong media type (415), too large (413, by Flask), or not what is wanted (400): every fault of the
            JSON and every fault that `check` finds in what can be read.
    """
    data = request.get_data(cache=False)
    if optional and not data:
        return check({})
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype != "application/json" or charset not in ("utf-8", "utf8"):
        came = request.content_type or "none"
        detail = f"The body's content type is {came[:100]}; allowed: application/json in UTF-8."
        raise Problem(415, "unsupported-media-type", "This media type is not read here.", detail)
    try:
        value = read(data)
    except JsonError as error:
        raise invalid([*error.faults, *_further(check, error)][:MOST_FAULTS]) from None
    return check(value)


def _further(check: Callable[[Any], Any], error: JsonError) -> list[Fault]:
    """What else is wrong with a body that is no strict JSON, beside the places that are known to be."""
    told = {fault.pointer for fault in error.faults}
    if error.value is None or any("nests too deep" in fault.message for fault in error.faults):
        return []
    try:
        check(error.value)
    except Problem as problem:
        return [one for one in problem.faults if not any(place.startswith(one.pointer) for place in told)]
    return []


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

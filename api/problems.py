"""Errors as RFC 9457 problems: what went wrong, where, and what is allowed, for every fault at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from flask import Flask, Response, g, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException

from api import logs
from api.strict_json import LARGEST_BODY, Fault, pointer

MEDIA_TYPE = "application/problem+json"
NAMESPACE = "urn:wayline:problem:"
SAID = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address; /docs lists what there is.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address takes other methods; the header `Allow` lists them.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: f"A body has at most {LARGEST_BODY} bytes; send fewer responses at once.",
}
MOST_FAULTS = 100
"""How many faults a reply names; a list of a thousand broken entries is told by its first ones."""


class Problem(Exception):
    """A refusal. `kind` names it for programs, `title` and `detail` say it to people, `faults` say where."""

    def __init__(
        self, status: int, kind: str, title: str, detail: str, faults: Sequence[Fault] = (), **headers: str
    ) -> None:
        super().__init__(detail)
        self.status, self.kind, self.title, self.detail = status, kind, title, detail
        self.faults, self.headers = tuple(faults), headers


def invalid(faults: Sequence[Fault], status: int = 400) -> Problem:
    """The problem of a request with these faults. Nothing of it was stored."""
    count = "one fault" if len(faults) == 1 else f"{len(faults)} faults"
    first = faults[0]
    place = f" at {first.pointer}" if first.pointer else ""
    detail = f"The request has {count}, nothing was stored. First{place}: {first.message}."
    return Problem(status, "invalid-request", "This request is not valid.", detail, faults)


def not_found(what: str) -> Problem:
    """The problem of something asked for that is not there."""
    return Problem(HTTPStatus.NOT_FOUND, "not-found", "Not found.", what)


def faults_of(error: ValidationError, model: type[BaseModel], *prefix: str | int) -> list[Fault]:
    """What a pydantic model refused, in our words; no text that came is echoed."""
    return [Fault(pointer(*prefix, *found["loc"]), *_said(found, model)) for found in error.errors(include_url=False)]


def _said(found: Mapping[str, Any], model: type[BaseModel]) -> tuple[str, str | None]:
    """Message and what is allowed, of one pydantic error."""
    kind, context = found["type"], found.get("ctx", {})
    if kind == "extra_forbidden":
        return f"there is no field {found['loc'][-1]!r}", f"the fields {', '.join(model.model_fields)}"
    if kind == "missing":
        return f"the field {found['loc'][-1]!r} is missing", "this field is required"
    if "allowed" in context:
        return found["msg"], str(context["allowed"])
    message: str = found["msg"]
    named = message.replace("Input should be ", "").replace("should have ", "")
    return f"{_kind(found['input'])} is not what is allowed here", named[:1].lower() + named[1:]


def _kind(value: object) -> str:
    """What came: a short number as it is, of everything else only what it is.

    >>> _kind(-3), _kind("a pupil's answer"), _kind(True)
    ('-3', 'a text', 'true')
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (int, float)) and abs(value) < 10**15:
        return f"{value:.6g}" if isinstance(value, float) else str(value)
    names = {int: "a number so large", float: "a number so large", str: "a text", list: "a list", dict: "an object"}
    return names.get(type(value), "this")


def register(app: Flask) -> None:
    """Turn every error that leaves a route into a problem."""
    app.register_error_handler(Problem, _reply)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(Exception, _from_crash)


def _reply(problem: Problem) -> Response:
    shown = problem.faults[:MOST_FAULTS]
    document = {
        "type": NAMESPACE + problem.kind,
        "title": problem.title,
        "status": int(problem.status),
        "detail": problem.detail,
        "instance": request.path,
        "request_id": g.get("request_id", ""),
        "errors": [{"pointer": fault.pointer, "message": fault.message, "allowed": fault.allowed} for fault in shown],
    }
    body = orjson.dumps(document)
    return Response(body, int(problem.status), dict(problem.headers), content_type=MEDIA_TYPE)


def _from_http(error: HTTPException) -> Response | HTTPException:
    """A problem of what Flask itself refuses (404, 405, 413 …), with its headers such as `Allow`."""
    if error.response is not None or (error.code or 500) < 400:
        return error  # a redirect, or a reply that someone has made already
    status = HTTPStatus(error.code or 500)
    kind = status.phrase.lower().replace(" ", "-")
    detail = SAID.get(status, error.description or status.phrase)
    reply = _reply(Problem(status, kind, f"{status.phrase}.", detail))
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            reply.headers[name] = value
    return reply


def _from_crash(error: Exception) -> Response:
    """Nothing of an unexpected error is told, but the id under which the log has it."""
    logs.crashed(error)
    detail = f"The fault was logged under {g.get('request_id', '')}. Try again later."
    return _reply(Problem(500, "internal-error", "Wayline has a fault.", detail))

"""GET /healthz and /readyz: whether the process runs, and whether it can serve."""

from __future__ import annotations

from flask import Response
from flask_openapi.blueprint import APIBlueprint

from api import logs
from api.problems import Problem
from api.reading import PROBLEM, reply
from api.reply_schemas import HealthOut, ReadyOut
from api.wiring import Service


def routes(service: Service) -> APIBlueprint:
    """The routes of this file, over this service."""
    topic = APIBlueprint("health", __name__, abp_tags=[{"name": "Health"}])

    @topic.get("/healthz", operation_id="healthz", summary="Whether the process runs", responses={200: HealthOut})
    def healthz() -> Response:
        return reply({"status": "ok"})

    @topic.get(
        "/readyz",
        operation_id="readyz",
        summary="Whether the database and the model answer",
        description="A grader that fails is told and does not stop the service: the wording is compared instead.",
        responses={200: ReadyOut, 503: PROBLEM},
    )
    def readyz() -> Response:
        failed = service.check()
        for error in failed.values():
            logs.crashed(error)
        if failed:
            detail = f"These do not answer: {', '.join(failed)}."
            raise Problem(503, "not-ready", "Wayline cannot serve now.", detail)
        grader = "ok" if service.grader.works() else "failing"
        return reply({"status": "ready", "database": "ok", "model": "ok", "grader": grader})

    return topic

"""The OpenAPI document is valid, tells the truth, and is readable as a page without anything from outside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from openapi_spec_validator import validate
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from services import Caller, client_of, service_on
from werkzeug.serving import make_server

from api import create_app, reply_schemas, review_schemas

ROOT = Path(__file__).resolve().parent.parent
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
WITH_INPUT = ("store_responses", "recommend", "read_beliefs", "read_decision", "read_review_queue", "judge_answer")
WITHOUT = ("read_graph", "healthz", "readyz")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return create_app(service_on(f"sqlite:///{tmp_path_factory.mktemp('contract') / 'log.db'}"))


@pytest.fixture(scope="module")
def document(app: Any) -> dict[str, Any]:
    found: dict[str, Any] = app.test_client().get("/openapi.json").get_json()
    return found


def test_the_document_is_valid_and_names_every_route(app: Any, document: dict[str, Any]) -> None:
    validate(document)
    assert document["openapi"] == "3.1.0"
    rules = {
        re.sub("<[a-z]+:", "<", rule.rule).replace("<", "{").replace(">", "}") for rule in app.url_map.iter_rules()
    }
    pages = {"/", "/review", "/docs", "/openapi.json", "/static/{filename}", "/media/{name}"}
    assert set(document["paths"]) == rules - pages
    for path in document["paths"].values():
        for operation in path.values():
            assert operation["summary"]
            assert "422" not in operation["responses"]


def test_problems_are_told_as_such(document: dict[str, Any]) -> None:
    refusals = document["paths"]["/v1/learners/{learner_id}/responses"]["post"]["responses"]
    for status in ("400", "409", "413", "415"):
        assert list(refusals[status]["content"]) == ["application/problem+json"]


def test_no_schema_of_an_item_tells_the_answer(document: dict[str, Any]) -> None:
    fields = set(document["components"]["schemas"]["ItemOut"]["properties"])
    assert fields.isdisjoint({"answer", "accepted_answers", "reference_answers", "explanation"})


def test_replies_are_what_the_document_says(tmp_path: Path) -> None:
    lena = Caller(client_of(service_on(f"sqlite:///{tmp_path / 'log.db'}")))
    lena.respond([{"item_id": "count", "answer_text": "1"}, {"item_id": "read"}])
    graded = lena.respond({"item_id": "why", "answer_text": "seat"})
    queue = lena.client.get("/v1/review-queue")
    verdict = {"label": "correct", "teacher": "Ms Lee"}
    name = queue.get_json()["entries"][0]["review_id"]
    for model, reply in (
        (reply_schemas.ResponsesOut, lena.respond({"item_id": "capital", "choice": "Rome"})),
        (reply_schemas.ResponsesOut, graded),
        (review_schemas.QueueOut, queue),
        (review_schemas.VerdictOut, lena.client.post(f"/v1/review-queue/{name}", json=verdict)),
        (reply_schemas.RecommendationsOut, lena.recommend({"count": 7})),
        (reply_schemas.RecommendationsOut, lena.recommend({"kinds": ["video"]})),
        (reply_schemas.BeliefsOut, lena.client.get(f"{lena.root}/beliefs")),
        (reply_schemas.GraphOut, lena.client.get("/v1/graph")),
        (reply_schemas.HealthOut, lena.client.get("/healthz")),
        (reply_schemas.ReadyOut, lena.client.get("/readyz")),
    ):
        model.model_validate_json(reply.get_data())


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        *((name, GenerationMode.POSITIVE) for name in (*WITH_INPUT, *WITHOUT)),
        *((name, GenerationMode.NEGATIVE) for name in WITH_INPUT),
    ],
)
def test_the_service_does_as_the_document_says(app: Any, name: str, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    operation = schema.find_operation_by_id(name)

    @settings(max_examples=40, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy(generation_mode=mode))
    def every_reply_conforms(case: Any) -> None:
        case.call_and_validate(checks=CHECKS)

    every_reply_conforms()


@pytest.fixture(scope="module")
def address(app: Any) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()


def test_the_docs_page_works_under_the_policy_and_offline(address: str) -> None:
    pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    from browser import chromium_page

    asked: list[str] = []
    said: list[str] = []
    with chromium_page() as page:
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{address}/docs")
        page.get_by_role("heading", name="POST /v1/learners/{learner_id}/recommendations").wait_for()
        page.get_by_role("link", name="ReasonOut").first.click()
        assert page.evaluate("location.hash") == "#schema-ReasonOut"
        assert page.locator("#schema-ReasonOut table").is_visible()
    assert said == []
    assert all(url.startswith(address) for url in asked), asked
    assert {url.removeprefix(address) for url in asked} == {
        "/docs", "/openapi.json", "/static/docs.css", "/static/docs.js", "/static/icon.svg",
    }  # fmt: skip

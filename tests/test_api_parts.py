"""Small parts of the API: ids, times, problems, logs and the page that describes it all."""

from __future__ import annotations

import json
import logging
import re
import uuid
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError
from services import NOW, Caller, client_of, faults, geography, service_on

from api import logs
from api.ids import LONGEST_ID, id_fault, new_id
from api.problems import MOST_FAULTS, Problem, faults_of, invalid
from api.schemas import Checks, RecommendationIn, ResponseIn, Time
from api.strict_json import Fault

WEB = Path(__file__).resolve().parent.parent / "api" / "web"


def test_ids_are_uuids_of_version_7_that_sort_by_time() -> None:
    made = [new_id() for _ in range(1000)]
    assert len(set(made)) == 1000
    assert {(one.version, one.variant) for one in map(uuid.UUID, made)} == {(7, uuid.RFC_4122)}
    stamps = [uuid.UUID(one).int >> 80 for one in made]
    assert stamps == sorted(stamps)
    assert abs(stamps[0] / 1000 - datetime.now(UTC).timestamp()) < 60


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a", False), ("x" * LONGEST_ID, False), ("ü 7/{}", False), ("", True), ("x" * (LONGEST_ID + 1), True),
        ("a\n", True), ("\u200b", True), ("\ufffd", True), ("\x7f", True), ("\u2028", True),
    ],
)  # fmt: skip
def test_what_an_id_may_be(text: str, fault: bool) -> None:
    assert (id_fault(text) is not None) is fault


zones = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1970, 1, 3), datetime(9990, 1, 1), timezones=zones))
def test_any_time_with_a_zone_is_the_same_instant_in_utc(at: datetime) -> None:
    read = TypeAdapter(Time).validate_python(at.isoformat())
    assert read == at
    assert read.tzinfo is UTC


@given(st.text(max_size=30) | st.integers() | st.floats() | st.lists(st.integers(), max_size=2))
def test_nothing_else_is_a_time(value: object) -> None:
    with pytest.raises(ValidationError, match="no time with a zone"):
        TypeAdapter(Time).validate_python(value)


def test_a_model_refuses_in_our_words_and_echoes_nothing() -> None:
    with pytest.raises(ValidationError) as caught:
        ResponseIn.model_validate({"choice": 5, "secret": "hunter2", "hints": 1.5}, context=Checks(geography(), NOW))
    found = faults_of(caught.value, ResponseIn, 3)
    assert {fault.pointer for fault in found} == {"/3/item_id", "/3/choice", "/3/secret", "/3/hints"}
    assert "hunter2" not in str(found)
    allowed = {fault.pointer: fault.allowed for fault in found}
    assert allowed["/3/choice"] == "a valid string"
    assert "item_id, response_id" in (allowed["/3/secret"] or "")


def test_null_means_absent() -> None:
    wanted = RecommendationIn.model_validate({"goal": None, "minutes": None, "deadline": None})
    assert wanted == RecommendationIn()


def test_braces_in_an_id_are_only_braces() -> None:
    with pytest.raises(ValidationError) as caught:
        RecommendationIn.model_validate({"goal": "{message}{0}"}, context=Checks(geography(), NOW))
    (fault,) = faults_of(caught.value, RecommendationIn)
    assert fault.message == "there is no concept '{message}{0}' in the course 'geography'"


def test_an_unfamiliar_error_of_a_model_is_still_told() -> None:
    class Odd(BaseModel):
        url: int

    with pytest.raises(ValidationError) as caught:
        Odd.model_validate({"url": "x"})
    (fault,) = faults_of(caught.value, Odd)
    assert fault.allowed


def test_a_problem_says_how_many_faults_and_which_is_first() -> None:
    one = invalid([Fault("/a", "this is wrong", "that")])
    assert one.detail == "The request has one fault, nothing was stored. First at /a: this is wrong."
    assert "2 faults" in invalid([Fault("", "x"), Fault("/b", "y")]).detail
    assert isinstance(one, Problem)


def test_a_thousand_faults_are_told_by_the_first(tmp_path: Path) -> None:
    lena = Caller(client_of(service_on(f"sqlite:///{tmp_path / 'log.db'}")))
    reply = lena.respond([{"item_id": "nowhere"}] * 1000)
    assert len(faults(reply)) == MOST_FAULTS
    assert "1000 faults" in reply.get_json()["detail"]


WORDS = st.sampled_from(["read", "capital", "count", "why", "both", "old", "Paris", "3/4", "2026-03-02T12:00:00Z", ""])
values: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2000) | st.floats(-1, 2) | WORDS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=2),
    max_leaves=5,
)
bodies = st.dictionaries(
    st.sampled_from([*ResponseIn.model_fields, *RecommendationIn.model_fields]), values, max_size=5
)


@pytest.fixture(scope="module")
def lena(tmp_path_factory: pytest.TempPathFactory) -> Caller:
    return Caller(client_of(service_on(f"sqlite:///{tmp_path_factory.mktemp('fuzz') / 'log.db'}")))


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(bodies | st.lists(bodies, max_size=3))
def test_whatever_is_sent_is_taken_whole_or_refused_whole(lena: Caller, body: Any) -> None:
    before = lena.position()
    reply = lena.respond(body)
    stored = lena.position() - before
    if reply.status_code in (200, 201):
        fresh = [one for one in reply.get_json()["responses"] if one["status"] == "stored"]
        assert stored == len(fresh)
    else:
        assert reply.status_code in (400, 409)
        assert faults(reply)
        assert stored == 0
    assert lena.recommend(body).status_code in (200, 400)


def test_other_loggers_speak_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        logs.adopt()
        try:
            raise RuntimeError("model")
        except RuntimeError:
            logging.getLogger("engine.ladder").exception("tracer %s failed", "bkt")
    finally:
        root.handlers[:], root.level = handlers, level
    event = json.loads(capsys.readouterr().err)
    assert (event["event"], event["level"]) == ("tracer bkt failed", "error")
    assert "RuntimeError: model" in event["exception"]


def test_the_docs_page_asks_nothing_of_others_and_runs_nothing_inline() -> None:
    page = (WEB / "templates" / "docs.html").read_text()
    script = (WEB / "static" / "docs.js").read_text()
    style = (WEB / "static" / "docs.css").read_text()
    assert re.findall(r"https?://", page + script + style) == []
    assert re.findall(r"<script(?![^>]*src=)|style=|\son\w+=", page) == []
    assert re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|eval\(|document\.write", script) == []

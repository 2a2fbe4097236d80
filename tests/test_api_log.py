"""What is sent is what the log keeps, field by field, and what is not said is not invented."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from services import NOW, Caller, client_of, service_on

from api.wiring import Service
from student_model.types import LearnerId, Response

LENA = LearnerId("lena")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    return service_on(f"sqlite:///{tmp_path_factory.mktemp('log') / 'log.db'}")


def stored_by(service: Service, body: dict[str, Any]) -> Response:
    """The response that this body leaves in the log."""
    lena = Caller(client_of(service))
    before = lena.position()
    reply = lena.respond(body)
    assert reply.status_code == 201, reply.get_json()
    (found,) = service.store.responses.of_learner(LENA, after=before)
    return found


def test_what_is_not_said_is_not_recorded(service: Service) -> None:
    found = stored_by(service, {"item_id": "read"})
    assert (found.at, found.sequence, found.correct, found.score, found.score_confidence) == (
        NOW,
        None,
        None,
        None,
        None,
    )
    assert (found.choice, found.answer_text, found.elapsed_seconds, found.hints) == (None, None, None, None)
    assert (found.confidence, found.supersedes, found.concept_ids) == (None, None, ())


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ({"item_id": "capital", "choice": "paris"}, {"choice": "paris", "correct": True, "score": None}),
        ({"item_id": "count", "answer_text": "1"}, {"answer_text": "1", "correct": False, "score": None}),
        ({"item_id": "count", "score": 0.25}, {"correct": False, "score": 0.25, "score_confidence": None}),
        ({"item_id": "count", "score": 1}, {"correct": True, "score": None}),
        ({"item_id": "count", "correct": True, "score": 0.75}, {"correct": True, "score": 0.75}),
        (
            {"item_id": "both", "answers": ["2", "Rome"]},
            {"answer_text": '["2","Rome"]', "score": 0.5, "correct": False},
        ),
        ({"item_id": "read", "decision_id": "any"}, {"correct": None}),
    ],
)
def test_a_verdict_is_kept_as_it_was_given(service: Service, body: dict[str, Any], kept: dict[str, Any]) -> None:
    found = stored_by(service, body)
    assert {name: getattr(found, name) for name in kept} == kept


def test_a_guess_about_text_is_kept_with_its_confidence(service: Service) -> None:
    found = stored_by(service, {"item_id": "why", "answer_text": "government sits there"})
    assert found.score is not None
    assert 0 < found.score < 1
    assert found.score_confidence is not None
    assert found.score_confidence <= 0.6


printable = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
fields = st.fixed_dictionaries(
    {"at": st.datetimes(datetime(1970, 1, 2), datetime(2026, 3, 2), timezones=st.just(UTC)).map(datetime.isoformat)},
    optional={
        "answer_text": printable,
        "elapsed_seconds": st.floats(0, 1e7) | st.integers(0, 10**7),
        "hints": st.integers(0, 1000),
        "confidence": st.floats(0, 1),
        "supersedes": st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=20),
    },
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(fields, st.booleans())
def test_every_field_comes_back_from_the_log(service: Service, sent: dict[str, Any], correct: bool) -> None:
    found = stored_by(service, {"item_id": "count", "correct": correct, **sent})
    assert found.correct is correct
    assert found.at == datetime.fromisoformat(sent["at"])
    for name in ("answer_text", "elapsed_seconds", "hints", "confidence", "supersedes"):
        assert getattr(found, name) == sent.get(name)


def test_ids_made_here_are_in_the_order_of_arrival(service: Service) -> None:
    ids = [stored_by(service, {"item_id": "read"}).response_id for _ in range(3)]
    assert len(set(ids)) == 3
    assert [one[:13] for one in ids] == sorted(one[:13] for one in ids)


@pytest.mark.parametrize(
    "changed", [{"hints": 1}, {"confidence": 0.5}, {"at": "2026-03-01T00:00:00Z"}, {"item_id": "read"}]
)
def test_any_difference_is_a_conflict(tmp_path: Path, changed: dict[str, Any]) -> None:
    lena = Caller(client_of(service_on(f"sqlite:///{tmp_path / 'log.db'}")))
    body = {"response_id": "one", "item_id": "see", "hints": 0, "at": "2026-03-02T11:00:00Z"}
    assert lena.respond(body).status_code == 201
    assert lena.respond({**body, **changed}).status_code == 409
    assert lena.respond(body).status_code == 200
    assert lena.respond([body, body]).status_code == 200


def test_an_id_is_the_learners_own(tmp_path: Path) -> None:
    client = client_of(service_on(f"sqlite:///{tmp_path / 'log.db'}"))
    for learner in ("lena", "omar"):
        assert Caller(client, learner).respond({"response_id": "1", "item_id": "read"}).status_code == 201


def test_the_database_has_neither_the_learners_id_nor_the_id_in_decisions(tmp_path: Path) -> None:
    service = service_on(f"sqlite:///{tmp_path / 'log.db'}")
    learner = Caller(client_of(service), "learner-4711")
    learner.respond({"item_id": "why", "answer_text": "government"})
    decision = learner.recommend().get_json()["decision_id"]
    assert "4711" not in json.dumps(service.store.decisions.get(decision))
    service.store.engine.dispose()
    for path in tmp_path.iterdir():
        assert b"4711" not in path.read_bytes()


def test_two_answers_in_one_batch_under_one_id_are_a_conflict(tmp_path: Path) -> None:
    lena = Caller(client_of(service_on(f"sqlite:///{tmp_path / 'log.db'}")))
    entry = {"response_id": "a", "item_id": "count", "correct": True}
    assert lena.respond([entry, {**entry, "correct": False}]).status_code == 409
    assert lena.position() == 0

"""What the service recommends, tells and refuses over HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from services import PICTURE, SECRETS, Caller, client_of, faults, service_on

from api.strict_json import LARGEST_BODY
from api.wiring import Service
from student_model.types import LearnerId


@pytest.fixture
def service(tmp_path: Path) -> Service:
    media = tmp_path / "course"
    (media / "media").mkdir(parents=True)
    (media / "media" / "a town.svg").write_text(PICTURE)
    (media / "media" / "unnamed.svg").write_text(PICTURE)
    (media / "secret.txt").write_text("secret")
    return service_on(f"sqlite:///{tmp_path / 'log.db'}", media)


@pytest.fixture
def lena(service: Service) -> Caller:
    return Caller(client_of(service))


def test_a_recommendation_says_what_and_why(lena: Caller) -> None:
    document = lena.recommend({"count": 3}).get_json()
    assert [one["concept_title"] for one in document["items"]] == ["Towns"] * 3
    first = document["items"][0]
    assert first["sentence"] == first["reasons"][0]["sentence"]
    assert first["item"]["item_id"] == first["item_id"]
    assert 0 < first["propensity"] <= 1
    assert (document["rung"], document["infeasible"]) == ("bkt", None)


def test_an_empty_body_asks_for_one_item(lena: Caller) -> None:
    reply = lena.client.post(f"{lena.root}/recommendations")
    assert (reply.status_code, len(reply.get_json()["items"])) == (200, 1)


def test_no_reply_before_the_answer_tells_it(lena: Caller) -> None:
    told = [
        lena.recommend({"count": 50}),
        lena.client.get(f"{lena.root}/beliefs"),
        lena.client.get("/v1/graph"),
    ]
    shown = told[0].get_json()
    told.append(lena.client.get(f"/v1/decisions/{shown['decision_id']}"))
    assert {one["item"]["kind"] for one in shown["items"]} >= {
        "choice",
        "numeric",
        "text",
        "steps",
        "expression",
    }
    for item in (one["item"] for one in shown["items"]):
        item["choices"] = []
        for step in item["steps"]:
            step["choices"] = []
    text = json.dumps(shown) + "".join(reply.get_data(as_text=True) for reply in told[1:])
    assert [secret for secret in SECRETS if secret in text] == []


def test_what_is_demanded_is_kept_to(lena: Caller) -> None:
    wanted = {
        "count": 9,
        "kinds": ["numeric", "choice"],
        "exclude": ["capital"],
        "goal": "towns",
        "minutes": 60,
    }
    document = lena.recommend({**wanted, "policy": "syllabus", "deadline": "2026-03-02T13:00:00Z"}).get_json()
    assert [one["item_id"] for one in document["items"]] == ["count"]
    assert document["infeasible"]["constraints"] == ["count"]  # time is not what is short
    nothing = lena.recommend({"kinds": ["video"]}).get_json()
    assert (nothing["items"], nothing["infeasible"]["constraints"]) == ([], ["kinds"])


def test_every_fault_of_a_request_is_named(lena: Caller) -> None:
    reply = lena.recommend(
        {
            "count": 51, "goal": "mars", "exclude": ["capital", "x"], "minutes": 0, "deadline": "soon",
            "kinds": ["song"], "policy": "luck", "learner": 1,
        }
    )  # fmt: skip
    assert reply.status_code == 400
    assert set(faults(reply)) == {
        "/count", "/goal", "/exclude/1", "/minutes", "/deadline", "/kinds/0", "/policy", "/learner",
    }  # fmt: skip
    assert "gain" in next(one["allowed"] for one in reply.get_json()["errors"] if one["pointer"] == "/policy")


def test_types_are_not_converted(lena: Caller) -> None:
    assert set(faults(lena.recommend({"count": "3", "minutes": "5", "exclude": "x"}))) == {
        "/count", "/minutes", "/exclude",
    }  # fmt: skip
    assert set(faults(lena.recommend({"count": True}))) == {"/count"}
    assert set(faults(lena.recommend([]))) == {""}


def test_a_decision_can_be_read_again_without_the_learners_id(service: Service, lena: Caller) -> None:
    shown = lena.recommend({"count": 2}).get_json()
    kept = lena.client.get(f"/v1/decisions/{shown['decision_id']}")
    document = kept.get_json()
    assert [one["item_id"] for one in document["items"]] == [one["item_id"] for one in shown["items"]]
    assert document["seed"] >= 0
    assert document["learner_id"] == service.store.pseudonym(LearnerId("lena"))
    assert "lena" not in kept.get_data(as_text=True)


@pytest.mark.parametrize("path", ["/v1/decisions/none", "/nowhere", "/media/none.svg", "/v1/learners//beliefs"])
def test_what_is_not_there_is_a_problem(lena: Caller, path: str) -> None:
    reply = lena.client.get(path)
    assert (reply.status_code, reply.content_type) == (404, "application/problem+json")
    assert reply.get_json()["instance"] == path


def test_another_method_is_a_problem_that_lists_the_right_ones(lena: Caller) -> None:
    reply = lena.client.put("/v1/graph", json={})
    assert (reply.status_code, reply.content_type) == (405, "application/problem+json")
    assert "GET" in reply.headers["Allow"]


@pytest.mark.parametrize("learner", ["%00", "%0A", "a%0Ab", "a%E2%80%8B", "%FF", "x" * 201])
def test_a_learner_id_that_cannot_be_printed_is_refused(lena: Caller, learner: str) -> None:
    reply = lena.client.get(f"/v1/learners/{learner}/beliefs")
    assert reply.status_code == 400
    assert set(faults(reply)) == {"/learner_id"}


@pytest.mark.parametrize(
    "learner",
    ["a", "x" * 200, "a%20b", "%C3%BC", "school%2Flena", "https:%2F%2Fx.org%2F7", "%2Fa", "%3Cscript%3E", "a%7B0%7D"],
)
def test_any_printable_learner_id_is_taken(lena: Caller, learner: str) -> None:
    assert lena.client.post(f"/v1/learners/{learner}/responses", json={"item_id": "read"}).status_code == 201
    assert lena.client.get(f"/v1/learners/{learner}/beliefs").get_json()["log_position"] == 1


def send(lena: Caller, body: bytes, content_type: str | None = "application/json") -> Any:
    return lena.client.post(f"{lena.root}/responses", data=body, content_type=content_type)


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b'{"item_id": "read"}', "text/plain", 415),
        (b'{"item_id": "read"}', None, 415),
        (b'{"item_id": "read"}', "application/json; charset=latin-1", 415),
        (b'{"item_id": "read", "answer_text": "' + b"x" * LARGEST_BODY + b'"}', "application/json", 413),
        (b'{"item_id": "read", "item_id": "read"}', "application/json", 400),
        (b'{"item_id": "count", "score": NaN}', "application/json", 400),
        (b'"{}"', "application/json", 400),
        (b"", "application/json", 400),
        (b'{"item_id": "count", "answer_text": "\\ud800"}', "application/json", 400),
        (b'{"item_id": "{message}"}', "application/json", 400),
    ],
)
def test_a_body_that_is_not_strict_json_is_refused(
    lena: Caller, body: bytes, content_type: str | None, status: int
) -> None:
    reply = send(lena, body, content_type)
    assert (reply.status_code, reply.content_type) == (status, "application/problem+json")
    assert lena.position() == 0


def test_utf8_may_be_said_outright(lena: Caller) -> None:
    assert send(lena, b'{"item_id": "read"}', "application/json; charset=UTF-8").status_code == 201


def test_the_graph_is_sent_once(lena: Caller) -> None:
    reply = lena.client.get("/v1/graph")
    document = reply.get_json()
    assert [(one["concept_id"], one["items"]) for one in document["concepts"]] == [
        ("towns", 4),
        ("states", 3),
    ]
    assert [(one["source_id"], one["target_id"], one["kind"]) for one in document["edges"]] == [
        ("towns", "states", "prerequisite")
    ]
    assert reply.headers["ETag"] == f'"{document["version"]}"'
    again = lena.client.get("/v1/graph", headers={"If-None-Match": reply.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")
    assert lena.client.get("/v1/graph", headers={"If-None-Match": '"other"'}).status_code == 200


def test_beliefs_say_where_the_learner_stands(lena: Caller) -> None:
    assert {name: one["standing"] for name, one in lena.beliefs().items()} == {
        "towns": "ready",
        "states": "blocked",
    }
    lena.respond([{"item_id": "count", "correct": True}] * 5)
    assert lena.beliefs()["towns"]["standing"] in ("known", "mastered")
    assert lena.beliefs()["states"]["standing"] == "ready"
    assert all(one["low"] <= one["probability"] <= one["high"] for one in lena.beliefs().values())


def test_pictures_of_the_course_are_served_and_nothing_else(lena: Caller) -> None:
    shown = lena.recommend({"kinds": ["reading"]}).get_json()["items"][0]["item"]["media"]
    assert shown == [{"url": "media/a%20town.svg", "alt": "A town."}]
    picture = lena.client.get(f"/{shown[0]['url']}")
    assert (picture.status_code, picture.mimetype, picture.get_data(as_text=True)) == (
        200,
        "image/svg+xml",
        PICTURE,
    )
    assert "sandbox" in picture.headers["Content-Security-Policy"]
    for path in ("unnamed.svg", "../secret.txt", "%2e%2e/secret.txt", "..%2Fsecret.txt", "media/a town.svg"):
        assert lena.client.get(f"/media/{path}").status_code == 404


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/openapi.json", "/healthz", "/v1/graph", "/nowhere", "/static/docs.js"]
)
def test_every_reply_is_guarded(lena: Caller, path: str) -> None:
    headers = lena.client.get(path).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "no-referrer")
    assert headers["X-Request-Id"]


def test_health_and_readiness(lena: Caller) -> None:
    assert lena.client.get("/healthz").get_json() == {"status": "ok"}
    assert lena.client.get("/readyz").get_json() == {"status": "ready", "database": "ok", "model": "ok", "grader": "ok"}


def test_a_lost_database_is_told_and_nothing_leaks(
    service: Service, lena: Caller, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise OSError("lena's password is hunter2")

    monkeypatch.setattr(service.store.responses, "position", broken)
    ready, crashed = lena.client.get("/readyz"), lena.recommend()
    assert (ready.status_code, crashed.status_code) == (503, 500)
    assert "database" in ready.get_json()["detail"]
    assert crashed.get_json()["request_id"] in crashed.get_json()["detail"]
    logged = capfd.readouterr().err
    assert "hunter2" not in crashed.get_data(as_text=True) + logged
    assert "lena" not in logged
    events = [json.loads(line) for line in logged.splitlines()]
    found = [
        one for one in events if one["event"] == "crashed" and one["request_id"] == crashed.get_json()["request_id"]
    ]
    assert [one["error"] for one in found] == ["OSError"]


def test_the_log_has_no_learner_and_no_answer(lena: Caller, capfd: pytest.CaptureFixture[str]) -> None:
    lena.respond({"item_id": "why", "answer_text": "my secret diary"})
    lena.respond({"item_id": "why", "answer_text": 7})
    events = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [(one["route"], one["status"]) for one in events] == [
        ("/v1/learners/<learner:learner_id>/responses", 201), ("/v1/learners/<learner:learner_id>/responses", 400),
    ]  # fmt: skip
    assert "lena" not in str(events)
    assert "diary" not in str(events)

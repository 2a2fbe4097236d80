"""Responses over HTTP: stored once, judged, all or nothing, in whatever order they come."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from services import NOW, SECRETS, Caller, client_of, faults, service_on

from api.wiring import Service
from student_model.replay import replay_progress
from student_model.types import LearnerId


@pytest.fixture
def service(database_url: str) -> Service:
    return service_on(database_url)


@pytest.fixture
def lena(service: Service) -> Caller:
    return Caller(client_of(service))


def at(minutes: float) -> str:
    return (NOW - timedelta(minutes=minutes)).isoformat()


def test_an_answer_is_judged_stored_and_believed(lena: Caller) -> None:
    before = lena.beliefs()
    reply = lena.respond({"item_id": "capital", "choice": "Paris", "elapsed_seconds": 4.5, "hints": 0})
    document = reply.get_json()
    assert reply.status_code == 201
    (stored,) = document["responses"]
    assert (stored["status"], stored["position"]) == ("stored", 1)
    assert stored["judgement"] == {
        "correct": True, "score": 1.0, "confidence": None, "provisional": False, "feedback": "Right.",
        "answer": "Paris", "explanation": SECRETS[2], "grade": None, "steps": [],
    }  # fmt: skip
    (belief,) = document["beliefs"]
    assert belief == {**lena.beliefs()["towns"], "before": before["towns"]["probability"]}
    assert belief["probability"] > before["towns"]["probability"]
    assert (belief["evidence"], belief["last_practice"]) == (1, "2026-03-02T12:00:00Z")
    assert lena.beliefs()["states"] == {
        **before["states"],
        "readiness": lena.beliefs()["states"]["readiness"],
    }


@pytest.mark.parametrize(
    ("answer", "correct"),
    [
        ({"item_id": "capital", "choice": "rome"}, False),
        ({"item_id": "old", "answer_text": "x + 2x"}, True),
        ({"item_id": "old", "answer_text": "2x + x"}, False),
        ({"item_id": "count", "answer_text": "0.75 km"}, True),
        ({"item_id": "count", "answer_text": "1"}, False),
        ({"item_id": "both", "answers": ["2", "Paris"]}, True),
        ({"item_id": "both", "answers": ["2", "Rome"]}, False),
        ({"item_id": "why", "answer_text": "it is where the government has its seat"}, True),
        ({"item_id": "why", "answer_text": ""}, False),
        ({"item_id": "count", "correct": True}, True),
        ({"item_id": "count", "score": 0.25}, False),
        ({"item_id": "count", "correct": True, "answer_text": "whatever"}, True),
    ],
)
def test_every_kind_is_judged(lena: Caller, answer: dict[str, Any], correct: bool) -> None:
    judged = lena.respond(answer).get_json()["responses"][0]["judgement"]
    assert judged["correct"] is correct
    assert judged["provisional"] is (answer["item_id"] == "why")


def test_what_is_studied_needs_no_answer_and_has_no_verdict(lena: Caller) -> None:
    reply = lena.respond({"item_id": "read"})
    assert reply.status_code == 201
    assert reply.get_json()["responses"][0]["judgement"] is None


def test_sending_again_is_harmless_even_without_a_time(service: Service) -> None:
    clock = iter(NOW + timedelta(minutes=n) for n in range(100))
    service.clock = lambda: next(clock)
    lena = Caller(client_of(service))
    body = {"response_id": "one", "item_id": "why", "answer_text": "seat of government"}
    first, again = lena.respond(body), lena.respond(body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.get_json()["responses"] == [{**first.get_json()["responses"][0], "status": "duplicate"}]
    assert lena.position() == 1


def test_the_same_id_with_another_content_is_a_conflict(lena: Caller) -> None:
    lena.respond({"response_id": "one", "item_id": "count", "answer_text": "3/4"})
    reply = lena.respond([{"item_id": "read"}, {"response_id": "one", "item_id": "count", "answer_text": "1/2"}])
    assert reply.status_code == 409
    assert faults(reply) == {"/1/response_id": "'one' was used with other content"}
    assert lena.position() == 1, "of a refused list nothing is stored"


def test_a_list_keeps_its_order_and_its_duplicates(lena: Caller) -> None:
    one = {"response_id": "a", "item_id": "count", "answer_text": "1", "at": at(5)}
    two = {"response_id": "b", "item_id": "read", "at": at(4)}
    reply = lena.respond([one, two, one])
    assert [(r["response_id"], r["status"], r["position"]) for r in reply.get_json()["responses"]] == [
        ("a", "stored", 1), ("b", "stored", 2), ("a", "duplicate", 1),
    ]  # fmt: skip


def test_a_list_without_times_is_in_its_own_order(service: Service, lena: Caller) -> None:
    sent = [{"response_id": name, "item_id": "count", "correct": True} for name in "dacb"]
    lena.respond(sent)
    assert [one.response_id for one in service.answer(LearnerId("lena"), NOW).known.progress.history.recent] == list(
        "dacb"
    )
    again = lena.respond([{"item_id": "read"}, *sent]).get_json()["responses"]
    assert [one["status"] for one in again] == ["stored", *["duplicate"] * 4]


def test_every_fault_of_every_entry_is_named_and_nothing_is_stored(lena: Caller) -> None:
    reply = lena.respond(
        [
            {"item_id": "count", "answer_text": "3/4"},
            {"item_id": "nowhere", "at": "yesterday", "hints": -1, "score": 2, "colour": "red"},
            {"item_id": "count", "at": "2026-03-04T00:00:00Z", "confidence": "high", "elapsed_seconds": True},
            {"item_id": "capital", "answer_text": "Paris"},
            {"item_id": "capital", "choice": "Berlin"},
            {"item_id": "both", "answers": ["2"]},
            {"item_id": "read", "correct": True},
            {"item_id": "count"},
            {"at": "2026-03-02T12:00:00", "item_id": 7},
            7,
        ]
    )
    assert reply.status_code == 400
    assert faults(reply) == {
        "/1/item_id": "there is no item 'nowhere' in the course 'geography'",
        "/1/at": "this is no time with a zone",
        "/1/hints": "-1 is not what is allowed here",
        "/1/score": "2 is not what is allowed here",
        "/1/colour": "there is no field 'colour'",
        "/2/at": "the time is out of bounds",
        "/2/confidence": "a text is not what is allowed here",
        "/2/elapsed_seconds": "true is not what is allowed here",
        "/3/answer_text": "an item of kind `choice` takes no `answer_text`",
        "/4/choice": "this is none of the item's choices",
        "/5/answers": "1 answers came for 2 steps",
        "/6/correct": "an item of kind `reading` takes no `correct`",
        "/7": "the answer is missing",
        "/8/at": "this is no time with a zone",
        "/8/item_id": "7 is not what is allowed here",
        "/9": "7 is not what is allowed here",
    }
    assert all(one["allowed"] for one in reply.get_json()["errors"])
    assert lena.position() == 0


@pytest.mark.parametrize(
    "time",
    [
        "2026-02-30T12:00:00Z",
        "20260302T120000Z",
        "2026-W10-1",
        "1969-12-31T23:59:59Z",
        1772452800,
        "0001-01-01T00:00:00+23:59",
    ],
)
def test_other_times_are_refused(lena: Caller, time: object) -> None:
    assert "/at" in faults(lena.respond({"item_id": "read", "at": time}))


@pytest.mark.parametrize(
    "time", ["2026-03-02T12:00:00.123456789Z", "2026-03-02t13:00:00+01:00", "2026-03-03 11:59:59z"]
)
def test_times_of_rfc_3339_are_taken(lena: Caller, time: str) -> None:
    assert lena.respond({"item_id": "read", "at": time}).status_code == 201


def test_an_empty_or_overlong_list_is_refused(lena: Caller) -> None:
    assert faults(lena.respond([])) == {"": "a list of 0 responses"}
    assert faults(lena.respond([{"item_id": "read"}] * 1001)) == {"": "a list of 1001 responses"}


def test_events_that_come_late_give_the_same_beliefs(service: Service) -> None:
    entries = [
        {"response_id": f"r{n}", "item_id": "count", "answer_text": answer, "at": at(60 - n)}
        for n, answer in enumerate(["3/4", "1", "3/4", "2", "3/4"])
    ]
    client = client_of(service)
    in_order, late = Caller(client, "in-order"), Caller(client, "late")
    for entry in entries:
        in_order.respond(entry)
    for entry in (entries[2], entries[4], entries[0], entries[3], entries[1]):
        late.respond(entry)
        late.recommend()
    assert late.beliefs() == in_order.beliefs()


def test_a_correction_takes_the_place_of_what_it_corrects(service: Service) -> None:
    client = client_of(service)
    corrected, right = Caller(client, "corrected"), Caller(client, "right")
    for who in (corrected, right):
        wrong = {"response_id": "a", "item_id": "count", "answer_text": "9", "at": at(9)}
        who.respond({**wrong, "answer_text": "3/4"} if who is right else wrong)
        who.respond({"response_id": "b", "item_id": "capital", "choice": "Rome", "at": at(8)})
    corrected.respond({"response_id": "c", "item_id": "count", "correct": True, "supersedes": "a", "at": at(1)})
    assert corrected.beliefs() == right.beliefs()


def test_two_processes_see_what_the_other_stored(database_url: str) -> None:
    key = b"two processes"
    one, other = (Caller(client_of(service_on(database_url, key=key))) for _ in range(2))
    one.recommend()
    other.recommend()
    for number in range(4):
        (one, other)[number % 2].respond({"item_id": "count", "answer_text": "3/4"})
        assert one.beliefs() == other.beliefs()
    assert one.position() == other.position() == 4


def test_what_is_believed_is_the_fold_of_the_log(service: Service, lena: Caller) -> None:
    for answer in ("3/4", "1", "0.75"):
        lena.respond({"item_id": "count", "answer_text": answer})
    stored = service.store.responses.of_learner(LearnerId("lena"))
    folded = replay_progress(service.tracer, stored)
    believed = service.tracer.beliefs(folded.state, NOW)
    assert [one["probability"] for one in lena.beliefs().values()] == believed.probability.tolist()


def test_an_erased_learner_starts_anew(service: Service, lena: Caller) -> None:
    fresh = lena.beliefs()
    lena.respond([{"item_id": "count", "correct": True}] * 3)
    service.store.responses.erase(LearnerId("lena"))
    assert lena.beliefs() == fresh


def test_faults_of_the_json_and_of_what_it_says_are_named_together(lena: Caller) -> None:
    body = '[{"item_id": "count", "answer_text": NaN, "foo": 1, "hints": -1}, {"item_id": "a", "item_id": "nowhere"}]'
    reply = lena.client.post(f"{lena.root}/responses", data=body, content_type="application/json")
    assert reply.status_code == 400
    assert set(faults(reply)) == {"/0/answer_text", "/0/foo", "/0/hints", "/1/item_id"}
    broken = '{"\\ud800": 1, "item_id": "count"}'
    reply = lena.client.post(f"{lena.root}/responses", data=broken, content_type="application/json")
    assert (reply.status_code, set(faults(reply))) == (400, {"/?"})
    assert lena.position() == 0

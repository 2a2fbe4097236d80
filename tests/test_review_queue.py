"""What teachers see and say over HTTP: the queue, the verdict, what it does to the learner, and each refusal."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from graders import LABELS, Rules
from services import NOW, SECRETS, Caller, ask, client_of, faults, geography, service_on

from api.reviewing import answer, question, references
from api.wiring import Service
from engine.types import Request
from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.types import ItemId, Media
from student_model.types import LearnerId

REFERENCE = SECRETS[3]
LENA = LearnerId("lena")
PARTIAL = {"item_id": "why", "answer_text": "the seat of power", "response_id": "one"}


@pytest.fixture
def service(database_url: str) -> Service:
    return service_on(database_url, grader=Rules())


@pytest.fixture
def lena(service: Service) -> Caller:
    return Caller(client_of(service))


def queue(caller: Caller, query: str = "") -> Any:
    return caller.client.get(f"/v1/review-queue{query}").get_json()


def judge(caller: Caller, review_id: str, **verdict: Any) -> Any:
    return caller.client.post(f"/v1/review-queue/{review_id}", json={"teacher": "Ms Lee", **verdict})


def waiting(caller: Caller) -> str:
    """The id of the one answer that waits, after one was given that is in doubt."""
    caller.respond(PARTIAL)
    (entry,) = queue(caller)["entries"]
    return str(entry["review_id"])


def odds_of(service: Service, item: str) -> float:
    """Lena's odds at an item, as her next decision keeps them."""
    candidates = service.recommend(LENA, Request(count=7)).candidates
    return next(one.odds for one in candidates if one.item_id == item and one.odds is not None)


def test_the_queue_has_what_a_teacher_needs_and_not_who_the_learner_is(service: Service, lena: Caller) -> None:
    assert queue(lena) == {"waiting": 0, "threshold": 0.7, "labels": list(LABELS), "entries": []}
    lena.respond([PARTIAL, {"item_id": "why", "answer_text": REFERENCE}, {"item_id": "count", "answer_text": "1"}])
    found = queue(lena)
    (entry,) = found["entries"]
    assert found["waiting"] == 1
    assert entry.pop("review_id") not in ("", "one")
    assert entry == {
        "learner": service.store.pseudonym(LENA)[:12],
        "item_id": "why",
        "passage": "",
        "question": "Why is a town a capital?",
        "media": [],
        "reference_answers": [REFERENCE],
        "hints": [],
        "answer_text": "the seat of power",
        "at": "2026-03-02T12:00:00Z",
        "grade": {"label": "partial", "score": 0.5, "confidence": 0.4, "grader": "rules-1"},
    }


def test_the_queue_is_asked_for_so_many_and_in_an_order(lena: Caller) -> None:
    lena.respond([{**PARTIAL, "response_id": name} for name in ("one", "two", "three")])
    found = queue(lena, "?limit=2&order=oldest")
    assert (found["waiting"], len(found["entries"])) == (3, 2)
    for query in ("?limit=0", "?limit=101", "?limit=x", "?order=best"):
        assert lena.client.get(f"/v1/review-queue{query}").status_code == 400


def test_a_verdict_moves_the_belief_and_then_the_recommendation_says_so(service: Service, lena: Caller) -> None:
    name = waiting(lena)
    doubtful, odds = lena.beliefs()["states"]["probability"], odds_of(service, "why")
    said = next(r for r in lena.recommend().get_json()["items"][0]["reasons"] if r["kind"] == "graded")
    assert "the grader is 40 % sure: the answer waits for a teacher" in said["sentence"]
    reply = judge(lena, name, label="correct", reason="Power is government.")
    document = reply.get_json()
    assert (reply.status_code, document["supersedes"]) == (201, "one")
    (belief,) = document["beliefs"]
    after = lena.beliefs()["states"]
    assert belief == {**after, "before": doubtful}
    assert after["probability"] > doubtful
    assert odds_of(service, "why") > odds, "the next decision is made from what the verdict left"
    told = next(r for r in lena.recommend().get_json()["items"][0]["reasons"] if r["kind"] == "graded")
    assert told["sentence"] == "A teacher judged your answer in words on “States” “correct” (1 of 1)."
    assert told["responses"] == ["one"]
    assert queue(lena)["waiting"] == 0


def test_a_verdict_is_as_if_the_answer_had_been_graded_so_at_first(service: Service, lena: Caller) -> None:
    judge(lena, waiting(lena), label="incorrect")
    lena.respond({"item_id": "count", "answer_text": "3/4"})
    other = Caller(lena.client, "other")
    other.respond([{"item_id": "why", "score": 0.0}])
    other.respond({"item_id": "count", "answer_text": "3/4"})
    assert lena.beliefs() == other.beliefs()


def test_a_verdict_reaches_every_process(database_url: str, service: Service, lena: Caller) -> None:
    elsewhere = Caller(client_of(service_on(database_url)))
    name = waiting(lena)
    before = elsewhere.beliefs()
    judge(lena, name, label="correct")
    assert before != elsewhere.beliefs() == lena.beliefs()


@pytest.mark.parametrize(
    ("verdict", "score", "label"),
    [
        ({"label": "correct"}, 1.0, "correct"),
        ({"label": "partial"}, 0.5, "partial"),
        ({"label": "incorrect"}, 0.0, "incorrect"),
        ({"label": "partial", "score": 0.75}, 0.75, "partial"),
        ({"score": 0.9}, 0.9, "correct"),
    ],
)
def test_a_label_has_its_worth_unless_a_score_is_given(
    service: Service, lena: Caller, verdict: dict[str, Any], score: float, label: str
) -> None:
    judge(lena, waiting(lena), **verdict)
    kept = service.store.responses.of_learner(LENA)[-1]
    assert (kept.score, kept.score_confidence, kept.correct) == (score, 1.0, label == "correct")
    (entry,) = service.store.reviews.verdicts()
    assert entry.mark is not None
    assert (entry.mark.label, entry.mark.grader, entry.mark.reason) == (label, "teacher:Ms Lee", None)


def test_the_same_verdict_again_is_harmless_and_another_names_who_was_first(lena: Caller) -> None:
    name = waiting(lena)
    first, again = judge(lena, name, label="correct"), judge(lena, name, label="correct")
    assert (first.status_code, again.status_code) == (201, 200)
    (belief,) = again.get_json()["beliefs"]
    assert belief["before"] == belief["probability"] == lena.beliefs()["states"]["probability"]
    for other in ({"label": "incorrect"}, {"label": "correct", "teacher": "Mr Ray"}):
        reply = judge(lena, name, **other)
        assert (reply.status_code, reply.content_type) == (409, "application/problem+json")
        assert "Ms Lee has judged this answer already" in reply.get_json()["detail"]
    assert lena.position() == 2


def test_a_verdict_can_be_changed_by_naming_it(service: Service, lena: Caller) -> None:
    name = waiting(lena)
    first = judge(lena, name, label="correct").get_json()
    refused = judge(lena, name, label="incorrect").get_json()["detail"]
    assert f'send `"replaces": "{first["response_id"]}"` with the new one' in refused
    reply = judge(lena, name, label="incorrect", replaces=first["response_id"])
    second = reply.get_json()
    assert (reply.status_code, second["supersedes"]) == (201, first["response_id"])
    assert second["beliefs"][0]["probability"] < second["beliefs"][0]["before"]
    kept = service.store.responses.of_learner(LENA)[-1]
    assert (kept.score, kept.correct, kept.label) == (0.0, False, "incorrect")
    assert judge(lena, name, label="partial", replaces=first["response_id"]).status_code == 409
    wrong = judge(lena, name, label="partial", replaces="one")
    assert (wrong.status_code, faults(wrong)) == (400, {"/replaces": "this is no verdict on this answer"})


@pytest.mark.parametrize(
    ("label", "score", "allowed"),
    [("incorrect", 1.0, "from 0 to 0.25"), ("partial", 0.8, "from 0.25 to 0.75"), ("correct", 0.7, "from 0.75 to 1")],
)
def test_a_score_that_contradicts_its_label_is_refused(lena: Caller, label: str, score: float, allowed: str) -> None:
    reply = judge(lena, waiting(lena), label=label, score=score)
    (fault,) = reply.get_json()["errors"]
    assert reply.status_code == 400 and f"contradicts the label '{label}'" in fault["message"]
    assert fault["allowed"] == f"with this label a score {allowed}, or none"
    assert lena.position() == 1


def test_what_the_learner_hears_is_the_label_that_was_given_and_not_the_nearest_to_the_score(lena: Caller) -> None:
    judge(lena, waiting(lena), label="partial", score=0.75)
    told = next(r for r in lena.recommend().get_json()["items"][0]["reasons"] if r["kind"] == "graded")
    assert told["sentence"] == "A teacher judged your answer in words on “States” “partial” (0.75 of 1)."


def test_what_the_learner_or_the_platform_corrected_is_not_judged(lena: Caller) -> None:
    name = waiting(lena)
    lena.respond({**PARTIAL, "response_id": "two", "supersedes": "one"})
    assert "rules-1 graded that" in judge(lena, name, label="correct").get_json()["detail"]
    (entry,) = queue(lena)["entries"]
    lena.respond({"item_id": "why", "correct": True, "supersedes": "two"})
    reply = judge(lena, entry["review_id"], label="correct")
    assert (reply.status_code, queue(lena)["waiting"]) == (409, 0)
    assert "The platform has corrected this answer since" in reply.get_json()["detail"]


def test_other_refusals_say_what_is_allowed(service: Service, lena: Caller) -> None:
    name = waiting(lena)
    reply = judge(lena, name, label="splendid", colour="red", score=2)
    assert (reply.status_code, set(faults(reply))) == (400, {"/label", "/colour", "/score"})
    allowed = {one["pointer"]: one["allowed"] for one in reply.get_json()["errors"]}
    assert allowed["/label"] == "correct, partial, incorrect"
    assert faults(judge(lena, name)) == {"": "neither a label nor a score came"}
    assert set(faults(judge(lena, name, teacher="", label="correct"))) == {"/teacher"}
    assert judge(lena, "1-1-000000000000000000000000", label="correct").status_code == 404
    service.store.responses.erase_text(before=NOW + timedelta(days=1))
    gone = judge(lena, name, label="correct")
    assert (gone.status_code, gone.get_json()["type"]) == (410, "urn:wayline:problem:text-erased")
    assert lena.position() == 1


def test_nothing_of_a_learner_is_kept_in_memory_under_the_pseudonym(service: Service, lena: Caller) -> None:
    judge(lena, waiting(lena), label="correct")
    assert len(service.rungs.first.learners) == 1


def test_the_threshold_can_be_set(service: Service, lena: Caller) -> None:
    service.review_below = 0.3
    graded = lena.respond(PARTIAL).get_json()["responses"][0]["judgement"]["grade"]
    assert (graded["for_review"], queue(lena)["waiting"], queue(lena)["threshold"]) == (False, 0, 0.3)


def test_a_question_in_the_picture_comes_with_the_picture(database_url: str) -> None:
    whole = geography().curriculum
    asked = ask(
        "see-it", "text", "towns", reference_answers=("two towns",), media=(Media("media/a map.svg", "A map."),)
    )
    graph = KnowledgeGraph(replace(whole, items=(*whole.items, asked)))
    lena = Caller(client_of(service_on(database_url, grader=Rules(), graph=graph)))
    lena.respond({"item_id": "see-it", "answer_text": "two"})
    (entry,) = queue(lena)["entries"]
    assert entry["media"] == [{"url": "media/a%20map.svg", "alt": "A map."}]


def test_several_steps_are_told_a_line_each(service: Service) -> None:
    item = service.graph.item(ItemId("both"))
    assert question(item) == "What is it?\n1. 1 + 1?\n2. Capital?"
    assert references(item) == ["1. 2", "2. Paris"]
    assert answer(item, '["2", "Rome"]') == "1. 2\n2. Rome"
    assert answer(item, "from before it had steps") == "from before it had steps"

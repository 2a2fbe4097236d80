"""The whole loop over HTTP on the embedded course: recommended, answered, judged, believed, recommended again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from services import NOW, Caller, client_of

from api.settings import embedded_course, read_settings
from api.wiring import Service, build
from engine.candidates import PAUSES
from knowledge_graph.types import Item, ItemId, Step

Answer = Callable[[Item], dict[str, Any]]


@pytest.fixture
def service(tmp_path: Path) -> Service:
    made = build(read_settings({"WAYLINE_STATE_DIR": str(tmp_path)}))
    minutes = iter(range(10**6))
    made.clock = lambda: NOW + timedelta(minutes=next(minutes))
    return made


def key(one: Item | Step) -> str:
    return one.answer or (one.reference_answers or ("",))[0]


def rightly(item: Item) -> dict[str, Any]:
    """The answer that the key gives."""
    if not item.scored:
        return {}
    if item.kind == "steps":
        return {"answers": [key(step) for step in item.steps]}
    return {"choice" if item.kind == "choice" else "answer_text": key(item)}


def wrongly(item: Item) -> dict[str, Any]:
    """An answer that is not right."""
    if not item.scored:
        return {}
    if item.kind == "steps":
        return {"answers": [wrong(step) for step in item.steps]}
    return {"choice" if item.kind == "choice" else "answer_text": wrong(item)}


def wrong(one: Item | Step) -> str:
    return next(choice for choice in one.choices if choice != one.answer) if one.kind == "choice" else "-987654"


def walk(service: Service, learner: str, steps: int, answer: Answer) -> list[dict[str, Any]]:
    """What was recommended, and how it was judged, step by step."""
    caller, seen = Caller(client_of(service), learner), []
    for _ in range(steps):
        (one,) = caller.recommend().get_json()["items"]
        body = {"item_id": one["item_id"], **answer(service.graph.item(ItemId(one["item_id"])))}
        reply = caller.respond(body)
        assert reply.status_code == 201, reply.get_json()
        (stored,) = reply.get_json()["responses"]
        seen.append({**one, "judgement": stored["judgement"], "beliefs": reply.get_json()["beliefs"]})
    return seen


def known(service: Service, learner: str) -> list[str]:
    beliefs = Caller(client_of(service), learner).beliefs().values()
    return [one["concept_id"] for one in beliefs if one["standing"] in ("known", "mastered")]


def test_whoever_answers_rightly_gets_on(service: Service) -> None:
    seen = walk(service, "right", 60, rightly)
    judged = [one["judgement"] for one in seen if one["judgement"] is not None]
    assert judged
    assert all(one["correct"] for one in judged)
    assert len(known(service, "right")) >= 4
    assert len({one["concept_id"] for one in seen}) >= 5


def test_whoever_answers_wrongly_stays_with_what_comes_first(service: Service) -> None:
    seen = walk(service, "wrong", 40, wrongly)
    assert not any(one["judgement"]["correct"] for one in seen if one["judgement"] is not None)
    assert known(service, "wrong") == []
    first = service.graph.concepts[0].concept_id
    assert sum(one["concept_id"] == first for one in seen) > len(seen) / 2


def test_no_item_comes_back_at_once(service: Service) -> None:
    items = [one["item_id"] for one in walk(service, "lena", 40, rightly)]
    for place, item in enumerate(items):
        assert item not in items[max(0, place - PAUSES[0]) : place]


def test_the_beliefs_of_the_answered_concept_come_with_the_reply(service: Service) -> None:
    for one in walk(service, "lena", 15, rightly):
        item = service.graph.item(ItemId(one["item_id"]))
        assert [belief["concept_id"] for belief in one["beliefs"]] == sorted(
            item.concept_ids, key=service.graph.vocabulary.concept_index.__getitem__
        )


def test_every_item_can_be_answered_both_ways(service: Service) -> None:
    lena = Caller(client_of(service))
    items = [item for item in service.graph.items if item.scored]
    exact = [item for item in items if item.kind != "text" and all(step.kind != "text" for step in item.steps)]
    for answer, correct in ((rightly, True), (wrongly, False)):
        body = [{"item_id": item.item_id, **answer(item)} for item in exact]
        for start in range(0, len(body), 1000):
            stored = lena.respond(body[start : start + 1000]).get_json()["responses"]
            odd = [
                (sent["item_id"], one["judgement"]["feedback"])
                for sent, one in zip(body[start:], stored, strict=False)
                if one["judgement"]["correct"] is not correct
            ]
            assert odd == []


def test_every_picture_of_the_course_is_served(service: Service) -> None:
    client = client_of(service)
    media = [picture for item in service.graph.items for picture in item.media]
    assert media, "the course has no pictures: the test would hold nothing"
    for picture in media:
        reply = client.get(f"/media/{picture.path.removeprefix('media/')}")
        assert reply.status_code == 200
        assert reply.get_data() == (embedded_course() / picture.path).read_bytes()
        assert picture.alt

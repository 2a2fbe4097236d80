"""A wrong, a half-right and a right answer in words lead to three different next items, and the reasons say why."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from graders import Fixed
from services import NOW, client_of, service_on

from api.settings import embedded_course
from knowledge_graph.formats import folder
from knowledge_graph.graph import KnowledgeGraph

ITEM = "comparing-numbers-8"
BEFORE = ("counting", "place-value", "addition-facts", "number-line")


def test_three_grades_lead_three_ways(tmp_path: Path) -> None:
    graph = KnowledgeGraph(folder.read(embedded_course()))
    practised = [
        {"item_id": item.item_id, "correct": True}
        for concept in BEFORE
        for item in [one for one in graph.items if one.scored and one.concept_ids == (concept,)][:5]
    ]
    found, best, beliefs, ticks = [], [], [], count()

    def clock() -> datetime:
        return NOW + timedelta(seconds=next(ticks))

    for score in (0.1, 0.5, 0.95):
        client = client_of(
            service_on(
                f"sqlite:///{tmp_path}/{score}.db", grader=Fixed(score, 0.9), graph=graph, model="wayline", clock=clock
            )
        )
        client.post("/v1/learners/mia/responses", json=practised)
        reply = client.post("/v1/learners/mia/responses", json={"item_id": ITEM, "answer_text": "so"}).get_json()
        beliefs.append(reply["beliefs"][0]["probability"])
        decision = client.post("/v1/learners/mia/recommendations", json={}).get_json()
        found.append(decision["items"][0])
        kept = client.get(f"/v1/decisions/{decision['decision_id']}").get_json()
        best.append(kept["candidates"][0]["item_id"])  # what is drawn may now and then be another
    items = [graph.item(one) for one in best]
    assert len({item.item_id for item in items}) == 3
    assert [item.scored for item in items] == [False, True, False]  # look at it first; try again; something new
    assert [item.concept_ids == ("comparing-numbers",) for item in items] == [True, True, False]
    assert beliefs == sorted(beliefs)
    for one in found:
        assert any(reason["kind"] == "graded" for reason in one["reasons"])

"""A small course behind the real application, on a real database, for the tests of the API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from courses import concept
from flask.testing import FlaskClient

from api import create_app
from api.wiring import Service, Store, unfitted
from data.database import open_database
from data.decisions import DecisionLog
from data.responses import ResponseLog
from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.types import (
    Concept,
    Course,
    Curriculum,
    Item,
    ItemId,
    ItemKind,
    Media,
    Prerequisite,
    Step,
)
from student_model.judging import WORDING
from student_model.judging.grades import Grader

KEY = b"k" * 32
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECRETS = ("Paris", "Lutetia", "because it always was", "It is the seat of government")
"""What only those may read who have answered."""
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg"><circle r="8"/></svg>'


def ask(item_id: str, kind: ItemKind, about: str, **fields: Any) -> Item:
    """An item of the course."""
    return Item(ItemId(item_id), kind, (concept(about),), fields.pop("text", "What is it?"), **fields)


def geography() -> KnowledgeGraph:
    """Two concepts, one before the other, and an item of every kind."""
    items = (
        ask("read", "reading", "towns", text="Towns grow.", media=(Media("media/a town.svg", "A town."),)),
        ask("capital", "choice", "towns", choices=("Rome", "Paris"), answer="Paris", explanation=SECRETS[2]),
        ask("old", "expression", "towns", text="Simplify 2x + x.", answer="3x", accepted_answers=("Lutetia",)),
        ask("count", "numeric", "towns", answer="3/4", unit="km", hints=("Less than 1.",), minutes=2.0),
        ask("why", "text", "states", text="Why is a town a capital?", reference_answers=(SECRETS[3],)),
        ask(
            "both",
            "steps",
            "states",
            steps=(
                Step("one", "numeric", "1 + 1?", answer="2"),
                Step("two", "choice", "Capital?", choices=("Rome", "Paris"), answer="Paris"),
            ),
        ),
        ask("see", "worked_example", "states", steps_text=("First.", "Then.")),
    )
    return KnowledgeGraph(
        Curriculum(
            Course("geography", "Geography", licence="MIT", goals=(concept("states"),)),
            (Concept(concept("towns"), "Towns", topic="Places"), Concept(concept("states"), "States")),
            (Prerequisite(concept("towns"), concept("states"), 0.9),),
            items=items,
        )
    )


def in_steps() -> KnowledgeGraph:
    """The same course, with an item whose steps are partly in words."""
    said = Step(
        "say", "text", "Why?", reference_answers=("the seat of government",), hints=("Who sits there?", "Power.")
    )
    item = ask(
        "explain",
        "steps",
        "states",
        steps=(said, Step("sum", "numeric", "1 + 1?", answer="2"), replace(said, step_id="again")),
    )
    whole = geography().curriculum
    return KnowledgeGraph(replace(whole, items=(*whole.items, item)))


def service_on(
    url: str,
    media: Path | None = None,
    clock: Callable[[], datetime] = lambda: NOW,
    key: bytes = KEY,
    grader: Grader = WORDING,
    graph: KnowledgeGraph | None = None,
    model: str = "bkt",
) -> Service:
    """A service over the course, the one of this file or another, and the database at this URL."""

    def open_store() -> Store:
        engine = open_database(url)
        return Store(engine, ResponseLog(engine, key), DecisionLog(engine, key))

    course = graph or geography()
    return Service(course, unfitted(model, course), open_store, media, clock, grader=grader)


def client_of(service: Service) -> FlaskClient:
    """A client of the application over this service. Errors become problems, as they do in production."""
    app = create_app(service)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app.test_client()


class Caller:
    """Calls of the API for one learner."""

    def __init__(self, client: FlaskClient, learner: str = "lena") -> None:
        self.client, self.root = client, f"/v1/learners/{learner}"

    def respond(self, body: Any) -> Any:
        """POST responses."""
        return self.client.post(f"{self.root}/responses", json=body)

    def recommend(self, body: Any = None) -> Any:
        """POST recommendations."""
        return self.client.post(f"{self.root}/recommendations", json={} if body is None else body)

    def beliefs(self) -> dict[str, Any]:
        """The learner's beliefs by concept."""
        found = self.client.get(f"{self.root}/beliefs").get_json()
        return {one["concept_id"]: one for one in found["beliefs"]}

    def position(self) -> int:
        """How many responses are stored."""
        return int(self.client.get(f"{self.root}/beliefs").get_json()["log_position"])


def faults(reply: Any) -> dict[str, str]:
    """What a problem says is wrong, by place."""
    assert reply.content_type == "application/problem+json", reply.get_data(as_text=True)
    return {one["pointer"]: one["message"] for one in reply.get_json()["errors"]}

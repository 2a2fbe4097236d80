"""A learner as the service sees them: odds, belief and interval, response by response, then as days pass.

    python benchmarks/served_learner.py [--model NAME|DIR] [--curriculum DIR] [--answers 11101111]

The real application on a database of its own, with a clock that this script moves: a minute between answers, then a
day, a week and a month without any. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
from datetime import UTC, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient

from api import create_app, logs
from api.settings import read_settings
from api.wiring import Service, build

PAUSES = {"a day later": timedelta(days=1), "a week later": timedelta(days=7), "a month later": timedelta(days=30)}
URL = "/v1/learners/lena"


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 5, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def seen(client: FlaskClient, concept: str) -> dict[str, Any]:
    """What the service says now: of the concept, and of the item it would give next."""
    whole = client.get(f"{URL}/beliefs").get_json()
    belief = next(one for one in whole["beliefs"] if one["concept_id"] == concept)
    asked = {"kinds": ["numeric", "choice", "expression"]}
    item = client.post(f"{URL}/recommendations", json=asked).get_json()["items"][0]
    told = {name: belief[name] for name in ("probability", "low", "high", "evidence", "in_a_week")}
    return {**told, "next": item["item_id"], "odds": item["odds"], "rung": whole["rung"]}


def show(what: str, found: dict[str, Any]) -> None:
    """One line."""
    print(
        f"{what:>16} {found['probability']:>7.3f} [{found['low']:.3f}, {found['high']:.3f}] {found['evidence']:>3} "
        f"{found['in_a_week']:>9.3f}   {found['next']} at {found['odds']:.3f}"
    )


def main() -> None:
    """Answer, wait, print a table and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="wayline")
    parser.add_argument("--curriculum")
    parser.add_argument("--answers", default="11011111", help="1 for right, 0 for wrong")
    arguments = parser.parse_args()
    clock, steps = Clock(), []
    with tempfile.TemporaryDirectory() as folder:
        files = {"WAYLINE_DATABASE": f"sqlite:///{folder}/w.db", "WAYLINE_KEY_FILE": f"{folder}/key"}
        service: Service = build(read_settings(files, model=arguments.model, curriculum=arguments.curriculum))
        service.clock = clock
        client = create_app(service).test_client()
        logs.configure(logging.CRITICAL)
        graph = service.graph
        judged = [one for one in graph.items if one.kind == "numeric" and len(one.concept_ids) == 1]
        concept = judged[0].concept_ids[0]
        items = [one.item_id for one in judged if one.concept_ids == (concept,)]
        print(
            f"{arguments.model} on {concept!r}\n{'':>16} {'belief':>7} {'90 % interval':>14}   n in a week   next item"
        )
        steps.append({"after": "nothing", **seen(client, concept)})
        show("nothing", steps[-1])
        for n, mark in enumerate(arguments.answers):
            clock.now += timedelta(minutes=1)
            sent = {"response_id": f"r{n}", "item_id": items[n % len(items)], "correct": mark == "1"}
            assert client.post(f"{URL}/responses", json=sent).status_code == 201
            steps.append({"after": "right" if mark == "1" else "wrong", **seen(client, concept)})
            show(steps[-1]["after"], steps[-1])
        last = clock.now
        for what, pause in PAUSES.items():
            clock.now = last + pause
            steps.append({"after": what, **seen(client, concept)})
            show(what, steps[-1])
        service.store.engine.dispose()
    print(json.dumps({"benchmark": "served_learner", "model": arguments.model, "steps": steps}))


if __name__ == "__main__":
    main()

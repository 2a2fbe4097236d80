"""The review routes as the contract has them, answered in the browser's network: a queue that tests can look into."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from playwright.sync_api import Page, Route

LABELS = ["correct", "partial", "incorrect"]
QUESTION = "Where does the salt in a salt pan come from?"
ANSWER = "The sun dries the water up and the salt is left on the ground."
BELIEFS = [
    {"concept_id": "adding", "title": "Adding", "before": 0.31, "probability": 0.52},
    {"concept_id": "doubling", "before": 0.2, "probability": 0.2},
]


def entry(number: int, **changes: Any) -> dict[str, Any]:
    """An answer that waits; the later it came, the surer the grader was."""
    grade = {"label": "partial", "score": 0.5, "confidence": 0.4 + 0.05 * number, "grader": "encoder 1a2b3c"}
    return {
        "review_id": f"review/{number}",
        "learner": f"learner-{number}",
        "item_id": "salt",
        "passage": "",
        "question": QUESTION,
        "media": [{"url": "media/dots.svg", "alt": "A pan."}],
        "reference_answers": ["The water evaporates, leaving the salt.", "Sea water evaporated."],
        "hints": ["What does the sun do to water?"],
        "answer_text": f"{ANSWER} ({number})",
        "at": f"2026-03-0{9 - number}T10:00:00Z",
        "grade": grade,
        **changes,
    }


class Queue:
    """What waits, what was judged, and what was asked for."""

    def __init__(self, page: Page, *entries: dict[str, Any]) -> None:
        self.entries = list(entries)
        self.taken: set[str] = set()
        """What somebody else has judged since it was shown."""
        self.verdicts: list[tuple[str, dict[str, Any]]] = []
        self.asked: list[dict[str, str]] = []
        page.route(re.compile(r"/v1/review-queue"), self._answer)

    def _answer(self, route: Route) -> None:
        url = urlsplit(route.request.url)
        if route.request.method == "GET":
            return self._list(route, {name: values[0] for name, values in parse_qs(url.query).items()})
        return self._judge(route, unquote(url.path.partition("review-queue/")[2]))

    def _list(self, route: Route, query: dict[str, str]) -> None:
        self.asked.append(query)
        key = (lambda one: one["at"]) if query["order"] == "oldest" else (lambda one: one["grade"]["confidence"])
        waiting = sorted((one for one in self.entries if one["review_id"] not in self.taken), key=key)
        document = {"waiting": len(waiting), "threshold": 0.7, "labels": LABELS}
        route.fulfill(json={**document, "entries": waiting[: int(query["limit"])]})

    def _judge(self, route: Route, review_id: str) -> None:
        sent = (review_id, json.loads(route.request.post_data or ""))
        if review_id in self.taken and sent not in self.verdicts and "replaces" not in sent[1]:
            detail = "Ms Hopper has judged this answer already. Nothing was stored."
            problem = {"type": "about:blank", "title": "This answer waits no longer.", "detail": detail}
            route.fulfill(status=409, content_type="application/problem+json", body=json.dumps(problem))
            return
        if sent not in self.verdicts:
            self.verdicts.append(sent)
        self.entries = [one for one in self.entries if one["review_id"] != review_id]
        self.taken.add(review_id)
        verdict = f"verdict-{self.verdicts.index(sent) + 1}"
        route.fulfill(status=201, json={"response_id": verdict, "supersedes": "s", "beliefs": BELIEFS})

"""Grades as the service tells them, put into its real replies on their way to the page."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page, Route

ANSWER = "Both orders put the same things together, I think. The order is only how you look at it."
PARTIAL: dict[str, Any] = {
    "label": "partial",
    "score": 0.5,
    "confidence": 0.82,
    "probabilities": {"correct": 0.1, "partial": 0.82, "incorrect": 0.08},
    "evidence": [
        {
            "said": "Both orders put the same things together",
            "reference": "Both orders put the same things together",
            "likeness": 0.97,
        },
        {"said": "only how you look at it", "reference": "so the total is the same", "likeness": 0.61},
    ],
    "missing": ["the total is the same"],
    "grader": "encoder 1a2b3c",
    "for_review": False,
}
FEEDBACK = "Partly right.\nSay what follows for the total."


def graded(
    page: Page, feedback: str = FEEDBACK, before: float | None = None, still: bool = False, **changes: Any
) -> None:
    """Every reply to an answer carries this grade; each belief, where it was before, or that it did not move."""

    def add(route: Route) -> None:
        reply = route.fetch()
        document = reply.json()
        for one in document["responses"]:
            one["judgement"] |= {"grade": {**PARTIAL, **changes}, "feedback": feedback, "provisional": True}
        for belief in document["beliefs"] if before is not None or still else ():
            belief["before"] = belief["probability"] if still else before
        route.fulfill(response=reply, body=json.dumps(document))

    page.route("**/responses", add)

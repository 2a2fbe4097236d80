"""One item, three answers in words: how each is graded, what it does to the belief, and what comes next and why.

    python benchmarks/graded_loop.py [--item comparing-numbers-8]

Three learners have done the same before: five right answers on each of what the item's concept builds on. The service
is the real one, over a database of its own, with the course's fitted grader. What comes next is drawn, the best one
most often; the best one is the same in every run. The last line is one JSON object; it ends with 1 where the best items
are not three.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from typing import Any

from api.app import create_app
from api.settings import read_settings
from api.wiring import build

ITEM = "comparing-numbers-8"
BEFORE = ("counting", "place-value", "addition-facts", "number-line")
ANSWERS = {
    "wrong": "She is right because 9 is bigger than 1 so 987 is the greater number",
    "half right": "She only looked at the first digits and you cant do that",
    "right": "1002 has four digits and 987 only three, so the 1 means a thousand and that is more than nine hundred",
}


def main() -> int:
    """Let the three learners answer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--item", default=ITEM)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as state:
        settings = read_settings({**os.environ, "WAYLINE_STATE_DIR": state})
        service = build(settings)
        client = create_app(service).test_client()
        items = service.graph.items
        practised = [
            {"item_id": item.item_id, "correct": True}
            for concept in BEFORE
            for item in [one for one in items if one.scored and one.concept_ids == (concept,)][:5]
        ]
        print(f"graded by {service.grader.version}")
        found = [_told(client, name, text, asked.item, practised) for name, text in ANSWERS.items()]
    print(json.dumps(found))
    return 0 if len({one["best"] for one in found}) == len(ANSWERS) else 1


def _told(client: Any, name: str, text: str, item: str, practised: list[dict[str, Any]]) -> dict[str, Any]:
    learner = f"/v1/learners/{name.replace(' ', '-')}"
    client.post(f"{learner}/responses", json=practised)
    begin = time.perf_counter()
    reply = client.post(f"{learner}/responses", json={"item_id": item, "answer_text": text}).get_json()
    seconds = time.perf_counter() - begin
    judged, belief = reply["responses"][0]["judgement"], reply["beliefs"][0]
    decision = client.post(f"{learner}/recommendations", json={}).get_json()
    following = decision["items"][0]
    best = client.get(f"/v1/decisions/{decision['decision_id']}").get_json()["candidates"][0]["item_id"]
    grade = judged["grade"]
    print(f"\n{name}: {text}")
    print(f"  {grade['label']}, score {judged['score']:.2f}, confidence {grade['confidence']:.2f}, {seconds:.3f} s")
    for line in judged["feedback"].splitlines():
        print(f"  | {line}")
    print(f"  {belief['concept_id']}: {belief['before']:.3f} -> {belief['probability']:.3f}")
    print(f"  best: {best}; drawn with a chance of {following['propensity']:.2f}: {following['item_id']}")
    print(f"  {following['sentence']}")
    return {
        "answer": name,
        "label": grade["label"],
        "score": judged["score"],
        "confidence": grade["confidence"],
        "before": belief["before"],
        "after": belief["probability"],
        "best": best,
        "next": following["item_id"],
        "sentence": following["sentence"],
    }


if __name__ == "__main__":
    raise SystemExit(main())

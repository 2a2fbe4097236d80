"""A course of two concepts with an item of every kind, and the real service over it, to test pages with."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

FILES = {
    "curriculum.yaml": """id: two-concepts
title: Two concepts
language: en
licence: MIT
goals: [doubling]
thresholds: {known: 0.8, mastered: 0.95, review: 0.7}
""",
    "concepts.csv": """concept_id,title,description,topic
adding,Adding,You can add two numbers.,Numbers
doubling,Doubling,You can double a number.,Numbers
""",
    "edges.csv": """source_id,target_id,kind,weight,reason,origin
adding,doubling,prerequisite,1,Doubling adds a number to itself.,stated
""",
    "media/dots.svg": """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20">
<circle cx="10" cy="10" r="8"/><circle cx="30" cy="10" r="8"/></svg>
""",
}
ADDING: list[dict[str, Any]] = [
    {
        "item_id": "choice",
        "kind": "choice",
        "text": "What is $$2 + 3$$?",
        "choices": ["4", "5", "6"],
        "answer": "5",
        "hints": ["Count on from the larger number.", "Use your fingers."],
        "explanation": "Counting on from 3: 4, 5.",
        "media": [{"path": "media/dots.svg", "alt": "Two dots."}],
    },
    {
        "item_id": "text",
        "kind": "text",
        "text": "Why does the order not matter when you add?",
        "passage": "Two trays of $$3$$ and $$4$$ buttons are tipped into one bowl.\n\nNobody can say which came first.",
        "reference_answers": ["Both orders put the same things together, so the total is the same."],
    },
    {"item_id": "reading", "kind": "reading", "text": "Adding joins two groups.\n\nThe total counts both."},
    {
        "item_id": "worked_example",
        "kind": "worked_example",
        "text": "Work out 8 + 5.",
        "steps_text": ["8 + 2 = 10", "10 + 3 = 13"],
    },
    {
        "item_id": "steps",
        "kind": "steps",
        "text": "Add in two steps.",
        "steps": [
            {"step_id": "one", "kind": "numeric", "text": "$$8 + 2$$", "answer": "10", "hints": ["A ten."]},
            {
                "step_id": "two",
                "kind": "choice",
                "text": "$$10 + 3$$",
                "choices": ["12", "13"],
                "answer": "13",
            },
        ],
    },
    *(
        {
            "item_id": f"numeric-{n}",
            "kind": "numeric",
            "text": f"What is {n} + 1?",
            "answer": str(n + 1),
            "unit": "points",
        }
        for n in range(1, 16)
    ),
]
DOUBLING: list[dict[str, Any]] = [
    {"item_id": f"double-{n}", "kind": "numeric", "text": f"Double {n}.", "answer": str(2 * n)} for n in range(1, 4)
]
ITEMS = [{**item, "concept_ids": ["adding"]} for item in ADDING]
ITEMS += [{**item, "concept_ids": ["doubling"]} for item in DOUBLING]


@contextmanager
def running_service(home: Path, items: list[dict[str, Any]] = ITEMS) -> Iterator[str]:
    """The service over this course, or one of other items, and a fresh SQLite database in `home`; its address."""
    course, log = home / "course", home / "service.log"
    for name, text in FILES.items():
        (course / name).parent.mkdir(parents=True, exist_ok=True)
        (course / name).write_text(text)
    (course / "items.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-c",
        "from api.cli.main import main; main()",
        "serve",
        "--curriculum",
        str(course),
    ]
    command += ["--database", f"sqlite:///{home / 'log.db'}", "--port", str(port), "--workers", "1"]
    with log.open("w") as written:
        environ = {**os.environ, "WAYLINE_STATE_DIR": str(home / "state")}
        running = subprocess.Popen(command, cwd=ROOT, stdout=written, stderr=written, env=environ)
    address = f"http://127.0.0.1:{port}/"
    try:
        _await_ready(address, running, log)
        yield address
    finally:
        running.terminate()
        running.wait(timeout=20)


def _await_ready(address: str, running: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if running.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"{address}healthz", timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"the service did not start:\n{log.read_text()}")

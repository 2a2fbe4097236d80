"""How many recommendations `wayline serve` gives a second, with every decision kept.

    python benchmarks/service.py [--items 10000] [--learners 200] [--requests 5000] [--workers 2] [--database URL]

It writes a synthetic course, starts the real service, gives each learner a history, and asks over kept-alive
connections from a few threads. The client runs on the same cores and takes its share of them.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import numpy as np

from knowledge_graph.formats import folder
from knowledge_graph.types import Concept, ConceptId, Course, Curriculum, Item, ItemId, Prerequisite

ROOT = Path(__file__).resolve().parent.parent
PER_CONCEPT = 20
HISTORY = 40
"""Responses each learner has before the clock starts."""


def curriculum(items: int, seed: int) -> Curriculum:
    """A course of so many items, 20 a concept, each concept with up to two prerequisites among the ten before it."""
    rng = np.random.default_rng(seed)
    concepts = [Concept(ConceptId(f"c{n}"), f"Concept {n}") for n in range(max(1, items // PER_CONCEPT))]
    edges = {
        (int(source), target): float(rng.uniform(0.3, 1.0))
        for target in range(1, len(concepts))
        for source in target - rng.integers(1, min(target, 10) + 1, size=2)
    }
    return Curriculum(
        Course("synthetic", "Synthetic", goals=(concepts[-1].concept_id,)),
        tuple(concepts),
        tuple(Prerequisite(ConceptId(f"c{a}"), ConceptId(f"c{b}"), w) for (a, b), w in edges.items()),
        items=tuple(
            Item(
                ItemId(f"i{n}"),
                "numeric",
                (concepts[n % len(concepts)].concept_id,),
                f"What is {n} + 1?",
                answer=str(n + 1),
                minutes=float(rng.integers(1, 5)),
            )
            for n in range(items)
        ),
    )


@contextmanager
def serving(course: Path, state: Path, workers: int, database: str | None) -> Iterator[tuple[int, int]]:
    """The service's process id and port while it runs."""
    command = [sys.executable, "-c", "from api.cli.main import main; main()", "serve", "--port", "0"]
    command += ["--curriculum", str(course), "--workers", str(workers)]
    command += ["--database", database] if database else []
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "WAYLINE_STATE_DIR": str(state)}
    with (state / "log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
        if found is None:
            raise RuntimeError(f"the service did not start: {line}{(state / 'log').read_text()}")
        yield process.pid, int(found[1])
    finally:
        process.terminate()
        process.wait(30)


def post(connection: HTTPConnection, path: str, body: object) -> float:
    """Seconds that one request took; anything but success ends the benchmark."""
    began = time.perf_counter()
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    reply = connection.getresponse()
    content = reply.read()
    if reply.status >= 300:
        raise RuntimeError(f"{reply.status} {content[:300]!r}")
    return time.perf_counter() - began


def warm(port: int, learners: int, items: int, seed: int) -> None:
    """Give each learner a history over the first concepts."""
    rng = np.random.default_rng(seed)
    connection = HTTPConnection("127.0.0.1", port)
    for learner in range(learners):
        chosen = rng.choice(items, size=HISTORY)
        right = rng.random(HISTORY) < 0.7
        entries = [{"item_id": f"i{n}", "correct": bool(r)} for n, r in zip(chosen, right, strict=True)]
        post(connection, f"/v1/learners/l{learner}/responses", entries)


def fire(port: int, learners: int, requests: int, threads: int) -> tuple[float, list[float]]:
    """Requests a second over all threads, and the seconds of each."""
    taken: list[float] = []

    def ask(start: int) -> None:
        connection = HTTPConnection("127.0.0.1", port)
        mine = [
            post(connection, f"/v1/learners/l{number % learners}/recommendations", {})
            for number in range(start, requests, threads)
        ]
        taken.extend(mine)

    workers = [threading.Thread(target=ask, args=(start,)) for start in range(threads)]
    began = time.perf_counter()
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    return len(taken) / (time.perf_counter() - began), taken


def family(process: int) -> list[str]:
    """The process and its children, the parent first."""
    return [str(process), *Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def memory(process: int) -> list[int]:
    """Resident MB of each of the family."""
    return [
        int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{one}/status").read_text())[1]) // 1024  # type: ignore[index]
        for one in family(process)
    ]


def processor(process: int) -> float:
    """Seconds of processor time that the family has used: unlike the clock, it hardly feels who else is busy."""
    stats = [Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split() for one in family(process)]
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--items", type=int, default=10_000)
    options.add_argument("--learners", type=int, default=200)
    options.add_argument("--requests", type=int, default=5_000)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--threads", type=int, default=4)
    options.add_argument("--database")
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        state = Path(place)
        folder.write(curriculum(given.items, given.seed), state / "course")
        with serving(state / "course", state, given.workers, given.database) as (process, port):
            warm(port, given.learners, given.items, given.seed)
            fire(port, given.learners, 4 * given.learners, given.threads)  # every worker meets every learner
            before = processor(process)
            rate, taken = fire(port, given.learners, given.requests, given.threads)
            each = (processor(process) - before) / len(taken) * 1000
            p50, p99 = np.percentile(np.asarray(taken) * 1000, [50, 99])
            print(
                f"{given.items} items, {given.learners} learners, {given.workers} workers: {rate:.0f} requests/s, "
                f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, {each:.2f} ms of processor each, "
                f"resident MB (parent, workers) {memory(process)}"
            )


if __name__ == "__main__":
    main()

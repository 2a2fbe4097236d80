"""The log on a real database: durable responses and decisions a second, and the fold of a million responses.

python benchmarks/log.py [--rows 1000000] [--url sqlite:///file.db] [--seed 0]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Barrier

import numpy as np
import orjson

from data.columns import columns
from data.database import open_database
from data.decisions import DecisionLog
from data.responses import ResponseLog
from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import EMPTY_VOCABULARY
from student_model.log import Log
from student_model.tracing import load
from student_model.types import LearnerId, Response, ResponseId

START = datetime(2026, 1, 1, tzinfo=UTC)
KEY = b"k" * 32
SINGLES = 2000
PER_LEARNER = 200
WRITERS = 4


def made(learner: int, rng: np.random.Generator) -> list[Response]:
    """A learner's responses to random items of 100 concepts, a minute apart."""
    items, right = rng.integers(0, 1000, PER_LEARNER).tolist(), (rng.random(PER_LEARNER) < 0.7).tolist()
    return [
        Response(
            response_id=ResponseId(f"r{n}"),
            learner_id=LearnerId(f"learner-{learner}"),
            item_id=ItemId(f"i{item}"),
            at=START + timedelta(minutes=n),
            correct=correct,
            concept_ids=(ConceptId(f"c{item % 100}"),),
        )
        for n, (item, correct) in enumerate(zip(items, right, strict=True))
    ]


def of_many(learners: Sequence[int], rng: np.random.Generator) -> list[Response]:
    return [one for learner in learners for one in made(learner, rng)]


def rate(count: int, work: Callable[[], object]) -> int:
    """How many a second, if `work` does so many."""
    begin = time.perf_counter()
    work()
    return round(count / (time.perf_counter() - begin))


def one_by_one(log: ResponseLog, singles: list[Response]) -> None:
    for one in singles:
        log.append([one], START)


def in_batches(log: ResponseLog, batches: list[list[Response]]) -> None:
    for batch in batches:
        log.append(batch, START)


def write_beside_others(url: str, number: int, start: Barrier) -> None:
    """What one of several writing processes does."""
    log = ResponseLog(open_database(url), KEY)
    first = -1000 * (number + 1)
    singles = of_many(range(first, first + SINGLES // PER_LEARNER), np.random.default_rng(number))
    start.wait()
    one_by_one(log, singles)


def joined(processes: Sequence[BaseProcess]) -> None:
    for one in processes:
        one.join()


def writers(url: str) -> int:
    """Durable single responses a second of `WRITERS` processes together."""
    processes = multiprocessing.get_context("spawn")
    start = processes.Barrier(WRITERS + 1)
    crowd = [processes.Process(target=write_beside_others, args=(url, n, start)) for n in range(WRITERS)]
    for one in crowd:
        one.start()
    start.wait()
    speed = rate(WRITERS * SINGLES, lambda: joined(crowd))
    assert [one.exitcode for one in crowd] == [0] * WRITERS
    return speed


def keep_decisions(log: ResponseLog, rng: np.random.Generator) -> int:
    """Decisions of 50 candidates a second."""
    decisions = DecisionLog(log.engine, KEY)
    candidates = [
        {"item_id": f"i{n}", "concept_id": f"c{n}", "source": "frontier", "odds": odds, "score": odds**2}
        for n, odds in enumerate(rng.random(50).tolist())
    ]
    document = orjson.dumps({"candidates": candidates})

    def keep() -> None:
        for n in range(SINGLES):
            decisions.keep(f"d{n}", LearnerId(f"learner-{n % 100}"), START, document)

    return rate(SINGLES, keep)


def fold(log: ResponseLog, name: str) -> float:
    """Seconds from the database to the states of all learners."""
    begin = time.perf_counter()
    whole = columns(log, EMPTY_VOCABULARY)
    read = time.perf_counter() - begin
    none = whole.rows(np.zeros(len(whole), dtype=np.bool_))
    tracer = load(name).fit(none)
    tracer.fold(Log(whole.vocabulary, (), *(none.learner, none.item, none.outcome, none.seconds)))  # compile
    begin = time.perf_counter()
    states = tracer.fold(whole)
    assert len(states) == len(whole.learners)
    return round(read + time.perf_counter() - begin, 3)


def measure(url: str, rows: int, seed: int) -> dict[str, float]:
    rng, log = np.random.default_rng(seed), ResponseLog(open_database(url), KEY)
    singles = of_many(range(-SINGLES // PER_LEARNER, 0), rng)
    found: dict[str, float] = {"durable_singles_per_second": rate(SINGLES, lambda: one_by_one(log, singles))}
    learners, spent = rows // PER_LEARNER, 0.0
    for first in range(0, learners, 5):
        batch = of_many(range(first, min(first + 5, learners)), rng)
        begin = time.perf_counter()
        log.append(batch, START)
        spent += time.perf_counter() - begin
    found["durable_in_batches_of_1000_per_second"] = round(learners * PER_LEARNER / spent)
    for name in ("bkt", "elo"):
        found[f"fold_{name}_seconds"] = fold(log, name)
    found["rows"] = (learners + SINGLES // PER_LEARNER) * PER_LEARNER
    lessons = [list(one) for one in zip(*(made(10**6 + n, rng) for n in range(1000)), strict=True)][:5]
    found["batches_of_1000_learners_per_second"] = rate(5000, lambda: in_batches(log, lessons))
    found[f"durable_singles_of_{WRITERS}_writers_per_second"] = writers(url)
    found["decisions_per_second"] = keep_decisions(log, rng)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--url", help="an empty database; default: a temporary SQLite file")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(asked.url or f"sqlite:///{Path(folder) / 'log.db'}", asked.rows, asked.seed)
    for name, value in found.items():
        print(f"{name:45} {value:>12,}")
    print(json.dumps({"benchmark": "log", "seed": asked.seed, **found}))


if __name__ == "__main__":
    main()

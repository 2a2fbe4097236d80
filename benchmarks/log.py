"""The response log on a real database: durable responses a second, and the fold of a million from it.

python benchmarks/log.py [--rows 1000000] [--url sqlite:///file.db] [--seed 0]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from data.columns import columns
from data.database import open_database
from data.responses import ResponseLog
from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import EMPTY_VOCABULARY
from student_model.log import Log
from student_model.tracing import load
from student_model.types import LearnerId, Response, ResponseId

START = datetime(2026, 1, 1, tzinfo=UTC)
SINGLES = 500
PER_LEARNER = 200


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


def rate(count: int, seconds: float) -> int:
    return round(count / seconds)


def measure(url: str, rows: int, seed: int) -> dict[str, float]:
    rng, log = np.random.default_rng(seed), ResponseLog(open_database(url), b"k" * 32)
    singles = [one for learner in range(-SINGLES // PER_LEARNER, 0) for one in made(learner, rng)][:SINGLES]
    begin = time.perf_counter()
    for one in singles:
        log.append([one], START)
    found: dict[str, float] = {"durable_singles_per_second": rate(SINGLES, time.perf_counter() - begin)}
    learners = rows // PER_LEARNER
    spent = 0.0
    for first in range(0, learners, 5):
        batch = [one for learner in range(first, min(first + 5, learners)) for one in made(learner, rng)]
        begin = time.perf_counter()
        log.append(batch, START)
        spent += time.perf_counter() - begin
    found["durable_in_batches_of_1000_per_second"] = rate(learners * PER_LEARNER, spent)
    for name in ("bkt", "elo"):
        begin = time.perf_counter()
        whole = columns(log, EMPTY_VOCABULARY)
        read = time.perf_counter() - begin
        none = whole.rows(np.zeros(len(whole), dtype=np.bool_))
        tracer = load(name).fit(none)
        tracer.fold(Log(whole.vocabulary, (), *(none.learner, none.item, none.outcome, none.seconds)))  # compile
        begin = time.perf_counter()
        states = tracer.fold(whole)
        found[f"fold_{name}_seconds"] = round(read + time.perf_counter() - begin, 3)
        assert len(states) == len(whole.learners)
    found["rows"] = len(whole)
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

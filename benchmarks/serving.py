"""What a learner costs where models serve: a step, the odds of 10,000 items, a state; and that torch stays out.

    python benchmarks/serving.py [--items 10000] [--models wayline,statespace,...] [--repeats 200] [--log FILE]

Models are fitted to a few simulated learners of a course of that many items, so that networks have their real shape.
Medians of single calls in one process that loads what `fit` wrote. With --log, also how large the states of that log's
learners are. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from data.importers.canonical import read_log
from student_model.simulated import TIMED, made_course, simulate
from student_model.storage import open_tracer, save
from student_model.tracing import available, load
from student_model.types import LearnerId, Response, ResponseId

PER_CONCEPT, LEARNERS, ROWS = 20, 60, 60
NOW = datetime(2026, 1, 5, tzinfo=UTC)


def fitted(name: str, items: int, folder: Path) -> None:
    """A model of a large course, saved; with all its networks, though they help little on so few learners."""
    from student_model.tracing import _wayline_fit

    _wayline_fit.WORTH = -np.inf
    graph = made_course(items // PER_CONCEPT, PER_CONCEPT, np.random.default_rng(0))
    save(load(name).fit(simulate(graph, TIMED, LEARNERS, ROWS, seed=0).log, 0), folder)


def size_of(state: Any) -> int:
    """Bytes of the numbers in a state."""
    if isinstance(state, np.ndarray):
        return int(state.nbytes)
    return sum(size_of(getattr(state, field.name)) for field in fields(state)) if is_dataclass(state) else 8


def measure(folder: Path, repeats: int) -> dict[str, Any]:
    """Medians in milliseconds, and the kilobytes of a state after `ROWS` responses."""
    tracer, rng = open_tracer(folder), np.random.default_rng(1)
    items = tracer.vocabulary.items

    def response(n: int) -> Response:
        item = items[int(rng.integers(len(items)))]
        return Response(
            response_id=ResponseId(str(n)), learner_id=LearnerId("l"), item_id=item, at=NOW + n * timedelta(minutes=2),
            correct=bool(rng.random() < 0.7), elapsed_seconds=30.0,
        )  # fmt: skip

    def median(call: Callable[[], object]) -> float:
        call()
        times = []
        for _ in range(repeats):
            begin = time.perf_counter()
            call()
            times.append(time.perf_counter() - begin)
        return 1000.0 * float(np.median(times))

    state = tracer.initial()
    for n in range(ROWS):
        state = tracer.update(state, response(n))
    last, later = response(ROWS), NOW + timedelta(days=1)
    found: dict[str, Any] = {
        "step_ms": median(lambda: tracer.update(state, last)),
        "score_ms": median(lambda: tracer.predict(state, None, later)),
        "interval_ms": median(lambda: tracer.predict_interval(state, None, later)),
        "beliefs_ms": median(lambda: tracer.beliefs(state, later)),
        "state_kb": size_of(state) / 1024,
    }
    return {**found, "torch": "torch" in sys.modules}


def sizes(name: str, file: Path) -> dict[str, float]:
    """Kilobytes of the states of a log's learners after all they did, under a model fitted to the first of them."""
    from student_model.tracing import _wayline_fit

    _wayline_fit.WORTH = -np.inf
    log = read_log(file)
    tracer = load(name).fit(log.only_learners(np.arange(len(log.learners)) < LEARNERS), 0)
    found = np.array([size_of(state) for state in tracer.fold(log)]) / 1024
    return {"median_state_kb": float(np.median(found)), "largest_state_kb": float(found.max())}


def main() -> None:
    """Measure each model in a process of its own, print a table and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--models", default=",".join(available()), help="names, with commas")
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--log", type=Path, help="a log CSV")
    arguments = parser.parse_args()
    spawn, found = multiprocessing.get_context("spawn"), {}
    for name in arguments.models.split(","):
        with tempfile.TemporaryDirectory() as folder:
            with ProcessPoolExecutor(1, mp_context=spawn) as alone:
                alone.submit(fitted, name, arguments.items, Path(folder)).result()
            with ProcessPoolExecutor(1, mp_context=spawn) as alone:
                told = alone.submit(measure, Path(folder), arguments.repeats).result()
            if arguments.log:
                with ProcessPoolExecutor(1, mp_context=spawn) as alone:
                    told |= alone.submit(sizes, name, arguments.log).result()
        found[name] = told
        print(f"{name:>11}", ", ".join(f"{key} {value:.3g}" for key, value in told.items()), flush=True)
    print(json.dumps({"benchmark": "serving", "items": arguments.items, "models": found}))


if __name__ == "__main__":
    main()

"""All models on one pair of logs: metrics, seconds and memory, each model and seed in a process of its own.

    python benchmarks/tracers.py [--data FOLDER] [--models mean,elo,bkt] [--seeds 1] [--validate]

FOLDER has train.csv.gz and test.csv.gz. With --validate the test file stays closed: a fifth of the training learners
stands for it. Models that draw nothing are fitted once. Without times of compilation. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from data.importers.canonical import read_log
from student_model import audit
from student_model.evaluation import judge
from student_model.tracing import available, load

DATA = Path(__file__).resolve().parents[1] / "../shared/data/knowledge_tracing/assistments2009"
METRICS = ("auc", "log_loss", "brier", "ece", "concept_ece")
DRAWN = ("gru", "attentive", "wayline")
SLICES = ("first_attempts", "first_five", "unseen_items")
COSTS = ("fit_seconds", "predict_seconds", "peak_memory_mb")
WARM_UP = 20


def measure(name: str, folder: Path, seed: int, validate: bool) -> dict[str, Any]:
    """The report of one model as plain values, after a fit to a few learners that compiles what it needs."""
    train = read_log(folder / "train.csv.gz")
    if validate:
        held = np.random.default_rng(0).permutation(len(train.learners)) < len(train.learners) // 5
        train, test = train.only_learners(~held), train.only_learners(held)
    else:
        test = read_log(folder / "test.csv.gz", vocabulary=train.vocabulary)
    few = train.only_learners(np.arange(len(train.learners)) < WARM_UP)
    load(name).fit(few, seed).predict_log(few)
    begin = time.perf_counter()
    tracer = load(name).fit(train, seed)
    return judge(tracer, train, test, time.perf_counter() - begin).to_json()


def shown(name: str, reports: list[dict[str, Any]]) -> None:
    """A line of means, and one of standard deviations over seeds where there are several."""
    table = np.array(
        [
            [one[metric] for metric in METRICS] + [one[part]["auc"] for part in SLICES] + [one[cost] for cost in COSTS]
            for one in reports
        ],
        dtype=np.float64,
    )
    print(f"{name:>15}", *(f"{cell:>15.4g}" for cell in table.mean(axis=0)), flush=True)
    if len(reports) > 1:
        print(f"{'±':>15}", *(f"{cell:>15.2g}" for cell in table.std(axis=0)), flush=True)


def main() -> None:
    """Measure, print a table and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--models", default=",".join(available()), help="names, with commas")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--validate", action="store_true")
    arguments = parser.parse_args()
    files = [arguments.data / f"{part}.csv.gz" for part in ("train", "test")]
    audit.check(audit.read_columns(files[0]), audit.read_columns(files[1]))
    spawn = multiprocessing.get_context("spawn")
    print(*(f"{heading.replace('_', ' '):>15}" for heading in ("model", *METRICS, *SLICES, *COSTS)))
    reports: dict[str, list[dict[str, Any]]] = {}
    for name in arguments.models.split(","):
        reports[name] = []
        for seed in range(arguments.seeds if name in DRAWN else 1):
            with ProcessPoolExecutor(1, mp_context=spawn) as alone:
                told = alone.submit(measure, name, arguments.data, seed, arguments.validate).result()
            reports[name].append(told)
        shown(name, reports[name])
    print(json.dumps({"benchmark": "tracers", "data": arguments.data.name, "models": reports}))


if __name__ == "__main__":
    main()

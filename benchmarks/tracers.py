"""All models on one pair of logs: metrics, seconds and memory, each model in a process of its own.

    python benchmarks/tracers.py [--data FOLDER] [--models mean,elo,bkt] [--seed 0]

FOLDER has train.csv.gz and test.csv.gz. Without times of compilation. The last line is one JSON object.
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
METRICS = ("auc", "log_loss", "brier", "ece")
SLICES = ("first_attempts", "first_five", "unseen_items")
COSTS = ("fit_seconds", "predict_seconds", "peak_memory_mb")
WARM_UP = 20


def measure(name: str, folder: Path, seed: int) -> dict[str, Any]:
    """The report of one model as plain values, after a fit to a few learners that compiles what it needs."""
    train = read_log(folder / "train.csv.gz")
    test = read_log(folder / "test.csv.gz", vocabulary=train.vocabulary)
    few = train.only_learners(np.arange(len(train.learners)) < WARM_UP)
    load(name).fit(few, seed).predict_log(few)
    begin = time.perf_counter()
    tracer = load(name).fit(train, seed)
    return judge(tracer, train, test, time.perf_counter() - begin).to_json()


def main() -> None:
    """Measure, print a table and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--models", default=",".join(available()), help="names, with commas")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    files = [arguments.data / f"{part}.csv.gz" for part in ("train", "test")]
    audit.check(audit.read_columns(files[0]), audit.read_columns(files[1]))
    spawn = multiprocessing.get_context("spawn")
    headings = ("model", *METRICS, *SLICES, *COSTS)
    print(*(f"{heading.replace('_', ' '):>15}" for heading in headings))
    reports = {}
    for name in arguments.models.split(","):
        with ProcessPoolExecutor(1, mp_context=spawn) as alone:
            report = alone.submit(measure, name, arguments.data, arguments.seed).result()
        reports[name] = report
        cells = [report[metric] for metric in METRICS] + [report[part]["auc"] for part in SLICES]
        cells += [report[cost] for cost in COSTS]
        print(f"{name:>15}", *(f"{cell:>15.4g}" for cell in cells), flush=True)
    print(json.dumps({"benchmark": "tracers", "data": arguments.data.name, "models": reports}))


if __name__ == "__main__":
    main()

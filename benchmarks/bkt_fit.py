"""How long BKT takes to fit: 149 planted concepts x 220,070 rows, and a real log where there is one.

    python benchmarks/bkt_fit.py [--data FOLDER] [--repeats 5] [--seed 0]

The budget is 1 s on two cores, without compilation. The last line is the same as one JSON object.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from data.importers.canonical import read_log
from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import Vocabulary
from student_model.log import Log
from student_model.tracing.bkt import Bkt, fit
from student_model.types import LearnerId

DATA = Path(__file__).resolve().parents[1] / "../shared/data/knowledge_tracing/assistments2009"
CONCEPTS, ROWS, LEARNERS = 149, 220_070, 2_491


def planted(seed: int) -> tuple[Log, Bkt]:
    """A log of learners who follow BKT, each on a few concepts in a row, and the truth about them."""
    rng = np.random.default_rng(seed)
    words = Vocabulary.build(
        [ConceptId(f"c{c}") for c in range(CONCEPTS)],
        {ItemId(f"i{c}"): [ConceptId(f"c{c}")] for c in range(CONCEPTS)},
    )
    low, high = np.array([[0.1, 0.05, 0.1, 0.05, 0.001], [0.6, 0.3, 0.3, 0.2, 0.01]])
    truth = rng.uniform(low[:, None], high[:, None], (5, CONCEPTS))
    run = 11
    learner = np.minimum(np.arange(ROWS) * LEARNERS // ROWS, LEARNERS - 1).astype(np.int32)
    concept = rng.integers(0, CONCEPTS, ROWS // run + 1).repeat(run)[:ROWS].astype(np.int32)
    prior, learn, guess, slip, forget = truth[:, concept]
    known: dict[tuple[int, int], bool] = {}
    dice, outcome = rng.random((3, ROWS)), np.empty(ROWS)
    for n, pair in enumerate(zip(learner.tolist(), concept.tolist(), strict=True)):
        knows = known.get(pair, dice[0, n] < prior[n])
        outcome[n] = dice[1, n] < (1.0 - slip[n] if knows else guess[n])
        known[pair] = dice[2, n] >= forget[n] if knows else dice[2, n] < learn[n]
    names = tuple(LearnerId(f"l{n}") for n in range(LEARNERS))
    log = Log(words, names, learner, concept, outcome, np.full(ROWS, np.nan))
    return log, Bkt(words, truth, truth.mean(axis=1), float(outcome.mean()))


def timed(log: Log, repeats: int) -> tuple[list[float], Bkt]:
    """Seconds of each fit, after one that compiles; and the last."""
    tracer = fit(log)
    seconds = []
    for _ in range(repeats):
        begin = time.perf_counter()
        tracer = fit(log)
        seconds.append(time.perf_counter() - begin)
    return seconds, tracer


def main() -> None:
    """Measure, print a line a log and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="folder with train.csv.gz")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    log, truth = planted(arguments.seed)
    logs = {"planted": log}
    if (arguments.data / "train.csv.gz").exists():
        logs[arguments.data.name] = read_log(arguments.data / "train.csv.gz")
    found: dict[str, dict[str, float]] = {}
    for name, one in logs.items():
        seconds, tracer = timed(one, arguments.repeats)
        figures = {"rows": len(one), "concepts": len(one.vocabulary.concepts)}
        found[name] = {**figures, "best_seconds": min(seconds), "median_seconds": float(np.median(seconds))}
        if name == "planted":
            found[name]["mean_error"] = float(np.abs(tracer.values - truth.values).mean())
        print(f"{name:>16}", *(f"{key} {value:.3g}" for key, value in found[name].items()), sep="  ")
    print(json.dumps({"benchmark": "bkt_fit", "seed": arguments.seed, **found}))


if __name__ == "__main__":
    main()

"""Trained on 200 responses a learner, used on 1,000: does a model lose with length?

    python benchmarks/length.py [--models statespace,gru,attentive,wayline] [--learners 400] [--seeds 3]

A simulated course with times, where the truth is known. Each model is fitted twice: to learners cut at 200 responses,
and to as many responses of whole learners. Regret is log loss above that of the true odds, on other learners, by how
far into their 1,000 responses they are. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json

import numpy as np

from knowledge_graph.vocabulary import BoolArray, FloatArray
from student_model.evaluation import log_loss
from student_model.log import Log
from student_model.simulated import TIMED, made_course, simulate
from student_model.tracing import load

SHORT, LONG = 200, 1_000
PARTS = ((0, 200), (200, 400), (400, 600), (600, 800), (800, 1_000))


def regrets(odds: FloatArray, truth: FloatArray, test: Log) -> list[float]:
    """Of each of `PARTS`."""
    found, place = [], test.position_in_learner
    for first, end in PARTS:
        part: BoolArray = (place >= first) & (place < end)
        loss = [log_loss(one[part], test.outcome[part]) for one in (odds, truth)]
        found.append(loss[0] - loss[1])
    return found


def main() -> None:
    """Measure, print a table and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="logistic,statespace,gru,attentive,wayline", help="names, with commas")
    parser.add_argument("--learners", type=int, default=400, help="cut ones; a fifth as many whole ones")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    print(f"{'model':>11} {'fitted to':>10} seed", *(f"{first:>5}-{end}" for first, end in PARTS))
    rows = []
    for seed in range(arguments.seeds):
        graph, many = made_course(20, 8, np.random.default_rng(seed)), arguments.learners
        whole = simulate(graph, TIMED, many + 40, LONG, seed)
        log, learner = whole.log, whole.log.learner
        test = log.only_learners(np.arange(len(log.learners)) >= many)
        truth = whole.odds[learner >= many]
        cut = log.only_learners(np.arange(len(log.learners)) < many)
        logs = {
            f"{SHORT} each": cut.rows(cut.position_in_learner < SHORT),
            f"{LONG} each": log.only_learners(np.arange(len(log.learners)) < many * SHORT // LONG),
        }
        for name in arguments.models.split(","):
            for kind, train in logs.items():
                found = regrets(load(name).fit(train, seed).predict_log(test), truth, test)
                rows.append({"model": name, "fitted_to": kind, "seed": seed, "regret": found})
                print(f"{name:>11} {kind:>10} {seed:>4}", *(f"{one:>9.4f}" for one in found), flush=True)
    print(json.dumps({"benchmark": "length", "parts": PARTS, "rows": rows}))


if __name__ == "__main__":
    main()

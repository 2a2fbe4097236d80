"""Trained on 200 responses a learner, used on 1,000: does a model lose with length?

    python benchmarks/length.py [--models statespace,gru,attentive,wayline] [--learners 400] [--seeds 3] [--data FOLDER]

Each model is fitted twice: to learners of at most 200 responses, and to whole ones. In a simulated course with times
both have as many responses, and the figure is regret: log loss above that of the true odds. With --data it is a
training file, in pieces of 200 responses or whole, a fifth of its learners held out, and the figure is log loss. Both
on other, whole learners, by how far into their responses they are. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.importers.canonical import read_log
from knowledge_graph.vocabulary import BoolArray, FloatArray
from student_model.evaluation import log_loss
from student_model.log import Log
from student_model.simulated import TIMED, made_course, simulate
from student_model.tracing import load
from student_model.types import LearnerId

SHORT, LONG = 200, 1_000
PARTS = ((0, 200), (200, 400), (400, 600), (600, 800), (800, 1_000))


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Logs to fit to by name, one to measure on, and the true odds of its rows, 0 where nobody knows them."""

    logs: Mapping[str, Log]
    test: Log
    truth: FloatArray


def simulated(learners: int, seed: int) -> World:
    """`learners` are cut; a fifth as many are whole."""
    graph = made_course(20, 8, np.random.default_rng(seed))
    whole = simulate(graph, TIMED, learners + 40, LONG, seed)
    log, place = whole.log, np.arange(learners + 40)
    cut = log.only_learners(place < learners)
    logs = {
        f"{SHORT} each": cut.rows(cut.position_in_learner < SHORT),
        f"{LONG} each": log.only_learners(place < learners * SHORT // LONG),
    }
    return World(logs, log.only_learners(place >= learners), whole.odds[log.learner >= learners])


def recorded(file: Path) -> World:
    """The learners of a file."""
    log = read_log(file)
    held = np.random.default_rng(0).permutation(len(log.learners)) < len(log.learners) // 5
    train, test = log.only_learners(~held), log.only_learners(held)
    return World({f"{SHORT} each": in_pieces(train), "whole": train}, test, np.zeros(len(test)))


def in_pieces(log: Log) -> Log:
    """Each learner's next `SHORT` responses as those of somebody new: every row stays."""
    piece = log.position_in_learner // SHORT
    names = [LearnerId(f"{log.learners[n]} {k}") for n, k in zip(log.learner.tolist(), piece.tolist(), strict=True)]
    return Log.from_unordered(log.vocabulary, names, log.item, log.outcome, log.seconds)


def losses(odds: FloatArray, truth: FloatArray, test: Log) -> list[float | None]:
    """Log loss above that of the truth, where it is known, of each of `PARTS`."""
    found: list[float | None] = []
    place = test.position_in_learner
    for first, end in PARTS:
        part: BoolArray = (place >= first) & (place < end)
        loss = log_loss(odds[part], test.outcome[part]) if part.any() else None
        if loss is not None and truth[part].any():
            loss -= log_loss(truth[part], test.outcome[part])
        found.append(loss)
    return found


def main() -> None:
    """Measure, print a table and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="logistic,statespace,gru,attentive,wayline", help="names, with commas")
    parser.add_argument("--learners", type=int, default=400, help="cut ones; a fifth as many whole ones")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", type=Path, help="folder with train.csv.gz; else simulated learners")
    arguments = parser.parse_args()
    print(f"{'model':>11} {'fitted to':>10} seed", *(f"{first:>5}-{end}" for first, end in PARTS))
    rows = []
    for seed in range(arguments.seeds):
        file = arguments.data and arguments.data / "train.csv.gz"
        world = recorded(file) if file else simulated(arguments.learners, seed)
        for name in arguments.models.split(","):
            for kind, train in world.logs.items():
                found = losses(load(name).fit(train, seed).predict_log(world.test), world.truth, world.test)
                rows.append({"model": name, "fitted_to": kind, "seed": seed, "loss": found})
                cells = ("        -" if one is None else f"{one:>9.4f}" for one in found)
                print(f"{name:>11} {kind:>10} {seed:>4}", *cells, flush=True)
    print(json.dumps({"benchmark": "length", "parts": PARTS, "rows": rows}))


if __name__ == "__main__":
    main()

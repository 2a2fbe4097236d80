"""Five folds of DBE-KT22, and its questions that nobody was trained on: models side by side, with paired differences.

    python benchmarks/dbe_folds.py [--data FOLDER] [--folds 5] [--models mean,elo,...] [--seed 0] [--unseen]

Folds are of learners. With --unseen, each fold also trains without a fifth of the questions and is measured on those
alone; `wayline` then has the course (texts, concepts). Differences are to `irt` (item + ability), or to `mean` for
unseen questions, with their standard deviation over folds. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from data.importers import ImportReport
from data.importers.dbe_kt22 import curriculum, responses
from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.vocabulary import BoolArray, FloatArray
from student_model.evaluation import Scores, scores
from student_model.log import Log
from student_model.replay import to_log
from student_model.tracing import Context, load

DATA = Path(__file__).resolve().parents[1] / "../shared/data/knowledge_tracing/dbe_kt22"
MODELS = "mean,bkt,pfa,elo,logistic,irt,statespace,wayline"
METRICS = ("auc", "log_loss", "brier", "ece")


def measured(name: str, train: Log, test: Log, asked: BoolArray, seed: int, context: Context) -> tuple[Scores, float]:
    """Scores of the rows of `test` that are asked for, and the seconds of the fit."""
    begin = time.perf_counter()
    tracer = load(name).fit(train, seed, context)
    seconds = time.perf_counter() - begin
    return scores(tracer.predict_log(test)[asked], test.outcome[asked]), seconds


def run(log: Log, graph: KnowledgeGraph, arguments: argparse.Namespace, unseen: bool) -> list[dict[str, object]]:
    """A row for each fold and model."""
    rng, rows = np.random.default_rng(arguments.seed), []
    learners = rng.permutation(len(log.learners)) % arguments.folds
    questions = rng.permutation(len(log.vocabulary.items)) % arguments.folds
    for fold in range(arguments.folds):
        train, test = log.only_learners(learners != fold), log.only_learners(learners == fold)
        asked = np.ones(len(test), dtype=np.bool_)
        if unseen:
            train, asked = train.rows(questions[train.item] != fold), questions[test.item] == fold
        for name in arguments.models.split(","):
            context = Context(graph) if unseen and name == "wayline" else Context()
            found, seconds = measured(name, train, test, asked, arguments.seed, context)
            told = {metric: getattr(found, metric) for metric in METRICS}
            rows.append({"fold": fold, "model": name, "unseen": unseen, **told, "fit_seconds": seconds})
            print(f"{fold:>5} {name:>11}", *(f"{told[m]:>9.4f}" for m in METRICS), f"{seconds:>7.1f} s", flush=True)
    return rows


def summary(rows: list[dict[str, object]], beside: str) -> None:
    """Means over folds, and the paired difference in AUC to one of the models."""

    def areas(model: object) -> FloatArray:
        return np.array([row["auc"] for row in rows if row["model"] == model], dtype=np.float64)

    for name in dict.fromkeys(row["model"] for row in rows):
        own, gap = areas(name), areas(name) - areas(beside)
        print(f"{name:>17} AUC {own.mean():.4f} ± {own.std():.4f}, to {beside} {gap.mean():+.4f} ± {gap.std():.4f}")


def main() -> None:
    """Measure, print tables and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--models", default=MODELS, help="names, with commas")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--unseen", action="store_true")
    arguments = parser.parse_args()
    graph = KnowledgeGraph(curriculum(arguments.data, ImportReport()))
    log = to_log(responses(arguments.data, ImportReport()), graph.vocabulary)
    print(f"{'fold':>5} {'model':>11}", *(f"{metric:>9}" for metric in METRICS))
    rows = run(log, graph, arguments, arguments.unseen)
    summary(rows, "mean" if arguments.unseen else "irt")
    print(json.dumps({"benchmark": "dbe_folds", "rows": rows}))


if __name__ == "__main__":
    main()

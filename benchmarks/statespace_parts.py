"""What each part of the state-space model buys: it is fitted without one part at a time, and with each part alone.

    python benchmarks/statespace_parts.py [--data FOLDER] [--dbe FOLDER] [--seeds 3]

Worlds: a simulated course with times, prerequisites and encompassing edges (truth known, `student_model.simulated`);
the training file of FOLDER, and DBE-KT22 with its concept map, each a fifth of its learners held out. Log loss on the
held-out learners, seed by seed, with the standard error of the paired difference over learners. "Alone" leaves general
ability and difficulties, which are no parts; credit flows only where there is learning, coupling only where concepts
differ or are learned, so that alone they are nothing. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from data.importers import ImportReport
from data.importers.canonical import read_log
from data.importers.dbe_kt22 import curriculum, responses
from knowledge_graph.graph import KnowledgeGraph
from student_model.evaluation import auc
from student_model.log import Log
from student_model.replay import to_log
from student_model.simulated import TIMED, made_course, simulate
from student_model.tracing._statespace_fit import OFF, fitted

FILES = Path(__file__).resolve().parents[1] / "../shared/data/knowledge_tracing"


def worlds(data: Path, dbe: Path) -> Iterator[tuple[str, Log, KnowledgeGraph | None]]:
    """Name, log and graph of each."""
    graph = made_course(20, 8, np.random.default_rng(0))
    yield "simulated, timed", simulate(graph, TIMED, learners=600, rows=100, seed=0).log, graph
    yield data.name, read_log(data / "train.csv.gz"), None
    if dbe.is_dir():
        graph = KnowledgeGraph(curriculum(dbe, ImportReport()))
        yield "dbe_kt22", to_log(responses(dbe, ImportReport()), graph.vocabulary), graph


def variants() -> dict[str, list[str]]:
    """What each variant leaves out, the whole first."""
    without = {f"without {part}": [part] for part in OFF}
    return {"whole": [], **without, **{f"{part} alone": [one for one in OFF if one != part] for part in OFF}}


def main() -> None:
    """Measure, print a table and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=FILES / "assistments2009")
    parser.add_argument("--dbe", type=Path, default=FILES / "dbe_kt22")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    print(f"{'world':>20}{'model':>20}{'seed':>6}{'log loss':>10}{'AUC':>8}{'worse by':>10}{'error':>8}")
    found = []
    for world, log, graph in worlds(arguments.data, arguments.dbe):
        for seed in range(arguments.seeds):
            held = np.random.default_rng(seed).permutation(len(log.learners)) < len(log.learners) // 5
            train, test = log.only_learners(~held), log.only_learners(held)
            whole = None
            for name, left_out in variants().items():
                odds = fitted(train, graph, without=left_out).predict_log(test)
                loss = -np.log(np.where(test.outcome >= 0.5, odds, 1.0 - odds))
                whole = loss if whole is None else whole
                worse = np.bincount(test.learner, loss - whole)
                error = float(worse.std() * np.sqrt(len(worse)) / len(test))
                row = {"world": world, "model": name, "seed": seed, "log_loss": float(loss.mean())}
                row |= {"auc": auc(odds, test.outcome), "worse_by": float(worse.sum() / len(test)), "error": error}
                found.append(row)
                print(
                    f"{world:>20}{name:>20}{seed:>6}{row['log_loss']:>10.4f}{row['auc']:>8.4f}"
                    f"{row['worse_by']:>10.4f}{error:>8.4f}",
                    flush=True,
                )
    print(json.dumps({"benchmark": "statespace_parts", "rows": found}))


if __name__ == "__main__":
    main()

"""How often 90 % intervals hold the truth, on learners the model was not fitted to, in worlds where it is known.

    python benchmarks/interval_coverage.py [--learners 600] [--rows 60] [--seeds 3]

Of `statespace`: for each held-out learner and practised concept, whether the interval of the belief holds the true
probability at an item of the concept's usual difficulty. Also what the nominal interval would cover, without the
allowance for the law being fitted, and with the true law. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json

import numpy as np

from knowledge_graph.graph import KnowledgeGraph
from student_model.log import Log
from student_model.simulated import TIMED, Simulated, made_course, simulate
from student_model.tracing._practice import Z90
from student_model.tracing._statespace_fit import fitted, settled
from student_model.tracing.statespace import LAW, MARGIN, StateSpace

WORLDS = {
    "timed": TIMED,
    "as assistments": LAW,
    "fast learners": TIMED._replace(gain=1.0, general_variance=1.2),
    "forgetful": TIMED._replace(half_life_days=1.0),
    "all differ": TIMED._replace(offset_variance=0.8, general_variance=0.4),
}


def covered(model: StateSpace, world: Simulated, held: Log, first: int, margin: float) -> float:
    """The share of intervals of this many standard deviations that hold the truth."""
    hits = []
    for learner, state in enumerate(model.fold(held)):
        beliefs = model.beliefs(state, None)
        middle, low = (np.log(one / (1.0 - one)) for one in (beliefs.probability, beliefs.low))
        error = (middle - low) / MARGIN
        known = beliefs.evidence > 0
        off = np.abs(world.knows[first + learner] - middle)
        hits += (off <= margin * error)[known].tolist()
    return float(np.mean(hits))


def measure(name: str, graph: KnowledgeGraph, arguments: argparse.Namespace, seed: int) -> dict[str, object]:
    """The coverage in one world."""
    learners = arguments.learners
    world = simulate(graph, WORLDS[name], learners, arguments.rows, seed)
    early = np.arange(learners) < 2 * learners // 3
    train, held, first = world.log.only_learners(early), world.log.only_learners(~early), int(early.sum())
    model, told = fitted(train, graph), settled(train, graph, WORLDS[name])
    return {
        "world": name,
        "seed": seed,
        "served": covered(model, world, held, first, MARGIN),
        "nominal": covered(model, world, held, first, Z90),
        "nominal_true_law": covered(told, world, held, first, Z90),
    }


def main() -> None:
    """Measure, print a table and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--learners", type=int, default=600)
    parser.add_argument("--rows", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    rows = []
    print(f"{'world':>16} {'seed':>5} {'served':>7} {'nominal':>8} {'true law':>9}")
    for name in WORLDS:
        for seed in range(arguments.seeds):
            found = measure(name, made_course(20, 8, np.random.default_rng(seed)), arguments, seed)
            rows.append(found)
            print(
                f"{name:>16} {seed:>5} {found['served']:>7.3f} {found['nominal']:>8.3f} "
                f"{found['nominal_true_law']:>9.3f}",
                flush=True,
            )
    print(f"mean of what is served: {np.mean([row['served'] for row in rows]):.3f}")
    print(json.dumps({"benchmark": "interval_coverage", "rows": rows}))


if __name__ == "__main__":
    main()

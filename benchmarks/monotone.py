"""How often a right answer lowers a belief in its own concepts, or the odds at its own item: of each model.

    python benchmarks/monotone.py [--data FOLDER] [--models statespace,wayline,gru,attentive] [--learners 40] [--seed 0]

Models are fitted to a part of the training file and follow other learners of it response by response. `statespace`
promises that it never happens to a belief; networks promise nothing. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from data.importers.canonical import read_log
from student_model.log import Log
from student_model.tracing import Tracer, load
from student_model.types import LearnerId, Response, ResponseId

DATA = Path(__file__).resolve().parents[1] / "../shared/data/knowledge_tracing/assistments2009"
FITTED = 600
TINY = 1e-9


def followed(tracer: Tracer, log: Log) -> dict[str, float]:
    """Shares of right answers after which a belief in a concept of the item, or the odds at the item, are lower."""
    words, rows, beliefs, odds = log.vocabulary, 0, 0, 0
    worst = 0.0
    for learner in range(len(log.learners)):
        state = tracer.initial()
        for n in range(log.offsets[learner], log.offsets[learner + 1]):
            item = int(log.item[n])
            own, right = words.concepts_of(item), log.outcome[n] == 1.0
            one = Response(
                response_id=ResponseId(str(n)),
                learner_id=LearnerId("l"),
                item_id=words.items[item],
                correct=bool(right),
            )
            after = tracer.update(state, one)
            if right:
                fall = (tracer.beliefs(state, None).probability - tracer.beliefs(after, None).probability)[own]
                at = np.array([item], dtype=np.int32)
                rows += 1
                beliefs += bool((fall > TINY).any())
                odds += bool(tracer.predict(after, at, None)[0] < tracer.predict(state, at, None)[0] - TINY)
                worst = max(worst, float(fall.max(initial=0.0)))
            state = after
    return {"right_answers": rows, "belief_lowered": beliefs / rows, "odds_lowered": odds / rows, "worst_fall": worst}


def main() -> None:
    """Measure, print a table and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--models", default="statespace,logistic,wayline,gru,attentive", help="names, with commas")
    parser.add_argument("--learners", type=int, default=40, help="learners who are followed")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    log = read_log(arguments.data / "train.csv.gz")
    place = np.random.default_rng(arguments.seed).permutation(len(log.learners))
    train = log.only_learners(place < FITTED)
    others = log.only_learners((place >= FITTED) & (place < FITTED + arguments.learners))
    found = {}
    for name in arguments.models.split(","):
        found[name] = followed(load(name).fit(train, arguments.seed), others)
        print(f"{name:>11}", ", ".join(f"{key} {value:.4g}" for key, value in found[name].items()), flush=True)
    print(json.dumps({"benchmark": "monotone", "models": found}))


if __name__ == "__main__":
    main()

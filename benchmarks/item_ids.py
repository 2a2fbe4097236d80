"""Items that nobody was trained on, by what their ids tell: ids as they are, and hashed, which leaves them no order.

    python benchmarks/item_ids.py [--data FOLDER] [--models mean,logistic,statespace,wayline] [--seeds 3]

A fifth of the learners of a training file, and a fifth of its items, are held back; figures are of their responses to
known and to new items. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.importers.canonical import read_log
from knowledge_graph.types import ItemId
from knowledge_graph.vocabulary import BoolArray, Vocabulary
from student_model.evaluation import Scores, scores
from student_model.log import Log
from student_model.tracing import load

DATA = Path(__file__).resolve().parents[1] / "../shared/data/knowledge_tracing/assistments2009"
METRICS = ("auc", "log_loss", "brier")


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """What is trained on, without the new items; what is measured on; and which of its rows have new items."""

    train: Log
    test: Log
    new: BoolArray


def split(log: Log, seed: int) -> Split:
    """By learners and by items."""
    rng = np.random.default_rng(seed)
    learners = rng.permutation(len(log.learners)) % 5 == 0
    items = rng.permutation(len(log.vocabulary.items)) % 5 == 0
    train, test = log.only_learners(~learners), log.only_learners(learners)
    return Split(without(train.rows(~items[train.item]), items), test, items[test.item])


def without(log: Log, items: BoolArray) -> Log:
    """The same rows over a vocabulary that does not have these items."""
    kept = np.flatnonzero(~items)
    tags = log.vocabulary.tags()
    words = Vocabulary.build(log.vocabulary.concepts, {one: tags[one] for one in np.array(log.vocabulary.items)[kept]})
    return over(log, words, np.searchsorted(kept, log.item).astype(np.int32))


def hashed(log: Log) -> Log:
    """The same rows, with items named by the hashes of their ids."""
    tags = log.vocabulary.tags()
    names = {ItemId(hashlib.sha256(one.encode()).hexdigest()): tagged for one, tagged in tags.items()}
    return over(log, Vocabulary.build(log.vocabulary.concepts, names), log.item)


def over(log: Log, words: Vocabulary, item: np.ndarray) -> Log:
    """The same learners' outcomes, at these items of another vocabulary."""
    names = [log.learners[n] for n in log.learner.tolist()]
    return Log.from_unordered(words, names, item, log.outcome, log.seconds)


def main() -> None:
    """Measure, print a table and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--models", default="mean,logistic,statespace,wayline", help="names, with commas")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    log, rows = read_log(arguments.data / "train.csv.gz"), []
    print(
        f"{'model':>11} {'ids':>7} seed", *(f"{f'{kind}, {one}':>15}" for kind in ("new", "known") for one in METRICS)
    )
    for seed in range(arguments.seeds):
        for ids, named in (("as is", log), ("hashed", hashed(log))):
            world = split(named, seed)
            for name in arguments.models.split(","):
                odds = load(name).fit(world.train, seed).bind(world.test.vocabulary).predict_log(world.test)
                found: dict[str, Scores] = {
                    kind: scores(odds[of], world.test.outcome[of])
                    for kind, of in (("new", world.new), ("known", ~world.new))
                }
                told = {f"{kind}_{one}": getattr(found[kind], one) for kind in found for one in METRICS}
                rows.append({"model": name, "ids": ids, "seed": seed, **told})
                print(f"{name:>11} {ids:>7} {seed:>4}", *(f"{one:>15.4f}" for one in told.values()), flush=True)
    print(json.dumps({"benchmark": "item_ids", "rows": rows}))


if __name__ == "__main__":
    main()

"""Items that came into a course after the fit, and a whole new course: placed by concept, text, author and graph.

    python benchmarks/cold_items.py --grader FOLDER [--data FOLDER] [--seeds 6]

On DBE-KT22, `statespace`, a fifth of the learners held back. `items`: a fifth of the items is removed from log and
course; the model is fitted, saved, opened and bound to the whole course as the service does it, and measured on the
responses to the removed items. `course`: the items of half of the concepts are a course of their own, with concepts of
other ids. `rank` is Spearman's correlation of the placed difficulty with the logit of the share that failed. Texts are
read by the grader in FOLDER (eight bits, as served). Before any log: the author's 1, 2, 3 are declared as .25, .5, .75.
The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from api.grading import opened
from api.texts import reading_with
from api.wiring import unfitted
from data.importers import ImportReport
from data.importers.dbe_kt22 import curriculum, responses
from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.types import ConceptId, Curriculum
from knowledge_graph.vocabulary import BoolArray, FloatArray
from student_model import storage
from student_model.evaluation import scores
from student_model.log import Log
from student_model.placement import Encoder, placed
from student_model.replay import to_log
from student_model.tracing import Context, Tracer, load
from student_model.tracing.statespace import StateSpace
from student_model.types import Response

DATA = Path(__file__).resolve().parents[1] / "../shared/data/knowledge_tracing/dbe_kt22"
DECLARED = {"1": 0.25, "2": 0.5, "3": 0.75}
FEWEST = 30
"""Responses that an item needs for its share to count as its difficulty."""


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """What a model is fitted to, and what it is then bound to and measured on, with the items (I,) new to it."""

    train: Log
    known: KnowledgeGraph
    test: Log
    course: KnowledgeGraph
    new: BoolArray


def only(course: Curriculum, keep: Sequence[bool]) -> Curriculum:
    """The course with some of its items, all concepts and edges."""
    return replace(course, items=tuple(item for item, own in zip(course.items, keep, strict=True) if own))


def renamed(course: Curriculum) -> Curriculum:
    """The course with other ids for its concepts."""

    def other(one: ConceptId) -> ConceptId:
        return ConceptId(f"new-{one}")

    edges = tuple(
        replace(one, source_id=other(one.source_id), target_id=other(one.target_id)) for one in course.prerequisites
    )
    return replace(
        course,
        concepts=tuple(replace(one, concept_id=other(one.concept_id)) for one in course.concepts),
        prerequisites=edges,
        items=tuple(replace(one, concept_ids=tuple(map(other, one.concept_ids))) for one in course.items),
    )


def world(course: Curriculum, log: Sequence[Response], whole: bool, seed: int) -> World:
    """A fifth of the items left out, or, for a `whole` new course, those of half of the concepts."""
    rng = np.random.default_rng(seed)
    learners = sorted({one.learner_id for one in log})
    held = set(np.array(learners)[rng.permutation(len(learners)) % 5 == 0].tolist())
    half = set(rng.permutation([one.concept_id for one in course.concepts])[::2].tolist())
    fifth = rng.permutation(len(course.items)) % 5 == 0
    mains = [item.concept_ids[0] if item.concept_ids else "" for item in course.items]
    new = [one in half for one in mains] if whole else fifth.tolist()
    later = KnowledgeGraph(renamed(only(course, new)) if whole else course)
    before = KnowledgeGraph(only(course, [not one for one in new]))
    fresh = {item.item_id for item, own in zip(course.items, new, strict=True) if own}

    def of(graph: KnowledgeGraph, test: bool) -> Log:
        known = graph.vocabulary.item_index
        rows = [one for one in log if (one.learner_id in held) == test and one.item_id in known]
        return to_log([replace(one, concept_ids=()) for one in rows], graph.vocabulary)

    added = np.array([one in fresh for one in later.vocabulary.items])
    return World(of(before, False), before, of(later, True), later, added)


def figures(tracer: Tracer, one: World, real: dict[str, float]) -> dict[str, float | None]:
    """AUC on the responses to new items, and how well the order of their difficulties is met."""
    assert isinstance(tracer, StateSpace)
    asked = one.new[one.test.item]
    found = scores(tracer.predict_log(one.test)[asked], one.test.outcome[asked])
    return {"auc": found.auc, "log_loss": found.log_loss, "rank": rank(tracer.difficulty, one.course, real, one.new)}


def rank(difficulty: FloatArray, course: KnowledgeGraph, real: dict[str, float], some: BoolArray) -> float:
    """Spearman's correlation over items with enough responses; 0 where all are placed alike."""
    places = [n for n, item in enumerate(course.vocabulary.items) if some[n] and item in real]
    own = difficulty[places]
    if np.ptp(own) == 0.0:
        return 0.0
    return float(spearmanr(own, [real[course.vocabulary.items[n]] for n in places]).statistic)


def failed(log: Sequence[Response]) -> dict[str, float]:
    """The logit of the share that failed, of items with enough responses."""
    shares: dict[str, list[float]] = {}
    for one in log:
        shares.setdefault(one.item_id, []).append(float(one.outcome or 0.0))
    wrong = {item: (len(own) - sum(own) + 0.5) / (len(own) + 1.0) for item, own in shares.items() if len(own) >= FEWEST}
    return {item: float(np.log(share / (1.0 - share))) for item, share in wrong.items()}


def fitted(one: World, seed: int) -> Tracer:
    """The model after a round through the disk."""
    with tempfile.TemporaryDirectory() as folder:
        storage.save(load("statespace").fit(one.train, seed, Context(one.known)), Path(folder))
        return storage.open_tracer(Path(folder))


def run(arguments: argparse.Namespace, encoder: Encoder) -> list[dict[str, object]]:
    """A row for each seed, case and way of placing."""
    course = curriculum(arguments.data, ImportReport())
    log, rows = list(responses(arguments.data, ImportReport())), list[dict[str, object]]()
    real = failed(log)
    for seed in range(arguments.seeds):
        for case in ("items", "course"):
            one = world(course, log, case == "course", seed)
            bound = fitted(one, seed).bind(one.course.vocabulary)
            plain = "concept" if case == "items" else "nothing"
            ways = {plain: bound, "graph": placed(bound, one.course), "text": placed(bound, one.course, encoder)}
            for by, tracer in ways.items():
                told = figures(tracer, one, real)
                rows.append({"seed": seed, "case": case, "by": by, "items": int(one.new.sum()), **told})
                print(seed, f"{case:>7} {by:>8}", *(f"{value:>8.4f}" for value in told.values()), flush=True)
    return rows + unlogged(course, arguments.data, real)


def unlogged(course: Curriculum, data: Path, real: dict[str, float]) -> list[dict[str, object]]:
    """The course before any log, by the graph alone and with what its author declared."""
    with (data / "questions.csv").open(encoding="utf-8") as file:
        stated = {row["id"]: DECLARED.get(row["difficulty"]) for row in csv.DictReader(file)}
    told = replace(course, items=tuple(replace(one, difficulty=stated.get(one.item_id)) for one in course.items))
    rows: list[dict[str, object]] = []
    for by, own in (("graph", course), ("declared", told)):
        graph = KnowledgeGraph(own)
        model = unfitted("statespace", graph)
        assert isinstance(model, StateSpace)
        found = rank(model.difficulty, graph, real, np.ones(len(graph.items), dtype=np.bool_))
        rows.append({"case": "unfitted", "by": by, "items": len(graph.items), "rank": found})
        print(f"unfitted {by:>8} rank {found:.4f}")
    return rows


def main() -> None:
    """Measure, print a table and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--grader", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=6)
    arguments = parser.parse_args()
    encoder = reading_with(opened(arguments.grader), None)
    if encoder is None:
        parser.error(f"{arguments.grader} has no encoder")
    print(f"seed    case       by {'AUC':>8} {'log loss':>8} {'rank':>8}")
    rows = run(arguments, encoder)
    for case in ("items", "course"):
        for by in dict.fromkeys(row["by"] for row in rows if row["case"] == case):
            own = [row for row in rows if (row["case"], row["by"]) == (case, by)]
            means: list[str] = []
            for name in ("auc", "log_loss", "rank"):
                values: NDArray[np.float64] = np.array([row[name] for row in own], dtype=np.float64)
                means.append(f"{name} {values.mean():.4f} ± {values.std():.4f}")
            print(f"{case:>7} {by:>8}", *means)
    print(json.dumps({"benchmark": "cold_items", "rows": rows}))


if __name__ == "__main__":
    main()

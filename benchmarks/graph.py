"""Seconds to write, read, build and lint a course of 10,000 concepts and 200,000 prerequisites.

    python benchmarks/graph.py [--concepts N] [--edges N] [--repeats N]

The edges join concepts at random, forward in the syllabus, so that most of them are implied by others: the
hardest case for the lint, which names each. The budgets are 3 s to read and build, and 1 s to lint.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from knowledge_graph.formats.folder import read, write
from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.lint import lint
from knowledge_graph.types import Concept, ConceptId, Course, Curriculum, Item, ItemId, Prerequisite


def random_course(concepts: int, edges: int, near: int, seed: int = 0) -> Curriculum:
    """A sound course with one item a concept; an edge spans at most `near` places of the syllabus."""
    rng = np.random.default_rng(seed)
    pairs: set[tuple[int, int]] = set()
    while len(pairs) < edges:
        source = rng.integers(concepts, size=edges)
        target = source + rng.integers(1, near, size=edges)
        pairs.update((a, b) for a, b in zip(source.tolist(), target.tolist(), strict=True) if b < concepts)
    names = [ConceptId(f"concept-{number}") for number in range(concepts)]
    return Curriculum(
        course=Course("random", "A random course", licence="CC0", goals=(names[-1],)),
        concepts=tuple(Concept(name, f"Concept {number}") for number, name in enumerate(names)),
        prerequisites=tuple(Prerequisite(names[a], names[b], 0.5) for a, b in sorted(pairs)[:edges]),
        items=tuple(Item(ItemId(f"item-{n}"), "numeric", (n,), "1 + 1 = ?", answer="2") for n in names),
    )


def fastest(repeats: int, work: Callable[[], object]) -> float:
    """The least seconds of several runs: the one least disturbed by others."""
    seconds = []
    for _ in range(repeats):
        start = perf_counter()
        work()
        seconds.append(perf_counter() - start)
    return min(seconds)


def main() -> None:
    """Measure both an easy and a hard course, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else None)
    parser.add_argument("--concepts", type=int, default=10_000)
    parser.add_argument("--edges", type=int, default=200_000)
    parser.add_argument("--repeats", type=int, default=3)
    wanted = parser.parse_args()
    results = {}
    for name, near in (("anywhere", wanted.concepts), ("within 200 places", 200)):
        course = random_course(wanted.concepts, wanted.edges, near)
        with TemporaryDirectory() as folder:
            write(course, Path(folder))
            results[name] = {
                "read_seconds": round(fastest(wanted.repeats, partial(read, Path(folder))), 3),
                "build_seconds": round(fastest(wanted.repeats, partial(KnowledgeGraph, course)), 3),
                "lint_seconds": round(fastest(wanted.repeats, partial(lint, course)), 3),
                "findings": len(lint(course)),
            }
    print(json.dumps({"concepts": wanted.concepts, "edges": wanted.edges, "edges_span": results}, indent=2))


if __name__ == "__main__":
    main()

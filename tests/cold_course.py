"""A course whose texts decide how hard its items are, answered by learners, and items and courses that come later."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.types import Concept, ConceptId, Course, Curriculum, Item, ItemId, Prerequisite
from knowledge_graph.vocabulary import FloatArray
from student_model.log import Log
from student_model.types import LearnerId

SUMS, LESS, PARTS = ConceptId("sums"), ConceptId("less"), ConceptId("parts")
OLD, NEW = 48, 12
EASY = ("What is {} plus one?", "Count on from {} by one.", "Which number comes after {}?")
HARD = ("Find the determinant of a {0} by {0} matrix.", "Prove the theorem for all primes above {0}.")


def asked(number: int, name: str = "i", about: ConceptId | None = None, texts: bool = True) -> Item:
    """An item that is easy if its number is even, and hard if it is odd, as its text says; of two concepts in turn."""
    own = about or (SUMS, LESS)[number // 2 % 2]
    ways = (EASY, HARD)[number % 2]
    text = ways[number // 2 % len(ways)].format(number + 3) if texts else "?"
    return Item(ItemId(f"{name}{number:02}"), "numeric", (own,), text, answer="1")


def course(*items: Item, concepts: tuple[ConceptId, ...] = (SUMS, LESS), steps: bool = False) -> KnowledgeGraph:
    """A course of these items; with `steps` each concept needs the one before."""
    edges = tuple(Prerequisite(a, b) for a, b in pairwise(concepts)) if steps else ()
    named = tuple(Concept(one, one.title()) for one in concepts)
    return KnowledgeGraph(Curriculum(Course("c", "C"), named, edges, items=items))


def grown(graph: KnowledgeGraph, *items: Item) -> KnowledgeGraph:
    """The course with further items at its end."""
    return KnowledgeGraph(replace(graph.curriculum, items=(*graph.items, *items)))


GRAPH = course(*(asked(n) for n in range(OLD)))
LATER = grown(GRAPH, *(asked(n) for n in range(OLD, OLD + NEW)))
ELSEWHERE = course(*(asked(n, "x", PARTS) for n in range(NEW)), concepts=(PARTS,))
HARDER = np.arange(OLD, OLD + NEW) % 2 == 1


def truth(count: int) -> FloatArray:
    """How hard the first items are."""
    return np.where(np.arange(count) % 2 == 0, -1.2, 1.2)


def lived(graph: KnowledgeGraph, difficulty: FloatArray) -> Log:
    """A hundred and fifty learners with thirty responses each, to items as hard as this (I,)."""
    rng = np.random.default_rng(0)
    item = rng.integers(len(difficulty), size=(150, 30)).astype(np.int32)
    logit = rng.normal(size=(150, 1)) - difficulty[item]
    outcome = (rng.random(item.shape) < 1.0 / (1.0 + np.exp(-logit))).astype(np.float64)
    names = [LearnerId(f"l{n}") for n in range(150) for _ in range(30)]
    return Log.from_unordered(graph.vocabulary, names, item.ravel(), outcome.ravel())

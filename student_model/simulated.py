"""Learners whose knowledge is known, to check a tracer against: they live by the law of the state-space model.

Truth is drawn, not filtered: general ability and a concept's offset walk at random, practice raises concepts, what
encompasses credits others, and what stands above ability fades with time. See `student_model.tracing.statespace`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.types import Concept, ConceptId, Course, Curriculum, Encompassing, Item, ItemId, Prerequisite
from knowledge_graph.vocabulary import FloatArray, IntArray
from student_model.forgetting import DAY, retention
from student_model.log import Log
from student_model.tracing._neighbours import Net, of_concepts, of_items
from student_model.tracing._statespace_step import Law, Neighbours
from student_model.tracing.statespace import LAW
from student_model.types import LearnerId

TIMED = LAW._replace(general_variance=0.8, offset_variance=0.3, gain=0.6, loss=0.1, credit=0.7, half_life_days=3.0)
"""A law under which every part of the model matters: sittings are days apart, and what is learned is lost by halves."""

SITTING, BREAK_DAYS = 60.0, 6.0
"""Seconds between responses of one sitting; mean days between sittings."""

LEAVE, STAY = 0.1, 0.7
"""Chance that a learner ends the sitting after a response, or else stays with its concept."""


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """What happened and what was true.

    Attributes:
        log: of all learners.
        knows: the logit of each learner at an item of the concept's mean difficulty, at the end; (learners, C).
        odds: the true odds of each response, shape (N,).
        difficulty: of the items, in logits, shape (I,).
    """

    log: Log
    knows: FloatArray
    odds: FloatArray
    difficulty: FloatArray


def made_course(concepts: int, items: int, rng: np.random.Generator) -> KnowledgeGraph:
    """Concepts in a line, each with up to two prerequisites among the four before it and often encompassing one."""
    names = [ConceptId(f"c{n}") for n in range(concepts)]
    before = [rng.choice(np.arange(max(0, n - 4), n), size=min(n, 2), replace=False) for n in range(concepts)]
    edges = [Prerequisite(names[p], names[n], 1.0) for n, chosen in enumerate(before) for p in chosen]
    wide = [Encompassing(names[n], names[chosen[0]], 1.0) for n, chosen in enumerate(before) if len(chosen)]
    bank = [Item(ItemId(f"{c}-{k}"), "numeric", (c,), "?", answer="1") for c in names for k in range(items)]
    return KnowledgeGraph(
        Curriculum(Course("made", "Made"), tuple(Concept(c, c) for c in names), tuple(edges), tuple(wide), tuple(bank))
    )


def simulate(
    graph: KnowledgeGraph, law: Law, learners: int, rows: int, seed: int, items_differ: float = 0.7
) -> Simulated:
    """Learners who each answer `rows` times on a course, concept after concept in sittings days apart.

    `items_differ` is the standard deviation of item difficulties, in logits.
    """
    rng, words, net = np.random.default_rng(seed), graph.vocabulary, Net.expert(graph, law)
    difficulty = rng.normal(0.0, items_differ, len(words.items))
    near, topics = of_items(words, net), of_concepts(words, net)
    lives = [_Life.begin(law, len(words.concepts), rng) for _ in range(learners)]
    item, outcome = np.empty((learners, rows), dtype=np.int32), np.empty((learners, rows))
    seconds, odds = np.empty((learners, rows)), np.empty((learners, rows))
    for learner, life in enumerate(lives):
        at = 0.0
        for n, (i, wait) in enumerate(_course(graph, rows, rng)):
            at += wait
            item[learner, n], seconds[learner, n] = i, at
            odds[learner, n] = life.odds(near, i, difficulty[i], at)
            outcome[learner, n] = rng.random() < odds[learner, n]
            life.practise(near, i, words.concepts_of(i), outcome[learner, n])
    names = [LearnerId(f"s{seed}-{n}") for n in np.repeat(np.arange(learners), rows)]
    log = Log.from_unordered(words, names, item.ravel(), outcome.ravel(), seconds.ravel())
    typical = np.array(
        [difficulty[words.item_row[words.item_concepts == c]].mean() for c in range(len(words.concepts))]
    )
    knows = np.array([[life.logit(topics, c) - typical[c] for c in range(len(typical))] for life in lives])
    return Simulated(log, knows.reshape(learners, -1), odds.ravel(), difficulty)


def _course(graph: KnowledgeGraph, rows: int, rng: np.random.Generator) -> list[tuple[int, float]]:
    """Items and the seconds before each: concepts at random, several items of one before the next."""
    words, wait, concept, made = graph.vocabulary, 0.0, 0, []
    for n in range(rows):
        if n == 0 or rng.random() > STAY:
            concept = int(rng.integers(len(words.concepts)))
        made.append((int(rng.choice(words.item_row[words.item_concepts == concept])), wait))
        wait = SITTING if rng.random() > LEAVE else float(rng.exponential(BREAK_DAYS * DAY))
    return made


@dataclass(slots=True, eq=False)
class _Life:
    """The truth about one learner."""

    law: Law
    rng: np.random.Generator
    general: float
    offset: FloatArray
    successes: FloatArray
    failures: FloatArray
    as_of: FloatArray

    @classmethod
    def begin(cls, law: Law, concepts: int, rng: np.random.Generator) -> _Life:
        general = float(rng.normal(0.0, math.sqrt(law.general_variance)))
        offset = rng.normal(0.0, math.sqrt(law.offset_variance), concepts)
        return cls(law, rng, general, offset, np.zeros(concepts), np.zeros(concepts), np.full(concepts, np.nan))

    def logit(self, near: Neighbours, n: int) -> float:
        """Of an item of difficulty 0 (or concept), as things stand."""
        part = slice(near.load_offsets[n], near.load_offsets[n + 1])
        c, law = near.load_concepts[part], self.law
        knows = self.offset[c] + law.gain * np.log1p(self.successes[c]) - law.loss * np.log1p(self.failures[c])
        return self.general + float(near.loads[part] @ knows)

    def odds(self, near: Neighbours, item: int, difficulty: float, at: float) -> float:
        """Of a right answer now, after what was forgotten of all that it loads on or credits."""
        bounds = near.load_offsets, near.credit_offsets
        loaded, credited = (slice(ends[item], ends[item + 1]) for ends in bounds)
        for c in [*near.load_concepts[loaded], *near.credit_concepts[credited]]:
            self._forget(c, at)
        return 1.0 / (1.0 + math.exp(difficulty - self.logit(near, item)))

    def _forget(self, c: int, at: float) -> None:
        kept = retention(at - self.as_of[c], self.successes[c], self.law.half_life_days)
        if self.offset[c] > 0.0:  # what is not above ability has nothing to lose
            self.offset[c] *= kept
            self.offset[c] += self.rng.normal(0.0, math.sqrt((1.0 - kept * kept) * self.law.offset_variance))
        self.successes[c] *= kept
        self.as_of[c] = at

    def practise(self, near: Neighbours, item: int, own: IntArray, outcome: float) -> None:
        """What a response changes, and what changes by itself."""
        self.general += float(self.rng.normal(0.0, math.sqrt(self.law.general_noise)))
        self.offset[own] += self.rng.normal(0.0, math.sqrt(self.law.offset_noise), len(own))
        self.successes[own] += outcome
        self.failures[own] += 1.0 - outcome
        part = slice(near.credit_offsets[item], near.credit_offsets[item + 1])
        self.successes[near.credit_concepts[part]] += near.credits[part] * outcome

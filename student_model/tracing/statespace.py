"""The belief model: learning, forgetting and the graph in one state-space model on the logit scale.

A learner has a general ability g ~ N(0, V) and for each concept an offset s_c ~ N(0, v), both of which change a
little with every response. After S successes and F failures on concept c the learner's knowledge of it stands at

    k_c = s_c + gain log(1 + S) - loss log(1 + F)

above g, and a response to an item of K concepts, with slope a and difficulty d, has the logit a L - d, where

    L = g + mean over its concepts of (k_c + sum over prerequisites p of strength_pc k_p)

(gain and loss: performance factors, Pavlik, Cen & Koedinger, AIED 2009; the rest: a dynamic Rasch model, Glickman,
Applied Statistics 1999). A response is absorbed by one Kalman step on g and the concepts that its item loads on; see
`_statespace_step`. A success counts, by their weight, for concepts that the item's encompass ("implicit repetition").
What stands above g fades with time, and uncertainty grows back (`student_model.forgetting`).

Odds are means over the uncertainty of learner and item. A belief is the median of the odds at an item with the slope
and difficulty that are usual for the concept, so that a right answer can only raise it; its interval is where the logit
lies with 90 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from knowledge_graph.vocabulary import FloatArray, IntArray, Vocabulary
from student_model.compiled import compiled
from student_model.forgetting import faded, half_life, retentions
from student_model.log import Log
from student_model.placement import Encoder, Placement
from student_model.steps import steps
from student_model.tracing import ALONE, Beliefs, Context, Parameters, seconds_of
from student_model.tracing._cold import Cold, restored
from student_model.tracing._drift import NONE, Drift, between
from student_model.tracing._knowledge import Knowledge, damping_of, log1p
from student_model.tracing._neighbours import Edges, Net, distinct, neighbours, of_concepts, of_items
from student_model.tracing._placing import placed
from student_model.tracing._practice import Z90, Rows, carried, logistic_of, practised, setting
from student_model.tracing._statespace_step import PARTS, Law, Neighbours, Tables, restart, step
from student_model.types import Response

if TYPE_CHECKING:
    from knowledge_graph.graph import KnowledgeGraph

LAW = Law(
    general_variance=0.6,
    offset_variance=0.03,
    general_noise=0.0015,
    offset_noise=0.02,
    gain=0.4,
    loss=0.2,
    credit=0.5,
    coupling=0.3,
    half_life_days=7.0,
)
"""What is assumed before any data: near what assistments2009 and DBE-KT22 give; time and edges by convention."""

ITEM_PULL = 1.0 / NONE.own
"""Precision of the Gaussian prior that draws items to their concepts."""

MARGIN = 1.03 * Z90
"""Standard deviations to each side of an interval. The law is fitted, too, and its errors shift what it infers: a
little more than `Z90` brings simulated worlds to 90 % on average (`benchmarks/interval_coverage.py`)."""

CELLS = 2_000_000
"""Learners times concepts that are folded at once."""

NUMBERS = (
    *("slope", "difficulty", "difficulty_variance", "expected_difficulty", "expected_variance", "drifted"),
    *("concept_slope", "concept_difficulty"),
)
"""The arrays of a model, as `StateSpace` has them."""


@dataclass(frozen=True, slots=True, eq=False)
class Now:
    """A learner's concepts at some time, each (C,): logits above ability, gain with each logit of it, variance."""

    knows: FloatArray
    slope: FloatArray
    spread: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class StateSpace:
    """A fitted state-space model.

    Attributes:
        law: what is common to all.
        slope, difficulty: of items, shape (I,). `difficulty_variance`: what the fit leaves uncertain of it, (I,).
        expected_difficulty, expected_variance: what is told of these by all but the item's own responses, (I,).
        drifted: what items share with those of ids next to theirs, (I,). `drift`: how far that reaches, see `_drift`.
        concept_slope, concept_difficulty: what is usual for the concept's items, shape (C,).
        base: the difficulty usual for an unknown concept.
        net: the edges in use. `items`, `concepts`: neighbourhoods that follow from it.
        cold: where the items' places come from, and what texts tell of items to come.
        tags: neighbourhoods of the sets of concepts that items have. `tag`: which of these is the item's, (I,).
    """

    vocabulary: Vocabulary
    law: Law
    slope: FloatArray
    difficulty: FloatArray
    difficulty_variance: FloatArray
    expected_difficulty: FloatArray
    expected_variance: FloatArray
    drifted: FloatArray
    concept_slope: FloatArray
    concept_difficulty: FloatArray
    base: float
    drift: Drift
    net: Net
    items: Neighbours
    concepts: Neighbours
    tags: Neighbours
    tag: IntArray
    cold: Cold

    @property
    def name(self) -> str:
        """The file's name."""
        return "statespace"

    def initial(self) -> Knowledge:
        """Nothing known."""
        return Knowledge.rows(Tables.blank(1, len(self.vocabulary.concepts), self.law), self.law)[0]

    def update(self, state: Knowledge, response: Response) -> Knowledge:
        """The state after one more response: one Kalman step in the item's neighbourhood."""
        return self.stepped(state, response)[0]

    def stepped(self, state: Knowledge, response: Response) -> tuple[Knowledge, float]:
        """The state after a response, and the logit that was predicted of it; NaN where nothing is learned of it."""
        words, outcome = self.vocabulary, response.outcome
        item, own = words.item_index.get(response.item_id), practised(words, response)
        if outcome is None or (item is None and not len(own)):
            return state, math.nan
        near, place = self.items, item or 0
        if item is None:
            near = neighbours(np.array([0, len(own)], dtype=np.int32), own, self.net, len(words.concepts))
        slope, hard, unsure = self._numbers_of(item, own)
        table, at = state.table(self.law), seconds_of(response.at)
        numbers = (slope, hard, unsure, outcome, response.weight, at)
        whole, damped = step(table, self.law, 0, near, self.concepts, place, own, *numbers)
        return Knowledge.rows(table, self.law)[0], damped * (slope * whole - hard)

    def _numbers_of(self, item: int | None, own: IntArray) -> tuple[float, float, float]:
        if item is None:
            slope, difficulty = self.concept_slope[own].mean(), self.concept_difficulty[own].mean()
            return float(slope), float(difficulty), 1.0 / ITEM_PULL
        return self.slope.item(item), self.difficulty.item(item), self.difficulty_variance.item(item)

    def now(self, state: Knowledge, now: datetime | None) -> Now:
        """The learner's concepts at this time, as `freshen` and `knows` would have them."""
        law, g = self.law, state.general.item(0)
        level, slope, spread, successes = state.level, state.slope, state.spread, state.successes
        kept = retentions(state.as_of, successes, seconds_of(now), law.half_life_days)
        aged = np.flatnonzero(kept < 1.0)
        if len(aged):
            level, slope, spread, successes = (one.copy() for one in (level, slope, spread, successes))
            k = kept[aged]
            mean = faded(level[aged] + slope[aged] * g, np.zeros(len(aged)), k)
            slope[aged] *= k
            spread[aged] = k * k * spread[aged] + (1.0 - k * k) * law.offset_variance
            level[aged] = mean - slope[aged] * g
            successes[aged] *= k
        practised = law.gain * log1p(successes) - law.loss * log1p(state.failures)
        knows = (level + slope * g) + practised
        usual = (0.0, 0.0, law.offset_variance)
        return Now(*(state.spread_out(one, rest) for one, rest in zip((knows, slope, spread), usual, strict=True)))

    def _loaded(self, state: Knowledge, seen: Now, near: Neighbours) -> tuple[FloatArray, FloatArray]:
        """The learner's part in logits of slope 1, and its variance, for each neighbourhood; shapes (n,)."""
        count = len(near.load_offsets) - 1
        row = np.repeat(np.arange(count), np.diff(near.load_offsets))

        def over(values: FloatArray) -> FloatArray:
            return np.bincount(row, values, count).astype(np.float64)

        at, loads = near.load_concepts, near.loads
        general, uncertain = state.general.tolist()
        lift = 1.0 + over(loads * seen.slope[at])
        return general + over(loads * seen.knows[at]), lift * lift * uncertain + over(loads * loads * seen.spread[at])

    def _items(self, state: Knowledge, now: datetime | None) -> tuple[FloatArray, FloatArray]:
        """Means and variances of the logits of all items, shapes (I,)."""
        whole, variance = self._loaded(state, self.now(state, now), self.tags)
        mean = self.slope * whole[self.tag] - self.difficulty
        return mean, self.slope * self.slope * variance[self.tag] + self.difficulty_variance

    def predict(self, state: Knowledge, items: IntArray | None, now: datetime | None) -> FloatArray:
        """The odds of success, shape (n,)."""
        odds = logistic_of(self.logits(state, now))
        return odds if items is None else odds[items]

    def logits(self, state: Knowledge, now: datetime | None) -> FloatArray:
        """The logits of the odds of all items, shape (I,)."""
        mean, variance = self._items(state, now)
        return mean * damping_of(variance)

    def spans(self, state: Knowledge, now: datetime | None) -> tuple[FloatArray, FloatArray, FloatArray]:
        """`logits`, and how far below and above them the interval of each item's logit ends, neither negative; (I,)."""
        mean, variance = self._items(state, now)
        margin, logits = MARGIN * np.sqrt(variance), mean * damping_of(variance)
        off = mean - logits
        return logits, np.maximum(margin - off, 0.0), np.maximum(margin + off, 0.0)

    def predict_interval(
        self, state: Knowledge, items: IntArray | None, now: datetime | None
    ) -> tuple[FloatArray, FloatArray]:
        """The odds at both ends of the logit's Gaussian interval, each of shape (n,)."""
        logits, down, up = self.spans(state, now)
        low, high = logistic_of(logits - down), logistic_of(logits + up)
        return (low, high) if items is None else (low[items], high[items])

    def beliefs(self, state: Knowledge, now: datetime | None) -> Beliefs:
        """The odds at each concept's mean difficulty, with the Gaussian interval of its logit."""
        slope, difficulty = self.concept_slope, self.concept_difficulty
        whole, variance = self._loaded(state, self.now(state, now), self.concepts)
        best, _ = self._loaded(state, self.now(state, None), self.concepts)
        mean, peak = slope * whole - difficulty, slope * best - difficulty
        margin = MARGIN * slope * np.sqrt(variance)
        return Beliefs(
            self.vocabulary.concepts,
            probability=logistic_of(mean),
            low=logistic_of(mean - margin),
            high=logistic_of(mean + margin),
            evidence=state.spread_out(state.evidence, 0.0).astype(np.int32),
            last_seconds=state.spread_out(state.last_seconds, math.nan),
            peak=logistic_of(peak),
        )

    def predict_log(self, log: Log) -> FloatArray:
        """The odds of each response given those before it, shape (N,).

        Raises:
            ValueError: the log has another vocabulary; `bind` first.
        """
        return logistic_of(self.logits_of(log))

    def fold(self, log: Log) -> list[Knowledge]:
        """Each learner's state after all rows. Raises as `predict_log` does."""
        size = max(CELLS // max(len(self.vocabulary.concepts), 1), 1)
        blocks = ((one, len(one.learners)) for one in log.blocks(size))
        return [each for one, count in blocks for each in Knowledge.rows(self.run(one, count)[0], self.law)]

    def logits_of(self, log: Log) -> FloatArray:
        """The logits of `predict_log`."""
        _, wholes, damped = self.run(log, 1)
        return damped * (self.slope[log.item] * wholes - self.difficulty[log.item])

    def run(self, log: Log, places: int) -> tuple[Tables, FloatArray, FloatArray]:
        """The tables after a log, and what `absorb` returned of each row, shapes (N,)."""
        rows, tables = Rows.of(log, self.vocabulary), Tables.blank(places, len(self.vocabulary.concepts), self.law)
        wholes, damped = np.empty(len(log)), np.empty(len(log))
        loop = compiled(run_loop, half_life, *PARTS, restart, step)
        hard = self.slope, self.difficulty, self.difficulty_variance
        loop(rows, tables, self.law, self.items, self.concepts, *hard, wholes, damped)
        return tables, wholes, damped

    def estimates(self) -> tuple[FloatArray, FloatArray]:
        """What items' own responses alone tell of their difficulties, and with how much information; shapes (I,)."""
        information = np.maximum(1.0 / self.difficulty_variance - 1.0 / self.expected_variance, 0.0)
        apart = (self.difficulty - self.expected_difficulty) / self.difficulty_variance
        return self.expected_difficulty + apart / np.maximum(information, 1e-9), information

    def bind(self, vocabulary: Vocabulary) -> StateSpace:
        """The same model over another vocabulary; new items are as difficult as concepts and ids have it."""
        own = self.vocabulary
        concept = carried(own.concepts, self.concept_difficulty, vocabulary.concepts, self.base)
        concept_slope = carried(own.concepts, self.concept_slope, vocabulary.concepts, 1.0)
        known = np.stack((self.drifted, np.ones(len(own.items))), axis=1)
        drifted, told = between(own.items, known, self.drift, vocabulary.items).T  # and how much of it neighbours tell
        expected = vocabulary.mean_over_concepts(concept, self.base) + drifted
        among = float(self.expected_variance.mean()) if len(own.items) else 0.0
        unsure = told**2 * among + (1.0 - told**2) * (self.drift.own + self.drift.shared)

        def moved(values: FloatArray, usual: FloatArray | float) -> FloatArray:
            return carried(own.items, values, vocabulary.items, usual)

        bound = made(
            vocabulary,
            self.law,
            slope=moved(self.slope, vocabulary.mean_over_concepts(concept_slope, 1.0)),
            concept_slope=concept_slope,
            difficulty=moved(self.difficulty, expected),
            difficulty_variance=moved(self.difficulty_variance, unsure),
            expected_difficulty=moved(self.expected_difficulty, expected),
            expected_variance=moved(self.expected_variance, unsure),
            drifted=drifted,
            concept_difficulty=concept,
            base=self.base,
            drift=self.drift,
            net=self.net.over(own, vocabulary),
        )
        return replace(bound, cold=self.cold.over(own, vocabulary))

    @property
    def placement(self) -> Placement:
        """What each item was placed by."""
        return self.cold.placement

    def place(self, graph: KnowledgeGraph, encoder: Encoder | None) -> StateSpace:
        """The same model over a course, with the items placed that the fit had no responses to; see `_placing`."""
        bound = self if self.vocabulary is graph.vocabulary else self.bind(graph.vocabulary)
        return replace(bound, **placed(graph, bound, encoder))

    def parameters(self) -> Parameters:
        """Everything `restore` needs."""
        arrays = {name: getattr(self, name) for name in NUMBERS}
        for kind in ("coupling", "credit"):
            edges = getattr(self.net, kind)
            arrays |= {f"{kind}_{one.name}": getattr(edges, one.name) for one in fields(Edges)}
        drift = {f"drift_{name}": value for name, value in self.drift._asdict().items()}
        settings = {"base": self.base, **self.law._asdict(), **drift, **self.cold.settings()}
        return Parameters("statespace", self.vocabulary, arrays | self.cold.arrays(), settings)


def made(vocabulary: Vocabulary, law: Law, base: float, drift: Drift, net: Net, **numbers: FloatArray) -> StateSpace:
    """A model of these `NUMBERS`, with the neighbourhoods that follow from its edges. Where its items' places come from
    follows from the numbers, too, as they are after a fit.
    """
    near, topics = of_items(vocabulary, net), of_concepts(vocabulary, net)
    offsets, concepts, tag = distinct(vocabulary)
    tags = neighbours(offsets, concepts, net, len(vocabulary.concepts))
    cold = Cold.of(vocabulary, numbers["difficulty_variance"], numbers["expected_variance"])
    return StateSpace(
        vocabulary,
        law,
        base=base,
        drift=drift,
        net=net,
        items=near,
        concepts=topics,
        tags=tags,
        tag=tag,
        cold=cold,
        **numbers,
    )


def run_loop(
    rows: Rows,
    tables: Tables,
    law: Law,
    near: Neighbours,
    topics: Neighbours,
    slope: FloatArray,
    difficulty: FloatArray,
    difficulty_variance: FloatArray,
    wholes: FloatArray,
    damped: FloatArray,
) -> None:
    """`update` over a whole log, to be compiled; the tables have a row for each learner, or one for all in turn."""
    places = len(tables.general)
    for learner in range(len(rows.offsets) - 1):
        r = learner % places
        restart(tables, r, law)
        for n in range(rows.offsets[learner], rows.offsets[learner + 1]):
            i = rows.item[n]
            own = rows.item_concepts[rows.item_offsets[i] : rows.item_offsets[i + 1]]
            wholes[n], damped[n] = step(
                tables, law, r, near, topics, i, own, slope[i], difficulty[i], difficulty_variance[i],
                rows.outcome[n], rows.weight[n], rows.seconds[n],
            )  # fmt: skip


def fit(log: Log, seed: int = 0, context: Context = ALONE) -> StateSpace:
    """Fit to a log; the expert's edges of the course are the prior of their strengths. Nothing is drawn.

    An empty log gives what `unfitted` does.
    """
    if not len(log):
        from student_model.tracing._statespace_prior import unfitted

        return unfitted(log.vocabulary, context.graph)
    from student_model.tracing._cold_fit import read_into  # serving needs none of it
    from student_model.tracing._statespace_fit import fitted
    from student_model.tracing._texts import told_of_items

    with steps(context, "statespace") as step:
        model = fitted(log, context.graph, step=step)
    context.tell(model.drift.in_words())
    return read_into(model, told_of_items(log.vocabulary, context), context)


def restore(parameters: Parameters) -> StateSpace:
    """The tracer from what `StateSpace.parameters` gave."""
    own = parameters.arrays
    edges = [Edges(*(own[f"{kind}_{one.name}"] for one in fields(Edges))) for kind in ("coupling", "credit")]
    law = Law(*(setting(parameters, name) for name in Law._fields))
    numbers = {name: own[name] for name in NUMBERS}
    drift = Drift(*(setting(parameters, f"drift_{name}") for name in Drift._fields))
    model = made(parameters.vocabulary, law, setting(parameters, "base"), drift, Net(*edges), **numbers)
    return replace(model, cold=restored(parameters) or model.cold)

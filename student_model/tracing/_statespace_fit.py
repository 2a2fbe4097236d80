"""Fitting the state-space model: its law by gradient descent through the filter itself, difficulties by regression.

The law is judged by how well each response is predicted from those before it, with difficulties that were fitted to
*other* learners: fitted to the same ones they would explain too much, and the law would leave too little to learners.
In turn the difficulties (and the strengths of prerequisite edges) are the mode of a regression whose offset is the
learner's part of each logit, as the filter had it. Items are drawn to their concepts, concepts to the mean of all,
edges to the expert's weights. Nothing is drawn by chance.
"""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, diags, hstack

from knowledge_graph.graph import Groups
from knowledge_graph.vocabulary import BoolArray, FloatArray, IntArray, Vocabulary
from student_model.compiled import compiled
from student_model.forgetting import half_life
from student_model.log import Log
from student_model.steps import Step, unheard
from student_model.tracing._cold import LEAST_INFORMATION
from student_model.tracing._drift import Drift
from student_model.tracing._drift_fit import Estimates, told_of
from student_model.tracing._logistic_fit import Problem, mode
from student_model.tracing._neighbours import Net
from student_model.tracing._practice import Rows
from student_model.tracing._statespace_prior import blank, expert
from student_model.tracing._statespace_step import PARTS, Law, Neighbours, Tables, freshen, knows, restart, step
from student_model.tracing.statespace import ITEM_PULL, LAW, NUMBERS, StateSpace, made

if TYPE_CHECKING:
    from knowledge_graph.graph import KnowledgeGraph

CONCEPT_PULL, BASE_PULL, EDGE_PULL = 0.5, 0.01, 25.0
"""Precisions of the Gaussian priors of concepts' difficulties, of the mean of all, and of an edge's strength."""

SLOPE_PULL, CONCEPT_SLOPE_PULL, LEAST_SLOPE = 20.0, 10.0, 0.2
"""Precisions of the Gaussian priors that draw items' slopes to their concepts', and those to 1; no slope is less."""

ROUNDS, STEPS, SETTLING = 2, 12, 3
"""Turns between law and difficulties; steps of descent in each; regressions at the end."""

ENOUGH = 60_000
"""Rows that the law is fitted on; more learners would not move a dozen numbers."""

BREADTH = 1.5
"""Standard deviation of the prior on the logarithm of each number of the law."""

OFF = {
    "learning": {"gain": 0.0, "loss": 0.0},
    "forgetting": {"half_life_days": np.inf},
    "credit": {"credit": 0.0},
    "coupling": {"coupling": 0.0},
    "concepts": {"offset_variance": 0.0, "offset_noise": 0.0},
}
"""The parts that can be switched off, and what that makes of the law."""


def fitted(
    log: Log, graph: KnowledgeGraph | None = None, without: Collection[str] = (), step: Step = unheard
) -> StateSpace:
    """The model at its best on a log; `without` names parts of `OFF` to leave out; `step` hears how the law descends.

    Raises:
        ValueError: there is no such part.
    """
    unknown = sorted(set(without) - OFF.keys())
    if unknown:
        raise ValueError(f"no such part: {', '.join(unknown)}; there are: {', '.join(OFF)}")
    law = LAW._replace(**{name: value for part in without for name, value in OFF[part].items()})
    law = _law(log, graph, law, _free(log, graph, law), step)
    return settled(log, graph, law)


def settled(log: Log, graph: KnowledgeGraph | None, law: Law) -> StateSpace:
    """Difficulties and strengths of edges for a law that stays."""
    model = blank(log.vocabulary, law, graph)
    for _ in range(SETTLING):
        model = _regressed(model, log, graph)
    return model


def _free(log: Log, graph: KnowledgeGraph | None, law: Law) -> list[str]:
    """The numbers of the law that this log can tell something about."""
    timed = not np.isnan(log.seconds).all()
    told = {
        "half_life_days": timed,
        "credit": graph is not None and len(graph.encompassing_arrays.source) > 0,
        "coupling": graph is not None and len(graph.prerequisite_arrays.source) > 0,
    }
    values = law._asdict()
    return [name for name in Law._fields if told.get(name, True) and 0.0 < values[name] < np.inf]


@dataclass(frozen=True, slots=True, eq=False)
class _Half:
    """Half of the learners, and a model with difficulties fitted to the other half."""

    log: Log
    model: StateSpace


def _law(log: Log, graph: KnowledgeGraph | None, law: Law, free: list[str], step: Step) -> Law:
    """The law by descent on the log loss of both halves, from what is assumed before any data."""
    some = _some(log)
    place = np.cumsum(some) % 2
    logs = [log.only_learners(some & (place == which)) for which in (0, 1)]
    if not all(map(len, logs)):  # one learner tells nothing of how learners differ
        return law
    models = [_regressed(blank(log.vocabulary, law, graph), one, graph) for one in logs]
    start = np.log([getattr(law, name) for name in free])
    at = start.copy()
    for _ in range(ROUNDS):
        law = _descended(law, free, start, at, [_Half(logs[0], models[1]), _Half(logs[1], models[0])], step)
        at = np.log([getattr(law, name) for name in free])
        models = [_regressed(_with_law(model, law), one, graph) for one, model in zip(logs, models, strict=True)]
    return law


def _descended(law: Law, free: list[str], start: FloatArray, at: FloatArray, halves: list[_Half], step: Step) -> Law:
    """A law that predicts both halves better; `start` and `at` are logarithms of its free numbers, shape (F,)."""
    rows = max(sum(len(half.log) for half in halves), 1)

    def of(values: FloatArray) -> Law:
        return law._replace(**dict(zip(free, np.exp(values).tolist(), strict=True)))

    with ThreadPoolExecutor(len(halves)) as pool:  # the compiled filter lets go of Python's lock

        def badness(values: FloatArray) -> float:
            told = sum(pool.map(_loss, halves, [of(values)] * len(halves)))
            return (told + 0.5 * float(np.sum(((values - start) / BREADTH) ** 2))) / rows

        bounds = [(one - 6.0, one + 6.0) for one in start.tolist()]
        found = minimize(
            badness,
            at,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": STEPS, "eps": 1e-3},
            callback=lambda intermediate_result: step(float(intermediate_result.fun)),
        )
    return of(np.asarray(found.x))


def _some(log: Log) -> BoolArray:
    """Learners, spread over all, with about `ENOUGH` rows."""
    stride = max(1, min(round(len(log) / ENOUGH), len(log.learners) // 2))
    return np.asarray(np.arange(len(log.learners)) % stride == 0)


def _with_law(model: StateSpace, law: Law) -> StateSpace:
    """The same difficulties and strengths under another law; edges scale with its shares."""
    old = model.law
    if law.coupling == old.coupling and law.credit == old.credit:
        return replace(model, law=law)
    net = Net(
        replace(model.net.coupling, strength=model.net.coupling.strength * (law.coupling / (old.coupling or 1.0))),
        replace(model.net.credit, strength=model.net.credit.strength * (law.credit / (old.credit or 1.0))),
    )
    numbers = {name: getattr(model, name) for name in NUMBERS}
    return made(model.vocabulary, law, model.base, model.drift, net, **numbers)


def _loss(half: _Half, law: Law) -> float:
    """Cross-entropy of the half's responses, in nats, each weighted."""
    logits = _with_law(half.model, law).logits_of(half.log)
    told = np.logaddexp(0.0, logits) - half.log.outcome * logits
    return float((half.log.weights * told).sum())


def _regressed(model: StateSpace, log: Log, graph: KnowledgeGraph | None) -> StateSpace:
    """Slopes, difficulties and strengths of edges at their mode, given the learners' parts that this model sees."""
    words, net = model.vocabulary, model.net
    items, concepts, edges = len(words.items), len(words.concepts), len(net.coupling.source)
    whole, damped, along = _parts(model, log)
    tags, ones = _tags(words), csr_matrix(np.ones((len(log), 1)))
    of_items = csr_matrix((np.ones(len(log)), (np.arange(len(log)), log.item)), (len(log), items))
    steep = diags(whole) @ of_items
    brought = diags(model.slope[log.item]) @ along
    columns = [of_items, of_items @ tags, ones, steep, steep @ tags, brought]
    sizes = (items, concepts, 1, items, concepts, edges)
    stated = expert(words, model.law, graph).coupling.strength if edges else np.empty(0)
    problem = Problem(
        (diags(damped) @ hstack(columns)).tocsr(),
        centre=np.concatenate((np.zeros(sum(sizes) - edges), stated)),
        pull=np.repeat((ITEM_PULL, CONCEPT_PULL, BASE_PULL, SLOPE_PULL, CONCEPT_SLOPE_PULL, EDGE_PULL), sizes),
        offset=damped * (whole - brought @ net.coupling.strength),
    )
    values, information = mode(problem, log.outcome, log.weights)
    ease, level, base, slope, usual, strength = np.split(values, np.cumsum(sizes)[:-1])
    if edges:
        net = replace(net, coupling=replace(net.coupling, strength=np.maximum(strength, 0.0)))
    slope, usual = 1.0 + slope + tags @ usual, 1.0 + usual
    scale = max(float(slope[log.item].mean()), LEAST_SLOPE)  # how far learners differ is for the law to say
    drift, placed = _placed(words, -ease, information[:items], -(tags @ level + base[0]))
    return made(
        words,
        model.law,
        base=-float(base[0]),
        drift=drift,
        net=net,
        slope=np.maximum(slope / scale, LEAST_SLOPE),
        concept_slope=np.maximum(usual / scale, LEAST_SLOPE),
        concept_difficulty=-(level + base[0]),
        **placed,
    )


def _placed(
    words: Vocabulary, above: FloatArray, information: FloatArray, usual: FloatArray
) -> tuple[Drift, dict[str, FloatArray]]:
    """Difficulties, given how far above their concepts' `usual` ones the regression has them, with what their ids tell
    in place of the prior that it had; all (I,).
    """
    information = np.where(information > LEAST_INFORMATION, information, 0.0)
    estimate = above * (1.0 + ITEM_PULL / np.maximum(information, LEAST_INFORMATION))
    drift, drifted, mean, variance = told_of(words.items, Estimates(estimate, information))
    pull = 1.0 / variance
    return drift, {
        "difficulty": usual + (information * estimate + pull * mean) / (information + pull),
        "difficulty_variance": 1.0 / (information + pull),
        "expected_difficulty": usual + mean,
        "expected_variance": variance,
        "drifted": drifted,
    }


def _tags(words: Vocabulary) -> csr_matrix:
    """Which concepts each item has, rows summing to 1, shape (I, C)."""
    share = 1.0 / np.maximum(np.diff(words.item_offsets), 1)[words.item_row]
    return csr_matrix((share, words.item_concepts, words.item_offsets), (len(words.items), len(words.concepts)))


def _parts(model: StateSpace, log: Log) -> tuple[FloatArray, FloatArray, csr_matrix]:
    """The learner's part in each row's logit, its damping, shapes (N,), and the prerequisites' knowledge that each
    edge would bring in at strength 1, shape (N, E).
    """
    edges, words = model.net.coupling, model.vocabulary
    if not len(edges.source):
        return *model.run(log, 1)[1:], csr_matrix((len(log), 0))
    into = Groups.by(edges.target, len(words.concepts))
    several = np.bincount(words.item_row, np.diff(into.offsets)[words.item_concepts], len(words.items))
    total = int(several[log.item].sum())
    row, edge, value = np.empty(total, dtype=np.int32), np.empty(total, dtype=np.int32), np.empty(total)
    rows, tables = Rows.of(log, words), Tables.blank(1, len(words.concepts), model.law)
    wholes, damped = np.empty(len(log)), np.empty(len(log))
    loop = compiled(looking_loop, half_life, *PARTS, restart, step)
    incoming = (into.offsets, into.order, edges.source)
    hard = (model.slope, model.difficulty, model.difficulty_variance)
    loop(rows, tables, model.law, model.items, model.concepts, *hard, *incoming, wholes, damped, row, edge, value)
    return wholes, damped, csr_matrix((value, (row, edge)), (len(log), len(edges.source)))


def looking_loop(
    rows: Rows,
    tables: Tables,
    law: Law,
    near: Neighbours,
    topics: Neighbours,
    slope: FloatArray,
    difficulty: FloatArray,
    difficulty_variance: FloatArray,
    offsets: IntArray,
    order: IntArray,
    source: IntArray,
    wholes: FloatArray,
    damped: FloatArray,
    row: IntArray,
    edge: IntArray,
    value: FloatArray,
) -> None:
    """A whole log, to be compiled, writing down what stood at the source of each edge into each row's concepts."""
    entry = 0
    for learner in range(len(rows.offsets) - 1):
        restart(tables, 0, law)
        for n in range(rows.offsets[learner], rows.offsets[learner + 1]):
            i, at = rows.item[n], rows.seconds[n]
            own = rows.item_concepts[rows.item_offsets[i] : rows.item_offsets[i + 1]]
            for c in own:
                for e in order[offsets[c] : offsets[c + 1]]:
                    freshen(tables, law, 0, source[e], at)
                    row[entry], edge[entry] = n, e
                    value[entry] = knows(tables, law, 0, source[e]) / len(own)
                    entry += 1
            wholes[n], damped[n] = step(
                tables, law, 0, near, topics, i, own, slope[i], difficulty[i], difficulty_variance[i],
                rows.outcome[n], rows.weight[n], at,
            )  # fmt: skip

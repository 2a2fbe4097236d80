"""Fitting the logistic model: the mode of its posterior by Newton's method, each step by conjugate gradients.

The Hessian is never formed: with a sparse matrix of features X and D = o (1 - o) a product with it is
X'(D (X v)) + prior v, so time and memory grow with the responses and not with the parameters squared
(Komarek & Moore, "Making logistic regression a core data mining tool", ICDM 2005).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_matrix, hstack
from scipy.sparse.linalg import LinearOperator, cg

from knowledge_graph.vocabulary import FloatArray, Vocabulary
from student_model.forgetting import HALF_LIFE_DAYS
from student_model.log import Log
from student_model.steps import Step, unheard
from student_model.tracing._counts import NONE, tabulated
from student_model.tracing._practice import logistic_of
from student_model.tracing.logistic import CONCEPT, HOURS, ITEM_PULL, WHOLE, Logistic

LEVEL_PULL, SLOPE_PULL, SHARED_PULL = 0.5, 10.0, 1.0
"""Precision of the Gaussian priors: of concepts' levels around 0, of their gains and losses around the shared ones,
and of all that is shared around its defaults. Chosen on validation learners of assistments2009; the optimum is flat."""

STEPS, ENOUGH, ROUNDS = 30, 1e-7, 200
"""At most so many Newton steps, until one gains less than this share; at most so many products a step."""


def fitted(log: Log, step: Step = unheard) -> Logistic:
    """The tracer at the mode of the posterior; its priors where the log is empty."""
    blank = unfitted(log.vocabulary)
    return _solved(blank, log, _problem(log), step) if len(log) else blank


def unfitted(words: Vocabulary) -> Logistic:
    """What is assumed before any data."""
    items, concepts = len(words.items), len(words.concepts)
    concept = np.repeat(CONCEPT[:, None], concepts, axis=1)
    return Logistic(words, np.zeros(items), np.full(items, 1.0 / ITEM_PULL), concept, CONCEPT, WHOLE, 0.0, NONE)


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Features of N rows as P columns, the Gaussian prior of their values (mean `centre` and precision `pull`, shape
    (P,)), and what each row's logit has beside them, shape (N,).
    """

    features: csr_matrix
    centre: FloatArray
    pull: FloatArray
    offset: FloatArray | float = 0.0


def _problem(log: Log) -> Problem:
    """Columns: items, levels, gains and losses of the concepts, then what is shared, recent counts last."""
    words, count = log.vocabulary, len(log)
    hours = NONE if np.isnan(log.seconds).all() else HOURS
    table = tabulated(log, words, HALF_LIFE_DAYS, hours)
    items, concepts = len(words.items), len(words.concepts)
    share = 1.0 / np.maximum(np.diff(words.item_offsets), 1)[log.item][table.row]
    gain, loss = share * np.log1p(table.concept_successes), -share * np.log1p(table.concept_failures)

    def per_concept(values: FloatArray) -> csr_matrix:
        return csr_matrix((values, (table.row, table.concept)), (count, concepts))

    def per_row(values: FloatArray) -> FloatArray:
        return np.bincount(table.row, values, count).astype(np.float64)

    of_items = csr_matrix((np.ones(count), (np.arange(count), log.item)), (count, items))
    whole = (table.successes, table.failures, table.item_successes, table.item_failures)
    signed = [sign * np.log1p(one) for one, sign in zip(whole, (1.0, -1.0, 1.0, -1.0), strict=True)]
    recent = map(per_row, share * np.log1p(table.recent))
    shared = np.stack([np.ones(count), per_row(gain), per_row(loss), *signed, *recent], axis=1)
    parts = [of_items, per_concept(share), per_concept(gain), per_concept(loss), csr_matrix(shared)]
    centre = np.concatenate((np.zeros(items + 3 * concepts + 1), CONCEPT[1:], WHOLE, np.zeros(len(hours))))
    pulls = (ITEM_PULL, LEVEL_PULL, SLOPE_PULL, SLOPE_PULL, SHARED_PULL)
    sizes = (items, concepts, concepts, concepts, 1 + len(CONCEPT[1:]) + len(WHOLE) + len(hours))
    return Problem(hstack(parts).tocsr(), centre, np.repeat(pulls, sizes))


def _solved(blank: Logistic, log: Log, problem: Problem, step: Step) -> Logistic:
    items, concepts = len(blank.ease), blank.concept.shape[1]
    values, information = mode(problem, log.outcome, log.weights, step)
    ease, level, gain, loss, shared = np.split(values, np.cumsum([items, concepts, concepts, concepts]))
    bias, slopes, whole, lately = float(shared[0]), shared[1:3], shared[3:7].copy(), shared[7:]
    # A success never speaks against a learner, whatever a small log may suggest.
    concept = np.stack([level, np.maximum(slopes[0] + gain, 0.0), slopes[1] + loss])
    whole[0] = max(whole[0], 0.0)
    return replace(
        blank,
        ease=ease,
        ease_variance=1.0 / (information[:items] + ITEM_PULL),
        concept=concept,
        shared=np.array([0.0, max(slopes[0], 0.0), slopes[1]]),
        whole=whole,
        bias=bias,
        lately=np.maximum(lately, 0.0),
    )


def mode(
    problem: Problem, outcome: FloatArray, weight: FloatArray, heard: Step = unheard
) -> tuple[FloatArray, FloatArray]:
    """Where the posterior is highest, and the information that the rows give about each value; shapes (P,).

    After each step `heard` is told the loss, the priors' share included.
    """
    features, pull, centre = problem.features, problem.pull, problem.centre
    turned = features.T.tocsr()
    squared = turned.multiply(turned).tocsr()
    values = centre.copy()
    logits = features @ values + problem.offset

    def badness(at: FloatArray, logit: FloatArray) -> float:
        told = weight * (np.logaddexp(0.0, logit) - outcome * logit)
        return float(told.sum() + 0.5 * (pull * (at - centre) ** 2).sum())

    now = badness(values, logits)
    for _ in range(STEPS):
        odds = logistic_of(logits)
        curvature = weight * odds * (1.0 - odds)
        slope = turned @ (weight * (odds - outcome)) + pull * (values - centre)
        step = _newton_step(features, turned, curvature, squared @ curvature + pull, pull, slope)
        moved, before, size = features @ step, now, 1.0
        while (now := badness(values + size * step, logits + size * moved)) > before and size > 1e-4:
            size /= 2.0
        values, logits = values + size * step, logits + size * moved
        heard(now / max(len(outcome), 1))
        if before - now < ENOUGH * before:
            break
    return values, squared @ curvature


def _newton_step(
    features: csr_matrix,
    turned: csr_matrix,
    curvature: FloatArray,
    diagonal: FloatArray,
    pull: FloatArray,
    slope: FloatArray,
) -> FloatArray:
    size = len(slope)
    hessian = LinearOperator((size, size), lambda v: turned @ (curvature * (features @ v)) + pull * v)
    scaled = LinearOperator((size, size), lambda v: v / diagonal)
    step, _ = cg(hessian, -slope, rtol=0.01, maxiter=ROUNDS, M=scaled)
    return np.asarray(step, dtype=np.float64)

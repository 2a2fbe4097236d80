"""Fitting item response theory: expectation maximisation over the grid of abilities.

Bock & Aitkin, "Marginal maximum likelihood estimation of item parameters" (Psychometrika 1981), with priors: slopes
are drawn to the usual one (as logarithms) and eases to what is usual for the item's concepts, so that an item with a
few responses stays near its concept. All items are moved at once.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from knowledge_graph.vocabulary import FloatArray, Vocabulary
from student_model.log import Log
from student_model.steps import Step, unheard
from student_model.tracing.irt import GRID, PRIOR, Irt, unfitted

SLOPE_PULL, EASE_PULL, LEVEL_PULL, BASE_PULL = 8.0, 1.5, 0.5, 0.01
"""Precision of the Gaussian priors: of log slopes around 0, of eases around their concepts', of those around that of
all, and of the latter around 0. Chosen on validation learners of assistments2009; the optimum is flat."""

ROUNDS, ENOUGH, NEWTON = 60, 1e-4, 2
"""At most so many rounds, until no item moves further than this on average; Newton steps in each."""


def fitted(log: Log, step: Step = unheard) -> Irt:
    """The tracer at the mode; its priors where the log is empty."""
    words, model = log.vocabulary, unfitted(log.vocabulary)
    if not len(log):
        return model
    shape, at = (len(log.learners), len(words.items)), (log.learner, log.item)
    right, seen = (csr_matrix((values, at), shape) for values in (log.weights * log.outcome, log.weights))
    for _ in range(ROUNDS):
        before = model
        model, told = _round(model, right, seen)
        step(-told / len(log))
        if np.abs(model.ease - before.ease).mean() < ENOUGH:
            break
    return model


def _round(model: Irt, right: csr_matrix, seen: csr_matrix) -> tuple[Irt, float]:
    """Abilities given items, then items given abilities, then what is usual given items; and the log likelihood of the
    responses before, abilities averaged out.
    """
    logit = model.slope[:, None] * GRID + model.ease[:, None]
    told = PRIOR + right @ logit - seen @ np.logaddexp(0.0, logit)
    most = told.max(axis=1, keepdims=True)
    mass = np.exp(told - most)
    whole = mass.sum(axis=1, keepdims=True)
    likelihood = float((most + np.log(whole)).sum() - len(mass) * np.log(np.exp(PRIOR).sum()))
    mass /= whole
    rights, all_ = right.T @ mass, seen.T @ mass
    log_slope, ease = np.log(model.slope), model.ease
    usual, words = float(np.log(model.usual_slope)), model.vocabulary
    expected = words.mean_over_concepts(model.level, model.base)
    for _ in range(NEWTON):
        log_slope, ease = _moved(log_slope, ease, usual, expected, rights, all_)
    base = float(ease.sum() / (len(ease) + BASE_PULL))
    level = base + _levels(words, ease - base)
    met = all_.sum(axis=1)
    usual = float((met * log_slope).sum() / (met.sum() + SLOPE_PULL))
    return Irt(words, np.exp(log_slope), ease, level, float(np.exp(usual)), base), likelihood


def _moved(
    log_slope: FloatArray, ease: FloatArray, usual: float, expected: FloatArray, right: FloatArray, seen: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """One Newton step of each item's log slope and ease on the expected counts (I, 41), kept short."""
    slope = np.exp(log_slope)
    odds = 1.0 / (1.0 + np.exp(-(slope[:, None] * GRID + ease[:, None])))
    error, sharp = right - seen * odds, seen * odds * (1.0 - odds)
    down_slope = (error @ GRID) * slope - SLOPE_PULL * (log_slope - usual)
    down_ease = error.sum(axis=1) - EASE_PULL * (ease - expected)
    own_slope = (sharp @ GRID**2) * slope**2 + SLOPE_PULL
    own_ease, both = sharp.sum(axis=1) + EASE_PULL, (sharp @ GRID) * slope
    whole = own_slope * own_ease - both**2
    step_slope = (own_ease * down_slope - both * down_ease) / whole
    step_ease = (own_slope * down_ease - both * down_slope) / whole
    return log_slope + np.clip(step_slope, -0.5, 0.5), ease + np.clip(step_ease, -1.0, 1.0)


def _levels(words: Vocabulary, above: FloatArray) -> FloatArray:
    """How far each concept's items stand above the rest, drawn to 0, shape (C,)."""
    concepts = len(words.concepts)
    total = np.bincount(words.item_concepts, above[words.item_row], concepts)
    return np.asarray(total / (np.bincount(words.item_concepts, minlength=concepts) + LEVEL_PULL / EASE_PULL))

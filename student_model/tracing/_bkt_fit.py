"""Fitting BKT: expectation maximisation over all concepts at once, kept sane by priors and bounds.

Three things keep the fit from the well-known degenerate solutions (Beck & Chang 2007, "Identifiability"): it
starts from `DEFAULTS` and not at random; each value is a posterior mode under a Beta prior worth `STRENGTH`
observations, whose centre is the fit of one concept for all; and values stay within `LOW` and `HIGH`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from knowledge_graph.vocabulary import FloatArray, IntArray
from student_model.compiled import compiled
from student_model.evaluation import log_loss
from student_model.log import Log
from student_model.steps import Step, unheard
from student_model.tracing.bkt import DEFAULTS, seen, taught

LOW = np.array([0.02, 0.01, 0.05, 0.02, 0.0005])
HIGH = np.array([0.90, 0.60, 0.45, 0.35, 0.05])
"""1 - slip exceeds guess by a fifth at least; practice always teaches a little."""

STRENGTH = 20.0
REACHABLE = 0.97
"""Right answers in a row must lead a belief up to here, whatever is forgotten."""

SWEEPS = 40
TOLERANCE = 1e-3


def fitted(log: Log, step: Step = unheard) -> tuple[FloatArray, FloatArray]:
    """The values of each concept, shape (5, C), and the shared ones, shape (5,)."""
    concepts = len(log.vocabulary.concepts)
    runs = sequences(log)
    as_one = runs._replace(concept=np.zeros_like(runs.concept))
    shared = _maximise(as_one, DEFAULTS[:, None], 1)
    values = _maximise(runs, shared, concepts, step)
    return values, shared[:, 0]


class Runs(NamedTuple):
    """Each learner's outcomes on each concept, one run after the other, concept by concept.

    `outcome` and `weight` have shape (M,); `bounds` (S + 1,) says where each of the S runs begins and the last ends,
    `concept` (S,) what it is about.
    """

    outcome: FloatArray
    weight: FloatArray
    bounds: IntArray
    concept: IntArray


def sequences(log: Log) -> Runs:
    """The runs of a log; a response to an item of several concepts is in the run of each."""
    row, concept = log.vocabulary.tagged(log.item)
    key = concept.astype(np.int64) * len(log.learners) + log.learner[row]
    order = np.argsort(key, kind="stable")
    begins = np.flatnonzero(np.diff(key[order], prepend=-1))
    bounds = np.append(begins, len(key)).astype(np.int32)
    return Runs(log.outcome[row][order], log.weights[row][order], bounds, concept[order][begins])


def _maximise(runs: Runs, centre: FloatArray, concepts: int, step: Step = unheard) -> FloatArray:
    """Posterior modes, shape (5, concepts), under Beta priors around `centre` (5, 1)."""
    values = np.repeat(centre, concepts, axis=1)
    if not len(runs.outcome):
        return values
    sweep = compiled(expect, seen, taught)
    known, before = np.empty(len(runs.outcome)), np.empty(len(runs.outcome))
    for _ in range(SWEEPS):
        happened, possible = np.zeros((5, concepts)), np.zeros((5, concepts))
        sweep(runs, values, known, before, happened, possible)
        step(_loss(runs, values, before))
        mode = bounded((happened + STRENGTH * centre) / (possible + STRENGTH))
        moved, values = np.abs(mode - values).max(), mode
        if moved < TOLERANCE:
            break
    return values


def _loss(runs: Runs, values: FloatArray, before: FloatArray) -> float:
    """Of outcomes, each given those before it in its run; `before` are the beliefs (M,)."""
    guess, slip = np.repeat(values[2:4, runs.concept], np.diff(runs.bounds), axis=1)
    return log_loss(before * (1.0 - slip) + (1.0 - before) * guess, runs.outcome, runs.weight)


def bounded(values: FloatArray) -> FloatArray:
    """Values (5, C) within `LOW` and `HIGH`, forgetting so slight that right answers never lower a belief.

    Right answers in a row lead a belief up to where a step stands still; no belief gets beyond if the prior
    is not. With r for what a right answer makes of p, r (1 - F) + (1 - r) L = p gives the forgetting for
    which that is at p.
    """
    prior, learn, guess, slip, forget = values.clip(LOW[:, None], HIGH[:, None])
    top = np.maximum(prior, REACHABLE)
    right = top * (1.0 - slip) / (top * (1.0 - slip) + (1.0 - top) * guess)
    most = (right + (1.0 - right) * learn - top) / right
    return np.stack((prior, learn, guess, slip, np.minimum(forget, most)))


def expect(
    runs: Runs, values: FloatArray, known: FloatArray, before: FloatArray, happened: FloatArray, possible: FloatArray
) -> None:
    """How often each of the five things is expected to have happened, and could have; to be compiled.

    Forward, `before` is the belief before and `known` after each outcome. Backward, `smooth` is what all of
    the run says of that moment (Rauch-Tung-Striebel for two states).
    """
    for s in range(len(runs.concept)):
        c = runs.concept[s]
        begin, end = runs.bounds[s], runs.bounds[s + 1]
        prior, learn, guess, slip, forget = values[:, c]
        belief = prior
        for t in range(begin, end):
            before[t] = belief
            known[t] = belief + runs.weight[t] * (seen(belief, runs.outcome[t], guess, slip) - belief)
            belief = taught(known[t], learn, forget)
        smooth = known[end - 1]
        for t in range(end - 1, begin - 1, -1):
            if t < end - 1:
                stayed = known[t] * (1.0 - forget) * smooth / before[t + 1]
                lost = known[t] * forget * (1.0 - smooth) / (1.0 - before[t + 1])
                learned = (1.0 - known[t]) * learn * smooth / before[t + 1]
                smooth = stayed + lost
                happened[1, c] += learned
                possible[1, c] += 1.0 - smooth
                happened[4, c] += lost
                possible[4, c] += smooth
            happened[2, c] += runs.weight[t] * (1.0 - smooth) * runs.outcome[t]
            possible[2, c] += runs.weight[t] * (1.0 - smooth)
            happened[3, c] += runs.weight[t] * smooth * (1.0 - runs.outcome[t])
            possible[3, c] += runs.weight[t] * smooth
        happened[0, c] += smooth
        possible[0, c] += 1.0

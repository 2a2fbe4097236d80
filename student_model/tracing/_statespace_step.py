"""One step of the state-space model: what a response changes in the neighbourhood of its item, in closed form.

Given general ability, the offsets of a learner's concepts are independent: s_c = level_c + slope_c g + noise of
variance spread_c. A response with logit L = g + sum_j a_j k_j - d moves g and the offsets it loads on by a Kalman step
on the logistic likelihood (West, Harrison & Migon, JASA 1985, with the curvature at the predicted mean), and the result
is written in the same form again; covariances between offsets beyond those through g are dropped. All other
concepts stay as they are written, and yet move with g. The functions are compiled for whole logs.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from knowledge_graph.vocabulary import FloatArray, IntArray
from student_model.forgetting import faded, retention

LEAST = 1e-9
"""No variance falls below this."""


class Law(NamedTuple):
    """What is common to all learners and concepts; variances in squared logits.

    Attributes:
        general_variance, offset_variance: of ability and of a concept's offset before any response.
        general_noise, offset_noise: what each response adds to them: learners change.
        gain, loss: logits by which log(1 + successes) raises and log(1 + failures) lowers a concept.
        credit: the share of a success that flows along an encompassing edge of weight 1.
        coupling: the share of a prerequisite's knowledge that counts for its dependent, at weight 1.
        half_life_days: see `student_model.forgetting`; infinite if nothing is forgotten.
    """

    general_variance: float
    offset_variance: float
    general_noise: float
    offset_noise: float
    gain: float
    loss: float
    credit: float
    coupling: float
    half_life_days: float


class Tables(NamedTuple):
    """Of R learners: `general` (R, 2), mean and variance; all else (R, C). `last_seconds` is of practice, `as_of` of
    the numbers, which a neighbour's practice may have brought up to date.
    """

    general: FloatArray
    level: FloatArray
    slope: FloatArray
    spread: FloatArray
    successes: FloatArray
    failures: FloatArray
    evidence: IntArray
    last_seconds: FloatArray
    as_of: FloatArray

    @classmethod
    def blank(cls, learners: int, concepts: int, law: Law) -> Tables:
        """Learners of whom nothing is known."""
        shape = (learners, concepts)
        general = np.tile([0.0, law.general_variance], (learners, 1))
        evidence, never = np.zeros(shape, dtype=np.int32), np.full(shape, np.nan)
        zeros = [np.zeros(shape) for _ in range(4)]
        spread = np.full(shape, law.offset_variance)
        return cls(general, zeros[0], zeros[1], spread, zeros[2], zeros[3], evidence, never, never.copy())


class Neighbours(NamedTuple):
    """For each of n items or concepts: the concepts it loads on and how much, and those that its practice credits."""

    load_offsets: IntArray
    load_concepts: IntArray
    loads: FloatArray
    credit_offsets: IntArray
    credit_concepts: IntArray
    credits: FloatArray


def restart(t: Tables, r: int, law: Law) -> None:
    """Forget the learner in this row."""
    t.general[r, 0], t.general[r, 1] = 0.0, law.general_variance
    t.level[r], t.slope[r], t.spread[r] = 0.0, 0.0, law.offset_variance
    t.successes[r], t.failures[r], t.evidence[r] = 0.0, 0.0, 0
    t.last_seconds[r], t.as_of[r] = np.nan, np.nan


def damping(variance: float) -> float:
    """What the mean of a Gaussian logit shrinks by to become that of the mean odds (MacKay, Neural Computation 1992).

    >>> damping(0.0)
    1.0
    """
    return 1.0 / math.sqrt(1.0 + 0.39269908169872414 * variance)


def freshen(t: Tables, law: Law, r: int, c: int, at: float) -> None:
    """Let a concept fade up to the time `at`: what stands above 0 falls, and what is known of it blurs."""
    kept = retention(at - t.as_of[r, c], t.successes[r, c], law.half_life_days)
    if kept < 1.0:
        g = t.general[r, 0]
        mean = faded(t.level[r, c] + t.slope[r, c] * g, 0.0, kept)
        t.slope[r, c] *= kept
        t.spread[r, c] = kept * kept * t.spread[r, c] + (1.0 - kept * kept) * law.offset_variance
        t.level[r, c] = mean - t.slope[r, c] * g
        t.successes[r, c] *= kept
    if not math.isnan(at):
        t.as_of[r, c] = at


def knows(t: Tables, law: Law, r: int, c: int) -> float:
    """How far the learner's knowledge of a concept stands from general ability, in logits."""
    practised = law.gain * math.log1p(t.successes[r, c]) - law.loss * math.log1p(t.failures[r, c])
    whole: float = (t.level[r, c] + t.slope[r, c] * t.general[r, 0]) + practised
    return whole


def stands(t: Tables, law: Law, r: int, topics: Neighbours, c: int) -> float:
    """The learner's part in the logit of an item of this concept alone: what a belief in it rests on."""
    whole: float = t.general[r, 0]
    for j in range(topics.load_offsets[c], topics.load_offsets[c + 1]):
        whole += topics.loads[j] * knows(t, law, r, topics.load_concepts[j])
    return whole


def expect(t: Tables, law: Law, r: int, concepts: IntArray, loads: FloatArray) -> tuple[float, float, float]:
    """Of an item's logit before its difficulty: mean, what it gains with each logit of ability, and variance
    beyond that of ability.
    """
    mean, slope, spread = 0.0, 0.0, 0.0
    for j in range(len(concepts)):
        c, load = concepts[j], loads[j]
        mean += load * knows(t, law, r, c)
        slope += load * t.slope[r, c]
        spread += load * load * t.spread[r, c]
    return t.general[r, 0] + mean, 1.0 + slope, spread


def absorb(
    t: Tables,
    law: Law,
    r: int,
    concepts: IntArray,
    loads: FloatArray,
    slope: float,
    difficulty: float,
    difficulty_variance: float,
    outcome: float,
    weight: float,
) -> tuple[float, float]:
    """Learn from a response about ability and the concepts it loads on. Returns the learner's part L, and the damping
    of `slope * L - difficulty` that made the logit predicted.
    """
    whole, lift, spread = expect(t, law, r, concepts, loads)
    general, uncertain = t.general[r, 0], t.general[r, 1]
    mean = slope * whole - difficulty
    variance = slope * slope * (lift * lift * uncertain + spread) + difficulty_variance
    damped = damping(variance)
    error = weight * (outcome - 1.0 / (1.0 + math.exp(-(damped * mean))))
    odds = 1.0 / (1.0 + math.exp(-mean))
    sharp = weight * odds * (1.0 - odds)
    share, toward = 1.0 + sharp * variance, slope * lift * uncertain
    moved, left = general + toward / share * error, uncertain - toward * toward * sharp / share
    for j in range(len(concepts)):
        c = concepts[j]
        with_g, own = t.slope[r, c], t.spread[r, c]
        along = with_g * toward + slope * loads[j] * own
        at = t.level[r, c] + with_g * general + along / share * error
        together = with_g * uncertain - along * toward * sharp / share
        t.slope[r, c] = together / left
        t.spread[r, c] = max(
            with_g * with_g * uncertain + own - along * along * sharp / share - together * t.slope[r, c], LEAST
        )
        t.level[r, c] = at - t.slope[r, c] * moved
    t.general[r, 0], t.general[r, 1] = moved, left + law.general_noise
    return whole, damped


def practise(t: Tables, law: Law, r: int, c: int, outcome: float, weight: float, at: float) -> None:
    """Count a response to an item of this concept."""
    t.spread[r, c] += law.offset_noise
    t.successes[r, c] += weight * outcome
    t.failures[r, c] += weight * (1.0 - outcome)
    t.evidence[r, c] += 1
    if not math.isnan(at):
        t.last_seconds[r, c] = at


def step(
    t: Tables,
    law: Law,
    r: int,
    near: Neighbours,
    topics: Neighbours,
    n: int,
    own: IntArray,
    slope: float,
    difficulty: float,
    difficulty_variance: float,
    outcome: float,
    weight: float,
    at: float,
) -> tuple[float, float]:
    """One response to item `n` of `near`, tagged with the concepts `own`; returns what `absorb` does.

    Where an item has several concepts, one may be explained away by another: ability rises, and what was known of
    both together makes the first fall by more. True as this can be of a Gaussian, it is nothing to tell a learner:
    what a belief in one of the item's concepts rests on (`topics`, each concept alone) never moves against the answer.
    """
    concepts = near.load_concepts[near.load_offsets[n] : near.load_offsets[n + 1]]
    loads = near.loads[near.load_offsets[n] : near.load_offsets[n + 1]]
    for c in concepts:
        freshen(t, law, r, c, at)
    before = np.zeros(len(own))
    for k in range(len(own)):
        before[k] = stands(t, law, r, topics, own[k])
    told = absorb(t, law, r, concepts, loads, slope, difficulty, difficulty_variance, outcome, weight)
    error = outcome - 1.0 / (1.0 + math.exp(-(told[1] * (slope * told[0] - difficulty))))
    for k in range(len(own)):
        moved = stands(t, law, r, topics, own[k]) - before[k]
        if moved * error < 0.0:
            t.level[r, own[k]] -= moved
    for c in own:
        practise(t, law, r, c, outcome, weight, at)
    for j in range(near.credit_offsets[n], near.credit_offsets[n + 1]):
        c = near.credit_concepts[j]
        freshen(t, law, r, c, at)
        t.successes[r, c] += near.credits[j] * (weight * outcome)
    return told


PARTS = (retention, faded, damping, freshen, knows, stands, expect, absorb, practise)
"""What `step` calls, innermost first, for `compiled`; `student_model.forgetting.half_life` comes before them."""

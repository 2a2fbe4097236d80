"""From the numbers of a head to probabilities, score and confidence, and how good those are. Pure NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import betainc, expit, log_expit, log_softmax, logit

from student_model.encoder.answers import Task
from student_model.evaluation import expected_calibration_error

Floats = NDArray[np.float64]

NEAR = 0.15
"""A score is called right that is at most so far off, as a share of full marks; of levels the most likely one, too."""
LEAST_PRECISION, LEAST_SCORE, LEAST_ERROR = 0.05, 1e-3, 1e-3
"""Of a score on a line: bounds within which its distribution can be computed."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """What a grader says of n answers.

    Attributes:
        probability: of each label or level, (n, K); of a score on a line nothing, (n, 0).
        place: the label or level with the largest, (n,). `score`: in [0, 1], (n,).
        confidence: how likely the label is right, or of scores the level or at most `NEAR` off, (n,).
    """

    probability: Floats
    place: NDArray[np.int64]
    score: Floats
    confidence: Floats


def outcomes(task: Task, found: Floats, temperature: float = 1.0, error: float = 0.2) -> Outcomes:
    """What the numbers of a head, (n, outputs), mean.

    Args:
        temperature: divides them (Guo et al., "On calibration of modern neural networks", ICML 2017).
        error: the typical error of a score of a half, on answers not learned from, where scores are on a line.

    >>> outcomes(Task("labels", ("right", "wrong"), (1.0, 0.0)), np.array([[2.0, 0.0]])).score.round(2).tolist()
    [0.88]
    """
    scaled = np.asarray(found, dtype=np.float64) / temperature
    if task.kind == "regression":
        score = expit(scaled[:, 0])
        nothing = np.zeros((len(score), 0))
        return Outcomes(nothing, np.zeros(len(score), dtype=np.int64), score, near_by_error(score, error))
    probability = probabilities(task, scaled)
    worth = np.array(task.worth)
    score = probability @ worth
    place = probability.argmax(axis=1)
    right = place[:, None] == np.arange(len(worth))
    if task.kind == "ordinal":
        right |= _near(task, score)
    return Outcomes(probability, place, score, (probability * right).sum(axis=1))


def as_scores(task: Task, said: Outcomes) -> Outcomes:
    """What labels say where scores are wanted: how sure they are then is how likely a label is whose worth is near the
    score that is expected.
    """
    return replace(said, confidence=(said.probability * _near(task, said.score)).sum(axis=1))


def _near(task: Task, score: Floats) -> NDArray[np.bool_]:
    """Whether a label or level is worth what is near such a score, (n, K)."""
    return np.asarray(np.abs(np.array(task.worth) - score[:, None]) <= NEAR)


def near_by_error(score: Floats, error: float) -> Floats:
    """How likely what an answer deserves is at most `NEAR` from its score on a line, (n,), if it has the beta
    distribution with the score as mean (Ferrari & Cribari-Neto, "Beta regression", 2004): nearly none or nearly all
    marks are surer than half of them.

    Args:
        error: the standard deviation where the score is a half; elsewhere it is 2√(p(1 − p)) of that.

    >>> near_by_error(np.array([0.5, 0.02, 0.98]), 0.25).round(2).tolist()
    [0.38, 0.96, 0.96]
    """
    precision = max(0.25 / error**2 - 1.0, LEAST_PRECISION)
    mean = np.clip(score, LEAST_SCORE, 1.0 - LEAST_SCORE)
    one, other = mean * precision, (1.0 - mean) * precision
    above, below = np.minimum(mean + NEAR, 1.0), np.maximum(mean - NEAR, 0.0)
    return np.asarray(betainc(one, other, above) - betainc(one, other, below))


def error_of(score: Floats, target: Floats) -> float:
    """The error for `near_by_error` that scores on a line made, both (n,).

    >>> round(error_of(np.array([0.5, 0.5, 0.9]), np.array([0.6, 0.4, 0.96])), 3)
    0.1
    """
    spread = max(float((score * (1.0 - score)).sum()), LEAST_SCORE)
    return max(math.sqrt(0.25 * float(np.square(score - target).sum()) / spread), LEAST_ERROR)


def probabilities(task: Task, scaled: Floats) -> Floats:
    """Of each label, or of each level from those of being above each but the last, (n, K)."""
    if task.kind == "labels":
        return np.asarray(np.exp(log_softmax(scaled, axis=1)))
    above = np.minimum.accumulate(expit(scaled), axis=1)  # nobody is above a level and not above a lower one
    edges = np.concatenate((np.ones((len(above), 1)), above, np.zeros((len(above), 1))), axis=1)
    return np.asarray(edges[:, :-1] - edges[:, 1:])


def joined(task: Task, found: Sequence[Floats], weights: Floats | None = None) -> Floats:
    """The numbers of several heads as those of one that gives the mean of their probabilities, all weighing alike or
    each by its share of each answer, (heads, n).
    """
    if len(found) == 1:
        return found[0]
    shares = np.full((len(found), 1), 1.0 / len(found)) if weights is None else weights
    each = np.array([probabilities(task, one) if task.kind == "labels" else expit(one) for one in found])
    mean = (shares[:, :, None] * each).sum(axis=0)
    if task.kind == "labels":
        return np.asarray(np.log(np.maximum(mean, 1e-12)))
    return np.asarray(logit(np.clip(mean, 1e-6, 1.0 - 1e-6)))


def blended(one: Floats, other: Floats, share: float | Floats) -> Floats:
    """The numbers of two heads, both (n, outputs), as those of one, of which the first has a share, of all answers or
    of each, (n, 1): of labels the weighted geometric mean.
    """
    return np.asarray(share * one + (1.0 - share) * other)


def log_losses(task: Task, found: Floats, target: Floats, temperature: float = 1.0) -> Floats:
    """The log loss of a head's numbers for each answer, (n,); for scores that of the shares, for levels the mean over
    them.
    """
    scaled = np.asarray(found, dtype=np.float64) / temperature
    if task.kind == "labels":
        return np.asarray(-log_softmax(scaled, axis=1)[np.arange(len(target)), target.astype(int)])
    share = target[:, None] if task.kind == "regression" else target[:, None] > np.arange(task.outputs)
    return np.asarray(-(share * log_expit(scaled) + (1 - share) * log_expit(-scaled)).mean(axis=1))


def log_loss(task: Task, found: Floats, target: Floats, temperature: float = 1.0) -> float:
    """The mean of `log_losses`."""
    return float(log_losses(task, found, target, temperature).mean())


def best_temperature(task: Task, found: Floats, target: Floats, spread: float = math.inf) -> float:
    """The temperature with the least log loss on answers not learned from; 1 where there are none.

    Args:
        spread: how far from 1 it may be before any answer speaks for that, as a logarithm.

    >>> sure, right = np.array([[3.0, 0.0]] * 4), np.array([0.0, 0.0, 0.0, 1.0])
    >>> [round(best_temperature(Task("labels", ("a", "b"), (1.0, 0.0)), sure, right, one), 1) for one in (9.0, 0.1)]
    [2.7, 1.0]
    """
    if not len(target):
        return 1.0

    def loss(log_t: float) -> float:
        return log_loss(task, found, target, math.exp(log_t)) + 0.5 * (log_t / spread) ** 2 / len(target)

    return float(math.exp(minimize_scalar(loss, bounds=(-1.5, 2.5), method="bounded").x))


def figures(task: Task, said: Outcomes, target: Floats) -> dict[str, float]:
    """How good outcomes are: for labels accuracy, macro and weighted F1; for scores rmse (in marks), Pearson's r and
    quadratic weighted kappa; for both the calibration of the confidence and the accuracy of the surest 80 %.
    """
    if task.kind == "labels":
        right = said.place == target.astype(int)
        macro, weighted = f1(target.astype(int), said.place, len(task.labels))
        found = {"accuracy": float(right.mean()), "macro_f1": macro, "weighted_f1": weighted}
    else:
        true = target if task.kind == "regression" else np.array(task.worth)[target.astype(int)]
        right = np.abs(said.score - true) <= NEAR
        if task.kind == "ordinal":
            right |= said.place == target.astype(int)
        found = {
            "rmse": float(np.sqrt(np.mean((said.score - true) ** 2)) * task.max_score),
            "pearson": _pearson(said.score, true),
            "qwk": _kappa(said.score, true),
            "accuracy": float(right.mean()),
        }
    surest = np.argsort(-said.confidence, kind="stable")[: max(1, round(0.8 * len(target)))]
    return {
        **found,
        "ece": float(expected_calibration_error(said.confidence, right.astype(np.float64))),
        "accuracy_at_80": float(right[surest].mean()),
    }


def f1(true: NDArray[np.int64], said: NDArray[np.int64], labels: int) -> tuple[float, float]:
    """Macro and weighted F1; macro over the labels that occur in truth or answer.

    >>> f1(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
    (0.6666666666666666, 0.6666666666666666)
    """
    counts = np.zeros((labels, labels))
    np.add.at(counts, (true, said), 1.0)
    hits, of, called = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    each = 2.0 * hits / np.maximum(of + called, 1.0)
    there = of + called > 0
    return float(each[there].mean()), float((each * of).sum() / max(of.sum(), 1.0))


def least_loss(task: Task, found: Floats, target: Floats) -> float:
    """The mean log loss of a head's numbers at the temperature that is best for them."""
    return log_loss(task, found, target, best_temperature(task, found, target))


def best_share(loss: Callable[[float], float], many: int, usual: float, spread: float) -> float:
    """Of eleven shares the one with the least loss, which is a mean over so many answers.

    Args:
        usual: the share before any answer speaks for another. spread: how far from it that may be.

    >>> best_share(lambda share: (share - 0.9) ** 2, 1000, usual=0.2, spread=0.5)
    0.9
    """
    shares = np.linspace(0.0, 1.0, 11).tolist()
    return float(min(shares, key=lambda share: loss(share) + 0.5 * ((share - usual) / spread) ** 2 / many))


def _pearson(one: Floats, other: Floats) -> float:
    if one.std() < 1e-9 or other.std() < 1e-9:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def _kappa(one: Floats, other: Floats) -> float:
    """Quadratic weighted kappa of scores on a line (Lin's concordance without its small-sample factor)."""
    apart = float(np.mean((one - other) ** 2))
    by_chance = float(one.var() + other.var() + (one.mean() - other.mean()) ** 2)
    return 1.0 - apart / by_chance if by_chance > 0 else 1.0

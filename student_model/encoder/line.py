"""A straight line over the features of answers: logistic regression of labels, and its like for levels and scores.

It needs few answers where trees need many. Fitted by SciPy, read by NumPy: a service needs no more.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_expit, log_softmax

from student_model.encoder.answers import Task, shares
from student_model.encoder.outcomes import Floats

PENALTY = 1.0
"""Of the squared weights, beside the loss of all answers."""
FURTHEST = 5.0
"""Spreads from the middle from which a feature says no more."""
NARROWEST = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Middle and spread of F features, each (F,), what each is worth (F, outputs), and the level (outputs,)."""

    centre: NDArray[np.float32]
    spread: NDArray[np.float32]
    weight: NDArray[np.float32]
    level: NDArray[np.float32]

    def said(self, features: NDArray[np.float32]) -> Floats:
        """The numbers of a head for answers with these features (n, F): shape (n, outputs)."""
        return np.asarray(_scaled(features, self.centre, self.spread) @ self.weight + self.level, dtype=np.float64)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """What is kept of it, by name."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


def straight(features: NDArray[np.float32], target: Floats, task: Task, weight: Floats | None = None) -> Line:
    """The line of answers with these features (n, F) and targets (n,), which weigh so much (n,), or all the same.

    Labels by cross-entropy; of levels the mean over "at least this level" and of scores that of a share in [0, 1].
    """
    centre, spread = features.mean(axis=0), features.std(axis=0) + np.float32(NARROWEST)
    given = np.column_stack((_scaled(features, centre, spread), np.ones(len(features)))).astype(np.float64)
    right, own = shares(task, target), np.ones(len(target)) if weight is None else weight
    each = own / own.sum()
    parts = 1 if task.kind == "labels" else task.outputs

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights = flat.reshape(-1, task.outputs)
        found = given @ weights
        if task.kind == "labels":
            said = log_softmax(found, axis=1)
            missed, slope = -(right * said).sum(axis=1), np.exp(said) - right
        else:
            said = right * log_expit(found) + (1.0 - right) * log_expit(-found)
            missed, slope = -said.mean(axis=1), (expit(found) - right) / parts
        held = PENALTY / len(target) * weights
        held[-1] = 0.0
        return float(each @ missed + 0.5 * (held * weights).sum()), (given.T @ (each[:, None] * slope) + held).ravel()

    best = minimize(loss, np.zeros(given.shape[1] * task.outputs), jac=True, method="L-BFGS-B")
    weights = best.x.reshape(-1, task.outputs).astype(np.float32)
    return Line(centre, spread, weights[:-1], weights[-1])


def _scaled(
    features: NDArray[np.float32], centre: NDArray[np.float32], spread: NDArray[np.float32]
) -> NDArray[np.float32]:
    return np.asarray(((features - centre) / spread).clip(-FURTHEST, FURTHEST), dtype=np.float32)

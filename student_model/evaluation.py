"""How good a tracer's odds are: always the same metrics, on the same slices, beside the same baselines.

Every response is predicted from those before it by the same learner, then revealed: one row a response,
whatever the number of its concepts.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge_graph.types import ItemId
from knowledge_graph.vocabulary import BoolArray, FloatArray
from student_model.curves import BINS, Curve, concept_errors, learning, reliability
from student_model.log import Log
from student_model.tracing import ALONE, Context, Tracer, load

BASELINES = ("mean", "bkt", "elo", "logistic")
FIRST = 5


@dataclass(frozen=True, slots=True)
class Scores:
    """Metrics of some rows; what is not defined for them is `None` (no rows; AUC of one class only)."""

    rows: int
    auc: float | None
    log_loss: float | None
    brier: float | None
    ece: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """What an evaluation found.

    Attributes:
        overall: of all rows.
        slices: of `first_attempts` (a learner's first response to the item), `first_five` (responses of each
            learner) and `unseen_items` (none of whose responses were trained on).
        concept_ece: the median of the calibration errors of concepts with enough rows, `None` if there are none.
        reliability, learning: the points of the two plots, see `student_model.curves`.
        fit_seconds: wall time, `None` for a tracer that came fitted. The first fit of a model on a machine
            includes its compilation.
        peak_memory_mb: the most memory the process has had up to now, in MiB; `None` where it is not known.
        baselines: the reports of other models, by name.
    """

    model: str
    overall: Scores
    slices: Mapping[str, Scores]
    concept_ece: float | None
    reliability: Curve
    learning: Curve
    fit_seconds: float | None
    predict_seconds: float
    peak_memory_mb: float | None
    baselines: Mapping[str, Report] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The report as plain values, each metric of all rows at the top level."""
        plain = {
            "model": self.model,
            **asdict(self.overall),
            **{name: asdict(scores) for name, scores in self.slices.items()},
            "concept_ece": self.concept_ece,
            "reliability": asdict(self.reliability),
            "learning": asdict(self.learning),
            "fit_seconds": self.fit_seconds,
            "predict_seconds": self.predict_seconds,
            "peak_memory_mb": self.peak_memory_mb,
        }
        if self.baselines:
            plain["baselines"] = {name: report.to_json() for name, report in self.baselines.items()}
        return plain


def evaluate(
    model: str | Tracer,
    train: Log,
    test: Log,
    seed: int = 0,
    context: Context = ALONE,
) -> Report:
    """Judge a model by name, fitted to `train`, or a tracer already fitted; and the baselines beside it.

    `context` is what every fit may use; its `tell` hears of each step. Raises ValueError if no model has this name.
    """

    def fitted(name: str) -> Report:
        context.tell(f"fitting {name}")
        begin = time.perf_counter()
        tracer = load(name).fit(train, seed, context)
        seconds = time.perf_counter() - begin
        context.tell(f"predicting with {name}")
        return judge(tracer, train, test, seconds)

    baselines = {name: fitted(name) for name in BASELINES}
    if not isinstance(model, str):
        context.tell(f"predicting with {model.name}")
        report = judge(model, train, test)
    else:
        report = baselines[model] if model in baselines else fitted(model)
    return replace(report, baselines=baselines)


def judge(tracer: Tracer, train: Log, test: Log, fit_seconds: float | None = None) -> Report:
    """The report of a fitted tracer, without baselines; `train` only tells which items are known."""
    begin = time.perf_counter()
    odds = tracer.bind(test.vocabulary).predict_log(test)
    return report_of(tracer.name, odds, train, test, fit_seconds, time.perf_counter() - begin)


def report_of(
    name: str, odds: FloatArray, train: Log, test: Log, fit_seconds: float | None, predict_seconds: float
) -> Report:
    """The report of odds for the rows of `test`, shape (N,)."""
    known = {train.vocabulary.items[i] for i in np.unique(train.item)}
    errors = concept_errors(test, odds)
    return Report(
        model=name,
        overall=scores(odds, test.outcome),
        slices={part: scores(odds[rows], test.outcome[rows]) for part, rows in slices(test, known).items()},
        concept_ece=float(np.median(errors)) if len(errors) else None,
        reliability=reliability(odds, test.outcome),
        learning=learning(test, odds),
        fit_seconds=fit_seconds,
        predict_seconds=predict_seconds,
        peak_memory_mb=peak_memory_mb(),
    )


def slices(test: Log, known: Collection[ItemId]) -> dict[str, BoolArray]:
    """Which rows of a log belong to each slice, shape (N,) each."""
    pair = test.learner.astype(np.int64) * len(test.vocabulary.items) + test.item
    first = np.zeros(len(test), dtype=np.bool_)
    first[np.unique(pair, return_index=True)[1]] = True
    seen = np.array([item in known for item in test.vocabulary.items], dtype=np.bool_)
    return {
        "first_attempts": first,
        "first_five": test.position_in_learner < FIRST,
        "unseen_items": ~seen[test.item],
    }


def scores(odds: FloatArray, outcome: FloatArray) -> Scores:
    """All metrics of odds against outcomes in [0, 1], both of shape (N,)."""
    if not len(odds):
        return Scores(0, None, None, None, None)
    return Scores(
        rows=len(odds),
        auc=auc(odds, outcome),
        log_loss=log_loss(odds, outcome),
        brier=float(np.mean((odds - outcome) ** 2)),
        ece=expected_calibration_error(odds, outcome),
    )


def auc(odds: FloatArray, outcome: FloatArray) -> float | None:
    """The probability that a right answer had higher odds than a wrong one, ties counting half.

    Mann & Whitney (1947). A part mark counts as right from one half on. `None` if all are right or all wrong.

    >>> auc(np.array([0.2, 0.4, 0.4, 0.9]), np.array([0.0, 0.0, 1.0, 1.0]))
    0.875
    """
    right = outcome >= 0.5
    positive = int(right.sum())
    negative = len(right) - positive
    if not positive or not negative:
        return None
    surplus = _ranks(odds)[right].sum() - positive * (positive + 1) / 2.0
    return float(surplus / (positive * negative))


def _ranks(values: FloatArray) -> FloatArray:
    """Ranks from 1, tied values sharing the mean of theirs."""
    _, position, count = np.unique(values, return_inverse=True, return_counts=True)
    last: NDArray[np.float64] = np.cumsum(count).astype(np.float64)
    return (last - (count - 1) / 2.0)[position]


def log_loss(odds: FloatArray, outcome: FloatArray, weight: FloatArray | None = None) -> float:
    """Mean cross-entropy, in nats; of rows that count as much as `weight` says, shape (N,), alike if all are 0.

    >>> round(log_loss(np.array([0.5, 0.5]), np.array([1.0, 0.0]), np.zeros(2)), 3)
    0.693
    """
    safe = np.clip(odds, 1e-15, 1.0 - 1e-15)
    told = outcome * np.log(safe) + (1.0 - outcome) * np.log1p(-safe)
    return float(-np.average(told, weights=weight if weight is not None and weight.any() else None))


def expected_calibration_error(odds: FloatArray, outcome: FloatArray) -> float:
    """How far odds and shares of right answers are apart: a mean over `BINS` equal ranges, weighted by rows.

    Guo et al., "On calibration of modern neural networks" (ICML 2017), eq. 3.
    """
    place = np.minimum((odds * BINS).astype(np.int64), BINS - 1)
    gap = np.bincount(place, weights=odds - outcome, minlength=BINS)
    return float(np.abs(gap).sum() / len(odds))


def calibration_error_by_chance(odds: FloatArray, draws: int = 400, seed: int = 0) -> tuple[float, float]:
    """The calibration error of so many rows if the odds, shape (N,), were exactly right: its mean over seeded draws of
    outcomes, and what it stays under in 19 of 20. An error below the second says nothing against the odds.

    Consistency resampling: Bröcker & Smith, "Increasing the reliability of reliability diagrams" (Weather and
    Forecasting 22, 2007), for the error of `expected_calibration_error`.

    >>> mean, most = calibration_error_by_chance(np.full(100, 0.5))
    >>> round(mean, 2), round(most, 2)
    (0.04, 0.1)
    """
    rng = np.random.default_rng(seed)
    found = [expected_calibration_error(odds, (rng.random(len(odds)) < odds).astype(float)) for _ in range(draws)]
    return float(np.mean(found)), float(np.quantile(found, 0.95))


def peak_memory_mb() -> float | None:
    """The most memory this process has had resident, in MiB."""
    try:
        import resource
    except ImportError:  # Windows has no such count
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10

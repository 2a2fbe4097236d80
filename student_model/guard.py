"""No model is registered that Elo or Best-LR beats: fitted to nine learners in ten, all are judged on the tenth."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from knowledge_graph.vocabulary import FloatArray
from student_model.evaluation import Report, Scores, report_of
from student_model.log import Log
from student_model.tracing import ALONE, Context, Tracer, load

GUARDS = ("elo", "logistic")
"""Elo and Best-LR, the cheaper first: a model that loses to one of them is not worth its place."""

HELD, FEWEST = 10, 50
"""One learner in so many is held back; with fewer learners there is nothing to be told by that."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a model did on learners it was not fitted to, beside the guards.

    Attributes:
        learners, rows: how many were held back.
        scores: of the model and each guard, by name.
        losses: one sentence for each guard that does better than chance would explain.
    """

    learners: int
    rows: int
    scores: Mapping[str, Scores]
    losses: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """A verdict with what it rests on: the reports of model and guards by name, and the model as it was judged."""

    verdict: Verdict
    reports: Mapping[str, Report]
    tracer: Tracer


def tried(name: str, log: Log, seed: int, context: Context = ALONE) -> Trial | None:
    """A model and its guards on held-back learners, all of whom answered; `None` if there are too few learners."""
    learners = len(log.learners)
    if learners < FEWEST:
        return None
    held = np.random.default_rng(seed).permutation(learners) < learners // HELD
    train, test = log.only_learners(~held), log.only_learners(held)
    plain = replace(context, curves=None, checkpoint=None)
    tracers, odds, reports = {}, {}, {}
    for one in (name, *guards_of(name)):
        context.tell(f"fitting {one} to nine learners in ten")
        begin = time.perf_counter()
        tracers[one] = load(one).fit(train, seed, context if one == name else plain)
        fitted = time.perf_counter()
        odds[one] = tracers[one].predict_log(test)
        reports[one] = report_of(one, odds[one], train, test, fitted - begin, time.perf_counter() - fitted)
    losses = tuple(filter(None, (lost(test, name, odds[name], one, odds[one]) for one in guards_of(name))))
    found = {one: report.overall for one, report in reports.items()}
    return Trial(Verdict(len(test.learners), len(test), found, losses), reports, tracers[name])


def guards_of(name: str) -> tuple[str, ...]:
    """The guards but the model itself.

    >>> guards_of("wayline"), guards_of("logistic"), guards_of("elo")
    (('elo', 'logistic'), ('elo',), ('logistic',))
    """
    return tuple(one for one in GUARDS if one != name)


def warnings(report: Report) -> list[str]:
    """What speaks against using a model: each guard among its baselines that has the greater AUC."""
    mine, found = report.overall.auc, []
    for name in guards_of(report.model):
        other = report.baselines.get(name)
        theirs = other.overall.auc if other else None
        if mine is not None and theirs is not None and mine < theirs:
            found.append(
                f"{report.model} loses to {name}: AUC {mine:.4f} against {theirs:.4f}; use {name}, or find out why"
            )
    return found


def lost(log: Log, name: str, odds: FloatArray, guard: str, guards: FloatArray) -> str | None:
    """A sentence if the guard's log loss is less by more than one standard error, paired over learners.

    `odds` and `guards` are of shape (N,), both of the rows of `log`.
    """
    worse = _cross_entropy(odds, log.outcome) - _cross_entropy(guards, log.outcome)
    if not len(log):
        return None
    by_learner = np.bincount(log.learner, worse, len(log.learners))
    mean = float(worse.mean())
    error = float(by_learner.std() * np.sqrt(len(by_learner))) / len(log)
    if mean <= error:
        return None
    mine, theirs = (float(_cross_entropy(one, log.outcome).mean()) for one in (odds, guards))
    return (
        f"{name} loses to {guard}: log loss {mine:.4f} against {theirs:.4f} on {len(log.learners):,} learners held "
        f"back (worse by {mean:.4f}, standard error {error:.4f})"
    )


def _cross_entropy(odds: FloatArray, outcome: FloatArray) -> FloatArray:
    safe = np.clip(odds, 1e-15, 1.0 - 1e-15)
    return -(outcome * np.log(safe) + (1.0 - outcome) * np.log1p(-safe))

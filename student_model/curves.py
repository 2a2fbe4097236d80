"""What plots show of a tracer: reliability, and how odds and outcomes go with practice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from knowledge_graph.vocabulary import FloatArray, IntArray
from student_model.log import Log

BINS = 15
"""Equal ranges of odds."""

LONGEST = 20
"""Practices of a concept up to which a learning curve goes."""

ENOUGH = 500
"""Rows of a concept from which its own calibration is told."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of which each stands for some rows, with the means of their odds and of their outcomes."""

    at: tuple[float, ...]
    rows: tuple[int, ...]
    odds: tuple[float, ...]
    outcome: tuple[float, ...]


def reliability(odds: FloatArray, outcome: FloatArray) -> Curve:
    """Points at the middles of those of `BINS` ranges of odds that have rows; both arrays of shape (N,).

    >>> reliability(np.array([0.5, 0.52, 0.9]), np.array([0.0, 1.0, 1.0])).rows
    (2, 1)
    """
    place = np.minimum((odds * BINS).astype(np.int32), BINS - 1)
    return _points(place, np.linspace(0.5 / BINS, 1.0 - 0.5 / BINS, BINS), odds, outcome)


def learning(log: Log, odds: FloatArray) -> Curve:
    """Points at the n-th practice of a concept, from 1 on; an item of several concepts counts for each.

    The empirical learning curve (Martin et al., "Evaluating and improving adaptive educational systems with learning
    curves", UMUAI 2011). `odds` of shape (N,).
    """
    row, nth = practice(log)
    short = nth < LONGEST
    return _points(nth[short], np.linspace(1.0, LONGEST, LONGEST), odds[row[short]], log.outcome[row[short]])


def practice(log: Log) -> tuple[IntArray, IntArray]:
    """Each pair of a row and one of its item's concepts: the row, and how often the learner met the concept before."""
    row, concept = log.vocabulary.tagged(log.item)
    pair = log.learner[row].astype(np.int64) * len(log.vocabulary.concepts) + concept
    order = np.argsort(pair, kind="stable")
    fresh = np.diff(pair[order], prepend=-1) != 0
    begin = np.maximum.accumulate(np.where(fresh, np.arange(len(pair)), 0))
    nth = np.empty(len(pair), dtype=np.int32)
    nth[order] = np.arange(len(pair)) - begin
    return row, nth


def concept_errors(log: Log, odds: FloatArray) -> FloatArray:
    """The expected calibration error of each concept with `ENOUGH` rows or more, in no order."""
    row, concept = log.vocabulary.tagged(log.item)
    concepts = len(log.vocabulary.concepts)
    place = concept.astype(np.int64) * BINS + np.minimum((odds[row] * BINS).astype(np.int64), BINS - 1)
    gap = np.abs(np.bincount(place, odds[row] - log.outcome[row], concepts * BINS)).reshape(-1, BINS).sum(axis=1)
    rows = np.bincount(concept, minlength=concepts)
    return np.asarray(gap[rows >= ENOUGH] / rows[rows >= ENOUGH])


def _points(place: IntArray, at: FloatArray, odds: FloatArray, outcome: FloatArray) -> Curve:
    rows = np.bincount(place, minlength=len(at))
    there = rows > 0
    mean_odds, mean_outcome = (np.bincount(place, values, len(at))[there] / rows[there] for values in (odds, outcome))
    return Curve(
        tuple(at[there].tolist()),
        tuple(rows[there].tolist()),
        tuple(mean_odds.tolist()),
        tuple(mean_outcome.tolist()),
    )

"""How good a grader is on answers that it was not fitted to, beside what costs nothing."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from student_model.encoder.answers import GradedAnswer, Task, places
from student_model.encoder.grader import Served
from student_model.encoder.outcomes import Floats, Outcomes, as_scores, f1, figures
from student_model.evaluation import calibration_error_by_chance
from student_model.judging.wording import closeness


class OtherGrades(ValueError):
    """The answers are graded in what the grader does not know; the text says what came and what to do."""


def evaluate(
    grader: Served,
    answers: Sequence[GradedAnswer],
    renamed: Mapping[str, str] | None = None,
    done: Callable[[float], None] = lambda share: None,
    precedents: bool = True,
) -> dict[str, Any]:
    """The figures of a grader on graded answers: of labels, or of scores where that is what they have.

    A grader of labels is measured on scores too: by the share of full marks that its labels stand for. Beside the
    calibration error stands what it would be by chance, see `calibration_error_by_chance`.

    Args:
        renamed: labels of the answers by what the grader calls them. precedents: whether graded answers to the same
            questions correct it, as in service.

    Raises:
        OtherGrades: the answers have labels that the grader does not give. NoTask: they have no grades.
    """
    task, told = grader.task, [_named(one, renamed or {}) for one in answers]
    scores = all(one.score is not None for one in told) and not all(one.label in task.labels for one in told)
    by_label = scores and task.kind == "labels"
    if scores:
        task = Task("regression", max_score=max(one.max_score or 1.0 for one in told))
        target = np.array([one.score for one in told], dtype=np.float64)
    else:
        _require(told, task)
        target = places(told, task).astype(np.float64)
    known = grader.known(told)
    begin = time.perf_counter()
    said = grader.outcomes(told, done, precedents)
    seconds = time.perf_counter() - begin
    said = as_scores(grader.task, said) if by_label else said
    found = {
        "rows": len(told),
        "questions": len({one.group for one in told}),
        "known": None if known is None else int(known.sum()),
        **figures(task, said, target),
        **dict(zip(("ece_by_chance", "ece_by_chance_95"), calibration_error_by_chance(said.confidence), strict=True)),
        "labels": _by_label(task, said, target) if task.kind == "labels" else {},
        "seconds": seconds,
        "milliseconds_an_answer": 1000.0 * seconds / max(len(told), 1),
        "grader": grader.version,
    }
    return {**found, "baselines": _baselines(task, told, target)}


def _named(one: GradedAnswer, renamed: Mapping[str, str]) -> GradedAnswer:
    return one if one.label is None else replace(one, label=renamed.get(one.label, one.label))


def _require(answers: Sequence[GradedAnswer], task: Task) -> None:
    kind = "label" if task.kind == "labels" else "score"
    wants = "scores" if kind == "score" else ", ".join(task.labels)
    bare = [one for one in answers if getattr(one, kind) is None]
    asked = bare if kind == "score" else answers
    strange = Counter(one.label for one in asked if one.label is not None and one.label not in task.labels)
    if strange and kind == "score":
        raise OtherGrades(f"the grader gives {wants}; the answers have the labels {_list(strange)} and no scores")
    if strange:
        raise OtherGrades(
            f"the grader gives {wants}; the answers have {_list(strange)}: "
            f"name them anew with --rename {next(iter(strange))}={task.labels[-1]}, or fit a grader to such labels"
        )
    if bare:
        many = f"{len(bare)} of {len(answers)} answers have no {kind}"
        raise OtherGrades(f"the grader gives {wants}; {many}: give them one, or leave them out")


def _list(labels: Mapping[str, int]) -> str:
    return ", ".join(f"{label} ({count})" for label, count in labels.items())


def _by_label(task: Task, said: Outcomes, target: Floats) -> dict[str, dict[str, float]]:
    """Precision, recall and F1 of each label, and how many there are."""
    true = target.astype(int)
    found = {}
    for place, label in enumerate(task.labels):
        hits = float(((said.place == place) & (true == place)).sum())
        called, there = float((said.place == place).sum()), float((true == place).sum())
        precision, recall = hits / max(called, 1.0), hits / max(there, 1.0)
        score = 2.0 * precision * recall / max(precision + recall, 1e-12)
        found[label] = {"precision": precision, "recall": recall, "f1": score, "rows": there}
    return found


def _baselines(task: Task, answers: Sequence[GradedAnswer], target: Floats) -> dict[str, dict[str, float]]:
    """The most frequent label, or the mean score, and the closeness of wording."""
    close = np.array([closeness(one.answer, one.reference_answers, one.question) for one in answers])
    if task.kind != "labels":
        true = target if task.kind == "regression" else np.array(task.worth)[target.astype(int)]
        apart = float(np.sqrt(np.mean((close - true) ** 2)) * task.max_score)
        level = float(np.std(true) * task.max_score)
        together = float(np.corrcoef(close, true)[0, 1]) if close.std() and true.std() else 0.0
        return {"mean score": {"rmse": level, "pearson": 0.0}, "wording": {"rmse": apart, "pearson": together}}
    label = target.astype(np.int64)
    most = np.full(len(label), np.bincount(label, minlength=len(task.labels)).argmax(), dtype=np.int64)
    best = int(np.argmax(task.worth))
    others = np.where(np.arange(len(task.labels)) == best, -1, np.bincount(label, minlength=len(task.labels)))
    worded = np.where(close >= 0.5, best, others.argmax()).astype(np.int64)
    found = {}
    for name, guess in (("most frequent label", most), ("wording", worded)):
        macro, weighted = f1(label, guess, len(task.labels))
        found[name] = {"accuracy": float((guess == label).mean()), "macro_f1": macro, "weighted_f1": weighted}
    return found

"""Training recurrent networks on a log: each member is judged on learners of its own that it does not train on."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from knowledge_graph.vocabulary import BoolArray, FloatArray, IntArray
from student_model.evaluation import auc, expected_calibration_error, log_loss
from student_model.log import Log
from student_model.tracing import Context
from student_model.tracing._practice import logistic_of
from student_model.tracing._recurrent_net import Net, Rows, Shape, batches
from student_model.tracing._sequences import Floats, sequences
from student_model.tracing._traces import of_rows
from student_model.training import Course, Plan, Watch, one_thread, train

SPAN, JUDGED = 200, 128
"""Responses through which gradients flow back (states flow on); learners who are judged at once."""

WORK, LEAST, MOST = 2_000_000, 4, 10
"""Rows to be seen in all epochs together, within these bounds on epochs."""

HELD = 10
"""One learner in so many judges a member."""

FEWEST = 20
"""With fewer learners there is nobody to judge a network, and none is trained."""


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What members are trained on: a log, and of each row (N,) the difficulty and the logit that scores add to.

    `kind` is the network that members are.
    """

    log: Log
    features: Floats
    difficulty: FloatArray
    base: FloatArray
    own_items: bool
    shape: Shape
    kind: type[Net] = Net


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A member, and its scores (N,) of the learners who judged it (N,)."""

    net: Net
    judges: BoolArray
    scores: FloatArray
    course: Course


def members(
    lesson: Lesson,
    count: int,
    seed: int,
    context: Context,
    name: str,
    helps: Callable[[Trained], bool] = lambda one: True,
) -> list[Trained]:
    """So many members, fewer if interrupted, or if the first one does not help; none of too few learners."""
    there = np.flatnonzero(np.diff(lesson.log.offsets))
    if len(there) < FEWEST:
        return []
    part = np.full(len(lesson.log.learners), -1)
    part[there] = np.random.default_rng(seed).permutation(len(there)) % HELD
    rows, made = _Given.of(lesson), []
    for m in range(count):
        own = replace(context, done=partial(_share, context, m, count))
        with one_thread():
            made.append(_member(lesson, rows, part == m, seed + m, own, f"{name} {m + 1} of {count}"))
        if made[-1].course.interrupted:
            context.interrupted()
            break
        if not helps(made[0]):
            break
    return made


@dataclass(frozen=True, slots=True, eq=False)
class _Given:
    """What all members read: where learners' rows begin, and the rows on the device they are trained on."""

    offsets: IntArray
    rows: Rows
    device: torch.device

    @classmethod
    def of(cls, lesson: Lesson) -> _Given:
        log, device = lesson.log, torch.device("cuda" if torch.cuda.is_available() else "cpu")
        given = sequences(log, logistic_of(lesson.base), log.vocabulary)
        traces = of_rows(given, log.vocabulary, lesson.features) if lesson.shape.traces else None
        rows = Rows.of(given, lesson.difficulty, lesson.base, log.outcome, log.weights, traces)
        return cls(given.offsets, rows.to(device), device)


def _member(lesson: Lesson, given: _Given, held: BoolArray, seed: int, context: Context, name: str) -> Trained:
    log, rows, device = lesson.log, given.rows, given.device
    torch.manual_seed(seed)
    net = lesson.kind(log.vocabulary, lesson.features, lesson.shape, lesson.own_items).to(device)
    judged = held[log.learner]
    alone, taught, judges = log.rows(judged), *(np.flatnonzero(one).astype(np.int32) for one in (~held, held))

    def losses(epoch: int) -> Iterator[Tensor]:
        for at, there in batches(given.offsets, taught, lesson.shape.batch, seed * 1_000 + epoch):
            h = net.begin(len(at))
            for k in range(0, at.shape[1], SPAN):
                loss, h = net.loss(rows, at[:, k : k + SPAN].to(device), there[:, k : k + SPAN].to(device), h.detach())
                yield loss

    def judge() -> Mapping[str, float]:
        odds = logistic_of(_logits(net, rows, given.offsets, judges, device)[judged])
        loss = log_loss(odds, alone.outcome, alone.weights)
        area, ece = auc(odds, alone.outcome), expected_calibration_error(odds, alone.outcome)
        return {"loss on others": loss, "AUC": math.nan if area is None else area, "ECE": ece}

    folder = None if context.checkpoint is None else context.checkpoint / name.replace(" ", "-")
    epochs = int(np.clip(round(WORK / max(len(log), 1)), LEAST, MOST))
    plan = Plan(epochs, accumulate=context.accumulate, seed=seed)
    key = _key(log, plan, lesson, seed)
    course = train(net, losses, judge, plan, Watch(name, context.tell, context.curves, folder, key, context.done))
    logits = _logits(net, rows, given.offsets, judges, device)
    return Trained(net, judged, np.where(judged, logits - lesson.base, 0.0), course)


def _share(context: Context, member: int, count: int, share: float) -> None:
    context.done((member + share) / count)


def _key(log: Log, plan: Plan, lesson: Lesson, seed: int) -> str:
    """What a training depends on, but for what is worked out from it."""
    digest = hashlib.sha256(repr((plan, lesson.shape, lesson.kind.__name__, seed, lesson.features.shape)).encode())
    for column in (log.offsets, log.item, log.outcome, log.seconds, log.weights, log.elapsed_seconds):
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()


@torch.no_grad()
def _logits(net: Net, rows: Rows, offsets: IntArray, learners: IntArray, device: torch.device) -> FloatArray:
    """Of the rows of these learners; 0 elsewhere, shape (N,)."""
    net.eval()
    result = np.zeros(len(rows.item))
    for at, there in batches(offsets, learners, JUDGED, None):
        h = net.begin(len(at))
        for k in range(0, at.shape[1], SPAN):
            span, known = at[:, k : k + SPAN], there[:, k : k + SPAN]
            logits, h = net(rows, span.to(device), h)
            result[span[known].numpy()] = logits.cpu().numpy()[known.numpy()]
    return result

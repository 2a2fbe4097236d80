"""Two hundred made-up learners that every new version of a model must get through before it serves anybody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from knowledge_graph.types import ItemId
from knowledge_graph.vocabulary import BoolArray, FloatArray
from student_model.replay import to_log
from student_model.tracing import Beliefs, Tracer
from student_model.types import LearnerId, Response, ResponseId

LEARNERS, ROWS = 200, 12
START, STEP = datetime(2026, 1, 5, 8, tzinfo=UTC), timedelta(minutes=7)

AGREE = 1e-5
"""How far odds given step by step may be from those of the whole log at once."""


def faults(tracer: Tracer) -> tuple[str, ...]:
    """What is wrong with a tracer, one sentence each; nothing if it may serve.

    Learners answer random items of its vocabulary, the first half all right, the second half all wrong. Odds and
    beliefs must be numbers in their range, the same step by step as for the whole log, and higher for the first half.
    """
    items = tracer.vocabulary.items
    if not items:
        return ()
    rng = np.random.default_rng(0)
    chosen = rng.integers(len(items), size=(LEARNERS, ROWS))
    right = np.arange(LEARNERS) < LEARNERS // 2
    lives = [_life(n, [items[i] for i in own], bool(right[n])) for n, own in enumerate(chosen.tolist())]
    sound, means, steps = True, np.zeros(LEARNERS), np.zeros((LEARNERS, ROWS))
    for n, life in enumerate(lives):
        state = tracer.initial()
        for k, response in enumerate(life):
            steps[n, k] = tracer.predict(state, None, response.at)[chosen[n, k]]
            state = tracer.update(state, response)
        odds, (low, high) = tracer.predict(state, None, None), tracer.predict_interval(state, None, None)
        sound = sound and _inside(odds, low, high) and _believed(tracer.beliefs(state, None))
        means[n] = odds.mean()
    log = to_log([one for life in lives for one in life], tracer.vocabulary)
    return _told(sound, means, right, steps.ravel(), tracer.predict_log(log))


def _told(sound: bool, means: FloatArray, right: BoolArray, steps: FloatArray, whole: FloatArray) -> tuple[str, ...]:
    found = [] if sound else ["odds, intervals or beliefs are not in their range"]
    gap = float(np.abs(steps - whole).max())
    if not gap <= AGREE:
        found.append(f"odds step by step and for a whole log differ by up to {gap:.2g}")
    high, low = float(means[right].mean()), float(means[~right].mean())
    if not high > low:
        found.append(f"who answers all right is given odds of {high:.3f}, who answers all wrong {low:.3f}")
    return tuple(found)


def _life(number: int, items: list[ItemId], right: bool) -> list[Response]:
    return [
        Response(
            response_id=ResponseId(f"{number:03} {k:02}"),
            learner_id=LearnerId(f"golden {number:03}"),
            item_id=item,
            at=START + k * STEP,
            correct=right,
        )
        for k, item in enumerate(items)
    ]


def _inside(odds: FloatArray, low: FloatArray, high: FloatArray) -> bool:
    return bool(((odds > 0.0) & (odds < 1.0) & (low <= odds) & (odds <= high)).all())


def _believed(beliefs: Beliefs) -> bool:
    numbers = np.stack((beliefs.probability, beliefs.low, beliefs.high, beliefs.peak))
    return bool(((numbers >= 0.0) & (numbers <= 1.0)).all()) and bool((beliefs.low <= beliefs.high).all())

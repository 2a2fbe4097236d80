"""The fit of item response theory: the slope of its posterior is nought, priors by hand, planted slopes found."""

from __future__ import annotations

import math

import numpy as np
import pytest

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import FloatArray, Vocabulary
from student_model.log import Log
from student_model.tracing._irt_fit import fitted
from student_model.tracing.irt import Irt, fit
from student_model.types import LearnerId

A, B = ConceptId("a"), ConceptId("b")
WORDS = Vocabulary.build(
    [A, B],
    {ItemId(f"a{n}"): [A] for n in range(4)}
    | {ItemId(f"b{n}"): [B] for n in range(3)}
    | {ItemId("both"): [A, B], ItemId("bare"): [], ItemId("new"): [B], ItemId("lost"): []},
)
EASE = np.array([1.0, 1.5, 0.5, 2.0, -1.0, -0.5, -1.5, 0.0, 0.5])
ABILITIES = np.linspace(-4.0, 4.0, 41)
"""The grid of abilities; their odds are those of a standard Gaussian."""


def drawn(slope: FloatArray | float, learners: int = 500, graded: bool = True) -> Log:
    """Learners who answer all items but the last two; of what is `graded` some counts by half or is half right."""
    rng = np.random.default_rng(0)
    logit = slope * rng.normal(size=(learners, 1)) + EASE
    outcome = (rng.random(logit.shape) < 1 / (1 + np.exp(-logit))).astype(float)
    outcome[::10] = 0.25 + 0.5 * outcome[::10] if graded else outcome[::10]
    weight = np.where(graded & (rng.random(outcome.shape) < 0.2), 0.5, 1.0)
    names = [LearnerId(f"l{n}") for n in range(learners) for _ in EASE]
    item = np.tile(np.arange(len(EASE), dtype=np.int32), learners)
    return Log.from_unordered(WORDS, names, item, outcome.ravel(), weight=weight.ravel())


def likelihood(log: Log, ease: FloatArray, log_slope: FloatArray) -> float:
    """Logarithm of that of all responses, abilities averaged out over the grid."""
    logit = np.exp(log_slope)[log.item][:, None] * ABILITIES + ease[log.item][:, None]
    odds, outcome, weight = 1 / (1 + np.exp(-logit)), log.outcome[:, None], log.weights[:, None]
    each = weight * (outcome * np.log(odds) + (1 - outcome) * np.log(1 - odds))
    mass = np.exp(-ABILITIES * ABILITIES / 2) / np.exp(-ABILITIES * ABILITIES / 2).sum()
    whole = np.add.reduceat(each, log.offsets[:-1], axis=0)
    return float(np.log(np.exp(whole) @ mass).sum())


def test_at_the_fit_no_item_would_move_any_further() -> None:
    log = drawn(1.0)
    model = fit(log)
    expected = WORDS.mean_over_concepts(model.level, model.base)
    usual, start = math.log(model.usual_slope), np.stack([model.ease, np.log(model.slope)])

    def posterior(at: FloatArray) -> float:
        apart = 1.5 * ((at[0] - expected) ** 2).sum() + 8.0 * ((at[1] - usual) ** 2).sum()
        return likelihood(log, at[0], at[1]) - 0.5 * float(apart)

    best = posterior(start)
    for which in (0, 1):
        for i in range(len(WORDS.items)):
            step = np.zeros_like(start)
            step[which, i] = 0.02
            up, down = posterior(start + step), posterior(start - step)
            to_the_top = 0.02 * (up - down) / 2 / (2 * best - up - down)  # of the parabola through the three
            assert abs(to_the_top) < 0.01


def test_what_is_usual_worked_out_from_the_items() -> None:
    model = fit(drawn(1.0))
    base = model.ease.sum() / (len(model.ease) + 0.01)
    assert model.base == pytest.approx(base)
    # each concept's items and the one of both, drawn to that of all by a third of an item (.5 / 1.5)
    for c, own in ((0, [0, 1, 2, 3, 7]), (1, [4, 5, 6, 7, 9])):
        assert model.level[c] == pytest.approx(base + (model.ease[own] - base).sum() / (5 + 1 / 3))
    assert model.level[0] > 0.5 > -0.3 > model.level[1]
    assert model.ease[10] == pytest.approx(model.base, abs=0.01), "of an item of no concept nothing else is known"
    assert model.base > 0.1


@pytest.mark.parametrize("steep", [0.5, 2.0])
def test_the_usual_slope_is_that_of_all_items(steep: float) -> None:
    model = fit(drawn(steep, learners=800, graded=False))
    assert model.usual_slope == pytest.approx(steep, rel=0.15)
    assert model.slope[:9] == pytest.approx(np.full(9, steep), rel=0.4)
    assert model.slope[9] == pytest.approx(model.usual_slope, rel=0.01), "of the new item nothing else is known"
    assert model.ease[9] == pytest.approx(model.level[1], abs=0.05)


def test_the_loss_that_is_heard_is_that_of_the_responses() -> None:
    log = drawn(1.0, learners=60)
    heard: list[float] = []
    model = fitted(log, heard.append)
    # before the first round all items have ease 0 and slope 1
    assert heard[0] == pytest.approx(-likelihood(log, np.zeros(11), np.zeros(11)) / len(log))
    assert heard[-1] == pytest.approx(-likelihood(log, model.ease, np.log(model.slope)) / len(log), abs=1e-4)
    assert heard[-1] < heard[0]
    one = Log.from_unordered(WORDS, [LearnerId("l")], np.array([8], dtype=np.int32), np.ones(1))
    first: list[float] = []
    fitted(one, first.append)
    assert first[0] == pytest.approx(math.log(2.0)), "one response at even odds"


def content(model: Irt) -> list[FloatArray]:
    return [model.slope, model.ease, model.level, np.array([model.usual_slope, model.base])]


def test_a_response_in_two_halves_is_one_response() -> None:
    log = drawn(1.0, learners=80)
    twice = np.repeat(np.arange(len(log)), 2)
    names = [log.learners[n] for n in log.learner[twice]]
    halves = Log.from_unordered(WORDS, names, log.item[twice], log.outcome[twice], weight=log.weights[twice] / 2)
    for mine, theirs in zip(content(fit(halves)), content(fit(log)), strict=True):
        assert mine == pytest.approx(theirs, abs=1e-6)


def test_responses_without_weight_leave_items_that_are_all_alike() -> None:
    log = drawn(1.0, learners=20)
    nothing = Log(WORDS, log.learners, log.learner, log.item, log.outcome, log.seconds, np.zeros(len(log)))
    for mine, blank in zip(content(fit(nothing)), content(fit(nothing.rows(slice(0, 0)))), strict=True):
        assert mine == pytest.approx(blank, abs=1e-12)


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_one_sided_logs_give_finite_items(outcome: float) -> None:
    log = drawn(1.0, learners=40)
    sided = Log(WORDS, log.learners, log.learner, log.item, np.full(len(log), outcome), log.seconds)
    model = fit(sided)
    assert all(np.isfinite(one).all() and np.abs(one).max() < 20.0 for one in content(model))
    assert ((model.predict(model.initial(), None, None)[:9] > 0.5) == bool(outcome)).all()

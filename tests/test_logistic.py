"""The regressions on counts: logits worked out by hand, counts taken one by one, and planted truth found again."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from courses import NOON, answer
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import FloatArray, Vocabulary
from student_model.log import Log
from student_model.tracing import load
from student_model.tracing._counts import Counts, tabulated
from student_model.tracing._logistic_fit import Problem, mode
from student_model.tracing.logistic import CONCEPT, WHOLE, Logistic, fit
from student_model.types import LearnerId

A, B = ConceptId("a"), ConceptId("b")
WORDS = Vocabulary.build([A, B], {ItemId("a"): [A], ItemId("both"): [A, B], ItemId("bare"): []})
LN2 = math.log(2.0)


def logistic() -> Logistic:
    return Logistic(
        WORDS,
        ease=np.array([0.2, -0.1, 0.0]),
        ease_variance=np.full(3, 0.1),
        concept=np.array([[0.1, -0.2], [0.6, 0.5], [0.3, 0.4]]),
        shared=np.array([0.0, 0.6, 0.3]),
        whole=np.array([0.3, 0.2, 0.1, 0.05]),
        bias=0.05,
        lately=np.empty(0),
    )


def logits(tracer: Logistic, state: Counts, days: float | None = None) -> FloatArray:
    odds = tracer.predict(state, None, None if days is None else NOON + timedelta(days=days))
    return np.asarray(np.log(odds / (1.0 - odds)))


def test_three_steps_worked_out_by_hand() -> None:
    tracer = logistic()
    state = tracer.initial()
    # a: .1 + .2 + .05;  both: (.1 - .2) / 2 - .1 + .05;  bare: .05
    assert logits(tracer, state) == pytest.approx([0.35, -0.1, 0.05])
    state = tracer.update(state, answer("a", True))
    # a: (.1 + .6 ln 2) + .2 + (.05 + .3 ln 2) + .1 ln 2 = .35 + ln 2
    # both: ((.1 + .6 ln 2) - .2) / 2 - .1 + (.05 + .3 ln 2) = -.1 + .6 ln 2;  bare: .05 + .3 ln 2
    assert logits(tracer, state) == pytest.approx([0.35 + LN2, -0.1 + 0.6 * LN2, 0.05 + 0.3 * LN2])
    state = tracer.update(state, answer("both", False))
    # both: ((.1 + .3 ln 2) + (-.2 - .4 ln 2)) / 2 - .1 + (.05 + .1 ln 2) - .05 ln 2 = -.1
    assert logits(tracer, state)[1] == pytest.approx(-0.1)
    assert state.items.tolist() == [0, 1]


def test_recent_counts_fade_by_their_half_lives_worked_out_by_hand() -> None:
    plain, tracer = logistic(), replace(logistic(), lately=np.array([0.5]))  # a window of one hour
    first = replace(answer("a", True), at=NOON)
    second = replace(answer("a", False), at=NOON + timedelta(hours=1))
    state, other = (one.update(one.update(one.initial(), first), second) for one in (tracer, plain))
    # Right once an hour ago, which counts .5; an hour later .25.
    for hours, right in ((1, 0.5), (2, 0.25)):
        now = hours / 24
        gained = 0.5 * math.log1p(right)
        assert logits(tracer, state, now) - logits(plain, other, now) == pytest.approx([gained, gained / 2, 0.0])


def test_windows_find_that_practice_of_late_counts_and_are_left_out_without_times() -> None:
    """Learners are right if their last practice was within the hour, else they guess."""
    rng = np.random.default_rng(0)
    rows, learners = 40, 150
    gaps = rng.choice([600.0, 400_000.0], size=(learners, rows))
    right = (rng.random((learners, rows)) < np.where(gaps < 3600.0, 0.9, 0.5)).astype(np.float64)
    names = [LearnerId(f"l{n}") for n in range(learners) for _ in range(rows)]
    item, seconds = np.zeros(learners * rows, np.int32), np.cumsum(gaps, axis=1).ravel()
    timed = fit(Log.from_unordered(WORDS, names, item, right.ravel(), seconds))
    assert timed.lately.shape == (4,) and timed.lately[0] > 0.3
    assert fit(Log.from_unordered(WORDS, names, item, right.ravel())).lately.shape == (0,)


def test_a_belief_is_the_odds_at_an_item_of_ease_nought() -> None:
    tracer = logistic()
    state = tracer.update(tracer.initial(), answer("a", True))
    belief = tracer.beliefs(state, None).of(0)
    assert belief.probability == pytest.approx(1 / (1 + math.exp(-(0.15 + 0.9 * LN2))))
    assert (belief.evidence, belief.peak) == (1, belief.probability)


def test_successes_fade_and_failures_stay() -> None:
    tracer = logistic()
    state = tracer.update(tracer.initial(), answer("a", True, day=0.0))
    half = 7 * 2 / (1 + 7 / 365)  # days in which one success loses half
    # a after it: .1 + .6 ln 1.5 + .2 + .05 + .3 ln 2 + .1 ln 2
    assert logits(tracer, state, half)[0] == pytest.approx(0.35 + 0.6 * math.log(1.5) + 0.4 * LN2)
    again = tracer.update(state, answer("a", True, day=half))
    assert again.practice.successes[0] == pytest.approx(1.5)
    failed = tracer.update(tracer.initial(), answer("a", False, day=0.0))
    assert logits(tracer, failed, 999.0) == pytest.approx(logits(tracer, failed))


def test_new_items_have_ease_nought_and_new_concepts_what_all_share() -> None:
    bound = logistic().bind(WORDS.extended({ItemId("n"): [ConceptId("c")]}))
    assert bound.ease.tolist() == [0.2, -0.1, 0.0, 0.0]
    assert bound.concept[:, 2].tolist() == [0.0, 0.6, 0.3]
    low, high = bound.predict_interval(bound.initial(), None, None)
    assert high[3] - low[3] > high[0] - low[0], "less is known of a new item"


def test_without_data_success_speaks_for_a_learner_and_failure_against() -> None:
    empty = Log.from_unordered(WORDS, [], np.zeros(0, np.int32), np.zeros(0))
    tracer = fit(empty)
    assert (tracer.whole.tolist(), tracer.shared.tolist()) == (WHOLE.tolist(), CONCEPT.tolist())
    right, wrong = (tracer.update(tracer.initial(), answer("a", done)) for done in (True, False))
    before = logits(tracer, tracer.initial())
    assert (logits(tracer, right) > before).all()
    assert (logits(tracer, wrong) < before).all()


steps = st.lists(
    st.tuples(st.sampled_from("xy"), st.integers(0, 2), st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([0.5, 1.0])),
    max_size=30,
)


def log_of(rows: list[tuple[str, int, float, float]]) -> Log:
    who, item, outcome, weight = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Log.from_unordered(
        WORDS,
        [LearnerId(one) for one in who],
        np.array(item, dtype=np.int32),
        np.array(outcome, dtype=np.float64),
        weight=np.array(weight, dtype=np.float64),
    )


@settings(deadline=None)
@given(steps)
def test_the_table_counts_what_came_before_each_row(rows: list[tuple[str, int, float, float]]) -> None:
    log = log_of(rows)
    table = tabulated(log, WORDS, 7.0)
    right: Counter[tuple[object, ...]] = Counter()
    wrong: Counter[tuple[object, ...]] = Counter()
    entry = 0
    for n in range(len(log)):
        who, item = int(log.learner[n]), int(log.item[n])
        assert (table.successes[n], table.failures[n]) == (right[who,], wrong[who,])
        assert (table.item_successes[n], table.item_failures[n]) == (right[who, "i", item], wrong[who, "i", item])
        keys: list[tuple[object, ...]] = [(who,), (who, "i", item)]
        for concept in WORDS.concepts_of(item).tolist():
            assert (table.row[entry], table.concept[entry]) == (n, concept)
            key: tuple[object, ...] = (who, "c", concept)
            assert (table.concept_successes[entry], table.concept_failures[entry]) == (right[key], wrong[key])
            keys.append(key)
            entry += 1
        for key in keys:
            right[key] += log.weights[n] * log.outcome[n]
            wrong[key] += log.weights[n] * (1.0 - log.outcome[n])
    assert entry == len(table.row)


@pytest.mark.parametrize("seed", range(5))
def test_newtons_mode_is_where_a_general_optimiser_ends(seed: int) -> None:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(60, 8)) * (rng.random((60, 8)) < 0.5)
    outcome, weight = (rng.random(60) < 0.6).astype(float), rng.uniform(0.2, 1.0, 60)
    centre, pull = rng.normal(size=8), rng.uniform(0.1, 2.0, 8)

    def badness(at: FloatArray) -> float:
        logit = features @ at
        told = weight * (np.logaddexp(0.0, logit) - outcome * logit)
        return float(told.sum() + 0.5 * (pull * (at - centre) ** 2).sum())

    found, information = mode(Problem(csr_matrix(features), centre, pull), outcome, weight)
    assert found == pytest.approx(minimize(badness, centre, method="BFGS", tol=1e-9).x, abs=2e-3)
    assert (information > 0).all()


def planted(seed: int, learners: int = 400, length: int = 60) -> tuple[Log, FloatArray, FloatArray]:
    """Learners who gain by success, more on some concepts than on others; the eases of items and the gains."""
    rng = np.random.default_rng(seed)
    concepts = [ConceptId(f"c{n}") for n in range(4)]
    words = Vocabulary.build(concepts, {ItemId(f"i{n}"): [concepts[n % 4]] for n in range(40)})
    ease, gain = rng.normal(0.0, 0.8, 40), np.array([0.1, 0.5, 0.9, 1.3])
    learner = np.repeat(np.arange(learners), length)
    item, outcome = rng.integers(0, 40, len(learner)).astype(np.int32), np.zeros(len(learner))
    for n, i in enumerate(item):
        if n % length == 0:
            done = np.zeros(4)
        logit = -0.5 + ease[i] + gain[i % 4] * np.log1p(done[i % 4])
        outcome[n] = rng.random() < 1 / (1 + np.exp(-logit))
        done[i % 4] += outcome[n]
    return Log.from_unordered(words, [LearnerId(str(n)) for n in learner], item, outcome), ease, gain


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_planted_eases_and_gains_are_found_again(seed: int) -> None:
    log, ease, gain = planted(seed)
    tracer = fit(log)
    of_item = tracer.ease + tracer.vocabulary.mean_over_concepts(tracer.concept[0])
    assert np.corrcoef(of_item, ease)[0, 1] > 0.97
    # The counts over everything take part of the gain: the order and the differences remain.
    assert np.diff(tracer.concept[1]) == pytest.approx(np.diff(gain), abs=0.2)


def test_it_beats_what_looks_at_less_on_what_was_planted() -> None:
    log, _, _ = planted(7)
    half = np.arange(len(log.learners)) < 200
    train, test = log.only_learners(half), log.only_learners(~half)
    losses = {}
    for name in ("mean", "bkt", "logistic"):
        odds = load(name).fit(train).predict_log(test)
        losses[name] = -np.mean(np.log(np.where(test.outcome > 0.5, odds, 1 - odds)))
    assert losses["logistic"] < min(losses["mean"], losses["bkt"])


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_one_sided_logs_give_finite_values_and_no_success_that_harms(outcome: float) -> None:
    log, _, _ = planted(3, learners=20)
    sided = Log(log.vocabulary, log.learners, log.learner, log.item, np.full(len(log), outcome), log.seconds)
    tracer = fit(sided)
    assert np.isfinite(tracer.concept).all()
    assert (tracer.concept[1] >= 0).all()
    assert tracer.whole[0] >= 0
    assert ((tracer.predict_log(sided) > 0.5) == bool(outcome)).all()

"""From the numbers of a head to grades, by hand and beside scikit-learn; planted overconfidence is found."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit, softmax
from scipy.stats import beta
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score
from sklearn.metrics import log_loss as log_loss_of

from student_model.encoder.answers import Task
from student_model.encoder.outcomes import (
    Outcomes,
    as_scores,
    best_share,
    best_temperature,
    blended,
    error_of,
    f1,
    figures,
    joined,
    least_loss,
    log_loss,
    near_by_error,
    outcomes,
    probabilities,
)

LABELS = Task("labels", ("correct", "partial", "wrong"), (1.0, 0.5, 0.0))
ORDINAL = Task("ordinal", ("0", "1", "2"), (0.0, 0.5, 1.0), 2.0)
LINE = Task("regression", max_score=4.0)


def test_numbers_of_labels_are_the_logarithms_of_their_odds() -> None:
    said = outcomes(LABELS, np.array([[log(2.0), 0.0, 0.0], [0.0, 0.0, log(6.0)]]))
    assert said.probability == pytest.approx(np.array([[0.5, 0.25, 0.25], [0.125, 0.125, 0.75]]))
    assert said.place.tolist() == [0, 2]
    assert said.score == pytest.approx([0.625, 0.1875])
    assert said.confidence == pytest.approx([0.5, 0.75])


def test_numbers_of_levels_are_of_being_above_each_but_the_last() -> None:
    """Above the first by .75 and above the second by .25; where that is the wrong way round, by .25 each."""
    said = outcomes(ORDINAL, np.array([[log(3.0), -log(3.0)], [-log(3.0), log(3.0)]]))
    assert said.probability == pytest.approx(np.array([[0.25, 0.5, 0.25], [0.75, 0.0, 0.25]]))
    assert said.place.tolist() == [1, 0]
    assert said.score == pytest.approx([0.5, 0.25])
    assert said.confidence == pytest.approx([0.5, 0.75])  # no level is within .15 of .25: that of the first


def test_the_confidence_of_levels_is_how_often_they_are_right_in_figures() -> None:
    """Of two levels that of the likelier one; of six the likeliest, and those at most .15 from the expected score."""
    two = Task("ordinal", ("0", "1"), (0.0, 1.0))
    assert outcomes(two, np.array([[log(4.0)], [-log(1.5)]])).confidence == pytest.approx([0.8, 0.6])
    six = Task("ordinal", tuple("012345"), tuple(np.linspace(0.0, 1.0, 6).tolist()), 5.0)
    above = np.array([[0.95, 0.9, 0.5, 0.1, 0.05]])
    said = outcomes(six, np.log(above / (1.0 - above)))
    assert said.score == pytest.approx([0.5]) and said.confidence == pytest.approx([0.8])  # those at .4 and .6
    target = np.repeat(np.arange(6.0), [5, 5, 40, 40, 5, 5])
    many = Outcomes(*(np.repeat(getattr(said, name), 100, axis=0) for name in Outcomes.__slots__))
    assert figures(six, many, target)["accuracy"] == pytest.approx(0.8)
    assert figures(six, many, target)["ece"] == pytest.approx(0.0, abs=1e-9)
    sure = outcomes(two, np.full((10, 1), log(4.0)))
    assert figures(two, sure, np.repeat([1.0, 0.0], [8, 2]))["accuracy"] == pytest.approx(0.8)


def test_a_number_on_a_line_is_a_score_and_its_typical_error_the_confidence() -> None:
    """An error of .25 at a half is a precision of 3: Beta(1.5, 1.5) and Beta(2.25, .75)."""
    said = outcomes(LINE, np.array([[0.0], [log(3.0)]]), error=0.25)
    assert said.score == pytest.approx([0.5, 0.75])
    half, more = beta(1.5, 1.5), beta(2.25, 0.75)
    assert (half.std(), more.mean()) == pytest.approx((0.25, 0.75))
    assert said.confidence == pytest.approx([half.cdf(0.65) - half.cdf(0.35), more.cdf(0.9) - more.cdf(0.6)])
    assert said.probability.shape == (2, 0) and said.place.tolist() == [0, 0]


@pytest.mark.parametrize("task", [LABELS, ORDINAL, LINE])
def test_a_temperature_divides(task: Task) -> None:
    found = np.random.default_rng(0).normal(size=(20, task.outputs))
    hot, cold = outcomes(task, 2.0 * found, temperature=2.0), outcomes(task, found)
    assert hot.score == pytest.approx(cold.score) and hot.confidence == pytest.approx(cold.confidence)


numbers = st.lists(st.lists(st.floats(-30, 30), min_size=2, max_size=2), min_size=1, max_size=5).map(np.array)


@given(numbers)
def test_levels_have_probabilities_whatever_the_numbers(found: np.ndarray) -> None:
    shares = probabilities(ORDINAL, found)
    assert (shares >= 0.0).all() and shares.sum(axis=1) == pytest.approx(np.ones(len(found)))
    said = outcomes(ORDINAL, found)
    assert ((said.score >= 0.0) & (said.score <= 1.0) & (said.confidence <= 1.0 + 1e-9)).all()


def drawn(task: Task, found: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Grades that come as often as the numbers say; on a line the scores that they say."""
    lots = rng.random((len(found), 1))
    if task.kind == "labels":
        return np.asarray((np.cumsum(softmax(found, axis=1), axis=1) < lots).sum(axis=1), dtype=np.float64)
    shares = expit(found)
    return np.asarray((shares > lots).sum(axis=1), dtype=np.float64) if task.kind == "ordinal" else shares[:, 0]


@pytest.mark.parametrize("task", [LABELS, ORDINAL, LINE])
@pytest.mark.parametrize("planted", [0.5, 3.0])
def test_planted_overconfidence_is_found(task: Task, planted: float) -> None:
    rng = np.random.default_rng(1)
    honest = -np.sort(-1.5 * rng.normal(size=(8_000, task.outputs)), axis=1)
    target = drawn(task, honest, rng)
    found = best_temperature(task, planted * honest, target)
    assert found == pytest.approx(planted, rel=0.06)
    assert log_loss(task, planted * honest, target, found) < log_loss(task, planted * honest, target)


def test_without_answers_the_temperature_is_one() -> None:
    assert best_temperature(LABELS, np.zeros((0, 3)), np.zeros(0)) == 1.0


def test_log_loss_is_that_of_scikit_learn_and_by_hand() -> None:
    rng = np.random.default_rng(2)
    found, target = rng.normal(size=(50, 3)), rng.integers(3, size=50).astype(np.float64)
    assert log_loss(LABELS, found, target, 2.0) == pytest.approx(log_loss_of(target, softmax(found / 2.0, axis=1)))
    above = np.array([[log(3.0), -log(3.0)]])  # above the first: yes at .75; above the second: no at .75
    assert log_loss(ORDINAL, above, np.array([1.0])) == pytest.approx(-log(0.75))
    half = 0.5 * (-log(0.75) - log(0.25))
    assert log_loss(LINE, np.array([[log(3.0)]]), np.array([0.5])) == pytest.approx(half)


@pytest.mark.parametrize("task", [LABELS, ORDINAL, LINE])
def test_heads_that_are_joined_give_the_mean_of_their_probabilities(task: Task) -> None:
    rng = np.random.default_rng(3)
    heads = [-np.sort(-rng.normal(size=(9, task.outputs)), axis=1) for _ in range(3)]
    whole = joined(task, heads)
    assert whole.shape == (9, task.outputs)
    if task.kind == "regression":
        assert expit(whole) == pytest.approx(np.mean([expit(one) for one in heads], axis=0))
    else:
        each = [probabilities(task, one) for one in heads]
        assert probabilities(task, whole) == pytest.approx(np.mean(each, axis=0))
    assert joined(task, heads[:1]) is heads[0]


@pytest.mark.parametrize("seed", range(5))
def test_figures_of_labels_are_those_of_scikit_learn(seed: int) -> None:
    """With a label that is never given, and one that nobody has."""
    rng = np.random.default_rng(seed)
    task = Task("labels", tuple("abcde"), (1.0, 0.5, 0.0, 0.0, 0.0))
    true, said = rng.choice([0, 1, 2, 4], 60), rng.choice([0, 1, 2], 60)
    found = figures(task, Outcomes(np.zeros((60, 5)), said, np.zeros(60), np.full(60, 0.5)), true.astype(np.float64))
    assert found["accuracy"] == pytest.approx(accuracy_score(true, said))
    assert found["macro_f1"] == pytest.approx(f1_score(true, said, average="macro"))
    assert found["weighted_f1"] == pytest.approx(f1_score(true, said, average="weighted"))
    assert f1(true, true, 5) == (1.0, 1.0)


def test_a_score_on_a_line_is_surer_near_the_ends_and_the_less_sure_the_larger_the_error() -> None:
    """An error of √(1/12) at a half is that of a uniform distribution: .3 of it is within .15."""
    assert near_by_error(np.array([0.5]), (1 / 12) ** 0.5) == pytest.approx([0.3])
    # Mean 1/4 with a precision of 4 is Beta(1, 3), whose distribution is 1 - (1 - x)³: .6³ between .1 and .4 less.
    assert near_by_error(np.array([0.25]), (0.25 / 5) ** 0.5) == pytest.approx([0.9**3 - 0.6**3])
    each = near_by_error(np.array([0.0, 0.05, 0.2, 0.5, 0.8, 0.95, 1.0]), 0.2)
    assert each == pytest.approx(each[::-1]) and (np.diff(each[:4]) < 0).all()
    assert (near_by_error(np.full(3, 0.4), 0.1) > near_by_error(np.full(3, 0.4), 0.3)).all()
    for error in (0.0005, 0.7):  # beyond what can be
        sure = near_by_error(np.linspace(0.0, 1.0, 11), error)
        assert ((sure >= 0.0) & (sure <= 1.0)).all()


def test_a_planted_error_of_scores_is_found_and_the_confidence_holds() -> None:
    rng = np.random.default_rng(5)
    score = rng.beta(0.7, 0.7, 20_000).clip(0.01, 0.99)
    target = rng.beta(3.0 * score, 3.0 * (1.0 - score))  # a precision of 3: .25 at a half
    error = error_of(score, target)
    assert error == pytest.approx(0.25, abs=0.005)
    said = outcomes(LINE, logit(score)[:, None], 1.0, error)
    told = figures(LINE, said, target)
    assert told["ece"] < 0.02 and told["accuracy_at_80"] > told["accuracy"] + 0.05
    assert error_of(np.array([0.5, 0.5]), np.array([0.5, 0.5])) > 0.0


def test_labels_where_scores_are_wanted_are_as_sure_as_of_what_is_near_their_score() -> None:
    """Worth 1, .5 and 0: .1, .8, .1 expects .5, and .8 is near; .5, 0, .5 expects .5, too, and nothing is near."""
    said = outcomes(LABELS, np.log(np.array([[0.1, 0.8, 0.1], [0.5, 1e-12, 0.5], [0.9, 0.1, 1e-12]])))
    assert as_scores(LABELS, said).confidence == pytest.approx([0.8, 0.0, 0.9], abs=1e-9)
    assert said.confidence == pytest.approx([0.8, 0.5, 0.9])
    assert as_scores(LABELS, said).score.tolist() == said.score.tolist()


def scores(said: np.ndarray, confidence: float = 0.5) -> Outcomes:
    return Outcomes(np.zeros((len(said), 0)), np.zeros(len(said), dtype=np.int64), said, np.full(len(said), confidence))


@pytest.mark.parametrize("seed", range(5))
def test_figures_of_scores_are_those_of_scikit_learn(seed: int) -> None:
    """Kappa on scores that are whole marks is quadratic weighted kappa of the marks."""
    rng = np.random.default_rng(seed)
    true, said = rng.integers(5, size=80), rng.integers(5, size=80)
    found = figures(LINE, scores(said / 4.0), true / 4.0)
    assert found["qwk"] == pytest.approx(cohen_kappa_score(true, said, weights="quadratic"))
    assert found["rmse"] == pytest.approx(np.sqrt(np.mean((true - said) ** 2)))
    assert found["pearson"] == pytest.approx(np.corrcoef(true, said)[0, 1])
    assert found["accuracy"] == pytest.approx(accuracy_score(true, said))


def test_figures_of_levels_are_of_the_shares_that_they_stand_for() -> None:
    """Off by none, a quarter and a half of full marks, which are 2."""
    found = figures(ORDINAL, scores(np.array([0.0, 0.75, 0.5])), np.array([0.0, 1.0, 2.0]))
    assert found["rmse"] == pytest.approx(2.0 * np.sqrt((0.0625 + 0.25) / 3))
    assert found["accuracy"] == pytest.approx(1 / 3)


def test_scores_that_are_all_the_same_have_no_correlation() -> None:
    found = figures(LINE, scores(np.full(4, 0.5)), np.array([0.0, 1.0, 0.2, 0.9]))
    assert found["pearson"] == 0.0
    assert figures(LINE, scores(np.full(4, 0.5)), np.full(4, 0.5))["qwk"] == 1.0


def test_calibration_and_the_surest_by_hand() -> None:
    """Right in three of five at .8: off by .2. The four surest have three right."""
    said = np.array([0, 0, 0, 1, 1])
    of = Outcomes(np.zeros((5, 3)), said, np.zeros(5), np.full(5, 0.8))
    assert figures(LABELS, of, np.zeros(5))["ece"] == pytest.approx(0.2)
    sure = Outcomes(np.zeros((5, 3)), said[::-1], np.zeros(5), np.array([0.1, 0.5, 0.6, 0.7, 0.8]))
    assert figures(LABELS, sure, np.zeros(5))["accuracy_at_80"] == pytest.approx(0.75)


@pytest.mark.parametrize(("spread", "least", "most"), [(0.5, 0.9, 1.0), (0.01, 0.35, 0.65)])
def test_the_share_is_what_answers_speak_for_unless_it_is_held_near_the_usual_one(
    spread: float, least: float, most: float
) -> None:
    """One head is right in nine of ten, the other always says the same."""
    task, many = Task("labels", ("right", "wrong"), (1.0, 0.0)), np.arange(1_000)
    target = (many % 2).astype(np.float64)
    said = np.where(many % 10 == 0, 1.0 - target, target).astype(int)
    one, other = np.eye(2)[said] * 2.0, np.tile([0.0, 3.0], (1_000, 1))

    def loss(share: float) -> float:
        return least_loss(task, blended(one, other, share), target)

    assert least <= best_share(loss, len(target), 0.5, spread) <= most

"""The straight line over features, and how it is blended with trees."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression

from student_model.encoder.answers import GradedAnswer, Task
from student_model.encoder.beside import Beside, line_share, restored
from student_model.encoder.forest import grow, numbers
from student_model.encoder.line import Line, straight

LABELS = Task("labels", ("right", "half", "wrong"), (1.0, 0.5, 0.0))
TWO = Task("labels", ("right", "wrong"), (1.0, 0.0))
ORDINAL = Task("ordinal", ("0", "1", "2"), (0.0, 0.5, 1.0), 2.0)
SCORE = Task("regression", max_score=5.0)

Floats = NDArray[np.float64]


def features(rows: int, seed: int = 0) -> NDArray[np.float32]:
    """Two that tell, one that is always the same, on scales of their own."""
    drawn = np.random.default_rng(seed).normal(size=(rows, 3)) * [3.0, 0.1, 0.0] + [5.0, -1.0, 2.0]
    return drawn.astype(np.float32)


def scaled(given: NDArray[np.float32]) -> Floats:
    return np.asarray((given - given.mean(0)) / (given.std(0) + 1e-3), dtype=np.float64)


@pytest.mark.parametrize("task", [LABELS, TWO])
def test_of_labels_it_is_the_logistic_regression_of_scikit_learn(task: Task) -> None:
    given, rng = features(300), np.random.default_rng(1)
    slope = np.array([[1.0, -1.0, 0.0], [0.5, 0.0, -1.0], [0.0, 0.0, 0.0]])[:, : task.outputs]
    target = np.argmax(scaled(given) @ slope + rng.gumbel(size=(300, task.outputs)), axis=1)
    said = softmax(straight(given, target.astype(float), task).said(given), axis=1)
    theirs = LogisticRegression(C=2.0 if task is TWO else 1.0, tol=1e-8, max_iter=1000).fit(scaled(given), target)
    assert said == pytest.approx(theirs.predict_proba(scaled(given)), abs=2e-3)


@pytest.mark.parametrize("task", [ORDINAL, SCORE])
def test_of_scores_it_finds_the_planted_line(task: Task) -> None:
    """Scores that are a logistic line in the scaled features, or levels drawn by two such lines."""
    given, rng = features(4_000), np.random.default_rng(2)
    line = 1.5 * scaled(given)[:, 0] - 0.7 * scaled(given)[:, 1]
    share = expit(line + 0.2)
    lots = rng.random(4_000)
    target = share if task is SCORE else (share > lots).astype(float) + (expit(line - 1.0) > lots)
    found = straight(given, target, task)
    near = 0.02 if task is SCORE else 0.15
    assert found.weight[:, 0] == pytest.approx([1.5, -0.7, 0.0], abs=near)
    assert found.level == pytest.approx([0.2] if task is SCORE else [0.2, -1.0], abs=near)


def test_an_answer_may_weigh_as_much_as_several() -> None:
    given, target = features(40), np.random.default_rng(3).integers(0, 2, 40).astype(float)
    twice, weight = np.concatenate((np.arange(40), np.arange(10))), np.r_[np.full(10, 2.0), np.ones(30)]
    both = [
        straight(given[twice], target[twice], TWO).said(given[twice]).mean(axis=0)[0],
        straight(given, target, TWO, weight).said(given[twice]).mean(axis=0)[0],
    ]
    assert both[0] == pytest.approx(both[1], abs=0.05)
    assert straight(given, target, TWO).said(given[twice]).mean(axis=0)[0] != pytest.approx(both[0], abs=0.01)


def test_features_far_off_count_no_more_than_five_spreads() -> None:
    line = straight(features(50), np.array([0.0, 1.0] * 25), TWO)
    far = features(1)
    far[0, 0], farther = 1e3, far.copy()
    farther[0, 0] = 1e6
    assert np.array_equal(line.said(far), line.said(farther))


def questions(rows: int, each: int = 10) -> list[GradedAnswer]:
    """Answers to questions that have no word in common."""
    return [GradedAnswer(f"word{n // each}?", (f"thing{n // each} other{n // each}",), "so") for n in range(rows)]


def test_the_line_speaks_where_a_line_is_true_and_trees_where_one_is_not() -> None:
    rng = np.random.default_rng(4)
    given = rng.normal(size=(400, 2)).astype(np.float32)
    straightforward = (given.sum(axis=1) + 0.8 * rng.normal(size=400) > 0).astype(float)
    crossed = (given[:, 0] * given[:, 1] > 0).astype(float)
    assert line_share(questions(400), given, straightforward, TWO, 0) >= 0.6
    assert line_share(questions(400), given, crossed, TWO, 0) <= 0.2


def test_one_question_tells_nothing_of_the_share() -> None:
    assert line_share(questions(8), features(8), np.array([0.0, 1.0] * 4), TWO, 0) == 0.5


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_line_and_trees_are_blended_by_the_share_and_kept(share: float) -> None:
    given, target = features(60), np.random.default_rng(5).integers(0, 3, 60).astype(float)
    line, forest = straight(given, target, LABELS), grow(given, target, LABELS, 0, trees=5)
    both = Beside(line, forest, share)
    wanted = share * line.said(given) + (1 - share) * numbers(LABELS, forest.mean(given))
    assert both.said(LABELS, given) == pytest.approx(wanted)
    assert np.array_equal(restored(both.arrays()).said(LABELS, given), both.said(LABELS, given))


def test_without_trees_it_is_the_line_alone() -> None:
    line = Line(*(np.ones(shape, dtype=np.float32) for shape in (2, 2, (2, 3), 3)))
    alone = Beside(line, None, 1.0)
    assert alone.said(LABELS, np.full((1, 2), 3.0, dtype=np.float32)).tolist() == [[5.0, 5.0, 5.0]]
    assert restored(alone.arrays()).forest is None

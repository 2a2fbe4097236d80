"""Trees kept as arrays say exactly what scikit-learn's trees say."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

from student_model.encoder.answers import Task
from student_model.encoder.forest import LEAF, LEAST, SHARE, TREES, Forest, grow, numbers
from student_model.encoder.outcomes import outcomes, probabilities

LABELS = Task("labels", ("correct", "partial", "wrong", "off"), (1.0, 0.5, 0.0, 0.0))
ORDINAL = Task("ordinal", ("0", "1", "2"), (0.0, 0.5, 1.0))
LINE = Task("regression")


def drawn(rows: int, seed: int) -> np.ndarray:
    """Some features on a line, some of few values, one that is always the same."""
    rng = np.random.default_rng(seed)
    some = rng.normal(size=(rows, 5))
    some[:, 2:4] = np.round(some[:, 2:4])
    some[:, 4] = 1.0
    return some.astype(np.float32)


def settings(seed: int) -> dict[str, object]:
    return {"n_estimators": TREES, "min_samples_leaf": LEAF, "max_features": SHARE, "random_state": seed}


@pytest.mark.parametrize("missing", [False, True])
def test_shares_are_those_of_scikit_learn_and_none_where_training_had_no_such_label(missing: bool) -> None:
    features, fresh, rng = drawn(120, 0), drawn(200, 1), np.random.default_rng(2)
    target = rng.choice([0, 2] if missing else [0, 1, 2, 3], 120).astype(np.float64)
    said = grow(features, target, LABELS, 7).mean(fresh)
    theirs = ExtraTreesClassifier(**settings(7)).fit(features, target)
    wanted = np.zeros((200, 4))
    wanted[:, theirs.classes_.astype(int)] = theirs.predict_proba(fresh)
    assert said == pytest.approx(wanted, abs=1e-6)
    assert np.ptp(said[:, 0]) > 0.1  # they do not all say the same


def test_scores_are_those_of_scikit_learn() -> None:
    features, fresh = drawn(120, 3), drawn(200, 4)
    target = np.clip(0.5 + 0.2 * features[:, 0] - 0.1 * features[:, 2], 0, 1).astype(np.float64)
    theirs = ExtraTreesRegressor(**settings(1)).fit(features, target)
    assert grow(features, target, LINE, 1).mean(fresh)[:, 0] == pytest.approx(theirs.predict(fresh), abs=1e-6)


def test_neighbours_among_numbers_of_32_bits_are_parted_as_scikit_learn_parts_them() -> None:
    """Thresholds have 64 bits there: one between two neighbours may not be rounded up to the larger."""
    one = np.float32(8.0)
    two = np.nextafter(one, np.float32(9.0))
    features: NDArray[np.float32] = np.array([[one]] * 20 + [[two]] * 20, dtype=np.float32)
    target = np.array([0.0] * 20 + [1.0] * 20)
    theirs = ExtraTreesClassifier(**settings(0)).fit(features, target)
    assert theirs.predict_proba(features)[:, 0] == pytest.approx([1.0] * 20 + [0.0] * 20)  # they are told apart
    said = grow(features, target, Task("labels", ("a", "b"), (1.0, 0.0)), 0).mean(features)
    assert said == pytest.approx(theirs.predict_proba(features), abs=1e-6)


def test_what_is_kept_of_it_makes_the_same_forest() -> None:
    features = drawn(60, 5)
    grown = grow(features, (np.arange(60) % 3).astype(np.float64), LABELS, 0)
    kept = grown.arrays()
    assert set(kept) == {"feature", "threshold", "left", "right", "says", "roots"}
    again = Forest(**kept)  # type: ignore[arg-type]
    assert again.mean(features).tolist() == grown.mean(features).tolist()
    assert grown.mean(features[:0]).shape == (0, 4)


def test_shares_as_the_numbers_of_a_head_mean_the_same_shares() -> None:
    shares = np.array([[0.25, 0.5, 0.25], [0.7, 0.2, 0.1]])
    three = Task("labels", ("a", "b", "c"), (1.0, 0.5, 0.0))
    for task in (three, ORDINAL):
        assert probabilities(task, numbers(task, shares)) == pytest.approx(shares)
    assert numbers(ORDINAL, shares[:1])[0] == pytest.approx([log(3.0), -log(3.0)])
    assert outcomes(LINE, numbers(LINE, np.array([[0.75]]))).score == pytest.approx([0.75])


def test_no_forest_is_quite_sure() -> None:
    certain = np.array([[1.0, 0.0, 0.0]])
    three = Task("labels", ("a", "b", "c"), (1.0, 0.5, 0.0))
    assert numbers(three, certain)[0] == pytest.approx([0.0, log(LEAST), log(LEAST)])
    bound = log((1.0 - LEAST) / LEAST)
    assert numbers(ORDINAL, certain)[0] == pytest.approx([-bound, -bound])
    assert numbers(LINE, np.array([[1.0], [0.0]]))[:, 0] == pytest.approx([bound, -bound])

"""Extremely randomised trees over the features of answers (Geurts, Ernst & Wehenkel, Machine Learning 2006).

Grown by scikit-learn, kept as arrays and read by NumPy: a service needs no more. They find what a straight line cannot,
"all words of the reference, but the other way round" for instance, and err elsewhere than the network does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from student_model.encoder.answers import Task

TREES, LEAF, SHARE = 150, 4, 0.4
"""Trees, the fewest answers in a leaf, and the share of features that a split chooses among."""
LEAST = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """N nodes of all trees: the feature each asks (N,), from which value on it goes right, where left and right are,
    and what it says (N, K): shares of labels or levels, or a score. A leaf leads to itself. `roots` (trees,).
    """

    feature: NDArray[np.int16]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    says: NDArray[np.float32]
    roots: NDArray[np.int32]

    def mean(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """What the trees say on average of answers with these features (n, F): shape (n, K)."""
        values = features.ravel()
        start = (np.arange(len(features)) * features.shape[1])[:, None]
        place = np.tile(self.roots, (len(features), 1))
        while True:
            goes_left = values.take(start + self.feature.take(place)) <= self.threshold.take(place)
            then = np.where(goes_left, self.left.take(place), self.right.take(place))
            if (then == place).all():
                return np.asarray(self.says[place].mean(axis=1), dtype=np.float64)
            place = then

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """What is kept of it, by name."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


def packed(parts: Mapping[str, Mapping[str, NDArray[np.generic]]]) -> dict[str, NDArray[np.generic]]:
    """The arrays of several parts as those of one, by name; see `unpacked`."""
    return {f"{name}_{own}": one for name, part in parts.items() for own, one in part.items()}


def unpacked(kept: Mapping[str, NDArray[np.generic]], name: str) -> dict[str, Any]:
    """The arrays of one part, to make it of again."""
    return {own.removeprefix(f"{name}_"): one for own, one in kept.items() if own.startswith(f"{name}_")}


def grow(
    features: NDArray[np.float32],
    target: NDArray[np.float64],
    task: Task,
    seed: int,
    weight: NDArray[np.float64] | None = None,
    trees: int = TREES,
    leaf: int = LEAF,
) -> Forest:
    """The forest of answers with these features (n, F) and targets (n,), which weigh so much (n,), or all the same.

    Args:
        leaf: the fewest answers in a leaf.
    """
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    kind = ExtraTreesRegressor if task.kind == "regression" else ExtraTreesClassifier
    grown = kind(trees, min_samples_leaf=leaf, max_features=SHARE, n_jobs=1, random_state=seed)
    grown.fit(features, target, sample_weight=weight)
    parts: list[list[NDArray[np.generic]]] = [[], [], [], [], []]
    roots, start = [], 0
    classes = None if task.kind == "regression" else grown.classes_.astype(int)
    for one in grown.estimators_:
        tree = one.tree_
        own = np.arange(tree.node_count)
        ends = tree.children_left < 0
        said = tree.value[:, 0, :]
        if classes is not None:
            whole = np.zeros((len(said), len(task.worth)))
            whole[:, classes] = said / said.sum(axis=1, keepdims=True)
            said = whole
        roots.append(start)
        parts[0].append(np.where(ends, 0, tree.feature).astype(np.int16))
        parts[1].append(_rounded_down(tree.threshold))
        parts[2].append((start + np.where(ends, own, tree.children_left)).astype(np.int32))
        parts[3].append((start + np.where(ends, own, tree.children_right)).astype(np.int32))
        parts[4].append(said.astype(np.float32))
        start += tree.node_count
    feature, threshold, left, right, says = (np.concatenate(one) for one in parts)
    return Forest(feature, threshold, left, right, says, np.array(roots, dtype=np.int32))


def _rounded_down(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """The next number of 32 bits at or below: no feature changes sides."""
    near = thresholds.astype(np.float32)
    return np.where(near > thresholds, np.nextafter(near, np.float32(-np.inf)), near)


def numbers(task: Task, said: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a forest says (n, K) as the numbers of a head would be, (n, outputs)."""
    if task.kind == "labels":
        return np.asarray(np.log(np.maximum(said, LEAST)))
    share = said[:, :1] if task.kind == "regression" else 1.0 - np.cumsum(said, axis=1)[:, :-1]
    bounded = np.clip(share, LEAST, 1.0 - LEAST)
    return np.asarray(np.log(bounded / (1.0 - bounded)))

"""What an item is like, learned from who else is practised around it: vectors for the neural models.

Items that stand near each other in learners' sequences get like vectors: the singular vectors of the positive pointwise
mutual information of neighbours (Levy & Goldberg, "Neural word embedding as implicit matrix factorization", NeurIPS
2014; the context smoothed by the power of `SMOOTHING`, Levy, Goldberg & Dagan, TACL 2015). Outcomes play no part. Where
ids tell something (`_drift`), their order counts as one learner more. Items without neighbours have zeros.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import svds

from knowledge_graph.vocabulary import FloatArray, natural_order
from student_model.log import Log
from student_model.tracing._sequences import Floats

WIDTH, REACH, SMOOTHING, SHIFT, LENGTH = 128, 10, 0.75, np.log(2.0), 8.0
"""Numbers a vector; neighbours at up to this distance, weighted by its inverse; the power of context frequencies; what
is taken off the information; the length of vectors. Chosen on validation learners of assistments2009."""

ENOUGH = 1_000_000
"""Rows that are looked at; more learners would change little."""


def item_vectors(log: Log, by_id: bool = False) -> Floats:
    """A vector for each item of the log's vocabulary, shape (I, K) with K at most `WIDTH`; `by_id` if ids tell."""
    items = len(log.vocabulary.items)
    width = min(WIDTH, items - 1)
    near = _neighbours(log, items, by_id)
    if width < 1 or not near.nnz:
        return np.zeros((items, max(width, 1)), dtype=np.float32)
    told = _information(near)
    if not told.nnz:
        return np.zeros((items, width), dtype=np.float32)
    # The start is fixed, so that the same log gives the same vectors.
    left, strength, _ = svds(told, k=width, v0=np.ones(items))
    vectors = (left * np.sqrt(strength))[:, ::-1]
    size = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(np.where(size > 1e-6, LENGTH * vectors / np.maximum(size, 1e-6), 0.0), dtype=np.float32)


def _neighbours(log: Log, items: int, by_id: bool) -> csr_matrix:
    """How often items stand near each other, shape (I, I)."""
    stride = max(1, round(len(log) / ENOUGH))
    some = log.only_learners(np.arange(len(log.learners)) % stride == 0) if stride > 1 else log
    learner, item = some.learner, some.item
    if by_id:
        order = natural_order(log.vocabulary.items)
        learner, item = np.append(learner, np.full(items, -1, dtype=np.int32)), np.append(item, order)
    near = csr_matrix((items, items))
    for distance in range(1, min(REACH, len(item) - 1) + 1):
        a, b = item[distance:], item[:-distance]
        both = (learner[distance:] == learner[:-distance]) & (a != b)
        count = csr_matrix((np.full(int(both.sum()), 1.0 / distance), (a[both], b[both])), (items, items))
        near = near + count + count.T
    return near.tocsr()


def _information(near: csr_matrix) -> csr_matrix:
    """How much more often than by chance, as logarithms; what is not above `SHIFT` is left out."""
    often: FloatArray = np.asarray(near.sum(axis=1), dtype=np.float64).ravel()
    context = often**SMOOTHING
    pairs = near.tocoo()
    chance = often[pairs.row] * context[pairs.col] / context.sum()
    value = np.log(pairs.data / chance) - SHIFT
    kept = value > 0.0
    return csr_matrix((value[kept], (pairs.row[kept], pairs.col[kept])), near.shape)

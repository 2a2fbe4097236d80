"""Items' vectors: against plain loops and a dense decomposition, along the order of ids, and where nothing is told."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import FloatArray, Vocabulary
from student_model.log import Log
from student_model.tracing import _item_vectors
from student_model.tracing._item_vectors import item_vectors
from student_model.tracing._sequences import Floats
from student_model.types import LearnerId

C = ConceptId("c")


def log_of(lives: Sequence[Sequence[int]], items: int | Sequence[str]) -> Log:
    """One learner for each list of positions of items."""
    ids = [f"i{n}" for n in range(items)] if isinstance(items, int) else items
    names = [LearnerId(f"l{n}") for n, life in enumerate(lives) for _ in life]
    item = np.array([one for life in lives for one in life], dtype=np.int32)
    return Log.from_unordered(Vocabulary.build([C], {ItemId(one): [C] for one in ids}), names, item, np.ones(len(item)))


def lives(learners: int, items: int, seed: int = 0) -> list[list[int]]:
    """Learners who wander among items near each other, so that some are neighbours more often than by chance."""
    rng = np.random.default_rng(seed)
    made = []
    for n in range(learners):
        start, rows = rng.integers(items), 3 + n % 25
        made.append(((start + np.cumsum(rng.integers(-1, 3, rows))) % items).tolist())
    return made


def cosines(vectors: FloatArray | Floats) -> FloatArray:
    """How alike items are; nought for those without a vector."""
    size = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(size > 1e-6, size, 1.0)[:, None] * (size > 1e-6)[:, None]
    return np.asarray(unit @ unit.T)


def by_plain_loops(lives: Sequence[Sequence[int]], items: int) -> FloatArray:
    """Cosines by the definition: shifted positive information of neighbours, its main singular vectors."""
    near = np.zeros((items, items))
    for life in lives:
        for n, one in enumerate(life):
            for m, other in enumerate(life):
                if 0 < abs(n - m) <= 10 and one != other:
                    near[one, other] += 1.0 / abs(n - m)
    often = near.sum(axis=1)
    context = often**0.75 / (often**0.75).sum()
    told = np.zeros((items, items))
    for a in range(items):
        for b in range(items):
            if near[a, b] > 0.0:
                told[a, b] = max(math.log(near[a, b] / (often[a] * context[b])) - math.log(2.0), 0.0)
    left, strength, _ = np.linalg.svd(told)
    kept = min(128, items - 1)
    return cosines(left[:, :kept] * np.sqrt(strength[:kept]))


@pytest.mark.parametrize("items", [12, 20, 30])
def test_vectors_are_as_alike_as_plain_loops_have_them(items: int) -> None:
    done = lives(40, items)
    vectors = item_vectors(log_of(done, items))
    assert vectors.shape == (items, items - 1) and vectors.dtype == np.float32
    assert cosines(vectors) == pytest.approx(by_plain_loops(done, items), abs=1e-4)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.full(items, 8.0), rel=1e-5)


def test_of_many_items_the_main_directions_are_kept() -> None:
    done = lives(150, 140, seed=1)
    vectors = item_vectors(log_of(done, 140))
    assert vectors.shape == (140, 128)
    assert cosines(vectors) == pytest.approx(by_plain_loops(done, 140), abs=1e-3)
    spread = (vectors**2).sum(axis=0)
    assert spread[:40].sum() > spread[-40:].sum()  # the strongest stand first


def test_the_same_log_gives_the_same_vectors_to_the_last_bit() -> None:
    log = log_of(lives(60, 20), 20)
    assert item_vectors(log).tobytes() == item_vectors(log).tobytes()


def test_outcomes_play_no_part() -> None:
    log = log_of(lives(60, 20), 20)
    wrong = Log(log.vocabulary, log.learners, log.learner, log.item, np.zeros(len(log)), log.seconds)
    assert item_vectors(wrong).tobytes() == item_vectors(log).tobytes()


def test_the_order_of_ids_counts_as_one_learner_more() -> None:
    """Ids in a natural order that is not that of the vocabulary; the only learner met one item."""
    ids = [f"q{n}" for n in (10, 2, 33, 1, 7, 21, 5, 40, 100, 3, 12, 8)]
    order = [3, 1, 9, 6, 4, 11, 0, 10, 5, 2, 7, 8]  # q1, q2, q3, q5, q7, q8, q10, q12, q21, q33, q40, q100
    told, plain = log_of([[2]], ids), log_of([[2], order], ids)
    assert not item_vectors(told).any()
    assert cosines(item_vectors(told, by_id=True)) == pytest.approx(cosines(item_vectors(plain)), abs=1e-4)
    both = lives(30, 12)
    vectors = item_vectors(log_of(both, ids), by_id=True)
    assert vectors.any() and cosines(vectors) == pytest.approx(by_plain_loops([*both, order], 12), abs=1e-4)


def test_items_that_nobody_practised_beside_another_have_zeros() -> None:
    """Item 12 was met alone, item 13 only beside itself, item 14 never."""
    vectors = item_vectors(log_of([*lives(40, 12), [12], [13, 13, 13]], 15))
    size = np.linalg.norm(vectors, axis=1)
    assert size[:12] == pytest.approx(np.full(12, 8.0), rel=1e-5)
    assert size[12:].tolist() == [0.0] * 3


@pytest.mark.parametrize(("items", "width"), [(1, 1), (2, 1), (5, 4)])
def test_a_log_that_tells_nothing_gives_zeros(items: int, width: int) -> None:
    for done in ([], [[0]], [[0], [items - 1]]):
        vectors = item_vectors(log_of(done, items))
        assert vectors.shape == (items, width) and not vectors.any()


def test_neighbours_not_above_twice_chance_tell_nothing() -> None:
    """Of two items each is the other's only neighbour: 1 / (1 * 1 / (1 + 1)) is twice chance, log 2 less is nought."""
    vectors = item_vectors(log_of([[0, 1]], 2))
    assert vectors.shape == (2, 1) and not vectors.any()


def test_of_more_rows_than_are_needed_every_other_learner_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    done = lives(60, 10)
    whole = log_of(done, 10)
    half = item_vectors(log_of(done[::2], 10))
    monkeypatch.setattr(_item_vectors, "ENOUGH", len(whole) / 2.0)
    assert item_vectors(whole).tobytes() == half.tobytes()

"""The log as columns: grouped by learner, in order, and cut without losing or moving a row."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import Vocabulary
from student_model.log import Log
from student_model.types import LearnerId

WORDS = Vocabulary.build([ConceptId("a")], {ItemId(f"i{n}"): [ConceptId("a")] for n in range(4)})
rows = st.lists(
    st.tuples(st.sampled_from("xyz"), st.integers(0, 3), st.sampled_from([0.0, 0.5, 1.0]), st.floats(0.1, 1.0)),
    max_size=25,
)
Rows = list[tuple[str, int, float, float]]


def log_of(given_: Rows) -> Log:
    who, item, outcome, weight = zip(*given_, strict=True) if given_ else ((), (), (), ())
    return Log.from_unordered(
        WORDS,
        [LearnerId(one) for one in who],
        np.array(item, dtype=np.int32),
        np.array(outcome, dtype=np.float64),
        weight=np.array(weight, dtype=np.float64),
    )


def told(log: Log) -> dict[str, list[tuple[int, float, float]]]:
    """What the log says of each learner, in its order."""
    found: dict[str, list[tuple[int, float, float]]] = {one: [] for one in log.learners}
    for who, item, outcome, weight in zip(log.learner, log.item, log.outcome, log.weights, strict=True):
        found[log.learners[who]].append((int(item), float(outcome), float(weight)))
    return found


@given(rows)
def test_grouping_keeps_each_learners_rows_in_their_order(given_: Rows) -> None:
    expected: dict[str, list[tuple[int, float, float]]] = {}
    for who, *row in given_:
        expected.setdefault(who, []).append((row[0], row[1], row[2]))  # type: ignore[arg-type]
    assert told(log_of(given_)) == expected


@given(rows)
def test_offsets_and_positions_agree_with_the_rows(given_: Rows) -> None:
    log = log_of(given_)
    ends = log.offsets
    assert ends[0] == 0
    assert ends[-1] == len(log)
    for who in range(len(log.learners)):
        assert (log.learner[ends[who] : ends[who + 1]] == who).all()
        assert log.position_in_learner[ends[who] : ends[who + 1]].tolist() == list(range(ends[who + 1] - ends[who]))


@given(rows, st.data())
def test_a_part_of_the_learners_keeps_all_their_rows(given_: Rows, data: st.DataObject) -> None:
    log = log_of(given_)
    count = len(log.learners)
    keep = np.array(data.draw(st.lists(st.booleans(), min_size=count, max_size=count)), dtype=np.bool_)
    part = log.only_learners(keep)
    whole = told(log)
    assert told(part) == {who: whole[who] for who, stays in zip(log.learners, keep, strict=True) if stays}


def test_rows_by_mask_and_by_position_are_the_same() -> None:
    log = log_of([("x", 0, 1.0, 1.0), ("y", 1, 0.0, 0.5), ("x", 2, 1.0, 0.25)])
    mask = np.array([True, False, True])
    assert told(log.rows(mask)) == told(log.rows(np.flatnonzero(mask).astype(np.int32)))
    assert told(log.rows(mask)) == {"x": [(0, 1.0, 1.0)], "y": [(1, 0.0, 0.5)]}


def test_without_weights_all_count_in_full() -> None:
    whole = np.zeros(2, dtype=np.int32)
    assert Log(WORDS, (LearnerId("x"),), whole, whole, np.ones(2), np.ones(2)).weights.tolist() == [1.0, 1.0]


def test_columns_that_do_not_fit_are_refused_with_their_lengths() -> None:
    two, three = np.zeros(2, dtype=np.int32), np.zeros(3, dtype=np.int32)
    with pytest.raises(ValueError, match=r"learner \(2,\), item \(3,\)"):
        Log(WORDS, (LearnerId("x"),), two, three, np.ones(2), np.ones(2))
    with pytest.raises(ValueError, match="sort them by `learner`"):
        Log(WORDS, (LearnerId("x"), LearnerId("y")), np.array([1, 0], dtype=np.int32), two, np.ones(2), np.ones(2))


def test_time_since_the_last_response_that_has_one() -> None:
    nan = np.nan
    log = Log.from_unordered(
        WORDS,
        [LearnerId(one) for one in "xxxxyy"],
        np.zeros(6, np.int32),
        np.ones(6),
        np.array([10.0, nan, 40.0, 45.0, nan, 7.0]),
        elapsed=np.array([1.0, 2.0, nan, 4.0, 5.0, 6.0]),
    )
    assert log.since_last.tolist() == pytest.approx([nan, nan, 30.0, 5.0, nan, nan], nan_ok=True)
    assert log.last_seconds.tolist() == [45.0, 7.0]
    kept = log.only_learners(np.array([False, True]))
    assert kept.elapsed_seconds.tolist() == [5.0, 6.0] and kept.last_seconds.tolist() == [7.0]
    assert log.rows(np.array([0, 2])).elapsed_seconds.tolist() == pytest.approx([1.0, nan], nan_ok=True)


def test_without_times_nothing_is_known_of_them() -> None:
    log = log_of([("x", 0, 1.0, 1.0), ("x", 1, 0.0, 1.0)])
    assert np.isnan(log.since_last).all() and np.isnan(log.elapsed_seconds).all() and np.isnan(log.last_seconds).all()


def test_blocks_are_consecutive_learners_with_their_rows() -> None:
    ids = [LearnerId(name) for name in "aabccc"]
    words = Vocabulary.build([], {ItemId("i"): []})
    log = Log.from_unordered(words, ids, np.zeros(6, np.int32), np.arange(6) / 5.0)
    blocks = list(log.blocks(2))
    assert [block.learners for block in blocks] == [("a", "b"), ("c",)]
    assert [block.learner.tolist() for block in blocks] == [[0, 0, 1], [0, 0, 0]]
    assert np.concatenate([block.outcome for block in blocks]).tolist() == log.outcome.tolist()


@st.composite
def sparse(draw: st.DrawFn) -> Log:
    """Learners of whom any may have no rows, with times that are often missing."""
    sizes = draw(st.lists(st.integers(0, 3), max_size=5))
    rows_ = sum(sizes)
    times = draw(st.lists(st.one_of(st.just(math.nan), st.floats(0.0, 9.0)), min_size=rows_, max_size=rows_))
    return Log(
        WORDS,
        tuple(LearnerId(f"l{n}") for n in range(len(sizes))),
        np.repeat(np.arange(len(sizes)), sizes).astype(np.int32),
        np.zeros(rows_, np.int32),
        np.arange(rows_) / 16.0,
        np.array(times, np.float64),
    )


@given(sparse())
def test_times_equal_a_loop_over_each_learners_rows(log: Log) -> None:
    since, last = [], []
    for who in range(len(log.learners)):
        seen = math.nan
        for now in log.seconds[log.learner == who].tolist():
            since.append(now - seen)
            seen = seen if math.isnan(now) else now
        last.append(seen)
    assert log.since_last.tolist() == pytest.approx(since, nan_ok=True)
    assert log.last_seconds.tolist() == pytest.approx(last, nan_ok=True)


@given(sparse(), st.integers(1, 4))
def test_blocks_and_those_who_answered_keep_all_rows_and_the_right_learners(log: Log, size: int) -> None:
    blocks = list(log.blocks(size))
    assert [len(block.learners) for block in blocks[:-1]] == [size] * (len(blocks) - 1)
    assert [who for block in blocks for who in block.learners] == list(log.learners)
    joined: dict[str, list[tuple[int, float, float]]] = {}
    for block in blocks:
        joined |= told(block)
    assert joined == told(log)
    answered = log.of_those_who_answered()
    assert told(answered) == {who: done for who, done in told(log).items() if done}
    assert (answered is log) == all(told(log).values())


@given(sparse())
def test_offsets_span_learners_without_rows(log: Log) -> None:
    sizes = [int((log.learner == who).sum()) for who in range(len(log.learners))]
    assert log.offsets.tolist() == [sum(sizes[:who]) for who in range(len(sizes) + 1)]


def test_grouping_moves_all_columns_together() -> None:
    """Two learners in turns: each row carries one number in every column."""
    number = np.array([3.0, 1.0, 2.0, 0.0])
    columns = (number, 10.0 * number, number / 4.0, 100.0 * number)
    log = Log.from_unordered(WORDS, [LearnerId(one) for one in "yxyx"], number.astype(np.int32), *columns)
    assert log.learners == ("y", "x") and log.learner.tolist() == [0, 0, 1, 1]
    order = np.array([3.0, 2.0, 1.0, 0.0])
    assert log.item.tolist() == log.outcome.tolist() == order.tolist()
    assert log.seconds.tolist() == (10.0 * order).tolist()
    assert log.weights.tolist() == (order / 4.0).tolist() and log.elapsed_seconds.tolist() == (100.0 * order).tolist()
    without = Log.from_unordered(WORDS, log.learners, np.zeros(2, np.int32), np.ones(2))
    assert without.weight is without.elapsed is None and np.isnan(without.seconds).all()


def test_some_rows_keep_their_weights_and_times_apart() -> None:
    log = log_of([("x", 0, 1.0, 0.25), ("x", 1, 0.0, 0.5), ("y", 2, 1.0, 0.75)])
    assert log.rows(slice(1, 3)).weights.tolist() == [0.5, 0.75]
    assert log.rows(np.array([2, 0])[::-1].astype(np.int32)).outcome.tolist() == [1.0, 1.0]
    assert log.rows(np.array([False, False, True])).learners == ("x", "y")  # x stays, without rows

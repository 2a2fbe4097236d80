"""Traces of the last responses: worked out by hand, the same served as in whole logs, and gone beyond the window."""

from __future__ import annotations

import math
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import FloatArray, Vocabulary
from student_model.tracing._sequences import Sequences
from student_model.tracing._traces import ALIKE, DECAYS, KINDS, SIZE, WIDTH, WINDOW, Recent, left, of_rows

TAGS = {"one": "a", "two": "ab", "three": "abc", "other": "c", "bare": ""}
WORDS = Vocabulary.build(
    [ConceptId(c) for c in "abc"], {ItemId(item): [ConceptId(c) for c in tags] for item, tags in TAGS.items()}
)
FEATURES = np.random.default_rng(0).normal(size=(len(TAGS), 4)).astype(np.float32)


def rows_of(item: list[int], outcome: list[float], odds: float = 0.5, seconds: list[float] | None = None) -> Sequences:
    """One learner's rows, each expected at the same odds."""
    right, count = np.array(outcome), len(item)
    none = np.zeros(count, dtype=np.int32)
    return Sequences(
        offsets=np.array([0, count], dtype=np.int32),
        item=np.array(item, dtype=np.int32),
        sign=(2.0 * right - 1.0).astype(np.float32),
        odds=np.full(count, odds, dtype=np.float32),
        elapsed=none,
        lag=none,
        surprise=(right - odds).astype(np.float32),
        seconds=np.full(count, np.nan) if seconds is None else np.array(seconds),
    )


def served(rows: Sequences, end: int, weights: FloatArray, now: float) -> FloatArray:
    """What the last responses before row `end` make of all items' scores."""
    recent = Recent.none()
    for n in range(end):
        recent = recent.then(int(rows.item[n]), float(rows.sign[n]), float(rows.surprise[n]), float(rows.seconds[n]))
    found = left(recent, now, weights, WORDS, FEATURES)
    concepts = np.zeros(len(WORDS.concepts))
    concepts[found.concepts] += found.of_concepts
    scores = WORDS.mean_over_concepts(concepts) + FEATURES @ found.towards
    scores[found.items] += found.of_items
    return np.asarray(scores)


def test_traces_on_an_item_and_its_concepts_worked_out_by_hand() -> None:
    """Item "two" (a, b) an hour ago right and now wrong, then "one" (a) right: what is left on "two"."""
    hour = 3_600.0
    rows = rows_of([1, 1, 0, 1], [1.0, 0.0, 1.0, 1.0], 0.75, [0.0, hour, hour, 2.0 * hour])
    traces = of_rows(rows, WORDS, FEATURES)[3]
    pause = math.log(2.0) / 5.0
    item = [1.0, 0.0, 0.0, 1 / 2, 0.0, math.log(3.0) / 3, -0.75 + 0.8 * 0.25, -1.0, math.log(2.0) / 5, pause]
    a = [1.0, 1.0, 1.0, 1.0, 1 / 5, math.log(4.0) / 3, 0.25 + 0.8 * (-0.75 + 0.8 * 0.25), 1.0, 0.0, pause]
    assert traces[:KINDS] == pytest.approx(item, abs=1e-6)
    assert traces[KINDS : 2 * KINDS] == pytest.approx((np.array(a) + np.array(item)) / 2.0, abs=1e-6)
    alike = FEATURES[[0, 1, 1]] @ FEATURES[1] / SIZE**2
    for d, decay in enumerate(DECAYS.tolist()):
        fades = np.array([1.0, decay, decay**2])
        assert traces[ALIKE][2 * d] == pytest.approx(fades @ alike, abs=1e-6)
        assert traces[ALIKE][2 * d + 1] == pytest.approx(fades @ (alike * [0.25, -0.75, 0.25]), abs=1e-6)


def test_the_first_response_finds_nothing_and_a_bare_item_no_concepts() -> None:
    traces = of_rows(rows_of([0, 4, 4], [1.0, 1.0, 1.0]), WORDS, FEATURES)
    assert not traces[0].any()
    assert traces[2][0] == 1.0 and not traces[2][KINDS : 2 * KINDS].any()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_is_served_is_what_whole_logs_are_trained_on(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 30))
    item = data.draw(st.lists(st.integers(0, len(TAGS) - 1), min_size=count, max_size=count))
    outcome = data.draw(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=count, max_size=count))
    times = st.floats(0.0, 1e7) | st.just(math.nan)
    seconds = data.draw(st.lists(times, min_size=count, max_size=count))
    rows = rows_of(item, outcome, 0.6, seconds)
    traces = of_rows(rows, WORDS, FEATURES)
    weights = np.random.default_rng(1).normal(size=WIDTH)
    for n in range(count):
        found = served(rows, n, weights, seconds[n])[item[n]]
        assert found == pytest.approx(float(traces[n] @ weights), abs=1e-5)


def test_beyond_the_window_nothing_is_left() -> None:
    """The same item at both ends, and WINDOW - 1 or WINDOW others between."""
    weights = np.random.default_rng(2).normal(size=WIDTH)
    for between, met in ((WINDOW - 1, 1.0), (WINDOW, 0.0)):
        rows = rows_of([0, *[3] * between, 0], [1.0, *[0.0] * between, 1.0])
        traces = of_rows(rows, WORDS, FEATURES)[-1]
        assert traces[0] == met
        assert served(rows, between + 1, weights, math.nan)[0] == pytest.approx(float(traces @ weights), abs=1e-4)


def several(*each: Sequences) -> Sequences:
    """The rows of one learner after those of the other."""
    columns = [np.concatenate([getattr(one, field.name) for one in each]) for field in fields(Sequences)[1:]]
    return Sequences(np.cumsum([0, *(len(one.item) for one in each)]).astype(np.int32), *columns)


def test_nobody_finds_traces_of_another_learner() -> None:
    """Lives of one row, of none, and longer than the window; the last sees nothing of those before."""
    rng = np.random.default_rng(4)
    each = [
        rows_of(
            rng.integers(5, size=n).tolist(), rng.integers(2, size=n).tolist(), 0.6, rng.uniform(0, 1e6, n).tolist()
        )
        for n in (1, WINDOW + 30, 0, 40, WINDOW + 30)
    ]
    whole = several(*each)
    apart = [of_rows(one, WORDS, FEATURES) for one in each]
    assert of_rows(whole, WORDS, FEATURES) == pytest.approx(np.concatenate(apart), abs=1e-7)
    for one, rows in zip(Recent.of_learners(whole), each, strict=True):
        (alone,) = Recent.of_learners(rows)
        assert one.item.tolist() == alone.item.tolist() and len(one.item) == min(len(rows.item), WINDOW)
        assert one.surprise.tobytes() == alone.surprise.tobytes() and one.seconds.tobytes() == alone.seconds.tobytes()


def test_likeness_is_a_sum_over_the_window_in_plain_loops() -> None:
    """Long features, so that what leaves the window would show: the slowest decay still has .0023 of it."""
    count, features = WINDOW + 60, 40.0 * FEATURES
    rng = np.random.default_rng(5)
    rows = rows_of(rng.integers(5, size=count).tolist(), rng.integers(2, size=count).tolist(), 0.7)
    traces = of_rows(rows, WORDS, features)[:, ALIKE]
    for n in (0, 1, WINDOW - 1, WINDOW, WINDOW + 1, count - 1):
        plain, told = np.zeros(len(DECAYS)), np.zeros(len(DECAYS))
        for k in range(max(0, n - WINDOW), n):
            alike = float(features[rows.item[k]].astype(float) @ features[rows.item[n]]) / SIZE**2
            plain += DECAYS ** (n - k - 1) * alike
            told += DECAYS ** (n - k - 1) * alike * float(rows.surprise[k])
        assert traces[n, ::2] == pytest.approx(plain, rel=1e-5, abs=1e-4)
        assert traces[n, 1::2] == pytest.approx(told, rel=1e-5, abs=1e-4)


@pytest.mark.parametrize(("outcome", "run"), [([1.0] * 7, 5), ([0.0, 1.0, 1.0], 2), ([1.0, 0.5], 0), ([0.75, 1.0], 2)])
def test_a_run_is_of_answers_more_right_than_wrong_and_counts_up_to_five(outcome: list[float], run: int) -> None:
    rows = rows_of([0] * (len(outcome) + 1), [*outcome, 1.0])
    traces = of_rows(rows, WORDS, FEATURES)[-1]
    assert traces[4] == traces[KINDS + 4] == np.float32(run / 5)
    weights = np.zeros(WIDTH)
    weights[4] = 5.0
    assert served(rows, len(outcome), weights, math.nan)[0] == pytest.approx(run)


def test_a_response_from_the_future_left_its_traces_just_now() -> None:
    """Clocks of servers differ: no pause is below nought, and half an hour is log(1.5) / 5."""
    weights = np.zeros(WIDTH)
    weights[9] = 1.0  # pause
    for second, pause in ((3_000.0, 0.0), (4_800.0, math.log(1.5) / 5.0), (math.nan, 0.0)):
        rows = rows_of([0, 0], [1.0, 1.0], seconds=[3_000.0, second])
        assert served(rows, 1, weights, second)[0] == pytest.approx(pause)
        late = rows_of([0, 0], [1.0, 1.0], seconds=[9_000.0, 3_000.0])
        assert served(late, 1, weights, 3_000.0)[0] == of_rows(late, WORDS, FEATURES)[1][9] == 0.0
        assert of_rows(rows, WORDS, FEATURES)[1][9] == pytest.approx(pause)


def test_an_unknown_item_makes_all_others_older_and_leaves_nothing_itself() -> None:
    recent = Recent.none().then(0, 1.0, 0.5, math.nan).then(-1, 1.0, 0.5, math.nan)
    weights = np.zeros(WIDTH)
    weights[3] = 1.0  # nearness
    found = left(recent, math.nan, weights, WORDS, FEATURES)
    assert found.items.tolist() == [0] and found.of_items.tolist() == [0.5]


def test_the_last_responses_are_cut_from_logs_as_they_are_joined_one_by_one() -> None:
    count = WINDOW + 7
    rows = rows_of([n % len(TAGS) for n in range(count)], [float(n % 3 == 0) for n in range(count)])
    (cut,) = Recent.of_learners(rows)
    recent = Recent.none()
    for n in range(count):
        recent = recent.then(int(rows.item[n]), float(rows.sign[n]), float(rows.surprise[n]), math.nan)
    assert len(recent.item) == WINDOW
    for name in ("item", "sign", "surprise", "seconds"):
        one, other = getattr(cut, name), getattr(recent, name)
        assert one.tobytes() == other.tobytes() and one.dtype == other.dtype
        assert not one.flags.writeable and not other.flags.writeable

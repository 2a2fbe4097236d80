"""What regressions count of a learner: against sums over the whole history, by hand, and learner after learner."""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np
import pytest
from courses import NOON, answer
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import Vocabulary
from student_model.forgetting import DAY, half_life
from student_model.log import Log
from student_model.tracing._counts import NONE, Counts, folded, left, tabulated
from student_model.types import LearnerId, Response

A, B = ConceptId("a"), ConceptId("b")
WORDS = Vocabulary.build([A, B], {ItemId("a"): [A], ItemId("both"): [A, B], ItemId("bare"): []})
HOURS = np.array([1.0, 24.0])
HOUR = 3600.0

Row = tuple[str, int, float, float, float]
rows = st.lists(
    st.tuples(
        st.sampled_from("kl"),
        st.integers(0, 2),
        st.sampled_from([0.0, 0.5, 1.0]),
        st.sampled_from([0.25, 1.0]),
        st.floats(0.0, 9e4),
    ),
    max_size=16,
)


def log_of(made: list[Row]) -> Log:
    """Learners k and l; the last of each row is the seconds since the row before it."""
    made = sorted(made, key=lambda row: row[0])
    column = [np.array([row[n] for row in made], dtype=float) for n in (2, 3, 4)]
    item = np.array([row[1] for row in made], dtype=np.int32)
    names = [LearnerId(row[0]) for row in made]
    return Log.from_unordered(WORDS, names, item, column[0], np.cumsum(column[2]), column[1])


def counted(*made: Response, hours: np.ndarray = NONE) -> Counts:
    state = Counts.none(2, len(hours))
    for one in made:
        state = state.after(WORDS, one, 7.0, hours)
    return state


def graded(item: str, score: float, sure: float) -> Response:
    return answer(item, True, score=score, score_confidence=sure)


def test_an_unsure_grade_counts_in_part_for_each_concept_worked_out_by_hand() -> None:
    # three quarters right at confidence .8 is .6 right and .2 wrong, in full for each concept of the item
    state = counted(answer("a", False), graded("both", 0.75, 0.8))
    assert (state.responses, state.successes, state.failures) == pytest.approx((2, 0.6, 1.2))
    assert state.practice.successes == pytest.approx([0.6, 0.6])
    assert state.practice.level == pytest.approx([1.2, 0.2])
    assert state.practice.evidence.tolist() == [2, 1]
    assert state.items.tolist() == [0, 1]
    assert state.item_successes == pytest.approx([0.0, 0.6])
    assert state.item_failures == pytest.approx([1.0, 0.2])


def test_an_item_done_again_adds_up_in_its_place() -> None:
    state = counted(answer("both", True), answer("a", False), graded("both", 0.0, 0.5), answer("both", True))
    assert state.items.tolist() == [1, 0]
    assert state.item_successes.tolist() == [2.0, 0.0]
    assert state.item_failures.tolist() == [0.5, 1.0]


def test_an_unknown_item_counts_for_its_concepts_and_for_no_item() -> None:
    state = counted(answer("new", True, concept_ids=(B, ConceptId("nowhere"))))
    assert (state.responses, state.successes, state.failures) == (1, 1.0, 0.0)
    assert state.practice.successes.tolist() == [0.0, 1.0]
    assert state.items.tolist() == []


def test_an_item_without_concepts_counts_for_itself_and_in_all() -> None:
    state = counted(answer("bare", False))
    assert (state.responses, state.failures, state.items.tolist()) == (1, 1.0, [2])
    assert state.practice.evidence.tolist() == [0, 0]


def test_what_nobody_knows_or_judged_counts_for_nothing() -> None:
    state = counted(answer("a", True))
    unjudged = Response(response_id=answer("a", True).response_id, learner_id=LearnerId("l"), item_id=ItemId("a"))
    for one in (answer("lost", True), unjudged):
        assert state.after(WORDS, one, 7.0) is state


def test_a_recent_success_halves_with_each_window_worked_out_by_hand() -> None:
    assert left(2 * HOUR, 1.0) == pytest.approx(0.25)
    assert left(2 * HOUR, 24.0) == pytest.approx(2 ** (-1 / 12))
    assert left(-HOUR, 1.0) == left(math.nan, 1.0) == 1.0
    state = counted(answer("both", True, day=0.0), graded("a", 1.0, 0.5), answer("a", True, day=1.0), hours=HOURS)
    # a: one success, half a one without a time, and a day later of the first two 2^-24 and a half, and one more
    assert state.recent[:, 0] == pytest.approx([1.5 * 2**-24 + 1.0, 1.75])
    assert state.recent[:, 1].tolist() == [1.0, 1.0]
    # at the second practice of a day b's success has aged for a day, and a's not at all
    now = (NOON + timedelta(days=1)).timestamp()
    assert state.recent_at(now, HOURS) == pytest.approx(np.array([[1.5 * 2**-24 + 1.0, 2**-24], [1.75, 0.5]]))
    assert state.recent_at(math.nan, HOURS).tolist() == state.recent.tolist()
    assert state.recent_at(now - 9 * DAY, HOURS).tolist() == state.recent.tolist(), "nothing unhappens"


@settings(deadline=None, max_examples=60)
@given(rows)
def test_recent_counts_are_sums_over_all_that_came_before(made: list[Row]) -> None:
    log = log_of(made)
    table = tabulated(log, WORDS, 7.0, HOURS)

    def whole(who: int, concept: int, before: int, now: float) -> list[float]:
        total = np.zeros(2)
        for n in range(before):
            if log.learner[n] == who and concept in WORDS.concepts_of(int(log.item[n])):
                total += log.weights[n] * log.outcome[n] * 2.0 ** (-(now - log.seconds[n]) / (HOUR * HOURS))
        return total.tolist()

    for entry, (n, concept) in enumerate(zip(table.row.tolist(), table.concept.tolist(), strict=True)):
        now = float(log.seconds[n])
        assert table.recent[:, entry] == pytest.approx(whole(int(log.learner[n]), concept, n, now), abs=1e-9)
    now = float(log.seconds.max(initial=0.0)) + 5 * HOUR
    for who, state in enumerate(folded(log, WORDS, 7.0, HOURS)):
        expected = np.array([whole(who, concept, len(log), now) for concept in range(2)]).T
        assert state.recent_at(now, HOURS) == pytest.approx(expected, abs=1e-9)


@settings(deadline=None, max_examples=60)
@given(rows)
def test_successes_fade_from_one_practice_to_the_next(made: list[Row]) -> None:
    log = log_of([(who, item, right, sure, 40.0 * gap) for who, item, right, sure, gap in made])
    table, entry = tabulated(log, WORDS, 7.0), 0
    has: dict[tuple[int, int], tuple[float, float]] = {}  # of a learner and a concept: successes as of a time
    for n in range(len(log)):
        for concept in WORDS.concepts_of(int(log.item[n])).tolist():
            count, since = has.get((int(log.learner[n]), concept), (0.0, float(log.seconds[n])))
            count *= 2.0 ** (-(log.seconds[n] - since) / half_life(count, 7.0))
            assert table.concept_successes[entry] == pytest.approx(count)
            has[int(log.learner[n]), concept] = count + log.weights[n] * log.outcome[n], float(log.seconds[n])
            entry += 1
    assert entry == len(table.row)
    for who, state in enumerate(folded(log, WORDS, 7.0)):
        mine = [has.get((who, concept), (0.0, 0.0))[0] for concept in range(2)]
        assert state.practice.successes == pytest.approx(mine)


@settings(deadline=None, max_examples=60)
@given(rows)
def test_each_learner_begins_anew(made: list[Row]) -> None:
    """A log of two learners gives each what a log of that learner alone does."""
    log = log_of(made)
    whole, states = tabulated(log, WORDS, 7.0, HOURS), folded(log, WORDS, 7.0, HOURS)
    assert len(states) == len(log.learners)
    for who, state in enumerate(states):
        own = log.only_learners(np.arange(len(log.learners)) == who)
        alone, (last,) = tabulated(own, WORDS, 7.0, HOURS), folded(own, WORDS, 7.0, HOURS)
        mine, of_mine = log.learner == who, log.learner[whole.row] == who
        for name in ("successes", "failures", "item_successes", "item_failures"):
            assert getattr(whole, name)[mine].tolist() == getattr(alone, name).tolist()
        for name in ("concept", "concept_successes", "concept_failures"):
            assert getattr(whole, name)[of_mine].tolist() == getattr(alone, name).tolist()
        assert whole.recent[:, of_mine].tolist() == alone.recent.tolist()
        for name in ("responses", "successes", "failures"):
            assert getattr(state, name) == getattr(last, name)
        for name in ("recent", "items", "item_successes", "item_failures"):
            assert getattr(state, name).tolist() == getattr(last, name).tolist()
        assert state.responses == int(mine.sum())

"""What all models share: counting practice, weighing grades, carrying values over, intervals of shares."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import Vocabulary
from student_model.forgetting import DAY
from student_model.log import Log
from student_model.tracing import Parameters
from student_model.tracing._practice import (
    Ledger,
    Practice,
    Rows,
    carried,
    clear,
    logistic_of,
    practised,
    setting,
    tally,
    variances,
    wilson,
)
from student_model.types import LearnerId, Response, ResponseId

A, B = ConceptId("a"), ConceptId("b")
WORDS = Vocabulary.build([A, B], {ItemId("x"): [B, A], ItemId("bare"): []})
PRIORS = np.array([0.2, 0.4])


def response(item: str, *concepts: str, score: float | None = None, sure: float | None = None) -> Response:
    return Response(
        response_id=ResponseId("r"),
        learner_id=LearnerId("l"),
        item_id=ItemId(item),
        concept_ids=tuple(map(ConceptId, concepts)),
        correct=True,
        score=score,
        score_confidence=sure,
    )


def test_the_graph_says_what_a_known_item_practises_and_the_log_what_another_does() -> None:
    assert practised(WORDS, response("x", "a")).tolist() == [1, 0]
    assert practised(WORDS, response("bare", "a")).tolist() == []
    assert practised(WORDS, response("new", "b", "nowhere", "b")).tolist() == [1]
    assert practised(WORDS, response("new")).tolist() == []


def test_only_a_grade_is_weighed_by_its_confidence() -> None:
    assert response("x", score=1.0, sure=0.3).weight == 0.3
    assert response("x", score=1.0).weight == 1.0
    assert response("x", sure=0.3).weight == 1.0
    assert response("x", score=1.0, sure=7.0).weight == 1.0


def test_a_judged_response_counts_and_keeps_the_time() -> None:
    one = np.array([1], dtype=np.int32)
    fresh = Practice.fresh(PRIORS)
    judged = fresh.judged(one, [0.7], 0.5, 100.0)
    assert (judged.level.tolist(), judged.successes.tolist()) == ([0.2, 0.7], [0.0, 0.5])
    assert judged.evidence.tolist() == [0, 1]
    assert judged.last_seconds[1] == 100.0
    assert judged.judged(one, [0.8], 1.0, math.nan).last_seconds[1] == 100.0
    assert math.isnan(fresh.last_seconds[1])


def test_states_cannot_be_written_to() -> None:
    for practice in (Practice.fresh(PRIORS), *Ledger.blank(2, PRIORS).practices()):
        judged = practice.judged(np.array([0], dtype=np.int32), [0.5], 1.0, 1.0)
        for array in (practice.level, practice.last_seconds, judged.level, judged.successes, judged.evidence):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1


def test_levels_fade_towards_their_priors() -> None:
    one = np.array([1], dtype=np.int32)
    practice = Practice.fresh(PRIORS).judged(one, [0.8], 0.0, 0.0)
    # no success: half of .8 - .4 is left after seven days
    assert practice.levels_of(one, PRIORS, 7 * DAY, 7.0) == pytest.approx([0.6])
    levels, kept = practice.levels(PRIORS, 7 * DAY, 7.0)
    assert (levels.tolist(), kept.tolist()) == (pytest.approx([0.2, 0.6]), pytest.approx([1.0, 0.5]))
    assert practice.levels(PRIORS, math.nan, 7.0)[0].tolist() == [0.2, 0.8]


def test_a_ledger_counts_as_a_practice_does() -> None:
    ledger = Ledger.blank(2, PRIORS)
    tally(ledger, 1, 0, 0.5, 10.0)
    tally(ledger, 1, 0, 1.0, math.nan)
    first, second = ledger.practices()
    assert first.evidence.tolist() == [0, 0]
    assert (second.successes[0], second.evidence[0], second.last_seconds[0]) == (1.5, 2, 10.0)


def test_values_are_carried_by_id() -> None:
    values = np.array([[1.0, 2.0], [3.0, 4.0]])
    moved = carried(["a", "b"], values, ["b", "new", "a"], np.array([[7.0], [8.0]]))
    assert moved.tolist() == [[2.0, 7.0, 1.0], [4.0, 8.0, 3.0]]
    assert carried([], np.zeros(0), ["a"], 5.0).tolist() == [5.0]


def test_settings_must_be_numbers() -> None:
    parameters = Parameters("bkt", WORDS, {}, {"rate": 1, "name": "x"})
    assert setting(parameters, "rate") == 1.0
    for name in ("name", "missing"):
        with pytest.raises(ValueError, match=f"'{name}' of a bkt must be a number"):
            setting(parameters, name)


def test_wilsons_interval_worked_out_by_hand() -> None:
    # share .8 of 10, z = 1.644854: z2/n = .2705543; centre (.8 + .1352772) / 1.2705543 = .7361175
    # spread sqrt(.2705543 (.16 + .0676386)) / 1.2705543 = .1953246
    low, high = wilson(np.array([0.8]), np.array([10.0]))
    assert (low[0], high[0]) == pytest.approx((0.5407929, 0.9314421), abs=1e-6)


@given(share=st.floats(0.0, 1.0), trials=st.floats(0.5, 1e6))
def test_wilsons_interval_contains_the_share(share: float, trials: float) -> None:
    low, high = wilson(np.array([share]), np.array([trials]))
    assert 0.0 <= low[0] <= share <= high[0] <= 1.0


def test_successes_lengthen_the_half_life_of_what_they_were_of() -> None:
    both = np.array([0, 1], dtype=np.int32)
    practice = Practice.fresh(PRIORS).judged(both, [0.8, 0.8], 0.0, 0.0).judged(both[1:], [0.8], 1.0, 0.0)
    # after seven days half of a is left, which was never right; of b 2^(-7 / 13.7366) = .70242
    worked_out = [0.2 + 0.6 * 0.5, 0.4 + 0.4 * 0.70242]
    assert practice.levels_of(both, PRIORS, 7 * DAY, 7.0) == pytest.approx(worked_out, abs=1e-5)
    levels, kept = practice.levels(PRIORS, 7 * DAY, 7.0)
    assert levels == pytest.approx(worked_out, abs=1e-5)
    assert kept == pytest.approx([0.5, 0.70242], abs=1e-5)


def test_a_share_of_the_successes_is_kept_and_all_else_stays() -> None:
    both = np.array([1, 0], dtype=np.int32)
    practice = Practice.fresh(PRIORS).judged(both, [0.5, 0.6], 2.0, 9.0)
    kept = practice.kept(both, np.array([0.25, 0.5]))
    assert kept.successes.tolist() == [1.0, 0.5]
    assert (kept.level.tolist(), kept.evidence.tolist(), kept.last_seconds.tolist()) == ([0.6, 0.5], [1, 1], [9.0, 9.0])
    assert practice.successes.tolist() == [2.0, 2.0]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("kl"),
            st.integers(0, 2),
            st.sampled_from([0.0, 0.5, 1.0]),
            st.sampled_from([0.0, 0.5, 1.0]),
            st.just(math.nan) | st.integers(0, 9).map(float),
        ),
        max_size=12,
    )
)
def test_a_whole_log_counts_what_single_responses_do(rows: list[tuple[str, int, float, float, float]]) -> None:
    """Item 0 is of b and a, item 1 of nothing, item 2 of b alone; `mute` has answered nothing."""
    words = Vocabulary.build([A, B], {ItemId("x"): [B, A], ItemId("bare"): [], ItemId("y"): [B]})
    rows = sorted(rows, key=lambda row: row[0])
    names = tuple(LearnerId(one) for one in ("k", "mute", "l"))
    learner = np.array([{"k": 0, "l": 2}[row[0]] for row in rows], dtype=np.int32)
    item = np.array([row[1] for row in rows], dtype=np.int32)
    outcome, weight, seconds = (np.array([row[n] for row in rows], dtype=float) for n in (2, 3, 4))
    counted = Practice.counted(Log(words, names, learner, item, outcome, seconds, weight))
    assert len(counted) == 3
    for place, practice in enumerate(counted):
        one = Practice.fresh(np.zeros(2))
        for n in np.flatnonzero(learner == place):
            own = words.concepts_of(int(item[n]))
            one = one.judged(own, [0.0] * len(own), float(weight[n] * outcome[n]), float(seconds[n]))
        assert practice.level.tolist() == [0.0, 0.0]
        assert practice.successes.tolist() == one.successes.tolist()
        assert practice.evidence.tolist() == one.evidence.tolist()
        assert np.array_equal(practice.last_seconds, one.last_seconds, equal_nan=True)


def test_a_cleared_row_is_as_new_and_the_others_stay() -> None:
    ledger = Ledger.blank(2, PRIORS)
    for row in (0, 1):
        tally(ledger, row, 1, 0.5, 7.0)
        ledger.level[row, 1] = 0.9
    clear(ledger, 0, PRIORS)
    (cleared, other), (new,) = ledger.practices(), Ledger.blank(1, PRIORS).practices()
    for name in ("level", "successes", "evidence", "last_seconds"):
        assert np.array_equal(getattr(cleared, name), getattr(new, name), equal_nan=True)
    assert (other.level[1], other.successes[1], other.evidence[1], other.last_seconds[1]) == (0.9, 0.5, 1, 7.0)


OTHER_WORDS = {
    "another item": Vocabulary.build([A, B], {ItemId("x"): [A], ItemId("z"): [B]}),
    "another concept": Vocabulary.build([A], {ItemId("x"): [A], ItemId("y"): [ConceptId("c")]}),
    "another tag": Vocabulary.build([A, B], {ItemId("x"): [B], ItemId("y"): [A]}),
    "another place of the same tags": Vocabulary.build([A, B], {ItemId("x"): [A, B], ItemId("y"): []}),
    "one more item": Vocabulary.build([A, B], {ItemId("x"): [A], ItemId("y"): [B], ItemId("z"): []}),
}


@pytest.mark.parametrize("what", OTHER_WORDS)
def test_a_log_in_which_positions_mean_something_else_is_refused(what: str) -> None:
    nothing = np.zeros(0, np.int32)
    own, same = (Vocabulary.build([A, B], {ItemId("x"): [A], ItemId("y"): [B]}) for _ in range(2))
    assert Rows.of(Log.from_unordered(same, [], nothing, np.zeros(0)), own).item_concepts.tolist() == [0, 1]
    with pytest.raises(ValueError, match=r"another vocabulary: use tracer.bind"):
        Rows.of(Log.from_unordered(OTHER_WORDS[what], [], nothing, np.zeros(0)), own)


def test_what_is_uncertain_of_a_learner_worked_out_by_hand() -> None:
    # each response tells .2 of a squared logit; five in all leave 1 / (1 + 1) of ability
    general, own = variances(5, np.array([0, 5, 10, 10], dtype=np.int32), np.array([1.0, 1.0, 1.0, 0.5]))
    assert general == pytest.approx(0.5)
    # none; five; ten; ten that have half faded, which are as good as five
    assert own == pytest.approx([1.0, 0.5, 1 / 3, 0.5])


def test_odds_of_any_logit_stay_between_nought_and_one() -> None:
    assert logistic_of(np.array([-700.0, 0.0, math.log(3.0), 700.0])) == pytest.approx([1e-6, 0.5, 0.75, 1 - 1e-6])

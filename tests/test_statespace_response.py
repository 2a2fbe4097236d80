"""A response to the belief model: its neighbourhood by hand, and never against the answer."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gaussians import COUNT, LAW, at, columns, drawn, gaussian, odds_of, practised
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import Vocabulary
from student_model.forgetting import DAY
from student_model.tracing._neighbours import Edges, Net, of_concepts, of_items
from student_model.tracing._statespace_step import Tables, damping, expect, knows, stands, step

WORDS = Vocabulary.build(
    [ConceptId(one) for one in "abc"],
    {ItemId("ab"): [ConceptId("a"), ConceptId("b")], ItemId("c"): [ConceptId("c")], ItemId("bare"): []},
)
NET = Net(Edges(at(0), at(2), np.array([0.6])), Edges(at(2, 0), at(1, 2), np.array([0.5, 0.25])))
"""c rests on a; practice of c is some of b, and that of a some of c."""
NEAR, TOPICS = of_items(WORDS, NET), of_concepts(WORDS, NET)


def stepped(t: Tables, item: int, outcome: float, weight: float, seconds: float = math.nan) -> tuple[float, float]:
    return step(t, LAW, 0, NEAR, TOPICS, item, WORDS.concepts_of(item), 1.3, 0.2, 0.1, outcome, weight, seconds)


def test_what_a_belief_rests_on_worked_out_by_hand() -> None:
    t = Tables.blank(1, COUNT, LAW)
    t.general[0], t.level[0], t.slope[0] = (0.5, 0.8), (0.1, 0.2, 0.3), (0.4, 0.0, -0.2)
    t.successes[0], t.failures[0] = (1.0, 0.0, 3.0), (0.0, 2.0, 1.0)
    a, b, c = 0.1 + 0.2 + 0.4 * math.log(2), 0.2 - 0.2 * math.log(3), 0.3 - 0.1 + 0.4 * math.log(4) - 0.2 * math.log(2)
    assert [knows(t, LAW, 0, k) for k in range(3)] == pytest.approx([a, b, c])
    assert [stands(t, LAW, 0, TOPICS, k) for k in range(3)] == pytest.approx([0.5 + a, 0.5 + b, 0.5 + c + 0.6 * a])
    mean, slope, spread = expect(t, LAW, 0, at(0, 2), np.array([0.6, 1.0]))
    assert (mean, slope) == pytest.approx((0.5 + 0.6 * a + c, 1 + 0.6 * 0.4 - 0.2))
    assert spread == pytest.approx(0.36 * 0.5 + 0.5)


@settings(deadline=None, max_examples=200)
@given(seed=st.integers(0, 10_000), item=st.integers(0, 1), outcome=st.floats(0.0, 1.0), weight=st.floats(0.05, 1.0))
def test_no_belief_in_an_item_s_concepts_moves_against_the_answer(
    seed: int, item: int, outcome: float, weight: float
) -> None:
    """A wrong answer raises none of them, a right one lowers none, whatever explains what away."""
    t, own = drawn(seed), WORDS.concepts_of(item)
    t.slope[0] *= 3.0
    before = [stands(t, LAW, 0, TOPICS, c) for c in own]
    counted = practised(t)
    whole, damped = stepped(t, item, outcome, weight)
    error = outcome - odds_of(damped * (1.3 * whole - 0.2))
    taught = practised(t) - counted  # what the count of this response itself adds
    if item == 1:
        taught[2] += 0.6 * taught[0]
    for c, was in zip(own, before, strict=True):
        assert (stands(t, LAW, 0, TOPICS, c) - taught[c] - was) * error >= -1e-9


def test_a_success_flows_along_encompassing_edges_by_its_weight() -> None:
    t = Tables.blank(1, COUNT, LAW)
    t.successes[0, 1], t.as_of[0, 1] = 1.0, 0.0
    stepped(t, 1, 0.75, 0.4, 7 * DAY * 2 / (1 + 7 / 365))
    # b's one success has halved, and .5 of .75 * .4 flows from c
    assert t.successes[0].tolist() == pytest.approx([0.0, 0.5 + 0.15, 0.3])
    assert t.evidence[0].tolist() == [0, 0, 1]
    assert math.isnan(t.last_seconds[0, 1]), "credit is no practice"


def test_all_that_an_item_leans_on_fades_before_it_is_answered() -> None:
    t = Tables.blank(1, COUNT, LAW)
    t.level[0, 0], t.as_of[0, 0] = 2.0, 0.0
    whole, _ = stepped(t, 1, 1.0, 1.0, 7 * DAY)
    assert whole == pytest.approx(0.6 * 1.0), "half of what stood for a is left, and c takes .6 of it"
    assert t.as_of[0].tolist() == [7 * DAY] * 3
    assert math.isnan(t.last_seconds[0, 0]), "a was not practised"


def test_an_item_without_concepts_tells_of_ability_alone() -> None:
    t = Tables.blank(1, COUNT, LAW)
    whole, damped = stepped(t, 2, 1.0, 1.0, DAY)
    assert (whole, damped) == pytest.approx((0.0, damping(1.3**2 * 0.8 + 0.1)))
    assert t.general[0, 0] > 0.0
    for column, blank in zip(columns(t)[1:], columns(Tables.blank(1, COUNT, LAW))[1:], strict=True):
        assert np.array_equal(column, blank, equal_nan=True)


def test_an_answer_that_weighs_nothing_moves_no_level() -> None:
    t, same = drawn(5), drawn(5)
    stepped(t, 0, 1.0, 0.0)
    assert t.general[0].tolist() == pytest.approx([same.general[0, 0], same.general[0, 1] + LAW.general_noise])
    assert gaussian(t)[0] == pytest.approx(gaussian(same)[0])
    assert t.successes[0].tolist() == same.successes[0].tolist()

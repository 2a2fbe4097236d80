"""The belief model: steps by hand and by full matrices, planted truth, its graph, its parts, its intervals."""

from __future__ import annotations

import math
from datetime import timedelta
from functools import cache

import numpy as np
import pytest
from courses import NOON, answer, course
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import FloatArray, Vocabulary
from student_model.evaluation import log_loss
from student_model.log import Log
from student_model.simulated import TIMED, Simulated, simulate
from student_model.tracing import Context
from student_model.tracing._drift import NONE
from student_model.tracing._knowledge import Knowledge
from student_model.tracing._neighbours import Edges, Net, neighbours
from student_model.tracing._practice import logistic_of
from student_model.tracing._statespace_fit import OFF, fitted
from student_model.tracing._statespace_step import Law
from student_model.tracing.statespace import LAW, StateSpace, fit, made

WORDS = Vocabulary.build(
    [ConceptId(one) for one in "abc"],
    {ItemId("a"): [ConceptId("a")], ItemId("ab"): [ConceptId("a"), ConceptId("b")], ItemId("c"): [ConceptId("c")]},
)
EMPTY = Log.from_unordered(WORDS, [], np.zeros(0, np.int32), np.zeros(0))
PLAIN = LAW._replace(general_variance=1.0, offset_variance=0.5, general_noise=0.0, offset_noise=0.0)
STILL = PLAIN._replace(gain=0.0, loss=0.0)
MACKAY = math.pi / 8


def edges(*each: tuple[int, int, float]) -> Edges:
    """Edges by position."""
    source, target, strength = zip(*each, strict=True) if each else ((), (), ())
    return Edges(np.array(source, dtype=np.int32), np.array(target, dtype=np.int32), np.array(strength, dtype=float))


def untold(items: int) -> dict[str, FloatArray]:
    """Nothing is expected of items but by their responses."""
    return {
        "expected_difficulty": np.zeros(items),
        "expected_variance": np.ones(items),
        "drifted": np.zeros(items),
    }


def tracer(
    coupling: Edges | None = None, credit: Edges | None = None, law: Law = STILL, steep: float = 1.0
) -> StateSpace:
    net = Net(coupling or Edges.none(), credit or Edges.none())
    return made(
        WORDS,
        law,
        base=0.1,
        drift=NONE,
        net=net,
        **untold(3),
        slope=np.array([1.0, 1.0, steep]),
        difficulty=np.array([0.3, -0.2, 0.0]),
        difficulty_variance=np.zeros(3),
        concept_slope=np.ones(3),
        concept_difficulty=np.array([0.3, -0.2, 0.0]),
    )


def joint(state: Knowledge) -> tuple[FloatArray, FloatArray]:
    """Mean and covariance of ability and offsets, (1 + C,) and (1 + C, 1 + C), from the form they are kept in."""
    g, v = state.general
    level, slope = (state.spread_out(one, 0.0) for one in (state.level, state.slope))
    along = np.concatenate(([1.0], slope))
    mean = np.concatenate(([g], level + slope * g))
    spread = state.spread_out(state.spread, PLAIN.offset_variance)
    return mean, v * np.outer(along, along) + np.diag(np.concatenate(([0.0], spread)))


def kalman(
    mean: FloatArray, covariance: FloatArray, load: FloatArray, hard: float, right: float
) -> tuple[FloatArray, FloatArray]:
    """One step with full matrices."""
    logit, variance = load @ mean - hard, load @ covariance @ load
    odds = 1.0 / (1.0 + math.exp(-logit / math.sqrt(1.0 + MACKAY * variance)))
    plain = 1.0 / (1.0 + math.exp(-logit))
    sharp = plain * (1.0 - plain)
    towards = covariance @ load / (1.0 + sharp * variance)
    return mean + towards * (right - odds), covariance - sharp * np.outer(towards, load @ covariance)


def test_a_first_right_answer_worked_out_by_hand() -> None:
    model = tracer()
    # Item `a` loads 1 on ability (variance 1) and on a's offset (.5): logit -.3, variance 1.5.
    odds = 1 / (1 + math.exp(0.3 / math.sqrt(1 + MACKAY * 1.5)))
    assert model.predict(model.initial(), None, None)[0] == pytest.approx(odds)
    plain = 1 / (1 + math.exp(0.3))
    share = 1 + plain * (1 - plain) * 1.5
    mean, covariance = joint(model.update(model.initial(), answer("a", True)))
    assert mean.tolist() == pytest.approx([1.0 / share * (1 - odds), 0.5 / share * (1 - odds), 0.0, 0.0])
    assert covariance[0, 0] == pytest.approx(1 - plain * (1 - plain) / share)
    assert covariance[0, 1] == pytest.approx(-0.5 * plain * (1 - plain) / share)
    assert covariance[2, 2] == pytest.approx(0.5), "what the item does not load on is as unsure as before"


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["a", "c"]), st.booleans()), max_size=8))
def test_steps_on_single_concepts_equal_a_full_kalman_filter(made_: list[tuple[str, bool]]) -> None:
    model, loads = tracer(steep=1.7), {"a": np.array([1.0, 1, 0, 0]), "c": 1.7 * np.array([1.0, 0, 0, 1])}
    state, (mean, covariance) = model.initial(), joint(model.initial())
    for item, right in made_:
        state = model.update(state, answer(item, right))
        hard = float(model.difficulty[WORDS.item_index[ItemId(item)]])
        mean, covariance = kalman(mean, covariance, loads[item], hard, float(right))
        one = joint(state)
        assert one[0] == pytest.approx(mean, abs=1e-12)
        ability = [0, 0, 0, 1, 3], [0, 1, 3, 1, 3]
        assert one[1][ability] == pytest.approx(covariance[ability], abs=1e-12)
        mean, covariance = one  # the covariance of a and c beyond ability is dropped in this form


def test_an_item_of_two_concepts_loads_half_on_each() -> None:
    model = tracer()
    mean, covariance = kalman(*joint(model.initial()), np.array([1.0, 0.5, 0.5, 0.0]), -0.2, 0.0)
    own = joint(model.update(model.initial(), answer("ab", False)))
    assert own[0] == pytest.approx(mean)
    assert np.diag(own[1]) == pytest.approx(np.diag(covariance))
    assert own[1][0] == pytest.approx(covariance[0])


def test_a_state_keeps_the_concepts_that_were_touched_and_no_others() -> None:
    """`c` rests on `a` (0.4): answering it touches both, and `b` stays what the law says of everybody."""
    model = tracer(coupling=edges((0, 2, 0.4)))
    assert model.initial().concepts.tolist() == []
    state = model.update(model.initial(), answer("c", True))
    assert state.concepts.tolist() == [0, 2]
    assert state.table(model.law).spread[0, 1] == model.law.offset_variance
    again = Knowledge.rows(state.table(model.law), model.law)[0]
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(state.columns(), again.columns(), strict=True))


def test_practice_counts_by_its_logarithm() -> None:
    model = tracer(law=PLAIN._replace(offset_variance=1e-12, general_variance=1e-12))
    state = model.initial()
    for right in (True, True, False):
        state = model.update(state, answer("a", right))
    logit = PLAIN.gain * math.log(3) - PLAIN.loss * math.log(2) - 0.3
    assert model.beliefs(state, None).probability[0] == pytest.approx(1 / (1 + math.exp(-logit)), abs=1e-6)


def test_a_prerequisite_carries_its_dependent_and_learns_from_it() -> None:
    model = tracer(coupling=edges((0, 2, 0.4)))
    assert model.items.load_concepts.tolist() == [0, 0, 1, 0, 2]
    assert model.items.loads.tolist() == [1.0, 0.5, 0.5, 0.4, 1.0]
    state = model.update(model.initial(), answer("c", True))
    offset = joint(state)[0][1:]
    assert offset[0] == pytest.approx(0.4 * offset[2])
    assert offset[1] == 0.0


def test_a_success_flows_to_what_is_encompassed_and_a_failure_does_not() -> None:
    model = tracer(credit=edges((2, 0, 0.3)))
    right, wrong = (model.update(model.initial(), answer("c", done)) for done in (True, False))
    assert right.spread_out(right.successes, 0.0).tolist() == [0.3, 0.0, 1.0]
    assert wrong.spread_out(wrong.successes, 0.0).tolist() == [0.0, 0.0, 0.0]
    assert model.beliefs(right, None).evidence.tolist() == [0, 0, 1], "credit is no evidence"


def test_credit_reaches_no_concept_that_the_item_practises_itself() -> None:
    near = neighbours(WORDS.item_offsets, WORDS.item_concepts, Net(Edges.none(), edges((0, 1, 0.5), (0, 2, 0.5))), 3)
    assert near.credit_offsets.tolist() == [0, 2, 3, 3]
    assert near.credit_concepts.tolist() == [1, 2, 2]


def test_what_stands_above_ability_halves_in_a_half_life_and_blurs() -> None:
    model = tracer()
    state = model.update(model.initial(), answer("a", True, day=0.0))
    days = STILL.half_life_days * 2 / (1 + STILL.half_life_days / 365)  # after one success
    later = model.now(state, NOON + timedelta(days=days))
    before = model.now(state, None)
    assert later.knows[0] == pytest.approx(before.knows[0] / 2)
    assert later.spread[0] == pytest.approx(before.spread[0] / 4 + 0.75 * STILL.offset_variance)
    assert later.knows[2] == before.knows[2]
    assert model.now(state, NOON + timedelta(days=-3)).knows[0] == before.knows[0]


@settings(deadline=None, max_examples=40)
@given(
    made_=st.lists(st.tuples(st.sampled_from(["a", "ab", "c"]), st.booleans()), max_size=12), strength=st.floats(0, 1)
)
def test_a_right_answer_raises_what_its_item_leans_on(made_: list[tuple[str, bool]], strength: float) -> None:
    model = tracer(coupling=edges((0, 2, strength)), credit=edges((2, 1, strength)), law=PLAIN)
    state = model.initial()
    for item, right in made_:
        state = model.update(state, answer(item, right))
    before = model.beliefs(state, None).probability
    after = model.beliefs(model.update(state, answer("c", True)), None).probability
    assert (after >= before - 1e-12)[[0, 2]].all()


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_no_law_lets_an_answer_move_a_belief_the_other_way(data: st.DataObject) -> None:
    """Items of several concepts explain each other away; what learners are told must not follow."""
    words = Vocabulary.build("abc", {name: list(name) for name in ("a", "b", "c", "ab", "bc", "abc")})  # type: ignore[arg-type, misc]
    rng = np.random.default_rng(data.draw(st.integers(0, 10_000)))
    law = LAW._replace(
        general_variance=float(rng.choice([0.05, 0.6, 2.0])),
        offset_variance=float(rng.choice([0.03, 0.3, 3.0])),
        offset_noise=float(rng.choice([0.0, 0.2])),
        general_noise=float(rng.choice([0.0, 0.1])),
        gain=float(rng.choice([0.01, 0.4])),
    )
    net = Net(edges((0, 1, float(rng.choice([0.0, 0.3, 1.0])))), Edges.none())
    numbers = {
        "slope": rng.uniform(0.3, 3.0, 6),
        "difficulty": rng.normal(size=6),
        "difficulty_variance": np.full(6, 0.1),
    }
    numbers |= untold(6)
    model = made(words, law, 0.0, NONE, net, **numbers, concept_slope=np.ones(3), concept_difficulty=np.zeros(3))
    state = model.initial()
    for name in rng.choice(words.items, p=rng.dirichlet(np.full(6, 0.5)), size=60).tolist():
        right = bool(rng.random() < 0.6)
        after = model.update(state, answer(name, right))
        own = words.concepts_of(words.item_index[name])
        moved = (model.beliefs(after, None).probability - model.beliefs(state, None).probability)[own]
        assert not right or (moved >= -1e-12).all()
        state = after


GRAPH = course(
    [("a", "b", 1.0), ("b", "c", 0.8), ("d", "e", 1.0), ("c", "f", 0.5), ("e", "f", 1.0)],
    names="abcdef",
    encompassings=[("b", "a", 1.0), ("c", "b", 0.7), ("e", "d", 0.8)],
)
TRUE = TIMED


TRAINED = 400


@cache
def world() -> tuple[Simulated, Log, Log]:
    """Simulated learners: all, those to fit on, the others."""
    whole = simulate(GRAPH, TRUE, learners=600, rows=60, seed=1)
    early = np.arange(600) < TRAINED
    return whole, whole.log.only_learners(early), whole.log.only_learners(~early)


@cache
def learned() -> StateSpace:
    return fitted(world()[1], GRAPH)


def test_the_law_is_found_again() -> None:
    law = learned().law
    assert law.general_variance == pytest.approx(TRUE.general_variance, rel=0.35)
    assert law.gain == pytest.approx(TRUE.gain, rel=0.35)
    assert law.half_life_days == pytest.approx(TRUE.half_life_days, rel=0.5)
    whole, _, _ = world()
    assert np.corrcoef(learned().difficulty, whole.difficulty)[0, 1] > 0.95
    assert learned().slope.mean() == pytest.approx(1.0, abs=0.1)


def test_its_odds_are_nearly_as_good_as_they_could_be() -> None:
    whole, train, test = world()
    mine = log_loss(learned().predict_log(test), test.outcome)
    best = log_loss(whole.odds[len(train) :], test.outcome)
    blind = log_loss(np.full(len(test), train.outcome.mean()), test.outcome)
    assert (blind - mine) / (blind - best) > 0.7


def test_intervals_of_beliefs_cover_the_truth() -> None:
    whole, _, test = world()
    truth = logistic_of(whole.knows[TRAINED:])
    held = inside = 0
    for learner, state in enumerate(learned().fold(test)):
        beliefs = learned().beliefs(state, None)
        met = beliefs.evidence > 0
        within = (beliefs.low <= truth[learner]) & (truth[learner] <= beliefs.high)
        held, inside = held + int(met.sum()), inside + int(within[met].sum())
    assert held > 1_000
    assert inside / held == pytest.approx(0.9, abs=0.03)


def test_without_data_the_expert_s_graph_is_returned() -> None:
    none = GRAPH.vocabulary
    empty = Log.from_unordered(none, [], np.zeros(0, np.int32), np.zeros(0))
    net = fit(empty, context=Context(GRAPH)).net
    assert net.coupling.strength.tolist() == (LAW.coupling * GRAPH.prerequisite_arrays.weight).tolist()
    assert net.credit.strength.tolist() == (LAW.credit * GRAPH.encompassing_arrays.weight).tolist()


def test_an_edge_that_the_responses_deny_loses_strength() -> None:
    true = course([("a", "b", 1.0), ("c", "d", 1.0)], names="abcd")
    wrong = course([("a", "b", 1.0), ("c", "d", 1.0), ("a", "d", 1.0)], names="abcd")
    law = TRUE._replace(coupling=0.8, offset_variance=1.0, half_life_days=np.inf)
    log = simulate(true, law, learners=300, rows=50, seed=4).log
    learnt = fitted(log, wrong).net.coupling
    strength = {(int(a), int(b)): w for a, b, w in zip(learnt.source, learnt.target, learnt.strength, strict=True)}
    assert strength[0, 3] < 0.5 * min(strength[0, 1], strength[2, 3])


@pytest.mark.parametrize("part", OFF)
def test_each_part_can_be_switched_off(part: str) -> None:
    few = world()[1].only_learners(np.arange(TRAINED) < 40)
    law = fitted(few, GRAPH, without={part}).law._asdict()
    assert {name: law[name] for name in OFF[part]} == OFF[part]
    others = {name for name in law if name not in OFF[part]}
    assert any(law[name] != getattr(LAW, name) for name in others)


def test_an_unknown_part_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no such part: wings; there are: learning, forgetting"):
        fitted(EMPTY, without={"wings"})


def test_binding_keeps_the_strengths_of_edges_that_remain() -> None:
    model = tracer(coupling=edges((0, 2, 0.4)), credit=edges((2, 1, 0.2)))
    other = Vocabulary.build([ConceptId("c"), ConceptId("new"), ConceptId("a")], {ItemId("c"): [ConceptId("c")]})
    bound = model.bind(other)
    assert [(int(s), int(t)) for s, t in zip(bound.net.coupling.source, bound.net.coupling.target, strict=True)] == [
        (2, 0)
    ]
    assert len(bound.net.credit.source) == 0
    assert bound.concept_difficulty.tolist() == [0.0, 0.1, 0.3]


def test_steep_items_are_found_and_tell_more() -> None:
    """The items of two concepts are planted twice and half as steep as usual."""
    truth = course([], names="ab", per_concept=6)
    log = simulate(truth, TRUE, learners=400, rows=30, seed=2).log
    rng, planted = np.random.default_rng(0), np.where(np.arange(12) < 6, 2.0, 0.5)
    ability = rng.normal(0.0, 1.0, 400)
    odds = logistic_of(planted[log.item] * ability[log.learner])
    model = fitted(
        Log(
            log.vocabulary,
            log.learners,
            log.learner,
            log.item,
            (rng.random(len(log)) < odds).astype(np.float64),
            log.seconds,
        )
    )
    assert model.slope[:6].min() > model.slope[6:].max()
    assert model.concept_slope[0] > 1.5 * model.concept_slope[1]
    state = model.initial()
    steep, flat = (model.update(state, answer(f"{name}-0", True)).general[0] for name in "ab")
    assert steep > flat

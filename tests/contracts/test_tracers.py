"""What every knowledge-tracing model promises. Each file in `student_model/tracing/` is found and tried."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import Vocabulary
from student_model.log import Log
from student_model.replay import in_order, replay, to_log
from student_model.storage import model_version, open_tracer, save
from student_model.tracing import Context, Model, Tracer, available, load
from student_model.types import LearnerId, Response, ResponseId

START = datetime(2026, 1, 1, tzinfo=UTC)
CONCEPTS = tuple(ConceptId(f"c{n}") for n in range(5))
ITEMS = {ItemId(f"i{n}"): tuple(CONCEPTS[k] for k in {n % 5, n * n % 5}) for n in range(12)}
WORDS = Vocabulary.build(CONCEPTS, {**ITEMS, ItemId("bare"): ()})
EMPTY = Log.from_unordered(WORDS, [], np.zeros(0, np.int32), np.zeros(0))

hours = st.none() | st.floats(0.0, 5_000.0)
known_item = st.sampled_from(sorted(WORDS.items))
tagged_stranger = st.just((ItemId("new"), (CONCEPTS[1], ConceptId("nowhere"))))
stranger = st.just((ItemId("lost"), ()))
any_item = known_item.map(lambda item: (item, ())) | tagged_stranger | stranger


def response(number: int, item: str = "i1", hour: float | None = None, **more: Any) -> Response:
    """A response of learner `l`, right unless it is said otherwise."""
    at = None if hour is None else START + timedelta(hours=hour)
    own = {
        "learner_id": LearnerId("l"),
        "item_id": ItemId(item),
        "at": at,
        "sequence": number,
        "correct": True,
    }
    return Response(response_id=ResponseId(f"r{number}"), **{**own, **more})


@st.composite
def responses(draw: st.DrawFn, judged: bool = False, learners: int = 1) -> list[Response]:
    """Up to 25 responses of all kinds; `judged` leaves out what a `Log` cannot hold."""
    made = []
    for number in range(draw(st.integers(0, 25))):
        item, tags = draw(any_item)
        score = draw(st.none() | st.floats(0.0, 1.0))
        sure = None if judged or score is None else draw(st.none() | st.floats(0.0, 1.0))
        correct = draw(st.booleans() if judged else st.none() | st.booleans())
        one = response(number, item, draw(hours), concept_ids=tags, correct=correct, score=score)
        learner = LearnerId(f"l{draw(st.integers(0, learners - 1))}")
        made.append(replace(one, learner_id=learner, score_confidence=sure))
    return made


def content(state: Any) -> Any:
    """All that a state holds, bit for bit; NaN equals NaN."""
    if isinstance(state, float):
        return state.hex()
    if is_dataclass(state):
        return tuple(content(getattr(state, field.name)) for field in fields(state))
    return (state.dtype.str, state.shape, state.tobytes()) if isinstance(state, np.ndarray) else state


def tolerance(name: str) -> float:
    """How far a model's odds of whole logs may be from those of single steps: nothing, unless its file says so."""
    return float(getattr(load(name), "TOLERANCE", 0.0))


def skip_unless_monotone(name: str) -> None:
    """Some models promise nothing about what a single answer does to a belief, and their files say so."""
    if not getattr(load(name), "MONOTONE", True):
        pytest.skip(f"{name} says that it does not keep this")


def lived_log(seed: int = 3) -> Log:
    """Forty learners with thirty responses each, some of them a month apart."""
    rng = np.random.default_rng(seed)
    rows = 40 * 30
    ids = [LearnerId(f"t{n}") for n in np.repeat(np.arange(40), 30)]
    item = rng.integers(0, 12, rows).astype(np.int32)
    ease = rng.uniform(0.2, 0.9, 12)
    seconds = np.cumsum(rng.exponential(1e5, rows))
    return Log.from_unordered(WORDS, ids, item, (rng.random(rows) < ease[item]).astype(float), seconds)


@pytest.fixture(scope="module", params=available())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def fitted(name: str) -> Tracer:
    return load(name).fit(lived_log(), seed=1)


@pytest.fixture(scope="module", params=["fitted", "new"])
def tracer(request: pytest.FixtureRequest, name: str, fitted: Tracer) -> Tracer:
    return fitted if request.param == "fitted" else load(name).fit(EMPTY)


def test_a_fit_leaves_its_curve_for_tensorboard(name: str, tmp_path: Path) -> None:
    load(name).fit(lived_log(), 1, Context(curves=tmp_path))
    folders = sorted({path.parent for path in tmp_path.rglob("events.*")})
    assert bool(folders) == getattr(load(name), "STEPS", True), "a file says so where its fit takes no steps"
    for folder in folders:
        losses = [one.value for one in EventAccumulator(str(folder)).Reload().Scalars("training loss")]
        assert len(losses) > 1 and np.isfinite(losses).all()
        assert 0.0 < losses[-1] < losses[0] + 0.003  # `pfa` begins anew when it must hold a gain at 0


def test_a_model_is_named_after_its_file(name: str, tracer: Tracer) -> None:
    assert isinstance(load(name), Model)
    assert tracer.name == name
    assert tracer.parameters().model == name
    assert tracer.vocabulary.items == WORDS.items


@settings(deadline=None, max_examples=30)
@given(made=responses(), data=st.data())
def test_any_order_and_repeat_gives_the_same_state(tracer: Tracer, made: list[Response], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(made + made[: len(made) // 2]))
    assert content(replay(tracer, shuffled)) == content(replay(tracer, made))


@settings(deadline=None, max_examples=30)
@given(made=responses(), cut=st.integers(0, 25))
def test_a_split_replay_gives_the_same_state(tracer: Tracer, made: list[Response], cut: int) -> None:
    ordered = in_order(made)
    state = replay(tracer, ordered[:cut])
    for one in ordered[cut:]:
        state = tracer.update(state, one)
    assert content(state) == content(replay(tracer, made))


@settings(deadline=None, max_examples=30)
@given(made=responses(judged=True, learners=3))
def test_a_whole_log_equals_single_steps(tracer: Tracer, made: list[Response]) -> None:
    log = to_log(made, tracer.vocabulary)
    bound = tracer.bind(log.vocabulary)
    states, odds = bound.fold(log), bound.predict_log(log)
    assert len(states) == len(log.learners)
    row = 0
    for learner, folded in zip(log.learners, states, strict=True):
        state = bound.initial()
        for one in in_order(each for each in made if each.learner_id == learner):
            item = np.array([log.vocabulary.item_index[one.item_id]], dtype=np.int32)
            assert abs(bound.predict(state, item, one.at)[0] - odds[row]) <= tolerance(tracer.name)
            state = bound.update(state, one)
            row += 1
        assert content(state) == content(folded)
    assert row == len(odds)


@settings(deadline=None, max_examples=30)
@given(made=responses(), hour=hours)
def test_update_and_reading_leave_a_state_as_it_was(tracer: Tracer, made: list[Response], hour: float | None) -> None:
    state, before = tracer.initial(), content(tracer.initial())
    now = None if hour is None else START + timedelta(hours=hour)
    for one in made:
        after = tracer.update(state, one)
        tracer.predict(state, None, now)
        tracer.predict_interval(state, None, now)
        tracer.beliefs(state, now)
        assert content(state) == before
        state, before = after, content(after)


@settings(deadline=None, max_examples=40)
@given(made=responses(), hour=hours)
def test_odds_and_beliefs_are_probabilities_in_their_intervals(
    tracer: Tracer, made: list[Response], hour: float | None
) -> None:
    now = None if hour is None else START + timedelta(hours=hour)
    state = replay(tracer, made)
    odds = tracer.predict(state, None, now)
    low, high = tracer.predict_interval(state, None, now)
    assert odds.shape == low.shape == high.shape == (len(WORDS.items),)
    assert ((odds > 0.0) & (odds < 1.0)).all()
    assert ((low >= 0.0) & (low <= odds) & (odds <= high) & (high <= 1.0)).all()
    some = np.array([7, 2], dtype=np.int32)
    assert tracer.predict(state, some, now).tolist() == odds[some].tolist()
    assert [end.tolist() for end in tracer.predict_interval(state, some, now)] == [
        low[some].tolist(), high[some].tolist()
    ]  # fmt: skip
    beliefs = tracer.beliefs(state, now)
    assert beliefs.concepts == WORDS.concepts
    assert ((beliefs.low >= 0.0) & (beliefs.low <= beliefs.probability)).all()
    assert ((beliefs.probability <= beliefs.high) & (beliefs.high <= 1.0)).all()
    assert (beliefs.probability <= beliefs.peak + 1e-12).all()


@settings(deadline=None, max_examples=40)
@given(made=responses(), item=known_item, hour=st.floats(0.0, 9_000.0), sure=st.none() | st.floats(0.0, 1.0))
def test_a_right_answer_never_lowers_the_belief_of_its_concepts(
    tracer: Tracer, made: list[Response], item: str, hour: float, sure: float | None
) -> None:
    skip_unless_monotone(tracer.name)
    now = START + timedelta(hours=hour)
    state = replay(tracer, made)
    right = response(99, item, hour, score=1.0, score_confidence=sure)
    practised = WORDS.concepts_of(WORDS.item_index[ItemId(item)])
    before = tracer.beliefs(state, now).probability[practised]
    after = tracer.beliefs(tracer.update(state, right), now).probability[practised]
    assert (after >= before - 1e-9).all()


@settings(deadline=None, max_examples=30)
@given(made=responses())
def test_time_alone_never_raises_a_belief_and_no_time_changes_none(tracer: Tracer, made: list[Response]) -> None:
    state = replay(tracer, made)
    days = [tracer.beliefs(state, START + timedelta(days=day)).probability for day in (210, 240, 400, 4000)]
    assert all((later <= sooner + 1e-12).all() for sooner, later in pairwise(days))
    untimed = tracer.beliefs(state, None)
    assert untimed.probability.tolist() == untimed.peak.tolist()


@settings(deadline=None, max_examples=30)
@given(made=responses())
def test_an_unjudged_response_changes_nothing(tracer: Tracer, made: list[Response]) -> None:
    state = replay(tracer, made)
    after = tracer.update(state, response(99, "i3", 6_000.0, correct=None))
    before_beliefs, after_beliefs = tracer.beliefs(state, None), tracer.beliefs(after, None)
    assert after_beliefs.probability.tolist() == before_beliefs.probability.tolist()
    assert after_beliefs.evidence.tolist() == before_beliefs.evidence.tolist()
    assert np.array_equal(after_beliefs.last_seconds, before_beliefs.last_seconds, equal_nan=True)


def test_evidence_counts_judged_responses_of_the_concept(tracer: Tracer) -> None:
    state = tracer.initial()
    for number, correct in enumerate([True, False, None, True]):
        state = tracer.update(state, response(number, "i1", correct=correct))
    evidence = tracer.beliefs(state, None).evidence
    assert {WORDS.concepts[c]: int(evidence[c]) for c in range(5)} == {
        concept: 3 if concept in ITEMS[ItemId("i1")] else 0 for concept in CONCEPTS
    }


def test_unknown_items_count_for_the_concepts_they_name_and_else_for_nothing(tracer: Tracer) -> None:
    state = tracer.initial()
    lost = tracer.update(state, response(1, "lost", 1.0, concept_ids=(ConceptId("nowhere"),)))
    assert content(lost) == content(state)
    tagged = tracer.update(state, response(1, "new", 1.0, concept_ids=(CONCEPTS[2],)))
    assert tracer.beliefs(tagged, None).evidence.tolist() == [0, 0, 1, 0, 0]


def test_a_grade_counts_by_its_confidence(tracer: Tracer) -> None:
    skip_unless_monotone(tracer.name)
    moved = []
    for sure in (0.0, 0.3, 0.7, 1.0):
        state = tracer.update(tracer.initial(), response(1, score=1.0, score_confidence=sure, correct=None))
        moved.append(float(tracer.beliefs(state, None).probability[1]))
    assert moved[0] == pytest.approx(float(tracer.beliefs(tracer.initial(), None).probability[1]), abs=1e-12)
    assert moved == sorted(moved)
    exact = tracer.update(tracer.initial(), response(1, correct=True))
    assert moved[-1] == pytest.approx(float(tracer.beliefs(exact, None).probability[1]), abs=1e-12)


def test_binding_keeps_what_is_shared_and_gives_the_rest_priors(tracer: Tracer) -> None:
    other = Vocabulary.build(
        [ConceptId("fresh"), *reversed(CONCEPTS)],
        {ItemId("first"): [ConceptId("fresh")], **dict(reversed(ITEMS.items()))},
    )
    bound = tracer.bind(other)
    assert bound.vocabulary is other
    made = [response(n, f"i{n % 12}", 10.0 * n, correct=n % 3 > 0) for n in range(20)]
    old, new = replay(tracer, made), replay(bound, made)
    mine, theirs = tracer.predict(old, None, None), bound.predict(new, None, None)
    for item in ITEMS:
        assert theirs[other.item_index[item]] == pytest.approx(
            mine[WORDS.item_index[item]], abs=1e-12 + tolerance(tracer.name)
        )
    assert 0.0 < theirs[0] < 1.0
    with pytest.raises(ValueError, match="bind"):
        bound.fold(lived_log())


def test_a_tracer_is_the_same_after_storage(tracer: Tracer, tmp_path: Any) -> None:
    version = save(tracer, tmp_path / "kept")
    again = open_tracer(tmp_path / "kept")
    assert model_version(again) == version == model_version(tracer)
    log = lived_log(seed=5)
    assert again.predict_log(log).tolist() == tracer.predict_log(log).tolist()
    assert list(map(content, again.fold(log))) == list(map(content, tracer.fold(log)))


def test_fitting_again_gives_the_same_tracer(name: str, fitted: Tracer) -> None:
    assert model_version(load(name).fit(lived_log(), seed=1)) == model_version(fitted)


def test_an_empty_log_can_be_folded(tracer: Tracer) -> None:
    assert tracer.fold(EMPTY) == []
    assert tracer.predict_log(EMPTY).shape == (0,)


def test_serving_compiles_nothing_and_loads_nothing_heavy(name: str, tmp_path: Any, fitted: Tracer) -> None:
    save(fitted, tmp_path)
    program = f"""
import sys
from pathlib import Path
from student_model.storage import open_tracer
from student_model.types import Response
tracer = open_tracer(Path({str(tmp_path)!r}))
state = tracer.update(tracer.initial(), Response(response_id="r", learner_id="l", item_id="i1", correct=True))
tracer.predict(state, None, None), tracer.beliefs(state, None)
print(*sorted(sys.modules.keys() & {{"numba", "torch", "transformers", "sklearn", "pandas"}}))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_an_unknown_model_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"there are: .*bkt"):
        load("oracle")


@pytest.mark.parametrize("name", available())
def test_what_a_grader_knows_nothing_about_changes_no_fit(name: str) -> None:
    rng = np.random.default_rng(5)
    item, right = rng.integers(0, len(WORDS.items), 400).astype(np.int32), (rng.random(400) < 0.6).astype(np.float64)
    learner = np.repeat(np.arange(40, dtype=np.int32), 10)
    names = tuple(LearnerId(f"l{n}") for n in range(40))
    sure = Log(WORDS, names, learner, item, right, np.full(400, np.nan), np.ones(400))
    half = np.arange(400) % 2 == 0
    noise = Log(WORDS, names, learner, item, np.where(half, right, 1.0 - right), np.full(400, np.nan), half * 1.0)
    other = Log(WORDS, names, learner, item, np.where(half, right, right), np.full(400, np.nan), half * 1.0)
    fitted = [load(name).fit(log).parameters().arrays for log in (noise, other, sure)]
    assert all(np.array_equal(fitted[0][key], fitted[1][key]) for key in fitted[0])
    assert any(not np.array_equal(fitted[0][key], fitted[2][key]) for key in fitted[0])

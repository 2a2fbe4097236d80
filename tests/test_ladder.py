"""Below all models stands the history: its reading worked out by hand, and what counts as no reading or no score."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from courses import NOON, answer, chain, concept, course, fresh_tracer, responses
from planted import context_of

from engine import ladder, policies
from engine.ladder import RungFailed
from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.types import ItemId
from student_model.replay import NOTHING, Progress, replay_progress
from student_model.types import ResponseId

GRAPH = chain()
TRACER = fresh_tracer(GRAPH)


def mixed() -> KnowledgeGraph:
    """Concepts a, b and c with three items each, then one item of a and b, and one without concepts."""
    whole = course([], per_concept=3).curriculum
    both, none = (
        replace(whole.items[1], item_id=ItemId(name), concept_ids=tuple(map(concept, concepts)))
        for name, concepts in (("both", "ab"), ("none", ""))
    )
    return KnowledgeGraph(replace(whole, items=(*whole.items, both, none)))


def test_the_history_alone_read_by_hand() -> None:
    graph = mixed()
    done = [*responses(("a-1", True), ("a-2", False), ("a-0", None), ("gone", True), ("none", True))]
    done.append(replace(answer("both", True, 1.0, score=0.5), response_id=ResponseId("half")))
    reading = ladder.from_history(graph, replay_progress(NOTHING, done).history)
    beliefs = reading.beliefs
    # a: (.4 + 1 + 0 + .5) / (2 + 3) = .38; b: (.4 + .5) / (2 + 1) = .3; c: .4 / 2 = .2. The reading, what the course
    # does not have and what has no concepts tell nothing.
    assert beliefs.probability.tolist() == pytest.approx([0.38, 0.3, 0.2])
    assert (beliefs.evidence.tolist(), beliefs.peak.tolist()) == ([3, 1, 0], beliefs.probability.tolist())
    assert np.isnan(beliefs.last_seconds).all()
    # 1.645 * sqrt(.38 * .62 / (3 + 3)) = .32597 and 1.645 * sqrt(.3 * .7 / (3 + 1)) = .37692; of c the interval
    # .2 -+ 1.645 * sqrt(.16 / 3) = .2 -+ .37990 ends at 0.
    assert beliefs.low.tolist() == pytest.approx([0.05403, 0.0, 0.0], abs=1e-5)
    assert beliefs.high.tolist() == pytest.approx([0.70597, 0.67692, 0.57990], abs=1e-5)
    # The odds of an item are the mean over its concepts: (.38 + .3) / 2 = .34; without any, anything may be.
    assert reading.odds[[0, 3, 6, 9, 10]].tolist() == pytest.approx([0.38, 0.3, 0.2, 0.34, 0.5])
    assert reading.odds_low[9:].tolist() == pytest.approx([0.05403 / 2, 0.0], abs=1e-5)
    assert reading.odds_high[9:].tolist() == pytest.approx([(0.70597 + 0.67692) / 2, 1.0], abs=1e-5)
    assert reading.rung == "syllabus"


def test_the_history_counts_a_grade_as_far_as_its_judge_is_sure() -> None:
    def of(*sure: float) -> tuple[float, float, int]:
        done = [answer("a-1", False, float(n), score=0.9, score_confidence=one) for n, one in enumerate(sure)]
        done = [replace(one, response_id=ResponseId(f"r{n}")) for n, one in enumerate(done)]
        beliefs = ladder.from_history(GRAPH, replay_progress(NOTHING, done).history).beliefs
        return float(beliefs.probability[0]), float(beliefs.high[0]), int(beliefs.evidence[0])

    nothing = ladder.from_history(GRAPH, replay_progress(NOTHING, []).history).beliefs
    assert of(0.0) == (nothing.probability[0], nothing.high[0], 1)  # who knows nothing changes nothing
    # (.4 + .5 * .9) / (2 + .5) = .34; 1.645 * sqrt(.34 * .66 / 3.5) = .41652
    assert list(of(0.5)) == pytest.approx([0.34, 0.34 + 0.41652, 1], abs=1e-5)
    assert list(of(0.5, 0.5)[:2]) == pytest.approx(list(of(1.0)[:2]))  # two half sure grades tell as much as one


def test_a_long_row_of_right_answers_stays_a_probability() -> None:
    done = responses(*[("a-1", True)] * 60)
    beliefs = ladder.from_history(GRAPH, replay_progress(NOTHING, done).history).beliefs
    # Only the last 50 are looked back on: (.4 + 50) / 52 = .96923.
    assert (beliefs.probability[0], beliefs.evidence[0]) == (pytest.approx(50.4 / 52), 50)
    assert beliefs.low[0] < beliefs.probability[0] < beliefs.high[0] <= 1.0


class Altered:
    """A tracer of which one array comes out changed."""

    def __init__(self, field: str, change: Any) -> None:
        self.field, self.change = field, change

    def __getattr__(self, name: str) -> Any:
        return getattr(TRACER, name)

    def predict(self, *asked: Any) -> Any:
        found = TRACER.predict(*asked)
        return self.change(found) if self.field == "odds" else found

    def predict_interval(self, *asked: Any) -> Any:
        low, high = TRACER.predict_interval(*asked)
        return (self.change(low) if self.field == "odds_low" else low), (
            self.change(high) if self.field == "odds_high" else high
        )

    def beliefs(self, *asked: Any) -> Any:
        found = TRACER.beliefs(*asked)
        return replace(found, **{self.field: self.change(getattr(found, self.field))}) if self.is_of_concepts else found

    @property
    def is_of_concepts(self) -> bool:
        return not self.field.startswith("odds")


def gap(values: Any) -> Any:
    """The same with a hole in its last place."""
    return np.append(values[:-1], np.nan)


FIELDS = ["odds", "odds_low", "odds_high", "probability", "low", "high", "peak"]


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("change", [gap, lambda values: values[:-1]], ids=["gap", "short"])
def test_a_number_that_lacks_anywhere_is_no_reading(field: str, change: Any) -> None:
    broken: Any = Altered(field, change)
    with pytest.raises(RungFailed, match="no odds or beliefs"):
        ladder.read(GRAPH, broken, Progress(TRACER.initial()), NOON)


def test_a_tracer_left_as_it_is_gives_a_reading_under_its_name() -> None:
    whole: Any = Altered("odds", lambda values: values)
    reading = ladder.read(GRAPH, whole, Progress(TRACER.initial()), NOON)
    assert reading.rung == "bkt"
    low, high = TRACER.predict_interval(TRACER.initial(), None, NOON)
    assert (reading.odds_low.tolist(), reading.odds_high.tolist()) == (low.tolist(), high.tolist())
    assert (low < reading.odds).all() and (reading.odds < high).all()


def test_what_is_not_eligible_is_worth_nothing_and_may_have_no_score(monkeypatch: pytest.MonkeyPatch) -> None:
    context = context_of(GRAPH, {}, eligible="b")
    assert np.isfinite(ladder.worth(context, "gain")[0]).tolist() == context.eligible.tolist()
    of_b = np.where(context.eligible, 7.0, np.nan)
    monkeypatch.setattr(policies.load("gain"), "score", lambda _: of_b)
    worth, exploration = ladder.worth(context, "gain")
    assert worth.tolist() == [7.0 if item[0] == "b" else -np.inf for item in GRAPH.vocabulary.items]
    assert exploration == policies.load("gain").EXPLORATION > 0


@pytest.mark.parametrize("scores", [np.ones(3), np.ones((18, 1)), np.full(18, np.inf)], ids=["few", "column", "inf"])
def test_scores_that_are_none_give_way_to_the_syllabus(scores: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    context = context_of(GRAPH, {}, eligible="bc")
    wanted = ladder.worth(context, "syllabus")
    monkeypatch.setattr(policies.load("gain"), "score", lambda _: scores)
    worth, exploration = ladder.worth(context, "gain")
    assert (worth.tolist(), exploration) == (wanted[0].tolist(), 0.0)
    assert GRAPH.vocabulary.items[int(worth.argmax())] == "b-0"
    assert np.isneginf(worth).tolist() == (~context.eligible).tolist()

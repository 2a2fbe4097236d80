"""What texts tell: each part of an item's features by hand, and the expectation of them against whole matrices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from courses import course as letters
from courses import empty_log

from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.types import Concept, ConceptId, Course, Curriculum, Item, ItemId
from knowledge_graph.vocabulary import FloatArray, Vocabulary
from student_model.encoder.base import embed
from student_model.tracing import ALONE, Context, statespace
from student_model.tracing._placing import MEANING
from student_model.tracing._texts import FEWEST, PLACE, RIDGES, TAGS, expected, informed, item_features
from student_model.tracing.statespace import ITEM_PULL, StateSpace

A, B = ConceptId("a"), ConceptId("b")
ITEMS = (
    Item(ItemId("i0"), "choice", (A,), "1+", choices=("yes", "no"), answer="yes", hints=("h", "h"), difficulty=0.1),
    Item(ItemId("i1"), "text", (A, B), "1\n2\n3 ", reference_answers=("because", "so"), explanation="it is"),
    Item(ItemId("i2"), "numeric", (), "what is it? 42", choices=("1", "10", "100"), difficulty=0.9),
)
CONCEPTS = (Concept(A, "Sums", description="of two"), Concept(B, "Parts"))
GRAPH = KnowledgeGraph(Curriculum(Course("c", "C"), CONCEPTS, items=ITEMS))
WIDE, FORM, PLACES = 384, 14, 768 + 14 + 2


@pytest.fixture(scope="module")
def features() -> FloatArray:
    return item_features(GRAPH, GRAPH.vocabulary, ALONE).values


def test_meanings_are_of_text_choices_and_concepts_and_answers_apart(features: FloatArray) -> None:
    said = ["1+\nyes\nno\nSums. of two", "1\n2\n3 \nSums. of two\nParts", "what is it? 42\n1\n10\n100"]
    meaning, answer = np.split(MEANING * embed([*said, "yes", "because", ""]), 2)
    assert features[:, :WIDE] == pytest.approx(meaning, abs=1e-4)
    assert features[:, WIDE : 2 * WIDE] == pytest.approx(answer, abs=1e-4)


def test_how_an_item_is_made_in_standard_units(features: FloatArray) -> None:
    """Kinds, logarithms of lengths, counts and the declared difficulty, .5 where there is none, column by column."""
    log = np.log
    raw = np.array(
        [
            # choice, numeric, expression, text, steps; text, choices, explanation; choices, hints, lines, media, steps
            [1, 0, 0, 0, 0, log(3), log(6), 0, 2, 2, 0, 0, 0, 0.1],
            [0, 0, 0, 1, 0, log(7), 0, log(6), 0, 0, 2, 0, 0, 0.5],
            [0, 1, 0, 0, 0, log(15), log(7), 0, 3, 0, 0, 0, 0, 0.9],
        ]
    )
    spread = np.where(raw.std(axis=0) > 0.0, raw.std(axis=0), 1.0)
    assert features[:, 2 * WIDE : 2 * WIDE + FORM] == pytest.approx((raw - raw.mean(axis=0)) / spread, abs=1e-6)


def test_concepts_share_one_weight_and_places_fade_along_the_course(features: FloatArray) -> None:
    assert features[:, 2 * WIDE + FORM : PLACES].tolist() == [[TAGS, 0.0], [TAGS / 2, TAGS / 2], [0.0, 0.0]]
    likeness = features[:, PLACES:] @ features[:, PLACES:].T / PLACE**2
    assert np.diag(likeness) == pytest.approx([2.0] * 3)  # of each stretch one
    assert likeness[0, 2] < likeness[0, 1] < 2.0 and likeness[0, 1] == pytest.approx(likeness[1, 2], rel=0.01)


def test_items_of_the_log_alone_have_no_features_and_those_of_the_course_alone_no_row(features: FloatArray) -> None:
    words = Vocabulary.build([A, B], {ItemId("lost"): [B], ItemId("i2"): [], ItemId("i0"): [A]})
    some = item_features(GRAPH, words, ALONE).values
    assert np.isnan(some[0]).all() and not np.isnan(some[1:]).any()
    assert some[[2, 1], 2 * WIDE + FORM : PLACES].tolist() == [[TAGS, 0.0], [0.0, 0.0]]
    assert some[[2, 1], : 2 * WIDE] == pytest.approx(features[[0, 2], : 2 * WIDE], abs=1e-4)


def taught(count: int = 40, seed: int = 0) -> tuple[StateSpace, FloatArray]:
    """A belief model whose items were answered often, and features that tell half of their difficulties."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(count, 6))
    difficulty = 0.4 + features @ [0.7, -0.5, 0.3, 0.0, 0.0, 0.0] + 0.5 * rng.normal(size=count)
    graph = letters([], "a", per_concept=count)
    belief = statespace.fit(empty_log(graph.vocabulary))
    variance = np.full(count, 1.0 / (ITEM_PULL + 50.0))
    return replace(belief, difficulty=difficulty, difficulty_variance=variance), features


def of_kernel(x: FloatArray, y: FloatArray, at: FloatArray) -> tuple[FloatArray, float]:
    """What ridge regression expects at `at` by whole matrices, at the penalty of the most evidence; and its penalty."""
    centred, level = x - x.mean(axis=0), y.mean()

    def evidence(ridge: float) -> float:
        whole = centred @ centred.T / ridge + np.eye(len(y))
        left = (y - level) @ np.linalg.solve(whole, y - level)
        return float(-0.5 * np.linalg.slogdet(whole)[1] - 0.5 * len(y) * np.log(left))

    best = max(RIDGES.tolist(), key=evidence)
    solved = np.linalg.solve(centred @ centred.T + best * np.eye(len(y)), y - level)
    return np.asarray(level + (at - x.mean(axis=0)) @ centred.T @ solved), best


def test_the_expectation_is_that_of_whole_matrices_at_the_penalty_of_most_evidence() -> None:
    belief, features = taught()
    told = expected(belief, features)
    assert told is not None
    usual, ridge = of_kernel(features, belief.difficulty, features)
    assert told.difficulty == pytest.approx(usual) and RIDGES[0] < ridge < RIDGES[-1]
    errors = []
    for n in range(40):
        # The level stays that of all: only the item's own row is left out of the regression.
        x, y = features - features.mean(axis=0), belief.difficulty - belief.difficulty.mean()
        kept = np.arange(40) != n
        weights = np.linalg.solve(x[kept].T @ x[kept] + ridge * np.eye(6), x[kept].T @ y[kept])
        errors.append((y[n] - x[n] @ weights) ** 2)
    assert told.variance == pytest.approx(np.mean(errors))
    assert told.explained == pytest.approx(1.0 - np.mean(errors) / belief.difficulty.var())


def test_items_hardly_answered_or_without_a_text_teach_nothing_and_the_latter_are_told_nothing() -> None:
    belief, features = taught()
    variance = np.where(np.arange(40) < 30, belief.difficulty_variance, 1.0 / (2.0 * ITEM_PULL))
    some, told = replace(belief, difficulty_variance=variance), features.copy()
    told[5] = np.nan
    found = expected(some, told)
    assert found is not None
    others = np.setdiff1d(np.arange(30), [5])
    usual, _ = of_kernel(features[others], belief.difficulty[others], features)
    there = np.arange(40) != 5
    assert found.difficulty[there] == pytest.approx(usual[there])
    assert found.difficulty[5] == belief.expected_difficulty[5]
    wild = replace(some, difficulty=np.where(np.arange(40) < 30, some.difficulty, 99.0))
    again = expected(wild, told)
    assert again is not None and again.difficulty.tolist() == found.difficulty.tolist()


@pytest.mark.parametrize(("count", "enough"), [(FEWEST - 1, False), (FEWEST, True)])
def test_so_many_items_are_needed_for_a_regression(count: int, enough: bool) -> None:
    assert (expected(*taught(count)) is not None) is enough


def test_features_drawn_by_lot_change_nothing_and_it_is_said() -> None:
    belief, features = taught()
    told: list[str] = []
    lot = np.random.default_rng(8).normal(size=features.shape)
    assert informed(belief, lot, Context(tell=told.append)) is belief
    assert informed(belief, None, Context(tell=told.append)) is belief
    assert told == ["the texts of items tell nothing of their difficulty here"]


def test_an_item_is_put_where_its_responses_and_its_text_have_it_by_what_each_is_worth() -> None:
    """The product of two Gaussians; for an item of no information all is told by its text."""
    belief, features = taught()
    information = np.where(np.arange(40) == 3, 0.0, 50.0)
    own = replace(belief, difficulty_variance=1.0 / (ITEM_PULL + information))
    own = replace(own, difficulty=np.where(np.arange(40) == 3, own.expected_difficulty, own.difficulty))
    estimate, told = own.estimates()[0], expected(own, features)
    assert told is not None
    after = informed(own, features, ALONE)
    text = told.difficulty
    for n in (0, 17):
        grid = np.linspace(-8.0, 8.0, 160_001)
        density = np.exp(-0.5 * 50.0 * (grid - estimate[n]) ** 2 - 0.5 * (grid - text[n]) ** 2 / told.variance)
        mean = float(np.average(grid, weights=density))
        assert after.difficulty[n] == pytest.approx(mean, abs=1e-5)
        spread = float(np.average((grid - mean) ** 2, weights=density))
        assert after.difficulty_variance[n] == pytest.approx(spread, abs=1e-5)
    assert after.difficulty[3] == pytest.approx(text[3]) and after.difficulty_variance[3] == pytest.approx(
        told.variance
    )
    again, worth = after.estimates()  # what responses alone tell has not changed
    assert again[0] == pytest.approx(estimate[0]) and worth == pytest.approx(information, abs=1e-6)

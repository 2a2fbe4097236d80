"""Elo's difficulties: one Newton step by hand, the hierarchy, weights, and how far they come to be apart."""

from __future__ import annotations

import math

import numpy as np
import pytest

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import FloatArray, Vocabulary
from student_model.log import Log
from student_model.tracing._elo_fit import PASSES, fitted, moved
from student_model.tracing.elo import Elo, fit
from student_model.types import LearnerId

A, B = ConceptId("a"), ConceptId("b")
WORDS = Vocabulary.build(
    [A, B],
    {ItemId("a"): [A], ItemId("b"): [B], ItemId("both"): [A, B], ItemId("a-new"): [A], ItemId("bare-new"): []},
)


def log_of(item: list[int], outcome: list[float], weight: list[float], words: Vocabulary = WORDS) -> Log:
    columns = np.array(item, dtype=np.int32), np.array(outcome, dtype=float), np.array(weight, dtype=float)
    return Log.from_unordered(words, [LearnerId("l")] * len(item), columns[0], columns[1], weight=columns[2])


def test_one_step_from_one_difficulty_for_all_worked_out_by_hand() -> None:
    """Item a: wrong twice; b: right; both: wrong at half weight and right at none; all at even odds."""
    start = Elo(WORDS, np.zeros(5), np.full(5, 2 / 3), np.zeros(2), 0.0)
    log = log_of([0, 0, 1, 2, 2], [0.0, 0.0, 1.0, 0.0, 1.0], [1.0, 1.0, 1.0, 0.5, 0.0])
    after = moved(start, log, np.full(5, 0.5))
    # errors 2 * .5, -.5, .25 and information 2 * .25, .25, .125, to which the prior adds 1.5
    a, b, both = 1.0 / 2.0, -0.5 / 1.75, 0.25 / 1.625
    assert after.item_difficulty[:3] == pytest.approx([a, b, both])
    assert after.item_variance == pytest.approx([1 / 2.0, 1 / 1.75, 1 / 1.625, 1 / 1.5, 1 / 1.5])
    # trust in each: information / (information + 1.5); what all tell, by their trust
    of_a, of_b, of_both = 0.5 / 2.0, 0.25 / 1.75, 0.125 / 1.625
    every = (a + b + both) / (of_a + of_b + of_both)
    assert after.difficulty == pytest.approx(every)
    # a concept stands beyond that by its items, of which the one of both counts half, drawn back by 1
    beyond_a = (a - of_a * every) + (both - of_both * every) / 2
    beyond_b = (b - of_b * every) + (both - of_both * every) / 2
    concept = [
        every + beyond_a / (of_a + of_both / 2 + 1.0),
        every + beyond_b / (of_b + of_both / 2 + 1.0),
    ]
    assert after.concept_difficulty == pytest.approx(concept)
    assert after.item_difficulty[3:] == pytest.approx([concept[0], every])


def test_a_step_is_drawn_towards_the_concept_worked_out_by_hand() -> None:
    start = Elo(WORDS, np.array([0.8, 0, 0, 0, 0]), np.full(5, 2 / 3), np.array([0.2, 0.0]), 0.0)
    after = moved(start, log_of([0], [0.0], [1.0]), np.array([0.4]))
    # error .4, information .24; .6 above its concept, which pulls with 1.5
    item = 0.8 + (0.4 - 1.5 * 0.6) / 1.74
    assert after.item_difficulty[0] == pytest.approx(item)
    # the item tells what it would be without the pull: the .2 of its concept and the rest by its trust
    trust = 0.24 / 1.74
    assert after.difficulty == pytest.approx(0.2 + (item - 0.2) / trust)
    # of one item alone the concept has nothing of its own beyond all
    assert after.concept_difficulty == pytest.approx([after.difficulty] * 2)


def test_a_fit_starts_at_the_share_of_right_answers_and_says_how_its_loss_falls() -> None:
    log = log_of([0, 1, 0, 1], [1.0, 1.0, 0.5, 0.0], [1.0, 1.0, 0.5, 0.25])
    # (1 + 1 + .25 + 1) of (1 + 1 + .5 + .25 + 2) right
    share = 3.25 / 4.75
    start = math.log((1 - share) / share)
    assert fitted(log.rows(slice(0, 0))).difficulty == 0.0
    tracer = Elo(WORDS, np.full(5, start), np.full(5, 2 / 3), np.full(2, start), start)
    heard: list[float] = []
    found = fitted(log, heard.append)
    odds = tracer.predict_log(log)
    told = -log.weights * (log.outcome * np.log(odds) + (1.0 - log.outcome) * np.log(1.0 - odds))
    assert heard[0] == pytest.approx(told.sum() / log.weights.sum(), rel=1e-6)
    assert len(heard) == PASSES and heard[-1] < heard[0]
    for _ in range(PASSES):
        tracer = moved(tracer, log, tracer.predict_log(log))
    assert found.item_difficulty == pytest.approx(tracer.item_difficulty)


def planted(seed: int = 0, sure: float = 1.0) -> tuple[Log, FloatArray]:
    """Eight items each of three concepts that are 1.5 logits apart; of the last two a learner in thirty sees one."""
    rng = np.random.default_rng(seed)
    concepts = [ConceptId(f"c{n}") for n in range(3)]
    words = Vocabulary.build(concepts, {ItemId(f"i{n}"): [concepts[n % 3]] for n in range(24)})
    difficulty = np.array([-1.5, 0.0, 1.5])[np.arange(24) % 3] + rng.normal(0.0, 0.5, 24)
    often = np.where(np.arange(24) < 18, 1.0, 0.02)
    item = rng.choice(24, size=(400, 20), p=often / often.sum()).astype(np.int32)
    odds = 1.0 / (1.0 + np.exp(-(rng.normal(size=(400, 1)) - difficulty[item])))
    outcome = (rng.random(item.shape) < odds).astype(float)
    names = [LearnerId(f"l{n}") for n in range(400) for _ in range(20)]
    return Log.from_unordered(words, names, item.ravel(), outcome.ravel(), weight=np.full(8000, sure)), difficulty


def test_difficulties_are_as_far_apart_as_those_planted() -> None:
    log, difficulty = planted()
    tracer = fit(log)
    slope, _ = np.polyfit(difficulty[:18], tracer.item_difficulty[:18], 1)
    assert slope == pytest.approx(1.0, abs=0.15)
    assert np.diff(tracer.concept_difficulty) == pytest.approx([1.5, 1.5], abs=0.5)
    assert tracer.difficulty == pytest.approx(float(tracer.item_difficulty[:18].mean()), abs=0.3)


def test_after_the_fit_another_step_changes_hardly_anything() -> None:
    log, _ = planted()
    tracer = fit(log)
    again = moved(tracer, log, tracer.predict_log(log))
    assert np.abs(again.item_difficulty - tracer.item_difficulty).max() < 0.005
    assert np.abs(again.concept_difficulty - tracer.concept_difficulty).max() < 0.01


def test_items_hardly_ever_seen_stay_near_their_concept_and_are_unsure() -> None:
    log, _ = planted()
    tracer = fit(log)
    seen = np.bincount(log.item, minlength=24)
    rare = np.flatnonzero(seen < 20)
    assert len(rare) == 6
    own = tracer.concept_difficulty[np.arange(24) % 3]
    alone = {}
    for i in rare:
        at = log.item == i
        odds = tracer.predict_log(log)[at]
        error, information = float((odds - log.outcome[at]).sum()), float((odds * (1.0 - odds)).sum())
        # without its concept it would be where its own responses are no surprise
        alone[i] = tracer.item_difficulty[i] + error / information
        between = sorted((own[i], alone[i]))
        assert between[0] - 0.1 < tracer.item_difficulty[i] < between[1] + 0.1
    assert (tracer.item_variance[rare] > 3 * tracer.item_variance[:18].max()).all()


def test_grades_that_are_half_sure_tell_half_as_much() -> None:
    whole, half = fit(planted()[0]), fit(planted(sure=0.5)[0])
    assert half.item_variance[:18] == pytest.approx(1 / (1.5 + (1 / whole.item_variance[:18] - 1.5) / 2), rel=0.12)


def test_an_item_of_several_concepts_tells_of_each_in_part() -> None:
    """Only items of both concepts are seen, and they are hard: both concepts are, and equally."""
    words = Vocabulary.build([A, B], {ItemId(f"i{n}"): [A, B] for n in range(4)} | {ItemId("a"): [A], ItemId("b"): [B]})
    outcome = np.where(np.arange(400) % 4 == 0, 1.0, 0.0)
    item, names = np.arange(400, dtype=np.int32) % 4, [LearnerId(f"l{n // 4}") for n in range(400)]
    item = np.where(np.arange(400) % 8 < 4, item, 3 - item).astype(np.int32)
    tracer = fit(Log.from_unordered(words, names, item, outcome))
    assert tracer.concept_difficulty[0] == pytest.approx(tracer.concept_difficulty[1])
    assert tracer.item_difficulty[4:] == pytest.approx(tracer.concept_difficulty)
    assert tracer.concept_difficulty[0] > 0.5


def test_rows_without_any_weight_leave_what_was_assumed() -> None:
    words = Vocabulary.build([], {ItemId("i"): [ConceptId("a")], ItemId("j"): [ConceptId("a")]})
    item = np.array([0, 1], dtype=np.int32)
    model = fit(Log.from_unordered(words, [LearnerId("l")] * 2, item, np.ones(2), weight=np.zeros(2)))
    assert model.predict(model.initial(), None, None).tolist() == [0.5, 0.5]

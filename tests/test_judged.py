"""What answers held back tell of a grader: how to weigh its parts, how sure it may be, how far to trust precedents."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from student_model.encoder.answers import Task
from student_model.encoder.judged import ERROR, USUAL, USUAL_KNOWN, Heard, Judged, Said, Told
from student_model.encoder.outcomes import best_temperature, figures, outcomes
from student_model.encoder.precedents import Trust, corrected

TASK = Task("labels", ("correct", "incorrect"), (1.0, 0.0))
MANY = 600
Floats = NDArray[np.float64]


def truth(seed: int = 0, many: int = MANY) -> Floats:
    return np.random.default_rng(seed).integers(0, 2, many).astype(np.float64)


def said(target: Floats, right: float, sure: float, seed: int) -> Floats:
    """Numbers of a head that is right so often, and claims odds of `exp(sure)`, (n, 2)."""
    hit = np.random.default_rng((seed, 1)).random(len(target)) < right
    place = np.where(hit, target, 1.0 - target).astype(int)
    return np.asarray(np.eye(2)[place] * sure)


def heard(net: Floats, forest: Floats | None, target: Floats, corrections: Floats | None = None) -> Heard:
    return Heard([Said(net, forest)], [target], [] if corrections is None else [corrections])


def none(target: Floats) -> Floats:
    return np.zeros((len(target), 2))


def test_where_nothing_was_held_back_everything_is_as_usual() -> None:
    told = Judged(TASK, Trust(1.5, 0.7)).told()
    assert told == Told(USUAL, USUAL_KNOWN, 1.0, ERROR, Trust(1.5, 0.7), {}, {})


def test_the_temperature_takes_away_what_is_claimed_too_much() -> None:
    """Right in 80 of 100, odds of 4 to 1 are fair: whoever claims exp(4) is too sure by 4 / log 4."""
    target = truth(many=20 * MANY)
    net = said(target, 0.8, 4.0, 2)
    told = Judged(TASK, new=heard(net, None, target)).told()
    right = float((net.argmax(axis=1) == target).mean())
    assert told.temperature == pytest.approx(4.0 / np.log(right / (1.0 - right)), rel=0.02)
    assert told.held["ece"] < 0.01 and told.held["accuracy"] == pytest.approx(right)
    assert told.held == figures(TASK, outcomes(TASK, net, told.temperature), target)


@pytest.mark.parametrize(("right", "least", "most"), [((0.95, 0.55), 0.6, 1.0), ((0.55, 0.95), 0.0, 0.2)])
def test_the_part_that_is_right_more_often_weighs_more(right: tuple[float, float], least: float, most: float) -> None:
    target = truth(1, 3 * MANY)
    net, forest = (said(target, share, 2.0, n) for n, share in enumerate(right))
    told = Judged(TASK, new=heard(net, forest, target)).told()
    assert least <= told.share <= most


def test_few_answers_leave_the_share_near_what_is_usual() -> None:
    target = truth(2, many=12)
    told = Judged(TASK, new=heard(said(target, 1.0, 2.0, 3), said(target, 0.5, 2.0, 4), target)).told()
    assert abs(told.share - USUAL) < 0.25


@pytest.mark.parametrize("right", [0.5, 1.0])
def test_few_answers_leave_the_temperature_near_one(right: float) -> None:
    """Twelve answers, all right or no better than by chance, would have it at the least or the most there is."""
    target = truth(2, many=12)
    net = said(target, right, 2.0, 3)
    told = Judged(TASK, new=heard(net, None, target)).told()
    assert 0.7 < told.temperature < 1.4
    assert not 0.3 < best_temperature(TASK, net, target) < 3.0


def test_beside_features_as_many_answers_move_the_temperature_less_than_of_a_network_alone() -> None:
    """Both claim odds of exp(4) and are right in 80 of 100: of thousands it moves all the same."""
    few, many = truth(2), truth(2, 20 * MANY)
    net, other = said(few, 0.8, 4.0, 3), said(many, 0.8, 4.0, 3)
    alone, beside = (Judged(TASK, new=heard(net, features, few)).told().temperature for features in (None, net))
    assert 2.0 < alone < 3.0 and 1.1 < beside < 0.8 * alone
    assert Judged(TASK, new=heard(other, other, many)).told().temperature > beside + 0.5


def test_beside_a_network_that_has_not_learned_features_are_as_sure_as_alone() -> None:
    """They claim what is so, odds of 4 to 1; a blend with nothing claims less by the network's share."""
    target = truth(2, 200)
    features = said(target, 0.8, float(np.log(4.0)), 3)
    told = Judged(TASK, new=heard(none(target), features, target)).told()
    assert told.temperature == pytest.approx(1.0 - told.share, rel=0.05) and told.held["ece"] < 0.05
    nothing = Judged(TASK, new=heard(none(target), none(target), target)).told()
    assert nothing.temperature == pytest.approx(1.0)


@pytest.mark.parametrize(("surer", "usual"), [(1.5, 1.15), (1.25, 1.075), (9.0, 1.25)])
def test_beside_a_network_that_is_surer_than_the_features_both_start_as_sure_as_they(
    surer: float, usual: float
) -> None:
    """At a share of .3 and half as sure again, .7 + .3 * 1.5 = 1.15; four answers move that by next to nothing."""
    target = truth(2, 4)
    features = said(target, 1.0, 0.1, 3)
    told = Judged(TASK, new=heard(surer * features, features, target)).told()
    assert told.share == pytest.approx(USUAL, abs=0.11) and told.temperature == pytest.approx(usual, rel=0.05)


def test_known_questions_have_a_heat_of_their_own_and_new_ones_keep_theirs() -> None:
    """The grader claims the same of both, and is right on new questions in 90 of 100, on known ones in 70."""
    target, other = truth(3), truth(4)
    new, known = said(target, 0.9, 3.0, 5), said(other, 0.7, 3.0, 6)
    judged = Judged(TASK, new=heard(new, None, target, none(target)), known=heard(known, None, other, none(other)))
    told = judged.told()
    assert told.trust.heat > 2.0 and told.held_known["ece"] < 0.03
    moved = corrected(known, none(other), told.trust, told.temperature)
    assert told.held_known == figures(TASK, outcomes(TASK, moved, told.temperature), other)
    alone = Judged(TASK, new=heard(new, None, target)).told()
    assert (told.temperature, told.held) == (alone.temperature, alone.held)
    assert figures(TASK, outcomes(TASK, known, told.temperature), other)["ece"] > 0.15


def test_precedents_are_trusted_by_known_answers_where_there_are_any_and_by_trees_where_not() -> None:
    target, other = truth(5), truth(6)
    tells = 0.5 * (np.eye(2)[other.astype(int)] - 0.5)
    new = heard(said(target, 0.7, 1.0, 7), None, target, none(target))
    known = heard(said(other, 0.7, 1.0, 8), None, other, tells)
    by_trees = Trust(pull=0.3, heat=1.1)
    assert Judged(TASK, by_trees, new).told().trust == by_trees
    told = Judged(TASK, by_trees, new, known).told()
    assert told.trust.pull > 5 * by_trees.pull and told.held_known["accuracy"] > told.held["accuracy"] + 0.1


@pytest.mark.parametrize(("right", "least", "most"), [((0.95, 0.55), 0.3, 1.0), ((0.55, 0.95), 0.0, 0.1)])
def test_where_there_are_precedents_the_network_has_a_share_of_its_own(
    right: tuple[float, float], least: float, most: float
) -> None:
    """On new questions it is the other way round, which sets `share` as if there were no known ones."""
    target, other = truth(10, 3 * MANY), truth(11, 3 * MANY)
    new = heard(said(target, right[1], 2.0, 12), said(target, right[0], 2.0, 13), target, none(target))
    known = heard(said(other, right[0], 2.0, 14), said(other, right[1], 2.0, 15), other, none(other))
    told, alone = Judged(TASK, new=new, known=known).told(), Judged(TASK, new=new).told()
    assert least <= told.known_share <= most and (told.share, told.held) == (alone.share, alone.held)
    assert (alone.known_share, alone.trust) == (USUAL_KNOWN, Trust())
    moved = corrected(known.joined(TASK, told.known_share), none(other), told.trust, told.temperature)
    assert told.held_known == figures(TASK, outcomes(TASK, moved, told.temperature), other)


def test_each_answer_can_have_a_share_of_its_own() -> None:
    both = Said(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[0.0, 2.0], [0.0, 2.0]]))
    assert both.joined(TASK, np.array([[1.0], [0.25]])).tolist() == [[1.0, 0.0], [0.25, 1.5]]


def test_without_precedents_nothing_is_said_of_known_questions() -> None:
    target = truth(7)
    told = Judged(TASK, new=heard(said(target, 0.8, 1.0, 9), None, target)).told()
    assert told.held and not told.held_known and told.trust == Trust()


def test_the_error_of_scores_on_a_line_is_what_it_was_on_new_questions() -> None:
    target = np.linspace(0.0, 1.0, 50)
    told = Judged(Task("regression"), new=heard(np.zeros((50, 1)), None, target)).told()
    assert told.error == pytest.approx(float(np.sqrt(np.mean((target - 0.5) ** 2))))

"""New items are as hard as they read, in a course that is known and in one that is not; what was answered stays put."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from cold_course import ELSEWHERE, GRAPH, HARDER, LATER, NEW, OLD, SUMS, asked, course, grown, lived, truth
from numpy.typing import NDArray

from student_model import storage
from student_model.encoder.grader import Served, open_grader
from student_model.placement import CONCEPT, RESPONSES, TEXT, placed, placement_of
from student_model.placement import GRAPH as BY_GRAPH
from student_model.tracing import Context, Parameters, load, statespace
from student_model.tracing._cold import Transfer
from student_model.tracing._cold_fit import shared_by, transfer
from student_model.tracing._texts import RIDGES, item_features
from student_model.tracing.statespace import StateSpace

STAYS = ("slope", "difficulty", "difficulty_variance", "expected_difficulty", "expected_variance")


@dataclass
class Listening:
    """The encoder of a grader, and what it was given to read."""

    served: Served
    version: str = "encoder of the test"
    heard: list[str] = field(default_factory=list)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.heard.extend(texts)
        return self.served.embed(texts)


class Other:
    """An encoder to which texts mean something else."""

    version = "other"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.tile(np.eye(1, 384, dtype=np.float32), (len(texts), 1))


@pytest.fixture(scope="module")
def model() -> StateSpace:
    return statespace.fit(lived(GRAPH, truth(OLD)), context=Context(GRAPH))


@pytest.fixture(scope="module")
def encoder(tiny_grader: Path) -> Served:
    return open_grader(tiny_grader)


def test_new_items_of_a_known_course_are_ordered_as_they_read(model: StateSpace, encoder: Served) -> None:
    before, after = model.bind(LATER.vocabulary), model.place(LATER, encoder)
    assert np.unique(before.difficulty[OLD:].round(9)).size == 2  # as their two concepts have it
    new = after.difficulty[OLD:]
    assert new[HARDER].min() - new[~HARDER].max() > 1.0
    assert (after.difficulty_variance[OLD:] < before.difficulty_variance[OLD:]).all()
    assert after.placement.codes.tolist() == [RESPONSES] * OLD + [TEXT] * NEW
    assert after.placement.encoder == encoder.version and after.placement.named("statespace") == "statespace"
    odds = after.predict(after.initial(), None, None)[OLD:]
    assert odds[~HARDER].min() > odds[HARDER].max()


def test_a_whole_new_course_is_placed_by_what_it_says(model: StateSpace, encoder: Served) -> None:
    after = model.place(ELSEWHERE, encoder)
    hard = np.arange(NEW) % 2 == 1
    assert after.difficulty[hard].min() > after.difficulty[~hard].max()
    assert after.placement.named("statespace") == "statespace (text)"
    assert after.concept_difficulty == pytest.approx([after.difficulty.mean()])


def test_what_was_answered_is_not_moved(model: StateSpace, encoder: Served) -> None:
    after = model.place(LATER, encoder)
    for name in STAYS:
        assert np.array_equal(getattr(after, name)[:OLD], getattr(model, name))
    assert np.array_equal(after.concept_difficulty, model.concept_difficulty)


def test_only_new_items_are_read_and_none_where_all_are_known(model: StateSpace, encoder: Served) -> None:
    listening = Listening(encoder)
    assert model.place(GRAPH, listening).difficulty.tolist() == model.difficulty.tolist()
    assert listening.heard == []
    model.place(LATER, listening)
    assert sum(one.text in said for one in LATER.items[:OLD] for said in listening.heard) == 0
    assert len(listening.heard) == 1 + 2 * NEW  # the probe, the texts and the answers


def test_placing_again_changes_nothing(model: StateSpace, encoder: Served) -> None:
    once = model.place(LATER, encoder)
    again = once.place(LATER, encoder)
    back = once.bind(GRAPH.vocabulary).place(LATER, encoder)
    for other in (again, back):
        assert other.difficulty == pytest.approx(once.difficulty, abs=1e-12)
        assert other.placement.codes.tolist() == once.placement.codes.tolist()


def test_it_survives_the_disk(model: StateSpace, encoder: Served, tmp_path: Path) -> None:
    storage.save(model, tmp_path)
    opened = storage.open_tracer(tmp_path)
    assert storage.model_version(opened) == storage.model_version(model)
    assert isinstance(opened, StateSpace)
    assert np.array_equal(opened.place(LATER, encoder).difficulty, model.place(LATER, encoder).difficulty)
    placed_once = model.place(ELSEWHERE, encoder)
    kept = statespace.restore(placed_once.parameters()).placement
    assert (kept.codes.tolist(), kept.encoder) == (placed_once.placement.codes.tolist(), encoder.version)


def test_a_model_from_before_opens_and_places_by_concept(model: StateSpace, encoder: Served) -> None:
    now = model.parameters()
    old = ("placed", "taught")
    arrays = {k: v for k, v in now.arrays.items() if k not in old and not k.startswith("cold_")}
    settings = {k: v for k, v in now.settings.items() if not k.startswith(("cold_", "placed_"))}
    opened = statespace.restore(Parameters(now.model, now.vocabulary, arrays, settings))
    assert opened.cold.transfer is None
    after = opened.place(LATER, encoder)
    assert np.array_equal(after.difficulty, model.bind(LATER.vocabulary).difficulty)
    assert after.placement.codes.tolist() == [RESPONSES] * OLD + [CONCEPT] * NEW


@pytest.mark.parametrize("encoder", [None, Other()])
def test_without_the_encoder_of_the_fit_texts_are_left_out(model: StateSpace, encoder: Other | None) -> None:
    after = model.place(LATER, encoder)
    assert after.placement.codes.tolist() == [RESPONSES] * OLD + [CONCEPT] * NEW
    assert np.array_equal(after.difficulty, model.bind(LATER.vocabulary).difficulty)
    assert model.place(ELSEWHERE, encoder).placement.named("statespace") == "statespace (priors)"


def test_a_fit_without_texts_or_with_texts_that_tell_nothing_keeps_no_regression() -> None:
    silent = course(*(asked(n, about=SUMS, texts=False) for n in range(OLD)), concepts=(SUMS,))
    drawn = np.random.default_rng(5).normal(0.0, 1.0, OLD)
    assert statespace.fit(lived(silent, drawn), context=Context(silent)).cold.transfer is None
    assert statespace.fit(lived(GRAPH, truth(OLD))).cold.transfer is None


def test_items_that_the_fit_read_but_nobody_answered_keep_what_it_made_of_them(encoder: Served) -> None:
    told: list[str] = []
    own = statespace.fit(lived(LATER, truth(OLD)), context=Context(LATER, told.append))
    assert own.placement.codes.tolist() == [RESPONSES] * OLD + [TEXT] * NEW
    assert np.array_equal(own.place(LATER, encoder).difficulty, own.difficulty)
    assert any(line.startswith("of items to come texts will explain ") for line in told)


def test_the_regression_is_ridge_worked_out_by_whole_matrices() -> None:
    """Weights, and the error of concepts left out whole, against inverses of whole matrices."""
    plain = statespace.fit(lived(GRAPH, truth(OLD)))
    features = item_features(GRAPH, GRAPH.vocabulary, Context())
    found = transfer(plain, features, GRAPH)
    assert isinstance(found, Transfer)
    x, y = features.values[:, : len(found.centre)], plain.difficulty - plain.difficulty.mean()
    x = x - x.mean(axis=0)
    wholes = [x @ x.T + ridge * np.eye(OLD) for ridge in RIDGES]
    (whole,) = (one for one in wholes if np.allclose(x.T @ np.linalg.solve(one, y), found.weights))
    errors: list[float] = []
    for group in (0, 1):
        out = np.arange(OLD) % 4 // 2 == group
        guess = whole[np.ix_(out, ~out)] @ np.linalg.solve(whole[np.ix_(~out, ~out)], y[~out])
        errors.extend((y[out] - guess) ** 2)
    assert found.apart == pytest.approx(np.mean(errors))
    assert found.level == pytest.approx(plain.difficulty.mean())


def test_two_guesses_are_joined_at_the_share_that_leaves_least() -> None:
    one, other = np.array([1.0, -1.0, 0.5]), np.array([-1.0, 1.0, 0.5])
    assert shared_by(one, other) == pytest.approx((0.5, 0.25 / 3))
    assert shared_by(one, one) == pytest.approx((0.0, 0.75))  # what errs alike is not counted twice
    assert shared_by(one, 3.0 * one)[0] == 1.0 and shared_by(3.0 * one, one)[0] == 0.0


def test_the_predictor_places_all_its_parts_alike(model: StateSpace, encoder: Served) -> None:
    wayline = load("wayline").fit(lived(GRAPH, truth(OLD)).only_learners(np.arange(150) < 4), context=Context(GRAPH))
    bound = wayline.bind(LATER.vocabulary)
    after = placed(bound, LATER, encoder)
    found = placement_of(after)
    assert found is not None and found.codes[:OLD].tolist() == placement_of(wayline).codes.tolist()  # type: ignore[union-attr]
    odds, before = (one.predict(one.initial(), None, None) for one in (after, bound))
    assert odds[:OLD] == pytest.approx(before[:OLD], abs=1e-12)


def test_models_that_do_not_place_are_left_as_they_are() -> None:
    elo = load("elo").fit(lived(GRAPH, truth(OLD)))
    assert placed(elo, GRAPH) is elo and placement_of(elo) is None


def test_new_items_without_a_text_go_by_their_concept(model: StateSpace, encoder: Served) -> None:
    bare = replace(asked(OLD), text="")
    after = model.place(grown(GRAPH, bare), encoder)
    assert after.placement.by(OLD) == "concept" and BY_GRAPH not in after.placement.codes

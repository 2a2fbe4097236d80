"""Members in training: judges never teach, seeds and logs decide alone, and what is said and kept on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from networks import TAGS, lived, words
from torch import Tensor

from knowledge_graph.vocabulary import BoolArray
from student_model.log import Log
from student_model.tracing import ALONE, CheckpointError, Context, _recurrent_fit
from student_model.tracing._practice import logistic_of
from student_model.tracing._recurrent import Network, scored
from student_model.tracing._recurrent_fit import FEWEST, Lesson, Trained, members
from student_model.tracing._recurrent_net import Net, Rows, Shape
from student_model.tracing._sequences import sequences

WORDS = words()
FEATURES = np.random.default_rng(0).normal(size=(len(TAGS), 4)).astype(np.float32)
SHAPE = Shape(hidden=4, item=3, dropout=0.3, feature_dropout=0.2, batch=4)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """One epoch, so that judges have nothing to choose between."""
    monkeypatch.setattr(_recurrent_fit, "LEAST", 1)
    monkeypatch.setattr(_recurrent_fit, "MOST", 1)


def lesson(log: Log, own_items: bool = False) -> Lesson:
    hard, base = np.linspace(-1.0, 1.0, len(log)), np.full(len(log), 0.3)
    return Lesson(log, FEATURES, hard, base, own_items=own_items, shape=SHAPE)


def trained(log: Log, count: int = 1, context: Context = ALONE, seed: int = 5) -> list[Trained]:
    return members(lesson(log), count, seed, context, "net")


def weights(one: Trained) -> bytes:
    return b"".join(value.numpy().tobytes() for value in one.net.state_dict().values())


@pytest.mark.parametrize("own", [False, True], ids=["given", "own"])
def test_items_vectors_are_learned_only_where_they_are_the_networks_own(own: bool, short: None) -> None:
    log = lived(WORDS, [6] * 30)
    (one,) = members(lesson(log, own_items=own), 1, 0, ALONE, "net")
    assert np.array_equal(one.net.own_features(), FEATURES) is not own


def test_a_time_that_is_not_known_is_never_learned(short: None) -> None:
    """Half of the times are not known, and still their rows stay as if nothing were said."""
    (one,) = trained(lived(WORDS, [6] * 30))
    net = one.net.weights()
    for table in (net.elapsed, net.lag, net.pause):
        assert not table[0, 0].any() and table[0, 1:].any()


def turned(log: Log, rows: BoolArray) -> Log:
    """The same with these rows' outcomes the other way round."""
    return replace(log, outcome=np.where(rows, 1.0 - log.outcome, log.outcome))


def test_judges_never_teach_the_member_they_judge(short: None) -> None:
    log = lived(WORDS, [8] * 30)
    (one,) = trained(log)
    (other,) = trained(turned(log, one.judges))
    assert weights(one) == weights(other)  # whatever judges answered
    (third,) = trained(turned(log, ~one.judges & (log.learner == log.learner[~one.judges][0])))
    assert weights(one) != weights(third)  # a single pupil's answers count


def test_members_have_learners_of_their_own_to_judge_them(short: None) -> None:
    log = lived(WORDS, [8] * 30)
    made = trained(log, 3)
    judged = [set(log.learner[one.judges].tolist()) for one in made]
    assert [len(one) for one in judged] == [3, 3, 3] and len(set.union(*judged)) == 9
    for one in made:
        assert one.judges.sum() == 24  # all rows of a judge
        assert not one.scores[~one.judges].any() and one.scores[one.judges].all()
    assert len({weights(one) for one in made}) == 3


def test_scores_of_judges_are_what_the_network_adds_to_their_logits(short: None) -> None:
    log = lived(WORDS, [8] * 30)
    hard = np.linspace(-1.0, 1.0, len(TAGS))
    given = replace(lesson(log), difficulty=hard[log.item])
    (one,) = members(given, 1, 5, ALONE, "net")
    network = Network(one.net.weights(), WORDS, FEATURES, hard.astype(np.float32))
    added = scored(network, sequences(log, logistic_of(given.base), WORDS))
    assert one.scores[one.judges] == pytest.approx(added[one.judges], abs=1e-5)


def test_the_same_seed_gives_the_same_members_and_each_has_its_own(short: None) -> None:
    log = lived(WORDS, [8] * 30)
    first, again, other = (trained(log, 2, seed=seed) for seed in (5, 5, 6))
    assert list(map(weights, first)) == list(map(weights, again)) != list(map(weights, other))


@pytest.mark.parametrize(("answered", "silent", "made"), [(FEWEST, 0, 1), (FEWEST - 1, 0, 0), (FEWEST - 1, 50, 0)])
def test_a_network_needs_enough_learners_who_answered(answered: int, silent: int, made: int, short: None) -> None:
    assert len(trained(lived(WORDS, [5] * answered + [0] * silent))) == made


def test_no_further_member_after_a_first_that_does_not_help(short: None) -> None:
    log, asked = lived(WORDS, [5] * 25), list[Trained]()

    def helps(one: Trained) -> bool:
        asked.append(one)
        return False

    made = members(lesson(log), 3, 0, ALONE, "net", helps)
    assert len(made) == 1 and asked == made


def test_interrupted_there_is_no_further_member_and_it_is_heard(short: None) -> None:
    log, heard = lived(WORDS, [5] * 25), list[str]()

    def tell(what: str) -> None:
        if "epoch 1 of 1" in what and "net 2" in what:
            raise KeyboardInterrupt

    made = members(lesson(log), 4, 0, Context(tell=tell, interrupted=lambda: heard.append("ctrl-C")), "net")
    assert len(made) == 2 and heard == ["ctrl-C"]
    assert [one.course.interrupted for one in made] == [False, True]


def test_the_share_that_is_done_rises_to_one_over_all_members(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_recurrent_fit, "LEAST", 2)
    monkeypatch.setattr(_recurrent_fit, "MOST", 2)
    shares: list[float] = []
    trained(lived(WORDS, [5] * 25), 2, Context(done=shares.append))
    assert shares == [0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize(("work", "epochs"), [(125, 4), (125 * 7 + 60, 7), (10**9, 10)])
def test_small_logs_are_read_more_often_within_bounds(work: int, epochs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 125 rows: once, seven times and more often than anybody should."""
    monkeypatch.setattr(_recurrent_fit, "WORK", work)
    (one,) = trained(lived(WORDS, [5] * 25))
    assert one.course.epoch == epochs == len(one.course.scores)


CHANGES: dict[str, Callable[[Log], Log]] = {
    "outcome": lambda log: turned(log, np.arange(len(log)) == 3),
    "item": lambda log: replace(log, item=(log.item + np.int32(1)) % np.int32(len(TAGS))),
    "weight": lambda log: replace(log, weight=0.5 * log.weights),
    "time": lambda log: replace(log, seconds=log.seconds + 1.0),
    "time spent": lambda log: replace(log, elapsed=log.elapsed_seconds + 1.0),
    "learner": lambda log: replace(log, learner=np.where(np.arange(len(log)) == 4, np.int32(1), log.learner)),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_checkpoint_goes_on_with_its_own_log_and_no_other(what: str, tmp_path: Path, short: None) -> None:
    log, context = lived(WORDS, [5] * 25), Context(checkpoint=tmp_path)
    (one,) = trained(log, context=context)
    (again,) = trained(log, context=context)
    assert weights(one) == weights(again)
    with pytest.raises(CheckpointError, match="another training"):
        trained(CHANGES[what](log), context=context)


def test_a_checkpoint_of_another_seed_is_refused_and_each_member_has_its_folder(tmp_path: Path, short: None) -> None:
    log, context = lived(WORDS, [5] * 25), Context(checkpoint=tmp_path)
    trained(log, 2, context)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["net-1-of-2", "net-2-of-2"]
    with pytest.raises(CheckpointError, match="another training"):
        trained(log, 2, context, seed=6)


def test_gradients_are_added_up_over_batches_if_asked(short: None) -> None:
    """Six batches with one step each, or one step of all six: the latter moves far less."""
    log = lived(WORDS, [5] * 25)
    torch.manual_seed(5)
    fresh = Net(WORDS, FEATURES, SHAPE, own_items=False).weights().inputs
    moved = [
        float(np.abs(one.net.weights().inputs - fresh).max())
        for accumulate in (1, 6)
        for one in trained(log, context=Context(accumulate=accumulate))
    ]
    assert 0.0 < moved[1] < 0.5 * moved[0]


class Watched(Net):
    """A network that keeps how it began, and what its losses began with and ended with, by their first row."""

    begun: ClassVar[list[Tensor]] = []
    seen: ClassVar[list[tuple[int, Tensor, Tensor]]] = []

    def made_cell(self, width: int, hidden: int) -> torch.nn.Module:
        self.begun.append(self.concept_in.detach().clone())
        return super().made_cell(width, hidden)

    def loss(self, rows: Rows, at: Tensor, there: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        loss, after = super().loss(rows, at, there, h)
        self.seen.append((int(at[0, 0]), h, after))
        return loss, after


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch, short: None) -> type[Watched]:
    """Nothing seen yet."""
    monkeypatch.setattr(Watched, "begun", [])
    monkeypatch.setattr(Watched, "seen", [])
    return Watched


def test_states_flow_on_from_span_to_span_and_gradients_do_not(
    watched: type[Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_recurrent_fit, "SPAN", 5)
    members(replace(lesson(lived(WORDS, [12] * 25)), kind=watched), 1, 0, ALONE, "net")
    assert len(watched.seen) == 6 * 3  # of six batches, spans of 5, 5 and 2
    for n, (row, begin, _) in enumerate(watched.seen):
        assert not begin.requires_grad and row % 12 == n % 3 * 5
        if n % 3:
            assert torch.equal(begin, watched.seen[n - 1][2])


def test_members_begin_differently_and_see_learners_in_other_orders(watched: type[Watched]) -> None:
    members(replace(lesson(lived(WORDS, [5] * 40)), kind=watched), 2, 0, ALONE, "net")
    assert not torch.equal(*watched.begun)
    order = [row for row, *_ in watched.seen]
    assert len(order) == 2 * 9 and order[:9] != order[9:]


def test_every_epoch_has_its_own_order(watched: type[Watched], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_recurrent_fit, "MOST", 2)
    monkeypatch.setattr(_recurrent_fit, "LEAST", 2)
    members(replace(lesson(lived(WORDS, [5] * 40)), kind=watched), 1, 0, ALONE, "net")
    order = [row for row, *_ in watched.seen]
    assert len(order) == 2 * 9 and order[:9] != order[9:]

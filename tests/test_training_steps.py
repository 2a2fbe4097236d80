"""What a step of training does: against AdamW written out, with rates worked out by hand, and in the right mode."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor, nn

from student_model.steps import steps
from student_model.tracing import CheckpointError, Context
from student_model.training import Plan, Watch, train

SLOPES = [[3.0, -0.5], [0.1, 0.2], [40.0, -9.0], [0.0, 1.0], [-2.0, 0.3], [0.5, 0.5]]
"""The gradient of each batch, planted: short and long ones, so that clipping shows."""


class Two(nn.Module):
    """Two numbers to be trained, one that is frozen, and one that is empty."""

    def __init__(self) -> None:
        super().__init__()
        self.free = nn.Parameter(torch.tensor([1.0, -2.0]))
        self.frozen = nn.Parameter(torch.tensor([5.0]), requires_grad=False)
        self.empty = nn.Parameter(torch.zeros(0))

    def sloped(self, slope: list[float]) -> Tensor:
        """A loss with this gradient."""
        return (self.free * torch.tensor(slope)).sum() + self.empty.sum() + 0.0 * self.frozen.sum()


def values(net: Two) -> list[float]:
    return [float(one) for one in net.free.detach()]


def nothing() -> Mapping[str, float]:
    return {"loss": 0.0}


def falling() -> Callable[[], Mapping[str, float]]:
    """Each epoch is judged better than the one before, so that the last is kept."""
    scores = iter(range(0, -100, -1))
    return lambda: {"loss": float(next(scores))}


def written_out(slopes: list[list[float]], plan: Plan, batches: int) -> list[float]:
    """AdamW (Loshchilov & Hutter, ICLR 2019, algorithm 2) with torch's defaults; so many batches an epoch."""
    value, first, second, count = np.array([1.0, -2.0]), np.zeros(2), np.zeros(2), 0
    for epoch in range(plan.epochs):
        rate = plan.rate * (1.0 + math.cos(math.pi * epoch / plan.epochs)) / 2.0
        for begin in range(0, batches, plan.accumulate):
            gradient = np.array(slopes[begin : begin + plan.accumulate]).sum(axis=0) / plan.accumulate
            gradient = gradient * min(1.0, plan.clip / (math.hypot(*gradient) + 1e-6))
            count += 1
            first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
            step = (first / (1.0 - 0.9**count)) / (np.sqrt(second / (1.0 - 0.999**count)) + 1e-8)
            value = value * (1.0 - rate * plan.decay) - rate * step
    return [float(one) for one in value]


@pytest.mark.parametrize("plan", [
    Plan(epochs=3, rate=0.05, decay=0.0, clip=1e9),
    Plan(epochs=3, rate=0.05, decay=0.0, clip=1.0),
    Plan(epochs=3, rate=0.05, decay=0.4, clip=0.5),
    Plan(epochs=2, rate=0.05, decay=0.1, clip=1.0, accumulate=2),
    Plan(epochs=2, rate=0.05, decay=0.1, clip=1.0, accumulate=4),  # six batches: the last two make a step, too
])  # fmt: skip
def test_training_is_adamw_with_a_cosine_and_a_clip(plan: Plan) -> None:
    net = Two()
    train(net, lambda _: (net.sloped(one) for one in SLOPES), falling(), plan)
    assert values(net) == pytest.approx(written_out(SLOPES, plan, 6), abs=1e-5)
    assert net.frozen.tolist() == [5.0]


def test_the_rate_falls_along_half_a_cosine_worked_out_by_hand() -> None:
    """Under a gradient that is always the same AdamW moves by the rate itself: .1, .0853553, .05, .0146447."""
    net, seen = Two(), [1.0]

    def noted() -> Mapping[str, float]:
        seen.append(values(net)[0])
        return {"loss": 0.0}

    train(net, lambda _: (net.sloped([0.5, 0.0]) for _ in range(1)), noted, Plan(epochs=4, rate=0.1, decay=0.0))
    assert -np.diff(seen) == pytest.approx([0.1, 0.0853553, 0.05, 0.0146447], abs=1e-5)


def test_it_trains_in_training_mode_is_judged_in_the_other_and_left_so() -> None:
    net, modes = Two(), list[tuple[str, bool, bool]]()

    def losses(epoch: int) -> Iterator[Tensor]:
        modes.append(("train", net.training, torch.is_grad_enabled()))
        yield net.sloped([1.0, 1.0])

    def judge() -> Mapping[str, float]:
        modes.append(("judge", net.training, torch.is_grad_enabled()))
        return nothing()

    train(net, losses, judge, Plan(epochs=2))
    assert modes == [("train", True, True), ("judge", False, False)] * 2 and not net.training
    untrained = Two()
    train(untrained, losses, nothing, Plan(epochs=0))
    assert not untrained.training


def test_the_dice_of_an_epoch_depend_on_seed_and_epoch() -> None:
    def thrown(seed: int) -> list[float]:
        net, dice = Two(), list[float]()

        def losses(epoch: int) -> Iterator[Tensor]:
            dice.append(float(torch.rand(())))
            yield net.sloped([1.0, 1.0])

        train(net, losses, nothing, Plan(epochs=3, seed=seed))
        return dice

    torch.manual_seed(0)
    one = thrown(1)
    assert thrown(1) == one and len({*one, *thrown(2)}) == 6


def test_the_first_figure_of_the_judge_decides_and_a_tie_keeps_the_earlier() -> None:
    net, figures, seen = Two(), iter([(0.5, 1.0), (0.3, 9.0), (0.3, 0.0), (0.4, -9.0)]), list[list[float]]()

    def judge() -> Mapping[str, float]:
        seen.append(values(net))
        return dict(zip(("loss", "other"), next(figures), strict=True))

    course = train(net, lambda _: iter([net.sloped([1.0, 2.0])]), judge, Plan(epochs=4, rate=0.1))
    assert (course.best, course.best_epoch, course.scores) == (0.3, 1, [0.5, 0.3, 0.3, 0.4])
    assert values(net) == seen[1]


def test_a_score_that_is_no_number_is_never_the_best() -> None:
    net, begin = Two(), values(Two())
    course = train(net, lambda _: iter([net.sloped([1.0, 1.0])]), lambda: {"loss": math.nan}, Plan(epochs=2, rate=0.1))
    assert course.best_epoch == -1 and values(net) == begin


def test_shares_figures_and_the_mean_loss_are_shown_after_each_epoch(tmp_path: Path) -> None:
    """Two batches of losses 1 and 3 that move nothing: the training loss is their mean."""
    net, shares, told = Two(), list[float](), list[str]()

    def losses(epoch: int) -> Iterator[Tensor]:
        for loss in (1.0 + epoch, 3.0 + epoch):
            yield 0.0 * net.free.sum() + loss

    watch = Watch("two words", told.append, curves=tmp_path, done=shares.append)
    train(net, losses, falling(), Plan(epochs=4), watch)
    assert shares == [0.25, 0.5, 0.75, 1.0]
    assert told[1].startswith("two words: epoch 2 of 4, training loss 3.0000, loss -1.0000; at most ")
    assert told[-1].endswith("at most 0 s left")
    events = EventAccumulator(str(tmp_path / "two-words")).Reload()
    assert [(event.step, event.value) for event in events.Scalars("training loss")] == [(1, 2), (2, 3), (3, 4), (4, 5)]
    assert events.Tags()["histograms"] == ["free"]  # what is frozen or empty has nothing to show


def test_the_time_left_is_that_of_an_epoch_for_each_to_come_also_after_a_break(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock that an epoch moves by ten seconds: of five, four are left after the first, two after the third."""
    clock, told = [0.0], list[str]()
    monkeypatch.setattr("student_model.training.time.monotonic", lambda: clock[0])

    def losses(net: Two, stop: int) -> Callable[[int], Iterator[Tensor]]:
        def of(epoch: int) -> Iterator[Tensor]:
            if epoch == stop:
                raise KeyboardInterrupt
            clock[0] += 10.0
            yield net.sloped([1.0, 1.0])

        return of

    for stop in (2, 9):
        net = Two()
        train(net, losses(net, stop), nothing, Plan(epochs=5), Watch(tell=told.append, checkpoint=tmp_path))
        clock[0] += 1_000.0  # what passes between them is nobody's
    left = [one.rpartition("at most ")[2] for one in told if " of 5, " in one]
    assert left == ["40 s left", "30 s left", "20 s left", "10 s left", "0 s left"]


def test_going_on_after_a_break_knows_the_best_from_before_it(tmp_path: Path) -> None:
    """The best epoch is the first of four, the break after the second: what comes after it is worse."""
    net, again, told = Two(), Two(), list[str]()
    plan, watch = Plan(epochs=4, rate=0.1), Watch(tell=told.append, checkpoint=tmp_path, key="k")

    def until(stop: int, of: Two) -> Callable[[int], Iterator[Tensor]]:
        def losses(epoch: int) -> Iterator[Tensor]:
            if epoch == stop:
                raise KeyboardInterrupt
            yield of.sloped([1.0, -1.0])

        return losses

    scores = iter([0.1, 0.7, 0.9, 0.8])
    cut = train(net, until(2, net), lambda: {"loss": next(scores)}, plan, watch)
    assert cut.interrupted and told[-1] == "network: interrupted; keeping epoch 1"
    best = values(net)
    course = train(again, until(9, again), lambda: {"loss": next(scores)}, plan, watch)
    assert (course.best, course.best_epoch, course.epoch, course.interrupted) == (0.1, 0, 4, False)
    assert course.scores == [0.1, 0.7, 0.9, 0.8] and values(again) == best
    with safe_open(tmp_path / "training.safetensors", "pt") as stored:
        # four steps of .1 * (1 + cos(pi e / 4)) / 2 from 1, but for a hair of decay: .1 + .0853553 + .05 + .0146447
        assert stored.get_tensor("net.free")[0] == pytest.approx(0.75, abs=1e-4)
        assert stored.get_tensor("best.free")[0] == pytest.approx(0.9, abs=1e-4)


@pytest.mark.parametrize(("first", "then"), [("a", "b"), ("a", ""), ("", "a")])
def test_a_training_of_no_name_is_another_one_too(first: str, then: str, tmp_path: Path) -> None:
    net = Two()
    train(net, lambda _: iter([net.sloped([1.0, 1.0])]), nothing, Plan(epochs=1), Watch(checkpoint=tmp_path, key=first))
    with pytest.raises(CheckpointError, match="keeps another training"):
        train(net, lambda _: iter(()), nothing, Plan(epochs=1), Watch(checkpoint=tmp_path, key=then))


def test_losses_of_fits_that_are_no_networks_are_numbered_from_one_under_their_name(tmp_path: Path) -> None:
    with steps(Context(curves=tmp_path), "irt") as step:
        for loss in (0.7, 0.6, 0.55):
            step(loss)
    events = EventAccumulator(str(tmp_path / "irt")).Reload()
    told = [(event.step, event.value) for event in events.Scalars("training loss")]
    assert told == [(1, pytest.approx(0.7)), (2, pytest.approx(0.6)), (3, pytest.approx(0.55))]


def test_without_a_folder_for_curves_losses_go_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with steps(Context(), "irt") as step:
        step(0.7)
    assert list(tmp_path.iterdir()) == []

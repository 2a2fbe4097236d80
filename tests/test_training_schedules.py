"""Rates, averages and patience of training, with numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from math import cos, pi
from pathlib import Path
from typing import Literal

import pytest
import torch
from torch import Tensor, nn

from student_model.training import AfterSteps, Plan, Watch, train


class Slope(nn.Module):
    """Two numbers of a constant slope: each step of Adam takes one rate off each."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Parameter(torch.tensor([1.0]))
        self.body = nn.Parameter(torch.tensor([2.0]))

    def losses(self, batches: int, fail: int | None = None) -> Callable[[int], Iterator[Tensor]]:
        def some(epoch: int) -> Iterator[Tensor]:
            if epoch == fail:
                raise MemoryError
            for _ in range(batches):
                yield (self.head + self.body).sum()

        return some


class Each(AfterSteps):
    """Calls this after each step, and counts the steps, which a checkpoint keeps."""

    def __init__(self, call: Callable[[int], object]) -> None:
        self.call, self.taken = call, torch.zeros(1)

    def __call__(self, step: int) -> None:
        self.taken += 1
        assert int(self.taken) == step + 1, "it goes on where it was"
        self.call(step)

    def state(self) -> dict[str, torch.Tensor]:
        return {"taken": self.taken}

    def load(self, state: Mapping[str, torch.Tensor]) -> None:
        self.taken = state["taken"].clone()


def test_a_plan_written_out_is_the_same_in_every_process() -> None:
    """Keys of checkpoints are made of it: where in memory something lies would tell one training from itself."""
    assert repr(Plan(3, factor=lambda name: 2.0)) == repr(Plan(3, stepped=Each(print))) == repr(Plan(3))
    assert "0x" not in repr(Plan(3)) and repr(Plan(3)) != repr(Plan(4))


def rates(steps: int = 2, epochs: int = 2, **chosen: object) -> list[float]:
    """The rates of all steps, read off what each took away."""
    net, seen = Slope(), [1.0]
    plan = Plan(epochs, 0.1, 0.0, steps=steps, stepped=Each(lambda _: seen.append(float(net.head.detach()))), **chosen)  # type: ignore[arg-type]
    train(net, net.losses(2), lambda: {"loss": 0.0}, plan)
    return [before - after for before, after in pairwise(seen)]


@pytest.mark.parametrize(
    ("schedule", "falling"),
    [
        ("linear", [0.875, 0.625, 0.375, 0.125]),
        ("cosine", [0.5 * (1 + cos(pi * share)) for share in (0.125, 0.375, 0.625, 0.875)]),
        ("constant", [1.0] * 4),
    ],
)
def test_the_rate_falls_with_each_step(schedule: Literal["linear", "cosine", "constant"], falling: list[float]) -> None:
    """Four steps, each at the middle of its quarter."""
    assert rates(schedule=schedule) == pytest.approx([0.1 * one for one in falling], rel=1e-3)
    warm = [0.1 * one for one in (0.25, 0.75, *falling[2:])]
    assert rates(schedule=schedule, warmup=0.5) == pytest.approx(warm, rel=1e-3)


def test_without_a_number_of_steps_the_rate_falls_with_the_epochs() -> None:
    assert rates(steps=0, schedule="linear") == pytest.approx([0.1, 0.1, 0.05, 0.05], rel=1e-3)


def test_a_parameter_may_learn_at_a_rate_of_its_own_and_steps_are_counted() -> None:
    net, told = Slope(), list[int]()
    plan = Plan(
        2, 0.1, 0.0, steps=2, schedule="constant", stepped=Each(told.append),
        factor=lambda name: 3.0 if name == "head" else 1.0,
    )  # fmt: skip
    train(net, net.losses(2), lambda: {"loss": float(net.head.detach())}, plan)
    assert (float(net.head.detach()), float(net.body.detach())) == pytest.approx((1.0 - 4 * 0.3, 2.0 - 4 * 0.1))
    assert told == [0, 1, 2, 3]


def test_the_average_of_the_weights_is_judged_and_kept() -> None:
    """Weights 1, .9, .8: a tenth of the first and nine of the second are .91; two elevenths of that and nine of the
    third are .82. Training itself goes on from .8.
    """
    net, seen = Slope(), list[float]()

    def judge() -> Mapping[str, float]:
        seen.append(float(net.head.detach()))
        return {"loss": seen[-1]}

    train(net, net.losses(1), judge, Plan(2, 0.1, 0.0, schedule="constant", average=0.9))
    assert seen == pytest.approx([0.91, (2 * 0.91 + 9 * 0.8) / 11], abs=1e-4)
    assert float(net.head.detach()) == pytest.approx(seen[1])


def test_an_average_forgets_no_faster_than_was_asked() -> None:
    net = Slope()
    train(net, net.losses(2), lambda: {"l": 0.0}, Plan(1, 0.1, 0.0, schedule="constant", average=0.05))
    assert float(net.head.detach()) == pytest.approx(0.05 * (0.05 * 1.0 + 0.95 * 0.9) + 0.95 * 0.8, abs=1e-4)


@pytest.mark.parametrize(("patience", "epochs"), [(0, 6), (1, 3), (2, 6), (3, 6)])
def test_training_ends_after_so_many_epochs_without_a_better_one(patience: int, epochs: int) -> None:
    scores = iter([0.5, 0.4, 0.45, 0.3, 0.6, 0.7])
    net = Slope()
    course = train(net, net.losses(1), lambda: {"loss": next(scores)}, Plan(6, patience=patience))
    assert course.epoch == epochs
    assert course.best_epoch == (1 if patience == 1 else 3)


def test_training_may_end_while_its_schedule_would_go_on() -> None:
    assert rates(schedule="linear", until=1) == pytest.approx([0.0875, 0.0625], rel=1e-3)


@pytest.mark.parametrize("steps", [0, 2])
def test_resumed_with_an_average_it_is_as_if_there_had_been_no_break(tmp_path: Path, steps: int) -> None:
    straight, broken, again = Slope(), Slope(), Slope()
    told: list[list[int]] = [[], []]

    def run(net: Slope, fail: int | None, watch: Watch, steps_told: list[int]) -> list[float]:
        own = Plan(5, 0.1, steps=steps, warmup=0.3, average=0.9, stepped=Each(steps_told.append))
        scores = train(net, net.losses(2, fail), lambda: {"loss": float(net.head.detach())}, own, watch).scores
        return [*scores, float(net.head.detach()), float(net.body.detach())]

    wanted = run(straight, None, Watch(), told[0])
    with pytest.raises(MemoryError):
        run(broken, 3, Watch(checkpoint=tmp_path), told[1])
    assert run(again, None, Watch(checkpoint=tmp_path), told[1]) == wanted
    assert told[1] == told[0] == list(range(10))


@pytest.mark.parametrize("there", [True, False])
def test_in_bfloat16_the_losses_are_and_the_weights_are_not_where_the_processor_has_it(
    there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": there, "avx2": True})
    net, kinds, told = nn.Linear(2, 1), set[torch.dtype](), list[str]()

    def losses(epoch: int) -> Iterator[Tensor]:
        said = net(torch.ones(1, 2))
        kinds.add(said.dtype)
        yield said.sum()

    train(net, losses, lambda: {"loss": 0.0}, Plan(1, mixed=True), Watch(tell=told.append))
    assert kinds == {torch.bfloat16 if there else torch.float32} and net.weight.dtype == torch.float32
    assert any("has no bfloat16, so all is trained in 32 bits" in one for one in told) is not there


def test_in_bfloat16_each_step_starts_from_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """The square of 1 − w falls by a step's worth at each batch of one epoch, as it does in 32 bits."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    told: dict[bool, list[float]] = {}
    for mixed in (False, True):
        net, seen = nn.Linear(1, 1, bias=False), told.setdefault(mixed, [])
        with torch.no_grad():
            net.weight.zero_()

        def losses(epoch: int, net: nn.Module = net, seen: list[float] = seen) -> Iterator[Tensor]:
            for _ in range(8):
                loss = (1.0 - net(torch.ones(1, 1)).float()).square().sum()
                seen.append(float(loss.detach()))
                yield loss

        train(net, losses, lambda: {"loss": 0.0}, Plan(1, 0.05, 0.0, schedule="constant", mixed=mixed))
    assert told[True] == pytest.approx(told[False], rel=0.02) and told[True][-1] < 0.5 < told[True][0]

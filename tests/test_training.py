"""The training loop: the best is kept, a break changes nothing, and what it shows can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor, nn

from student_model.tracing import CheckpointError
from student_model.training import Course, Plan, Watch, train

X = torch.linspace(-1.0, 1.0, 40)[:, None]
Y = 3.0 * X - 1.0


def line() -> nn.Linear:
    """A line to be fitted, always from the same beginning; dropout would show whether dice are thrown alike."""
    torch.manual_seed(7)
    return nn.Linear(1, 1)


def batches(net: nn.Module, stop: tuple[int, type[BaseException]] | None = None) -> Callable[[int], Iterator[Tensor]]:
    """Two noisy batches an epoch; at the epoch in `stop` the first batch raises."""

    def losses(epoch: int) -> Iterator[Tensor]:
        for part in (slice(0, 20), slice(20, 40)):
            if stop is not None and epoch == stop[0]:
                raise stop[1]
            yield ((net(X[part] + 0.1 * torch.randn(20, 1)) - Y[part]) ** 2).mean()

    return losses


def judge(net: nn.Module) -> Callable[[], Mapping[str, float]]:
    return lambda: {"loss on others": float(((net(X) - Y) ** 2).mean().detach())}


def weights(net: nn.Module) -> list[float]:
    return torch.cat([value.flatten() for value in net.state_dict().values()]).tolist()


def test_what_was_broken_off_goes_on_as_if_there_had_been_no_break(tmp_path: Path) -> None:
    plan, whole = Plan(epochs=5, rate=0.1), line()
    straight = train(whole, batches(whole), judge(whole), plan)
    broken = line()
    with pytest.raises(MemoryError):
        train(broken, batches(broken, stop=(3, MemoryError)), judge(broken), plan, Watch(checkpoint=tmp_path))
    again = line()
    resumed = train(again, batches(again), judge(again), plan, Watch(checkpoint=tmp_path))
    assert weights(again) == weights(whole)
    assert (resumed.scores, resumed.epoch, resumed.best_epoch) == (straight.scores, 5, straight.best_epoch)


def test_a_finished_training_is_not_done_again(tmp_path: Path) -> None:
    net, told = line(), list[str]()
    train(net, batches(net), judge(net), Plan(epochs=3), Watch(checkpoint=tmp_path))
    other = line()
    course = train(other, batches(other), judge(other), Plan(epochs=3), Watch(tell=told.append, checkpoint=tmp_path))
    assert weights(other) == weights(net) and course.epoch == 3
    assert told == [f"network: going on after epoch 3, from {tmp_path / 'training.safetensors'}"]


def test_a_damaged_checkpoint_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "training.safetensors").write_bytes(b"cut short")
    net = line()
    with pytest.raises(CheckpointError, match=r"training.safetensors is damaged .*: delete it"):
        train(net, batches(net), judge(net), Plan(epochs=2), Watch(checkpoint=tmp_path))


def test_a_checkpoint_of_another_training_is_refused_and_left_alone(tmp_path: Path) -> None:
    net = line()
    train(net, batches(net), judge(net), Plan(epochs=2), Watch(checkpoint=tmp_path, key="seed 0"))
    kept = (tmp_path / "training.safetensors").read_bytes()
    other = line()
    with pytest.raises(CheckpointError, match=r"keeps another training .*: give another folder, or delete it"):
        train(other, batches(other), judge(other), Plan(epochs=2), Watch(checkpoint=tmp_path, key="seed 1"))
    assert (tmp_path / "training.safetensors").read_bytes() == kept and weights(other) == weights(line())


def test_interrupted_it_keeps_the_best_so_far() -> None:
    net, told = line(), list[str]()
    stopping = batches(net, stop=(2, KeyboardInterrupt))
    course = train(net, stopping, judge(net), Plan(epochs=4, rate=0.1), Watch(tell=told.append))
    assert course.interrupted and course.epoch == 2
    assert "interrupted; keeping epoch" in told[-1]
    assert judge(net)()["loss on others"] == pytest.approx(course.best)


def test_the_best_epoch_is_kept_and_not_the_last() -> None:
    net, scores, seen = line(), iter([0.5, 0.2, 0.9]), list[list[float]]()

    def planted() -> Mapping[str, float]:
        seen.append(weights(net))
        return {"loss": next(scores)}

    course = train(net, batches(net), planted, Plan(epochs=3, rate=0.1))
    assert (course.best, course.best_epoch, course.scores) == (0.2, 1, [0.5, 0.2, 0.9])
    assert weights(net) == seen[1] != seen[2]


def test_gradients_added_up_over_batches_are_those_of_one_batch() -> None:
    """Two halves accumulated make the step of the whole: their mean losses have its gradient."""
    parts, whole = line(), line()

    def halves(epoch: int) -> Iterator[Tensor]:
        for part in (slice(0, 20), slice(20, 40)):
            yield ((parts(X[part]) - Y[part]) ** 2).mean()

    def at_once(epoch: int) -> Iterator[Tensor]:
        yield ((whole(X) - Y) ** 2).mean()

    train(parts, halves, lambda: {"l": 0.0}, Plan(epochs=1, rate=0.1, accumulate=2))
    train(whole, at_once, lambda: {"l": 0.0}, Plan(epochs=1, rate=0.1))
    assert weights(parts) == pytest.approx(weights(whole), abs=1e-6) and weights(parts) != weights(line())


def test_a_checkpoint_is_plain_tensors_and_a_write_cut_short_leaves_the_old(tmp_path: Path) -> None:
    net = line()
    train(net, batches(net), judge(net), Plan(epochs=2), Watch(checkpoint=tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["training.safetensors"]
    with safe_open(tmp_path / "training.safetensors", "pt") as stored:
        assert "course" in stored.metadata()
        names = set(stored.keys())
    assert {"net.weight", "best.bias", "optimiser.0.exp_avg"} <= names


def test_curves_can_be_read_by_tensorboard_and_the_time_left_is_told(tmp_path: Path) -> None:
    net, told = line(), list[str]()
    watch = Watch("line", told.append, curves=tmp_path)
    course = train(net, batches(net), judge(net), Plan(epochs=3, rate=0.1), watch)
    events = EventAccumulator(str(tmp_path / "line")).Reload()
    assert [event.value for event in events.Scalars("loss on others")] == pytest.approx(course.scores)
    assert {"weight", "bias"} <= set(events.Tags()["histograms"])
    assert len(told) == 3 and told[0].startswith("line: epoch 1 of 3") and "s left" in told[0]


def test_nothing_to_train_on_is_no_error() -> None:
    net = line()
    course: Course = train(net, lambda _: iter(()), judge(net), Plan(epochs=2))
    assert course.epoch == 2 and weights(net) == weights(line())


def test_how_far_it_has_come_is_told_within_an_epoch() -> None:
    net, shares = line(), list[float]()
    train(net, batches(net), judge(net), Plan(epochs=2, steps=2), Watch(done=shares.append))
    assert shares == [0.25, 0.5, 0.75, 1.0]

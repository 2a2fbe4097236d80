"""Training a network: the same loop for every model. The network owns its loss; the loop never asks what it is.

AdamW with a cosine schedule, gradients clipped and, if asked for, added up over batches; mixed precision on a GPU.
After each epoch the network is judged on learners it does not train on, and the best so far is kept: interrupted
(ctrl-C), training ends with that. With a folder for checkpoints it goes on where it was, as if there had been no break.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from student_model.tracing import CheckpointError

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class AfterSteps:
    """What is done after each step beside the optimiser's own work: by itself nothing."""

    def __call__(self, step: int) -> None:
        """After the step with this number, counted from 0."""

    def state(self) -> dict[str, Tensor]:
        """What a checkpoint has to keep of it, by name."""
        return {}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Be where it was when it gave this state."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast: the rate falls to nothing over the epochs, and the last ones are often the best. Written
    out it is the same in every process, so that a checkpoint can be told by it.

    Attributes:
        steps: steps in an epoch, for a rate that changes at each; 0 for one that changes with the epochs.
        warmup: the share of all steps in which the rate rises from nothing. `schedule`: how it falls after.
        factor: of the rate, by a parameter's name.
        average: how much of an average of the weights each step keeps; the average is what is judged and kept, and 0
            is for none (Izmailov et al., "Averaging weights leads to wider optima", UAI 2018).
        patience: epochs without a better score after which training ends; 0 for never.
        mixed: bfloat16 where that is safe and the processor computes in it; always so on a GPU.
        stepped: what is done after each step.
        until: the epoch after which training ends while the schedule would go on; 0 for the last.
        last: whether the last epoch is kept, whatever its score, and not the best; not one whose loss is no number.
    """

    epochs: int
    rate: float = 3e-3
    decay: float = 1e-5
    clip: float = 1.0
    accumulate: int = 1
    seed: int = 0
    steps: int = 0
    warmup: float = 0.0
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    factor: Callable[[str], float] = field(default=lambda name: 1.0, repr=False)
    average: float = 0.0
    patience: int = 0
    mixed: bool = False
    stepped: AfterSteps = field(default_factory=AfterSteps, repr=False)
    until: int = 0
    last: bool = False

    @property
    def ending(self) -> int:
        """How many epochs there are at most."""
        return self.until or self.epochs


@dataclass(frozen=True, slots=True)
class Watch:
    """Where training says how it goes: to `tell` in words, to `done` as the share of epochs, to `curves` for
    TensorBoard, to `checkpoint` to go on. `key` tells one training from another: data, seed, and whatever else it
    depends on.
    """

    name: str = "network"
    tell: Callable[[str], None] = lambda what: None
    curves: Path | None = None
    checkpoint: Path | None = None
    key: str = ""
    done: Callable[[float], None] = lambda share: None


@dataclass(slots=True)
class Course:
    """How far training has come. `best` is the least score (a loss) and `best_epoch` when it was reached."""

    epoch: int = 0
    best: float = math.inf
    best_epoch: int = -1
    interrupted: bool = False
    scores: list[float] = field(default_factory=list)

    def stale(self, patience: int) -> bool:
        """Whether the last so many epochs brought nothing better."""
        return 0 < patience < self.epoch - self.best_epoch and self.best_epoch >= 0


Losses = Callable[[int], Iterable[Tensor]]
"""The losses of an epoch's batches, one after the other; the loop steps between them."""


def train(
    net: nn.Module, losses: Losses, judge: Callable[[], Mapping[str, float]], plan: Plan, watch: Watch = Watch()
) -> Course:
    """Train `net` in place and leave it at its best; the first figure that `judge` gives decides, lower is better, or
    the training loss where it gives none.

    Raises:
        CheckpointError: the folder for checkpoints keeps another training.
    """
    step = _Steps(net, plan)
    best = {name: value.clone() for name, value in net.state_dict().items()}
    course = _resumed(net, step, best, watch)
    writer, begin, first = _writer(watch), time.monotonic(), course.epoch
    if plan.mixed and next(net.parameters()).device.type == "cpu" and not has_bfloat16():
        watch.tell(f"{watch.name}: this processor has no bfloat16, so all is trained in 32 bits")
    try:
        while course.epoch < plan.ending and not course.stale(plan.patience):
            loss = _epoch(net, step, losses, plan, course.epoch, watch)
            net.eval()
            with torch.no_grad(), step.averaged():
                judged = judge()
                figures, score = {"training loss": loss, **judged}, next(iter(judged.values()), loss)
                if score < course.best or (plan.last and math.isfinite(loss)):
                    course.best, course.best_epoch = score, course.epoch
                    best = {name: value.clone() for name, value in net.state_dict().items()}
            course.scores.append(score)
            course.epoch += 1
            _show(watch, writer, net, figures, course, plan, (time.monotonic() - begin) / (course.epoch - first))
            _keep(watch, net, step, best, course)
    except KeyboardInterrupt:
        course.interrupted = True
        watch.tell(f"{watch.name}: interrupted; keeping epoch {course.best_epoch + 1}")
    if writer is not None:
        writer.close()
    net.load_state_dict(best)
    net.eval()
    return course


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch on one core. A small network gains a quarter at most from a second one; beside other work, where the two
    wait for each other at every step, it would take sixty times as long.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _Steps:
    """Optimiser, schedule, and the average of the weights."""

    def __init__(self, net: nn.Module, plan: Plan) -> None:
        named = [(name, one) for name, one in net.named_parameters() if one.requires_grad]
        self.plan, self.parameters, self.taken = plan, [one for _, one in named], 0
        factors = sorted({plan.factor(name) for name, _ in named})
        groups = [
            {"params": [one for name, one in named if plan.factor(name) == factor], "factor": factor}
            for factor in factors
        ]
        self.optimiser = torch.optim.AdamW(groups, lr=plan.rate, weight_decay=plan.decay)
        self.average = [one.detach().clone() for one in self.parameters] if plan.average else []

    def begin(self, epoch: int) -> None:
        if self.plan.steps:
            self.taken = epoch * self.plan.steps
        self._set(epoch / self.plan.epochs)

    def _set(self, share: float) -> None:
        plan = self.plan
        rate = plan.rate * _FALLING[plan.schedule](share)
        if share < plan.warmup:
            rate = plan.rate * share / plan.warmup
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["factor"]

    def take(self) -> None:
        if self.plan.steps:
            self._set((self.taken + 0.5) / (self.plan.steps * self.plan.epochs))
        torch.nn.utils.clip_grad_norm_(self.parameters, self.plan.clip)
        self.optimiser.step()
        self.plan.stepped(self.taken)
        self.optimiser.zero_grad(set_to_none=True)
        self.taken += 1
        keep = min(self.plan.average, self.taken / (self.taken + 9.0))  # young averages forget the beginning
        with torch.no_grad():
            for mean, one in zip(self.average, self.parameters, strict=bool(self.average)):
                mean.lerp_(one, 1.0 - keep)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """The network with the average of its weights, where there is one."""
        own = [one.detach().clone() for one in self.parameters] if self.average else []
        with torch.no_grad():
            for one, mean in zip(self.parameters, self.average, strict=bool(self.average)):
                one.copy_(mean)
            yield
            for one, before in zip(self.parameters, own, strict=bool(own)):
                one.copy_(before)


_FALLING: Mapping[str, Callable[[float], float]] = {
    "cosine": lambda share: 0.5 * (1.0 + math.cos(math.pi * share)),
    "linear": lambda share: 1.0 - share,
    "constant": lambda share: 1.0,
}


def has_bfloat16() -> bool:
    """Whether this processor computes in bfloat16. Others take some fifteen times as long for it as for 32 bits."""
    known = torch.cpu.get_capabilities()
    return any(known.get(name) for name in ("amx_bf16", "avx512_bf16", "arm_bf16", "bf16"))


def _epoch(net: nn.Module, step: _Steps, losses: Losses, plan: Plan, epoch: int, watch: Watch) -> float:
    """The mean loss of an epoch. Its dice depend on seed and epoch alone: a resumed training throws the same."""
    net.train()
    torch.manual_seed(int(np.random.default_rng((plan.seed, epoch)).integers(2**31)))
    step.begin(epoch)
    device = next(net.parameters()).device
    cast = device.type == "cuda" or (plan.mixed and has_bfloat16())
    # The cache would keep weights as they were cast first: no step would show before the next epoch.
    mixed = torch.autocast(device.type, torch.bfloat16, cache_enabled=False) if cast else nullcontext()
    told, waiting, taken = [], 0, 0
    with mixed:
        for loss in losses(epoch):
            torch.autograd.backward(loss / plan.accumulate)
            told.append(float(loss.detach()))
            waiting += 1
            if waiting == plan.accumulate:
                step.take()
                waiting, taken = 0, taken + 1
                if taken < plan.steps:
                    watch.done((epoch + taken / plan.steps) / plan.ending)
    if waiting:
        step.take()
    return float(np.mean(told)) if told else math.nan


def _writer(watch: Watch) -> SummaryWriter | None:
    if watch.curves is None:
        return None
    from torch.utils.tensorboard import SummaryWriter  # half a second to import

    return SummaryWriter(str(watch.curves / watch.name.replace(" ", "-")))


def _show(
    watch: Watch,
    writer: SummaryWriter | None,
    net: nn.Module,
    figures: Mapping[str, float],
    course: Course,
    plan: Plan,
    seconds: float,
) -> None:
    left = seconds * (plan.ending - course.epoch)
    told = ", ".join(f"{name} {value:.4f}" for name, value in figures.items())
    watch.tell(f"{watch.name}: epoch {course.epoch} of {plan.ending}, {told}; at most {left:.0f} s left")
    watch.done(course.epoch / plan.ending)
    if writer is not None:
        for name, value in figures.items():
            writer.add_scalar(name, value, course.epoch)
        for name, values in net.named_parameters():
            if values.requires_grad and values.numel():
                writer.add_histogram(name, values.detach(), course.epoch)


def _keep(watch: Watch, net: nn.Module, step: _Steps, best: Mapping[str, Tensor], course: Course) -> None:
    """Write everything that going on needs, in place of what was there; a write cut short leaves the old."""
    folder = watch.checkpoint
    if folder is None:
        return
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"net.{name}": value for name, value in net.state_dict().items()}
    tensors |= {f"best.{name}": value for name, value in best.items()}
    tensors |= {f"average.{place}": value for place, value in enumerate(step.average)}
    tensors |= {f"stepped.{name}": value for name, value in step.plan.stepped.state().items()}
    for place, moments in step.optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{place}.{name}": value for name, value in moments.items()}
    separate = {name: value.detach().clone().contiguous() for name, value in tensors.items()}
    save_file(separate, folder / "next.safetensors", metadata={"course": json.dumps(asdict(course)), "key": watch.key})
    (folder / "next.safetensors").replace(folder / "training.safetensors")


def _resumed(net: nn.Module, step: _Steps, best: dict[str, Tensor], watch: Watch) -> Course:
    """Where training was, with `net`, `step` and `best` as they were; the beginning if there is no checkpoint."""
    path = None if watch.checkpoint is None else watch.checkpoint / "training.safetensors"
    if path is None or not path.is_file():
        return Course()
    from safetensors import SafetensorError, safe_open

    try:
        opened = safe_open(path, "pt")
    except SafetensorError as error:
        raise CheckpointError(f"{path} is damaged ({error}): delete it, and training begins anew") from error
    with opened as stored:
        if stored.metadata().get("key") != watch.key:
            raise CheckpointError(
                f"{path} keeps another training (other data, seed or settings): give another folder, or delete it"
            )
        course = Course(**json.loads(stored.metadata()["course"]))
        tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 it is no mapping
    net.load_state_dict({name[4:]: value for name, value in tensors.items() if name.startswith("net.")})
    best.update({name[5:]: value for name, value in tensors.items() if name.startswith("best.")})
    states: dict[int, dict[str, Any]] = {}
    for name, value in tensors.items():
        if name.startswith("optimiser."):
            _, place, kind = name.split(".")
            states.setdefault(int(place), {})[kind] = value
    step.optimiser.load_state_dict({**step.optimiser.state_dict(), "state": states})
    step.taken = max((int(one["step"]) for one in states.values()), default=0)
    for place, mean in enumerate(step.average):
        mean.copy_(tensors[f"average.{place}"])
    step.plan.stepped.load({name[8:]: value for name, value in tensors.items() if name.startswith("stepped.")})
    course.interrupted = False
    watch.tell(f"{watch.name}: going on after epoch {course.epoch}, from {path}")
    return course

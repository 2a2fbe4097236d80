"""How the loss falls in fits that are no networks, for TensorBoard: one figure a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from student_model.tracing import Context

Step = Callable[[float], None]
"""Hears the loss after each step of a fit, in nats a response; with the priors' share where a fit descends on it."""


def unheard(loss: float) -> None:
    """Nobody wants to know."""


@contextmanager
def steps(context: Context, name: str) -> Iterator[Step]:
    """What hears the losses of the fit of this name: TensorBoard, where the context has a folder for it."""
    if context.curves is None:
        yield unheard
        return
    from torch.utils.tensorboard import SummaryWriter  # half a second to import

    with SummaryWriter(str(context.curves / name)) as writer:
        count = 0

        def step(loss: float) -> None:
            nonlocal count
            count += 1
            writer.add_scalar("training loss", loss, count)

        yield step

"""Which weights of the base encoder learn, and how: all, the last layers, or a few new ones beside them.

Low-rank updates and prefixes are those of `peft`; bottleneck adapters it does not have, so they are here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from student_model.encoder.base import EncoderUnfit
from student_model.encoder.recipe import METHODS
from student_model.training import AfterSteps

OUTPUTS = (
    ("attention.output.dense", "output.dense"),  # BERT, RoBERTa, ELECTRA, DeBERTa
    ("attention.out_lin", "ffn.lin2"),  # DistilBERT
    ("attention.attn.o", "output.dense"),  # MPNet
    ("attn.Wo", "mlp.Wo"),  # ModernBERT
)
"""The matrices that end the two halves of a layer, by families of encoders. After them stand adapters."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """An encoder ready to learn, what is done after each step, and what is added to each loss."""

    encoder: nn.Module
    stepped: AfterSteps = field(default_factory=AfterSteps)
    penalty: Callable[[], Tensor | float] = lambda: 0.0


def tuned(encoder: nn.Module, method: str, layers: int, rank: int, steps: int) -> Tuned:
    """The encoder with what may learn by `method`; `steps` is how many will be taken, for AdaLoRA's budget.

    Raises:
        ValueError: there is no such method. EncoderUnfit: the encoder is not built so that it fits.
    """
    if method not in METHODS:
        raise ValueError(f"tuning method {method!r}: one of {', '.join(METHODS)}")
    _words(encoder).requires_grad_(False)  # half of the weights, and each is seen too seldom to learn
    if method in ("lora", "adalora", "prefix"):
        return _by_peft(encoder, method, rank, steps)
    if method != "full":
        encoder.requires_grad_(False)
    if method == "last":
        for layer in blocks(encoder)[-layers:]:
            layer.requires_grad_(True)
    if method == "adapters":
        width = int(encoder.config.hidden_size)  # type: ignore[union-attr, arg-type]
        for layer in blocks(encoder):
            for name in _outputs(layer, encoder):
                layer.set_submodule(name, nn.Sequential(layer.get_submodule(name), Bottleneck(width, rank)))
    return Tuned(encoder)


def _words(encoder: nn.Module) -> nn.Module:
    found = encoder.get_input_embeddings()  # type: ignore[operator]
    assert isinstance(found, nn.Module)
    return found


def _outputs(layer: nn.Module, encoder: nn.Module) -> tuple[str, str]:
    names = {name for name, one in layer.named_modules() if isinstance(one, nn.Linear)}
    for pair in OUTPUTS:
        if names.issuperset(pair):
            return pair
    raise EncoderUnfit(f"no adapters are known for {_kind(encoder)}: take another --method, such as lora or last")


def _kind(encoder: nn.Module) -> str:
    """What an encoder is called."""
    return f"encoders of type {getattr(encoder.config, 'model_type', '') or type(encoder).__name__!r}"


def blocks(encoder: nn.Module) -> nn.ModuleList:
    """The layers of a transformer, whatever it calls them.

    Raises:
        EncoderUnfit: it has none.
    """
    lists = [one for one in encoder.modules() if isinstance(one, nn.ModuleList) and len(one)]
    if not lists:
        raise EncoderUnfit("the base encoder has no list of layers: take --method full or frozen")
    return max(lists, key=lambda one: sum(part.numel() for part in one.parameters()))


class Bottleneck(nn.Module):
    """x + up(gelu(down(x))), which is x at first."""

    def __init__(self, width: int, rank: int) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(width, rank), nn.Linear(rank, width)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, given: Tensor) -> Tensor:
        added: Tensor = self.up(nn.functional.gelu(self.down(given)))
        return given + added


def _by_peft(encoder: nn.Module, method: str, rank: int, steps: int) -> Tuned:
    import peft

    if method == "prefix" and "past_key_values" not in inspect.signature(encoder.forward).parameters:
        raise EncoderUnfit(f"{_kind(encoder)} take no prefix: take another --method, such as lora or adapters")
    inside = {id(one) for one in blocks(encoder).modules() if isinstance(one, nn.Linear)}
    targets = [name for name, one in encoder.named_modules() if id(one) in inside]
    made: Mapping[str, Callable[[], Any]] = {
        "lora": lambda: peft.LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.05, target_modules=targets),
        "adalora": lambda: peft.AdaLoraConfig(
            init_r=rank + rank // 2, target_r=rank, lora_alpha=2 * rank, target_modules=targets,
            tinit=max(steps // 10, 1), tfinal=max(steps // 2, 1), deltaT=max(steps // 50, 1), total_step=max(steps, 3),
        ),
        "prefix": lambda: peft.PrefixTuningConfig(num_virtual_tokens=rank, task_type="FEATURE_EXTRACTION"),
    }  # fmt: skip
    wrapped: Any = peft.get_peft_model(encoder, made[method]())
    if method != "adalora":
        return Tuned(wrapped)
    factors = [one for name, one in wrapped.named_parameters() if "lora_A" in name or "lora_B" in name]
    weight = wrapped.active_peft_config.orth_reg_weight
    return Tuned(wrapped, Budget(wrapped, steps), lambda: weight * uneven(factors))


def uneven(factors: Sequence[Tensor]) -> Tensor:
    """How far the ranks of AdaLoRA's factors, (rank, width) or (width, rank), are from being orthonormal: the mean of
    ‖PᵀP − I‖ (Zhang et al., ICLR 2023, equation 4, unsquared as in `peft`, which adds it only where an encoder itself
    gives a loss). Without it what a rank is worth says nothing, and the wrong ones go.
    """
    each = []
    for one in factors:
        flat = one if one.shape[0] <= one.shape[1] else one.T
        each.append(torch.linalg.matrix_norm(flat @ flat.T - torch.eye(len(flat), device=one.device)))
    return torch.stack(each).mean()


class Budget(AfterSteps):
    """AdaLoRA's ranks: after each step it is told what each is worth, and those worth least are set to nothing."""

    KEPT = ("ipt", "exp_avg_ipt", "exp_avg_unc")

    def __init__(self, wrapped: Any, steps: int) -> None:
        self.wrapped, self.steps = wrapped, steps

    @property
    def config(self) -> Any:
        """Where `peft` keeps which ranks are left, by the name of their matrix."""
        return self.wrapped.active_peft_config

    def __call__(self, step: int) -> None:
        if step < self.steps:
            with torch.no_grad():
                self.wrapped.base_model.update_and_allocate(step)

    def state(self) -> dict[str, Tensor]:
        worth = self.wrapped.base_model.rankallocator
        found = {f"{kind}/{name}": one for kind in self.KEPT for name, one in getattr(worth, kind).items()}
        left = self.config.rank_pattern or {}
        return found | {f"left/{name}": torch.tensor(one) for name, one in left.items()}

    def load(self, state: Mapping[str, Tensor]) -> None:
        found: dict[str, dict[str, Tensor]] = {}
        for key, value in state.items():
            kind, name = key.split("/", 1)
            found.setdefault(kind, {})[name] = value
        for kind in self.KEPT:
            setattr(self.wrapped.base_model.rankallocator, kind, found.get(kind, {}))
        self.config.rank_pattern = {name: one.tolist() for name, one in found.get("left", {}).items()} or None


def merged(encoder: nn.Module) -> nn.Module:
    """The encoder with low-rank updates added to the weights they belong to: as quick as before."""
    if not hasattr(encoder, "merge_and_unload") or _prefixed(encoder):
        return encoder
    whole: nn.Module = encoder.merge_and_unload()  # type: ignore[operator]
    return whole


def _prefixed(encoder: Any) -> bool:
    return bool(encoder.active_peft_config.is_prompt_learning)

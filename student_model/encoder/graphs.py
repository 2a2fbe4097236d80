"""Networks as ONNX graphs in eight-bit integers.

Weights are quantised dynamically, symmetric, one scale a channel: on answers in words the vectors of MiniLM then keep a
cosine of .992 to those of 32 bits, against .961 with one scale a matrix, at the same size and speed. What attention
puts out stays in 32 bits, for a tenth more in size: the cosine hardly rises (.9919 to .9920), but of 100 labels 98 to
99 are those of a grader in 32 bits then, before 97 to 99 (`LOG.md`).
"""

from __future__ import annotations

import logging
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from student_model.encoder.base import Base
from student_model.encoder.net import GradingNet, kinds_of


class Vectors(nn.Module):
    """The base encoder as a graph: tokens and mask to vectors."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        states: Tensor = self.model(input_ids=tokens, attention_mask=mask).last_hidden_state
        return states


class Graded(nn.Module):
    """A network as a graph: tokens, mask and sides to the numbers of its head."""

    def __init__(self, net: GradingNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, tokens: Tensor, mask: Tensor, sides: Tensor) -> Tensor:
        given = {"token_type_ids": kinds_of(sides)} if self.net.kinds else {}
        states = self.net.encoder(input_ids=tokens, attention_mask=mask, **given).last_hidden_state
        found: Tensor = self.net.head(states, mask, sides)
        return found


def write_graph(model: nn.Module, base: Base, path: Path) -> Path:
    """Export a graph in eight bits to a file."""
    whole = path.with_suffix(".whole")
    try:
        exported(model, base, whole)
        quantised(whole, path)
    finally:
        whole.unlink(missing_ok=True)
    return path


def quantised(whole: Path, path: Path, per_channel: bool = True, **options: Any) -> None:
    """Write a graph of 32 bits in eight, but for what attention puts out; `options` are those of `quantize_dynamic`."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    given = {"nodes_to_exclude": attention_outputs(whole), **options}
    with _silence():
        quantize_dynamic(whole, path, per_channel=per_channel, weight_type=QuantType.QInt8, **given)


def attention_outputs(whole: Path) -> list[str]:
    """The products of a graph that put out what attention found, by name: square, of what no other product reads, as
    queries, keys and values are made of the same.
    """
    import onnx

    graph = onnx.load(whole, load_external_data=False).graph
    shapes = {one.name: tuple(one.dims) for one in graph.initializer}
    products = [one for one in graph.node if one.op_type == "MatMul"]
    readers = Counter(one.input[0] for one in products)

    def alone(one: onnx.NodeProto) -> bool:
        shape = shapes.get(one.input[1], ())
        return len(shape) == 2 and shape[0] == shape[1] and readers[one.input[0]] == 1

    return [one.name for one in products if alone(one)]


def exported(model: nn.Module, base: Base, path: Path) -> None:
    """Write a graph in 32 bits. It is the same to the last byte wherever it is made: the exporter notes at each node
    which lines of which files made it, with where these lie on this machine, and that is left out.
    """
    tokens = torch.full((2, 8), base.pairs.signs.end, dtype=torch.long)
    given: tuple[Tensor, ...] = (tokens, torch.ones_like(tokens))
    names = ["tokens", "mask"]
    if isinstance(model, Graded):
        given, names = (*given, torch.zeros_like(tokens)), [*names, "sides"]
    rows, length = torch.export.Dim("rows"), torch.export.Dim("length")
    shapes = tuple({0: rows, 1: length} for _ in names)
    with _silence():
        program = torch.onnx.export(
            model.eval(), given, dynamo=True, input_names=names, output_names=["found"], dynamic_shapes=shapes,
            verbose=False,
        )  # fmt: skip
        assert program is not None
        for node in program.model.graph.all_nodes():
            node.metadata_props.clear()
        program.save(path)


@contextmanager
def _silence() -> Iterator[None]:
    """Without what exporters say of axes renamed and parts of torchvision not there."""
    noisy = [logging.getLogger(name) for name in ("torch.onnx", "root", "onnxscript", "onnx_ir")]
    levels = [one.level for one in noisy]
    for one in noisy:
        one.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for one, level in zip(noisy, levels, strict=True):
            one.setLevel(level)

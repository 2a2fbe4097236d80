"""What is put into eight bits and what is left, by families of encoders; and graphs that run beside other work."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper
from test_other_encoders import of
from torch import nn
from transformers import AutoModel

from student_model.encoder.base import load
from student_model.encoder.graphs import Vectors, attention_outputs, exported, quantised, write_graph
from student_model.encoder.reader import Graph

OUTPUTS = {
    "bert": "attention.output.dense.weight",
    "distilbert": "attention.out_lin.weight",
    "mpnet": "attention.attn.o.weight",
    "roberta": "attention.output.dense.weight",
}
"""Where each family keeps the weights of what attention puts out."""


def encoder_of(family: str, small: Path) -> nn.Module:
    found: nn.Module = AutoModel.from_pretrained(small) if family == "bert" else of(family)
    return found


def weights(path: Path) -> dict[str, NDArray[np.generic]]:
    graph = onnx.load(path).graph
    kept = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    return {node.name: kept[node.input[1]] for node in graph.node if node.op_type == "MatMul" and node.input[1] in kept}


@pytest.mark.parametrize("family", OUTPUTS)
def test_what_attention_puts_out_is_found_and_left_in_32_bits(family: str, small: Path, tmp_path: Path) -> None:
    model = encoder_of(family, small)
    whole, less = tmp_path / "whole.onnx", tmp_path / "less.onnx"
    exported(Vectors(model), load(str(small)), whole)
    true = [value.detach().numpy().T for name, value in model.named_parameters() if name.endswith(OUTPUTS[family])]
    named = attention_outputs(whole)
    assert len(named) == len(true) == 2
    for name, value in zip(named, true, strict=True):
        assert np.array_equal(weights(whole)[name], value)
    quantised(whole, less)
    left = weights(less)
    assert sorted(left) == sorted(named) and all(one.dtype == np.float32 for one in left.values())
    quantised(whole, less, nodes_to_exclude=[])
    assert not weights(less)


def test_a_graph_begun_beside_other_work_says_the_same_to_each_who_asks(small: Path, tmp_path: Path) -> None:
    base = load(str(small))
    graph = Graph(write_graph(Vectors(base.model), base, tmp_path / "base.onnx"))
    rows = np.random.default_rng(0).integers(1000, 2000, (12, 1, 9))
    asked: list[dict[str, NDArray[np.generic]]] = [{"tokens": one, "mask": np.ones_like(one)} for one in rows]
    begun = [graph.begin(one) for one in asked]
    for one, result in zip(asked, begun, strict=True):
        assert np.array_equal(result(), graph.run(one)) and np.array_equal(result(), graph.run(one))


def test_what_goes_wrong_beside_is_said_to_who_waits_and_to_nobody_else() -> None:
    def missing() -> bytes:
        raise FileNotFoundError("no graph")

    unhandled: list[object] = []
    before, threading.excepthook = threading.excepthook, unhandled.append
    try:
        result = Graph(missing).begin({})
        with pytest.raises(FileNotFoundError, match="no graph"):
            result()
    finally:
        threading.excepthook = before
    assert unhandled == []

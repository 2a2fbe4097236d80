"""What is put into eight bits and what is left, by families of encoders; and graphs that run beside other work."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper
from test_other_encoders import of
from torch import nn
from transformers import AutoModel, DebertaV2Config, DebertaV2Model

from student_model.encoder.base import load
from student_model.encoder.graphs import Vectors, attention_outputs, exported, quantised, write_graph
from student_model.encoder.reader import Graph, begun

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


def outputs_of(model: nn.Module, name: str) -> list[NDArray[np.float32]]:
    return [value.detach().numpy().T for place, value in model.named_parameters() if place.endswith(name)]


@pytest.mark.parametrize("family", OUTPUTS)
def test_what_attention_puts_out_is_found_and_left_in_32_bits(family: str, small: Path, tmp_path: Path) -> None:
    model = encoder_of(family, small)
    whole, less = tmp_path / "whole.onnx", tmp_path / "less.onnx"
    exported(Vectors(model), load(str(small)), whole)
    true = outputs_of(model, OUTPUTS[family])
    named = attention_outputs(whole)
    assert len(named) == len(true) == 2
    for name, value in zip(named, true, strict=True):
        assert np.array_equal(weights(whole)[name], value)
    quantised(whole, less)
    left = weights(less)
    assert sorted(left) == sorted(named) and all(one.dtype == np.float32 for one in left.values())
    quantised(whole, less, nodes_to_exclude=[])
    assert not weights(less)


def test_a_graph_does_not_tell_where_it_was_made(small: Path, tmp_path: Path) -> None:
    path = write_graph(Vectors(encoder_of("bert", small)), load(str(small)), tmp_path / "base.onnx")
    content = path.read_bytes()
    assert b".py" not in content and str(Path(__file__).parents[1]).encode() not in content
    again = write_graph(Vectors(encoder_of("bert", small)), load(str(small)), tmp_path / "again.onnx")
    assert again.read_bytes() == content, "what a service keeps of texts goes by the file's hash"
    assert Graph(path).run({"tokens": np.array([[101, 102]]), "mask": np.array([[1, 1]])}).shape == (1, 2, 24)


def test_values_are_not_taken_for_outputs_where_queries_and_keys_are_read_twice(small: Path, tmp_path: Path) -> None:
    """DeBERTa multiplies its positions with the weights of queries and keys too, which are then no longer constants if
    they are large."""
    sizes: dict[str, Any] = {"hidden_size": 96, "num_hidden_layers": 2, "num_attention_heads": 2}
    relative: dict[str, Any] = {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "share_att_key": True}
    model = DebertaV2Model(DebertaV2Config(**sizes, **relative, intermediate_size=128))
    exported(Vectors(model), load(str(small)), tmp_path / "whole.onnx")
    kept = weights(tmp_path / "whole.onnx")
    found = [kept[name] for name in attention_outputs(tmp_path / "whole.onnx")]
    true = outputs_of(model, OUTPUTS["bert"])
    assert len(found) == len(true) == 2 and all(np.array_equal(a, b) for a, b in zip(found, true, strict=True))


def test_what_is_begun_is_done_meanwhile_in_another_thread() -> None:
    goes_on, mine = threading.Event(), threading.get_ident()

    def work() -> int:
        assert goes_on.wait(30)
        return threading.get_ident()

    result = begun(work)
    goes_on.set()  # were it done only when it is waited for, or here, it would wait in vain
    assert result() != mine and result() == result()


def test_what_goes_wrong_is_said_to_who_waits_and_to_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> bytes:
        raise FileNotFoundError("no graph")

    unhandled: list[object] = []
    monkeypatch.setattr(threading, "excepthook", unhandled.append)
    result = begun(lambda: Graph(missing).run({}))
    for _ in range(2):
        with pytest.raises(FileNotFoundError, match="no graph"):
            result()
    assert unhandled == []


def test_without_threads_it_is_done_when_it_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", full)
    assert begun(threading.get_ident)() == threading.get_ident()


def test_many_at_once_say_what_each_says_alone(small: Path, tmp_path: Path) -> None:
    base = load(str(small))
    graph = Graph(write_graph(Vectors(base.model), base, tmp_path / "base.onnx"))
    rows = np.random.default_rng(0).integers(1000, 2000, (12, 1, 9))
    asked: list[dict[str, NDArray[np.generic]]] = [{"tokens": one, "mask": np.ones_like(one)} for one in rows]
    together = [begun(partial(graph.run, one)) for one in asked]
    for one, result in zip(asked, together, strict=True):
        assert np.array_equal(result(), graph.run(one))

"""Base encoders of other families than BERT, and tokenizers in other forms: fitted with, or refused with a way on."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from graders_fitted import planted, write
from test_encoder_cli import run
from test_tuning import MASK, TOKENS, learning
from torch import Tensor, nn
from transformers import (
    DistilBertConfig,
    DistilBertModel,
    ModernBertConfig,
    ModernBertModel,
    MPNetConfig,
    MPNetModel,
    PreTrainedModel,
    RobertaConfig,
    RobertaModel,
    XLNetConfig,
    XLNetModel,
)

from student_model.encoder import base
from student_model.encoder.base import EncoderMissing, EncoderUnfit, load
from student_model.encoder.grader import open_grader
from student_model.encoder.graphs import Vectors, write_graph
from student_model.encoder.reader import Graph
from student_model.encoder.recipe import HELP
from student_model.encoder.tuning import tuned

SIZES: dict[str, Any] = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
SIGNS: dict[str, Any] = {
    "vocab_size": 30522, "pad_token_id": 0,
    **{f"{name}_token_id": 101 for name in ("cls", "bos")}, **{f"{name}_token_id": 102 for name in ("sep", "eos")},
}  # fmt: skip
MADE: dict[str, Callable[[], PreTrainedModel]] = {
    "distilbert": lambda: DistilBertModel(DistilBertConfig(dim=24, n_layers=2, n_heads=2, hidden_dim=32)),
    "modernbert": lambda: ModernBertModel(ModernBertConfig(**SIZES, **SIGNS)),
    "mpnet": lambda: MPNetModel(MPNetConfig(**SIZES)),
    "roberta": lambda: RobertaModel(RobertaConfig(**SIZES)),
    "xlnet": lambda: XLNetModel(XLNetConfig(d_model=24, n_layer=2, n_head=2, d_inner=32)),
}


def of(family: str) -> PreTrainedModel:
    torch.manual_seed(5)
    made = MADE[family]()
    made.train(False)
    return made


def said(encoder: nn.Module) -> Tensor:
    with torch.no_grad():
        states: Tensor = encoder(input_ids=TOKENS, attention_mask=MASK).last_hidden_state
    return states


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small DistilBERT whose tokens are kept in `vocab.txt` alone."""
    place = tmp_path_factory.mktemp("distilbert")
    of("distilbert").save_pretrained(place)
    words = json.loads((base.folder() / "tokenizer.json").read_bytes())["model"]["vocab"]
    (place / "vocab.txt").write_text("\n".join(sorted(words, key=words.__getitem__)), "utf-8")
    return place


@pytest.fixture
def train(tmp_path: Path) -> Path:
    rows = [
        {"question": a.question, "reference_answers": a.reference_answers, "answer": a.answer, "label": a.label}
        for a in planted(6)
    ]
    return write(tmp_path / "train.jsonl", rows)


@pytest.mark.parametrize("family", ["distilbert", "modernbert", "mpnet", "roberta"])
def test_two_adapters_a_layer_learn_and_change_nothing_at_first(family: str) -> None:
    encoder = of(family)
    own = tuned(copy.deepcopy(encoder), "adapters", 1, 4, 10).encoder
    assert len(learning(own)) == 2 * 2 * 4
    assert torch.equal(said(own), said(encoder))
    with torch.no_grad():
        for name, one in own.named_parameters():
            if name in learning(own):
                one.normal_(0.0, 0.5)
    assert not torch.allclose(said(own), said(encoder), atol=1e-3)


def test_a_modern_bert_with_adapters_is_served_in_eight_bits(small: Path, tmp_path: Path) -> None:
    """It turns positions, and its layers look far and near in turn: the exporter has to take both."""
    own = tuned(of("modernbert"), "adapters", 1, 4, 10).encoder
    with torch.no_grad():
        for name, one in own.named_parameters():
            if name in learning(own):
                one.normal_(0.0, 0.5)
    graph = Graph(write_graph(Vectors(own), load(str(small)), tmp_path / "own.onnx"))
    found, whole = graph.run({"tokens": TOKENS.numpy(), "mask": MASK.numpy()}), said(own).numpy()
    there = MASK.numpy() > 0
    assert (found * whole)[there].sum() / np.sqrt((found[there] ** 2).sum() * (whole[there] ** 2).sum()) > 0.99


@pytest.mark.parametrize("family", ["distilbert", "modernbert", "mpnet", "roberta"])
@pytest.mark.parametrize("method", ["full", "last", "lora", "adalora", "frozen"])
def test_the_other_methods_change_nothing_at_first_either(family: str, method: str) -> None:
    encoder = of(family)
    own = tuned(copy.deepcopy(encoder), method, 1, 4, 10).encoder
    assert torch.allclose(said(own.eval()), said(encoder), atol=1e-6)
    assert not any(words in name for name in learning(own) for words in ("word_embeddings", "tok_embeddings"))
    assert "all but the words' vectors" in HELP["method"]


def test_what_an_encoder_cannot_take_is_refused_with_what_it_can() -> None:
    for family in ("distilbert", "mpnet"):
        with pytest.raises(
            EncoderUnfit, match=f"of type '{family}' take no prefix: take another --method, such as lora"
        ):
            tuned(of(family), "prefix", 1, 4, 10)
    with pytest.raises(EncoderUnfit, match="no adapters are known for encoders of type 'xlnet': take another --method"):
        tuned(of("xlnet"), "adapters", 1, 4, 10)
    assert said(tuned(of("roberta"), "prefix", 1, 4, 10).encoder).shape == (2, 4, 24)


def test_one_of_words_in_a_list_is_fitted_with_and_served_without_the_list(
    bare: Path, train: Path, tmp_path: Path
) -> None:
    out, own = tmp_path / "grader", ("--base", bare, "--epochs", 1, "--no-forest", "--disguise", 0)
    fitted = run("fit", "--train", train, "--out", out, *own, "--method", "adapters", "--rank", 2)
    assert fitted.exit_code == 0, fitted.output
    grader = open_grader(out)
    signs = grader.pairs.signs
    assert (signs.begin, signs.end, signs.kinds) == (101, 102, False)
    assert grader.pairs.tokens("The salt") == load().pairs.tokens("the salt")
    assert grader.grade("What is it?", ["A red ribbon"], "a red ribbon").label == "correct"
    refused = run("fit", "--train", train, "--out", out, *own, "--method", "prefix", "--no-near")
    assert refused.exit_code == 1 and "encoders of type 'distilbert' take no prefix" in refused.stderr
    assert open_grader(out).version == grader.version


def test_files_that_cannot_be_read_are_told_with_what_to_do(bare: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "xlm-roberta"}')
    (tmp_path / "sentencepiece.bpe.model").write_bytes(b"no model")
    with pytest.raises(EncoderMissing, match=r"tokenizer of .+ cannot be read: one of SentencePiece .+ needs `pip ins"):
        load(str(tmp_path))
    for name in ("config.json", "vocab.txt"):
        (tmp_path / name).write_bytes((bare / name).read_bytes())
    with pytest.raises(EncoderMissing, match=r"the weights of .+ cannot be read: .*model.safetensors"):
        load(str(tmp_path))

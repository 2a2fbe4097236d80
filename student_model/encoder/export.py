"""A fitted grader as a folder that serves without torch: ONNX graphs in eight-bit integers, a forest, a manifest.

Weights are quantised dynamically, symmetric, one scale a channel: on answers in words the vectors of MiniLM then keep a
cosine of .993 to those of 32 bits, against .962 with one scale a matrix, at the same size and speed (`LOG.md`).
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import torch
from torch import Tensor, nn

from student_model.encoder.answers import GradedAnswer
from student_model.encoder.base import Base
from student_model.encoder.book import quiet
from student_model.encoder.fit import Fitted
from student_model.encoder.grader import BASE, FORMAT, MANIFEST, TOKENIZER, Served, open_grader
from student_model.encoder.net import GradingNet
from student_model.encoder.outcomes import outcomes

SAMPLE = 400
"""Answers on which the eight-bit grader is compared with the one that was fitted."""


def save(
    fitted: Fitted,
    answers: Sequence[GradedAnswer],
    out: Path,
    at: datetime,
    seconds: float,
    tell: Callable[[str], None] = quiet,
) -> Served:
    """Write a grader that was fitted to these answers, in place of what was there, and open it.

    The manifest says how often it gives the label that the fitted one gives (`agreement`, a share).
    """
    fresh = out.with_name(f".{out.name}.next")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    tell("writing the base encoder in eight bits")
    _written(Vectors(fitted.base.model), fitted.base, 0, fresh / BASE)
    (fresh / TOKENIZER).write_text(fitted.base.pairs.tokenizer.to_str(), encoding="utf-8")
    for number, member in enumerate(fitted.members):
        tell(f"writing network {number + 1} of {len(fitted.members)} in eight bits")
        width = len(member.net.head.centre)  # type: ignore[arg-type]
        _written(_Graded(member.net), fitted.base, width, fresh / f"net-{number}.onnx")
        if member.forest is not None:
            np.savez_compressed(fresh / f"forest-{number}.npz", **member.forest.arrays())  # type: ignore[arg-type]
    manifest = _manifest(fitted, answers, at, seconds)
    _sealed(fresh, manifest)
    tell("comparing it with the grader of 32 bits")
    _sealed(fresh, {**manifest, "agreement": _agreement(fitted, open_grader(fresh), answers)})
    old = out.with_name(f".{out.name}.before")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    fresh.rename(out)
    shutil.rmtree(old, ignore_errors=True)
    return open_grader(out)


def _manifest(fitted: Fitted, answers: Sequence[GradedAnswer], at: datetime, seconds: float) -> dict[str, Any]:
    pairs = fitted.base.pairs
    told = [[one.question, one.reference_answers, one.answer, one.label, one.score, one.passage] for one in answers]
    return {
        "format": FORMAT,
        "task": asdict(fitted.task),
        "signs": asdict(pairs.signs),
        "budget": asdict(pairs.budget),
        "temperature": fitted.temperature,
        "error": fitted.error,
        "counted": fitted.recipe.counted,
        "near": fitted.recipe.near,
        "members": len(fitted.members),
        "held": dict(fitted.held),
        "recipe": asdict(fitted.recipe),
        "trainable": fitted.trainable,
        "trained_on": {
            "answers": len(answers),
            "questions": len({one.group for one in answers}),
            "sha256": hashlib.sha256(orjson.dumps(told)).hexdigest(),
        },
        "at": at.isoformat(),
        "seconds": round(seconds, 1),
        "interrupted": fitted.interrupted,
    }


def _sealed(folder: Path, manifest: Mapping[str, Any]) -> None:
    files = sorted(one for one in folder.iterdir() if one.name != MANIFEST)
    hashes = {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in files}
    version = hashlib.sha256(orjson.dumps([hashes, manifest["temperature"], manifest["task"]])).hexdigest()[:12]
    document = {**manifest, "files": hashes, "version": version}
    (folder / MANIFEST).write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))


def _agreement(fitted: Fitted, served: Served, answers: Sequence[GradedAnswer]) -> float:
    """The share of answers that get the same label from both, of every so-manieth of the answers."""
    some = answers[:: max(1, len(answers) // SAMPLE)][:SAMPLE]
    whole = outcomes(fitted.task, fitted.found(some), fitted.temperature, fitted.error)
    small = served.outcomes(some)
    if fitted.task.kind == "labels":
        return float(np.mean(whole.place == small.place))
    return float(np.mean(np.abs(whole.score - small.score) <= 0.05))


class Vectors(nn.Module):
    """The base encoder as a graph: tokens and mask to vectors."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        states: Tensor = self.model(input_ids=tokens, attention_mask=mask).last_hidden_state
        return states


class _Graded(nn.Module):
    """A network as a graph: tokens, mask, kinds and features to the numbers of its head."""

    def __init__(self, net: GradingNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, tokens: Tensor, mask: Tensor, kinds: Tensor, features: Tensor) -> Tensor:
        given = {"token_type_ids": kinds} if self.net.kinds else {}
        states = self.net.encoder(input_ids=tokens, attention_mask=mask, **given).last_hidden_state
        found: Tensor = self.net.head(states, mask, features)
        return found + 0.0 * kinds.sum()  # a graph keeps no input that it does not use


def _written(model: nn.Module, base: Base, features: int, path: Path) -> None:
    """Export a graph and quantise it."""
    whole = path.with_suffix(".whole")
    try:
        exported(model, base, features, whole)
        quantised(whole, path)
    finally:
        whole.unlink(missing_ok=True)


def quantised(whole: Path, path: Path, per_channel: bool = True, **options: Any) -> None:
    """Write a graph of 32 bits in eight; `options` are those of `quantize_dynamic`."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with _silence():
        quantize_dynamic(whole, path, per_channel=per_channel, weight_type=QuantType.QInt8, **options)


def exported(model: nn.Module, base: Base, features: int, path: Path) -> None:
    """Write a graph in 32 bits."""
    tokens = torch.full((2, 8), base.pairs.signs.end, dtype=torch.long)
    given: tuple[Tensor, ...] = (tokens, torch.ones_like(tokens))
    names = ["tokens", "mask"]
    if isinstance(model, _Graded):
        given, names = (*given, torch.zeros_like(tokens), torch.zeros(2, features)), [*names, "kinds", "features"]
    rows, length = torch.export.Dim("rows"), torch.export.Dim("length")
    shapes = tuple({0: rows} if name == "features" else {0: rows, 1: length} for name in names)
    with _silence():
        program = torch.onnx.export(
            model.eval(), given, dynamo=True, input_names=names, output_names=["found"], dynamic_shapes=shapes,
            verbose=False,
        )  # fmt: skip
        assert program is not None
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

"""Graders fitted for tests: one with the real encoder, and an encoder so small that fitting takes seconds."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from transformers import BertConfig, BertModel

from data.graded_answers import read_graded
from student_model.encoder import base
from student_model.encoder.answers import GradedAnswer
from student_model.encoder.export import save
from student_model.encoder.fit import Fitted, fit
from student_model.encoder.grader import Served
from student_model.encoder.recipe import Recipe

GRADED = Path(__file__).resolve().parent.parent / "data" / "graded"
QUICK = Recipe(method="frozen", epochs=1, batch=16)
"""The head alone, for one epoch."""
AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Made:
    """A grader, what it was fitted to, and as what it serves."""

    answers: list[GradedAnswer]
    fitted: Fitted
    folder: Path
    served: Served


def lines(field: str, first: int, last: int) -> list[dict[str, Any]]:
    """Some lines of a field, each a question with eight answers."""
    rows = (GRADED / f"{field}.jsonl").read_text("utf-8").splitlines()[first:last]
    return [json.loads(row) for row in rows]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    """A file of graded answers."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def fitted_grader(place: Path) -> Made:
    """A grader fitted to 64 answers to eight questions on the living world, with the real encoder."""
    answers = read_graded([write(place / "train.jsonl", lines("life", 0, 8))])
    fitted = fit(answers, QUICK)
    return Made(answers, fitted, place / "grader", save(fitted, answers, place / "grader", AT, 1.0))


def small_encoder(place: Path) -> Path:
    """A transformer of two thin layers that knows nothing, with the tokens of the real one."""
    torch.manual_seed(3)
    config = BertConfig(
        hidden_size=24, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, initializer_range=0.2
    )
    BertModel(config).save_pretrained(place)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(base.folder() / name, place / name)
    return place


COLOURS = ("red", "green", "blue", "black", "white", "brown", "yellow", "purple", "orange", "silver", "pink", "gold")


def planted(questions: int = 12) -> list[GradedAnswer]:
    """What can be counted tells the grade: right answers share words with the reference, wrong ones none."""
    found = []
    for number, colour in enumerate(COLOURS[:questions]):
        asked, right = f"What does box {number} hold?", f"A {colour} ribbon with {colour} pearls"
        for said, label in (
            (right, "correct"),
            (f"{colour} ribbon, pearls", "correct"),
            ("nobody knows", "incorrect"),
            ("I forgot to look", "incorrect"),
        ):
            found.append(GradedAnswer(asked, (right,), said, label, question_id=f"q{number}"))
    return found

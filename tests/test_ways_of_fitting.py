"""The benchmark of ways to fit the grader: it pairs what was judged by the same answers, and runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from encoder_methods import PLAIN, WAYS, apart, by_family

from student_model.encoder.answers import GradedAnswer, Task
from student_model.encoder.outcomes import log_loss, log_losses

ROOT = Path(__file__).resolve().parent.parent


def test_the_difference_weighs_answers_and_its_error_families() -> None:
    first = [
        {"fold": 0, "seed": 0, "losses": {"a": [3.0, 3.0], "b": [1.0, 2.0]}},
        {"fold": 1, "seed": 0, "losses": {"c": [4.0, 4.0]}},
    ]
    second = [
        {"fold": 1, "seed": 0, "losses": {"c": [4.0, 8.0]}},
        {"fold": 0, "seed": 0, "losses": {"a": [3.0, 3.0], "b": [1.0, 2.0]}},
        {"fold": 2, "seed": 0, "losses": {"d": [9.0, 900.0]}},  # the first way has not run there
    ]
    mean, error = apart(second, first)
    assert mean == pytest.approx(0.5)  # 4 more over 8 answers
    # what is left is -1.5, -.5 and 2: the root of 6.5 × 3/2, over 8 answers
    assert error == pytest.approx(np.sqrt(9.75) / 8)
    assert apart(first, first) == (0.0, 0.0)


def test_seeds_of_one_family_are_no_families_of_their_own() -> None:
    first = [{"fold": 0, "seed": n, "losses": {"a": [2.0, 0.0], "b": [2.0, 0.0]}} for n in (0, 1)]
    second = [{"fold": 0, "seed": n, "losses": {"a": [2.0, 2.0], "b": [2.0, 0.0]}} for n in (0, 1)]
    mean, error = apart(second, first)
    assert mean == pytest.approx(0.5)
    assert error == pytest.approx(np.sqrt(2 * 2.0**2 * 2) / 8)  # as of two families and not of four


def test_losses_are_added_up_by_family() -> None:
    asked = ("The lamp is in an open path.", "The lamp is in a closed path.", "Salt stays.")
    answers = [GradedAnswer(f"{n}?", (one,), "", "right") for n, one in enumerate(asked)]
    assert by_family(answers, np.array([1.0, 2.0, 4.0])) == {"0?": [2.0, 3.0], "2?": [1.0, 4.0]}


@pytest.mark.parametrize("kind", ["labels", "ordinal", "regression"])
def test_the_log_loss_is_the_mean_of_the_answers_own(kind: str) -> None:
    task = Task(kind, ("0", "1", "2"), (0.0, 0.5, 1.0)) if kind != "regression" else Task("regression")  # type: ignore[arg-type]
    rng = np.random.default_rng(0)
    found, target = rng.normal(size=(7, task.outputs)), np.array([0.0, 1, 2, 1, 0, 2, 1])
    if kind == "regression":
        target /= 2.0
    each = log_losses(task, found, target, 1.5)
    assert each.shape == (7,) and (each > 0).all()
    assert log_loss(task, found, target, 1.5) == pytest.approx(each.mean())
    assert log_losses(task, found[2:3], target[2:3], 1.5) == pytest.approx(each[2:3])


def test_each_way_is_a_recipe_of_its_own() -> None:
    from dataclasses import replace

    recipes = {repr(replace(PLAIN, **way)) for way in WAYS.values()}
    assert len(recipes) == len(WAYS)
    assert not any("," in name for name in WAYS)  # which parts them in `--only`


def test_a_way_that_there_is_not_is_named_before_anything_is_fitted() -> None:
    command = [sys.executable, str(ROOT / "benchmarks/encoder_methods.py"), "--only", "default, lorra"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})  # fmt: skip
    assert done.returncode == 2 and "no such way: lorra; there are: default; last 3" in done.stderr


def test_it_runs(tmp_path: Path) -> None:
    out = tmp_path / "runs.jsonl"
    arguments = [
        "--data",
        *(str(ROOT / f"data/graded/{name}.jsonl") for name in ("earth", "life")),
        "--only",
        "head alone",
    ]
    arguments += ["--by", "question", "--folds", "4", "--some", "1", "--seeds", "1", "--limit", "40", "--out", str(out)]
    command = [sys.executable, str(ROOT / "benchmarks/encoder_methods.py"), *arguments]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert [one["way"] for one in found] == ["head alone"] and found[0]["trainable"] == 5 * (3 * 384 + 1)
    assert "+0.0000 ± 0.0000" in done.stdout and found[0]["rows"] >= 25
    assert [json.loads(line) for line in out.read_text().splitlines()] == found


def test_pseudo_labels_are_refused_where_no_answer_is_without_a_grade() -> None:
    command = [sys.executable, str(ROOT / "benchmarks/encoder_methods.py"), "--only", "default,pseudo .8"]
    told = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert told.returncode == 2 and "pseudo .8: give --limit, too" in told.stderr

"""The figures of graders over seeds: fitted once, measured together."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from grader_seeds import over_seeds

ROOT = Path(__file__).resolve().parents[1]
WORDS = ("lamp", "path", "switch", "gap", "battery", "salt", "water", "heat", "rock", "wood")


def written(path: Path, tags: str) -> Path:
    """Answers to ten questions: with the word of the reference right, with another wrong."""
    rows = [
        {"question": f"What of {word}?", "reference_answers": [f"the {word} moves"], "label": label,
         "answer": f"{said} moves {tag}"}
        for number, word in enumerate(WORDS) for tag in tags
        for label, said in (("correct", word), ("incorrect", WORDS[number - 1]))
    ]  # fmt: skip
    path.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    return path


def test_each_figure_has_its_mean_and_its_spread() -> None:
    found = over_seeds(
        [{"test": {"accuracy": 0.6, "accuracy_at_80": 0.7}}, {"test": {"accuracy": 0.8, "accuracy_at_80": 0.8}}]
    )
    assert [one["figure"] for one in found] == ["accuracy", "accuracy_at_80", "surest 80 % above all"]
    assert [one["mean"] for one in found] == pytest.approx([0.7, 0.75, 0.05])
    assert [one["sd"] for one in found] == pytest.approx([0.02**0.5, 0.005**0.5, 0.005**0.5])
    assert over_seeds([{"fit": {"minutes": 3.0}}])[0]["sd"] == 0.0


def test_graders_are_fitted_once_and_measured_on_each_file(tmp_path: Path) -> None:
    train, test, out = (
        written(tmp_path / "train.jsonl", "abc"),
        written(tmp_path / "test.jsonl", "xy"),
        tmp_path / "out",
    )
    command = [
        sys.executable, str(ROOT / "benchmarks/grader_seeds.py"), "--train", str(train), "--test", str(test),
        "--out", str(out), "--seeds", "2", "--", "--method", "frozen", "--epochs", "1",
    ]  # fmt: skip
    given = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    first = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300, env=given)
    assert first.returncode == 0, first.stderr
    rows = json.loads(first.stdout.splitlines()[-1])
    assert {one["on"] for one in rows} >= {"families held back", str(test), "fit"}
    assert all(len(one["each"]) == 2 for one in rows)
    right = next(one for one in rows if (one["on"], one["figure"]) == (str(test), "accuracy"))
    assert right["mean"] > 0.8
    seeds = [json.loads((out / f"seed-{seed}/encoder.json").read_bytes())["recipe"]["seed"] for seed in (0, 1)]
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120, env=given)
    assert seeds == [0, 1] and "epoch" in first.stderr
    assert again.stdout == first.stdout and "epoch" not in again.stderr
    other = subprocess.run([*command, "--rank", "4"], cwd=ROOT, capture_output=True, text=True, check=False, env=given)
    assert other.returncode == 2 and "name another folder" in other.stderr

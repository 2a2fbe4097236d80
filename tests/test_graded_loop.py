"""The course's own grader in the whole loop: a wrong, a half right and a right answer lead to three different items."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GRADER = ROOT / "data/curricula/counting_to_linear_equations/grader"


@pytest.mark.skipif(not GRADER.is_dir(), reason="the course's grader is missing; scripts/setup fits it")
def test_three_answers_in_words_to_one_item_lead_to_three_items() -> None:
    command = [sys.executable, str(ROOT / "benchmarks/graded_loop.py")]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("graded by encoder ")
    wrong, half, right = json.loads(done.stdout.splitlines()[-1])
    assert len({wrong["best"], half["best"], right["best"]}) == 3
    assert wrong["score"] < half["score"] < right["score"] and right["label"] == "correct"
    assert [one["before"] for one in (wrong, half)] == pytest.approx([right["before"]] * 2, abs=1e-5)
    assert wrong["after"] < wrong["before"] < right["after"] and wrong["after"] < half["after"] < right["after"]
    assert all(one["sentence"] for one in (wrong, half, right))

"""The benchmarks of the service still run: small, for their code and not for their figures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("service.py", "--items", "100", "--learners", "3", "--requests", "20"), "100 items, 3 learners, 2 workers"),
        (("cold_start.py", "--runs", "1", "--imports", "2"), "wayline recommend: median"),
    ],
)
def test_it_runs_and_says_what_it_measured(arguments: tuple[str, ...], said: str) -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / arguments[0]), *arguments[1:]]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120, env=path())
    assert said in ran.stdout


def path() -> dict[str, str]:
    """An environment that finds the packages, installed or not."""
    return {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}

"""Seconds of a whole `wayline recommend`, from starting Python to its exit, with the database already made.

    python benchmarks/cold_start.py [--runs 10] [--imports 15]

The budget is 1 s. Beside it stand the costliest imports, by their own time (`python -X importtime`).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
COMMAND = ["-c", "from api.cli.main import main; main()", "recommend", "--learner", "lena", "--json"]


def run(state: str, *flags: str) -> tuple[float, str]:
    """Seconds taken, and what was written to stderr."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "WAYLINE_STATE_DIR": state}
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *flags, *COMMAND], env=environment, capture_output=True, text=True, check=True
    )
    return time.perf_counter() - began, done.stderr


def costliest(report: str, count: int) -> list[tuple[int, str]]:
    """Microseconds and name of the imports that took longest themselves."""
    lines = [line.removeprefix("import time:").split("|") for line in report.splitlines()[1:] if "|" in line]
    return sorted(((int(own), name.strip()) for own, _, name in lines), reverse=True)[:count]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=10)
    options.add_argument("--imports", type=int, default=15)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as state:
        first, _ = run(state)
        taken = [run(state)[0] for _ in range(given.runs)]
        print(
            f"wayline recommend: median {np.median(taken):.2f} s, slowest {max(taken):.2f} s "
            f"of {given.runs}; first, which makes the database: {first:.2f} s"
        )
        for microseconds, name in costliest(run(state, "-X", "importtime")[1], given.imports):
            print(f"  {microseconds / 1000:6.1f} ms  {name}")


if __name__ == "__main__":
    main()

"""Machine code follows its formulas: one that is changed in another file is compiled anew, in the next process too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOOP = """
from formula import tripled

def loop(values):
    total = 0.0
    for value in values:
        total += tripled(value)
    return total
"""
ASK = """
import numpy as np
from formula import tripled
from loops import loop
from student_model.compiled import compiled
print(compiled(loop, tripled)(np.array([1.0, 2.0])))
"""


def told(folder: Path, formula: str) -> float:
    """What a new process works out with this formula."""
    (folder / "formula.py").write_text(f"def tripled(value):\n    return {formula}\n", encoding="utf-8")
    where = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, env=where, check=True)
    return float(done.stdout)


def test_a_changed_formula_is_compiled_anew(tmp_path: Path) -> None:
    (tmp_path / "loops.py").write_text(LOOP, encoding="utf-8")
    assert told(tmp_path, "3.0 * value") == 9.0
    assert told(tmp_path, "4.0 * value") == 12.0
    assert told(tmp_path, "3.0 * value") == 9.0

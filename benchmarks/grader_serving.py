"""What a fitted grader costs where it serves: time, memory, disk; that torch stays out; what eight bits change.

    python benchmarks/grader_serving.py --model DIR [--test FILE…] [--grades 200] [--starts 3] [--json]

Times of single answers that were not seen before, to questions and references that were, as in service. Memory is what
a fresh process gains that has NumPy and SciPy, as every service of ours has: by the import, with the first grade, after
all; and in all, over a bare Python. A cold start is a new Python to its first grade. The agreement with the grader of
32 bits was measured when it was written. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import importlib
import json
import multiprocessing
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MOST_MILLISECONDS, MOST_MEGABYTES, LEAST_AGREEMENT = 15.0, 150.0, 0.98
HEAVY = ("torch", "transformers", "onnx", "sklearn", "pandas")
COMMON = ("numpy", "scipy.optimize", "scipy.special", "orjson")
"""What a service has in memory, with a grader or without."""
COLD = """
import sys
from pathlib import Path
from student_model.encoder.grader import open_grader
open_grader(Path(sys.argv[1])).grade("Why does ice float?", ["It is less dense than water."], "its less dense")
"""

Told = tuple[str, tuple[str, ...], str, str]
"""Question, references, answer, passage. This file imports nothing heavy above, for its processes begin bare."""


def megabytes() -> float:
    """What this process holds in memory now."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise OSError("no VmRSS in /proc/self/status")


def memory(model: Path, answers: Sequence[Told]) -> dict[str, Any]:
    """Megabytes that each step adds, and which heavy libraries came with them."""
    bare = megabytes()
    for name in COMMON:
        importlib.import_module(name)
    common = megabytes()
    from student_model.encoder.grader import open_grader

    imported = megabytes()
    grader = open_grader(model)
    for number, (question, references, answer, passage) in enumerate(answers):
        grader.grade(question, references, answer, passage)
        if number == 0:
            opened = megabytes()
    loaded = [name for name in HEAVY if name in sys.modules]
    assert "torch" not in loaded and "transformers" not in loaded, f"serving loaded {', '.join(loaded)}"
    return {
        "import_mb": imported - common, "open_mb": opened - common, "memory_mb": megabytes() - common,
        "over_bare_mb": megabytes() - bare, "heavy": loaded,
    }  # fmt: skip


def times(model: Path, answers: Sequence[Told]) -> dict[str, float]:
    """Milliseconds of one answer: median, and what one in twenty takes longer than."""
    from student_model.encoder.grader import open_grader

    grader = open_grader(model)
    found = []
    for question, references, answer, passage in answers:
        grader.grade(question, references, "something said before", passage)  # question and references are known now
        begin = time.perf_counter()
        grader.grade(question, references, answer, passage)
        found.append(1000.0 * (time.perf_counter() - begin))
    found.sort()
    return {"p50_ms": statistics.median(found), "p95_ms": found[min(len(found) - 1, int(0.95 * len(found)))]}


def cold(model: Path, starts: int) -> float:
    """Median seconds of a new Python to its first grade."""
    found = []
    for _ in range(starts):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", COLD, str(model.resolve())], cwd=ROOT, check=True)
        found.append(time.perf_counter() - begin)
    return statistics.median(found)


def alone(call: Callable[..., dict[str, Any]], *given: object) -> dict[str, Any]:
    """What a function says in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(call, *given).result()


def taken(files: Sequence[Path], many: int) -> list[Told]:
    """So many different answers, spread over the files."""
    from data.graded_answers import read_graded

    read = read_graded(files or sorted((ROOT / "data/graded").glob("*.jsonl")), graded=False)
    different = list({one.answer: one for one in read}.values())
    some = different[:: max(1, len(different) // many)][:many]
    return [(one.question, one.reference_answers, one.answer, one.passage) for one in some]


def measured(model: Path, files: Sequence[Path], grades: int, starts: int) -> dict[str, Any]:
    """All figures of the grader in a folder."""
    answers = taken(files, grades)
    manifest = json.loads((model / "encoder.json").read_bytes())
    found = {
        "benchmark": "grader_serving", "grader": f"encoder {manifest['version']}", "grades": len(answers),
        **alone(times, model, answers), "cold_start_s": cold(model, starts), **alone(memory, model, answers),
        "disk_mb": sum(one.stat().st_size for one in model.iterdir()) / 2**20, "agreement": manifest["agreement"],
    }  # fmt: skip
    kept = found["p50_ms"] <= MOST_MILLISECONDS and found["memory_mb"] <= MOST_MEGABYTES
    return found | {"ok": kept and found["agreement"] >= LEAST_AGREEMENT}


def table(found: dict[str, Any]) -> None:
    """The figures for people."""
    rows = (
        ("one answer", f"p50 {found['p50_ms']:.1f} ms, p95 {found['p95_ms']:.1f} ms", f"p50 <= {MOST_MILLISECONDS:g}"),
        ("cold start", f"{found['cold_start_s']:.2f} s", ""),
        ("memory of the import", f"{found['import_mb']:.0f} MB", ""),
        ("with the first grade", f"{found['open_mb']:.0f} MB", ""),
        (f"after {found['grades']} grades", f"{found['memory_mb']:.0f} MB", f"<= {MOST_MEGABYTES:g}"),
        ("over a bare Python", f"{found['over_bare_mb']:.0f} MB", ""),
        ("on disk", f"{found['disk_mb']:.0f} MB", ""),
        ("same label as 32 bits", f"{found['agreement']:.1%}", f">= {LEAST_AGREEMENT:.0%}"),
        ("heavy libraries", ", ".join(found["heavy"]) or "none", "no torch, no transformers"),
    )
    for name, said, wanted in rows:
        print(f"{name:>22}  {said:<28} {wanted}")


def main() -> None:
    """Measure a grader."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="what `wayline encoder fit` wrote")
    parser.add_argument("--test", type=Path, nargs="*", default=[], help="answers; our own if absent")
    parser.add_argument("--grades", type=int, default=200)
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="only the JSON object")
    asked = parser.parse_args()
    found = measured(asked.model, asked.test, asked.grades, asked.starts)
    if not asked.json:
        table(found)
    print(json.dumps(found))


if __name__ == "__main__":
    main()

"""The house stands: imports run one way, importing is light, and nobody else owns our five names."""

from __future__ import annotations

import ast
import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = {
    "knowledge_graph": set(),
    "student_model": {"knowledge_graph"},
    "data": {"knowledge_graph", "student_model"},
    "engine": {"knowledge_graph", "student_model"},
    "api": {"knowledge_graph", "student_model", "data", "engine"},
}
HEAVY = ("torch", "transformers", "pandas", "sklearn", "numba", "networkx", "flask", "sqlalchemy")
LONGEST = 400


def sources(package: str) -> list[Path]:
    return sorted(path for path in (ROOT / package).rglob("*.py") if "node_modules" not in path.parts)


def imported(path: Path) -> set[str]:
    """The top-level packages that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("package", ALLOWED)
def test_arrows_run_one_way(package: str) -> None:
    assert sources(package), f"{package} has no files: the test would hold nothing"
    wrong = {
        str(path.relative_to(ROOT)): sorted(extra)
        for path in sources(package)
        if (extra := (imported(path) & set(ALLOWED)) - ALLOWED[package] - {package})
    }
    assert wrong == {}


@pytest.mark.parametrize("package", ALLOWED)
def test_importing_a_package_is_light(package: str) -> None:
    code = f"import {package}, sys; print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_no_file_is_too_long_to_read() -> None:
    everything = [path for package in (*ALLOWED, "tests", "benchmarks") for path in sources(package)]
    long = {
        str(path.relative_to(ROOT)): n for path in everything if (n := len(path.read_text().splitlines())) > LONGEST
    }
    assert long == {}


def test_nobody_else_owns_our_names() -> None:
    owners = importlib.metadata.packages_distributions()
    foreign = {name: owners[name] for name in ALLOWED if set(owners.get(name, ["wayline"])) != {"wayline"}}
    assert foreign == {}


def test_no_pickle_is_used_as_a_format() -> None:
    wrong = [str(p.relative_to(ROOT)) for package in ALLOWED for p in sources(package) if "pickle" in imported(p)]
    assert wrong == []

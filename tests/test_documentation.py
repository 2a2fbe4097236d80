"""The documentation runs and tells the truth: the README's request, its tree, and what CONTRIBUTING names.

`python tests/test_documentation.py` writes the README's tree anew from the files' own first lines.
"""

from __future__ import annotations

import ast
import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from services import client_of

from api.settings import read_settings
from api.wiring import build
from knowledge_graph.formats._faults import Faults
from knowledge_graph.formats._items import read_items, write_items

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PACKAGES = ("knowledge_graph", "student_model", "data", "engine", "api")
TREE = re.compile(r"<!-- tree -->\n```\n(.*?)```\n<!-- /tree -->", re.DOTALL)


def first_line(path: Path) -> str:
    """What the file says of itself."""
    told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return told.partition("\n")[0].rstrip(".")


def tree() -> str:
    """Every module of the five packages, one line each."""
    lines = []
    for package in PACKAGES:
        folders = sorted({path.parent for path in (ROOT / package).rglob("*.py") if "node_modules" not in path.parts})
        for folder in folders:
            lines.append(f"{folder.relative_to(ROOT)}/")
            for path in sorted(folder.glob("*.py")):
                if path.name != "__init__.py" or path.read_text(encoding="utf-8").count("\n") > 1:
                    lines.append(f"  {path.name:24} {first_line(path)}")
    return "\n".join(lines) + "\n"


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)


def test_the_readme_names_every_file_with_what_it_is() -> None:
    found = TREE.search(README.read_text(encoding="utf-8"))
    assert found is not None
    assert found.group(1) == tree(), "write it anew with: python tests/test_documentation.py"


@pytest.mark.parametrize("path", sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py")), ids=str)
def test_every_file_says_what_it_is(path: Path) -> None:
    assert "node_modules" in path.parts or len(first_line(path)) > 10


def test_the_readmes_request_gives_the_readmes_reply(tmp_path: Path) -> None:
    command = next(block for block in blocks(README, "sh") if block.startswith("curl"))
    words = shlex.split(command.replace("\\\n", " "))
    url = next(word for word in words if word.startswith("http"))
    body = json.loads(words[words.index("-d") + 1])
    settings = read_settings(
        {"WAYLINE_DATABASE": f"sqlite:///{tmp_path / 'w.db'}", "WAYLINE_KEY_FILE": str(tmp_path / "key")}
    )
    service = build(settings)
    reply = client_of(service).post(url.partition(":8000")[2], json=body).get_json()
    shown = json.loads(blocks(README, "json")[0])
    assert missing(shown, reply) == []
    for name in ("item_id", "concept_id", "sentence", "minutes", "propensity"):
        assert shown["items"][0][name] == reply["items"][0][name]
    assert round(reply["items"][0]["odds"], 2) == shown["items"][0]["odds"]
    assert (shown["model_version"], shown["graph_version"]) == (reply["model_version"], reply["graph_version"])


def test_the_readmes_item_is_read_as_it_stands() -> None:
    line, faults = blocks(README, "json")[1], Faults("README.md")
    (item,), _ = read_items(line, faults)
    assert not faults.findings and item.passage and json.loads(write_items([item])) == json.loads(line)


def missing(shown: Any, reply: Any, at: str = "") -> list[str]:
    """The paths of what is shown but not in the reply."""
    if isinstance(shown, dict):
        return [
            fault
            for name, value in shown.items()
            for fault in (missing(value, reply[name], f"{at}/{name}") if name in reply else [f"{at}/{name}"])
        ]
    if isinstance(shown, list):
        return [
            f
            for n, value in enumerate(shown)
            for f in (missing(value, reply[n], f"{at}/{n}") if n < len(reply) else [at])
        ]
    return []


def test_what_contributing_names_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(
        re.findall(r"`((?:knowledge_graph|student_model|data|engine|api|tests|benchmarks|scripts)/[\w./]+)`", text)
    )
    absent = {name for name in named if not (ROOT / name).exists()} - {"engine/simulation/learners/"}
    assert len(named) > 5
    assert absent == set()


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LOG.md"])
def test_links_and_pictures_are_there(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    local = [link for link in re.findall(r"\]\(([^)#]+)", text) if not link.startswith("http")]
    assert [link for link in local if not (ROOT / link).exists()] == []


if __name__ == "__main__":
    whole = README.read_text(encoding="utf-8")
    written = TREE.sub(lambda _: f"<!-- tree -->\n```\n{tree()}```\n<!-- /tree -->", whole)
    README.write_text(written, encoding="utf-8")
    print("README.md is unchanged" if written == whole else "README.md has a new tree", file=sys.stderr)

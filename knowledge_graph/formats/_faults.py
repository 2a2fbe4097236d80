"""Faults gathered while files are read, and the places of what was read."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from knowledge_graph.errors import Finding
from knowledge_graph.types import Place


@dataclass(slots=True)
class Faults:
    """Findings about one file, in the order they were met."""

    path: str
    errors: list[Finding] = field(default_factory=list)
    ignored: dict[str, Finding] = field(default_factory=dict)

    def add(self, line: int, came: str, fix: str) -> None:
        """Note a fault: what came and what was allowed, and what to do."""
        self.errors.append(Finding("error", "bad-file", came, fix, Place(self.path, line)))

    def ignore(self, line: int, what: str, name: str, known: Collection[str]) -> None:
        """Note, once, an unknown column or field; `known` are those there are."""
        if name not in self.ignored:
            near = get_close_matches(name, known, n=1)
            fix = f"did you mean `{near[0]}`?" if near else f"those read are: {', '.join(known)}"
            message = f"unknown {what} `{name}` is ignored"
            self.ignored[name] = Finding("warning", "unknown-field", message, fix, Place(self.path, line))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Errors, then what was ignored."""
        return (*self.errors, *self.ignored.values())


class Places(Mapping[tuple[str, int], Place]):
    """`Curriculum.places` as one number a line, for a large course has hundreds of thousands of them."""

    __slots__ = ("_lines",)

    def __init__(self, lines: Mapping[str, tuple[str, array[int]]]) -> None:
        self._lines = lines

    def __getitem__(self, key: tuple[str, int]) -> Place:
        path, lines = self._lines[key[0]]
        if not 0 <= key[1] < len(lines):
            raise KeyError(key)
        return Place(path, lines[key[1]])

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return ((kind, at) for kind, (_, lines) in self._lines.items() for at in range(len(lines)))

    def __len__(self) -> int:
        return sum(len(lines) for _, lines in self._lines.values())


def text_of(path: Path, faults: Faults, missing: str) -> str:
    """The file as text (UTF-8, with or without a byte order mark); a fault and "" if it cannot be read.

    Args:
        path: the file.
        faults: where a fault is noted.
        missing: what to do if the file is not there.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        faults.add(1, "there is no such file", missing)
    except OSError as error:
        faults.add(1, f"the file cannot be read: {error.strerror}", "look at its name and permissions")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        faults.add(line, f"byte {error.object[error.start]:#04x} is not UTF-8", "save the file as UTF-8")
    return ""

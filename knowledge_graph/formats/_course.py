"""`curriculum.yaml`: the course's name, licence, goals and rules."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import yaml

from knowledge_graph.formats._faults import Faults
from knowledge_graph.types import ConceptId, Course, Thresholds

_TEXT, _NULL, _BOOL = (f"tag:yaml.org,2002:{tag}" for tag in ("str", "null", "bool"))
_NUMBERS = {f"tag:yaml.org,2002:{tag}" for tag in ("int", "float")}
_TRUE = {"true", "yes", "on"}
_LINE_ENDS = frozenset("\x85\u2028\u2029")


class _Wrong(Exception):
    """A value of the wrong type; its argument says what is wanted."""


def read_course(text: str, faults: Faults) -> Course:
    """The course that this YAML describes.

    Nodes are read, never constructed: no tag can make an object, and a text stays as it was written, so that
    `language: no` is Norwegian and `id: 007` keeps its zeros.
    """
    if faults.errors:  # the file could not be read
        return Course("", "")
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be parsed"
        line = mark.line + 1 if mark else 1
        faults.add(line, f"not YAML: {problem}", "mend the line, or quote the text in it")
        return Course("", "")
    values = dict(_fields(root, _READERS, faults, ""))
    for name in ("id", "title"):
        if not values.get(name) and not any(f"`{name}`" in finding.message for finding in faults.errors):
            faults.add(1, f"`{name}` is missing", f"write a line `{name}: …`")
    return Course(
        curriculum_id=values.pop("id", ""),
        title=values.pop("title", ""),
        thresholds=Thresholds(**values.pop("thresholds", {})),
        **values,
    )


def write_course(course: Course) -> str:
    """The course as YAML that `read_course` reads back."""
    levels = course.thresholds
    content = {
        "id": course.curriculum_id,
        "title": course.title,
        "language": course.language,
        "licence": course.licence,
        "attribution": course.attribution,
        "goals": [str(goal) for goal in course.goals],
        "thresholds": {"known": levels.known, "mastered": levels.mastered, "review": levels.review},
        "gating": course.gating,
    }
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


class _Dumper(yaml.SafeDumper):
    """A dumper that quotes texts with rare line ends, which would come back as spaces."""


def _quoted(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if _LINE_ENDS.intersection(text) else None
    return dumper.represent_scalar(_TEXT, text, style=style)


_Dumper.add_representer(str, _quoted)


_Reader = Callable[[yaml.Node, Faults], Any]


def _fields(
    node: yaml.Node | None, readers: dict[str, _Reader], faults: Faults, inside: str
) -> Iterator[tuple[str, Any]]:
    """Name and value of every known, sound field of a mapping; the others become faults."""
    if not isinstance(node, yaml.MappingNode):
        line = node.start_mark.line + 1 if node else 1
        came = f"{inside or 'the file'} is no list of `name: value`"
        faults.add(line, came, f"write values for {', '.join(readers)}")
        return
    seen: set[str] = set()
    for key, value in node.value:
        name, line = str(key.value), key.start_mark.line + 1
        if name in seen:
            faults.add(line, f"`{name}` stands twice", "keep one of the two lines")
        elif name not in readers:
            faults.ignore(line, "field", name, readers)
        elif value.tag != _NULL:
            try:
                yield name, readers[name](value, faults)
            except _Wrong as wanted:
                came = f"`{value.value}`" if isinstance(value, yaml.ScalarNode) else f"a {value.id}"
                faults.add(line, f"`{name}` is {came}; {wanted} is wanted", "correct the value")
        seen.add(name)


def _text(node: yaml.Node, _: Faults) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise _Wrong("a text")
    return str(node.value)


def _goals(node: yaml.Node, faults: Faults) -> tuple[ConceptId, ...]:
    if not isinstance(node, yaml.SequenceNode):
        raise _Wrong("a list of concept ids, as in `[a, b]`,")
    return tuple(ConceptId(_text(one, faults)) for one in node.value)


def _flag(node: yaml.Node, _: Faults) -> bool:
    if node.tag != _BOOL:
        raise _Wrong("true or false")
    return str(node.value).lower() in _TRUE


def _number(node: yaml.Node, _: Faults) -> float:
    try:
        value = float(node.value) if node.tag in _NUMBERS else math.nan
    except (TypeError, ValueError):  # .inf, 0x1F and 12:30 are numbers to YAML
        value = math.nan
    if not math.isfinite(value):
        raise _Wrong("a number")
    return value


def _thresholds(node: yaml.Node, faults: Faults) -> dict[str, float]:
    readers: dict[str, _Reader] = dict.fromkeys(("known", "mastered", "review"), _number)
    return dict(_fields(node, readers, faults, "`thresholds`"))


_READERS: dict[str, _Reader] = {
    "id": _text,
    "title": _text,
    "language": _text,
    "licence": _text,
    "attribution": _text,
    "goals": _goals,
    "thresholds": _thresholds,
    "gating": _flag,
}

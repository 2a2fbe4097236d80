"""`items.jsonl`: one item a line, fields that are empty left out."""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from pathlib import PurePosixPath
from typing import Any, NoReturn, get_args

from knowledge_graph.formats._faults import Faults
from knowledge_graph.types import Item, ItemKind, Media, Step

_KINDS = get_args(ItemKind)
_TYPES = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}


class _Wrong(Exception):
    """A value that was not allowed: its arguments are what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class _Where:
    """Where a field stands: its line, and what it lies in ("steps[0].")."""

    faults: Faults
    line: int
    inside: str = ""


def read_items(text: str, faults: Faults) -> tuple[tuple[Item, ...], array[int]]:
    """The items of these lines and the line of each."""
    items: list[Item] = []
    lines = array("l")
    # splitlines would also cut at U+2028, which a text may hold.
    for line, row in enumerate(text.split("\n"), start=1):
        if not row.strip():
            continue
        before = len(faults.errors)
        value = _parsed(row, line, faults)
        if value is None:
            continue
        values = _record(value, _ITEM, ("item_id", "kind"), _Where(faults, line))
        if len(faults.errors) == before:
            items.append(Item(**{"concept_ids": (), "text": "", **values}))
            lines.append(line)
    return tuple(items), lines


def write_items(items: Iterable[Item]) -> str:
    """The items as lines that `read_items` reads back."""
    rows = (json.dumps(_plain(item), ensure_ascii=False, allow_nan=False) for item in items)
    return "".join(f"{row}\n" for row in rows)


def media_fault(path: str) -> str:
    """What is wrong with a media path, empty if nothing: it must stay inside the curriculum folder.

    >>> media_fault("media/a.png"), media_fault("../secret")
    ('', 'leads out of the curriculum folder')
    """
    parts = PurePosixPath(path).parts
    if not parts or "\0" in path:
        return "is empty or holds a NUL"
    if path.startswith("/") or ".." in parts or "\\" in path or ":" in parts[0]:
        return "leads out of the curriculum folder"
    return ""


def _plain(part: Item | Step | Media) -> dict[str, Any]:
    """The fields that are not empty, as JSON values."""
    plain: dict[str, Any] = {}
    for one in fields(part):
        value = getattr(part, one.name)
        if value == one.default or (one.default is MISSING and value in ("", ())):
            continue
        if isinstance(value, tuple):
            value = [_plain(entry) if isinstance(entry, Step | Media) else entry for entry in value]
        elif isinstance(value, float) and value.is_integer():
            value = int(value)
        plain[one.name] = value
    return plain


def _parsed(row: str, line: int, faults: Faults) -> dict[str, Any] | None:
    """The JSON object of this line; a fault and `None` if it is not one."""
    try:
        value = json.loads(row, object_pairs_hook=_unique, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        came = f"not JSON: {error.msg} at column {error.colno}"
        faults.add(line, came, "mend the line; an item is one line")
    except _Wrong as wrong:
        faults.add(line, wrong.args[0], wrong.args[1])
    except (ValueError, RecursionError) as error:
        faults.add(line, f"not JSON: {error}", "shorten the number, or nest less")
    else:
        if isinstance(value, dict):
            return value
        faults.add(line, f"the line is {_named(value)}; an object is wanted", 'write {"item_id": …}')
    return None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Wrong(f"the key `{twice}` stands twice", "keep one of the two")
    return value


def _no_number(text: str) -> NoReturn:
    raise _Wrong(f"{text} is no number in JSON", "write a number, or leave the field out")


def _record(
    value: dict[str, Any], readers: Mapping[str, _Reader], needed: Sequence[str], where: _Where
) -> dict[str, Any]:
    """The known, sound fields of an object; the others become faults. null is the same as nothing."""
    faults, line, inside = where.faults, where.line, where.inside
    read: dict[str, Any] = {}
    for name, given in value.items():
        if name not in readers:
            faults.ignore(line, "field", name, readers)
        elif given is not None:
            try:
                read[name] = readers[name](given, replace(where, inside=f"{inside}{name}"))
            except _Wrong as wrong:
                faults.add(line, f"`{inside}{name}` is {wrong.args[0]}", wrong.args[1])
    for name in needed:
        if value.get(name) in (None, ""):
            faults.add(line, f"`{inside}{name}` is missing", "write it")
    return read


def _named(value: Any) -> str:
    """What came, for a message."""
    return f"the number {value}" if type(value) in (int, float) else _TYPES[type(value)]


def _text(value: Any, _: _Where) -> str:
    if not isinstance(value, str):
        raise _Wrong(f"{_named(value)}; a text is wanted", "put it in double quotes")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise _Wrong("text with half a surrogate pair in it", "write the whole character") from error
    return value


def _texts(value: Any, where: _Where) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _Wrong(f"{_named(value)}; a list of texts is wanted", 'write ["…", "…"]')
    return tuple(_text(one, where) for one in value)


def _number(value: Any, _: _Where) -> float:
    if type(value) not in (int, float):
        raise _Wrong(f"{_named(value)}; a number is wanted", "write it without quotes")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _Wrong("too large a number", "write a smaller one")
    return number


def _kind(value: Any, where: _Where) -> str:
    if _text(value, where) not in _KINDS:
        raise _Wrong(f"`{value}`; wanted is one of {', '.join(_KINDS)}", "write one of them")
    return str(value)


def _media_path(value: Any, where: _Where) -> str:
    path = _text(value, where)
    fault = media_fault(path)
    if fault:
        raise _Wrong(f"`{path}`, which {fault}", "name a file within it, as in `media/picture.png`")
    return path


def _objects(value: Any, where: _Where) -> Iterator[tuple[dict[str, Any], _Where]]:
    if not isinstance(value, list):
        raise _Wrong(f"{_named(value)}; a list of objects is wanted", "write [{…}, {…}]")
    for number, one in enumerate(value):
        if not isinstance(one, dict):
            raise _Wrong(f"a list with {_named(one)} in it; objects are wanted", "write [{…}, {…}]")
        yield one, replace(where, inside=f"{where.inside}[{number}].")


def _steps(value: Any, where: _Where) -> tuple[Step, ...]:
    records = (_record(one, _STEP, ("step_id", "kind"), at) for one, at in _objects(value, where))
    return tuple(Step(**{"step_id": "", "kind": "text", "text": "", **record}) for record in records)


def _media(value: Any, where: _Where) -> tuple[Media, ...]:
    records = (_record(one, _MEDIA, ("path",), at) for one, at in _objects(value, where))
    return tuple(Media(**{"path": "", **record}) for record in records)


_Reader = Callable[[Any, _Where], Any]
_QUESTION: dict[str, _Reader] = {
    "kind": _kind,
    "text": _text,
    "concept_ids": _texts,
    "choices": _texts,
    "answer": _text,
    "accepted_answers": _texts,
    "reference_answers": _texts,
    "tolerance": _number,
    "unit": _text,
    "hints": _texts,
}
_STEP: dict[str, _Reader] = {"step_id": _text, **_QUESTION}
_ITEM: dict[str, _Reader] = {
    "item_id": _text,
    **_QUESTION,
    "title": _text,
    "explanation": _text,
    "steps_text": _texts,
    "steps": _steps,
    "media": _media,
    "minutes": _number,
    "difficulty": _number,
    "passage": _text,
}
_MEDIA: dict[str, _Reader] = {"path": _media_path, "alt": _text}

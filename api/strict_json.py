"""JSON read strictly: what another reader could take for something else is refused, with its place.

The standard reader takes NaN, duplicate keys, lone surrogates and numbers without bound; a log that keeps
events for years must not.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

LARGEST_BODY = 1 << 20
DEEPEST = 20
MOST_FAULTS = 100
_INT64 = 1 << 63
_LONGEST_NUMBER = 400
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request: where (a JSON pointer, RFC 6901), what came, and what is allowed."""

    pointer: str
    message: str
    allowed: str | None = None


class JsonError(ValueError):
    """A body that is no strict JSON; `faults` has everything that is wrong with it.

    `value` is what could be read all the same, to find what else is wrong; `None` if nothing could.
    """

    def __init__(self, faults: list[Fault], value: Any = None) -> None:
        super().__init__("; ".join(fault.message for fault in faults))
        self.faults, self.value = faults, value


@dataclass(frozen=True, slots=True)
class _Bad:
    """Stands in the parsed value where something was refused, so that its place can be told."""

    message: str
    allowed: str


class _Doubled(dict[str, Any]):
    """An object some of whose keys came more than once."""

    doubled: tuple[str, ...] = ()


def read(body: bytes) -> Any:
    """The value a body says: an object or a list.

    Raises:
        JsonError: it is not UTF-8, not JSON, or not strict; every fault is named.

    >>> read(b'{"a": 1}')
    {'a': 1}
    >>> read(b'[{"a": NaN, "a": 1e999}]')
    Traceback (most recent call last):
    ...
    api.strict_json.JsonError: the key 'a' came more than once; 1e999 is too large a number
    """
    value = _parsed(_decoded(body))
    if not isinstance(value, (dict, list)):
        raise JsonError([Fault("", "the body is a single value", "an object or a list")])
    faults = []
    for fault in _faults(value, "", 1):
        faults.append(fault)
        if len(faults) == MOST_FAULTS:
            break
    if faults:
        raise JsonError(faults, value)
    return value


def pointer(*path: str | int) -> str:
    """A JSON pointer to the place at this path.

    >>> pointer("a/b", 0)
    '/a~1b/0'
    """
    return "".join("/" + str(one).replace("~", "~0").replace("/", "~1") for one in path)


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise JsonError([Fault("", f"byte {error.start} of the body is not UTF-8", "JSON in UTF-8")]) from None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_float, parse_int=_int)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise JsonError([Fault("", f"the body is not JSON: {error.msg} at {where}", "JSON (RFC 8259)")]) from None
    except RecursionError:
        raise JsonError([_too_deep("")]) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    marked = _Doubled(found)
    marked.doubled = tuple(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
    return marked


def _constant(name: str) -> _Bad:
    return _Bad(f"{name} is no JSON number", "a finite number")


def _float(text: str) -> float | _Bad:
    value = float(text)
    return value if math.isfinite(value) else _too_large(text)


def _int(text: str) -> int | _Bad:
    if len(text) > _LONGEST_NUMBER:
        return _too_large(text)
    value = int(text)
    return value if -_INT64 <= value < _INT64 else _too_large(text)


def _too_large(text: str) -> _Bad:
    shown = text if len(text) <= 30 else f"a number of {len(text)} characters"
    return _Bad(f"{shown} is too large a number", "integers of 64 bits, numbers that a double can hold")


def _too_deep(place: str) -> Fault:
    return Fault(place, "the body nests too deep", f"at most {DEEPEST} levels")


def _faults(value: Any, place: str, level: int) -> Iterator[Fault]:
    """Everything wrong within a parsed value, in reading order."""
    if isinstance(value, str):
        yield from _text_faults(value, place)
    elif isinstance(value, _Bad):
        yield Fault(place, value.message, value.allowed)
    elif isinstance(value, (dict, list)) and level > DEEPEST:
        yield _too_deep(place)
    elif isinstance(value, dict):
        for key in value.doubled if isinstance(value, _Doubled) else ():
            yield Fault(place + pointer(_shown(key)), f"the key {_shown(key)!r} came more than once", "each key once")
        for key, inner in value.items():
            below = place + pointer(_shown(key))
            yield from _text_faults(key, below)
            yield from _faults(inner, below, level + 1)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _faults(inner, place + pointer(number), level + 1)


def _text_faults(text: str, place: str) -> Iterator[Fault]:
    if "\0" in text:
        yield Fault(place, "the text contains a NUL character", "text without NUL")
    if not text.isascii() and _SURROGATE.search(text):
        yield Fault(place, "the text contains half a surrogate pair", "whole Unicode characters")


def _shown(key: str) -> str:
    """A key as it can be told in a reply: short, and encodable."""
    return key[:60].encode("utf-8", "replace").decode("utf-8")

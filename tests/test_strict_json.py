"""Nothing that another reader could take for something else gets past the reader of requests."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.strict_json import DEEPEST, MOST_FAULTS, Fault, JsonError, pointer, read


def refused(body: bytes) -> list[Fault]:
    with pytest.raises(JsonError) as caught:
        read(body)
    return caught.value.faults


@pytest.mark.parametrize(
    ("body", "place", "said"),
    [
        (b'{"a": NaN}', "/a", "NaN is no JSON number"),
        (b'{"a": [1, -Infinity]}', "/a/1", "-Infinity is no JSON number"),
        (b'{"a": 1e999}', "/a", "1e999 is too large"),
        (b'{"a": 9223372036854775808}', "/a", "too large"),
        (b'{"a": ' + b"9" * 5000 + b"}", "/a", "a number of 5000 characters is too large"),
        (b'{"a": "x\\u0000y"}', "/a", "NUL"),
        (b'{"a": "\\ud800"}', "/a", "half a surrogate pair"),
        (b'{"\\ud800": 1}', "/?", "half a surrogate pair"),
        (b'{"a": 1, "a": 2}', "/a", "the key 'a' came more than once"),
        (b'[{"b": {"a": 1, "a": 1}}]', "/0/b/a", "the key 'a' came more than once"),
        (b"\xff\xfe", "", "byte 0 of the body is not UTF-8"),
        (b'{"a": "\xed\xa0\x80"}', "", "byte 7 of the body is not UTF-8"),
        (b'{"a": 1,}', "", "the body is not JSON"),
        (b"", "", "the body is not JSON"),
        (b"\xef\xbb\xbf{}", "", "the body is not JSON: Unexpected UTF-8 BOM"),
        (b'{"a": 01}', "", "the body is not JSON"),
        (b"{} {}", "", "Extra data"),
        (b'"{}"', "", "a single value"),
        (b"null", "", "a single value"),
        (b"[" * 100_000, "", "nests too deep"),
        (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), "/0" * DEEPEST, "nests too deep"),
    ],
)
def test_what_is_refused_is_told_with_its_place(body: bytes, place: str, said: str) -> None:
    (fault,) = refused(body)
    assert fault.pointer == place
    assert said in fault.message
    assert fault.allowed


def test_every_fault_is_named_at_once() -> None:
    body = b'{"n": NaN, "big": 1e999, "s": "\\ud800", "d": 1, "d": 2, "in": [{"z": "\\u0000"}]}'
    assert [fault.pointer for fault in refused(body)] == ["/d", "/n", "/big", "/s", "/in/0/z"]


def test_a_hostile_body_costs_little_and_gets_a_short_reply() -> None:
    doubled = b"{" + b",".join(b'"k%d": NaN, "k%d": 1' % (n, n) for n in range(20_000)) + b"}"
    assert len(refused(doubled)) == MOST_FAULTS


def test_the_bounds_themselves_are_allowed() -> None:
    deepest = b"[" * DEEPEST + b"]" * DEEPEST
    assert read(deepest) is not None
    assert read(b'[9223372036854775807, -9223372036854775808, 1e308, -0.0, "\\ud83d\\ude00"]') == [
        2**63 - 1, -(2**63), 1e308, 0.0, "😀",
    ]  # fmt: skip


def test_a_pointer_escapes_as_rfc_6901_says() -> None:
    assert pointer("a/b", "m~n", 0) == "/a~1b/m~0n/0"


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))

plain: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(st.lists(plain, max_size=4), st.booleans())
def test_plain_json_is_read_as_the_standard_reader_does(value: Any, ascii_only: bool) -> None:
    assert read(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary(max_size=60) | st.text(alphabet='{}[]":,01.eE+-\\u dN', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        value = read(body)
    except JsonError as error:
        assert error.faults
    else:
        assert isinstance(value, (dict, list))
        json.dumps(value, allow_nan=False)

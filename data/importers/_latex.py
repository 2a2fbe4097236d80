"""Short LaTeX, as answer keys have it, in the plain notation that learners type."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\s+|\d+(?:\.\d+)?|.", re.DOTALL)
_PLAIN = {
    "cdot": "*",
    "times": "*",
    "div": "/",
    "pi": "pi",
    "infty": "infinity",
    "leq": "<=",
    "le": "<=",
    "geq": ">=",
    "ge": ">=",
    "lt": "<",
    "gt": ">",
    "neq": "!=",
    "left": "",
    "right": "",
    "%": "%",
    "$": "$",
    ",": " ",
    " ": " ",
}
_FRACTION = re.compile(r"\d+/\d+")
_ATOM = re.compile(r"-?\d+(\.\d+)?|[A-Za-z]")


class _Unknown(Exception):
    """A command that has no plain notation."""


def plain(latex: str) -> str | None:
    r"""The same in plain notation; `None` where there is none, as for matrices.

    >>> plain(r"$$\frac{-12}{7}$$"), plain(r"$$\left(x+\sqrt{2}\right)^{10}$$"), plain(r"\frac{x+1}{2y}")
    ('-12/7', '(x+sqrt(2))^10', '(x+1)/(2y)')
    >>> plain(r"2\frac{1}{2}"), plain("x^{2}3")
    ('(2+1/2)', 'x^2 3')
    >>> plain(r"\begin{bmatrix} 1 \end{bmatrix}") is None
    True
    """
    tokens = [match.group() for match in _TOKEN.finditer(latex.replace("$$", " ").strip())]
    try:
        text = _sequence(tokens[::-1])
    except (_Unknown, IndexError):
        return None
    return " ".join(text.split())


def _sequence(tokens: list[str], end: str = "") -> str:
    """Everything up to the token `end`; `tokens` is a stack, its top the next token."""
    parts: list[str] = []
    while tokens or end:
        token = tokens.pop()
        if token == end:
            break
        part = _one(token, tokens)
        if parts and parts[-1].isdigit() and _FRACTION.fullmatch(part):
            parts[-1] = f"({parts[-1]}+{part})"  # a mixed number is a sum and no product
        else:
            apart = bool(parts) and part[:1].isdigit() and parts[-1][-1:].isdigit()
            parts.append(f" {part}" if apart else part)
    return "".join(parts)


def _one(token: str, tokens: list[str]) -> str:
    match token:
        case "\\frac" | "\\dfrac" | "\\tfrac":
            top, bottom = _group(tokens), _group(tokens)
            return f"{_wrapped(top)}/{_wrapped(bottom)}"
        case "\\sqrt":
            return _root(tokens)
        case "^":
            power = _group(tokens)
            return f"^{power}" if re.fullmatch(r"\w+", power) and _ATOM.fullmatch(power) else f"^({power})"
        case "{":
            return f"({_sequence(tokens, '}')})"
        case "}":
            raise _Unknown(token)
    if token.startswith("\\") and token[1:] not in _PLAIN:
        raise _Unknown(token)
    return _PLAIN[token[1:]] if token.startswith("\\") else token.replace("−", "-")


def _root(tokens: list[str]) -> str:
    if tokens[-1] != "[":
        return f"sqrt({_group(tokens)})"
    tokens.pop()
    index = _sequence(tokens, "]")
    return f"{_wrapped(_group(tokens))}^(1/{index})"


def _group(tokens: list[str]) -> str:
    """The next group in braces, or the next token."""
    while tokens[-1].isspace():
        tokens.pop()
    token = tokens.pop()
    if token[0].isdigit() and len(token) > 1:  # without braces a group is one digit
        tokens.append(token[1:])
        token = token[0]
    return (_sequence(tokens, "}") if token == "{" else _one(token, tokens)).strip()


def _wrapped(text: str) -> str:
    return text if _ATOM.fullmatch(text) else f"({text})"

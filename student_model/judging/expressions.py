"""Whether two expressions mean the same: both are evaluated at the same points. Nothing is ever executed.

Two analytic expressions that agree at several points drawn at random agree everywhere, but for chance
(Gonnet, "Determining equivalence of expressions in random polynomial time", STOC 1984). An answer is cut into
tokens we know, written anew as Python arithmetic, parsed with `ast`, and walked node by node.
"""

from __future__ import annotations

import ast
import cmath
import math
import operator
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

LONGEST = 200
DEEPEST = 40
HUGE = 1e150
"""Beyond this a value counts as undefined: products of two would overflow."""
POINTS = 12
ENOUGH = 5
"""At how many points both must have a value before they are called equal."""
PRECISION = 1e-9

_FUNCTIONS: Mapping[str, Callable[[complex], complex]] = {
    "sqrt": cmath.sqrt, "abs": abs, "sin": cmath.sin, "cos": cmath.cos, "tan": cmath.tan,
    "ln": cmath.log, "log": cmath.log10, "exp": cmath.exp,
}  # fmt: skip
_CONSTANTS = {"pi": cmath.pi}
_OPERATORS: Mapping[type[ast.operator], Callable[[complex, complex], complex]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_RELATIONS = re.compile(r"<=|>=|=|<|>")
_MIRRORED = {"=": "=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_TOKEN = re.compile(
    rf"""\s*(?:(?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)|(?P<name>{"|".join((*_FUNCTIONS, *_CONSTANTS))})
    |(?P<letter>[A-Za-z])|(?P<sign>\*\*|[-+*/^()]))""",
    re.VERBOSE,
)
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SYMBOLS = str.maketrans(
    {"−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "÷": "/", "∕": "/", "⁄": "/", "[": "(", "]": ")",
     "π": " pi "}
)  # fmt: skip
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_WORDS = (
    (re.compile(r"\\(?:left|right|quad|[,;:! ])|\$"), " "),
    (re.compile(r"\\(?:cdot|times)(?![a-z])"), "*"),
    (re.compile(r"\\div(?![a-z])"), "/"),
    (re.compile(r"\\(?:leq?)(?![a-z])|≤|=<"), "<="),
    (re.compile(r"\\(?:geq?)(?![a-z])|≥|=>"), ">="),
    (re.compile(r"\\(sqrt|sin|cos|tan|ln|log|exp|pi)(?![a-z])"), r" \1 "),
    (re.compile(r"√\s*(\d+(?:\.\d+)?|[A-Za-z])"), r" sqrt(\1)"),
    (re.compile(r"√"), " sqrt"),
)


class Unreadable(ValueError):
    """A text that is no expression we can evaluate."""


@dataclass(frozen=True, slots=True)
class Expression:
    """What was read: one side, or two with a relation (`=`, `<`, `<=`, `>`, `>=`) between them."""

    left: ast.expr
    right: ast.expr | None = None
    relation: str = ""

    @property
    def letters(self) -> frozenset[str]:
        """The letters that stand for numbers."""
        return _letters(self.left) | (_letters(self.right) if self.right is not None else frozenset())

    @property
    def solved(self) -> Mapping[str, ast.expr]:
        """What each letter equals that stands alone on one side and not on the other ("x = 3")."""
        found: dict[str, ast.expr] = {}
        for one, other in ((self.left, self.right), (self.right, self.left)):
            match one, other:
                case ast.Name(id=letter), ast.expr() as value if letter not in _letters(value) | _CONSTANTS.keys():
                    found[letter] = value
        return found


def equivalent(one: str, other: str) -> bool:
    """Whether two texts mean the same expression, equation or inequality; an unreadable text equals none.

    Equations may be swapped or multiplied by a constant, inequalities by a positive one; but where one side
    is solved ("x = 3"), so must the other be. A solved equation equals its bare value ("3").

    >>> equivalent("2(x + 3)", "6 + 2x"), equivalent("y = 2x", "4x = 2y"), equivalent("x = 3", "2x = 6")
    (True, False, False)
    >>> equivalent("2x - 3y = 1", "6y = 4x − 2"), equivalent("x > 3", "3 < x"), equivalent("x^2", "2x")
    (True, True, False)
    """
    try:
        return _same(read_expression(one), read_expression(other))
    except Unreadable:
        return False


def read_expression(text: str) -> Expression:
    """The expression, equation or inequality that a text says.

    Raises:
        Unreadable: it says none, or one too long or too deep.
    """
    if len(text) > LONGEST:
        raise Unreadable(f"an expression has at most {LONGEST} characters, this has {len(text)}")
    plain = tidied(text)
    sides = _RELATIONS.split(plain)
    if len(sides) > 2:
        raise Unreadable("an expression has at most one relation sign")
    left = _parsed(sides[0])
    if len(sides) == 1:
        return Expression(left)
    relation = _RELATIONS.findall(plain)[0]
    return Expression(left, _parsed(sides[1]), relation)


def tidied(text: str) -> str:
    r"""The text in plain characters: LaTeX, Unicode signs and superscripts as ASCII arithmetic.

    >>> tidied("x² × \\frac{1}{2} ≤ 3")
    'x^(2) * ((1)/(2)) <= 3'
    """
    text = re.sub(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+", lambda m: f"^({m[0].translate(_SUPERSCRIPTS)})", text[: 2 * LONGEST])
    while _FRACTION.search(text):
        text = _FRACTION.sub(r"((\1)/(\2))", text)
    for pattern, plain in _WORDS:
        text = pattern.sub(plain, text)
    return text.replace("{", "(").replace("}", ")").translate(_SYMBOLS)


def _parsed(side: str) -> ast.expr:
    """One side as a tree of arithmetic only."""
    written = _as_python(side)
    try:
        tree = ast.parse(written, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Unreadable("this is no expression") from error
    if _depth(tree) > DEEPEST:
        raise Unreadable(f"an expression nests at most {DEEPEST} deep")
    return tree


def _as_python(side: str) -> str:
    """The side as Python arithmetic: only tokens we know, with `*` where two stand together."""
    written: list[str] = []
    place, closed, callee = 0, False, False
    side = side.strip()
    while place < len(side):
        token = _TOKEN.match(side, place)
        if token is None:
            raise Unreadable("an unknown sign")
        place = token.end()
        kind, text = str(token.lastgroup), token[str(token.lastgroup)]
        opens = kind != "sign" or text == "("
        if callee and text != "(":
            raise Unreadable("a function needs brackets")
        if closed and opens:
            written.append("*")
        callee = text in _FUNCTIONS
        closed = text == ")" or kind in ("number", "letter") or text in _CONSTANTS
        written.append(f"{text.lstrip('0') or '0'}" if kind == "number" and "." not in text else _ASCII.get(text, text))
    if callee:
        raise Unreadable("a function needs brackets")
    return " ".join(written)


_ASCII = {"^": "**"}


def _depth(tree: ast.AST) -> int:
    level, depth = [tree], 0
    while level:
        depth += 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return depth


def _letters(tree: ast.expr) -> frozenset[str]:
    known = _FUNCTIONS.keys() | _CONSTANTS.keys()
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name)) - known


def _value(tree: ast.expr, at: Mapping[str, float]) -> complex:
    match tree:
        case ast.Constant(value=int() | float() as number):
            return complex(number)
        case ast.Name(id=name):
            return complex(_CONSTANTS[name] if name in _CONSTANTS else at[name])
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_value(inner, at)
        case ast.UnaryOp(op=ast.UAdd(), operand=inner):
            return _value(inner, at)
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATORS:
            return complex(_OPERATORS[type(sign)](_value(left, at), _value(right, at)))
        case ast.Call(func=ast.Name(id=name), args=[inner], keywords=[]) if name in _FUNCTIONS:
            return complex(_FUNCTIONS[name](_value(inner, at)))
    raise Unreadable("an unknown construction")


def _values(tree: ast.expr, letters: frozenset[str]) -> list[complex | None]:
    """The values at the points, `None` where there is none."""
    return [_defined(tree, point) for point in _points(tuple(sorted(letters)))]


def _defined(tree: ast.expr, point: Mapping[str, float]) -> complex | None:
    try:
        value = _value(tree, point)
    except (ArithmeticError, ValueError):
        return None
    return value if math.isfinite(value.real) and math.isfinite(value.imag) and _size(value) < HUGE else None


def _size(value: complex) -> float:
    return max(abs(value.real), abs(value.imag))  # `abs` of a complex number can overflow


@lru_cache(maxsize=256)
def _points(letters: tuple[str, ...]) -> tuple[Mapping[str, float], ...]:
    rng = random.Random(" ".join(letters))
    return tuple({letter: rng.choice((-1, 1)) * rng.uniform(0.3, 3.0) for letter in letters} for _ in range(POINTS))


def _same(one: Expression, other: Expression) -> bool:
    letters = one.letters | other.letters
    for equation, bare in ((one, other), (other, one)):
        if equation.relation == "=" and not bare.relation:
            value = _values(bare.left, letters)
            return any(_equal(_values(solution, letters), value) for solution in equation.solved.values())
    if one.relation != other.relation and one.relation != _MIRRORED.get(other.relation):
        return False
    if not one.relation:
        return _equal(_values(one.left, letters), _values(other.left, letters))
    if (one.solved or other.solved) and not one.solved.keys() & other.solved.keys():
        return False
    swapped = one.relation not in ("=", other.relation)
    return _proportional(_sides(one, letters), _sides(other, letters), -1 if swapped else 1, one.relation == "=")


def _sides(expression: Expression, letters: frozenset[str]) -> list[complex | None]:
    """Left minus right at the points."""
    right = expression.right if expression.right is not None else ast.Constant(0)
    return _values(ast.BinOp(expression.left, ast.Sub(), right), letters)


def _equal(one: list[complex | None], other: list[complex | None]) -> bool:
    pairs = list(zip(one, other, strict=True))
    if any((a is None) != (b is None) for a, b in pairs):
        return False
    both = [(a, b) for a, b in pairs if a is not None and b is not None]
    return len(both) >= ENOUGH and all(_close(a, b) for a, b in both)


def _proportional(one: list[complex | None], other: list[complex | None], sign: int, any_sign: bool) -> bool:
    """Whether `one` is a constant times `other`; a positive one times `sign`, unless any will do."""
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
    if not pairs:
        return False
    above, below = max(pairs, key=lambda pair: abs(pair[0]) + abs(pair[1]))
    if _close(above, 0) or _close(below, 0):
        return _equal(one, other)
    factor = above / below
    if abs(factor.imag) > PRECISION * abs(factor) or not (any_sign or factor.real * sign > 0):
        return False
    return _equal(one, [None if value is None else factor * value for value in other])


def _close(one: complex, other: complex) -> bool:
    return abs(one - other) <= PRECISION * max(1.0, abs(one), abs(other))

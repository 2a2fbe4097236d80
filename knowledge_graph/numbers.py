"""Numbers as people write them: "3/4", "0.75", "1 1/2", "−3", "1,000", "75 %", "12 cm" and "x = 5"."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction

LONGEST = 60
"""Longer texts are no numbers; it also bounds the work that a hostile answer can cause."""
LARGEST_EXPONENT = 30

_SIGNS = str.maketrans({"−": "-", "–": "-", "—": "-", "﹣": "-", "＋": "+", "⁄": "/", "∕": "/", "÷": "/", "’": "'"})
_LATEX = re.compile(r"(\d?)\s*\\[dt]?frac\s*\{\s*([^{}]*?)\s*\}\s*\{\s*([^{}]*?)\s*\}")
_NOISE = re.compile(r"\$\$|\\[,;! ]|\\left|\\right|\\%")
_LEAD = re.compile(r"^(?:[A-Za-z]\w?\s*=|[=≈~])\s*")
_CURRENCY = "$€£¥"
_NUMBER = re.compile(
    r"""(?P<sign>[-+]?)\s*[$€£¥]?\s*
    (?:(?P<whole>\d+)\s+(?P<part>\d+\s*/\s*\d+)
      |(?P<top>\d+(?:\.\d+)?)\s*/\s*(?P<bottom>\d+(?:\.\d+)?)
      |(?P<plain>(?:\d+(?:\.\d*)?|\.\d+))(?:\s*(?:[eE]|[×x*·]\s*10\s*\^?)\s*(?P<power>[-+]?\d{1,3}))?)
    \s*(?P<unit>[^\d\s/].*)?""",
    re.VERBOSE,
)
_THOUSANDS = re.compile(r"(?<![\d.,'])[1-9]\d{0,2}(?:[,']\d{3}|[ ]\d{3}(?![ ]*/))+(?!\d|[,']\d)")
"""Groups of three; with a space before a fraction they may be a mixed number, which `_value` tells apart."""
_COMMA = re.compile(
    r"^([-+]?\s*[$€£¥]?\s*(?:(?:0+|\d{4,})(?=,\d{3}(?!\d))|\d+(?=,(?:\d{1,2}|\d{4,})(?!\d)))),(\d+)(?!\d|,)"
)
"""A decimal comma; before three digits only behind a nought, or behind more digits than thousands have."""
_WORDS = re.compile(r"[^\W\d_]{2,}(?:[ -][^\W\d_]+)*\.?")

_UNITS = {
    name: names.split()[0]
    for names in (
        "mm millimetre millimeter", "cm centimetre centimeter", "m metre meter", "km kilometre kilometer",
        "g gram gramme", "kg kilogram kilogramme", "t tonne", "ml millilitre milliliter", "l litre liter",
        "s sec second", "min minute", "h hr hour", "day", "week", "year", "cent ct ¢", "€ euro", "$ dollar", "£ pound",
        "% percent", "° degree deg", "cm^2 cm2 sqcm squarecentimetre squarecentimeter",
        "m^2 m2 sqm squaremetre squaremeter", "cm^3 cm3 cubiccentimetre", "m^3 m3 cubicmetre", "km/h kmh kph", "m/s",
    )
    for name in names.split()
}  # fmt: skip
"""Units that are told apart, by every way they are written; the first of each line is the name it goes by."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number with what stood behind it. `percent` says that a per cent sign did; the value is not divided by it."""

    value: Fraction
    unit: str = ""

    @property
    def percent(self) -> bool:
        return known_unit(self.unit) == "%"

    @property
    def plain(self) -> Fraction:
        """The value with a per cent sign worked in.

        >>> read_number("75 %").plain
        Fraction(3, 4)
        """
        return self.value / 100 if self.percent else self.value


def read_number(text: str, expected_unit: str = "") -> Number | None:
    """The number that a text says, exactly; `None` if it says none, or more than one.

    Words behind it are taken for a unit; a lone letter only if it is a known unit or the expected one ("7x" is no 7).

    >>> [str(read_number(text).value) for text in ("1 1/2", "−0.75", "1,000", "2½", "1.5 × 10^3", "x = 5 cm")]
    ['3/2', '-3/4', '1000', '5/2', '1500', '5']
    >>> read_number("2 + 3") is None and read_number("1/0") is None
    True
    """
    found = _NUMBER.fullmatch(_tidied(text))
    if found is None:
        return None
    value = _value(found)
    if value is None:
        return None
    unit = (found["unit"] or "").strip()
    if unit and not (_WORDS.fullmatch(unit) or known_unit(unit) or same_unit(unit, expected_unit)):
        return None
    currency = next((sign for sign in _CURRENCY if sign in found[0]), "")
    return Number(-value if found["sign"] == "-" else value, unit or currency)


def same_unit(one: str, other: str) -> bool:
    """Whether two units are one, in whatever way they are written."""
    return _bare(one) == _bare(other) or (known_unit(one) or one) == (known_unit(other) or other)


def known_unit(unit: str) -> str | None:
    """The usual name of a unit, `None` for a word that is none we know.

    >>> known_unit("Centimetres"), known_unit("cm²"), known_unit("apples")
    ('cm', 'cm^2', None)
    """
    plain = unit.replace("²", "^2").replace("³", "^3").replace(" ", "").replace(".", "").casefold()
    return _UNITS.get(plain) or _UNITS.get(_bare(plain))


def _bare(unit: str) -> str:
    plain = unit.strip(" .").casefold()
    return plain.removesuffix("s") if len(plain) > 2 else plain


def _tidied(text: str) -> str:
    """The text in plain characters, its thousands joined; empty if it is too long to be a number."""
    if len(text) > LONGEST:
        return ""
    text = _LATEX.sub(lambda m: f"{m[1]} {m[2]}/{m[3]}", _NOISE.sub(" ", text))
    spaced = "".join(f" {char}" if "VULGAR FRACTION" in unicodedata.name(char, "") else char for char in text)
    spaced = spaced.replace("²", "^2").replace("³", "^3")
    plain = unicodedata.normalize("NFKC", spaced).translate(_SIGNS).strip().rstrip(".").strip()
    plain = _LEAD.sub("", plain)
    plain = _THOUSANDS.sub(lambda m: re.sub("[,' ]", "", m[0]), plain)
    return _COMMA.sub(r"\1.\2", plain)


def _value(found: re.Match[str]) -> Fraction | None:
    try:
        if found["whole"]:
            top, bottom = (part.strip() for part in found["part"].split("/"))
            if len(top) == 3 and (top[0] == "0" or int(top) >= int(bottom)):  # "1 000/3" is no mixed number
                return Fraction(found["whole"] + top) / Fraction(bottom)
            return Fraction(found["whole"]) + Fraction(top) / Fraction(bottom)
        if found["top"]:
            return Fraction(found["top"]) / Fraction(found["bottom"])
        power = int(found["power"] or 0)
        return Fraction(found["plain"]) * Fraction(10) ** power if abs(power) <= LARGEST_EXPONENT else None
    except (ZeroDivisionError, ValueError):
        return None

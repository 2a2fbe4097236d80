"""Numbers as people write them: golden readings by hand, and every way to write one number gives that number."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_graph.numbers import Number, known_unit, read_number, same_unit

WHOLE = st.integers(0, 10**9)


def value(text: str, unit: str = "") -> Fraction | None:
    found = read_number(text, unit)
    return None if found is None else found.value


@settings(deadline=None, max_examples=100)
@given(WHOLE, st.sampled_from([",", " ", "'", "’", ""]), st.sampled_from(["", "-", "−", "–", "+", "- "]))
def test_thousands_may_be_set_apart_and_signs_written_in_any_way(number: int, mark: str, sign: str) -> None:
    expected = number if sign in ("", "+") else -number
    assert value(f"{sign}{number:,}".replace(",", mark)) == expected


@settings(deadline=None, max_examples=100)
@given(WHOLE, st.integers(0, 99), st.sampled_from(["", "-"]))
def test_two_decimals_may_follow_a_comma_or_a_point(whole: int, hundredths: int, sign: str) -> None:
    expected = (whole + Fraction(hundredths, 100)) * (-1 if sign else 1)
    assert value(f"{sign}{whole}.{hundredths:02}") == expected
    assert value(f"{sign}{whole},{hundredths:02}") == expected
    assert value(f"{sign}{whole:,}.{hundredths:02}") == expected


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 999), st.integers(0, 99), st.integers(1, 99), st.sampled_from([1, -1]))
def test_mixed_numbers_carry_their_sign_through(whole: int, top: int, bottom: int, sign: int) -> None:
    mark = "-" if sign < 0 else ""
    expected = sign * (whole + Fraction(top, bottom))
    for text in (f"{whole} {top}/{bottom}", f"{whole} {top} / {bottom}", rf"{whole}\frac{{{top}}}{{{bottom}}}"):
        assert value(mark + text) == expected, text
    assert value(f"{mark}{top}/{bottom}") == sign * Fraction(top, bottom)


@settings(deadline=None, max_examples=100)
@given(st.integers(1, 999), st.integers(-30, 30))
def test_powers_of_ten_are_exact_however_they_are_written(number: int, power: int) -> None:
    expected = number * Fraction(10) ** power
    for text in ("{}e{}", "{}E{}", "{} × 10^{}", "{}*10^{}", "{} x 10 ^ {}", "{}·10^{}"):
        assert value(text.format(number, power).replace(" ^ ", " ^")) == expected


def test_beyond_the_largest_power_and_the_longest_text_there_is_no_number() -> None:
    assert value("1e30") == 10**30 and value("1e-30") == Fraction(1, 10**30)
    assert value("1e31") is value("1e-31") is None
    assert value("7" * 60) == int("7" * 60)
    assert value("7" * 61) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1½", "3/2"), ("-½", "-1/2"), ("2 ⅔", "8/3"), ("1⁄4", "1/4"), ("3 ÷ 4", "3/4"), ("１２", "12"),
        (r"$$\dfrac{3}{4}$$", "3/4"), (r"\tfrac{ 3 }{ 4 }", "3/4"), (r"-\frac{1}{2}", "-1/2"), (r"75\%", "75"),
        ("0.5/2", "1/4"), ("1.5 / 0.5", "3"), ("= 5", "5"), ("≈ 3.1", "31/10"), ("~4", "4"), ("x1 = 5", "5"),
        ("1,2345", "12345/10000"), ("5.", "5"), ("5 .", "5"), ("1,234,567.5", "2469135/2"), ("−1,5", "-3/2"),
    ],
)  # fmt: skip
def test_golden_values(text: str, expected: str) -> None:
    assert value(text) == Fraction(expected)


@pytest.mark.parametrize(
    "text", ["xyz = 5", "x = y", "$-3", "1/2/3", "1 2/0", "1.5 1/2", "1,2,3", "3 4", "5 & 6", "10^3", "e5", "."]
)
def test_what_says_no_number_or_more_than_one(text: str) -> None:
    assert read_number(text) is None


def test_words_behind_a_number_are_a_unit_but_a_letter_only_if_it_is_known_or_expected() -> None:
    assert read_number("7 red apples.") == Number(Fraction(7), "red apples")
    assert read_number("7 m") == read_number("7m") == Number(Fraction(7), "m")
    assert value("7x") is value("7x", "y") is None
    assert value("7x", "x") == value("7 X", "x") == 7


def test_a_sign_of_money_is_a_unit_wherever_it_stands() -> None:
    assert [read_number(text) for text in ("$5", "5 €", "-£ 2.5")] == [
        Number(Fraction(5), "$"), Number(Fraction(5), "€"), Number(Fraction(-5, 2), "£"),
    ]  # fmt: skip


def test_only_a_per_cent_sign_makes_a_share() -> None:
    for text, plain in [("75 %", Fraction(3, 4)), ("7.5 Percent", Fraction(3, 40)), ("75 cm", Fraction(75))]:
        found = read_number(text)
        assert found is not None and found.plain == plain
        assert found.percent == (plain < 1)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("cm", "CM cms centimetre Centimeters cm."), ("m^2", "m² m2 sqm squaremetres"), ("h", "h hr hours Hrs"),
        ("s", "s sec secs seconds"), ("€", "€ euro EUROS"), ("%", "% percent"), ("km/h", "km/h kmh KPH"),
        ("cm^3", "cm³ cm3 cubiccentimetre"), ("kg", "kg kgs kilogram"), ("l", "l litre liters"),
        ("min", "min mins minutes"), ("km", "km k.m. Kilometers"),
    ],
)  # fmt: skip
def test_a_unit_has_one_name_however_it_is_written(name: str, written: str) -> None:
    assert [known_unit(one) for one in written.split()] == [name] * len(written.split())
    assert known_unit("sq m") == known_unit("square metres") == "m^2"


def test_units_that_differ_are_told_apart_and_unknown_ones_go_by_their_word() -> None:
    assert same_unit("apples", "Apple") and same_unit("dozen.", "dozen") and same_unit("hours", "h")
    for one, other in [
        ("m", "m²"),
        ("g", "kg"),
        ("m", "min"),
        ("s", ""),
        ("apples", "pears"),
        ("m/s", "m"),
        ("ms", "m"),
    ]:
        assert not same_unit(one, other)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0,125", "1/8"),  # nothing comes in thousands behind a nought
        ("-0,250", "-1/4"),
        ("1,000", "1000"),
        ("1 000/3", "1000/3"),
        ("1 000 / 3", "1000/3"),
        ("1,000 / 3", "1000/3"),
        ("1 100 /3", "1100/3"),
        ("12 345 678/9", "12345678/9"),
        ("2 100/250", "12/5"),
        ("1 000 1/2", "2001/2"),
        ("€ 2,50", "5/2"),
        ("1234,567", "1234567/1000"),
    ],
)
def test_thousands_decimals_and_mixed_numbers_are_told_apart(text: str, value: str) -> None:
    number = read_number(text)
    assert number is not None and number.value == Fraction(value)


@pytest.mark.parametrize("text", ["1,000,00", "1,234,5", "1,00,000"])
def test_groups_that_are_none_are_no_number(text: str) -> None:
    assert read_number(text) is None

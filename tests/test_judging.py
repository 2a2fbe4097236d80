"""Answers are judged as a patient teacher would: what is meant counts, not how it is written."""

from __future__ import annotations

from fractions import Fraction
from math import exp

import pytest
from graders import Rules
from hypothesis import given
from hypothesis import strategies as st

from api.settings import embedded_course
from knowledge_graph.formats import folder
from knowledge_graph.numbers import known_unit, read_number, same_unit
from knowledge_graph.types import Item, ItemId, ItemKind, Step
from student_model.encoder.own_words import own_words
from student_model.judging import LONGEST, AnswerError, Judgement, judge
from student_model.judging.expressions import Unreadable, equivalent, read_expression
from student_model.judging.wording import MOST_CONFIDENCE, closeness, negations, words


def item(kind: ItemKind, answer: str | None = None, **fields: object) -> Item:
    return Item(ItemId("q"), kind, (), fields.pop("text", "What?"), answer=answer, **fields)  # type: ignore[arg-type]


def right(one: Item | Step, answer: str) -> bool:
    return judge(one, answer).correct


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        ("0.75", "3/4"), ("3/4", "0.75"), ("3/4", "6/8"), ("3/4", "75%"), ("75%", "0.75"), ("1.5", "1 1/2"),
        ("3/2", "1½"), ("-3", "−3"), ("-1 1/2", "−1.5"), ("1000", "1,000"), ("1000", "1 000"), ("1234567", "1,234,567"),
        ("0.5", "0,5"), ("5", "5 apples"), ("5", " 5. "), ("5", "x = 5"), ("5", "$5"), ("3/4", r"$$\frac{3}{4}$$"),
        ("3/2", r"1\frac{1}{2}"), ("1500", "1.5 × 10^3"), ("1500", "1.5e3"), ("7", "007"), ("0", "-0"),
    ],
)  # fmt: skip
def test_a_number_is_right_however_it_is_written(key: str, answer: str) -> None:
    assert right(item("numeric", key), answer)


@pytest.mark.parametrize(
    "answer",
    ["4", "", "four", "2 + 3", "5x", "5 6", "5/0", "--5", "1:05", "5e999", "5" * 500, "5; DROP", "2 m 30 cm"],
)
def test_what_is_not_the_number_is_not_right(answer: str) -> None:
    assert not right(item("numeric", "5"), answer)


def test_tolerance_is_absolute_and_inclusive() -> None:
    pi = item("numeric", "3.14", tolerance=0.01)
    assert [right(pi, text) for text in ("3.15", "3.13", "3.1501", "22/7")] == [True, True, False, True]
    assert not right(item("numeric", "1/3"), "0.333")


def test_a_known_wrong_unit_is_told_and_any_other_word_is_ignored() -> None:
    length = item("numeric", "12", unit="cm")
    assert all(right(length, text) for text in ("12", "12 cm", "12cm", "12 Centimetres", "12 cm."))
    assert judge(length, "12 m") == Judgement(False, 0.0, feedback="The number fits, but the unit asked for is cm.")
    assert right(item("numeric", "20", unit="cm²"), "20 cm^2")
    assert not right(item("numeric", "20", unit="cm²"), "20 cm")


def test_per_cent_as_a_unit_takes_the_bare_number() -> None:
    share = item("numeric", "75", unit="%")
    assert [right(share, text) for text in ("75", "75 %", "75 percent", "0.75")] == [True, True, True, False]


def test_words_can_be_the_key_of_a_number() -> None:
    assert right(item("numeric", "6", accepted_answers=("no solution",)), " No  Solution")


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        ("2x+6", "2(x + 3)"), ("2x+6", "6+x*2"), ("x^2-1", "(x-1)(x+1)"), ("x²", "x·x"), ("x/2", r"\frac{1}{2}x"),
        ("2", "√4"), (r"\sqrt{2}", "2^(1/2)"), ("y = 2x + 1", "2x+1=y"), ("2x - 3y = 1", "6y = 4x − 2"),
        ("x = 3", "3"), ("3", "x = 3"), ("x = 3", "3 = x"), ("x > 3", "3 < x"), ("x ≥ 2", "2 <= x"), ("xy", "y × x"),
        ("-x^2", "-(x^2)"), ("3 ÷ 4", "0.75"), (r"\frac{\frac{1}{2}}{3}", "1/6"), ("2π", "2 pi"),
        ("x = 1/2", "x = 0.5"),
    ],
)  # fmt: skip
def test_equivalent_expressions_are_right(key: str, answer: str) -> None:
    assert right(item("expression", key), answer)


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        ("2x+6", "2x+3"), ("x^2", "2x"), ("x", r"\sqrt{x^2}"), ("x = 3", "2x = 6"), ("y = 2x", "x = y/2"),
        ("x > 3", "x < 3"),
        ("x > 3", "x >= 3"), ("y = 2x", "y > 2x"), ("x", "y"), ("x", ""), ("1", "9^9^9^9^9"), ("1", "__import__('os')"),
        ("1", "(" * 190), ("1", "1/0"), ("x", "x = y = z"), ("x", "lambda: 1"), ("x+1", "x+1;"), ("1", "-" * 150 + "1"),
    ],
)  # fmt: skip
def test_other_expressions_are_not(key: str, answer: str) -> None:
    assert not right(item("expression", key), answer)


def test_giving_the_question_back_is_no_answer() -> None:
    simplify = item("expression", "5x", text="Simplify $$2x + 3x$$.")
    assert right(simplify, "5x")
    assert not right(simplify, "2x+3x")
    assert "question already" in judge(simplify, "2x + 3x").feedback
    assert right(item("expression", "2x + 3x", text="Type 2x + 3x."), "2x+3x")


def test_a_choice_is_its_text_but_for_case_and_spaces() -> None:
    question = item("choice", "The sun", choices=("The sun", "The moon", "x", "X"))
    assert right(question, "The sun")
    assert right(question, " the  SUN ")
    assert not right(question, "The moon")
    with pytest.raises(AnswerError, match=r"none of the item's choices; allowed: The sun \| The moon \| x \| X"):
        judge(question, "Mars")


def test_choices_that_differ_only_in_case_stay_apart() -> None:
    question = item("choice", "X", choices=("x", "X"))
    assert [right(question, text) for text in ("x", "X")] == [False, True]


REFERENCE = "The water evaporated, leaving the salt."


def test_written_text_is_judged_for_the_time_being() -> None:
    question = item("text", text="How did you separate the salt from the water?", reference_answers=(REFERENCE,))
    good = judge(question, "The water evaporates and leaves salt behind")
    poor = judge(question, "I used a magnet")
    assert good.correct
    assert not poor.correct
    assert 0 < poor.score < good.score < 1
    for one in (good, poor):
        assert one.provisional
        assert one.confidence is not None and one.confidence <= MOST_CONFIDENCE


@pytest.mark.parametrize(
    "answer",
    ["", "   ", "...", "How did you separate the salt from the water?", "separate the salt from the water"],
)
def test_an_empty_or_copied_answer_is_worth_nothing(answer: str) -> None:
    question = item("text", text="How did you separate the salt from the water?", reference_answers=(REFERENCE,))
    assert (judge(question, answer).score, judge(question, answer).correct) == (0.0, False)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Which is larger, 3/4 or 2/3?", "3/4 is larger"),
        ("Is the current larger in A or in B?", "the current is larger in A"),
        ("Is the salt left in the pan when the water evaporates?", "The salt is left in the pan"),
        ("Does the light bulb shine?", "the light bulb does shine"),
    ],
)
def test_an_answer_in_the_question_s_own_words_is_read_where_these_can_answer_it(question: str, answer: str) -> None:
    assert closeness(answer, [answer], question) > 0.5
    assert own_words(question, answer) == answer


def test_a_missing_negation_lowers_the_score() -> None:
    said = closeness("A whale is a fish", ["A whale is not a fish"], "What is a whale?")
    assert said < closeness("A whale is not a fish", ["A whale is not a fish"], "What is a whale?")


@pytest.mark.parametrize(
    "written",
    ["can't", "cant", "can´t", "don’t", "don`t", "dont", "couldn t", "WASNT", "wont", "Nobody does", "none", "hadn't"],
)
def test_denials_are_known_however_they_are_written(written: str) -> None:
    assert negations(words(f"It {written} sink"))


def test_short_forms_are_the_words_that_they_stand_for() -> None:
    assert words("It can't, won't, ain't") == words("It can not, will not, is not")
    apart, short, whole = "it can not float", "it can't float", "it cannot float"
    assert closeness(apart, [short], "Why?") == closeness(short, [whole], "Why?") == closeness(short, [short], "Why?")


@pytest.mark.parametrize("said", ["the work is done", "note it", "she noted", "Rome won", "it wants", "a cannon"])
def test_words_that_only_look_like_a_denial_deny_nothing(said: str) -> None:
    assert not negations(words(said))


def test_text_without_a_model_answer_changes_nothing() -> None:
    assert judge(item("text"), "something").confidence == 0.0


def test_steps_are_judged_one_by_one() -> None:
    steps = item("steps", steps=(
        Step("a", "numeric", "2 + 2?", answer="4"),
        Step("b", "choice", "Even?", choices=("yes", "no"), answer="yes"),
        Step("c", "expression", "x + x?", answer="2x"),
    ))  # fmt: skip
    part = judge(steps, ["4", "no", "2x"])
    right, wrong = Judgement(True, 1.0, feedback="Right."), Judgement(False, 0.0, feedback="Not yet.")
    assert part == Judgement(False, 2 / 3, feedback="Right.\nNot yet.\nRight.", steps=(right, wrong, right))
    assert judge(steps, ["4", "yes", "x*2"]).score == 1.0


def test_a_step_in_words_keeps_its_grade_and_feedback_stays_one_line_a_step() -> None:
    words = Step("a", "text", "Where is the salt?", reference_answers=("salt in the pan",), hints=("Look.",))
    steps = item("steps", steps=(words, Step("b", "numeric", "2 + 2?", answer="4")))
    found = judge(steps, ["salt in", "5"], Rules())
    first = "This looks partly right.\nThink about: Look.\nNot said yet: the\nNot said yet: pan"
    assert [one.feedback for one in found.steps] == [first, "Not yet."]
    assert found.feedback == f"{first.replace(chr(10), ' ')}\nNot yet."
    grade = found.steps[0].grade
    assert grade is not None and (grade.label, found.grade, found.confidence) == ("partial", None, 0.4)


@pytest.mark.parametrize(
    ("kind", "answer", "said"),
    [
        ("steps", "4", "one text came for an item of several steps; allowed: a list of 0 answers"),
        ("steps", ["4"], "1 answers came for 0 steps"),
        ("numeric", ["4"], "a list of 1 answers came for an item of kind `numeric`; allowed: one text"),
        ("reading", "4", "an item of kind `reading` is not judged; allowed: no answer"),
        ("text", "x" * (LONGEST + 1), "at most 10000 characters"),
    ],
)
def test_an_answer_of_the_wrong_shape_says_what_is_allowed(kind: ItemKind, answer: str | list[str], said: str) -> None:
    with pytest.raises(AnswerError, match=said):
        judge(item(kind), answer)


texts = st.text(max_size=80) | st.text(alphabet="0123456789.,/ -+*^()=<>xye%$\\{}frac√½²", max_size=80)


@given(st.sampled_from(["choice", "numeric", "expression", "text"]), texts, texts)
def test_nothing_that_is_written_breaks_the_judge(kind: ItemKind, key: str, answer: str) -> None:
    question = item(kind, key, choices=(key, "other"), reference_answers=(key,), text=key)
    try:
        judged = judge(question, answer)
    except AnswerError:
        return
    assert 0.0 <= judged.score <= 1.0
    assert judged.correct == (judged.score >= 0.5)


def test_values_beyond_all_bounds_are_no_answer() -> None:
    assert judge(item("expression", "x"), "sqrt(0-1)*exp(709.7)+exp(709.7)").correct is False


@pytest.mark.parametrize("written", ["cos", "2 sin", "x + ln", "sqrt ="])
def test_a_function_without_its_argument_is_unreadable(written: str) -> None:
    with pytest.raises(Unreadable):
        read_expression(written)
    assert judge(item("expression", "x"), written).correct is False


@given(texts, texts)
def test_equivalence_is_symmetric(one: str, other: str) -> None:
    assert equivalent(one, other) == equivalent(other, one)


@given(st.recursive(
    st.sampled_from(["x", "y", "2", "3.5"]),
    lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
    max_leaves=8,
))  # fmt: skip
def test_equivalence_is_reflexive_and_notices_a_difference(expression: str) -> None:
    assert equivalent(expression, f"0 + {expression}")
    assert not equivalent(expression, f"{expression} + 1")


@given(st.fractions(min_value=-(10**6), max_value=10**6, max_denominator=10**9))
def test_a_fraction_is_read_exactly(value: object) -> None:
    number = read_number(str(value))
    assert number is not None
    assert number.value == value


def test_an_expression_has_bounds() -> None:
    with pytest.raises(Unreadable, match="at most 200 characters"):
        read_expression("1" * 201)
    with pytest.raises(Unreadable, match="at most 40 deep"):
        read_expression("-" * 60 + "1")


def test_every_key_of_the_embedded_course_is_right() -> None:
    course = folder.read(embedded_course())
    asked: list[Item | Step] = [*course.items, *(step for one in course.items for step in one.steps)]
    exact = [one for one in asked if one.kind in ("choice", "numeric", "expression")]
    assert exact, "the course has no exact keys: the test would hold nothing"
    wrong = [
        (one.text, key) for one in exact for key in (one.answer, *one.accepted_answers) if key and not right(one, key)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("12 Centimetres", "12", "Centimetres"), ("60 km/h", "60", "km/h"), ("5 €", "5", "€"), ("-$3.50", "-7/2", "$"),
        ("100 000", "100000", ""), ("1 000 1/2", "2001/2", ""), ("½", "1/2", ""), (".5", "1/2", ""), ("3.", "3", ""),
        ("٣", "3", ""), ("3/4 cup", "3/4", "cup"), ("1e-3", "1/1000", ""), ("12,5", "25/2", ""), ("+7", "7", ""),
    ],
)  # fmt: skip
def test_golden_numbers(text: str, value: str, unit: str) -> None:
    number = read_number(text)
    assert number is not None
    assert (str(number.value), number.unit) == (value, unit)


@pytest.mark.parametrize(
    "text", ["", "x", "1 2", "5-3", "1,00,0", "1/2/3", "7x", "2 m 30 cm", "1e999", "1/0", "0/0", "(3)", "3=4", "1..2"]
)
def test_what_is_no_single_number(text: str) -> None:
    assert read_number(text) is None


def test_a_unit_goes_by_one_name() -> None:
    for one, other in (("cm", "centimetres"), ("m²", "sq m"), ("%", "percent"), ("°", "degrees"), ("Litre", "l")):
        assert same_unit(one, other)
    assert not same_unit("m", "cm")
    assert not same_unit("s", "")
    assert known_unit("apples") is None


def test_a_percentage_is_a_share_and_a_number() -> None:
    number = read_number("75 %")
    assert number is not None
    assert (number.value, number.plain, number.percent) == (Fraction(75), Fraction(3, 4), True)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1/2x", "x/2"), ("2^3^2", "512"), ("-2^2", "-4"), ("2x^2", "2(x^2)"),
        ("3(x+1)(x-1)", "3x^2-3"), ("x^-1", "1/x"),
        ("abs(x)", "sqrt(x^2)"), ("ln(exp(1))", "1"), ("[x+1]*2", "2x+2"), ("sin(x)^2+cos(x)^2", "1"), ("x2", "2x"),
    ],
)  # fmt: skip
def test_golden_expressions(one: str, other: str) -> None:
    assert equivalent(one, other)


def test_closeness_by_hand() -> None:
    # Two of three words found, both of them new, no letters beside them: .9 * 2/3 + 2.1 * 2/3 + 1.8 * likeness - 1.6.
    likeness = 2 * 6 / (6 + 9)
    expected = 1 / (1 + exp(-(0.9 * 2 / 3 + 2.1 * 2 / 3 + 1.8 * likeness - 1.6)))
    assert closeness("red cat", ["red cat dog"], "?") == pytest.approx(expected)
    assert closeness("not red cat", ["red cat dog"], "?") == pytest.approx(
        1 / (1 + exp(-(0.9 * 2 / 3 + 2.1 * 2 / 3 + 1.8 * likeness - 0.5 - 1.6)))
    )


def test_the_nearest_reference_counts() -> None:
    assert closeness("red cat", ["blue whale", "red cat"], "?") == closeness("red cat", ["red cat"], "?")


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=200))
def test_closeness_is_a_share(answer: str, reference: str, question: str) -> None:
    assert 0.0 <= closeness(answer, [reference], question) <= 0.95

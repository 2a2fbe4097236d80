"""What the learner's page tells of a graded answer in words: label, sureness, evidence, gaps, beliefs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
from browser import needs_axe, needs_vendor, serious, too_small
from graded_answers import ANSWER, PARTIAL, graded
from learner_page import open_page, reach, verdict
from page_course import running_service
from playwright.sync_api import Page, Route, expect

from student_model.judging.feedback import feedback
from student_model.judging.grades import Grade

pytestmark = needs_vendor


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_service(tmp_path_factory.mktemp("graded-page")) as address:
        yield address


def answer(page: Page, service: str, learner: str, text: str = ANSWER) -> None:
    open_page(page, service, learner)
    reach(page, "text")
    page.get_by_label("Your answer").fill(text)
    page.keyboard.press("Control+Enter")
    verdict(page)


def test_the_grade_is_said_in_words_with_how_sure_it_is(page: Page, service: str) -> None:
    graded(page)
    answer(page, service, "words")
    expect(page.locator(".judgement .verdict")).to_have_text("Partly right")
    expect(page.locator(".sureness")).to_contain_text("Wayline is fairly sure.")
    assert page.locator(".bar-sure").get_attribute("width") == "82"
    expect(page.locator(".judgement")).to_contain_text("A teacher may still change this.")
    expect(page.locator(".judgement")).not_to_contain_text("similarity")  # the grader judged it, not the wording
    expect(page.locator(".for-review")).to_have_count(0)


def test_an_answer_that_waits_for_a_teacher_says_so(page: Page, service: str) -> None:
    graded(page, for_review=True, confidence=0.41)
    answer(page, service, "doubt")
    expect(page.locator(".for-review")).to_have_text(
        "A teacher will look at this answer. Until then it is provisional."
    )
    expect(page.locator(".judgement")).not_to_contain_text("similarity")
    expect(page.locator(".sureness")).to_contain_text("Wayline is unsure.")


def test_what_fits_is_marked_in_the_answer_and_paired_with_the_model_answer(page: Page, service: str) -> None:
    graded(page)
    answer(page, service, "evidence")
    marks = page.locator(".said mark")
    expect(marks).to_have_count(2)
    expect(marks.nth(0)).to_contain_text(PARTIAL["evidence"][0]["said"])
    expect(marks.nth(1)).to_contain_text(PARTIAL["evidence"][1]["said"])
    pairs = page.locator(".pairs li")
    expect(pairs).to_have_count(2)
    expect(pairs.nth(1)).to_contain_text("“only how you look at it”")
    expect(pairs.nth(1)).to_contain_text("“so the total is the same”")
    assert page.locator(".said").evaluate("said => [...said.childNodes].map(n => n.firstChild.data).join('')") == ANSWER


def test_what_is_missing_comes_as_hints_and_is_marked_in_the_model_answer(page: Page, service: str) -> None:
    graded(page)
    answer(page, service, "gaps")
    expect(page.locator(".gaps li")).to_have_text(["Say what follows for the total."])
    expect(page.locator(".gone mark")).to_have_text("the total is the same")


def test_the_verdict_is_not_said_twice(page: Page, service: str) -> None:
    sure = Grade("incorrect", 0.0, 0.9)
    graded(page, feedback=feedback(sure, ["What stays the same?"]), label="incorrect", score=0.0, missing=[])
    answer(page, service, "once")
    expect(page.locator(".judgement .verdict")).to_have_text("Not yet")
    expect(page.locator(".judgement .feedback")).to_have_count(0)
    expect(page.locator(".gaps li")).to_have_text(["Think about: What stays the same?"])


def test_without_hints_the_page_quotes_what_is_missing(page: Page, service: str) -> None:
    graded(page, feedback="Partly right.")
    answer(page, service, "quoted")
    expect(page.locator(".gaps li")).to_have_text(["A model answer also says: “the total is the same”"])


def test_each_step_shows_its_own_feedback_and_its_own_grade(page: Page, service: str) -> None:
    hint, gap = "Think about: A ten.", "Not said yet: the total"
    told = f"This looks partly right.\n{hint}\n{gap}"

    def grade_the_first(route: Route) -> None:
        reply = route.fetch()
        document = reply.json()
        judgement = document["responses"][0]["judgement"]
        judgement |= {"correct": False, "provisional": True, "feedback": told.replace("\n", " ") + "\nRight."}
        grade = {**PARTIAL, "for_review": True, "label": "fair"}
        judgement["steps"][0] |= {"correct": False, "provisional": True, "feedback": told, "grade": grade}
        route.fulfill(response=reply, body=json.dumps(document))

    page.route("**/responses", grade_the_first)
    open_page(page, service, "own-steps")
    reach(page, "steps")
    page.locator(".step").nth(0).get_by_role("textbox").fill("nine")
    page.locator(".step").nth(1).get_by_label("13").check()
    page.get_by_role("button", name="Check answer").click()
    assert verdict(page) == "provisional"
    first, second = page.locator(".step-results > li").nth(0), page.locator(".step-results > li").nth(1)
    expect(first).to_contain_text("Fair")
    expect(first.locator(".gaps li")).to_have_text([hint, gap])
    expect(first.locator(".pairs li")).to_have_count(2)
    expect(first.locator(".sureness")).to_contain_text("Wayline is fairly sure.")
    expect(second).to_have_text("Right.")
    expect(page.locator(".for-review")).to_have_count(1)
    expect(page.locator(".judgement")).not_to_contain_text("similarity")


def test_a_label_of_another_scale_looks_right_where_the_service_says_so(page: Page, service: str) -> None:
    page.goto(service)
    tones = page.evaluate(
        """async () => {
            const { toneOf } = await import("/static/grading.js");
            return [
                { label: "accurate", score: 0.62, correct: true }, { label: "vague", score: 0.9, correct: false },
                { label: "wrong", score: 0.1, correct: false }, { label: "5", score: 0.8 },
            ].map(toneOf);
        }"""
    )
    assert tones == ["right", "partly", "not-yet", "right"]


def test_the_numbers_wait_behind_a_disclosure_that_a_key_opens(page: Page, service: str) -> None:
    graded(page)
    answer(page, service, "numbers")
    numbers = page.locator(".judgement .numbers dl")
    expect(numbers).to_be_hidden()
    page.get_by_text("The numbers").focus()
    page.keyboard.press("Enter")
    expect(numbers).to_contain_text("82\u202f%")
    expect(numbers).to_contain_text("Chance of “Not yet”")
    expect(numbers).to_contain_text("encoder 1a2b3c")


def test_each_touched_belief_shows_what_it_was_before(page: Page, service: str) -> None:
    graded(page, before=0.07)
    answer(page, service, "moves")
    expect(page.locator(".moves .move")).to_have_count(1)
    expect(page.locator(".moves .move")).to_contain_text("Adding: 7\u202f%")


def test_a_belief_that_hardly_moves_is_said_to_be_as_before(page: Page, service: str) -> None:
    graded(page, still=True)
    answer(page, service, "still")
    expect(page.locator(".moves .move")).to_have_text(re.compile("Adding: about \\d+\u202f%, as before"))


@pytest.mark.parametrize(
    ("label", "sign", "count"),
    [("correct", "right", "1 of the last 1 right"), ("partial", "partly", None), ("incorrect", "not-yet", None)],
)
def test_the_session_shows_how_an_answer_was_graded(
    page: Page, service: str, label: str, sign: str, count: str | None
) -> None:
    graded(page, label=label)
    answer(page, service, f"trail-{label}")
    expect(page.locator(f".trail .verdict-sign.verdict-{sign}")).to_have_count(1)
    expect(page.locator(".trail .verdict-provisional")).to_have_count(0)
    expect(page.locator("#trail-title")).to_have_text(f"This session {count}" if count else "This session")


@pytest.mark.parametrize("likeness", [1.0, 0.4])
def test_markup_in_an_answer_stays_text(page: Page, service: str, likeness: float) -> None:
    markup = "<img src=x onerror=alert(1)> & <b>both</b> $$\\frac{1}{2}$$ orders"
    said = {"said": "<b>both</b>", "reference": "<i>Both</i> orders", "likeness": likeness}
    graded(page, feedback="<u>Nearly</u>.\n<s>More</s>", evidence=[said], missing=["<b>total</b>"])
    page.on("dialog", lambda dialog: pytest.fail(f"the answer ran: {dialog.message}"))
    answer(page, service, f"markup-{likeness}", markup)
    expect(page.locator(".said")).to_contain_text("<img src=x onerror=alert(1)> & <b>both</b>")
    expect(page.locator(".said")).to_contain_text("$$\\frac{1}{2}$$ orders")
    expect(page.locator(".pairs")).to_contain_text("<i>Both</i> orders")
    expect(page.locator(".gaps")).to_contain_text("<s>More</s>")
    assert page.locator("form.item :is(img, b, i, u, s)").count() == 0


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (["b c", "a"], [["a", True], [" ", False], ["b c", True], [" d a", False]]),
        (["a", "a"], [["a", True], [" b c d ", False], ["a", True]]),
        (["a b", "b c"], [["a ", True], ["b", True], [" c", True], [" d a", False]]),
        (["nowhere", ""], [["a b c d a", False]]),
    ],
)
def test_parts_are_marked_where_they_stand(page: Page, service: str, parts: list[str], expected: object) -> None:
    page.goto(service)
    found = page.evaluate(
        """async (parts) => {
            const { pieces } = await import("/static/marked.js");
            return pieces("a b c d a", parts).map(({ text, marked }) => [text, marked]);
        }""",
        parts,
    )
    assert found == expected


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("label", ["correct", "partial", "incorrect"])
def test_axe_finds_nothing_serious_in_a_grade(page: Page, service: str, scheme: str, label: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    graded(page, label=label, for_review=True, before=0.1)
    answer(page, service, f"axe-{scheme}-{label}")
    page.get_by_text("The numbers").click()
    assert serious(page) == []


@pytest.mark.parametrize("width", [390, 1280])
def test_a_grade_does_not_scroll_sideways(page: Page, service: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    long = {"said": "orders", "reference": "w" * 200, "likeness": 0.5}
    graded(page, evidence=[*PARTIAL["evidence"], long], grader="encoder " + "f" * 100)
    answer(page, service, f"width-{width}", ANSWER + " " + "o" * 200)
    page.get_by_text("The numbers").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert too_small(page) == []

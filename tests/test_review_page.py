"""The teacher's page in a real browser: what waits, verdicts by hand and by key, what they change, what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
from browser import needs_axe, needs_vendor, paint_late, serious, too_small, until
from page_course import running_service
from playwright.sync_api import Page, Route, expect
from review_queue import ANSWER, QUESTION, Queue, entry

pytestmark = needs_vendor
TEACHER = "Ms Lovelace"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_service(tmp_path_factory.mktemp("review-page")) as address:
        yield address


def open_queue(page: Page, service: str, teacher: str = TEACHER) -> None:
    page.goto(f"{service}review")
    expect(page.get_by_role("heading", level=2).first).to_be_visible()
    if teacher and page.get_by_label("Your name").count():
        page.get_by_label("Your name").fill(teacher)


def shown(page: Page) -> str | None:
    return page.locator("article").get_attribute("data-review-id")


def judge(page: Page, word: str) -> None:
    page.get_by_role("button", name=word, exact=True).click()


def test_a_card_tells_all_a_verdict_needs(page: Page, service: str) -> None:
    Queue(page, entry(1), entry(2))
    open_queue(page, service)
    card = page.locator("article")
    expect(card).to_contain_text("learner-1")
    expect(card).to_contain_text(QUESTION)
    expect(card.get_by_alt_text("A pan.")).to_be_visible()
    expect(card.locator(".references li")).to_have_count(2)
    expect(card.locator(".said")).to_have_text(f"{ANSWER} (1)")
    hint = page.get_by_text("What does the sun do to water?")
    expect(hint).to_be_hidden()
    page.get_by_text("Hints the learner could open").click()
    expect(hint).to_be_visible()
    expect(page.locator(".grader")).to_contain_text("Partly right")
    expect(page.locator(".grader .sureness")).to_contain_text("It is unsure.")
    expect(page.locator(".progress")).to_contain_text("2 answers wait")
    expect(page).to_have_title("2 waiting – Wayline")
    expect(card.locator(".passage")).to_have_count(0)


def test_a_passage_stands_above_its_question(page: Page, service: str) -> None:
    Queue(page, entry(1, passage="The pan lies by the sea.\n\nThe sun shines on it."), entry(2))
    open_queue(page, service)
    passage, question = page.locator("article .passage"), page.locator("article .item-text")
    expect(passage.locator("p")).to_have_text(["The pan lies by the sea.", "The sun shines on it."])
    expect(passage.get_by_role("heading")).to_have_text("Passage")
    above, below = passage.bounding_box(), question.bounding_box()
    assert above is not None and below is not None and above["y"] + above["height"] <= below["y"]
    judge(page, "Right")
    expect(page.locator("article")).to_have_attribute("data-review-id", "review/2")
    expect(passage).to_have_count(0)


def test_a_verdict_is_sent_tells_what_changed_and_brings_the_next(page: Page, service: str) -> None:
    queue = Queue(page, entry(1), entry(2))
    open_queue(page, service)
    judge(page, "Right")
    expect(page.locator("article")).to_have_attribute("data-review-id", "review/2")
    assert queue.verdicts == [("review/1", {"label": "correct", "teacher": TEACHER})]
    last = page.get_by_label("Your last verdict")
    expect(last).to_contain_text("Right")
    expect(last.locator(".move")).to_have_text(["Adding: 31\u202f% →  to 52\u202f%"])
    expect(page.locator(".progress")).to_contain_text("1 answer waits")
    expect(page.locator("#entry-title")).to_be_focused()


def test_a_misclick_can_be_changed_while_others_wait_and_after_the_last(page: Page, service: str) -> None:
    queue = Queue(page, entry(1), entry(2))
    open_queue(page, service)
    judge(page, "Right")
    expect(page.locator("article")).to_have_attribute("data-review-id", "review/2")
    page.get_by_role("button", name="Change your verdict for learner-1").click()
    expect(page.locator("article")).to_have_attribute("data-review-id", "review/1")
    expect(page.get_by_role("heading", name="Your new verdict")).to_be_visible()
    page.get_by_role("button", name="Leave it as it was").click()
    expect(page.locator("article")).to_have_attribute("data-review-id", "review/2")
    expect(page.locator(".progress")).not_to_contain_text("left for later")
    judge(page, "Right")
    expect(page.locator(".nothing")).to_be_visible()
    page.get_by_role("button", name="Change your verdict for learner-2").click()
    judge(page, "Not yet")
    expect(page.get_by_label("Your last verdict")).to_contain_text("Not yet")
    assert queue.verdicts[-1] == ("review/2", {"label": "incorrect", "teacher": TEACHER, "replaces": "verdict-2"})
    expect(page.locator(".progress")).to_contain_text("0 answers wait")
    page.get_by_role("button", name="Change your verdict for learner-2").click()
    judge(page, "Right")
    expect(page.locator(".nothing")).to_be_visible()
    assert queue.verdicts[-1][1]["replaces"] == "verdict-3"


def test_marks_and_a_reason_go_along_and_are_not_kept_for_the_next(page: Page, service: str) -> None:
    queue = Queue(page, entry(1), entry(2))
    open_queue(page, service)
    expect(page.locator(".score-value")).to_have_text("as the label says")
    page.get_by_label("Marks").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".score-value")).to_have_text("60\u202f%")
    page.get_by_label("Reason").fill("  Names the sun. ")
    judge(page, "Partly right")
    expect(page.locator("article")).to_have_attribute("data-review-id", "review/2")
    expected = {"label": "partial", "teacher": TEACHER, "score": 0.6, "reason": "Names the sun."}
    assert queue.verdicts == [("review/1", expected)]
    expect(page.locator(".score-value")).to_have_text("as the label says")
    expect(page.get_by_label("Reason")).to_have_value("")


def test_marks_can_be_cleared(page: Page, service: str) -> None:
    queue = Queue(page, entry(1))
    open_queue(page, service)
    page.get_by_label("Marks").fill("0.2")
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_label("Marks")).to_be_focused()
    judge(page, "Not yet")
    expect(page.locator(".nothing")).to_be_visible()
    assert queue.verdicts == [("review/1", {"label": "incorrect", "teacher": TEACHER})]


def test_the_whole_queue_by_keyboard_alone(page: Page, service: str) -> None:
    queue = Queue(page, entry(1), entry(2), entry(3))
    open_queue(page, service, teacher="")
    page.keyboard.press("1")  # without a name nothing is sent, and the name is asked for
    expect(page.get_by_label("Your name")).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("Write your name first")
    page.keyboard.type("Grace 3")  # a digit in a field is a digit
    page.keyboard.press("Enter")
    assert queue.verdicts == []
    for _ in range(4):
        page.keyboard.press("Tab")
    expect(page.locator("[data-label=partial]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("article")).to_have_attribute("data-review-id", "review/2")
    page.keyboard.press("1")
    expect(page.locator("article")).to_have_attribute("data-review-id", "review/3")
    page.keyboard.press("9")  # no such label
    page.keyboard.press("Control+2")  # the browser's own
    page.keyboard.press("3")
    expect(page.locator("#nothing-title")).to_be_focused()
    assert [body["label"] for _, body in queue.verdicts] == ["partial", "correct", "incorrect"]
    assert {body["teacher"] for _, body in queue.verdicts} == {"Grace 3"}


def test_the_next_answer_has_the_focus_as_soon_as_it_is_on_the_page(page: Page, service: str) -> None:
    focused = "document.activeElement.id"
    paint_late(page)
    Queue(page, entry(1), entry(2))
    open_queue(page, service)
    judge(page, "Right")
    expect(page.locator("article")).to_have_attribute("data-review-id", "review/2")
    assert page.evaluate(focused) == "entry-title"
    judge(page, "Right")
    expect(page.locator("#nothing-title")).to_be_visible()
    assert page.evaluate(focused) == "nothing-title"


def test_a_key_held_down_judges_once_and_the_keys_can_be_switched_off(page: Page, service: str) -> None:
    queue = Queue(page, entry(1), entry(2), entry(3))
    open_queue(page, service)
    page.locator("#entry-title").focus()
    page.keyboard.down("1")
    expect(page.locator("article")).to_have_attribute("data-review-id", "review/2")
    page.keyboard.down("1")  # repeats
    page.keyboard.up("1")
    page.get_by_label("Number keys judge").uncheck()
    page.keyboard.press("1")
    page.wait_for_timeout(200)
    assert (shown(page), len(queue.verdicts)) == ("review/2", 1)
    page.reload()
    expect(page.get_by_label("Number keys judge")).not_to_be_checked()


def test_the_name_is_remembered(page: Page, service: str) -> None:
    Queue(page, entry(1))
    open_queue(page, service)
    page.reload()
    expect(page.get_by_label("Your name")).to_have_value(TEACHER)


def test_an_impatient_double_press_judges_once(page: Page, service: str) -> None:
    queue = Queue(page, entry(1), entry(2))
    open_queue(page, service)
    page.evaluate("const one = document.querySelector('[data-label=correct]'); one.click(); one.click();")
    expect(page.locator("article")).to_have_attribute("data-review-id", "review/2")
    assert len(queue.verdicts) == 1


def test_an_answer_that_somebody_else_judged_gives_way_to_the_next(
    page: Page, service: str, complaints: list[str]
) -> None:
    queue = Queue(page, entry(1), entry(2))
    open_queue(page, service)
    queue.taken.add("review/1")
    judge(page, "Right")
    expect(page.locator("article")).to_have_attribute("data-review-id", "review/2")
    expect(page.get_by_role("status")).to_contain_text("That answer waits no longer")
    expect(page.get_by_role("status")).to_contain_text("Ms Hopper has judged this answer already.")
    expect(page.get_by_role("status")).to_contain_text("Here is the next.")
    assert queue.verdicts == []
    assert ["409" in one for one in complaints] == [True]
    complaints.clear()


def test_a_verdict_whose_reply_was_lost_is_sent_again_and_counts_once(
    page: Page, service: str, complaints: list[str]
) -> None:
    queue = Queue(page, entry(1), entry(2))
    open_queue(page, service)
    route = "**/v1/review-queue/*"

    def lose_the_reply(request: Route) -> None:
        queue.verdicts.append(("review/1", {"label": "correct", "teacher": TEACHER}))  # it arrived
        request.abort()

    page.route(route, lose_the_reply)
    judge(page, "Right")
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    expect(page.locator("[data-label=correct]")).to_have_attribute("aria-disabled", "true")
    page.unroute(route)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("article")).to_have_attribute("data-review-id", "review/2")
    expect(page.get_by_label("Your last verdict")).to_contain_text("Right")
    assert len(queue.verdicts) == 1
    complaints.clear()  # the lost reply itself


def test_a_verdict_that_cannot_be_sent_does_not_hold_the_queue_up(
    page: Page, service: str, complaints: list[str]
) -> None:
    Queue(page, entry(1), entry(2))
    open_queue(page, service)
    page.route("**/v1/review-queue/*", lambda route: route.abort())
    judge(page, "Right")
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    page.get_by_role("button", name="Leave for later").click()
    expect(page.locator("article")).to_have_attribute("data-review-id", "review/2")
    expect(page.get_by_role("alert")).to_have_count(0)
    complaints.clear()


def test_an_answer_whose_text_was_erased_gives_way_to_the_next(page: Page, service: str, complaints: list[str]) -> None:
    Queue(page, entry(1))
    open_queue(page, service)
    page.route("**/v1/review-queue/*", lambda route: route.fulfill(status=410, json={"title": "Nothing left."}))
    judge(page, "Right")
    expect(page.get_by_role("status")).to_contain_text("its text has been erased")
    complaints.clear()


def test_a_grade_without_label_and_an_answer_without_time_are_shown(page: Page, service: str) -> None:
    grade = {"label": None, "score": 0.25, "confidence": 0.0, "grader": None}
    Queue(page, entry(1, grade=grade, at=None, hints=[], reference_answers=[]))
    open_queue(page, service)
    expect(page.locator(".grader")).to_contain_text("25\u202f% of the marks")
    expect(page.locator("article")).to_contain_text("The item has none.")
    expect(page.locator("time")).to_have_count(0)


def test_a_refused_verdict_says_why_and_stays(page: Page, service: str, complaints: list[str]) -> None:
    Queue(page, entry(1))
    open_queue(page, service)
    faults = [{"pointer": "/teacher", "message": "a name of spaces", "allowed": "letters"}]
    page.route("**/v1/review-queue/*", lambda route: route.fulfill(status=400, json={"errors": faults}))
    page.get_by_label("Reason").fill("Because.")
    judge(page, "Right")
    expect(page.get_by_role("alert")).to_contain_text("a name of spaces")
    assert shown(page) == "review/1"
    expect(page.get_by_label("Reason")).to_have_value("Because.")
    complaints.clear()


def test_a_queue_that_cannot_be_loaded_can_be_asked_for_again(page: Page, service: str, complaints: list[str]) -> None:
    Queue(page, entry(1))
    page.route("**/v1/review-queue?*", lambda route: route.fulfill(status=503, json={}))
    page.goto(f"{service}review")
    expect(page.get_by_role("alert")).to_contain_text("Wayline has a fault just now.")
    page.unroute("**/v1/review-queue?*")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("article")).to_be_visible()
    complaints.clear()


def test_the_order_can_be_switched_and_stays_in_the_address(page: Page, service: str) -> None:
    queue = Queue(page, entry(1), entry(2))
    open_queue(page, service)
    assert shown(page) == "review/1"
    page.get_by_role("button", name="Oldest").click()
    expect(page.locator("article")).to_have_attribute("data-review-id", "review/2")
    expect(page.get_by_role("button", name="Oldest")).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(page.locator("article")).to_have_attribute("data-review-id", "review/2")
    assert [one["order"] for one in queue.asked] == ["doubtful", "oldest", "oldest"]


def test_what_is_left_for_later_comes_back_when_it_is_called(page: Page, service: str) -> None:
    queue = Queue(page, entry(1), entry(2))
    open_queue(page, service)
    page.get_by_role("button", name="Leave for later").click()
    expect(page.locator("article")).to_have_attribute("data-review-id", "review/2")
    judge(page, "Right")
    expect(page.locator(".nothing")).to_contain_text("Only what you left for later waits")
    page.get_by_role("button", name="Bring back what I left (1)").click()
    expect(page.locator("article")).to_have_attribute("data-review-id", "review/1")
    assert [review_id for review_id, _ in queue.verdicts] == ["review/2"]


def test_an_empty_queue_says_so_and_looks_again(page: Page, service: str) -> None:
    queue = Queue(page)
    open_queue(page, service)
    expect(page.locator(".nothing")).to_contain_text("No answer waits for you")
    queue.entries.append(entry(1))
    page.get_by_role("button", name="Look again").click()
    expect(page.locator("article")).to_be_visible()


def test_more_than_one_load_of_answers_is_worked_off(page: Page, service: str) -> None:
    queue = Queue(page, *(entry(n % 9, review_id=f"many-{n}") for n in range(22)))
    open_queue(page, service)
    for n in range(22):
        page.get_by_role("button", name="Right", exact=True).click()
        until(page, lambda n=n: len(queue.verdicts) == n + 1)  # type: ignore[misc]
        expect(page.locator(".progress")).to_contain_text(f"{21 - n} answer")
    expect(page.locator(".nothing")).to_be_visible()
    assert len(queue.asked) == 3


def test_markup_stays_text(page: Page, service: str) -> None:
    markup = "<img src=x onerror=alert(1)> <b>bold</b>"
    fields = dict.fromkeys(("passage", "question", "answer_text", "learner"), markup)
    Queue(page, entry(1, **fields, reference_answers=[markup], hints=[markup], media=[]), entry(2, media=[]))
    open_queue(page, service)
    page.get_by_text("Hints the learner could open").click()
    for place in (".passage p", ".item-text", ".said", ".learner-id", ".references", ".hint-list"):
        expect(page.locator(place)).to_have_text(markup)
    judge(page, "Right")
    expect(page.get_by_label("Your last verdict")).to_contain_text(markup)
    assert page.locator("main :is(img, b)").count() == 0


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(page: Page, service: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    Queue(page, entry(1, passage="The pan lies by the sea."), entry(2))
    open_queue(page, service, teacher="")
    judge(page, "Right")  # the name is missing
    assert serious(page) == []
    page.get_by_label("Your name").fill(TEACHER)
    judge(page, "Right")
    expect(page.get_by_label("Your last verdict")).to_be_visible()
    page.get_by_text("Hints the learner could open").click()
    page.get_by_text("The numbers").click()
    page.get_by_label("Marks").fill("0.2")
    assert serious(page) == []
    judge(page, "Not yet")
    expect(page.locator(".nothing")).to_be_visible()
    assert serious(page) == []


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_scrolls_sideways(page: Page, service: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    Queue(page, entry(1, learner="l" * 200, answer_text="a" * 300, question="q" * 200), entry(2))
    open_queue(page, service)
    page.get_by_text("The numbers").click()
    page.get_by_label("Marks").fill("0.2")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert too_small(page) == []
    judge(page, "Right")
    expect(page.get_by_label("Your last verdict")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_page_of_the_api_links_here(page: Page, service: str) -> None:
    Queue(page)
    page.goto(f"{service}docs")
    page.get_by_role("link", name="answers that wait for a teacher").click()
    expect(page.locator(".nothing")).to_be_visible()

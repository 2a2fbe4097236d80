"""The learner's page in a real browser against the real service: ask, answer, judge, explain, go on."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
from browser import needs_axe, needs_vendor, paint_late, serious, too_small, until
from learner_page import in_order, open_page, reach, verdict
from page_course import ITEMS, running_service
from playwright.sync_api import Page, Request, Route, expect

pytestmark = needs_vendor


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_service(tmp_path_factory.mktemp("learner-page")) as address:
        yield address


def beliefs(service: str, learner: str) -> dict[str, dict[str, Any]]:
    with urllib.request.urlopen(f"{service}v1/learners/{learner}/beliefs", timeout=10) as reply:
        return {belief["concept_id"]: belief for belief in json.load(reply)["beliefs"]}


def body_of(request: Request) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(request.post_data or "")
    return body


def on_show(page: Page) -> str:
    """The id of the item on show, `nothing` if there is none to show, empty while the page waits for the service."""
    found: str = page.evaluate(
        "document.querySelector('form.item')?.dataset.itemId ?? (document.querySelector('.nothing') ? 'nothing' : '')"
    )
    return found


def classes_on_map(page: Page, concept: str) -> list[str]:
    found: list[str] = page.evaluate(
        "id => document.querySelector('.map-canvas')?._cyreg?.cy.$id(id).classes() ?? []", concept
    )
    return found


def test_a_choice_is_judged_wrong_and_explained_then_the_next_item_comes(page: Page, service: str) -> None:
    open_page(page, service, "choice")
    reach(page, "choice")
    expect(page.get_by_role("img", name="Two dots.")).to_be_visible()
    expect(page.locator(".item-text math")).to_be_visible()  # KaTeX works under the policy
    expect(page.locator(".why-sentence")).not_to_be_empty()
    page.get_by_role("radio", name="6").check()
    page.get_by_role("button", name="Check answer").click()
    assert verdict(page) == "not-yet"
    expect(page.locator(".choice", has_text="Right answer")).to_contain_text("5")
    expect(page.locator(".explanation")).to_contain_text("Counting on from 3")
    expect(page.locator(".moves")).to_contain_text("Adding:")
    next_button = page.get_by_role("button", name="Next")
    expect(next_button).to_be_focused()
    next_button.click()
    expect(page.locator(".judgement")).to_have_count(0)
    expect(page.locator("#item-title")).to_be_focused()
    expect(page.locator(".trail li")).to_contain_text(["Adding"])


def test_a_number_is_judged_right(page: Page, service: str) -> None:
    open_page(page, service, "numeric")
    reach(page, "numeric")
    number = int((page.locator("form.item").get_attribute("data-item-id") or "").split("-")[1])
    box = page.get_by_label("Your answer")
    expect(box).to_have_attribute("inputmode", "decimal")
    expect(page.locator(".unit")).to_have_text("points")
    box.fill(str(number + 1))
    box.press("Enter")
    assert verdict(page) == "right"


def test_nothing_is_sent_without_an_answer(page: Page, service: str) -> None:
    open_page(page, service, "empty")
    reach(page, "numeric")
    page.get_by_role("button", name="Check answer").click()
    expect(page.locator(".missing")).to_be_visible()
    expect(page.get_by_label("Your answer")).to_be_focused()
    assert beliefs(service, "empty")["adding"]["evidence"] == 0


def test_a_written_answer_is_judged_provisionally(page: Page, service: str) -> None:
    open_page(page, service, "text")
    reach(page, "text")
    page.get_by_label("Your answer").fill("Both orders put the same things together so the total stays the same")
    page.keyboard.press("Control+Enter")
    assert verdict(page) == "provisional"
    expect(page.locator(".judgement")).to_contain_text("Judged by similarity to model answers")
    expect(page.locator(".trail .verdict-provisional")).to_have_count(1)


def test_an_answer_that_nothing_can_judge_is_not_called_wrong(page: Page, tmp_path: Path) -> None:
    items = [{name: value for name, value in one.items() if name != "reference_answers"} for one in ITEMS]
    with running_service(tmp_path, items) as service:
        open_page(page, service, "unjudged")
        reach(page, "text")
        page.get_by_label("Your answer").fill("Both orders put the same things together")
        page.keyboard.press("Control+Enter")
        assert verdict(page) == "provisional"
        shown = page.locator(".judgement")
        expect(shown.locator(".verdict")).to_have_text("Not judged yet")
        expect(shown.locator(".for-review")).to_contain_text("A teacher will look at this answer.")
        expect(shown).to_contain_text("There is no model answer to compare with yet.")
        expect(shown).not_to_contain_text("similarity")
        expect(shown).not_to_contain_text("alike")


def test_a_passage_stands_above_its_question_and_stays_when_it_is_judged(page: Page, service: str) -> None:
    open_page(page, service, "passage")
    reach(page, "text")
    passage, question = page.locator(".passage"), page.locator(".item-text")
    expect(passage.locator("p")).to_have_count(2)
    expect(passage.locator("math")).to_have_count(2)
    above, below = passage.bounding_box(), question.bounding_box()
    assert above is not None and below is not None and above["y"] + above["height"] <= below["y"]
    page.get_by_label("Your answer").fill("Both orders put the same things together")
    page.get_by_role("button", name="Check answer").click()
    assert verdict(page) is not None
    expect(passage).to_be_visible()
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".passage")).to_have_count(0)


def test_a_reading_is_read_and_not_judged(page: Page, service: str) -> None:
    open_page(page, service, "reading")
    reach(page, "reading")
    expect(page.locator(".item-text p")).to_have_count(2)
    page.get_by_role("button", name="I have read this").click()
    assert verdict(page) == "read"


def test_a_worked_example_is_revealed_part_by_part(page: Page, service: str) -> None:
    open_page(page, service, "worked")
    reach(page, "worked_example")
    expect(page.locator(".parts li")).to_have_count(1)
    page.get_by_role("button", name="Show the next step").click()
    expect(page.locator(".parts li")).to_have_count(2)
    page.get_by_role("button", name="I have read this").click()
    assert verdict(page) == "read"


def test_steps_are_judged_one_by_one(page: Page, service: str) -> None:
    open_page(page, service, "steps")
    reach(page, "steps")
    steps = page.locator(".step")
    expect(steps).to_have_count(2)
    steps.nth(0).get_by_role("textbox").fill("10")
    steps.nth(1).get_by_role("radio").first.check()
    page.get_by_role("button", name="Check answer").click()
    assert verdict(page) == "not-yet"
    expect(page.locator(".step-results li")).to_contain_text(["Right.", "13"])


def test_hints_open_one_by_one_and_are_counted(page: Page, service: str) -> None:
    open_page(page, service, "hints")
    reach(page, "choice")
    page.get_by_role("button", name="Show a hint").click()
    expect(page.locator(".hint-list li")).to_have_count(1)
    page.get_by_role("button", name="Another hint").click()
    expect(page.locator(".hint-list li")).to_have_count(2)
    expect(page.get_by_role("button", name="hint")).to_have_count(0)
    page.get_by_role("radio", name="5").check()
    with page.expect_request("**/responses") as sent:
        page.get_by_role("button", name="Check answer").click()
    assert body_of(sent.value)["hints"] == 2
    assert verdict(page) == "right"


def test_right_answers_recolour_the_map_and_the_table(page: Page, service: str) -> None:
    open_page(page, service, "map")
    until(page, lambda: "ready" in classes_on_map(page, "adding"))
    assert "blocked" in classes_on_map(page, "doubling")
    for _ in range(12):
        reach(page, "numeric")
        number = int((page.locator("form.item").get_attribute("data-item-id") or "").split("-")[1])
        page.get_by_label("Your answer").fill(str(number + 1))
        page.keyboard.press("Enter")
        assert verdict(page) == "right"
        if beliefs(service, "map")["adding"]["standing"] in ("known", "mastered"):
            break
        page.get_by_role("button", name="Next").click()
    until(page, lambda: {"known", "mastered"} & set(classes_on_map(page, "adding")) != set())
    until(page, lambda: "ready" in classes_on_map(page, "doubling"))
    expect(page.locator(".progress")).to_contain_text("1 of 2 known")
    page.get_by_role("button", name="Table").click()
    expect(page.locator("tr[data-concept=doubling]")).to_have_attribute("data-standing", "ready")
    page.get_by_role("button", name="Doubling").click()
    expect(page.locator(".details")).to_contain_text("You can double a number.")
    expect(page.locator(".details .linked")).to_contain_text("Adding")


def test_the_enlarged_map_covers_the_page_and_escape_closes_it(page: Page, service: str) -> None:
    open_page(page, service, "enlarged")
    until(page, lambda: classes_on_map(page, "adding") != [])
    reach(page, "numeric")
    focus = "button => { button.focus(); return document.activeElement === button }"
    check = page.get_by_role("button", name="Check answer")
    assert check.evaluate(focus)
    page.get_by_role("button", name="Enlarge").click()
    expect(page.locator(".map-large")).to_be_in_viewport(ratio=1)
    assert not check.evaluate(focus), "what lies under the map must be inert"
    page.keyboard.press("Escape")
    expect(page.locator(".map-large")).to_have_count(0)
    assert check.evaluate(focus)


def test_escape_closes_the_map_as_soon_as_it_is_large(page: Page, service: str) -> None:
    paint_late(page)
    open_page(page, service, "escape")
    page.get_by_role("button", name="Enlarge").press("Enter")
    expect(page.locator(".map-large")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".map-large")).to_have_count(0)


def test_a_thousand_concepts_are_laid_out_with_every_edge_forward(page: Page, service: str) -> None:
    page.goto(service)
    backward, placed = page.evaluate(
        """async () => {
            const { layeredLayout } = await import("/static/layered_layout.js");
            const ids = Array.from({ length: 1000 }, (_, n) => `c${n}`);
            const edges = ids.flatMap((id, n) =>
                [2, 3, 7].filter((d) => n % d && n >= d).map((d) => [ids[n - d], id]));
            const places = layeredLayout(ids, edges, { width: 1200, height: 700 });
            const spots = new Set([...places.values()].map(({ x, y }) => `${x.toFixed(3)} ${y.toFixed(3)}`));
            return [edges.filter(([a, b]) => places.get(a).x >= places.get(b).x).length, spots.size];
        }"""
    )
    assert (backward, placed) == (0, 1000)


@pytest.mark.parametrize("machine", ["idle", "busy"])
def test_the_whole_loop_by_keyboard_alone(page: Page, service: str, machine: str) -> None:
    if machine == "busy":
        paint_late(page)
        # No belief is known, so an answer asks for none: that reply would run at once what the paint holds up.
        page.route("**/beliefs", lambda route: route.fulfill(json={"beliefs": []}))
    in_order(page, "reading", "choice")
    open_page(page, service, f"keyboard-{machine}")
    page.get_by_role("button", name="I have read this").press("Enter")
    assert verdict(page) == "read"
    page.keyboard.press("Enter")
    expect(page.locator("form.item")).to_have_attribute("data-item-id", "choice")
    page.keyboard.press("Tab")  # from the title to the first choice
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert verdict(page) == "right"
    page.keyboard.press("Enter")
    expect(page.locator(".judgement")).to_have_count(0)
    expect(page.locator("form.item")).to_have_attribute("data-phase", "answering")
    expect(page.locator("#item-title")).to_be_focused()


def test_an_item_can_be_answered_as_soon_as_it_is_on_the_page(page: Page, service: str) -> None:
    answer_at_once = """
        new MutationObserver((changes, observer) => {
            const form = document.querySelector("form.item");
            if (!form) return;
            observer.disconnect();
            form.requestSubmit();
        }).observe(document, { subtree: true, childList: true });
    """  # before the item is painted, so before anyone can
    page.add_init_script(answer_at_once)
    in_order(page, "reading")
    open_page(page, service, "at-once")
    assert verdict(page) == "read"


def test_an_enter_that_is_held_does_not_go_past_the_judgement(page: Page, service: str) -> None:
    in_order(page, "reading")
    open_page(page, service, "held")
    page.locator("#submit").focus()
    page.keyboard.down("Enter")
    assert verdict(page) == "read"
    expect(page.locator("#next")).to_be_focused()
    for _ in range(5):
        page.keyboard.down("Enter")  # without an up between: repeats
    assert verdict(page) == "read"
    page.keyboard.up("Enter")
    page.keyboard.press("Enter")
    expect(page.locator(".judgement")).to_have_count(0)


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_scrolls_sideways(page: Page, service: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    for kind in ("choice", "steps"):  # a learner each: what was skipped on the way to one would not come for the other
        open_page(page, service, f"width-{width}-{kind}")
        reach(page, kind)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert too_small(page) == []


def test_replies_that_come_before_the_first_paint_are_shown(page: Page, service: str) -> None:
    paint_late(page)  # both replies are there before the page listens
    open_page(page, service, "slow-paint")
    expect(page.locator(".map-canvas canvas").first).to_be_attached()


def test_an_answer_whose_reply_was_lost_is_stored_once(page: Page, service: str, complaints: list[str]) -> None:
    open_page(page, service, "lost")
    reach(page, "choice")
    sent: list[str] = []

    def lose_the_reply(route: Route) -> None:
        sent.append(body_of(route.request)["response_id"])
        route.fetch()  # the service stores the answer, the page never hears of it
        route.abort()

    page.route("**/responses", lose_the_reply)
    page.get_by_role("radio", name="5").check()
    page.get_by_role("button", name="Check answer").click()
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    expect(page.get_by_role("radio", name="6")).to_be_disabled()
    page.unroute("**/responses")
    with page.expect_request("**/responses") as again:
        page.get_by_role("button", name="Try again").click()
    assert [body_of(again.value)["response_id"]] == sent
    assert verdict(page) == "right"
    assert beliefs(service, "lost")["adding"]["evidence"] == 1
    complaints.clear()  # the lost reply itself


def test_an_impatient_double_click_sends_one_answer(page: Page, service: str) -> None:
    open_page(page, service, "double")
    reach(page, "choice")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/responses") else None)
    page.get_by_role("radio", name="5").check()
    page.evaluate("const form = document.querySelector('form.item'); form.requestSubmit(); form.requestSubmit();")
    assert verdict(page) == "right"
    assert len(sent) == 1


def test_when_everything_is_skipped_the_page_says_so_and_brings_it_back(page: Page, service: str) -> None:
    open_page(page, service, "skip")
    form = page.locator("form.item")
    shown = on_show(page)
    while shown != "nothing":
        page.get_by_role("button", name="Skip").click()
        until(page, lambda before=shown: on_show(page) not in ("", before))  # type: ignore[misc]
        shown = on_show(page)
    expect(page.locator(".nothing .why-sentence")).not_to_be_empty()
    page.get_by_role("button", name="Bring back").click()
    expect(form).to_be_visible()


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(page: Page, service: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    open_page(page, service, f"axe-{scheme}")
    reach(page, "choice")
    until(page, lambda: classes_on_map(page, "adding") != [])
    assert serious(page) == []
    page.get_by_role("button", name="Show a hint").click()
    page.get_by_role("radio", name="6").check()
    page.get_by_role("button", name="Check answer").click()
    assert verdict(page) == "not-yet"
    page.get_by_role("button", name="Table").click()
    page.get_by_role("button", name="Doubling").click()
    assert serious(page) == []

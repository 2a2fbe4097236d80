"""The learner's page as tests use it: open it, reach an item of a kind, read the verdict."""

from __future__ import annotations

import json

from page_course import ITEMS
from playwright.sync_api import Page, Route, expect


def in_order(page: Page, *kinds: str) -> None:
    """Items of these kinds come first, one after the other; without this, chance has a say in what comes."""
    left = list(kinds)

    def ask(route: Route) -> None:
        request = json.loads(route.request.post_data or "{}")
        route.continue_(post_data=json.dumps({**request, "kinds": [left.pop(0)]} if left else request))

    page.route("**/recommendations", ask)


def open_page(page: Page, service: str, learner: str) -> None:
    """The page of a learner, with an item on it."""
    page.goto(f"{service}?learner={learner}")
    expect(page.locator("form.item")).to_be_visible()


def reach(page: Page, kind: str) -> None:
    """Skip until an item of this kind is there; skipped ones do not come back, so this ends."""
    form = page.locator("form.item")
    for _ in range(len(ITEMS)):
        expect(form).to_have_attribute("data-phase", "answering")
        shown = form.get_attribute("data-item-id") or ""
        if shown.split("-")[0] == kind:
            return
        page.get_by_role("button", name="Skip").click()
        expect(form).not_to_have_attribute("data-item-id", shown)
    raise AssertionError(f"no item of kind {kind} came")


def verdict(page: Page) -> str | None:
    """How the answer was judged, once it is."""
    judgement = page.locator(".judgement")
    expect(judgement).to_be_visible()
    return judgement.get_attribute("data-verdict")

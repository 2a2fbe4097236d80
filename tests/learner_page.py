"""The learner's page as tests use it: open it, reach an item of a kind, read the verdict."""

from __future__ import annotations

from page_course import ITEMS
from playwright.sync_api import Page, expect


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

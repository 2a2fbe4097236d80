"""A real Chromium for the tests of pages: Debian's, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

WEB = Path(__file__).resolve().parent.parent / "api" / "web"
VENDOR = WEB / "static" / "vendor"
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
PATIENCE = 30_000
"""Milliseconds to wait for the page: a busy machine is slow, and that is no fault of the page."""

needs_axe = pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed; scripts/setup installs it")
needs_vendor = pytest.mark.skipif(
    not VENDOR.is_dir(), reason="api/web/static/vendor is missing; scripts/setup fills it"
)

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""What keeps Chromium from asking the outside for anything, and lets it run as root in a container."""


@contextmanager
def chromium_page(**context: Any) -> Iterator[Page]:
    """A page of a fresh headless Chromium; `context` goes to Playwright: viewport, color_scheme, …"""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium")
    if program is None:
        raise RuntimeError("chromium is missing: run scripts/test, or apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(QUIET))
        try:
            yield browser.new_context(**context).new_page()
        finally:
            browser.close()


@contextmanager
def watched_page(complaints: list[str]) -> Iterator[Page]:
    """A fresh page of a desk's size; what the browser complains of goes to `complaints`: errors, violated policies."""
    from playwright.sync_api import expect

    with chromium_page() as page:
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        page.set_viewport_size({"width": 1280, "height": 800})
        page.on(
            "console",
            lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page


def paint_late(page: Page) -> None:
    """On pages opened from now on, what Preact runs after the paint comes seconds late, as on a busy machine."""
    page.add_init_script("""
        const soon = window.setTimeout;
        window.requestAnimationFrame = (then) => soon(() => then(performance.now()), 3000);
        window.setTimeout = (then, wait, ...rest) => soon(then, wait >= 20 && wait <= 200 ? 3000 : wait, ...rest);
    """)


def until(page: Page, holds: Callable[[], bool]) -> None:
    """Wait for what is not in the document. (`wait_for_function` evaluates text: the policy forbids it.)"""
    for _ in range(PATIENCE // 50):
        if holds():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not come to hold")


def serious(page: Page) -> list[str]:
    """What axe finds that is serious or critical, with where. Axe is evaluated, so the policy stays as it is."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{one['id']}: {[node['target'] for node in one['nodes']]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def too_small(page: Page) -> list[str]:
    """The buttons on show that a finger would miss."""
    boxes = [(button.inner_text(), button.bounding_box()) for button in page.get_by_role("button").all()]
    return [name for name, box in boxes if box and (box["height"] < 44 or box["width"] < 44)]

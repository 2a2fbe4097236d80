"""A real Chromium for the tests of pages: Debian's, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

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

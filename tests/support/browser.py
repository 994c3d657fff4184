"""Headless Chromium for the tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.support.patience import PATIENCE_SECONDS

CHROMIUM = Path("/usr/bin/chromium")
PATIENCE_MS = PATIENCE_SECONDS * 1000


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """Yield a browser; every ``expect`` of the tests in this process is patient from then on."""
    if not CHROMIUM.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is missing; under CI=true that is a failure: apt-get install chromium")
        pytest.skip("Chromium is not installed: apt-get install chromium")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", *flags], timeout=PATIENCE_MS
        )
        try:
            yield browser
        finally:
            browser.close()

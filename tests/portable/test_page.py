"""The page in a real browser, opened from a file: the same verdicts, and not one connection."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from lmscompliance.portable import build_page
from tests.portable.conftest import Judged, Receipts
from tests.support.browser import chromium
from tests.verifier.corpus import as_json

pytestmark = pytest.mark.browser

STARTED = 120_000
"""Milliseconds a busy machine may take to start Python in the browser."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Yield the page at phone width, opened from a file, with every connection attempt remembered."""
    path = tmp_path_factory.mktemp("page") / "核验.html"
    path.write_bytes(build_page())
    with chromium() as browser:
        opened = browser.new_page(viewport={"width": 360, "height": 740})
        opened.set_default_timeout(STARTED)
        asked: list[str] = []
        opened.on("request", lambda request: asked.append(request.url))
        opened.goto(path.as_uri())
        yield opened
        opened.close()
        assert [url for url in asked if not url.startswith(("file:", "blob:null/"))] == []


def _choose(page: Page, bundle: Path, trust: str | None, workbook: Path | None = None) -> None:
    page.set_input_files("#bundle", bundle)
    given = {"name": "log.trust", "mimeType": "text/plain", "buffer": (trust or "").encode()}
    page.set_input_files("#trust", [] if trust is None else given)
    page.set_input_files("#workbook", workbook or [])


def test_a_clerk_reads_the_verdict(page: Page, judged: Judged) -> None:
    """Files chosen, one button pressed: verdict in big words, steps, problems, what is still owed."""
    page.get_by_role("button", name="开始核验").click()
    expect(page.get_by_role("status")).to_contain_text("请先选择证据包文件")
    valid = judged.cases[0]
    _choose(page, valid.bundle, valid.trust)
    page.get_by_role("button", name="开始核验").click()
    expect(page.locator(".verdict")).to_have_text("有效", timeout=STARTED)
    expect(page.locator(".steps > li")).to_have_count(len(judged.reports[0]["steps"]))
    digest = hashlib.sha256(valid.bundle.read_bytes()).hexdigest()
    expect(page.locator("#report")).to_contain_text(digest)
    expect(page.locator("#report")).to_contain_text("核验人还须自行确认")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    cell = next(i for i, one in enumerate(judged.cases) if one.name.startswith("cell 6!O6"))
    _choose(page, judged.cases[cell].bundle, judged.cases[cell].trust)
    page.get_by_role("button", name="开始核验").click()
    expect(page.locator(".verdict")).to_have_text("无效")
    expect(page.locator(".steps .fail").last).to_contain_text("O6")
    _choose(page, valid.bundle, valid.trust)
    foreign = [{"name": f"行程卡{n}.jpg", "mimeType": "image/jpeg", "buffer": b"%d" % n} for n in (1, 2)]
    page.set_input_files("#files", foreign)
    page.get_by_role("button", name="开始核验").click()
    expect(page.locator(".steps .fail").last).to_contain_text("收到 2 个文件")
    expect(page.locator(".steps .fail").last).to_contain_text("行程卡2.jpg")
    page.set_input_files("#files", [])


def test_a_receipt_is_checked_as_well(page: Page, receipts: Receipts) -> None:
    """Dropped where a bundle goes, it ends in a verdict, and what its entry says is shown."""
    page.set_input_files("#bundle", {"name": "r.tlog-proof", "mimeType": "", "buffer": receipts.good})
    given = {"name": "log.trust", "mimeType": "text/plain", "buffer": receipts.trust.encode()}
    page.set_input_files("#trust", given)
    page.set_input_files("#workbook", [])
    page.get_by_role("button", name="开始核验").click()
    expect(page.locator(".verdict")).to_have_text("有效", timeout=STARTED)
    expect(page.locator("#report pre")).to_contain_text(receipts.says)
    page.set_input_files("#bundle", {"name": "r.tlog-proof", "mimeType": "", "buffer": receipts.bad})
    page.get_by_role("button", name="开始核验").click()
    expect(page.locator(".verdict")).to_have_text("无效")


def test_every_case_of_the_corpus(page: Page, judged: Judged) -> None:
    """Each report is the installed verifier's, to the last word."""
    valid = judged.cases[0]
    _choose(page, valid.bundle, valid.trust)
    page.get_by_role("button", name="开始核验").click()  # starts Python, should this test be the first
    expect(page.locator(".verdict")).to_have_text("有效", timeout=STARTED)
    for case, expected in zip(judged.cases, judged.reports, strict=True):
        _choose(page, case.bundle, case.trust, case.workbook)
        got = page.evaluate(
            """async () => {
                const [[bundle], [trust], [workbook], files] = await Promise.all(inputs.map(read));
                return JSON.stringify((await ask({bundle, trust, workbook, files})).report);
            }"""
        )
        assert as_json(json.loads(got)) == as_json(expected), case.name

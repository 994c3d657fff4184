"""The story a newcomer lives through in a browser, as steps that a test or a person can run.

``SCREENSHOTS=DIR`` keeps a picture of every page the story stops at.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Download, Locator, Page, expect

from lmscompliance.questions.service import QuestionValue
from tests.support.browser import PATIENCE_MS

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 800}
PASSWORD = "demo"

HIDE = """hidden => {
    Object.defineProperty(document, 'hidden', {configurable: true, get: () => hidden});
    Object.defineProperty(document, 'visibilityState',
                          {configurable: true, get: () => hidden ? 'hidden' : 'visible'});
    document.dispatchEvent(new Event('visibilitychange'));
}"""


def fits(page: Page) -> bool:
    """Tell whether nothing sticks out sideways."""
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@dataclass
class Visitor:
    """One person at one device."""

    site: str
    login: str
    context: BrowserContext
    page: Page
    errors: list[str] = field(default_factory=list)
    pictures: int = 0

    @classmethod
    def arrives(cls, browser: Browser, site: str, login: str, size: dict[str, int] = PHONE) -> Visitor:
        """Open a browser of their own and sign in at the host."""
        context = browser.new_context(
            viewport=size,
            locale="zh-CN",
            accept_downloads=True,
            is_mobile=size is PHONE,
            has_touch=size is PHONE,
        )
        context.set_default_timeout(PATIENCE_MS)
        visitor = cls(site, login, context, context.new_page())
        context.on("weberror", lambda error: visitor.errors.append(str(error.error)))
        visitor.go("/")
        if login.startswith("trainee"):
            visitor.snap("login")
        visitor.page.get_by_label("账号").fill(login)
        visitor.page.get_by_label("密码").fill(PASSWORD)
        visitor.page.get_by_role("button", name="登录").click()
        visitor.page.wait_for_url(f"{site}/")
        return visitor

    def go(self, path: str) -> None:
        """Open a page by its path."""
        self.page.goto(self.site + path)

    def snap(self, name: str) -> None:
        """Check that the page fits the screen and keep a picture of it, if wanted."""
        self.page.wait_for_load_state()
        assert fits(self.page), f"{name} is wider than the screen"
        if folder := os.environ.get("SCREENSHOTS"):
            self.pictures += 1
            path = Path(folder) / f"{self.login}-{self.pictures:02d}-{name}.png"
            self.page.screenshot(path=path, full_page=True)

    def leaves(self) -> None:
        """Close the browser; nothing may have gone wrong in a script."""
        self.context.close()
        assert self.errors == []


class Trainee(Visitor):
    """Somebody who learns."""

    def activate(self, code: str) -> None:
        """Enter the one-time code, read what is consented to, and agree."""
        self.page.get_by_role("link", name="激活码").click()
        self.page.get_by_label("激活码").fill(code)
        self.snap("consent")
        self.page.get_by_label("我已阅读并同意").check()
        self.page.get_by_role("button", name="同意并激活").click()
        self.page.wait_for_url("**/compliance/**")
        self.snap("activated")

    def open_class(self) -> None:
        """Go to the record of the one class."""
        self.go("/compliance/")
        self.page.get_by_role("link", name="进入学习").click()
        self.page.locator("#needed").wait_for()

    def open_lesson(self, number: int) -> None:
        """Open the lesson's page at the host and begin."""
        self.go("/")
        self.page.locator(".courses a").nth(number - 1).click()
        self.page.locator(".compliance-tracker").wait_for()
        self.page.wait_for_load_state()  # the film may come later in the page
        if self.page.locator("video").count():
            self.page.eval_on_selector("video", "video => { video.muted = true; return video.play(); }")
        expect(self.page.locator('[data-part="state"]')).to_have_text("计时中")

    def finish_lesson(self, seconds: int) -> None:
        """Wait until the tracker says that the lesson is done."""
        expect(self.page.locator('[data-part="state"]')).to_have_text(
            "本课已学满", timeout=seconds * 1000 + 3 * PATIENCE_MS
        )

    def look_away(self, milliseconds: int) -> None:
        """Leave the page for another app and come back."""
        self.page.evaluate(HIDE, arg=True)
        self.page.wait_for_timeout(milliseconds)
        self.page.evaluate(HIDE, arg=False)

    def open_exam(self) -> None:
        """Go to the exam's page by its link, or by its address where there is none."""
        self.open_class()
        self.page.goto(self.page.url.rstrip("/") + "/exam")

    def sit(self, right: Mapping[str, QuestionValue], *, well: bool, name: str) -> None:
        """Start an attempt, answer every question, and hand it in."""
        self.open_exam()
        self.page.get_by_role("button", name="开始考试").click()
        self.page.locator("[data-exam-paper]").wait_for()
        self.snap(f"paper-{name}")
        for number in range(self.page.locator("fieldset.question").count()):
            question = self.page.locator("fieldset.question").nth(number)
            self._answer(question, right, well=well)
        self.page.locator("[data-status]", has_text="已保存").wait_for()
        self.page.get_by_role("button", name="交卷").click()
        self.snap(f"confirm-{name}")
        self.page.get_by_role("button", name="确认交卷").click()
        self.page.locator(".exam-score").wait_for()
        self.snap(f"result-{name}")

    def ask_for_an_attempt(self) -> dict[str, Any]:
        """Ask the interface itself for an attempt and return what it says, with the status."""
        return self.page.evaluate(
            """async () => {
                const gate = document.querySelector("[data-exam-gate]").dataset;
                const token = document.querySelector("meta[name=compliance-csrf]").content;
                const headers = {"Content-Type": "application/json", "X-Compliance-CSRF": token};
                const answer = await fetch(gate.start, {method: "POST", headers, body: "{}"});
                return Object.assign(await answer.json(), {status: answer.status});
            }"""
        )

    def _answer(self, question: Locator, right: Mapping[str, QuestionValue], *, well: bool) -> None:
        kind = question.get_attribute("data-kind")
        stem = question.locator(".stem").inner_text()
        inputs = question.locator("input")
        known = right[stem]
        if kind == "true_false":
            inputs.nth(0 if known.key[0] is well else 1).check()
        elif kind in {"single", "multiple"}:
            shown = [
                re.sub(r"^[A-Z]\. ", "", text) for text in question.locator("label.choice").all_inner_texts()
            ]
            wanted = [shown.index(known.options[index]) for index in known.key]
            if not well:
                wanted = [next(place for place in range(len(shown)) if place not in wanted)]
            for place in wanted:
                inputs.nth(place).check()
        else:
            answer = known.key[0]
            right_text = answer if isinstance(answer, str) else answer[0]
            inputs.first.fill(right_text if well else "不清楚")


class Staff(Visitor):
    """Somebody of the enterprise or the bureau."""

    def open_classes(self) -> None:
        """Go from the host's page to the list of classes."""
        self.page.get_by_role("link", name="培训班").click()
        self.page.wait_for_url("**/compliance/classes")

    def open_ledger(self, title: str) -> None:
        """Open a class of the list and its ledger page."""
        self.page.get_by_role("link", name=re.compile(title)).first.click()
        self.page.wait_for_url("**/overview")
        self.snap("overview")
        self.page.get_by_role("link", name="学习台账").click()
        self.page.wait_for_url("**/ledger")
        self.snap("ledger")

    def create_ledger(self) -> None:
        """Ask for a ledger and wait until the page offers it."""
        self.page.get_by_role("button", name="生成台账").click()
        self.page.get_by_role("button", name="证据包").first.wait_for(timeout=200_000)

    def download(self, label: str, folder: Path) -> Path:
        """Click one of the newest ledger's downloads, say what for, and return the file under its name."""
        self.page.get_by_label("用途").first.fill("报送主管部门")
        with self.page.expect_download() as waiting:
            self.page.locator("button, a.button").filter(has_text=label).first.click()
        done: Download = waiting.value
        target = folder / done.suggested_filename
        done.save_as(target)
        return target


__all__ = ["DESK", "PHONE", "Staff", "Trainee", "Visitor", "fits"]

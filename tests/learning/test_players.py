"""The players in a real browser at phone width: films that stall, texts, PDFs and simulations."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from time import monotonic

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from lmscompliance.content import service as content
from lmscompliance.kernel.actor import Role
from lmscompliance.rules.facts import SessionFact
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from tests.learning.site import STATE, Site, play
from tests.support.browser import PATIENCE_MS
from tests.support.patience import PATIENCE_SECONDS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
MESSAGE = '[data-part="message"]'
AWAY = "长时间没有操作"
READ_ON = "这一部分已读够"


def _freeze(site: Site, path: Path, lesson: int = 0) -> content.Frozen:
    with reading(site.school.services.database) as session:
        code = queries.class_by_id(session, site.school.class_id).code
    return content.freeze_file(site.school.services, code, lesson + 1, path)


def _visit(site: Site, *, storage: dict[str, object] | None = None) -> Page:
    who = {"account": "trainee-1", "role": Role.TRAINEE.value, "enterprise": None, "districts": []}
    context = site.browser.new_context(
        viewport={"width": 360, "height": 740},
        extra_http_headers={"X-Test-Actor": json.dumps(who | {"locale": "zh_CN"})},
    )
    for key, value in (storage or {}).items():
        text = json.dumps(json.dumps(value))
        context.add_init_script(f"sessionStorage.getItem({key!r}) || sessionStorage.setItem({key!r}, {text})")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.clock.install()
    page.goto(f"{site.address}/compliance/lessons/{site.school.class_id}/{site.school.lessons[0]}")
    return page


def _states(facts: list[SessionFact]) -> list[str]:
    return [beat.state for fact in facts for segment in fact.segments for beat in segment.beats]


def _shot(page: Page, name: str) -> None:
    # For a person to look at: PLAYER_SHOTS names a directory.
    if folder := os.environ.get("PLAYER_SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def _leave(page: Page) -> None:
    """Let the reader's idle time pass; a late scroll event of the page's own may take one more go."""
    until = monotonic() + PATIENCE_SECONDS
    while AWAY not in page.locator(STATE).inner_text():
        assert monotonic() < until
        page.clock.fast_forward(181_000)
        page.wait_for_timeout(300)


def _never(_route: object) -> None:
    """Leave a request without an answer."""


def _text(folder: Path) -> Path:
    path = folder / "安全须知.html"
    body = "".join(
        f"<h2>第{n}节</h2>" + "<p>操作前先断电，挂牌上锁，确认无电后方可作业。</p>" * 12 for n in range(1, 9)
    )
    path.write_text(
        f"<!doctype html><meta charset=utf-8><script>top.document.title='x'</script>{body}", encoding="utf-8"
    )
    return path


def test_a_reader_who_touches_nothing_is_paused_until_the_text_is_scrolled(
    site: Site, tmp_path: Path
) -> None:
    """After the policy's time without any input the page and the server say paused; scrolling goes on."""
    _freeze(site, _text(tmp_path))
    page = _visit(site)
    expect(page.locator(STATE)).to_have_text("计时中")
    site.wait(bool)
    _leave(page)
    site.wait(lambda facts: _states(facts)[-1] == "paused")
    _shot(page, "text-away")
    page.frame_locator("iframe").locator("h2").nth(3).scroll_into_view_if_needed()
    expect(page.locator(STATE)).to_have_text("计时中")
    site.wait(lambda facts: _states(facts)[-1] == "playing")
    assert page.title() != "x"
    _shot(page, "text")


def test_a_text_is_read_on_and_not_left_at_its_first_screen(site: Site, tmp_path: Path) -> None:
    """The part in view has its time; what lies below still counts."""
    _freeze(site, _text(tmp_path))
    read = {"compliance-read:" + site.school.lessons[0]: [10**9] * 6 + [0] * 14}
    page = _visit(site, storage=read)
    expect(page.locator(STATE)).to_contain_text(READ_ON)
    _shot(page, "text-read-on")
    page.frame_locator("iframe").locator("h2").nth(6).scroll_into_view_if_needed()
    expect(page.locator(STATE)).to_have_text("计时中")


def test_a_pdf_is_shown_page_by_page(site: Site, tmp_path: Path) -> None:
    """Its pages are pictures that any phone shows; time runs while they are read."""
    sheets = [Image.new("RGB", (620, 877), "white") for _ in range(3)]
    for number, sheet in enumerate(sheets, 1):
        ImageDraw.Draw(sheet).text((80, 80), f"PAGE {number}", fill="black", font_size=60)
    path = tmp_path / "手册.pdf"
    sheets[0].save(path, save_all=True, append_images=sheets[1:])
    _freeze(site, path)
    page = _visit(site)
    expect(page.locator(".lesson-pages img")).to_have_count(3)
    page.wait_for_function("() => document.querySelector('.lesson-pages img').naturalWidth === 1240")
    expect(page.locator(STATE)).to_have_text("计时中")
    _shot(page, "pdf")
    page.locator("figcaption").nth(2).scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelectorAll('.lesson-pages img')[2].naturalWidth === 1240")
    _leave(page)
    site.wait(lambda facts: bool(facts) and _states(facts)[-1] == "paused")


SIMULATION = """<!doctype html><meta charset=utf-8><button id=off>断电</button><button id=tag>挂牌</button>
<p id=reach></p><script>
const tell = (name, detail) => parent.postMessage({lmscompliance: "simulation.event", name, detail}, "*");
off.onclick = () => tell("power_off", {phase: 3});
tag.onclick = () => tell("tag out!", "not a name");
try { reach.textContent = parent.document.title + document.cookie; }
catch (error) { reach.textContent = "none"; }
</script>"""


def test_a_simulations_steps_are_kept_with_the_session(site: Site, tmp_path: Path) -> None:
    """A frame's message and the page's own call both count once; its scripts reach nothing of ours."""
    path = tmp_path / "断电.zip"
    steps = [{"name": "power_off", "title": "断开电源"}, {"name": "lock", "title": "上锁"}]
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("index.html", SIMULATION)
        package.writestr("simulation.json", json.dumps({"steps": steps}))
    _freeze(site, path)
    page = _visit(site)
    expect(page.locator(STATE)).to_have_text("计时中")
    expect(page.locator('[data-part="steps"]')).to_have_text("0")
    frame = page.frame_locator("iframe")
    expect(frame.locator("#reach")).to_have_text("none")
    frame.locator("#off").click()
    expect(page.locator('[data-part="steps"]')).to_have_text("1")
    frame.locator("#tag").click()  # refused as malformed, and never in the way of the next
    page.evaluate("lmscompliance.simulation.event('lock')")
    page.clock.run_for(4000)
    expect(page.locator('[data-part="steps"]')).to_have_text("2")
    _shot(page, "simulation")
    kept = [leaf for leaf in site.school.leaves() if leaf.t == "session.steps"]
    assert [leaf.body["steps"] for leaf in kept] == [["power_off"], ["lock"]]
    assert set(kept[0].d) == {"detail001"}
    page.reload()
    expect(page.locator('[data-part="steps"]')).to_have_text("2")
    _leave(page)


def test_a_film_without_data_does_not_count(site: Site) -> None:
    """While it waits for data it is buffering, and no session opens; a speed too high is set back."""
    page = _visit(site)
    page.route("**/media/*", _never)
    page.evaluate("video = document.querySelector('video'); video.src = '/media/slow.mp4'; null")
    page.evaluate("video.muted = true; video.play(); null")
    expect(page.locator(STATE)).to_contain_text("缓冲中")
    assert site.school.facts() == []
    page.unroute("**/media/*")
    page.evaluate("video.src = '/media/clip.mp4'")
    play(page)
    page.evaluate("video.playbackRate = 4")
    page.wait_for_function("() => video.playbackRate === 1")
    expect(page.locator(MESSAGE)).to_contain_text("倍速")
    _shot(page, "video-slowed")


def test_a_browser_that_does_not_play_by_itself_asks_for_a_touch(site: Site) -> None:
    """Taking over from another device starts the film; refused by the browser, the page says what to do."""
    play(site.visit())
    page = _visit(site)
    page.eval_on_selector("video", "video => { video.muted = true; return video.play(); }")
    expect(page.locator('[data-part="takeover"]')).to_be_visible()
    page.evaluate(
        "HTMLMediaElement.prototype.play = () => Promise.reject(new DOMException('', 'NotAllowedError')); 1"
    )
    page.locator('[data-part="takeover"]').click()
    expect(page.locator(MESSAGE)).to_contain_text("请点播放键")

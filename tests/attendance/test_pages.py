"""The pages of offline lessons in a browser and on a scanner, and what they answer to a host's users."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from PIL import Image
from playwright.sync_api import Browser, Page, Route

from tests.attendance.classroom import FIRST, HOURS
from tests.support.app import client_for, inspector, make_app, trainee
from tests.support.browser import PATIENCE_MS, chromium
from tests.training.school import leaves

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

ORIGIN = "https://learn.example.com"


@pytest.fixture
def app(room):
    """Return a host around the classroom."""
    return make_app(room.services)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Yield a browser; it and the scanner must be there under CI."""
    if shutil.which("zbarimg") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("zbarimg is missing: apt-get install zbar-tools")
        pytest.skip("zbarimg is not installed: apt-get install zbar-tools")
    with chromium() as opened:
        yield opened


def _phone(browser: Browser, client: FlaskClient) -> Page:
    """Return a page of 360 px whose requests the host answers directly: no port, and the test's clock."""
    page = browser.new_page(viewport={"width": 360, "height": 740}, device_scale_factor=2)
    page.set_default_timeout(PATIENCE_MS)

    def answer(route: Route) -> None:
        request = route.request
        parts = urlsplit(request.url)
        kind = request.headers.get("content-type", "")
        response = client.open(
            f"{parts.path}?{parts.query}",
            method=request.method,
            data=request.post_data_buffer,
            content_type=kind,
        )
        headers = {name: value for name, value in response.headers.items() if name.lower() != "location"}
        if location := response.headers.get("Location"):
            headers["location"] = location
        body = response.get_data()
        response.close()
        route.fulfill(status=response.status_code, headers=headers, body=body)

    page.route("**/*", answer)
    return page


def _scan(page: Page, folder: Path) -> str:
    """Return what a scanner reads off the screen."""
    page.wait_for_function("() => document.querySelector('[data-code] img').naturalWidth > 0")
    picture = folder / "screen.png"
    page.screenshot(path=str(picture), full_page=True)
    found = subprocess.run(
        ["zbarimg", "--quiet", "--raw", str(picture)], capture_output=True, text=True, check=True
    )
    return found.stdout.strip()


def _scanned(printed: Path) -> Image.Image:
    """Return the first page as a simple scanner sees it."""
    subprocess.run(
        ["pdftoppm", "-r", "170", "-png", "-singlefile", printed, printed.with_suffix("")], check=True
    )
    with Image.open(printed.with_suffix(".png")) as page:
        return page.convert("L")


def _ruled_to_the_right(scan: Image.Image) -> bool:
    """Tell whether the table's last line is on the paper: a dark column beside the heading's rows."""
    width, height = scan.size
    band = scan.crop((width * 9 // 10, height // 5, width, height // 4))
    return any(all(band.getpixel((x, y)) < 128 for y in range(band.height)) for x in range(band.width))


def _fits(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def _text(page):
    body = page.text[page.text.index("<main") :]
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def _url(room, lesson, rest):
    return f"/compliance/classes/{room.class_id}/lessons/{room.school.lessons[lesson]}/{rest}"


@pytest.mark.browser
@pytest.mark.judge
def test_a_trainee_scans_the_teachers_screen(app, room, browser, tmp_path):
    """The picture on the real page holds the address by which the page was reached, and signs in."""
    room.clock.set(FIRST)
    screen = _phone(browser, client_for(app, room.teacher.actor))
    screen.goto(ORIGIN + _url(room, 1, "attendance/screen?purpose=in"))
    screen.wait_for_function("() => document.querySelector('[data-code] img').src.includes('origin=')")
    screen.wait_for_load_state("networkidle")
    read = _scan(screen, tmp_path)
    assert read.startswith(f"{ORIGIN}/compliance/sign?c=")
    assert _fits(screen)
    phone = _phone(browser, client_for(app, trainee()))
    phone.goto(read)
    phone.get_by_role("button", name="确认签到").click()
    phone.get_by_text("张三 已于 2021-02-08 09:00:00 签到").wait_for()
    assert _fits(phone)
    screen.close()
    phone.close()


@pytest.mark.browser
@pytest.mark.judge
def test_the_teacher_scans_a_trainees_phone(app, room, browser, tmp_path):
    """A worker without a scanner shows a code of their own."""
    room.clock.set(FIRST)
    phone = _phone(browser, client_for(app, trainee("trainee-2")))
    phone.goto(ORIGIN + _url(room, 1, "attend"))
    phone.wait_for_load_state("networkidle")
    read = _scan(phone, tmp_path)
    assert _fits(phone)
    teacher = _phone(browser, client_for(app, room.teacher.actor))
    teacher.goto(read)
    teacher.get_by_role("button", name="确认签到").click()
    teacher.get_by_text("李四四 已于").wait_for()
    teacher.get_by_role("link", name="考勤表").click()
    teacher.get_by_text("李四四").first.wait_for()
    assert _fits(teacher)
    phone.close()
    teacher.close()


def test_an_expired_code_is_explained_on_the_page(app, room):
    """The phone shows why and what to do; nobody is signed in."""
    room.clock.set(FIRST)
    token = room.code()
    room.clock.advance(3600)
    page = client_for(app, trainee()).get(f"/compliance/sign?c={token}")
    assert page.status_code == 410
    assert "请重新扫描正在显示的二维码" in _text(page)


def test_the_teacher_enters_corrects_and_confirms(app, room):
    """A form for the whole list; a mistake shows it again, filled in, with what is wrong."""
    room.clock.set(FIRST - timedelta(hours=1))
    teacher = client_for(app, room.teacher.actor)
    someone = room.school.trainees["trainee-2"]
    assert "上课后才能登记考勤" in _text(teacher.get(_url(room, 1, "attendance")))
    room.clock.set(FIRST + HOURS)
    refused = teacher.post(_url(room, 1, "attendance"), data={f"mark-{someone}": "late"})
    assert refused.status_code == 422
    assert "须填写到课时间" in _text(refused)
    saved = teacher.post(
        _url(room, 1, "attendance"), data={f"mark-{someone}": "late", f"in-{someone}": "09:30"}
    )
    assert saved.status_code == 303
    assert teacher.post(_url(room, 1, "attendance/confirm")).status_code == 303
    words = _text(teacher.get(_url(room, 1, "attendance")))
    assert "teacher-wang 已于 2021-02-08 12:00:00 确认本课考勤" in words
    assert "迟到 ¢" in words
    assert words.count("不到 ○") >= 2


@pytest.mark.browser
@pytest.mark.judge
def test_a_sheet_is_printed_scanned_back_and_entered(app, room, browser, tmp_path):
    """The paper's code says what it was printed for; its scan is kept by digest and named by the entries."""
    room.clock.set(FIRST + HOURS)
    teacher = client_for(app, room.teacher.actor)
    location = teacher.post(_url(room, 1, "attendance/sheets")).location
    page = _phone(browser, teacher)
    page.goto(ORIGIN + location)
    page.pdf(path=str(tmp_path / "sheet.pdf"), prefer_css_page_size=True)
    page.close()
    scan = _scanned(tmp_path / "sheet.pdf")
    assert _ruled_to_the_right(scan)
    scan.rotate(2, expand=True, fillcolor=230).save(tmp_path / "scan.png")
    said = subprocess.run(
        ["zbarimg", "--quiet", "--raw", str(tmp_path / "scan.png")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert said.startswith(
        f"LMSC-SHEET:1:{room.class_id}:{room.school.lessons[1]}:1:{location.rpartition('/')[2]}:"
    )
    refused = teacher.post(f"{location}/scans", data={"scan": (io.BytesIO(b"MZ"), "x.png")})
    assert refused.status_code == 422
    sent = {"scan": (io.BytesIO((tmp_path / "scan.png").read_bytes()), "scan.png")}
    assert teacher.post(f"{location}/scans", data=sent).status_code == 303
    (link,) = re.findall(r'href="([^"]+/scans/[0-9a-f]{64})"', teacher.get(location).text)
    assert teacher.get(link).mimetype == "image/png"
    someone, sheet = room.school.trainees["trainee-1"], location.rpartition("/")[2]
    form = {f"mark-{someone}": "present", "sheet": sheet}
    assert teacher.post(_url(room, 1, "attendance"), data=form).status_code == 303
    found = {type_: leaf["body"] for _, type_, leaf in leaves(room.services, room.class_id)}
    assert found["attendance.marked"]["sheet"] == found["attendance.scanned"]["sheet"] == sheet
    assert found["attendance.printed"]["people"] == 3


def test_W32_an_inspector_sees_the_list_and_enters_nothing(app, room):
    """No forms for those who only look."""
    room.clock.set(FIRST + HOURS)
    page = client_for(app, inspector("城厢镇")).get(_url(room, 1, "attendance"))
    assert page.status_code == 200
    assert "<select" not in page.text


def test_the_blended_meter_stands_on_both_class_pages(app, room):
    """Planned and completed hours, online and offline, with the clause."""
    mine = _text(client_for(app, trainee()).get(f"/compliance/classes/{room.class_id}"))
    assert "线上 14，线下 21，线上占 40.0%" in mine
    assert "不高于 40%" in mine
    staff = _text(client_for(app, room.teacher.actor).get(f"/compliance/classes/{room.class_id}/overview"))
    assert "线上 14，线下 21，线上占 40.0%" in staff
    assert "考勤待确认" in staff


def test_the_lesson_page_of_an_offline_lesson_leads_to_its_attendance(app, room):
    """Old links and lists do not end at an empty player."""
    answer = client_for(app, trainee()).get(f"/compliance/lessons/{room.class_id}/{room.school.lessons[1]}")
    assert answer.location == _url(room, 1, "attend")

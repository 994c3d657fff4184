"""Photos at random moments of an attempt: drawn by the server, asked with consent, hints and no verdict."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from lmscompliance import evidence
from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.exams import proctoring
from lmscompliance.exams.models import ExamPhoto
from lmscompliance.files import service as files
from lmscompliance.identity.models import Look
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Conflict, InvalidInput
from lmscompliance.learning.presence import grants
from lmscompliance.learning.presence.face import FaceCheck
from lmscompliance.ledgers.service import export
from lmscompliance.persons import own_data
from lmscompliance.rules.ledger_body import BadFact
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.supervision import jobs, photos
from lmscompliance.supervision.models import Anomaly
from lmscompliance.verifier import Verdict, verify
from tests.completion.classroom import open_classroom, publish_exam
from tests.exams.browser import ACTOR, begin
from tests.exams.hall import STATED, Hall, open_hall, with_terms
from tests.files.samples import located, picture
from tests.support.app import ACTOR_HEADER, client_for, inspector, make_app, trainee
from tests.support.browser import PATIENCE_MS, chromium

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def hall(services: Services, tmp_path: Path) -> Hall:
    """Return a hall under a notice that asks for at most three photos, ten to thirty minutes apart."""
    told = with_terms(
        services,
        tmp_path / "policies",
        **{"proctor.photos": 3, "proctor.min_interval_seconds": 600, "proctor.max_interval_seconds": 1800},
    )
    return open_hall(told, tmp_path / "bank", notice=STATED)


def _agree(hall: Hall, *, given: bool = True) -> None:
    proctoring.agree(hall.services, hall.class_id, hall.enrolment(), given=given)


def _rows(hall: Hall, attempt: str) -> list[ExamPhoto]:
    with reading(hall.services.database) as session:
        return list(proctoring.photos_of(session, hall.class_id, [attempt]))


def _ask(hall: Hall, attempt: str, place: int = 0) -> proctoring.Ask:
    hall.clock.set(_rows(hall, attempt)[place].due_at)
    found = proctoring.asked(hall.services, attempt)
    assert found is not None
    return found


def test_moments_are_drawn_within_the_notice_and_stand_in_evidence(hall: Hall) -> None:
    """They lie the notice's intervals apart, before the deadline, and in a disclosure of the opening."""
    _agree(hall)
    attempt = hall.start()
    rows = _rows(hall, attempt)
    moments = [hall.clock.now(), *(one.due_at for one in rows)]
    gaps = [after - before for before, after in pairwise(moments)]
    assert 1 <= len(rows) <= 3
    assert all(timedelta(seconds=600) <= one <= timedelta(seconds=1800) for one in gaps)
    opened = next(leaf for leaf in hall.told() if leaf.t == "attempt.opened")
    assert "photos" in opened.d
    assert str(to_micros(rows[0].due_at)) not in str(opened.body)
    assert proctoring.asked(hall.services, attempt) is None
    held = json.dumps(own_data.collect(hall.services, trainee(), "zh_CN"), ensure_ascii=False)
    assert attempt in held
    assert str(to_micros(rows[0].due_at)) not in held


def test_without_consent_nothing_is_asked_and_the_exam_is_sat_all_the_same(hall: Hall) -> None:
    """Refusing, or taking it back during an attempt, ends the asking and touches nothing else."""
    attempt = hall.start()
    assert _rows(hall, attempt) == []
    hall.submit(attempt, 1)
    _agree(hall)
    attempt = hall.start()
    _agree(hall, given=False)
    hall.clock.set(_rows(hall, attempt)[0].due_at)
    assert proctoring.asked(hall.services, attempt) is None
    _agree(hall)
    assert proctoring.asked(hall.services, attempt) is not None
    _agree(hall, given=False)
    with pytest.raises(Conflict, match="photo_not_asked"):
        proctoring.answer(hall.services, attempt, 1, picture())
    assert hall.submit(attempt, 1, hall.right(attempt)).passed


def test_a_photo_is_cleaned_kept_and_recorded_once(hall: Hall) -> None:
    """The leaf holds its digest; what is no picture, comes twice, unasked or late is refused."""
    _agree(hall)
    attempt = hall.start()
    with pytest.raises(Conflict, match="photo_not_asked"):
        proctoring.answer(hall.services, attempt, 1, picture())
    ask = _ask(hall, attempt)
    assert (ask.n, ask.seconds_left) == (1, 90)
    with pytest.raises(InvalidInput):
        proctoring.answer(hall.services, attempt, 1, b"no picture")
    assert proctoring.answer(hall.services, attempt, 1, located()) == "taken"
    with pytest.raises(Conflict, match="photo_not_asked"):
        proctoring.answer(hall.services, attempt, 1, picture())
    leaf = next(leaf for leaf in hall.told() if leaf.t == "attempt.photo")
    row = _rows(hall, attempt)[0]
    assert (leaf.body["sha256"], leaf.body["outcome"], leaf.body["compared"]) == (row.sha256, "taken", "")
    with reading(hall.services.database) as session:
        kept = files.read(session, hall.services, row.sha256 or "")
    assert not Image.open(io.BytesIO(kept.data)).getexif()


def test_the_verifier_holds_photos_against_the_drawn_moments(services: Services, tmp_path: Path) -> None:
    """A photo as it was drawn leaves nothing to say; with one more that nobody drew there is no ledger."""
    told = with_terms(
        services,
        tmp_path / "policies",
        "demo-short",
        requires_training=False,
        **{"proctor.photos": 1, "proctor.min_interval_seconds": 60, "proctor.max_interval_seconds": 90},
    )
    room = open_classroom(told, tmp_path, people=2, notice=STATED)
    publish_exam(room, tmp_path)
    hall = room.hall
    hall.unlock("trainee-1")
    _agree(hall)
    attempt = hall.start("trainee-1")
    _ask(hall, attempt)
    proctoring.answer(told, attempt, 1, picture())
    hall.submit(attempt, 1, hall.right(attempt), "trainee-1")
    hall.clock.advance(60)
    signer = LocalSigner.load_or_create(tmp_path / "signer", "example.com/log")
    trust = f"log {signer.vkey}\nquorum none\n"
    report = verify(export(told, signer, room.class_id, tmp_path / "out").bundle, trust)
    assert report.verdict is Verdict.VALID, "\n".join(report.lines("en"))
    (photo,) = [leaf for leaf in hall.told() if leaf.t == "attempt.photo"]
    with transaction(told.database) as session:
        evidence.record(
            session,
            told,
            class_id=room.class_id,
            stream=evidence.enrolment_stream(hall.enrolment()),
            type="attempt.photo",
            at=hall.clock.now(),
            body={**photo.body, "n": 2},
        )
    with pytest.raises(BadFact, match="photo 2 was not drawn"):
        export(told, signer, room.class_id, tmp_path / "forged")


def test_missing_ones_are_a_line_of_the_worklist_and_no_verdict(hall: Hall) -> None:
    """A photo that is said to be impossible, and one whose time passes, are told to people; marks stay."""
    _agree(hall)
    attempt = hall.start()
    _ask(hall, attempt)
    assert proctoring.answer(hall.services, attempt, 1, None) == "unavailable"
    hall.clock.advance(1)
    assert hall.submit(attempt, 1, hall.right(attempt)).passed
    jobs.watch(hall.services)
    jobs.watch(hall.services)
    with reading(hall.services.database) as session:
        found = session.query(Anomaly).where(Anomaly.kind == "exam_photos").one()
    assert json.loads(found.detail)["facts"] == {
        "asked": 1,
        "taken": 0,
        "unavailable": 1,
        "missed": 0,
        "differs": 0,
    }
    shown = client_for(make_app(hall.services), inspector("*")).get("/compliance/anomalies")
    assert "考试照片待核" in shown.text


class _Comparer:
    def __init__(self, answer: object) -> None:
        self.answer = answer

    def same_person(self, enrolment_id: str, photo: bytes) -> bool:
        if isinstance(self.answer, Exception):
            raise self.answer
        return bool(self.answer)


@pytest.mark.parametrize(
    ("answer", "agreed", "verdict"),
    [(True, True, "same"), (False, True, "differs"), (OSError(), True, "unknown"), (True, False, "")],
)
def test_a_plugged_in_comparison_is_asked_with_a_consent_of_its_own(
    hall: Hall,
    answer: object,
    agreed: bool,  # noqa: FBT001  # a case of the table above
    verdict: str,
) -> None:
    """What it says stands beside the photo; a difference is marked on the worklist, an error is not."""
    face = FaceCheck(_Comparer(answer), consent="1", consent_text="同意人脸比对")
    hall.services.presence["face"] = face  # type: ignore[index]  # the hall's own dictionary
    _agree(hall)
    if agreed:
        grants.consent(hall.services, trainee(), hall.class_id, "face", agree=True)
    attempt = hall.start()
    _ask(hall, attempt)
    proctoring.answer(hall.services, attempt, 1, picture())
    assert _rows(hall, attempt)[0].verdict == verdict
    hall.clock.advance(1)
    hall.submit(attempt, 1)
    assert photos.scan(hall.services) == (verdict == "differs")


def test_only_supervisors_see_a_photo_and_each_look_is_kept(hall: Hall) -> None:
    """The look is a row and a leaf, and a page of staff lists what came of each moment."""
    _agree(hall)
    attempt = hall.start()
    _ask(hall, attempt)
    proctoring.answer(hall.services, attempt, 1, picture())
    app, person = make_app(hall.services), f"classes/{hall.class_id}/trainees/{hall.enrolment()}"
    client = client_for(app, inspector("*"))
    assert "查看照片" in client.get(f"/compliance/{person}/exam").text
    answer = client.get(f"/compliance/{person}/attempts/{attempt}/photos/1")
    assert answer.mimetype.startswith("image/")
    with reading(hall.services.database) as session:
        look = session.query(Look).one()
    assert (look.what, look.reason, look.enrolment_id) == ("photo", "exam", hall.enrolment())
    assert [leaf.t for leaf in hall.leaves(f"class/{hall.class_id}")][-1] == "details.revealed"


@pytest.mark.browser
def test_the_page_asks_shows_the_camera_and_sends_a_photo(hall: Hall, site: str) -> None:
    """With Chromium's fake camera: agree, be asked at the moment, take it, and go on; then without one."""
    with chromium("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream") as browser:
        context = browser.new_context(
            viewport={"width": 360, "height": 740}, extra_http_headers={ACTOR_HEADER: json.dumps(ACTOR)}
        )
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.goto(site)
        page.get_by_role("button", name="我同意").click()
        expect(page.get_by_text("您已同意")).to_be_visible()
        page = begin(context, site)
        attempt = page.url.rsplit("/", 1)[1]
        assert not page.locator("[data-proctor]").is_visible()
        hall.clock.set(_rows(hall, attempt)[0].due_at)
        page.reload()
        expect(page.get_by_role("button", name="拍照上传")).to_be_enabled()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.get_by_role("button", name="拍照上传").click()
        expect(page.locator("[data-proctor]")).to_be_hidden()
        first = _rows(hall, attempt)[0]
        assert (first.outcome, bool(first.sha256)) == ("taken", True)
        if len(_rows(hall, attempt)) > 1:
            hall.clock.set(_rows(hall, attempt)[1].due_at)
            page.reload()
            page.get_by_role("button", name="没有摄像头或拍不了").click()
            expect(page.locator("[data-proctor]")).to_be_hidden()
            assert _rows(hall, attempt)[1].outcome == "unavailable"

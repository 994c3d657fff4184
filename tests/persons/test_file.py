"""One person's file has every kind of record that any room keeps about an enrolment, and says it in words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lmscompliance.attendance.marking import BY_PLACE, REASON_PLACE
from lmscompliance.attendance.models import MarkEntry, Sign
from lmscompliance.completion import service as completion
from lmscompliance.completion.disputes import TEXT_PLACE
from lmscompliance.completion.models import Dispute
from lmscompliance.documents.font import BUILT_IN
from lmscompliance.filing.models import NoticeReceipt, TrainingNotice
from lmscompliance.learning.corrections import REASON_PLACE as WHY_PLACE
from lmscompliance.learning.models import CreditCorrection
from lmscompliance.learning.presence.models import PresenceCheck
from lmscompliance.persons import own_data, paper
from lmscompliance.records.models import ReportedSession
from lmscompliance.services import Services
from lmscompliance.storage.base import Base
from lmscompliance.storage.models import load_all
from lmscompliance.storage.transaction import transaction
from lmscompliance.training.models import Accommodation, IdentityNote, MergeNote
from tests.completion.classroom import Classroom, open_classroom
from tests.support.app import administrator, client_for, make_app
from tests.support.poppler import words_of

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

WHERE = {
    "accommodation": "presence_accommodation",
    "anomalies": "anomaly",
    "certificates": "certificate",
    "consents": "consent",
    "correction_requests": "correction_request",
    "disputes": "dispute",
    "exam_photos": "exam_photo",
    "files": "proof",
    "identity_notes": "identity_note merge_note",
    "looks": "look",
    "marks": "attendance_mark",
    "notices_read": "notice_receipt",
    "person": "enrolment",
    "presence_checks": "presence_check",
    "quizzes": "taken_quiz",
    "reported": "reported_session",
    "sessions": "open_session session segment",
    "signs": "attendance_sign",
    "subsidy": "claim_fact claim_line claim_payment",
    "time_corrections": "credit_correction",
    "verdict": "completion exam_attempt exam_sheet exam_unlock exam_lock",
    "verifications": "verification",
}
"""Which part of the file tells of which tables; ``compliance_`` is left off."""
ELSEWHERE = {
    "activation_code": "a digest of a code that was used or has run out",
    "presence_watch": "when the next check comes, which nobody may know",
    "reported_row": "a row of a foreign log; what came of it is in 'reported'",
    "session_step": "stands whole among the evidence",
    "retention_hold": "an order about the class's records, for those who keep them",
    "seen_at": "what 'anomalies' was found by",
    "study_day": "what 'anomalies' was found by",
    "watched": "how far the watching is",
}


def test_every_table_about_an_enrolment_is_told_of_or_left_out_for_a_reason(services: Services) -> None:
    """A room that begins to record something about people has to put it into their file."""
    load_all()
    told = {f"compliance_{name}" for names in WHERE.values() for name in names.split()}
    left = {f"compliance_{name}" for name in ELSEWHERE}
    kept = {name for name, table in Base.metadata.tables.items() if "enrolment_id" in table.columns}
    assert sorted(kept - told - left) == []
    assert (told | left) - kept <= {"compliance_enrolment"}


def _everything(room: Classroom) -> None:
    services, class_id, enrolment = room.services, room.class_id, room.enrolment()
    now, seal = services.clock.now(), services.vault.seal
    until = now + timedelta(seconds=20)
    here = {"class_id": class_id, "enrolment_id": enrolment}
    session_id, lesson = services.ids.new(), room.school.lessons[0]
    stretch = {"session_id": session_id, "start_at": now, "end_at": until}
    with transaction(services.database) as session:
        session.add_all([
            IdentityNote(**here, n=9, kind="suspected", at=now),
            MergeNote(**here, n=9, kind="merged", merge_id="m", stretches="[]", at=until),
            Sign(**here, id=services.ids.new(), lesson_id=lesson, purpose="in", method="screen", at=now),
            MarkEntry(
                **here, id=services.ids.new(), lesson_id=lesson, mark="late", in_at=now, out_at=None,
                marked_at=now, by_sealed=seal(BY_PLACE, "teacher-1"), reason_sealed=seal(REASON_PLACE, ""),
            ),
            Dispute(
                **here, **stretch, dispute_id=services.ids.new(), reason="idle_gap",
                text_sealed=seal(TEXT_PLACE, "当时停电"), opened_at=now,
            ),
            CreditCorrection(
                **here, **stretch, correction_id=services.ids.new(), effect="restore", corrected_at=now,
                by_account="admin-9", by_role="administrator",
                reason_sealed=seal(WHY_PLACE, "停电，情况属实"),
            ),
            Accommodation(**here, granted=True, reason_sealed=b"", set_by="admin-9", set_at=now),
            PresenceCheck(
                **here, check_id=services.ids.new(), number=0, session_id=session_id, lesson_id=lesson,
                method="arithmetic", asked=True, posed="", source="", issued_at=now, until_at=until,
                decided_at=until, passed=False,
            ),
            ReportedSession(
                **here, record_id=services.ids.new(), batch_id=services.ids.new(), format="moodle-log",
                lesson_id="", start_at=now, end_at=until, idle_seconds=300, moments="0,0;20,0", ip_sealed=b"",
                actor_sealed=b"", recorded_at=now,
            ),
            TrainingNotice(
                class_id=class_id, n=0, title="开班须知", text="按时参加", sha256="0" * 64, by="clerk-1",
                at=now,
            ),
        ])  # fmt: skip
        session.flush()
        session.add(NoticeReceipt(**here, n=0, at=now))


def test_the_file_says_all_of_it_in_words(services: Services, tmp_path) -> None:
    """On the page and on paper: marks, checks, decisions and notices, and no account of anybody else."""
    room = open_classroom(services, tmp_path, 3)
    room.learn_all()
    completion.refresh(services, room.class_id, room.enrolment())
    _everything(room)
    place = (room.class_id, room.enrolment())
    data = own_data.of_enrolment(services, administrator(), *place, purpose="归档", locale="zh_CN")
    (mine,) = own_data.by_class(data)
    assert set(WHERE) - {"looks", "correction_requests"} <= set(mine)
    path = tmp_path / "file.pdf"
    path.write_bytes(paper.typeset_file(data, services.clock.now(), "zh_CN", BUILT_IN))
    answer = client_for(make_app(services), administrator()).post(
        f"/compliance/classes/{place[0]}/trainees/{place[1]}/file", data={"purpose": "归档"}
    )
    assert answer.status_code == 200
    said = "".join(words_of(path).split())
    for words in (
        "疑似替学", "与同一人的登记合并", "签到", "迟到", "当时停电", "待处理", "恢复", "停电，情况属实",
        "便利措施", "在场验证", "moodle-log", "开班须知", "随堂测验", "考试抓拍",
    ):  # fmt: skip
        assert words in said, words
    assert "teacher-1" not in said
    assert "admin-9" not in said

"""A class in which nearly everything happens that a leaf can tell of."""

from __future__ import annotations

from lmscompliance import evidence
from lmscompliance.kernel.jcs import Json
from tests.ledgers.miniature import Miniature

MINUTE_US = 60_000_000


def happenings(made: Miniature) -> None:
    """Record one of each kind beside what the miniature class holds."""
    _asked(made)
    _corrected(made)
    _handed_in(made)
    _imported(made)
    _of_the_class(made)
    _united(made)
    _asked_to_correct(made)
    made.set_quiz(3)
    for lesson in range(4):
        made.watch(4, lesson, 90)
    made.take_quiz(4, 3, 1, 1)
    made.take_quiz(4, 3, 2, 2)
    made.unlock(4)
    made.sit(4, 1, 3, marks=[("marker-1", "20"), ("marker-2", "10"), ("marker-3", "18")])
    _certified(made)


def _own(made: Miniature) -> str:
    return evidence.enrolment_stream(made.enrolments[3])


def _asked(made: Miniature) -> None:
    session = made.watch(3, 1, 40)
    made.ask(3, session, 0, passed=True)
    made.ask(3, made.watch(3, 2, 40), 1, passed=None)
    granted: dict[str, Json] = {"granted": True, "set_us": made.now_us()}
    made.record(_own(made), "presence.accommodation", granted, reason="视力障碍", actor="admin-1")
    consent: dict[str, Json] = {"method": "face", "version": "1", "given": True, "at_us": made.now_us()}
    made.record(_own(made), "presence.consent", consent)
    steps: dict[str, Json] = {"session": session, "steps": ["weld.started"]}
    made.record(_own(made), "session.steps", steps, detail001={"amperes": 90})
    taken: dict[str, Json] = {
        "session": session,
        "by": made.services.ids.new(),
        "superseded_us": made.now_us(),
    }
    made.record(_own(made), "session.superseded", taken)


def _certified(made: Miniature) -> None:
    """Issue to whoever passed at once, revoke it, and issue another one."""
    first = made.certify(0, 1)
    made.revoke(0, first, "PX-2021-000001")
    made.certify(0, 2, replaces="PX-2021-000001")


def _corrected(made: Miniature) -> None:
    start = made.now_us() + 40_000_000
    session = made.watch(3, 3, 90, idle_at=40)
    stretch: dict[str, Json] = {"session": session, "start_us": start, "end_us": start + MINUTE_US}
    opened: dict[str, Json] = {"dispute": "d1", **stretch, "reason": "idle_gap", "opened_us": made.now_us()}
    made.record(_own(made), "dispute.opened", opened, text="当时停电")
    decided: dict[str, Json] = {"dispute": "d1", "decision": "upheld", "decided_us": made.now_us()}
    by: dict[str, Json] = {"by": "admin-1", "reason": "停电，情况属实"}
    made.record(_own(made), "dispute.decided", decided | {"role": "administrator"}, **by)
    corrected: dict[str, Json] = {"correction": "c1", "effect": "restore", "corrected_us": made.now_us()}
    body = corrected | stretch | {"role": "administrator", "dispute": "d1"}
    made.record(_own(made), "credit.corrected", body, **by)


def _handed_in(made: Miniature) -> None:
    proof: dict[str, Json] = {
        "proof": "p1",
        "kind": "itinerary",
        "sha256": "0" * 64,
        "original_sha256": "1" * 64,
    }
    proof |= {"media_type": "image/jpeg", "size": 9, "added_us": made.now_us(), "by": "trainee"}
    proof |= {"taken_on": "2021-02-15", "from": "2021-02-01", "to": "2021-02-14", "consent": {"version": "1"}}
    made.record(_own(made), "proof.added", proof, ip="10.0.0.4")
    told: dict[str, Json] = {"notice": 0, "sha256": "3" * 64, "read_us": made.now_us()}
    made.record(_own(made), "notice.read", told, ip="10.0.0.4")
    reviewed: dict[str, Json] = {"proof": "p1", "accepted": True, "reviewed_us": made.now_us()}
    made.record(_own(made), "proof.reviewed", reviewed, reviewer="enterprise-1", reason="")


def _asked_to_correct(made: Miniature) -> None:
    asked: dict[str, Json] = {"request": "r1", "field": "phone", "at_us": made.now_us()}
    made.record(_own(made), "correction.asked", asked, wanted="13800138001", reason="换号")
    decided: dict[str, Json] = {"request": "r1", "accepted": False, "role": "administrator"}
    made.record(
        _own(made), "correction.decided", decided | {"at_us": made.now_us()}, by="admin-1", reason="空号"
    )


def _united(made: Miniature) -> None:
    session, start = made.watch(3, 0, 40), made.now_us()
    union: dict[str, Json] = {"case": "k1", "merge": "m1", "at_us": start}
    other: dict[str, Json] = {"name_other": "欧阳静", "id_number_other": "810000199408230021"}
    by: dict[str, Json] = {"by": "admin-1", "reason": "号码录错"}
    basis: dict[str, Json] = {"basis": "身份证原件"}
    merged: dict[str, Json] = {**union, "kept": True, "second": False}
    made.record(_own(made), "identity.merged", merged, **other, **by, **basis)
    stretch: Json = [session, start - MINUTE_US, start - MINUTE_US // 2]
    yields: dict[str, Json] = {"part": 1, "parts": 1, "stretches": [stretch], "at_us": start}
    made.record(_own(made), "credit.yields", yields)
    made.record(_own(made), "identity.separated", union, **by)


def _imported(made: Miniature) -> None:
    batch: dict[str, Json] = {"batch": "b1", "format": "moodle-log", "source_sha256": "0" * 64, "rows": 2}
    batch |= {"events": 2, "sessions": 1, "people": 1, "findings": 0, "idle_seconds": 300}
    made.record(evidence.class_stream(made.class_id), "records.imported", batch, file="log.csv")
    start = made.now_us() // 1_000_000 * 1_000_000 - 60 * MINUTE_US
    reported: dict[str, Json] = {
        "record": "r1",
        "batch": "b1",
        "format": "moodle-log",
        "lesson": made.lessons[0],
    }
    reported |= {"start_us": start, "end_us": start + MINUTE_US, "idle_seconds": 300}
    made.record(
        _own(made), "record.reported", reported | {"moments": [[0, 0], [60, 0]]}, actor="m-4", ip="10.0.0.4"
    )


def _of_the_class(made: Miniature) -> None:
    signed: dict[str, Json] = {"export": "e1", "sha256": "5" * 64, "certificate_sha256": "6" * 64}
    signed |= {"stamped": True, "signed_us": made.now_us()}
    own = evidence.class_stream(made.class_id)
    made.record(own, "export.signed", signed, by="clerk-1", signer="虚构企业签章")
    stream, at = evidence.class_stream(made.class_id), made.now_us()
    lesson = made.lessons[0]
    for kind, body in (
        ("filing.project_chosen", {"code": "P1", "project": "焊接", "level": 4, "chosen_us": at}),
        ("filing.decision_stated", {"kind": "award", "number": "A1", "passed": True, "at_us": at}),
        ("filing.licence_stated", {"number": "L1", "valid_until": "2023-01-01", "at_us": at}),
        ("filing.judged", {"documents": {}, "met": [], "judged_us": at}),
        ("plan.mapped", {"standard": "焊工", "lessons": [[1, ["1.1"]]], "mapped_us": at}),
        ("filing.dispatched", {"dispatch": 0, "recipient": "受理单位", "means": "email"}),
        ("filing.acknowledged", {"dispatch": 0, "received_on": "2021-02-08", "at_us": at}),
        ("notice.published", {"notice": 0, "sha256": "3" * 64, "published_us": at}),
        ("lesson.content_changed", {"lesson": lesson, "kind": "simulation", "content_sha256": "1" * 64}),
        ("attendance.printed", {"sheet": "s1", "lesson": lesson, "plan_version": 1, "people": 5}),
        ("attendance.scanned", {"sheet": "s1", "lesson": lesson, "sha256": "2" * 64, "scanned_us": at}),
        ("live.started", {"show": "v1", "lesson": lesson, "started_us": at}),
        ("live.ended", {"show": "v1", "lesson": lesson, "ended_us": at + MINUTE_US}),
        ("network.declared", {"network": "n1", "at_us": at}),
        ("network.withdrawn", {"network": "n1", "at_us": at}),
        ("details.revealed", {"look": "l1", "enrolment": "", "what": "ledger", "at_us": at}),
        ("anomaly.decided", {"anomaly": "a1", "kind": "shared_network", "decision": "cleared"}),
    ):
        made.record(stream, kind, dict(body), by="enterprise-1")
    signed: dict[str, Json] = {
        "sign": "g1",
        "lesson": lesson,
        "purpose": "in",
        "signed_us": at,
        "method": "screen",
    }
    made.record(_own(made), "attendance.signed", signed, ip="10.0.0.4", agent="phone")
    mark: dict[str, Json] = {"entry": "e1", "lesson": lesson, "mark": "late", "marked_us": at, "sheet": None}
    made.record(
        _own(made), "attendance.marked", mark | {"in_us": at, "out_us": None}, by="teacher", reason="迟到"
    )

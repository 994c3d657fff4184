"""The teacher's entries and confirmation."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lmscompliance.attendance import lists, marking
from lmscompliance.completion import service as completion
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from tests.attendance.classroom import FIRST, HOURS
from tests.training.school import leaves


def test_a_lesson_that_has_not_begun_has_no_marks(room):
    """The server's clock decides: no marking of future lessons."""
    room.clock.set(FIRST - timedelta(seconds=1))
    with pytest.raises(Conflict) as refused:
        room.mark("trainee-1", "present")
    assert refused.value.code == "attendance.future"


def test_the_list_is_confirmed_after_the_lesson(room):
    """Before its end the teacher cannot stand by it."""
    room.clock.set(FIRST + HOURS - timedelta(seconds=1))
    with pytest.raises(Conflict) as refused:
        room.confirm()
    assert refused.value.code == "attendance.not_over"


def test_T16_a_correction_needs_a_reason_and_is_a_new_entry(room):
    """Who, when and why are kept; the earlier facts stay."""
    room.attend()
    with pytest.raises(InvalidInput) as refused:
        room.mark("trainee-1", "absent")
    assert refused.value.code == "attendance.reason_missing"
    room.mark("trainee-1", "absent", reason="代他人签到，已核实")
    line = lists.attendance_list(room.services, room.class_id, room.school.lessons[1]).lines[0]
    assert (line.sign, line.changes[0].by, line.changes[0].reason) == (
        "○",
        "teacher-wang",
        "代他人签到，已核实",
    )
    found = [
        (type_, leaf["body"].get("mark"), sorted(leaf["d"]))
        for _, type_, leaf in leaves(room.services, room.class_id)
        if type_.startswith("attendance.")
    ]
    assert found[-1] == ("attendance.marked", "absent", ["by", "ip", "reason"])
    assert len(found) == 3


def test_the_confirmed_list_holds_everybodys_mark(room):
    """Whoever neither signed nor was entered is absent from then on."""
    room.attend()
    room.mark("trainee-2", "leave")
    room.confirm()
    (leaf,) = [
        one for _, type_, one in leaves(room.services, room.class_id) if type_ == "attendance.cosigned"
    ]
    people = room.school.trainees
    assert leaf["body"]["marks"] == [
        [people["trainee-1"], "present"],
        [people["trainee-2"], "leave"],
        [people["trainee-3"], "absent"],
    ]


@pytest.mark.parametrize(
    ("mark", "times", "code"),
    [
        ("gone", {}, "mark_unknown"),
        ("late", {}, "time_of_coming"),
        ("early", {}, "time_of_leaving"),
        ("late", {"in_at": FIRST - timedelta(hours=1)}, "time_outside"),
        ("early", {"out_at": FIRST + HOURS + timedelta(minutes=5)}, "time_outside"),
        ("present", {"in_at": FIRST + HOURS, "out_at": FIRST}, "time_backwards"),
    ],
)
def test_an_entry_that_cannot_be_is_refused(room, mark, times, code):
    """Unknown marks, missing times of 迟到 and 早退, times outside the lesson or in the future."""
    room.clock.set(FIRST + HOURS)
    with pytest.raises(InvalidInput) as refused:
        room.mark("trainee-1", mark, **times)
    assert refused.value.code == f"attendance.{code}"


def test_one_bad_entry_keeps_all_out(room):
    """Nothing is half-written."""
    room.clock.set(FIRST + HOURS)
    people = room.school.trainees
    entries = [marking.EntryInput(people["trainee-1"], "present"), marking.EntryInput("nobody", "present")]
    with pytest.raises(NotFound):
        marking.enter(room.services, room.teacher, room.class_id, room.school.lessons[1], entries)
    assert lists.attendance_list(room.services, room.class_id, room.school.lessons[1]).lines[0].sign == ""


def test_attendance_completes_the_training_once_confirmed(room):
    """14 课时 online and twice 10.5 offline are the 35 of S2; before the confirmation only 14 count."""
    room.learn()
    room.attend(lesson=1)
    room.attend(lesson=2)
    status = completion.status(room.services, room.class_id, room.school.trainees["trainee-1"])
    assert (status.training.total_hours, status.training.met) == (14, False)
    completion.refresh_due(room.services)
    room.confirm(1)
    room.confirm(2)
    assert completion.refresh_due(room.services) == 3
    status = completion.status(room.services, room.class_id, room.school.trainees["trainee-1"])
    assert (status.training.total_hours, status.training.met) == (35, True)
    assert (status.training.actual.percent, status.training.credited_seconds) == ("40.0%", 120 + 2 * 10800)
    assert completion.refresh_due(room.services) == 0

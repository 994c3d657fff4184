"""Codes: who may use which, when, and how often."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lmscompliance.attendance import codes, signing
from lmscompliance.attendance.signing import Reader
from lmscompliance.kernel.errors import Conflict, Forbidden, Gone, InvalidInput
from lmscompliance.learning import service as learning
from tests.attendance.classroom import FIRST, HOURS, SECOND
from tests.learning.school import PHONE
from tests.support.app import clerk, inspector, trainee
from tests.training import school as training_school
from tests.training.school import OTHER_USCC, leaves


def test_a_trainee_signs_in_and_out_by_the_screen(room):
    """Each is one leaf in the person's stream, with the address as a disclosure."""
    room.attend()
    enrolment = room.school.trainees["trainee-1"]
    found = [
        leaf
        for stream, type_, leaf in leaves(room.services, room.class_id)
        if type_ == "attendance.signed" and stream == f"enrolment/{enrolment}"
    ]
    assert [(leaf["body"]["purpose"], leaf["body"]["method"]) for leaf in found] == [
        ("in", "screen"),
        ("out", "screen"),
    ]
    assert sorted(found[0]["d"]) == ["agent", "ip"]
    assert "203.0.113.7" not in str(found)


def test_a_teacher_signs_somebody_without_a_scanner(room):
    """The personal code is bound to the person; the leaf says that somebody else read it, and who."""
    room.clock.set(FIRST)
    signed = signing.sign(room.services, room.teacher, room.code(account="trainee-2"))
    assert (signed.name, signed.signed_at) == ("李四四", FIRST)
    (leaf,) = [one for _, type_, one in leaves(room.services, room.class_id) if type_ == "attendance.signed"]
    assert (leaf["body"]["method"], sorted(leaf["d"])) == ("personal", ["agent", "by", "ip"])


def test_a_forwarded_picture_expires(room):
    """The code is accepted for its seconds and not a second longer."""
    room.clock.set(FIRST)
    token = room.code()
    room.clock.advance(room.terms.code_seconds)
    assert signing.sign(room.services, room.bearer(), token).signed_at is not None
    room.clock.advance(1)
    with pytest.raises(Gone) as refused:
        signing.sign(room.services, room.bearer("trainee-2"), token)
    assert "重新扫描" in refused.value.message()


def test_the_code_rotates(room):
    """Within one rotation it is the same on every process, then another."""
    room.clock.set(FIRST)
    first = room.code()
    room.clock.advance(room.terms.rotate_seconds - 1)
    assert room.code() == first
    room.clock.advance(1)
    assert room.code() != first


def test_reading_a_code_again_changes_nothing(room):
    """Neither a reload nor a second code makes a second coming; leaving again by one code neither."""
    room.clock.set(FIRST)
    first = room.sign()
    room.clock.advance(20)
    assert room.sign().signed_at == first.signed_at
    room.clock.set(FIRST + HOURS)
    out = room.code(purpose="out")
    left = signing.sign(room.services, room.bearer(), out)
    room.clock.advance(20)
    assert signing.sign(room.services, room.bearer(), out).signed_at == left.signed_at
    signed = [one for _, type_, one in leaves(room.services, room.class_id) if type_ == "attendance.signed"]
    assert len(signed) == 2


def test_leaving_again_later_is_kept(room):
    """Who signed out at the break by mistake signs out once more; the last time holds by rule."""
    room.clock.set(FIRST)
    room.sign()
    room.clock.advance(3600)
    room.sign(purpose="out")
    room.clock.set(FIRST + HOURS)
    assert room.sign(purpose="out").signed_at == FIRST + HOURS


@pytest.mark.parametrize(
    ("purpose", "at"),
    [
        ("in", FIRST - timedelta(minutes=30, seconds=1)),
        ("in", FIRST + HOURS),
        ("in", SECOND),
        ("out", FIRST - timedelta(seconds=1)),
        ("out", FIRST + HOURS + timedelta(minutes=60, seconds=1)),
    ],
)
def test_outside_the_lessons_time_it_is_refused_with_the_times(room, purpose, at):
    """Coming until the end from half an hour before, leaving until an hour after, by the server's clock."""
    room.clock.set(at)
    with pytest.raises(Conflict) as refused:
        room.sign(purpose=purpose)
    assert refused.value.code == f"attendance.not_now_{purpose}"
    assert "2021-02-08" in refused.value.message()


def test_who_did_not_come_cannot_leave(room):
    """A sign-out without a sign-in is refused."""
    room.clock.set(FIRST + HOURS)
    with pytest.raises(Conflict) as refused:
        room.sign(purpose="out")
    assert refused.value.code == "attendance.not_signed_in"


def test_another_class_may_not_sign(room):
    """Neither a trainee of another class, nor another enterprise's clerk with a trainee's code."""
    room.clock.set(FIRST)
    with pytest.raises(Forbidden) as refused:
        signing.sign(room.services, Reader(trainee("stranger"), "192.0.2.1", ""), room.code())
    assert refused.value.code == "attendance.wrong_class"
    foreign = Reader(clerk(OTHER_USCC), "192.0.2.1", "")
    with pytest.raises(Forbidden) as refused:
        signing.sign(room.services, foreign, room.code(account="trainee-1"))
    assert refused.value.code == "attendance.wrong_class_staff"


def test_a_code_is_for_one_kind_of_reader(room):
    """A personal code read by a trainee, even its owner, and a screen's read by staff do nothing."""
    room.clock.set(FIRST)
    for reader in (room.bearer(), Reader(inspector("*"), "192.0.2.1", "")):
        with pytest.raises(Forbidden):
            signing.sign(room.services, reader, room.code(account="trainee-1"))
    with pytest.raises(Forbidden):
        signing.sign(room.services, room.teacher, room.code())


@pytest.mark.parametrize(
    "change", [lambda code: code[:-1], lambda code: "x" + code, lambda _: "", lambda c: c * 9]
)
def test_a_forged_code_is_refused(room, change):
    """What we did not sign says nothing; a code of a recorded lesson neither."""
    room.clock.set(FIRST)
    with pytest.raises(InvalidInput):
        signing.sign(room.services, room.bearer(), change(room.code()))
    recorded = codes.present(room.services, room.school.lessons[0], "in", room.terms)
    with pytest.raises(InvalidInput):
        signing.sign(room.services, room.bearer(), recorded)


def test_looking_at_a_code_signs_nothing(room):
    """A messenger that trials the link must not sign anybody in."""
    room.clock.set(FIRST)
    assert signing.look(room.services, room.bearer(), room.code()).signed_at is None
    assert "attendance.signed" not in training_school.types(room.services, room.class_id)


def test_an_offline_lesson_cannot_be_learnt_in_a_session(room):
    """Sessions are for online lessons; the answer says when to come instead."""
    with pytest.raises(Conflict) as refused:
        learning.start(room.services, trainee(), room.school.lessons[1], PHONE)
    assert refused.value.code == "learning.offline_lesson"

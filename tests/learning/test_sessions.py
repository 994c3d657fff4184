"""Opening, taking over, ending and giving up sessions; and what evidence they leave."""

from __future__ import annotations

import threading
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import ComplianceError, Conflict, NotFound
from lmscompliance.learning import service
from lmscompliance.learning.history import SESSION_CLOSED
from lmscompliance.learning.models import ClosedSession, OpenSession
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries
from tests.learning.school import DESKTOP, PHONE, Player, School, enrol, open_school


def test_a_session_leaves_its_whole_story_in_the_enrolments_stream(school: School) -> None:
    """Opened, each segment with every beat, closed with their number; addresses only as digests."""
    player = Player(school, school.start())
    player.play(420)
    player.wait(20)
    ended = player.end()
    assert (ended.state, ended.credited_seconds) == ("closed", 440)
    leaves = school.leaves()
    assert [leaf.t for leaf in leaves] == [
        "session.opened",
        "session.segment",
        "session.segment",
        "session.closed",
    ]
    opened, first, second, closed = leaves
    session = player.started.session
    assert opened.body == {
        "session": session,
        "lesson": school.lessons[0],
        "opened_us": first.body["start_us"],
        "content_sha256": opened.body["content_sha256"],
        "after": opened.body["after"],
    }
    assert first.body["n"] == 0
    assert first.body["beats"][0] == [0, 0, 0, "playing"]
    assert len(first.body["beats"]) == 6
    assert first.body["end_us"] == second.body["start_us"]
    assert (first.body["closed_by"], second.body["closed_by"]) == ("length", "end")
    now = to_micros(school.services.clock.now())
    assert closed.body == {"session": session, "closed_us": now, "reason": "end", "segments": 2}
    assert PHONE.ip.encode() not in b"".join(leaf.encode() for leaf in leaves)


def test_ending_twice_is_one_end(school: School) -> None:
    """A repeated end, as a beacon and a click send it, finds the session closed and answers the same."""
    player = Player(school, school.start())
    player.play(60)
    player.end()
    count = len(school.leaves())
    assert player.end().credited_seconds == 60
    assert len(school.leaves()) == count


def test_an_end_after_a_silence_credits_nothing_for_it(school: School) -> None:
    """The last beat may come late; the time before it stays a hole."""
    player = Player(school, school.start())
    player.play(60)
    player.wait(500)
    player.end()
    account = school.account()
    assert account.credited_seconds == 60
    assert dict(account.excluded) == {"idle_gap": 500}


def test_a_second_device_is_refused_until_it_takes_over(school: School) -> None:
    """One active session a person; the one taken over goes on being kept and counts for nothing."""
    phone = Player(school, school.start())
    phone.play(120)
    with pytest.raises(Conflict) as refused:
        school.start(lesson=1, sender=DESKTOP)
    assert refused.value.code == "learning.other_device"
    desktop = Player(school, school.start(lesson=1, sender=DESKTOP, takeover=True), DESKTOP)
    for _ in range(2):
        phone.wait(60)
        desktop.wait(60)
        clock_before = school.services.clock.now()
        phone_ack, desktop_ack = phone.beat(), desktop.beat()
        assert (phone_ack.state, desktop_ack.state) == ("superseded", "active")
        school.services.clock.set(clock_before - timedelta(seconds=60))
    account = school.account()
    assert account.by_session(phone.started.session).credited_seconds == 120
    superseded = [leaf for leaf in school.leaves() if leaf.t == "session.superseded"]
    assert [leaf.body["by"] for leaf in superseded] == [desktop.started.session]
    phone_fact, _ = school.facts()
    assert phone_fact.superseded_us == superseded[0].body["superseded_us"]
    assert phone_fact.segments[-1].beats[-1].seq == phone.seq


def test_asking_again_ends_only_what_never_beat(school: School) -> None:
    """A page whose answer was lost is let in again; a session that learns is another device all the same."""
    ask = partial(service.start, school.services, school.actor(), school.lessons[0], DESKTOP)
    lost = ask()
    player = Player(school, ask(again=True), DESKTOP)
    player.play(60)
    with pytest.raises(Conflict) as refused:
        ask(again=True)
    assert refused.value.code == "learning.other_device"
    assert {one.session: one.close_reason for one in school.facts()} == {
        lost.session: "timeout",
        player.started.session: None,
    }


def test_a_taken_over_session_closes_as_superseded(school: School) -> None:
    """When the other device falls silent its session becomes history with that reason."""
    phone = Player(school, school.start())
    phone.play(60)
    school.start(sender=DESKTOP, takeover=True)
    school.services.clock.advance(91)
    assert service.close_silent(school.services) == 2
    reasons = [fact.close_reason for fact in school.facts()]
    assert reasons == ["superseded", "timeout"]


def test_taking_over_the_same_lesson_resumes_where_the_other_device_was(school: School) -> None:
    """Moving from phone to desk goes on at the same place."""
    phone = Player(school, school.start())
    phone.play(180)
    assert school.start(sender=DESKTOP, takeover=True).resume_position_ms == 180_000


def test_a_silent_session_makes_room_by_itself(school: School) -> None:
    """A session silent for longer than the gap is closed first; exactly the gap is not yet silence."""
    phone = Player(school, school.start())
    phone.play(60)
    school.services.clock.advance(90)
    with pytest.raises(Conflict):
        school.start(sender=DESKTOP)
    school.services.clock.advance(0.001)
    again = school.start(sender=DESKTOP)
    assert again.resume_position_ms == 60_000
    assert again.credited_seconds == 60
    first, _ = school.facts()
    assert first.close_reason == "timeout"
    assert first.closed_us == first.opened_us + 60_000_000


def test_close_silent_ends_a_session_at_its_last_beat(school: School) -> None:
    """Whoever never came back learnt until the last beat, or not at all; who is still there is left alone."""
    heard: list[str] = []
    school.services.events.connect(SESSION_CLOSED, heard.append)
    gone = Player(school, school.start())
    gone.play(150)
    school.services.clock.advance(85)
    never = school.start("trainee-2")
    assert service.close_silent(school.services) == 0
    school.services.clock.advance(6)
    assert service.close_silent(school.services) == 1
    assert heard == [f"{school.class_id}/{school.trainees['trainee-1']}"]
    school.services.clock.advance(90)
    assert service.close_silent(school.services) == 1
    (fact,) = school.facts()
    assert fact.closed_us == fact.opened_us + 150_000_000
    assert fact.segments[-1].closed_by == "timeout"
    (empty,) = school.facts("trainee-2")
    assert (empty.session, empty.closed_us) == (never.session, empty.opened_us)
    assert school.account().credited_seconds == 150


def test_resuming_goes_on_where_the_last_session_stopped(school: School) -> None:
    """The next session resumes at the last position; after the lesson's end it starts anew."""
    first = Player(school, school.start())
    first.play(240)
    first.end()
    second = Player(school, school.start())
    assert second.started.resume_position_ms == 240_000
    assert second.started.credited_seconds == 240
    second.play(60)
    second.end("ended")
    assert school.start().resume_position_ms == 0


def test_a_lesson_of_a_foreign_class_does_not_exist(school: School) -> None:
    """Neither an unknown lesson nor one of a class one is not in can be told apart."""
    other = open_school(school.services, trainees=0)
    for lesson in (other.lessons[0], "01aaaaaaaaaaaaaaaaaaaaaaaa"):
        with pytest.raises(NotFound) as refused:
            service.start(school.services, school.actor(), lesson, PHONE)
        assert refused.value.code == "training.no_own_lesson"


def test_nobody_learns_before_activation(school: School) -> None:
    """An enrolment whose code was not entered opens no session."""
    with transaction(school.services.database) as session:
        enrol(
            session,
            school.services,
            school.class_id,
            "late",
            school.services.ids.opaque(),
            ordinal=9,
            activated=False,
        )
    with pytest.raises(NotFound):
        school.start("late")


def test_one_person_in_two_classes_still_has_one_active_session(school: School) -> None:
    """The limit is the person's, not the enrolment's."""
    other = open_school(school.services, trainees=0)
    with transaction(school.services.database) as session:
        enrol(session, school.services, other.class_id, "trainee-1", school.services.ids.opaque(), ordinal=1)
    school.start()
    with pytest.raises(Conflict):
        service.start(school.services, school.actor(), other.lessons[0], DESKTOP)
    taken = service.start(school.services, school.actor(), other.lessons[0], DESKTOP, takeover=True)
    assert taken.resume_position_ms == 0


def test_twenty_simultaneous_starts_open_one_session(school: School) -> None:
    """However many devices press play at once, the database lets one in."""
    outcomes: list[str] = []
    ready = threading.Barrier(20)

    def press() -> None:
        ready.wait()
        try:
            outcomes.append(school.start().session)
        except ComplianceError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=press) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("learning.other_device") == 19
    with reading(school.services.database) as session:
        assert session.scalar(select(func.count()).select_from(OpenSession)) == 1
    assert [leaf.t for leaf in school.leaves()] == ["session.opened"]


def test_the_database_itself_refuses_a_second_active_session(school: School) -> None:
    """The limit is held by an index, not only by the service."""
    school.start()
    with transaction(school.services.database) as session:
        row = session.scalars(select(OpenSession)).one()
        values = {column.name: getattr(row, column.name) for column in OpenSession.__table__.columns}
    values["session_id"] = school.services.ids.new()
    with pytest.raises(IntegrityError), transaction(school.services.database) as session:
        session.add(OpenSession(**values))
    with transaction(school.services.database) as session:
        session.add(OpenSession(**{**values, "active": False}))


def test_simultaneous_beats_of_one_session_are_all_kept(school: School) -> None:
    """Beats that overtake each other are kept or known as seen; none is doubled."""
    player = Player(school, school.start())
    school.services.clock.advance(5)
    acks: list[int] = []

    def send(seq: int) -> None:
        acks.append(player.beat(seq=seq).seq)

    threads = [threading.Thread(target=send, args=(1 + number // 2,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (fact,) = school.facts()
    kept = [beat.seq for beat in fact.segments[0].beats]
    assert kept == sorted(set(kept))
    assert kept[-1] == 6
    assert len(acks) == 12


def test_facts_hold_open_and_closed_sessions_of_each_enrolment_asked_for(school: School) -> None:
    """Facts come by enrolment in the order of opening; nobody else's, and an empty list for none."""
    first = Player(school, school.start())
    first.play(360)
    first.end()
    second = Player(school, school.start(lesson=1))
    second.play(360)
    ids = list(school.trainees.values())
    with reading(school.services.database) as session:
        facts = service.session_facts(session, school.class_id, ids)
        narrow = service.session_facts(session, school.class_id, ids[:1], lesson_id=school.lessons[1])
        none = service.session_facts(session, "another", ids[:1])
    assert list(facts) == ids
    closed, running = facts[ids[0]]
    assert (closed.lesson, closed.close_reason) == (school.lessons[0], "end")
    assert (running.lesson, running.closed_us) == (school.lessons[1], None)
    assert [segment.n for segment in running.segments] == [0, 1]
    assert running.segments[-1].closed_by == "running"
    assert facts[ids[1]] == []
    assert narrow[ids[0]] == [running]
    assert none == {ids[0]: []}


def test_time_before_approval_is_kept_and_excluded(school: School) -> None:
    """A class that is not approved yet may be learnt in; its time stays and counts for nothing."""
    with transaction(school.services.database) as session:
        queries.class_by_id(session, school.class_id).approved_at = None
    player = Player(school, school.start())
    player.play(120)
    assert player.end().credited_seconds == 0
    assert dict(school.account().excluded) == {"before_approval": 120}


def test_history_is_closed_for_good(school: School) -> None:
    """A closed session leaves the hot table; its row in history has the number of its segments."""
    player = Player(school, school.start())
    player.play(660)
    player.end()
    with reading(school.services.database) as session:
        assert session.scalar(select(func.count()).select_from(OpenSession)) == 0
        (row,) = session.scalars(select(ClosedSession))
    assert (row.segments, row.close_reason, row.last_position_ms) == (3, "end", 660_000)

"""Judging from the tables, opening the exam, and finding what a crash left undone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete

from lmscompliance.completion import jobs, service
from lmscompliance.completion.models import Completion
from lmscompliance.completion.overview import overview
from lmscompliance.exams.models import ExamUnlock
from lmscompliance.extension.wiring import connect_events
from lmscompliance.kernel.errors import NotFound
from lmscompliance.rules.exam import ExamState
from lmscompliance.storage.transaction import reading, transaction
from tests.completion.classroom import open_classroom, publish_exam, silence


def _unlocked(room, account="trainee-1"):
    with reading(room.services.database) as session:
        return session.get(ExamUnlock, (room.class_id, room.enrolment(account))) is not None


def _row(room, account="trainee-1"):
    with reading(room.services.database) as session:
        return session.get(Completion, (room.class_id, room.enrolment(account)))


def test_nothing_learnt_is_nothing_met(room):
    """A new trainee is told every rule that is missing, and the exam is closed."""
    status = service.status(room.services, room.class_id, room.enrolment())
    assert [one.reason for one in status.training.missing] == [
        "hours_short",
        "average_unknown",
        "topics_missing",
    ]
    assert not status.gate.met
    assert status.eligibility.reason == "subsidy_needs_training"
    assert status.account.wall_seconds == 0


def test_learning_everything_opens_the_exam(room):
    """The session that completes the training unlocks the exam, once, and says so in the log."""
    room.learn_all()
    assert not _unlocked(room)
    assert service.refresh(room.services, room.class_id, room.enrolment())
    assert service.refresh(room.services, room.class_id, room.enrolment())
    assert _unlocked(room)
    assert [leaf.t for leaf in room.hall.told()].count("exam.unlocked") == 1
    row = _row(room)
    assert (row.total_hours, row.credited_seconds, row.training_met) == (4, 360, True)
    status = service.status(room.services, room.class_id, room.enrolment())
    assert row.judged_sessions == status.seen >= 4
    assert row.completed_at == room.services.clock.now()


def test_an_unfinished_training_keeps_the_exam_closed(room):
    """One second short of the last lesson is short."""
    for lesson in range(3):
        room.learn(lesson)
    room.learn(3, seconds=89)
    assert not service.refresh(room.services, room.class_id, room.enrolment())
    assert not _unlocked(room)
    status = service.status(room.services, room.class_id, room.enrolment())
    assert [one.missing_seconds for one in status.training.lessons] == [0, 0, 0, 1]


def test_a_closed_session_is_heard_of(room):
    """The notice of the learning room alone opens the exam, without waiting for the job."""
    connect_events(room.services)
    room.learn_all()
    assert _unlocked(room)


def test_an_attempt_that_closes_is_in_the_figures_at_once(room, tmp_path):
    """The overview counts whoever has passed as eligible before any job has run."""
    publish_exam(room, tmp_path)
    connect_events(room.services)
    room.learn_all()
    assert overview(room.services, room.class_id).eligible == 0
    judged = _row(room).judged_at
    room.hall.sit(60)
    told = overview(room.services, room.class_id)
    assert (told.completed, told.passed, told.eligible) == (1, 1, 1)
    assert _row(room).judged_at == judged


def test_the_job_finds_what_a_lost_notice_left(room):
    """Nobody told this room that sessions closed; the periodic run judges them and then has no more to do."""
    room.learn_all()
    assert jobs.refresh_due(room.services) == 1
    assert _unlocked(room)
    assert jobs.refresh_due(room.services) == 0
    room.learn(0, seconds=10)
    assert jobs.refresh_due(room.services) == 1
    assert _row(room).wall_seconds == 370
    assert _row(room).credited_seconds == 360


def test_dying_between_unlocking_and_writing_is_made_good(room, monkeypatch):
    """The exam is opened first; if the process dies before the row is written, the next run writes it."""
    room.learn_all()
    with monkeypatch.context() as patched, pytest.raises(RuntimeError):
        patched.setattr(service, "_write", _die)
        service.refresh(room.services, room.class_id, room.enrolment())
    assert _unlocked(room)
    assert _row(room) is None
    assert service.refresh_due(room.services) == 1
    assert _row(room).training_met
    assert [leaf.t for leaf in room.hall.told()].count("exam.unlocked") == 1


def _die(*_arguments):
    raise RuntimeError


def test_deleted_rows_are_judged_anew(room):
    """The rows are a cache: without them everything is judged again from the facts."""
    room.learn(0)
    service.refresh_due(room.services)
    with transaction(room.services.database) as session:
        session.execute(delete(Completion))
    assert service.refresh_due(room.services) == 1
    assert _row(room).total_hours == 1


def test_the_first_completion_stays(room):
    """Learning on after completion changes figures, not the moment of completion."""
    room.learn_all()
    service.refresh_due(room.services)
    first = _row(room).completed_at
    room.learn(0, seconds=10)
    service.refresh_due(room.services)
    assert _row(room).completed_at == first
    assert _row(room).judged_at > first


def test_long_past_and_unactivated_are_left_alone(room):
    """The job looks at activated trainees of classes that may still change."""
    room.learn(0)
    clock = room.hall.clock
    clock.set(clock.now() + timedelta(days=90))
    assert service.refresh_due(room.services) == 0
    assert _row(room, "trainee-2") is None


def test_a_running_session_counts_as_far_as_it_got(room):
    """What the server has seen so far is judged, before the session closes."""
    player = room.player(0)
    player.play(60, every=5)
    status = service.status(room.services, room.class_id, room.enrolment())
    assert status.training.credited_seconds == 60
    assert status.seen == 0


def test_the_whole_story_of_a_trainee(room, tmp_path):
    """Refused, learnt, unlocked, failed, passed: each step is told with its reason."""
    publish_exam(room, tmp_path)
    room.learn_all()
    service.refresh(room.services, room.class_id, room.enrolment())
    room.hall.sit(50)
    status = service.status(room.services, room.class_id, room.enrolment())
    assert (status.exam.state, status.exam.attempts_left) == (ExamState.RETRY, 1)
    assert status.eligibility.reason == "subsidy_needs_exam"
    room.hall.clock.set(room.hall.clock.now() + timedelta(minutes=1))
    room.hall.sit(60)
    status = service.status(room.services, room.class_id, room.enrolment())
    assert (status.exam.state, status.exam.best) == (ExamState.PASSED, 60)
    assert status.eligibility.met


def test_an_attempt_past_its_deadline_is_shown_as_over(room, tmp_path):
    """Whoever looks after the deadline sees the attempt graded as last saved, not running."""
    publish_exam(room, tmp_path)
    room.learn_all()
    service.refresh(room.services, room.class_id, room.enrolment())
    room.hall.start()
    room.hall.clock.set(room.hall.clock.now() + timedelta(seconds=601))
    status = service.status(room.services, room.class_id, room.enrolment())
    assert (status.exam.state, status.exam.best) == (ExamState.RETRY, 0)


def test_a_class_is_judged_trainee_by_trainee(services, tmp_path):
    """The class's status holds everybody by ordinal, with sums that add up."""
    room = open_classroom(services, tmp_path, people=4)
    room.learn_all("trainee-1")
    room.learn(0, "trainee-2")
    status = service.class_status(services, room.class_id)
    assert [one.enrolment_id for one in status.trainees] == list(room.school.trainees.values())
    assert [one.training.credited_seconds for one in status.trainees] == [360, 90, 0, 0]
    assert service.refresh_due(services) == 3


def test_idle_and_hidden_time_is_kept_and_told_apart(room):
    """A silence and a hidden page are excluded with their own reasons; the rest counts."""
    player = room.player(0)
    player.play(30, every=5)
    player.beat("hidden")
    player.wait(10, speed=0)
    player.beat("playing")
    player.play(10, every=5)
    silence(room)
    account = service.status(room.services, room.class_id, room.enrolment()).account
    assert account.credited_seconds == 40
    assert account.excluded == {"page_hidden": 10}


def test_who_does_not_exist_is_not_found(room):
    """An unknown class or enrolment is an error, not an empty verdict."""
    with pytest.raises(NotFound):
        service.status(room.services, room.class_id, "nobody")
    with pytest.raises(NotFound):
        service.class_status(room.services, "nowhere")

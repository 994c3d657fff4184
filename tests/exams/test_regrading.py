"""Re-marking after a wrong key: tried first, then recorded beside the old mark, with what follows from it."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select, text

from lmscompliance.exams import grading, service, sheets, voiding
from lmscompliance.exams.models import ExamLock
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.questions.models import Question, QuestionVersion
from lmscompliance.storage.transaction import reading, transaction
from tests.exams.hall import IP
from tests.support.app import administrator, clerk, client_for, make_app


def _single(hall, attempt, place=None) -> tuple[int, dict]:
    """Return the number and the frozen question of a single choice (of the given place)."""
    frozen = hall.frozen(attempt)
    return next(
        (number, one)
        for number, one in enumerate(frozen, 1)
        if one["kind"] == "single" and place in {None, number}
    )


def _letter(hall, question: str, text: str) -> str:
    """Return the letter that ``text`` has among the bank's options."""
    with reading(hall.services.database) as session:
        return "ABCD"[session.get(Question, question).options.index(text)]


def _sit_wrong(hall, right=5) -> tuple[str, str, str, int]:
    """Sit an attempt with the first ``right`` answers right and a wrong one at a later single choice.

    Returns the attempt, the question, the letter that was answered, and the question's number.
    """
    attempt = hall.start()
    frozen = hall.frozen(attempt)
    number = next(n for n, one in enumerate(frozen, 1) if one["kind"] == "single" and n > right)
    one = frozen[number - 1]
    other = next(place for place in range(len(one["options"])) if place not in one["key"])
    answers = hall.right(attempt, right)
    answers[str(number)] = [other]
    hall.submit(attempt, 1, answers)
    return attempt, one["question"], _letter(hall, one["question"], one["options"][other]), number


def _remark(hall, question, key, **more):
    return service.remark(hall.services, question_id=question, key=key, by="教务甲", why="教材第3页", **more)


def test_a_dry_run_lists_who_changes_and_changes_nothing(hall):
    """Fifty points become sixty: from fail to pass, in the report only."""
    _attempt, question, letter, _number = _sit_wrong(hall)
    told = len(hall.told())
    tried = service.try_remark(hall.services, question_id=question, key=letter)
    assert [(one.score_before, one.score, one.turns) for one in tried.changed] == [(50, 60, "passes")]
    assert (tried.done, tried.unchanged, tried.still_open) == (False, 0, 0)
    assert len(hall.told()) == told
    assert service.situation(hall.services, hall.class_id, hall.enrolment()).attempts[0].score == 50


def test_a_correction_is_a_new_entry_with_old_and_new_score_who_and_why(hall):
    """The first mark stays in the log, the new one stands beside it, and the bank has the right key."""
    attempt, question, letter, number = _sit_wrong(hall)
    done = _remark(hall, question, letter)
    graded, regraded = hall.told()[-2:]
    assert (graded.t, graded.body["score"], graded.body["passed"]) == ("attempt.graded", "50", False)
    assert regraded.t == "attempt.regraded"
    assert regraded.body["item"] == number
    assert (regraded.body["score_before"], regraded.body["score"]) == ("50", "60")
    assert (regraded.body["version"], regraded.body["key_version"]) == (1, 2)
    assert set(regraded.d) == {"key", "by", "why"}
    assert [one.to_json()["attempt"] for one in done.changed] == [attempt]
    now = service.situation(hall.services, hall.class_id, hall.enrolment())
    assert (now.attempts[0].score, now.attempts[0].passed) == (60, True)
    with reading(hall.services.database) as session:
        assert session.get(Question, question).version == 2
        assert session.get(QuestionVersion, (question, 1)) is not None
    assert hall.frozen(attempt)[number - 1]["version"] == 1
    shown = hall.paper(attempt).review[number - 1]
    assert (shown.mark.correct, [int(one.score) for one in hall.paper(attempt).regrades]) == (True, [60])


def test_failing_twice_and_then_passing_lifts_the_lock(hall):
    """The lock goes with an entry of its own, and eligibility follows from the marks."""
    _attempt, question, letter, _number = _sit_wrong(hall)
    hall.sit(50)
    with reading(hall.services.database) as session:
        assert session.scalars(select(ExamLock)).all()
    _remark(hall, question, letter)
    assert [leaf.t for leaf in hall.told()][-2:] == ["attempt.regraded", "exam.lock_lifted"]
    with reading(hall.services.database) as session:
        assert not session.scalars(select(ExamLock)).all()


def test_a_pass_that_is_taken_back_locks_after_the_last_attempt(hall):
    """Sixty becomes fifty on the second attempt: failed for good, with the clause in the log."""
    hall.sit(50)
    attempt = hall.start()
    number, one = _single(hall, attempt)
    others = [n for n in range(1, 11) if n != number][:5]
    right = hall.right(attempt)
    result = hall.submit(attempt, 1, {str(n): right[str(n)] for n in [*others, number]})
    assert (result.score, result.passed) == (60, True)
    wrong = next(text for place, text in enumerate(one["options"]) if place not in one["key"])
    done = _remark(hall, one["question"], _letter(hall, one["question"], wrong))
    assert [(one.score, one.turns) for one in done.changed] == [(50, "fails")]
    assert [leaf.t for leaf in hall.told()][-2:] == ["attempt.regraded", "exam.locked"]


def test_an_open_attempt_is_marked_by_the_corrected_key_as_it_closes(hall):
    """Its frozen key is marked first, then the corrected one, so nobody is forgotten."""
    attempt = hall.start()
    number, one = _single(hall, attempt)
    other = next(place for place in range(len(one["options"])) if place not in one["key"])
    done = _remark(hall, one["question"], _letter(hall, one["question"], one["options"][other]))
    assert (done.changed, done.still_open) == ((), 1)
    result = hall.submit(attempt, 1, {str(number): [other]})
    assert result.score == 10
    assert [leaf.t for leaf in hall.told()][-2:] == ["attempt.graded", "attempt.regraded"]


@pytest.mark.parametrize(
    ("key", "version", "error"),
    [("Z", None, InvalidInput), ("", None, InvalidInput), ("A", 7, NotFound)],
)
def test_an_unreadable_key_or_unknown_version_is_refused(hall, key, version, error):
    """Nothing is stored, and the error says how a key is written."""
    attempt = hall.start()
    _number, one = _single(hall, attempt)
    with pytest.raises(error):
        _remark(hall, one["question"], key, version=version)
    with reading(hall.services.database) as session:
        assert session.get(Question, one["question"]).version == 1


def test_the_same_key_again_or_nobody_responsible_is_refused(hall):
    """A correction that corrects nothing, and one without a name or a reason, leave no trace."""
    _attempt, question, letter, _number = _sit_wrong(hall)
    with pytest.raises(InvalidInput) as caught:
        service.remark(hall.services, question_id=question, key=letter, by="教务甲", why=" ")
    assert caught.value.code == "exams.remark_unsigned"
    _remark(hall, question, letter)
    told = len(hall.told())
    with pytest.raises(Conflict):
        _remark(hall, question, letter)
    again = _remark(hall, question, letter, version=1)
    assert (again.changed, again.unchanged) == ((), 1)
    assert len(hall.told()) == told


def _void(hall, attempt):
    voiding.request(hall.services, administrator("staff-1"), hall.class_id, attempt, "停电")
    voiding.decide(hall.services, administrator("staff-2"), hall.class_id, attempt, confirmed=True)


def test_a_voided_attempt_is_left_out_and_counted(hall):
    """It keeps the mark it was voided with, and the report says how many there were."""
    attempt, question, letter, _number = _sit_wrong(hall)
    _void(hall, attempt)
    tried = service.try_remark(hall.services, question_id=question, key=letter)
    assert (tried.changed, tried.voided) == ((), 1)
    done = _remark(hall, question, letter)
    assert (done.changed, done.unchanged, done.to_json()["voided"]) == ((), 0, 1)
    assert hall.paper(attempt).result.score == 50


def test_an_attempt_voided_while_it_ran_is_not_marked_again(hall):
    """What was corrected meanwhile is nothing to it either."""
    attempt = hall.start()
    number, one = _single(hall, attempt)
    other = next(place for place in range(len(one["options"])) if place not in one["key"])
    hall.save(attempt, 1, {str(number): [other]})
    assert (
        _remark(hall, one["question"], _letter(hall, one["question"], one["options"][other])).still_open == 1
    )
    _void(hall, attempt)
    assert "attempt.regraded" not in [leaf.t for leaf in hall.told()]
    assert hall.paper(attempt).result.score == 0


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_attempt_that_closes_meanwhile_is_not_forgotten(hall):
    """A paper under way to being marked by the old key is waited for, and then marked again."""
    attempt = hall.start()
    number, one = _single(hall, attempt)
    other = next(place for place in range(len(one["options"])) if place not in one["key"])
    letter = _letter(hall, one["question"], one["options"][other])
    correcting = threading.Thread(target=_remark, args=(hall, one["question"], letter))
    with transaction(hall.services.database) as session:
        sheet = sheets.find(session, attempt, lock=True)
        change = service.Change(1, {str(number): [other]}, IP)
        sheet = sheets.apply(session, hall.services, sheet, change, hall.clock.now(), last=True)
        closed = grading.close(session, hall.services, sheet, closed_by="trainee")
        correcting.start()
        while correcting.is_alive() and not _somebody_waits(hall):
            correcting.join(0.02)
    correcting.join(60)
    assert closed.score == 0
    assert hall.told()[-1].t == "attempt.regraded"
    assert hall.paper(attempt).result.score == 10


def _somebody_waits(hall) -> bool:
    with reading(hall.services.database) as session:
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return session.execute(waiting).scalar_one() > 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_platform_s_page_tries_first_and_then_marks_again(hall):
    """The dry run names who would pass, the button does it under the administrator's account."""
    _attempt, question, letter, _number = _sit_wrong(hall)
    app = make_app(hall.services)
    admin = client_for(app, administrator())
    url = f"/compliance/remarking?question={question}&key={letter}"
    tried = admin.get(url)
    assert tried.status_code == 200
    assert "什么都没有改动" in tried.text
    assert "50 → 60" in tried.text
    assert admin.get(url.replace(f"key={letter}", "key=Z")).status_code == 422
    form = {"question": question, "key": letter, "version": "", "why": "教材第3页"}
    done = admin.post("/compliance/remarking", data=form)
    assert "已重新评分" in done.text
    assert hall.told()[-1].t == "attempt.regraded"
    assert client_for(app, clerk("E1")).get(url).status_code == 403

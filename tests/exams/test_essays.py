"""Essays: closed without a score, marked by people who see neither the name nor each other's points."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from lmscompliance.exams import marking, service, staff, voiding
from lmscompliance.kernel.errors import ComplianceError, Conflict, InvalidInput, NotFound
from lmscompliance.questions import service as questions
from lmscompliance.rules.blueprint import Blueprint, Part
from lmscompliance.rules.timeline import pieces
from lmscompliance.services import Services
from tests.exams.hall import Hall, fill_bank
from tests.learning.school import TOPICS, open_school
from tests.support.app import administrator, client_for, make_app

FIRST, SECOND, THIRD = (administrator(f"marker-{n}") for n in (1, 2, 3))
REFERENCE = "先切断电源，再用绝缘物体使触电者脱离电源"
WRITTEN = "断电，\n再救人\u2028喊人"


@pytest.fixture
def hall(services: Services, tmp_path: Path) -> Hall:
    """Return a class whose paper has two essays of twenty points and six choices of ten."""
    fill_bank(services, tmp_path / "bank")
    path = tmp_path / "bank" / "简答.gift.txt"
    path.write_text(
        f"$CATEGORY: {TOPICS[0]}\n\n"
        + "\n\n".join(f"::{n}:: 第{n}种触电如何施救？ {{ #### {REFERENCE} }}" for n in range(4)),
        encoding="utf-8",
    )
    questions.import_paths(services, [path])
    made = Hall(open_school(services, trainees=1))
    parts = [Part(topic, "single", 2 if topic == TOPICS[1] else 1, Decimal(10)) for topic in TOPICS]
    missing = 6 - sum(part.count for part in parts)
    parts[-1] = replace(parts[-1], count=parts[-1].count + missing)
    service.publish_blueprint(
        services, made.class_id, Blueprint((*parts, Part(TOPICS[0], "essay", 2, Decimal(20))))
    )
    made.unlock()
    return made


def sit(hall: Hall, essays: int = 2) -> str:
    """Hand in a paper with every choice right and ``essays`` essays written; return the attempt."""
    attempt = hall.start()
    answers = hall.right(attempt, 6) | {str(7 + n): [f"{WRITTEN}{n}"] for n in range(essays)}
    hall.submit(attempt, 1, answers)
    return attempt


def mark(hall: Hall, actor, points: str) -> None:
    """Give ``points`` for the first essay that waits for ``actor``."""
    one = marking.queue(hall.services, actor, hall.class_id).mine[0]
    marking.give(hall.services, actor, hall.class_id, one.id, points)


def types(hall: Hall) -> list[str]:
    """Return what the log tells of the attempt, in order."""
    return [leaf.t for leaf in hall.told() if leaf.t.startswith(("attempt.", "exam.lock"))]


def test_a_paper_with_essays_has_no_score_until_all_are_marked(hall: Hall):
    """Neither score nor another attempt until the last of four marks; then the exact sum, and a leaf each."""
    attempt = sit(hall)
    told = hall.paper(attempt)
    assert (told.result.score, told.result.state, told.review) == (None, "in_progress", [])
    with pytest.raises(Conflict) as caught:
        hall.start()
    assert caught.value.code == "exams.gate_attempt_unmarked"
    for actor, points in ((FIRST, "18"), (FIRST, "10.5"), (SECOND, "17"), (SECOND, "8")):
        assert hall.paper(attempt).result.score is None
        mark(hall, actor, points)
    result = hall.paper(attempt).result
    # The two markers meet the essays in the same random order: 17.5 and 9.25 beside six right choices.
    assert (result.score, result.passed) == (Decimal("86.75"), True)
    assert types(hall) == ["attempt.opened", "attempt.submitted", *["attempt.marked"] * 4, "attempt.graded"]
    assert [one.mark.points for one in hall.paper(attempt).review[6:]] in (
        [Decimal("17.5"), Decimal("9.25")],
        [Decimal("9.25"), Decimal("17.5")],
    )


def test_marks_far_apart_go_to_a_third_person(hall: Hall):
    """Neither of the two is asked again; the third is, and the nearer two give the points."""
    attempt = sit(hall, essays=1)
    mark(hall, FIRST, "18")
    mark(hall, SECOND, "10")
    for actor in (FIRST, SECOND):
        queue = marking.queue(hall.services, actor, hall.class_id)
        assert (queue.mine, queue.others) == ([], 1)
    mark(hall, THIRD, "16")
    assert hall.paper(attempt).result.score == 77
    assert marking.waiting(hall.services, hall.class_id) == 0


def test_nobody_sees_whose_it_is_or_what_was_given(hall: Hall):
    """What a marker gets is the same before and after a colleague's mark, and the record shows no answer."""
    attempt = sit(hall, essays=1)
    before = marking.queue(hall.services, SECOND, hall.class_id).mine
    mark(hall, FIRST, "18.25")
    assert marking.queue(hall.services, SECOND, hall.class_id).mine == before
    (one,) = before
    assert (one.answer, one.reference, one.points) == (f"{WRITTEN}0", [REFERENCE], 20)
    assert attempt not in repr(one)
    page = client_for(make_app(hall.services), SECOND).get(
        f"/compliance/classes/{hall.class_id}/exam/marking"
    )
    assert "再救人" in page.text
    for hidden in (attempt, hall.enrolment(), "18.25"):
        assert hidden not in page.text
    (shown,) = staff.attempts(hall.services, "admin", hall.class_id, hall.enrolment())
    assert shown.saves[0].changes["7"] == []
    mark(hall, SECOND, "18")
    (shown,) = staff.attempts(hall.services, "admin", hall.class_id, hall.enrolment())
    assert shown.saves[0].changes["7"] == [f"{WRITTEN}0"]


def test_a_mark_is_somebody_elses_within_the_points_and_final(hall: Hall):
    """The same person, points beyond the question's, a settled essay and a foreign class are refused."""
    sit(hall, essays=1)
    (one,) = marking.queue(hall.services, FIRST, hall.class_id).mine
    for wrong in ("", "21", "-1", "3.333", "NaN", "1e999", "十"):
        with pytest.raises(InvalidInput):
            marking.give(hall.services, FIRST, hall.class_id, one.id, wrong)
    with pytest.raises(NotFound):
        marking.give(hall.services, FIRST, "0" * 26, one.id, "5")
    marking.give(hall.services, FIRST, hall.class_id, one.id, " 5.50 ")
    with pytest.raises(Conflict) as again:
        marking.give(hall.services, FIRST, hall.class_id, one.id, "5.5")
    marking.give(hall.services, SECOND, hall.class_id, one.id, "5.5")
    with pytest.raises(Conflict) as late:
        marking.give(hall.services, THIRD, hall.class_id, one.id, "5.5")
    assert (again.value.code, late.value.code) == ("exams.marking_by_another", "exams.marking_over")
    assert types(hall).count("attempt.marked") == 2


def test_a_blank_essay_needs_nobody_and_a_voided_one_no_longer(hall: Hall):
    """Without written essays the paper is graded at once; voiding takes what waits off the list."""
    attempt = hall.start()
    assert hall.submit(attempt, 1, hall.right(attempt, 5) | {"7": ["   "]}).score == 50
    second = sit(hall)
    (_, waiting) = marking.queue(hall.services, FIRST, hall.class_id).mine
    voiding.request(hall.services, FIRST, hall.class_id, second, "停电")
    voiding.decide(hall.services, SECOND, hall.class_id, second, confirmed=True)
    assert marking.waiting(hall.services, hall.class_id) == 0
    with pytest.raises(Conflict):
        marking.give(hall.services, FIRST, hall.class_id, waiting.id, "5")
    assert hall.start()


def test_a_last_failure_locks_once_it_is_marked(hall: Hall):
    """The exam is locked by the mark that settles the last attempt, not when it was handed in."""
    for _ in range(2):
        attempt = hall.start()
        hall.submit(attempt, 1, {"7": ["不知道"]})
        assert "exam.locked" not in types(hall)
        mark(hall, FIRST, "0")
        mark(hall, SECOND, "1")
    assert types(hall)[-2:] == ["attempt.graded", "exam.locked"]


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_last_marks_at_once_grade_once(hall: Hall):
    """However many people mark both essays at once, two marks each are taken and one grade follows."""
    attempt = sit(hall)
    waiting = [one.id for one in marking.queue(hall.services, FIRST, hall.class_id).mine]

    def one(work: tuple[int, str]) -> str:
        try:
            marking.give(hall.services, administrator(f"m-{work[0]}"), hall.class_id, work[1], "10")
        except ComplianceError as refused:
            return refused.code
        return "done"

    work = [(n, identity) for n in range(4) for identity in waiting]
    with ThreadPoolExecutor(8) as pool:
        outcome = list(pool.map(one, work))
    assert outcome.count("done") == 4
    assert set(outcome) == {"done", "exams.marking_over"}
    assert types(hall).count("attempt.graded") == 1
    assert hall.paper(attempt).result.score == 80


def test_a_long_timeline_is_split_into_whole_saves():
    """No piece of a timeline outgrows a bundle's line, and together they are the timeline."""
    timeline = [[n, n, {"1": ["字" * 2000]}] for n in range(100)]
    split = pieces(timeline)
    assert list(split) == ["timeline", "timeline2", "timeline3"]
    assert [entry for piece in split.values() for entry in piece] == timeline
    assert pieces([]) == {"timeline": []}

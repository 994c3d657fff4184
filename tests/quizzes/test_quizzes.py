"""Quizzes within lessons: what is set, what is taken, and what becomes of the lesson's hours."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from lmscompliance.completion import service as completion
from lmscompliance.evidence.sealer import seal_all
from lmscompliance.extension.signing import signer_of
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.ledgers.service import export
from lmscompliance.questions import service as questions
from lmscompliance.quizzes import setting, taking, viewing
from lmscompliance.quizzes.setting import Wanted, part
from lmscompliance.verifier import Verdict, verify
from tests.completion.classroom import SECONDS
from tests.learning.school import TOPICS
from tests.quizzes.conftest import Quizroom
from tests.verifier.tamper import codes

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_W33_a_lesson_waits_for_its_quiz_and_counts_whole_once_it_is_passed(room: Quizroom) -> None:
    """Every second is excluded with exactly that reason, and every one of them credited by passing."""
    room.set()
    room.learn(0)
    assert room.judged().excluded == {"awaiting_quiz": SECONDS}
    assert not room.hand_in(room.begin(), right=1)
    assert room.judged().excluded == {"awaiting_quiz": SECONDS}
    room.clock.advance(60)
    assert room.hand_in(room.begin())
    assert (room.judged().credited_seconds, room.judged().excluded) == (SECONDS, {})
    told = [leaf.t for leaf in room.school.leaves() if leaf.t.startswith("quiz.")]
    assert told == ["quiz.opened", "quiz.submitted"] * 2


@SQLITE
def test_a_quiz_reaches_back_to_no_session_and_taking_it_away_releases(room: Quizroom) -> None:
    """What was learnt before it was set counts; what waited counts when it is gone; nothing is lost again."""
    room.learn(0, seconds=40)
    room.set()
    room.learn(0, seconds=40)
    assert room.judged().excluded == {"awaiting_quiz": 40}
    room.set("none", reason="题目有误")
    assert room.judged().credited_seconds == 80
    room.set()
    assert room.judged().credited_seconds == 80


@SQLITE
def test_practice_decides_nothing_and_shows_what_is_right(room: Quizroom) -> None:
    """Its keys and explanations are shown at once; those of one that releases only when it is passed."""
    room.set("practice")
    room.learn(0, seconds=30)
    room.hand_in(room.begin(), right=0)
    actor, lesson = room.school.actor(), room.school.lessons[0]
    page = viewing.page(room.services, actor, lesson)
    assert page.last is not None
    assert [one.told for one in page.last.review] == [True, True]
    assert room.judged().excluded == {}
    room.set()
    room.clock.advance(60)
    room.hand_in(room.begin(), right=1)
    page = viewing.page(room.services, actor, lesson)
    assert page.last is not None
    assert [one.told for one in page.last.review] == [True, False]


def test_passing_the_last_quiz_completes_the_training(room: Quizroom) -> None:
    """The exam opens by the notice of the pass alone, and by the periodic job if that notice was lost."""
    room.set(lesson=3)
    for account in ("trainee-1", "trainee-2"):
        room.learn_all(account)
    completion.refresh_due(room.services)
    for account in ("trainee-1", "trainee-2"):
        assert not completion.status(room.services, room.class_id, room.enrolment(account)).training.met
        assert room.hand_in(room.begin(lesson=3, account=account), lesson=3, account=account)
    completion.refresh(room.services, room.class_id, room.enrolment())
    assert completion.refresh_due(room.services) == 1
    for account in ("trainee-1", "trainee-2"):
        enrolment = room.enrolment(account)
        assert completion.status(room.services, room.class_id, enrolment).training.met
        unlocked = [leaf for leaf in room.school.leaves(account) if leaf.t == "exam.unlocked"]
        assert len(unlocked) == 1


@SQLITE
def test_tries_keep_to_the_policy_and_an_open_one_is_gone_on_with(room: Quizroom) -> None:
    """A second tap finds the open quiz, the pause is kept, and a used-up day opens again at midnight."""
    room.set()
    first = room.begin()
    assert room.begin() == first
    room.hand_in(first, right=0)
    with pytest.raises(Conflict, match="not_yet"):
        room.begin()
    for _ in range(19):
        room.clock.advance(60)
        room.hand_in(room.begin(), right=0)
    room.clock.advance(3600)
    with pytest.raises(Conflict, match="not_yet") as refused:
        room.begin()
    assert "平台规则" in refused.value.message()
    room.clock.advance(timedelta(days=1).total_seconds())
    quiz = room.begin()
    assert room.row(quiz).number == 21
    assert room.hand_in(quiz)
    assert room.hand_in(quiz, right=0), "handed in once, it stays as it is"


def test_of_many_taps_at_once_one_begins(room: Quizroom) -> None:
    """However many requests arrive together, all of them get the same quiz, and one is recorded."""
    room.set()
    with ThreadPoolExecutor(8) as pool:
        found = {one.result() for one in [pool.submit(room.begin) for _ in range(8)]}
    assert len(found) == 1
    assert [leaf.t for leaf in room.school.leaves()].count("quiz.opened") == 1
    with ThreadPoolExecutor(8) as pool:
        results = [one.result() for one in [pool.submit(room.hand_in, *found) for _ in range(8)]]
    assert results == [True] * 8
    assert [leaf.t for leaf in room.school.leaves()].count("quiz.submitted") == 1


@SQLITE
def test_further_quizzes_ask_something_else_as_long_as_there_is_something(room: Quizroom) -> None:
    """Twelve single choices give six quizzes of two without a repeat; the draw stands in evidence."""
    room.set()
    seen: list[str] = []
    for _ in range(6):
        quiz = room.begin()
        seen += [one["question"] for one in json.loads(room.row(quiz).paper)]
        room.hand_in(quiz, right=0)
        room.clock.advance(60)
    assert len(set(seen)) == 12
    opened = next(leaf for leaf in room.school.leaves() if leaf.t == "quiz.opened")
    assert {"draw", "q001", "q002", "ip", "agent"} == set(opened.d)


@SQLITE
def test_named_questions_are_the_only_ones_drawn(room: Quizroom) -> None:
    """A quiz may be of questions named by their ids, of any topic; unknown and doubled ids are refused."""
    with_ids = [one.id for one in _bank(room, TOPICS[2])[:3]]
    room.set(named=tuple(with_ids))
    paper = json.loads(room.row(room.begin()).paper)
    assert sorted(one["question"] for one in paper) == sorted(with_ids)
    with pytest.raises(InvalidInput, match="no_question"):
        room.set(named=(with_ids[0], with_ids[0]))
    with pytest.raises(InvalidInput, match="no_question"):
        room.set(named=("nobody",))


REFUSED = [
    (Wanted("exam", (part(TOPICS[0], "single", 1),)), InvalidInput, "use_unknown"),
    (Wanted("required"), InvalidInput, "questions_or_parts"),
    (Wanted("required", (part(TOPICS[0], "single", 1),), ("x",)), InvalidInput, "questions_or_parts"),
    (Wanted("required", (part(TOPICS[0], "essay", 1),)), InvalidInput, "part"),
    (Wanted("required", (part(TOPICS[0], "single", 0),)), InvalidInput, "part"),
    (Wanted("required", (part(TOPICS[0], "single", 51),)), InvalidInput, "too_many"),
    (Wanted("required", (part(TOPICS[0], "single", 13),)), InvalidInput, "bank_too_small"),
    (Wanted("required", (part(TOPICS[0], "single", 1),), reason="长" * 501), InvalidInput, "reason_long"),
    (Wanted("none"), Conflict, "nothing_set"),
]


@SQLITE
def test_what_cannot_be_a_quiz_is_refused_and_nothing_is_written(room: Quizroom) -> None:
    """The refusal says why; the lesson stays as it was."""
    for wanted, error, code in REFUSED:
        with pytest.raises(error, match=code) as refused:
            setting.set_quiz(room.services, room.class_id, room.school.lessons[0], wanted, by="x")
        assert "{" not in refused.value.message()
    assert not setting.desk(room.services, room.class_id).lessons[0].versions


@SQLITE
def test_a_change_needs_a_reason_and_the_same_again_is_no_change(room: Quizroom) -> None:
    """Whoever changes what releases hours says why; saving twice makes no second version."""
    assert room.set(reason="") == 1
    assert room.set(reason="") == 1
    with pytest.raises(InvalidInput, match="no_reason"):
        room.set(count=3, reason=" ")
    assert room.set(count=3, reason="加一题") == 2
    lines = setting.desk(room.services, room.class_id).lessons[0].versions
    assert [(one.version, one.blueprint.count, one.reason) for one in lines] == [(2, 3, "加一题"), (1, 2, "")]


@SQLITE
def test_somebody_elses_quiz_is_not_there(room: Quizroom) -> None:
    """A quiz is its trainee's alone, and a lesson of another class has none."""
    room.set()
    quiz = room.begin()
    with pytest.raises(NotFound):
        room.hand_in(quiz, account="trainee-2")
    with pytest.raises(NotFound):
        taking.begin(room.services, room.school.actor("stranger"), room.school.lessons[0], ip="", agent="")
    with pytest.raises(Conflict, match="no_quiz"):
        room.begin(lesson=1)


@SQLITE
def test_the_ledger_shows_it_and_the_verifier_marks_it_again(room: Quizroom, tmp_path: Path) -> None:
    """What the class's leaves say gives sheet and verdict again, seconds that waited included."""
    room.set()
    room.learn(0)
    room.learn(0, "trainee-2")
    room.hand_in(room.begin(), right=1)
    room.clock.advance(60)
    room.hand_in(room.begin())
    signer = signer_of(room.services)
    seal_all(room.services, signer)
    done = export(room.services, signer, room.class_id, tmp_path / "out")
    report = verify(done.bundle, done.trust.read_text(encoding="utf-8"))
    assert report.verdict in {Verdict.VALID, Verdict.VALID_WITH_FINDINGS}, "\n".join(report.lines())
    assert "quiz_unchecked" not in codes(report)


def _bank(room: Quizroom, topic: str) -> list[questions.QuestionValue]:
    from lmscompliance.storage.transaction import reading

    with reading(room.services.database) as session:
        return questions.drawable(session, topic, "single")

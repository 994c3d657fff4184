"""Attempts: unlocked, frozen, two at most, passed at sixty, locked with a clause."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from lmscompliance.evidence.streams import stream_disclosures
from lmscompliance.exams import service
from lmscompliance.exams.models import ExamLock
from lmscompliance.exams.publishing import blueprint_of, published
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Conflict, NotFound
from lmscompliance.questions import service as questions
from lmscompliance.rules.blueprint import Blueprint, Part
from lmscompliance.rules.marking import Item, mark
from lmscompliance.rules.paper import basis, draw, pool_digest
from lmscompliance.storage.transaction import reading
from tests.exams.hall import IP, open_hall
from tests.learning.school import TOPICS
from tests.rules.build import NOTICE


def test_the_exam_is_closed_until_it_is_unlocked(services, tmp_path):
    """Without the unlocking row a start is refused with the clause, and leaves nothing behind."""
    hall = open_hall(services, tmp_path, unlock=False)
    with pytest.raises(Conflict) as caught:
        hall.start()
    assert caught.value.code == "exams.gate_training_incomplete"
    assert "太人社培[2021]1号" in caught.value.message()
    assert hall.told() == []


def test_unlocking_twice_is_one_unlocking(hall):
    """The second call says that it changed nothing, and the log has one entry."""
    assert hall.unlock() is False
    assert [leaf.t for leaf in hall.told()] == ["exam.unlocked"]
    assert hall.told()[0].body["policy"]["id"] == "liusu-youji-2021"


def test_a_paper_is_drawn_after_the_blueprint_and_shown_without_keys(hall):
    """Ten questions worth 100 in all, numbered, with options and points, and no key anywhere."""
    paper = hall.paper(hall.start())
    assert [item["no"] for item in paper.items] == list(range(1, 11))
    assert {item["topic"] for item in paper.items} == set(TOPICS)
    assert sum(Decimal(item["points"]) for item in paper.items) == 100
    assert all(set(item) == {"no", "topic", "kind", "stem", "options", "points"} for item in paper.items)
    assert (paper.seq, paper.answers, paper.number) == (0, {}, 1)
    assert to_micros(paper.deadline_at) - to_micros(paper.opened_at) == 3600 * 1_000_000


def test_a_paper_stays_as_it_was_drawn(hall, tmp_path):
    """A change of the bank or a new blueprint changes no paper that is out."""
    attempt = hall.start()
    before = hall.frozen(attempt)
    more = tmp_path / "more.gift.txt"
    more.write_text("又一题 { =是 ~否 }\n", encoding="utf-8")
    questions.import_paths(hall.services, [more], topic=TOPICS[0])
    parts = tuple(Part(topic, "single", 1, Decimal(25)) for topic in TOPICS)
    service.publish_blueprint(hall.services, hall.class_id, Blueprint(parts))
    assert hall.frozen(attempt) == before
    assert hall.submit(attempt, 1, hall.right(attempt)).score == 100


def test_the_log_holds_a_digest_for_each_question(hall):
    """Opening is recorded with one disclosure a question, the address and the device."""
    attempt = hall.start()
    leaf = hall.told()[-1]
    assert leaf.t == "attempt.opened"
    assert leaf.body["attempt"] == attempt
    assert leaf.body["number"] == 1
    assert set(leaf.d) == {"ip", "agent", "draw", *(f"q{n:03}" for n in range(1, 11))}


def test_a_draw_can_be_repeated_from_what_the_log_has_of_it(hall):
    """Seed, avoided questions and the bank of that moment give the same frozen paper."""
    hall.sit(50)
    attempt = hall.start()
    with reading(hall.services.database) as session:
        stream = f"enrolment/{hall.enrolment()}"
        told = list(stream_disclosures(session, hall.services, hall.class_id, stream, len(hall.told())))
        kept = [value for _, name, _, value in told if name == "draw"][-1]
        plan = blueprint_of(published(session, hall.class_id))
        pools = {need: questions.drawable(session, *need) for need in plan.needs()}
    assert draw(plan, pools, kept["seed"], kept["avoided"]) == hall.frozen(attempt)
    listed = {need: questions.ListedPool(tuple(pool), pool_digest(pool)) for need, pool in pools.items()}
    assert basis(listed, kept["seed"], kept["avoided"]) == kept
    assert len(kept["avoided"]) == 10


def test_a_pass_ends_it(hall):
    """Exactly 60 passes; no further attempt may begin and none is left."""
    result = hall.sit(60)
    assert (result.score, result.passed, result.attempts_left) == (Decimal(60), True, 0)
    with pytest.raises(Conflict) as caught:
        hall.start()
    assert caught.value.code == "exams.gate_exam_passed_already"
    assert [leaf.t for leaf in hall.told()][-2:] == ["attempt.submitted", "attempt.graded"]
    assert hall.told()[-1].body | {"attempt": "", "graded_us": 0} == {
        "attempt": "",
        "graded_us": 0,
        "score": "60",
        "full": "100",
        "passed": True,
    }


def test_a_hundredth_below_sixty_fails(hall):
    """59.99 is a fail; the score is kept and logged to the hundredth."""
    parts = (
        Part(TOPICS[0], "single", 1, Decimal("59.99")),
        Part(TOPICS[1], "single", 1, Decimal("0.01")),
        Part(TOPICS[2], "single", 1, Decimal(20)),
        Part(TOPICS[3], "single", 1, Decimal(20)),
    )
    service.publish_blueprint(hall.services, hall.class_id, Blueprint(parts))
    attempt = hall.start()
    result = hall.submit(attempt, 1, hall.right(attempt, 1))
    assert (result.score, result.passed) == (Decimal("59.99"), False)
    assert hall.told()[-1].body["score"] == "59.99"
    second = hall.start()
    assert hall.submit(second, 1, hall.right(second, 2)).passed


def test_two_fails_lock_the_exam_with_the_clause(hall):
    """After the second fail there is a lock row and a leaf with the clause; a third start is refused."""
    assert hall.sit(50).attempts_left == 1
    assert hall.sit(50).attempts_left == 0
    with pytest.raises(Conflict) as caught:
        hall.start()
    assert caught.value.code == "exams.gate_attempts_used"
    assert "五" in caught.value.message()
    leaf = hall.told()[-1]
    assert leaf.t == "exam.locked"
    assert "太人社培[2021]1号" in leaf.body["clause"]
    with reading(hall.services.database) as session:
        lock = session.scalars(select(ExamLock)).one()
    assert (lock.enrolment_id, lock.clause) == (hall.enrolment(), leaf.body["clause"])


def test_no_second_attempt_while_one_is_open(hall):
    """A start while an attempt runs is refused with that attempt's id, so that a page can go there."""
    attempt = hall.start()
    with pytest.raises(Conflict) as caught:
        hall.start()
    assert caught.value.code == "exams.attempt_running"
    assert caught.value.params["attempt"] == attempt


def test_a_second_paper_asks_what_the_first_did_not(hall):
    """With enough in the bank the two papers of one person share no question of that kind."""
    parts = tuple(Part(topic, "single", 5, Decimal(5)) for topic in TOPICS)
    service.publish_blueprint(hall.services, hall.class_id, Blueprint(parts))
    first = hall.start()
    hall.submit(first, 1)
    second = hall.start()
    asked = [{question["question"] for question in hall.frozen(attempt)} for attempt in (first, second)]
    assert len(asked[0]) == len(asked[1]) == 20
    assert not asked[0] & asked[1]


def test_the_log_alone_gives_the_same_score(hall):
    """Marking the disclosed answers against the disclosed questions gives what was graded."""
    blueprint = service.default_blueprint(hall.services, hall.class_id, 30)
    service.publish_blueprint(hall.services, hall.class_id, blueprint)
    attempt = hall.start()
    frozen = hall.frozen(attempt)
    assert {question["kind"] for question in frozen} == {
        "single", "multiple", "true_false", "fill_in", "numeric", "matching",
    }  # fmt: skip
    result = hall.submit(attempt, 1, hall.right(attempt))
    assert result.score == 100
    answers = [hall.right(attempt)[str(n)] for n in range(1, len(frozen) + 1)]
    items = [Item.from_json(question) for question in frozen]
    assert mark(items, answers, NOTICE.exam).score == result.score


def test_answers_are_shown_only_when_no_attempt_is_left(hall):
    """After a first fail the result has no keys; after the last there are all questions with theirs."""
    first = hall.start()
    hall.submit(first, 1)
    assert hall.paper(first).review == []
    second = hall.start()
    assert hall.paper(first).review == []
    hall.submit(second, 1, hall.right(second, 3))
    assert [one.mark.correct for one in hall.paper(second).review] == [True] * 3 + [False] * 7
    assert len(hall.paper(first).review) == 10


def test_nobody_sees_another_s_attempt(hall):
    """An attempt of somebody else looks like none at all, whatever one tries with it."""
    attempt = hall.start()
    for act in (
        lambda: hall.paper(attempt, "trainee-2"),
        lambda: hall.save(attempt, 1, {"1": [0]}, "trainee-2"),
        lambda: hall.submit(attempt, 1, {}, "trainee-2"),
        lambda: hall.paper("01nothing", "trainee-1"),
    ):
        with pytest.raises(NotFound):
            act()


def test_facts_tell_every_attempt_in_order(hall):
    """Completion and ledgers get each enrolment's attempts, scores exact, and an empty list for the idle."""
    hall.sit(50)
    hall.start()
    with reading(hall.services.database) as session:
        facts = service.attempt_facts(session, hall.class_id, list(hall.school.trainees.values()))
    first, second = facts[hall.enrolment()]
    assert (first.number, first.score, first.passed, first.closed_by) == (1, Decimal(50), False, "trainee")
    assert (second.number, second.score, second.submitted_us) == (2, None, None)
    assert facts[hall.enrolment("trainee-2")] == []


def test_the_room_tells_others_after_the_commit(hall):
    """Unlocking and closing send an event with class and enrolment."""
    heard = []
    hall.services.events.connect(service.CLOSED, heard.append)
    hall.sit(60)
    assert heard == [f"{hall.class_id}/{hall.enrolment()}"]


def test_the_address_is_disclosed_with_what_was_handed_in(hall):
    """Handing in discloses the answers in order and the address; the leaf itself has only digests."""
    hall.sit(60)
    submitted = next(leaf for leaf in hall.told() if leaf.t == "attempt.submitted")
    assert set(submitted.d) == {"answers", "ip", "timeline"}
    assert submitted.body["answered"] == 6
    assert IP not in submitted.encode().decode()

"""One person in two classes: whatever they do, no second counts in both."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from lmscompliance.kernel.errors import ComplianceError, Conflict
from lmscompliance.learning import service
from lmscompliance.rules.ledger_facts import ClassRecord, Record
from lmscompliance.rules.ledger_trainee import read_trainees
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from tests.learning.school import Player, School, open_school
from tests.learning.test_delivery import Phone

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def classes(services: Services) -> list[School]:
    """Return two classes in which the same person is enrolled."""
    return [open_school(services, trainees=1) for _ in range(2)]


def _credited(classes: list[School]) -> list[tuple[int, int]]:
    return sorted(
        (one.start_s, one.end_s)
        for school in classes
        for one in school.account().intervals
        if one.reason is None
    )


def _assert_disjoint(classes: list[School]) -> None:
    for before, after in pairwise(_credited(classes)):
        assert before[1] <= after[0]


@pytest.mark.parametrize("seed", range(6))
def test_no_second_counts_in_two_classes(classes: list[School], seed: int) -> None:
    """Starts, takeovers, silences, forged speed and ends in any order leave credited time disjoint."""
    chance = random.Random(seed)
    players: list[Player] = []
    for _ in range(60):
        step = chance.choice(("start", "start", "play", "play", "play", "wait", "end", "silent"))
        playing = chance.choice(players) if players else None
        if step == "start":
            school = chance.choice(classes)
            try:
                started = school.start(lesson=chance.randrange(3), takeover=chance.random() < 0.6)
            except Conflict:
                continue
            players.append(Player(school, started))
        elif step == "silent":
            service.close_silent(classes[0].services)
        elif step == "wait":
            classes[0].services.clock.advance(chance.choice((1, 30, 200)))
        elif playing is not None:
            try:
                if step == "play":
                    playing.play(chance.randrange(1, 120), every=30)
                else:
                    playing.end()
                    players.remove(playing)
            except ComplianceError:
                players.remove(playing)
    assert _credited(classes)
    _assert_disjoint(classes)


def test_late_beats_do_not_reach_into_another_class(classes: list[School]) -> None:
    """What was kept back in a tunnel counts up to where the person went on in the other class."""
    first, second = classes
    phone = Phone(first)
    phone.wait(60)
    phone.live()
    phone.offline(120)
    service.close_silent(first.services)
    other = Player(second, second.start(lesson=0))
    other.play(60)
    phone.position_ms += 60_000
    phone.keep()
    phone.wait(10)
    other.position_ms += 10_000
    other.end()
    assert phone.live() == "closed"
    assert second.account().credited_seconds == 70
    assert (first.account().credited_seconds, dict(first.account().excluded)) == (180, {"overlap": 70})
    (leaf,) = [leaf for leaf in first.leaves() if leaf.t == "session.superseded"]
    assert leaf.body["by"] == other.started.session
    _assert_disjoint(classes)
    with reading(first.services.database) as session:
        fact, lessons = queries.class_facts(session, first.class_id)
    enrolments = {first.trainees["trainee-1"]: 1}
    found = ClassRecord(fact, "in-force", "", "", "", lessons=tuple(lessons), enrolments=enrolments)
    (trainee,) = read_trainees([Record(leaf) for leaf in first.leaves()], found, lambda _: None)
    assert [one.fact for one in trainee.sessions.values()] == first.facts()


def test_a_session_taken_over_by_another_class_says_so_in_its_own_evidence(classes: list[School]) -> None:
    """A bundle of the one class alone shows why the time stops to count."""
    first, second = classes
    page = Player(first, first.start(lesson=0))
    page.play(60)
    started = second.start(lesson=0, takeover=True)
    page.play(60)
    Player(second, started).play(60)
    (leaf,) = [leaf for leaf in first.leaves() if leaf.t == "session.superseded"]
    assert leaf.body["by"] == started.session
    assert first.account().excluded == {"overlap": 60}
    _assert_disjoint(classes)

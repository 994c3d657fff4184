"""One person in two classes: whatever they do, no second counts in both."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from lmscompliance.kernel.errors import ComplianceError, Conflict
from lmscompliance.learning import service
from lmscompliance.services import Services
from tests.learning.school import Player, School, open_school

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

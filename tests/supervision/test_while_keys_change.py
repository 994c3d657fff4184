"""Who was where is told as ever while the key of the blind index is being changed."""

from __future__ import annotations

import pytest

from lmscompliance.learning.origin import Origin
from lmscompliance.rekeying import service as rekeying
from lmscompliance.services import Services
from lmscompliance.supervision import live
from lmscompliance.supervision.findings import detail_of
from lmscompliance.vault.keys import Kind
from lmscompliance.vault.sources import FileKeys
from tests.learning.school import Player, School, open_school
from tests.supervision.hall import FACTORY, begin, found, learn, look
from tests.supervision.test_live import ALL

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def _promote(services: Services) -> None:
    """Do what ``keys rotate`` begins with: new digests are under the new key, the rows under the old."""
    rekeying.add(services, Kind.INDEX)
    keys = services.vault.keys
    assert isinstance(keys, FileKeys)
    keys.change(lambda ring: ring.promoted(Kind.INDEX))


def _at_one_desk(school: School, people: range) -> None:
    desk = Origin(FACTORY, "Desktop")
    for number in people:
        player = Player(school, school.start(f"trainee-{number}", 0, desk), desk)
        player.play(60)
        player.end()


def test_a_crowd_of_both_keys_is_one_crowd(services: Services) -> None:
    """Ten people at one address, half of them indexed with each key: one hint, and it stays one."""
    school = open_school(services, trainees=11)
    for number in range(1, 7):
        learn(school, f"trainee-{number}")
    look(services)
    _promote(services)
    for number in range(7, 11):
        learn(school, f"trainee-{number}")
    look(services)
    assert [detail_of(one).facts for one in found(services)] == [{"persons": 10, "own": 10, "others": 0}]
    rekeying.rotate(services, Kind.INDEX, lambda _done, _total: None)
    learn(school, "trainee-11")
    look(services)
    assert [detail_of(one).facts["persons"] for one in found(services)] == [11]


def test_a_device_of_both_keys_is_one_device(services: Services) -> None:
    """Four people at one browser, two of them under each key."""
    school = open_school(services, trainees=4)
    _at_one_desk(school, range(1, 3))
    look(services)
    _promote(services)
    _at_one_desk(school, range(3, 5))
    look(services)
    assert [(one.kind, detail_of(one).facts["persons"]) for one in found(services)] == [("shared_device", 4)]


def test_the_live_view_counts_both_keys(services: Services) -> None:
    """How many learn from one address, and how many addresses a session has had, under either key."""
    school = open_school(services, trainees=3)
    first = begin(school, "trainee-1")
    begin(school, "trainee-2")
    first.play(60)
    _promote(services)
    begin(school, "trainee-3")
    first.sender = Origin("198.51.100.7", first.sender.agent)
    first.play(30)
    first.sender = Origin(FACTORY, first.sender.agent)
    first.play(30)
    rows = {row.ordinal: row for row in live.view(services, ALL).rows}
    assert [rows[n].here for n in (1, 2, 3)] == [3, 3, 3]
    assert [rows[n].moved for n in (1, 2, 3)] == [2, 1, 1]

"""From sessions to the worklist: what is found, once, by whoever looks, and what a crash leaves."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from lmscompliance.completion import service as completion
from lmscompliance.learning.origin import Origin
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.supervision import addresses, jobs, networks, scanning
from lmscompliance.supervision.findings import detail_of
from lmscompliance.supervision.models import CLEARED, OPEN, SeenAt, StudyDay, Watched
from tests.learning.school import Player, open_school
from tests.supervision.hall import FACTORY, begin, crowd, found, learn, leaves, look
from tests.support.app import administrator


def test_regular_beats_are_found_once_and_written_on(services: Services) -> None:
    """An hour of beats to the millisecond is one anomaly; what the day adds is written into the same one."""
    school = open_school(services)
    learn(school, "trainee-1", 0, 1800)
    look(services)
    assert found(services) == []
    learn(school, "trainee-1", 1, 1860)
    look(services)
    (one,) = found(services)
    assert (one.kind, one.severity, one.enrolment_id) == (
        "regular_beats",
        "high",
        school.trainees["trainee-1"],
    )
    first = detail_of(one).facts["intervals"]
    assert first >= 60
    assert detail_of(one).facts["spread_us"] == 0
    assert len(detail_of(one).sessions) == 2
    learn(school, "trainee-1", 2, 1800)
    look(services)
    (again,) = found(services)
    assert again.id == one.id
    assert detail_of(again).facts["intervals"] > first


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_presence_checks_answered_at_once_are_found(services: Services) -> None:
    """A page that knows the answers before anybody can have read the questions is flagged for that too."""
    school = open_school(services)
    learn(school, "trainee-1", 0, 1800, answers=True)
    learn(school, "trainee-1", 1, 3720, answers=True)
    look(services)
    quick, regular = found(services)
    assert (quick.kind, regular.kind) == ("quick_answers", "regular_beats")
    assert detail_of(quick).facts["fastest_ms"] == 0


def test_looking_again_finds_nothing_more_to_do(services: Services) -> None:
    """Each enrolment is looked at once for what is new, and the sums of its days are kept."""
    school = open_school(services)
    completion.refresh_due(services)
    jobs.watch(services)
    learn(school, "trainee-1", 0, 540)
    completion.refresh_due(services)
    assert jobs.watch(services) == 1
    assert jobs.watch(services) == 0
    assert jobs.compare(services) == 1
    assert jobs.compare(services) == 0
    with reading(services.database) as session:
        (day,) = session.scalars(select(StudyDay))
    assert (day.day.isoformat(), day.credited_seconds, day.wall_seconds) == ("2021-02-01", 540, 540)


def test_whoever_still_learns_is_looked_at_every_few_minutes(services: Services) -> None:
    """The day's sums follow a running session before it closes."""
    school = open_school(services)
    player = begin(school, "trainee-1")
    player.play(300)
    completion.refresh_due(services)
    jobs.watch(services)
    player.play(240)
    assert jobs.watch(services) == 0
    player.play(120)
    assert jobs.watch(services) == 1
    with reading(services.database) as session:
        assert session.scalar(select(StudyDay.credited_seconds)) == 660


def test_a_crowd_is_flagged_with_its_address_sealed_and_changes_no_credit(services: Services) -> None:
    """Ten people at one address on a day: one hint for the class, and everybody's minutes stand."""
    school = open_school(services, trainees=10)
    crowd(school, 9)
    look(services)
    assert found(services) == []
    before = school.account("trainee-1").credited_seconds
    learn(school, "trainee-10")
    look(services)
    (one,) = found(services)
    assert (one.kind, one.severity, one.status, one.enrolment_id) == ("address_cluster", "low", OPEN, None)
    assert detail_of(one).facts == {"persons": 10, "own": 10, "others": 0}
    assert FACTORY.encode() not in (one.ip_sealed or b"")
    assert FACTORY not in one.subject + one.detail
    assert school.account("trainee-1").credited_seconds == before
    with reading(services.database) as session:
        stored = [repr(vars(row)) for row in session.scalars(select(SeenAt))]
    assert len(stored) == 10
    assert not any(FACTORY in row for row in stored)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_known_network_is_no_crowd_and_its_evidence_says_so(services: Services) -> None:
    """Declared before: nothing is flagged. Declared after: what is open is cleared by the same reason."""
    school = open_school(services, trainees=11)
    crowd(school)
    look(services)
    assert networks.declare(services, administrator(), school.class_id, "203.0.113.0/24", "厂区出口") == 1
    (one,) = found(services)
    assert one.status == CLEARED
    declared, decided = leaves(school, "network.declared", "anomaly.decided")
    assert declared.d.keys() == {"cidr", "reason", "account"}
    assert (decided.body["decision"], decided.body["anomaly"]) == ("cleared", one.id)
    services.clock.advance(86_400)  # type: ignore[attr-defined]
    crowd(school, 11)
    look(services)
    assert [one.kind for one in found(services)] == ["address_cluster"]
    (network,) = networks.listed(services, school.class_id)
    networks.withdraw(services, administrator(), school.class_id, network.id)
    services.clock.advance(86_400)  # type: ignore[attr-defined]
    crowd(school)
    look(services)
    assert [(one.kind, one.status) for one in found(services)] == [
        ("address_cluster", CLEARED),
        ("address_cluster", OPEN),
    ]
    assert len(leaves(school, "network.declared", "network.withdrawn")) == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_class_filed_later_tells_of_the_network_when_it_is_first_looked_at(services: Services) -> None:
    """The allow-list is the enterprise's; each class's own evidence says that it was applied."""
    first = open_school(services)
    networks.declare(services, administrator(), first.class_id, FACTORY, "厂区出口")
    later = open_school(services, trainees=10)
    assert leaves(later, "network.declared") == []
    crowd(later)
    look(services)
    look(services)
    assert found(services) == []
    assert len(leaves(later, "network.declared")) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_ipv6_devices_are_known_by_their_line(services: Services) -> None:
    """Ten phones of one /64 are a crowd, and a known one too; changing it makes no second phone."""
    school = open_school(services, trainees=10)
    for number in range(1, 11):
        player = begin(school, f"trainee-{number}", ip=f"2001:db8:1:2::{number:x}")
        for privacy in range(7 if number == 1 else 1):
            player.sender = Origin(f"2001:db8:1:2::{number:x}:{privacy:x}", player.sender.agent)
            player.play(60)
        player.end()
    look(services)
    (one,) = found(services)
    assert (one.kind, detail_of(one).facts["persons"]) == ("address_cluster", 10)
    networks.declare(services, administrator(), school.class_id, "2001:db8:1:2::77", "车间出口")
    (one,) = found(services)
    assert one.status == CLEARED


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_shared_devices_many_addresses_and_lockstep_are_found(services: Services) -> None:
    """One browser for four people; six addresses within the hour; a group that begins and ends together."""
    school = open_school(services, trainees=8)
    same = Origin(FACTORY, "Desktop")
    for number in range(5, 9):
        player = Player(school, school.start(f"trainee-{number}", 0, same), same)
        player.play(60)
        player.end()
    player = begin(school, "trainee-4")
    for number in range(6):
        player.sender = Origin(f"198.51.100.{number}", player.sender.agent)
        player.play(60)
    player.end()
    for lesson in range(5):
        group = [begin(school, f"trainee-{n}", lesson, ip=f"192.0.2.{n}") for n in range(1, 4)]
        group[0].clock.advance(60)
        for one in group:
            one.position_ms += 60_000
            one.end()
        group[0].clock.advance(600)
    look(services)
    kinds = {one.kind: detail_of(one) for one in found(services)}
    assert kinds.keys() == {"shared_device", "many_addresses", "lockstep"}
    assert kinds["shared_device"].facts["persons"] == 4
    assert kinds["many_addresses"].facts == {"addresses": 7, "minutes": 6}
    assert kinds["lockstep"].facts == {"persons": 3, "sessions": 15}
    assert sorted(kinds["lockstep"].enrolments) == sorted(
        school.trainees[f"trainee-{n}"] for n in range(1, 4)
    )


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_dying_half_way_is_made_good(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was looked at is noted last: after a crash all of it is looked at again and stands once."""
    school = open_school(services, trainees=10)
    crowd(school)
    completion.refresh_due(services)

    def die(*_: object) -> None:
        raise RuntimeError

    for module, name in ((scanning, "_remember"), (addresses, "compare")):
        with monkeypatch.context() as patched:
            patched.setattr(module, name, die)
            with pytest.raises(RuntimeError):
                jobs.watch(services)
        with reading(services.database) as session:
            assert session.scalar(select(func.count()).select_from(Watched)) == 0
    assert jobs.watch(services) == 10
    assert [one.kind for one in found(services)] == ["address_cluster"]


def test_several_at_once_find_what_one_would(services: Services) -> None:
    """Without any lease, four runs at once keep each finding once and tell of each network once."""
    earlier = open_school(services)
    networks.declare(services, administrator(), earlier.class_id, "198.51.100.7", "另一处")
    school = open_school(services, trainees=10)
    crowd(school)
    learn(school, "trainee-1", 1, 3720)
    completion.refresh_due(services)
    start = threading.Barrier(4)
    errors: list[Exception] = []

    def run() -> None:
        start.wait()
        try:
            jobs.watch(services)
            jobs.compare(services)
        except Exception as error:  # noqa: BLE001  # told below, in the test's own thread
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [one.kind for one in found(services)] == ["address_cluster", "regular_beats"]
    assert len(leaves(school, "network.declared")) == 1

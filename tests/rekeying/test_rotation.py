"""Keys are changed while people register, learn and sit exams, and nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from lmscompliance.exams.models import ExamSheet
from lmscompliance.identity.models import Person
from lmscompliance.identity.people import open_person, person_by_number
from lmscompliance.kernel.errors import ComplianceError, Conflict, InvalidInput
from lmscompliance.learning.models import ClosedSegment, OpenSession
from lmscompliance.rekeying import service, walk
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from lmscompliance.training.registration import import_roster
from lmscompliance.vault import Vault, ciphers
from lmscompliance.vault.keys import Kind
from lmscompliance.vault.sources import FileKeys
from tests.exams.hall import open_hall
from tests.house.world import build
from tests.identity.sheets import number, person
from tests.learning.school import Player
from tests.training.school import OTHER_USCC, file_class, roster

ENCRYPTION, INDEX = Kind.ENCRYPTION, Kind.INDEX

BEATS_IN_TIME = 900
"""As many seconds may pass, one a beat, however long a busy machine takes: the exam lasts an hour."""

ROSTERS = 400
"""As many rosters of two the tests have numbers for."""


def rotate(services: Services, kind: Kind) -> service.Rotated:
    """Add a key and make everything anew with it."""
    service.add(services, kind)
    return service.rotate(services, kind, lambda _done, _total: None)


def worker(services: Services) -> Services:
    """Return the same platform as another process has it, with a ring of its own."""
    keys = services.vault.keys
    assert isinstance(keys, FileKeys)
    return replace(services, vault=Vault(FileKeys(keys.path)))


def test_every_value_of_every_room_is_made_anew(services: Services, tmp_path):
    """After a change of both keys the old ones can go, and everything opens without them."""
    world = build(services, tmp_path / "world")
    for kind in Kind:
        done = rotate(services, kind)
        assert done.current == 2
        assert set(done.remaining) <= {"compliance_activation_code.code_blind"}
        with pytest.raises(Conflict, match="rekeying"):
            service.retire(services, kind, 1)
    services.clock.advance(31 * 86400)
    for kind in Kind:
        service.rotate(services, kind, lambda _done, _total: None)
    with pytest.raises(Conflict, match="too_early"):
        service.retire(services, INDEX, 1)
    services.clock.advance(601)
    for kind in Kind:
        assert service.retire(services, kind, 1)
        with pytest.raises(InvalidInput, match="no_key"):
            service.retire(services, kind, 1)
        with pytest.raises(Conflict, match="current"):
            service.retire(services, kind, 2)
    assert [(one.kind, one.id, one.current) for one in service.listed(services)] == [
        (ENCRYPTION, 2, True),
        (INDEX, 2, True),
    ]
    fresh = worker(services)
    class_id = world.mine.objects["class_id"]
    with reading(services.database) as session:
        entries = queries.open_roster(session, fresh.vault, class_id)
        assert [one.person.name for one in entries] == ["张一", "王二"]
        for one in entries:
            found = person_by_number(session, fresh.vault, one.person.id_number)
            assert found is not None
            assert found.id == one.person.id


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("dies_after", [0, 1, 2, 5])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_rotation_that_died_goes_on_where_it_was(
    services: Services, tmp_path, kind, dies_after, monkeypatch
):
    """Whatever step it died after, everything opens meanwhile, and the next run does the rest."""
    monkeypatch.setattr(walk, "STEP_ROWS", 2)
    class_id = file_class(services)
    import_roster(services, "K1", roster(tmp_path / "r.xlsx", *(person(n) for n in range(1, 8))))
    service.add(services, kind)
    steps = 0

    def die(_done: int, _total: int) -> None:
        nonlocal steps
        steps += 1
        if steps > dies_after:
            raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        service.rotate(services, kind, die)
    fresh = worker(services)
    with reading(services.database) as session:
        assert len(queries.open_roster(session, fresh.vault, class_id)) == 7
        assert person_by_number(session, fresh.vault, number(3)) is not None
    service.rotate(fresh, kind, lambda _done, _total: None)
    used = {(one.kind, one.id): one.used for one in service.listed(fresh)}
    assert used[kind, 2] > 0
    assert used[kind, 1] == (0 if kind is ENCRYPTION else 7)  # the codes nobody has used yet


class Busy:
    """Somebody in a worker of their own who does one thing again and again until told to stop."""

    def __init__(self, stop: threading.Event, step: Callable[[int], None]) -> None:
        self.done = 0
        self.failures: list[Exception] = []
        self._stop, self._step = stop, step
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self.done += 1
                self._step(self.done)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is what the test is about
            self.failures.append(error)


def test_nothing_is_lost_under_load(services: Services, tmp_path):
    """Heartbeats, saved answers and rosters go on in other workers while both keys are changed."""
    hall = open_hall(services, tmp_path)
    attempt = hall.start("trainee-1")
    file_class(services, code="MANY", uscc=OTHER_USCC)
    player = Player(replace(hall.school, services=worker(services)), hall.school.start("trainee-2"))
    player.attentive = False
    registering = worker(services)
    began = services.clock.now()
    examining = replace(hall, school=replace(hall.school, services=worker(services)))

    def beat(n: int) -> None:
        services.clock.set(began + timedelta(seconds=min(n, BEATS_IN_TIME)))
        player.beat()

    def save(n: int) -> None:
        examining.save(attempt, n, {}, ip=f"203.0.113.{n % 2}")

    def register(n: int) -> None:
        if n > ROSTERS:
            stop.wait(0.01)
            return
        file = roster(tmp_path / f"{n}.xlsx", *(person(one) for one in range(2 * n, 2 * n + 2)))
        assert len(import_roster(registering, "MANY", file).issued) == 2

    stop = threading.Event()
    everybody = [Busy(stop, step) for step in (beat, save, register)]
    try:
        for kind in (ENCRYPTION, INDEX):
            before = [one.done for one in everybody]
            rotate(services, kind)
            while any(one.done == was for one, was in zip(everybody, before, strict=True)):
                assert not any(one.failures for one in everybody)
                stop.wait(0.01)
    finally:
        stop.set()
        for one in everybody:
            one.thread.join()
    assert [one.failures for one in everybody] == [[], [], []]
    for kind in Kind:
        service.rotate(services, kind, lambda _done, _total: None)
    beats, saves, imports = (one.done for one in everybody)
    fresh = worker(services)
    with reading(services.database) as session:
        assert session.scalar(select(OpenSession.last_seq)) == beats
        assert session.scalar(select(OpenSession.address_new)) is False
        assert session.scalar(select(ClosedSegment.n).where(ClosedSegment.closed_by == "address")) is None
        assert session.scalar(select(ExamSheet.seq)) == saves
        found = [
            person_by_number(session, fresh.vault, number(n)) for n in range(2, 2 * min(imports, ROSTERS) + 2)
        ]
        assert None not in found
        for one in session.scalars(select(Person)):
            open_person(fresh.vault, one)
    used = {(one.kind, one.id): one.used for one in service.listed(fresh)}
    assert used[ENCRYPTION, 1] == 0


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_one_number_is_one_person_while_index_keys_change(services: Services, tmp_path):
    """Two workers that index with different keys and register one new person at once make one record."""
    for code in ("K1", "K2"):
        file_class(services, code=code)
    service.add(services, INDEX)
    old, new = worker(services), worker(services)
    keys = new.vault.keys
    assert isinstance(keys, FileKeys)
    old = replace(services, vault=Vault(services.vault.ring))
    keys.change(lambda ring: ring.promoted(INDEX))
    barrier = threading.Barrier(2)

    def register(given: Services, code: str) -> None:
        file = roster(tmp_path / f"{code}.xlsx", *(person(n) for n in range(1, 30)))
        barrier.wait()
        import_roster(given, code, file)

    threads = [threading.Thread(target=register, args=one) for one in ((old, "K1"), (new, "K2"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(services.database) as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 29


def test_a_key_in_use_is_not_retired(services: Services, tmp_path):
    """A value that turns up under the old key after the last walk keeps that key in the ring."""
    file_class(services)
    stale = replace(services, vault=Vault(services.vault.ring))
    rotate(services, ENCRYPTION)
    import_roster(stale, "K1", roster(tmp_path / "r.xlsx", person(1)))
    services.clock.advance(601)
    with pytest.raises(Conflict, match=r"compliance_person\.name_sealed"):
        service.retire(services, ENCRYPTION, 1)
    service.rotate(services, ENCRYPTION, lambda _done, _total: None)
    services.clock.advance(601)
    assert service.retire(services, ENCRYPTION, 1)
    with pytest.raises(ComplianceError):
        stale.vault.open(
            "compliance_person.name_sealed", services.vault.seal("compliance_person.name_sealed", "甲")
        )


def test_no_second_key_is_added_before_the_first_is_used(services: Services):
    """Adding twice by mistake leaves one waiting key, and says what to do with it."""
    service.add(services, ENCRYPTION)
    with pytest.raises(Conflict, match="keys rotate"):
        service.add(services, ENCRYPTION)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_national_cipher_carries_every_room(services: Services, tmp_path):
    """From filing to export on SM4-GCM, every value under it; and from there to AES without a loss."""
    ring = FileKeys(tmp_path / "sm4.json", ciphers.SM4)
    national = replace(services, vault=Vault(ring))
    world = build(national, tmp_path / "world")
    keys = [one for one in service.listed(national) if one.kind is ENCRYPTION]
    assert [(one.cipher, one.current) for one in keys] == [(ciphers.SM4, True)]
    assert keys[0].used > 50
    ring.change(lambda had: had.added(ENCRYPTION, ciphers.AES))
    assert service.rotate(national, ENCRYPTION, lambda _done, _total: None).remaining == {}
    with reading(services.database) as session:
        entries = queries.open_roster(session, worker(national).vault, world.mine.objects["class_id"])
    assert [one.person.name for one in entries] == ["张一", "王二"]

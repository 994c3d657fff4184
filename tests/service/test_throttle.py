"""What was counted against guessing outlives restarts and changes of the vault's keys."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sqlalchemy import select

from lmscompliance.kernel.actor import Role
from lmscompliance.kernel.clock import ManualClock
from lmscompliance.rekeying import service as rekeying
from lmscompliance.service import throttle
from lmscompliance.service.models import LoginThrottle
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.vault import Vault
from lmscompliance.vault.keys import Kind
from tests.service.house import House, open_house


def _rotate(services: Services) -> rekeying.Rotated:
    return rekeying.rotate(services, Kind.INDEX, lambda _done, _total: None)


def _rows(services: Services) -> list[tuple[str, int]]:
    with reading(services.database) as session:
        return [(one.login_blind[:2], one.failures) for one in session.scalars(select(LoginThrottle))]


def _fail(services: Services, times: int) -> None:
    for _ in range(times):
        with transaction(services.database) as session:
            assert throttle.count(session, services, "boss") is None


def test_a_delay_survives_a_restart_and_a_new_index_key(house: House, tmp_path: Path, clock: ManualClock):
    """Neither whoever restarts the service nor whoever changes its keys gives a guesser new tries."""
    house.staff("boss", Role.ADMINISTRATOR)
    for _ in range(5):
        assert house.browser().sign_in("boss", "wrong password").status_code == 401
    restarted = open_house(tmp_path / "service", clock)
    assert restarted.browser().sign_in("boss").status_code == 429
    rekeying.add(restarted.services, Kind.INDEX)
    assert restarted.browser().sign_in("boss").status_code == 429
    assert _rotate(restarted.services).remaining["compliance_login_throttle.login_blind"] == 1
    assert restarted.browser().sign_in("boss").status_code == 429
    clock.advance(31)
    assert restarted.browser().sign_in("boss", "wrong password").status_code == 401
    assert _rows(restarted.services) == [("02", 6)]
    clock.advance(31)
    assert (
        restarted.browser().sign_in("boss").status_code == 429
    )  # now it is a minute, as if nothing had been
    clock.advance(30)
    assert restarted.browser().sign_in("boss").status_code == 303
    assert _rows(restarted.services) == []
    restarted.services.database.dispose()


def test_what_two_workers_counted_under_two_keys_is_one_count(house: House):
    """While the ring is handed out, one worker counts under the old key and another under the new."""
    services = house.services
    rekeying.add(services, Kind.INDEX)
    stale = replace(services, vault=Vault(services.vault.ring))
    _fail(stale, 2)
    _rotate(services)
    with transaction(services.database) as session:
        session.add(
            LoginThrottle(
                login_blind=services.vault.blind("service.login", "boss"),
                failures=2,
                failed_at=services.clock.now(),
                until=None,
            )
        )
    _fail(services, 1)
    assert _rows(services) == [("02", 5)]
    with reading(services.database) as session:
        assert throttle.waits_until(session, stale, "boss") is not None


def test_an_old_key_is_free_once_what_it_counted_is_forgotten(house: House, clock: ManualClock):
    """A day after the last wrong password nothing needs the key that its login was indexed with."""
    services = house.services
    _fail(services, 3)
    rekeying.add(services, Kind.INDEX)
    assert set(_rotate(services).remaining) == {"compliance_login_throttle.login_blind"}
    clock.advance(24 * 3600)
    assert _rotate(services).remaining == {}
    clock.advance(601)
    assert rekeying.retire(services, Kind.INDEX, 1)

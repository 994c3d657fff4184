"""Leases on both databases: one holder, bounded time, fenced writes."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from lmscompliance.jobs import leases
from lmscompliance.jobs.models import LeaseRow
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction


def _expire(services: Services, name: str) -> None:
    with transaction(services.database) as session:
        session.execute(update(LeaseRow).where(LeaseRow.name == name).values(expires_us=1))


def _until(services: Services, name: str) -> int:
    with reading(services.database) as session:
        return session.scalars(select(LeaseRow.expires_us).where(LeaseRow.name == name)).one()


def test_a_second_claimant_waits_until_the_first_releases(services: Services) -> None:
    """While a name is held nobody else gets it; a release frees it at once."""
    first = leases.acquire(services, "sealing", seconds=60)
    assert first is not None
    assert leases.acquire(services, "sealing", seconds=60) is None
    leases.release(services, first)
    second = leases.acquire(services, "sealing", seconds=60)
    assert second is not None
    assert second.fence > first.fence


def test_names_are_independent(services: Services) -> None:
    """Holding one name says nothing about another."""
    assert leases.acquire(services, "a", seconds=60) is not None
    assert leases.acquire(services, "b", seconds=60) is not None


def test_a_dead_holder_is_replaced_when_its_time_is_over(services: Services) -> None:
    """An expired lease is free, and the newcomer's fence is higher."""
    first = leases.acquire(services, "sealing", seconds=60)
    _expire(services, "sealing")
    second = leases.acquire(services, "sealing", seconds=60)
    assert first is not None
    assert second is not None
    assert second.fence == first.fence + 1


def test_a_replaced_holder_cannot_write_renew_or_release(services: Services) -> None:
    """A holder that slept past its time is stopped by its fence at every turn."""
    first = leases.acquire(services, "sealing", seconds=60)
    assert first is not None
    _expire(services, "sealing")
    second = leases.acquire(services, "sealing", seconds=60)
    assert second is not None
    with pytest.raises(leases.LeaseLost), transaction(services.database) as session:
        leases.check(session, first)
    with pytest.raises(leases.LeaseLost):
        leases.renew(services, first, seconds=60)
    leases.release(services, first)
    with transaction(services.database) as session:
        leases.check(session, second)


def test_an_expired_holder_cannot_write_even_if_nobody_followed(services: Services) -> None:
    """Time alone ends a lease: the write is refused although the fence is still the newest."""
    lease = leases.acquire(services, "sealing", seconds=60)
    assert lease is not None
    _expire(services, "sealing")
    with pytest.raises(leases.LeaseLost), transaction(services.database) as session:
        leases.check(session, lease)


def test_renewing_keeps_the_lease(services: Services) -> None:
    """A renewed lease has the same fence and stays held."""
    lease = leases.acquire(services, "sealing", seconds=60)
    assert lease is not None
    before = _until(services, "sealing")
    leases.renew(services, lease, seconds=120)
    assert _until(services, "sealing") >= before + 60_000_000
    with transaction(services.database) as session:
        leases.check(session, lease)
    assert leases.acquire(services, "sealing", seconds=60) is None


def test_a_block_holds_and_frees_the_name(services: Services) -> None:
    """``held`` yields the lease, frees it afterwards even on an error, and yields nothing if taken."""
    with pytest.raises(ZeroDivisionError), leases.held(services, "x", seconds=60) as lease:
        assert lease is not None
        with leases.held(services, "x", seconds=60) as rival:
            assert rival is None
        raise ZeroDivisionError
    assert leases.acquire(services, "x", seconds=60) is not None

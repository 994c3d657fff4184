"""Fixtures of service mode."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from lmscompliance.kernel.clock import ManualClock
from lmscompliance.service import passwords
from tests.service.house import House, open_house

STRENGTH = passwords._HASHER


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash as cheaply as argon2 can; what is really used is looked at by a test of its own."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", cheap)
    monkeypatch.setattr(passwords, "_NOBODYS", cheap.hash(""))


@pytest.fixture
def strong_passwords(_cheap_passwords: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash as the product does."""
    monkeypatch.setattr(passwords, "_HASHER", STRENGTH)


@pytest.fixture
def house(tmp_path: Path, clock: ManualClock) -> Iterator[House]:
    """Return a service with nobody in it."""
    house = open_house(tmp_path / "service", clock)
    yield house
    house.services.database.dispose()

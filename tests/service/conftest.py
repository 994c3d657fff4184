"""Fixtures of service mode."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lmscompliance.kernel.clock import ManualClock
from tests.service.house import House, open_house


@pytest.fixture
def house(tmp_path: Path, clock: ManualClock) -> Iterator[House]:
    """Return a service with nobody in it."""
    house = open_house(tmp_path / "service", clock)
    yield house
    house.services.database.dispose()

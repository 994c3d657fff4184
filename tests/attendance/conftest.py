"""Fixtures of the attendance tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from lmscompliance.services import Services
from tests.attendance.classroom import Classroom, open_classroom


@pytest.fixture
def room(services: Services, tmp_path: Path) -> Classroom:
    """Return a blended class of three under S2."""
    return open_classroom(services, tmp_path)

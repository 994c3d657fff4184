"""Fixtures of the completion tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from lmscompliance.services import Services
from tests.completion.classroom import Classroom, open_classroom


@pytest.fixture
def room(services: Services, tmp_path: Path) -> Classroom:
    """Return an approved class of two: trainee-1 is activated, trainee-2 is not."""
    return open_classroom(services, tmp_path)

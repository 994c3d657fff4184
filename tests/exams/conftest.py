"""Fixtures of the exam tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from lmscompliance.services import Services
from tests.exams.browser import phone, site, visitors
from tests.exams.hall import Hall, open_hall

__all__ = ["hall", "phone", "site", "visitors"]


@pytest.fixture
def hall(services: Services, tmp_path: Path) -> Hall:
    """Return a class at exam time: ten questions of ten points, two unlocked trainees."""
    return open_hall(services, tmp_path / "bank")

"""Fixtures of the learning tests."""

from __future__ import annotations

import pytest

from lmscompliance.services import Services
from tests.learning.school import School, open_school
from tests.learning.site import browser, site

__all__ = ["browser", "site"]


@pytest.fixture
def school(services: Services) -> School:
    """Return an approved class under S1 with 24 lessons of half an hour and two trainees."""
    return open_school(services)

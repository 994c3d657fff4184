"""A class long over, with something of every room in it, beside another that one of its people is in too."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lmscompliance.extension.signing import signer_of
from tests.house.world import build


@pytest.fixture
def signer(services):
    """Return the signer of the services' log."""
    return signer_of(services)


@pytest.fixture
def world(services, tmp_path):
    """Return the house's two classes; holds that stand on them are the tests' to release."""
    return build(services, tmp_path / "world")


@pytest.fixture
def later(services):
    """Return a function that lets years pass."""
    return lambda years: services.clock.advance(timedelta(days=366 * years).total_seconds())

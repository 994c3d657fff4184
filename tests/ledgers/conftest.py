"""An exported miniature class."""

from __future__ import annotations

from pathlib import Path

import pytest

from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.kernel.clock import ManualClock
from lmscompliance.services import Services
from tests.ledgers.miniature import Miniature, build


@pytest.fixture
def signer(tmp_path: Path) -> LocalSigner:
    """Return a signer of its own."""
    return LocalSigner.load_or_create(tmp_path / "signer", "example.com/log")


@pytest.fixture
def miniature(services: Services, clock: ManualClock) -> Miniature:
    """Return the miniature class, recorded and not yet sealed."""
    return build(services, clock)

"""One exported miniature class, made once and tampered with in copies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from lmscompliance.evidence.sealer import seal_all
from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.kernel.clock import SHANGHAI, ManualClock
from lmscompliance.ledgers.service import Export, export
from lmscompliance.services import Services
from tests.ledgers.miniature import Miniature, build, standalone


@dataclass(frozen=True)
class Exported:
    """The class, its signer and what was exported of it."""

    miniature: Miniature
    signer: LocalSigner
    export: Export

    @property
    def trust(self) -> str:
        """The trust file's text."""
        return self.export.trust.read_text(encoding="utf-8")


def make(folder: Path, change=None, origin: str = "example.com/log") -> Exported:
    """Build, change (if asked) and export a miniature class below ``folder``."""
    clock = ManualClock(datetime(2021, 2, 1, 8, 0, tzinfo=SHANGHAI))
    services: Services = standalone(folder, clock)
    signer = LocalSigner.load_or_create(folder / "signer", origin)
    miniature = build(services, clock, lambda: seal_all(services, signer))
    if change is not None:
        change(miniature)
    return Exported(miniature, signer, export(services, signer, miniature.class_id, folder / "out"))


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Return the untouched export; tests work on copies of its bundle."""
    return make(tmp_path_factory.mktemp("exported"))

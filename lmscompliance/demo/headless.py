"""The month without a browser: play it, export the ledger, verify it as an outsider would, sum it up."""

from __future__ import annotations

import shutil
from pathlib import Path

from lmscompliance import Compliance
from lmscompliance.demo import month
from lmscompliance.demo.platform import create_app
from lmscompliance.demo.summary import Summary, sum_up
from lmscompliance.kernel.clock import ManualClock
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.kernel.ids import Ids, SeededRandomness
from lmscompliance.ledgers.service import export
from lmscompliance.storage.migrate import upgrade
from lmscompliance.verifier import verify

_MARKER = ".lmscompliance-demo"


def run(
    out: Path, material: month.Material, trainees: int | None, seed: int, progress: month.Progress
) -> Summary:
    """Play, export and verify below ``out``; the same seed and material give the same figures.

    Raises ``InvalidInput`` when ``out`` already holds something that is not an earlier run's.
    """
    theatre = open_theatre(_fresh(out), seed)
    try:
        upgrade(theatre.services.database)
        played = month.perform(theatre, material, trainees, out, progress)
        exported = export(theatre.services, theatre.compliance.signer(theatre.app), played.class_id, out)
        report = verify(exported.bundle, exported.trust.read_text(encoding="utf-8"))
        return sum_up(theatre.services, played, exported, report.verdict)
    finally:
        theatre.services.database.dispose()


def open_theatre(data_dir: Path, seed: int) -> month.Theatre:
    """Return the demo platform over ``data_dir`` with a hand-moved clock and seeded chance."""
    clock = ManualClock(month.FILED)
    compliance = Compliance(clock=clock, randomness=SeededRandomness(f"server {seed}"))
    return month.Theatre(
        app=create_app(data_dir, compliance),
        compliance=compliance,
        clock=clock,
        chance=Ids(clock, SeededRandomness(f"cast {seed}")),
    )


def _fresh(out: Path) -> Path:
    data_dir = out / "data"
    if data_dir.exists():
        # Only what an earlier run of ours left behind may be thrown away.
        if not (data_dir / _MARKER).exists():
            raise InvalidInput("demo.not_empty", path=str(data_dir))
        shutil.rmtree(data_dir)
    data_dir.mkdir(parents=True, mode=0o700)
    (data_dir / _MARKER).touch()
    return data_dir

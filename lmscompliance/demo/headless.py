"""The month without a browser: play it, export the ledger, verify it as an outsider would, sum it up."""

from __future__ import annotations

from pathlib import Path

from lmscompliance import Compliance
from lmscompliance.demo import month
from lmscompliance.demo.places import claimed, clear, is_marked
from lmscompliance.demo.platform import create_app
from lmscompliance.demo.summary import Summary, sum_up
from lmscompliance.kernel.clock import ManualClock
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.kernel.ids import Ids, SeededRandomness
from lmscompliance.ledgers.service import export
from lmscompliance.storage.migrate import upgrade
from lmscompliance.verifier import verify


def run(
    out: Path, material: month.Material, trainees: int | None, seed: int, progress: month.Progress
) -> Summary:
    """Play, export and verify below ``out``; the same seed and material give the same figures.

    What an earlier run left there is replaced. Raises ``InvalidInput``, touching nothing, when ``out``
    holds what is not a demo's where this run would write.
    """
    data_dir = out / "data"
    _refuse_foreign(out, data_dir)
    with claimed(data_dir):
        clear(data_dir)
        theatre = open_theatre(data_dir, seed, material.policy_dir)
        try:
            upgrade(theatre.services.database)
            played = month.perform(theatre, material, trainees, data_dir, progress)
            signer = theatre.compliance.signer(theatre.app)
            exported = export(theatre.services, signer, played.class_id, out, progress)
            progress("verify", 0, 1)
            report = verify(exported.bundle, exported.trust.read_text(encoding="utf-8"))
            progress("verify", 1, 1)
            return sum_up(theatre.services, played, exported, report.verdict)
        finally:
            theatre.services.database.dispose()


def open_theatre(data_dir: Path, seed: int, policy_dir: Path | None = None) -> month.Theatre:
    """Return the demo platform over ``data_dir`` with a hand-moved clock and seeded chance."""
    clock = ManualClock(month.FILED)
    compliance = Compliance(clock=clock, randomness=SeededRandomness(f"server {seed}"))
    return month.Theatre(
        app=create_app(data_dir, compliance, policy_dir),
        compliance=compliance,
        clock=clock,
        chance=Ids(clock, SeededRandomness(f"cast {seed}")),
    )


def _refuse_foreign(out: Path, data_dir: Path) -> None:
    # Without the marked directory beside them, files of these names are somebody's own ledger.
    if is_marked(data_dir):
        return
    for suffix in ("xlsx", "lmsev.zip", "trust"):
        if (out / f"{month.CODE}.{suffix}").exists():
            raise InvalidInput("demo.not_empty", path=out)

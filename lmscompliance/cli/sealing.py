"""``lmscompliance seal``: what the periodic job does, now."""

from __future__ import annotations

import click

from lmscompliance.cli.environment import services
from lmscompliance.cli.showing import note, say
from lmscompliance.evidence.sealer import seal_all
from lmscompliance.extension.signing import signer_of


@click.command("seal")
def seal() -> None:
    """Seal everything recorded so far into the evidence log and sign a checkpoint."""
    with services() as given:
        report = seal_all(given, signer_of(given))
    say("cli.sealed", sealed=report.sealed, size=report.size)
    if report.unwitnessed:
        note("cli.unwitnessed", names=", ".join(report.unwitnessed))

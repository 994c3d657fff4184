"""``lmscompliance verify``: an auditor's command. Imports the verifier and nothing of the platform."""

from __future__ import annotations

import json
from pathlib import Path

import click

from lmscompliance.cli.language import language
from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.verifier import verify as verify_bundle


@click.command("verify")
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option(
    "--trust",
    type=click.Path(path_type=Path),
    help="The log's trust policy (C2SP tlog-policy), from somewhere other than the bundle. Without it "
    "nothing can be vouched for.",
)
@click.option(
    "--workbook",
    type=click.Path(path_type=Path),
    help="A workbook from elsewhere, such as one received by mail, to be compared with the evidence "
    "cell by cell.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
@click.pass_context
def verify(
    context: click.Context, bundle: Path, trust: Path | None, workbook: Path | None, *, as_json: bool
) -> None:
    """Verify an evidence bundle offline.

    Exit code: 0 valid, 1 invalid, 2 unverifiable (or a wrong call), 3 valid with findings.
    """
    report = verify_bundle(bundle, _read(trust), workbook)
    if as_json:
        click.echo(json.dumps(report.to_json(), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(report.lines(language())))
    context.exit(int(report.verdict.exit))


def _read(trust: Path | None) -> bytes | None:
    if trust is None:
        return None
    try:
        return trust.read_bytes()
    except OSError as error:
        raise Misconfigured("cli.trust_unreadable", file=trust) from error

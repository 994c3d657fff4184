"""``lmscompliance witness``: what a bureau or an enterprise runs. Imports nothing of the platform."""

from __future__ import annotations

from pathlib import Path

import click

from lmscompliance.cli.showing import say
from lmscompliance.kernel.clock import SystemClock
from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.tlog.notes import VKey, valid_name
from lmscompliance.tlog.trust import BadPolicy, TrustPolicy
from lmscompliance.witness import Witness
from lmscompliance.witness.server import WitnessServer


@click.command("witness")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--name", required=True, help="The witness's name, as witness.example.gov.cn (no space or +).")
@click.option(
    "--trust",
    "policies",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path),
    help="A platform's trust policy: its log lines are witnessed. May be given more than once.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=5080,
    show_default=True,
    help="The port; 0 takes a free one.",
)
def witness(directory: Path, name: str, policies: tuple[Path, ...], host: str, port: int) -> None:
    """Run a witness whose key and memory are in DIRECTORY.

    Serves C2SP tlog-witness and, at /, a page in Chinese that says what it holds. Put a reverse proxy with
    TLS in front of it. Needs no settings and no database.
    """
    if not valid_name(name):
        raise Misconfigured("cli.bad_witness_name", name=name)
    opened = Witness.open(directory, name, [key for path in policies for key in _logs(path)], SystemClock())
    with WitnessServer((host, port), opened) as server:
        say("cli.witness_serves", name=name, host=host, port=server.server_port, vkey=opened.vkey)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


def _logs(path: Path) -> list[VKey]:
    try:
        return [log.vkey for log in TrustPolicy.parse(path.read_bytes()).logs]
    except (OSError, BadPolicy) as error:
        raise Misconfigured("cli.policy_unreadable", file=path, reason=str(error)) from error

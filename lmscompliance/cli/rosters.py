"""``lmscompliance roster``: who is to learn."""

from __future__ import annotations

from pathlib import Path

import click

from lmscompliance.cli.environment import services
from lmscompliance.cli.showing import dump
from lmscompliance.identity import roster
from lmscompliance.kernel.clock import SystemClock, shanghai_day
from lmscompliance.training.registration import import_roster

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("roster")
def group() -> None:
    """Check and import rosters."""


@group.command("check")
@click.argument("file", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
def check(file: Path, *, as_json: bool) -> None:
    """Check a roster without importing it. Needs no settings and no database.

    Refused rows are a result, not a failure: the exit code is 0 whenever the file could be read.
    """
    report = roster.check(file, shanghai_day(SystemClock().now()))
    show(report, as_json=as_json)


@group.command("import")
@click.argument("file", type=_FILE)
@click.option("--class", "code", required=True, help="The class's code.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
def import_(file: Path, code: str, *, as_json: bool) -> None:
    """Enrol each good row of a roster; refused rows come back with row and reason."""
    with services() as given:
        show(import_roster(given, code, file), as_json=as_json)


def show(report: roster.RosterReport, *, as_json: bool) -> None:
    """Print a roster's report."""
    if as_json:
        dump(report.to_json())

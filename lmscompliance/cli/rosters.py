"""``lmscompliance roster``: who is to learn."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path

import click

from lmscompliance.cli.environment import services
from lmscompliance.cli.language import language
from lmscompliance.cli.showing import dump, note, say
from lmscompliance.documents.font import SETTING, Typeface
from lmscompliance.identity import roster
from lmscompliance.kernel.clock import SystemClock, shanghai, shanghai_day, to_micros
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.kernel.messages import text
from lmscompliance.services import Services
from lmscompliance.training import codes
from lmscompliance.training.registration import import_roster

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_CODES = click.option(
    "--codes",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the activation codes (CSV, for this user only).  [default: in the data directory]",
)


@click.group("roster")
def group() -> None:
    """Check and import rosters."""


@group.command("check")
@click.argument("file", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
def check(file: Path, *, as_json: bool) -> None:
    """Check a roster without importing it. Needs no settings and no database.

    COMPLIANCE_FONTS_DIR, where set, names the fonts of rare characters.

    Refused rows are a result, not a failure: the exit code is 0 whenever the file could be read.
    """
    folder = os.environ.get(SETTING)
    typeface = Typeface(Path(folder).expanduser() if folder else None)
    typeface.check()
    _show(roster.check(file, shanghai_day(SystemClock().now()), typeface), as_json=as_json)


@group.command("import", short_help="Enrol each good row of a roster.")
@click.argument("file", type=_FILE)
@click.option("--class", "code", required=True, help="The class's code.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
@_CODES
def import_(file: Path, code: str, target: Path | None, *, as_json: bool) -> None:
    """Enrol each good row of a roster; refused rows come back with row and reason.

    Each new enrolment gets a one-time activation code. The codes are known only now: they are written to
    a file that only this user can read.
    """
    _must_be_new(target)
    with services() as given:
        done = import_roster(given, code, file)
        _show(done.report, as_json=as_json)
        _write_codes(given, code, done.issued, target)


@group.command("reissue", short_help="Give new codes to who is not yet activated.")
@click.option("--class", "code", required=True, help="The class's code.")
@_CODES
def reissue(code: str, target: Path | None) -> None:
    """Give everybody of a class who is not yet activated a new code; the old ones stop working."""
    _must_be_new(target)
    with services() as given:
        _write_codes(given, code, codes.reissue(given, code), target)


def _must_be_new(target: Path | None) -> None:
    # Asked before anything is imported: codes that cannot be written are codes nobody gets.
    if target is not None and target.exists():
        raise InvalidInput("cli.file_exists", file=target)


def _write_codes(
    given: Services, class_code: str, issued: Sequence[codes.IssuedCode], target: Path | None
) -> None:
    if not issued:
        return
    if target is None:
        folder = given.settings.data_dir / "codes"
        folder.mkdir(mode=0o700, exist_ok=True)
        target = folder / f"{to_micros(given.clock.now())}.csv"
    # Created for this user alone from the first byte on; never over an existing file.
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    # The mark at the start is what makes spreadsheets read Chinese names correctly.
    with os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["班级", "序号", "姓名", "激活码", "有效期至"])
        for one in issued:
            until = shanghai(one.expires_at).strftime("%Y-%m-%d %H:%M")
            writer.writerow([class_code, one.ordinal, one.name, one.code, until])
    note("cli.codes_written", count=len(issued), file=target)


def _show(report: roster.RosterReport, *, as_json: bool) -> None:
    if as_json:
        dump(report.to_json(language()))
        return
    say("cli.roster_summary", rows=report.rows, accepted=len(report.accepted), refused=len(report.refused))
    for bad in report.refused:
        reason = " ".join(remark.message(language()) for remark in bad.remarks)
        say(
            "cli.roster_refused",
            row=bad.row,
            field=text(f"identity.field_{bad.field}", language()),
            reason=reason,
        )
    for odd in report.accepted:
        if odd.warnings:
            warnings = " ".join(remark.message(language()) for remark in odd.warnings)
            say("cli.roster_warned", row=odd.row, id=odd.id_masked, warnings=warnings)

"""``lmscompliance questions``: the banks that papers are drawn from."""

from __future__ import annotations

from pathlib import Path

import click

from lmscompliance.cli.environment import services
from lmscompliance.cli.language import language
from lmscompliance.cli.showing import dump, say
from lmscompliance.questions.report import BankReport
from lmscompliance.questions.service import check_files, import_paths

_PATHS = click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")


@click.group("questions")
def group() -> None:
    """Check and import question banks (.xlsx and GIFT; a directory is walked)."""


@group.command("check")
@_PATHS
@_JSON
def check(paths: tuple[Path, ...], *, as_json: bool) -> None:
    """Check banks without importing them. Needs no settings and no database.

    Refused rows are a result, not a failure: the exit code is 0 whenever the files could be read.
    """
    _show(check_files(paths), as_json=as_json)


@group.command("import")
@_PATHS
@click.option("--topic", help="Topic of the questions whose file does not say.")
@_JSON
def import_(paths: tuple[Path, ...], topic: str | None, *, as_json: bool) -> None:
    """Import banks in one transaction; importing the same file again changes nothing."""
    with services() as given:
        _show(import_paths(given, paths, topic), as_json=as_json)


def _show(report: BankReport, *, as_json: bool) -> None:
    told = report.to_json(language())
    if as_json:
        dump(told)
        return
    say(
        "cli.questions_summary",
        rows=report.rows,
        imported=report.imported,
        refused=len(report.refused),
        flagged=len(report.flagged),
    )
    for code, findings in (
        ("cli.questions_refused", report.refused),
        ("cli.questions_flagged", report.flagged),
    ):
        for finding in findings:
            row = finding.to_json(language())
            say(code, sheet=row["sheet"] or row["file"], row=row["row"], reason=row["reason"])

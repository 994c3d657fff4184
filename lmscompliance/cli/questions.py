"""``lmscompliance questions``: the banks that papers are drawn from."""

from __future__ import annotations

from pathlib import Path

import click

from lmscompliance.cli.environment import services
from lmscompliance.cli.language import language
from lmscompliance.cli.showing import dump, say
from lmscompliance.kernel.messages import text
from lmscompliance.questions.draft import MULTIPLE, SINGLE
from lmscompliance.questions.report import Awaiting, BankReport, Finding
from lmscompliance.questions.service import check_files, confirm, export, import_paths, unconfirmed

_PATHS = click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")


@click.group("questions")
def group() -> None:
    """Check, import and export question banks (spreadsheets, CSV, GIFT, Aiken, Moodle XML, QTI)."""


@group.command("check")
@_PATHS
@_JSON
def check(paths: tuple[Path, ...], *, as_json: bool) -> None:
    """Check banks without importing them. Needs no settings and no database.

    Refused rows are a result, not a failure: the exit code is 0 whenever the files could be read.
    """
    _show(check_files(paths), as_json=as_json)


@group.command("import", short_help="Import banks; a repetition changes nothing.")
@_PATHS
@click.option("--topic", help="Topic of the questions whose file does not say.")
@_JSON
def import_(paths: tuple[Path, ...], topic: str | None, *, as_json: bool) -> None:
    """Import banks in one transaction; importing the same file again changes nothing."""
    with services() as given:
        _show(import_paths(given, paths, topic), as_json=as_json)


@group.command("awaiting", short_help="List the questions that wait to be confirmed, and why.")
@click.option("--bank", help="Only this bank's (a file's name without its ending).")
@_JSON
def awaiting(bank: str | None, *, as_json: bool) -> None:
    """List the imported questions that are not drawn until somebody has confirmed them, and why."""
    with services() as given:
        found = unconfirmed(given, bank)
    if as_json:
        dump([one.to_json(language()) for one in found])
        return
    for one in found:
        click.echo(f"{one.id}  {one.topic}  {_place(one.finding)}")
        click.echo(f"    {one.stem}")
        for line in _answer(one):
            click.echo(f"      {line}")
        click.echo(f"    {one.finding.to_json(language())['reason']}")
    say("cli.questions_awaiting", count=len(found))


@group.command("confirm", short_help="Let flagged questions be drawn.")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
def confirm_(ids: tuple[str, ...]) -> None:
    """Let flagged questions be drawn from now on; confirming again changes nothing."""
    with services() as given:
        for one in ids:
            confirm(given, one)
    say("cli.questions_confirmed", count=len(ids))


@group.command("export", short_help="Write a topic's questions as a workbook or as GIFT.")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--topic", required=True, help="Topic whose questions to write.")
@click.option("--bank", help="Only this bank's (a file's name without its ending).")
@click.option(
    "--format", "form", type=click.Choice(["xlsx", "gift"]), default="xlsx", help="Format of the file."
)
@_JSON
def export_(path: Path, topic: str, bank: str | None, form: str, *, as_json: bool) -> None:
    """Write a topic's questions to a new file; importing it again changes nothing.

    Questions that wait to be confirmed are left out, because a file cannot carry the doubt.
    """
    with services() as given:
        done = export(given, path, topic=topic, form=form, bank=bank)
    if as_json:
        dump(done.to_json())
        return
    say("cli.questions_exported", path=path, count=done.exported)
    if done.waiting:
        say("cli.questions_export_waiting", count=done.waiting)
    if done.unwritable:
        say("cli.questions_unwritable", count=len(done.unwritable), ids=" ".join(done.unwritable))


def _show(report: BankReport, *, as_json: bool) -> None:
    if as_json:
        dump(report.to_json(language()))
        return
    say(
        "cli.questions_summary",
        rows=report.rows,
        imported=report.imported,
        refused=len(report.refused),
        flagged=len(report.flagged),
        duplicates=len(report.duplicates),
    )
    for code, findings in (
        ("cli.questions_refused", report.refused),
        ("cli.questions_flagged", report.flagged),
        ("cli.questions_duplicate", report.duplicates),
    ):
        for finding in findings:
            say(code, place=_place(finding), reason=finding.to_json(language())["reason"])


def _place(finding: Finding) -> str:
    """Return where a row stands, the sheet where the file has any."""
    source = finding.source
    file = f"{source.file} [{source.sheet}]" if source.sheet else source.file
    return text("cli.questions_place", language(), file=file, row=source.row)


def _answer(question: Awaiting) -> list[str]:
    """Return the options with the right ones marked, or the key where there is nothing to choose from."""
    if question.kind in {SINGLE, MULTIPLE}:
        return [
            f"{'*' if number in question.key else ' '} {chr(ord('A') + number)}. {option}"
            for number, option in enumerate(question.options)
        ]
    return [
        " = ".join(map(str, accepted)) if isinstance(accepted, list) else str(accepted)
        for accepted in question.key
    ]

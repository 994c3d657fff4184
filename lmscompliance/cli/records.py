"""``lmscompliance records``: learning that other systems recorded."""

from __future__ import annotations

from pathlib import Path

import click

from lmscompliance.cli.environment import services
from lmscompliance.cli.language import language
from lmscompliance.cli.lookup import class_id_of
from lmscompliance.cli.showing import dump, say
from lmscompliance.completion import service as completion
from lmscompliance.records.moodle_time import ORDERS
from lmscompliance.records.report import ImportReport
from lmscompliance.records.service import FORMATS, Source, import_records

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_ROWS_SHOWN = 12


@click.group("records")
def group() -> None:
    """Import learning that another system recorded; it is kept apart and counts only by policy."""


@group.command("import", short_help="Import a Moodle log, xAPI or cmi5 statements as reported sessions.")
@click.argument("file", type=_FILE)
@click.option("--format", "form", type=click.Choice(FORMATS), required=True, help="Format of the file.")
@click.option("--class", "code", required=True, help="The class's code.")
@click.option(
    "--users", type=_FILE, help="Table that says who each user is (columns: user, id number or ordinal)."
)
@click.option(
    "--lessons", type=_FILE, help="Table that says which lesson each context is (columns: context, lesson)."
)
@click.option(
    "--date-order",
    "order",
    type=click.Choice(ORDERS),
    help="How the log writes dates, where it does not show.",
)
@click.option(
    "--timezone", "zone", default="Asia/Shanghai", show_default=True, help="Time zone of a log without one."
)
@click.option("--check", is_flag=True, help="Only say what would be imported.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
def import_(
    *,
    file: Path,
    form: str,
    code: str,
    users: Path | None,
    lessons: Path | None,
    order: str | None,
    zone: str,
    check: bool,
    as_json: bool,
) -> None:
    """Import a Moodle log, xAPI or cmi5 statements as reported sessions; a repetition changes nothing.

    Rows that become no time come back with row, field and remedy: they are a result, not a failure.
    """
    source = Source(file, form, users=users, lessons=lessons, order=order or "", zone=zone)
    with services() as given:
        report = import_records(given, code, source, check=check)
        if report.batch and report.credited:
            class_id = class_id_of(given, code)
            for enrolment_id in report.enrolments:
                completion.refresh(given, class_id, enrolment_id)
    if as_json:
        dump(report.to_json(language()))
    else:
        _show(report, check=check)


def _show(report: ImportReport, *, check: bool) -> None:
    say(
        "cli.records_checked" if check else "cli.records_imported",
        rows=report.rows,
        events=report.events,
        known=report.known,
        passed=report.passed,
        findings=len(report.findings),
        people=len(report.enrolments),
        sessions=report.sessions,
        minutes=f"{report.seconds / 60:.1f}",
        idle=report.idle_minutes,
    )
    say("cli.records_counted" if report.credited else "cli.records_apart")
    for one in report.people:
        say(
            "cli.records_person",
            ordinal=one.ordinal,
            user=one.user,
            events=one.events,
            sessions=one.sessions,
            minutes=f"{one.seconds / 60:.1f}",
        )
    for finding, rows in report.grouped():
        shown = [*rows[:_ROWS_SHOWN], *(["…"] if len(rows) > _ROWS_SHOWN else [])]
        say(
            "cli.records_finding",
            count=len(rows),
            rows=shown,
            field=finding.field,
            value=finding.value,
            reason=finding.reason(language()),
            remedy=finding.remedy(language()),
        )

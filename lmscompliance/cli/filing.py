"""``lmscompliance filing``: a class's way to the bureau, from the forms to its answer."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from lmscompliance.cli.environment import services
from lmscompliance.cli.language import language
from lmscompliance.cli.lookup import class_id_of
from lmscompliance.cli.showing import listed, say
from lmscompliance.completion import closing
from lmscompliance.filing import dispatches, forms, notices, pack, reminders, service
from lmscompliance.filing.dispatches import MEANS, Recipient, Sending
from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.kernel.clock import shanghai_day
from lmscompliance.kernel.messages import text
from lmscompliance.policy import DOCUMENTS
from lmscompliance.rules.class_life import APPROVED, DRAFT, FILED
from lmscompliance.rules.verdict import Cited
from lmscompliance.storage.transaction import reading

_DAY = click.DateTime(["%Y-%m-%d"])
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_LOCAL = "127.0.0.1"
"""The address of whoever works at this machine's terminal."""

code_option = click.option("--code", required=True, help="The class's code.")
by_option = click.option("--by", required=True, help="Who does it; kept with the record.")


@click.group("filing")
def group() -> None:
    """Prepare a class's filing, hand it in, and keep what the bureau answers."""


@group.command("form", short_help="Write a prefilled form.")
@code_option
@click.option("--kind", type=click.Choice(list(forms.FORMS)), required=True, help="Which form.")
@click.option(
    "--as", "ending", type=click.Choice([forms.WORD, forms.PDF]), default=forms.PDF, help="Its format."
)
@click.option(
    "--to", "folder", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Where to."
)
def form(*, code: str, kind: str, ending: str, folder: Path) -> None:
    """Write a form in which everything on record is filled in, to be signed and stamped."""
    with services() as given:
        name, data = forms.make(given, class_id_of(given, code), kind, ending)
    _write(folder / name, data)


@group.command("check", short_help="Say what is missing.")
@code_option
def check(*, code: str) -> None:
    """Say what the notice asks for and what is missing, each with its clause; ends with 1 if anything is."""
    with services() as given:
        found = service.dossier(given, class_id_of(given, code))
    for one in found.verdicts:
        mark = "✓" if one.met else "✗"
        click.echo(f"{mark} {Cited(one, found.notice).message(language())}")
    if not all(one.met for one in found.verdicts):
        click.get_current_context().exit(1)


@group.command("upload", short_help="Keep a stamped document.")
@click.argument("file", type=_FILE)
@code_option
@click.option("--kind", metavar="KIND", required=True, help=f"What it is: {', '.join(DOCUMENTS)}.")
@by_option
def upload(*, file: Path, code: str, kind: str, by: str) -> None:
    """Keep the scan of a stamped document; it takes the place of an earlier one."""
    with services() as given:
        class_id = class_id_of(given, code)
        digest = service.add_document(given, class_id, kind, file.read_bytes(), by=by, ip=_LOCAL)
    say("cli.filing_kept", code=code, kind=kind, sha256=digest)


@group.command("declare", short_help="Declare output and size.")
@code_option
@click.option("--output-yuan", type=click.IntRange(min=0), help="The yearly output in yuan.")
@click.option("--above-scale/--below-scale", default=False, help="Whether it is above the designated size.")
@by_option
def declare(*, code: str, output_yuan: int | None, above_scale: bool, by: str) -> None:
    """Declare what the notice asks of the enterprise."""
    with services() as given:
        class_id = class_id_of(given, code)
        service.declare(given, class_id, output_yuan=output_yuan, above_scale=above_scale, by=by)
    say("cli.filing_done", code=code)


@group.command("pack", short_help="Write the submission pack.")
@code_option
@click.option(
    "--to", "folder", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Where to."
)
def pack_(*, code: str, folder: Path) -> None:
    """Write all documents, notices and lists of readers as one archive with their digests."""
    with services() as given:
        made = pack.make(given, class_id_of(given, code))
    _write(folder / made.name, made.data)
    click.echo(made.listing, nl=False)


@group.command("submit", short_help="File the class.")
@code_option
@by_option
def submit(*, code: str, by: str) -> None:
    """File a draft; what is missing is named with its clause."""
    _step(code, FILED, by=by)


@group.command("approve", short_help="Record the bureau's approval.")
@code_option
@click.option("--number", default="", help="The bureau's filing number.")
@by_option
def approve(*, code: str, number: str, by: str) -> None:
    """Record the bureau's approval as of now."""
    _step(code, APPROVED, by=by, number=number)


@group.command("return", short_help="Record that the bureau returned it.")
@code_option
@click.option("--reason", required=True, help="Why it came back.")
@by_option
def return_(*, code: str, reason: str, by: str) -> None:
    """Record that the bureau returned the filing; its documents can then be replaced."""
    _step(code, DRAFT, by=by, reason=reason)


@group.command("dispatch", short_help="Log that the pack was sent.")
@code_option
@click.option("--recipient", default="", help="Who it went to.  [default: the recipient on record]")
@click.option("--means", type=click.Choice(MEANS), required=True, help="By what means.")
@click.option("--on", "day", type=_DAY, help="The day it was sent.  [default: today]")
@click.option("--address", default="", help="The e-mail or postal address.")
@click.option("--reference", default="", help="The mail's or parcel's own number.")
@by_option
def dispatch(
    *, code: str, recipient: str, means: str, day: datetime | None, address: str, reference: str, by: str
) -> None:
    """Log that the pack as it is now was sent, with its digest."""
    with services() as given:
        class_id = class_id_of(given, code)
        found = service.dossier(given, class_id)
        with reading(given.database) as session:
            known = dispatches.recipient_of(session, found.class_, found.notice)
        sent_on = day.date() if day else shanghai_day(given.clock.now())
        sending = Sending(recipient or known.name, means, sent_on, address or known.address, reference)
        number, name, _ = dispatches.send(given, class_id, sending, by=by)
    say("cli.filing_sent", code=code, number=number, pack=name)


@group.command("receipt", short_help="Record a dispatch's receipt.")
@code_option
@click.option("--dispatch", "number", type=int, required=True, help="The dispatch's number (see: log).")
@click.option("--on", "day", type=_DAY, required=True, help="The day it was received.")
@click.option("--receipt", "mark", default="", help="The receipt's own number.")
@by_option
def receipt(*, code: str, number: int, day: datetime, mark: str, by: str) -> None:
    """Record that a dispatch was received; the bureau's term runs from that day."""
    with services() as given:
        class_id = class_id_of(given, code)
        dispatches.acknowledge(given, class_id, number, received_on=day.date(), receipt=mark, by=by)
    say("cli.filing_done", code=code)


@group.command("log", short_help="List the dispatches.")
@code_option
def log(*, code: str) -> None:
    """List what was sent to whom, when, and whether it was received."""
    with services() as given:
        for one in listed(dispatches.log(given, class_id_of(given, code))):
            row = one.row
            click.echo(
                f"{row.n}  {row.sent_on}  {row.means}  {row.recipient}  "
                f"{row.sha256}  {row.received_on or '—'}"
            )


@group.command("recipient", short_help="Say where filings go.")
@click.option("--policy", "policy_id", required=True, help="The notice's id.")
@click.option("--district", default="", help="The district.  [default: every other]")
@click.option("--name", required=True, help="The office's name.")
@click.option("--address", default="", help="Its e-mail or postal address.")
@by_option
def recipient(*, policy_id: str, district: str, name: str, address: str, by: str) -> None:
    """Say where filings under a notice go, in one district or in every other."""
    with services() as given:
        dispatches.set_recipient(given, policy_id, Recipient(name, address), district=district, by=by)
    say("cli.filing_recipient", policy=policy_id, name=name)


@group.command("reminders", short_help="Find and list reminders.")
def reminders_() -> None:
    """Find what is to be reminded of today, and list the latest reminders."""
    with services() as given:
        reminders.remind_due(given)
        for one in listed(reminders.in_scope(given, Actor("", Role.ADMINISTRATOR))):
            click.echo(f"{shanghai_day(one.at)}  {one.code}  {one.reminder.message(language())}")


@group.command("notice", short_help="Publish a notice to a class.")
@click.argument("file", type=_FILE)
@code_option
@click.option("--title", required=True, help="Its title.")
@by_option
def notice(*, file: Path, code: str, title: str, by: str) -> None:
    """Publish the text of FILE (UTF-8) to everybody in a class; it cannot be changed afterwards."""
    try:
        words = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise click.UsageError(text("cli.not_utf8", language(), file=file)) from None
    with services() as given:
        number = notices.publish(given, class_id_of(given, code), title=title, text=words, by=by)
    say("cli.filing_notice", code=code, number=number)


@group.command("readers", short_help="List who read a notice.")
@code_option
@click.option("--notice", "number", type=int, default=0, help="The notice's number.")
def readers(*, code: str, number: int) -> None:
    """List who read a notice and who has not, as CSV."""
    with services() as given:
        click.echo(notices.listing(given, class_id_of(given, code), number), nl=False)


def _step(code: str, target: str, *, by: str, reason: str = "", number: str = "") -> None:
    with services() as given:
        actor = Actor(by, Role.ADMINISTRATOR)
        closing.step(given, actor, class_id_of(given, code), target, reason=reason, number=number)
    say("cli.filing_done", code=code)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    say("cli.filing_written", path=path)

"""``lmscompliance retention``: what is due, legal holds, destruction by two people, certificates."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from lmscompliance.cli.environment import services
from lmscompliance.cli.language import language
from lmscompliance.cli.lookup import class_id_of
from lmscompliance.cli.showing import dump, listed, note, say
from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.kernel.clock import SHANGHAI
from lmscompliance.kernel.errors import InvalidInput, NotFound
from lmscompliance.kernel.messages import Remark, said, text
from lmscompliance.retention import certificates, holds, overview, purging
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading

_CLASS = click.option("--class", "code", required=True, help="The class's code.")
_BY = click.option("--by", required=True, help="Who does this; kept with the record.")
_REASON = click.option("--reason", required=True, help="Why; kept with the record.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")


@click.group("retention")
def group() -> None:
    """Keep what must be kept, and destroy what is due, provably."""


@group.command("list", short_help="List what is due when, and the holds that stand.")
@_JSON
def list_(*, as_json: bool) -> None:
    """List the classes with what is due when, and the holds that stand."""
    with services() as given:
        lines = overview.lines(given, Actor("", Role.ADMINISTRATOR))
        if as_json:
            dump([line.to_json() for line in lines])
            return
        for line in listed(lines):
            say(
                f"cli.retention_{line.state}",
                code=line.code,
                next=line.terms.next_on or "—",
                due=_named(line.due),
                by=line.ordered_by,
            )
            for one in holds.listed(given, line.class_id):
                if one.released_at is None:
                    on = "—" if one.ordinal is None else one.ordinal
                    say("cli.retention_hold_line", hold=one.id, on=on, by=one.placed_by, reason=one.reason)


@group.command("hold", short_help="Stop the destruction of a class, or of all a trainee's.")
@_CLASS
@click.option(
    "--trainee", "ordinal", type=int, help="The trainee's number: holds all of that person's classes."
)
@_REASON
@_BY
def hold(code: str, ordinal: int | None, reason: str, by: str) -> None:
    """Place a legal hold: nothing it covers is destroyed until two people have released it."""
    with services() as given:
        placed = holds.place(given, _actor(by), class_id_of(given, code), reason, ordinal)
    say("cli.retention_held_now", hold=placed, code=code)


@group.command("release", short_help="Ask for a hold's release, or release it as another asked.")
@_CLASS
@click.argument("hold_id", metavar="HOLD")
@click.option("--reason", default="", help="Why; needed of whoever asks.")
@_BY
def release(code: str, hold_id: str, reason: str, by: str) -> None:
    """Release a hold in two steps: one person asks and says why, another repeats the command."""
    with services() as given:
        class_id = class_id_of(given, code)
        found = {one.id: one for one in holds.listed(given, class_id)}.get(hold_id)
        if found is None:
            raise NotFound("retention.no_hold", hold=hold_id)
        asked = found.release_asked_by is not None
        if asked:
            holds.release(given, _actor(by), found.class_id, hold_id)
        else:
            holds.ask_release(given, _actor(by), found.class_id, hold_id, reason)
    say("cli.retention_released" if asked else "cli.retention_release_asked", hold=hold_id)


@group.command("purge", short_help="Order the destruction of what is due, or confirm another's order.")
@_CLASS
@click.option("--by", default="", help="Who orders or confirms; kept with the record.")
@click.option("--dry-run", is_flag=True, help="Only list what would be destroyed.")
@_JSON
def purge(code: str, by: str, *, dry_run: bool, as_json: bool) -> None:
    """Destroy what is due in two steps: one person orders it, another repeats the command.

    Try it with --dry-run first. What was destroyed cannot be brought back.
    """
    with services() as given:
        class_id = class_id_of(given, code)
        if dry_run:
            done = purging.rehearse(given, class_id)
        else:
            if not by.strip():
                raise InvalidInput("cli.retention_by")
            if not _is_ordered(given, class_id):
                purging.order(given, _actor(by), class_id)
                say("cli.retention_purge_ordered", code=code)
                return
            done = purging.confirm(given, _actor(by), class_id)
    if as_json:
        dump({"done": not dry_run, **done.body, "counts": done.counts})
        return
    for category, counts in done.counts.items():
        click.echo(text(f"retention.category_{category}", language()))
        for name, count in counts.items():
            click.echo(f"  {count:>9}  {name}")
    say(
        "cli.retention_purge_tried" if dry_run else "cli.retention_purged",
        purge=done.body["purge"],
        code=code,
    )


@group.command("withdraw", short_help="Take back an order that nobody has confirmed.")
@_CLASS
def withdraw(code: str) -> None:
    """Take back an order of destruction that nobody has confirmed."""
    with services() as given:
        purging.withdraw(given, class_id_of(given, code))
    say("cli.retention_withdrawn", code=code)


@group.command("certificate", short_help="Show the destruction certificates of a class.")
@_CLASS
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Directory for the receipts, which verify-receipt checks offline.",
)
@_JSON
def certificate(code: str, out: Path | None, *, as_json: bool) -> None:
    """Show the class's destruction certificates, and hand out the receipts that prove them."""
    with services() as given:
        class_id = class_id_of(given, code)
        found = [
            (one, certificates.receipt(given, class_id, one.id))
            for one in certificates.listed(given, class_id)
        ]
    if as_json:
        dump([one.to_json(receipt) for one, receipt in found])
    for one, receipt in found if as_json else listed(found):
        if not as_json:
            say(
                "cli.retention_certificate",
                purge=one.id,
                at=one.confirmed_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"),
                ordered=one.ordered_by,
                confirmed=one.confirmed_by,
                what=_named(part.category for part in one.categories),
            )
        if out is not None and receipt is None:
            note("cli.retention_unsealed", purge=one.id)
        elif out is not None and receipt is not None:
            out.mkdir(parents=True, exist_ok=True)
            (out / f"destroyed-{one.id}.tlog-proof").write_text(receipt, encoding="utf-8")


def _named(categories: Iterable[str]) -> str:
    return str(said([Remark(f"retention.category_{one}") for one in categories], language()))


def _actor(by: str) -> Actor:
    return Actor(by.strip(), Role.ADMINISTRATOR)


def _is_ordered(given: Services, class_id: str) -> bool:
    with reading(given.database) as session:
        return purging.waiting(session, class_id) is not None

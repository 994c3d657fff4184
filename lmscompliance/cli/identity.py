"""``lmscompliance identity``: cases of identity and verifications, settled at the command line."""

from __future__ import annotations

import click

from lmscompliance.cli.environment import services
from lmscompliance.cli.language import language
from lmscompliance.cli.lookup import class_id_of
from lmscompliance.cli.showing import listed, say
from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.kernel.clock import shanghai
from lmscompliance.kernel.errors import NotFound
from lmscompliance.kernel.messages import text
from lmscompliance.persons import merging
from lmscompliance.rules.masking import mask_name, mask_number
from lmscompliance.training import casework, reviewing
from lmscompliance.training.casework import CaseShown

_BY = click.option("--by", required=True, help="Who decides; kept with the record.")
_REASON = click.option("--reason", required=True, help="Why; kept with the record.")
_CASE = click.argument("case_id", metavar="CASE")
_INSPECTING = Actor("cli", Role.INSPECTOR, districts=frozenset({"*"}))
"""Sees every case, masked: nothing whole is printed on a terminal."""


@click.group("identity")
def group() -> None:
    """Settle cases of identity and real-name verifications."""


@group.group("cases", short_help="Settle cases of identity.")
def cases_group() -> None:
    """One number under two names, and records that may be one person's."""


@cases_group.command("list")
@click.option("--all", "everything", is_flag=True, help="Settled ones as well.")
def case_list(*, everything: bool) -> None:
    """List the cases that wait for somebody to decide them."""
    with services() as given:
        cases = casework.listed(given, _INSPECTING)
    for one in listed(one for one in cases if everything or one.case.state == "open"):
        _line(one)


@cases_group.command("show")
@_CASE
def show(case_id: str) -> None:
    """Show both sides of a case, masked, and what can be decided."""
    with services() as given:
        found = [one for one in casework.listed(given, _INSPECTING) if one.case.id == case_id]
    if not found:
        raise NotFound("web.not_found")
    _line(found[0])
    for side in found[0].sides:
        where = (
            text("training.case_row", language(), file=side.file, row=side.row)
            if side.row
            else text("training.case_on_record", language())
        )
        click.echo(f"  {side.name} {side.id_number} {where}")
    for decision in found[0].decisions:
        click.echo(f"  {decision}: {text(f'training.case_do_{decision}', language())}")


@cases_group.command("open", short_help="Open a case about two enrolments.")
@click.option("--class", "code", required=True, help="Code of the first one's class.")
@click.option("--trainee", "ordinal", type=int, required=True, help="Number in that class.")
@click.option("--other-class", "other_code", required=True, help="Code of the other one's class.")
@click.option("--other-trainee", "other_ordinal", type=int, required=True, help="Number in that class.")
def open_(code: str, ordinal: int, other_code: str, other_ordinal: int) -> None:
    """Open a case about two enrolments whose records may be one person's."""
    with services() as given:
        case_id = casework.open_by_hand(given, (code, ordinal), (other_code, other_ordinal))
    click.echo(case_id)


@cases_group.command("decide")
@_CASE
@click.option("--decision", required=True, help="One of those that show names.")
@_REASON
@_BY
def decide(case_id: str, decision: str, reason: str, by: str) -> None:
    """Decide a case."""
    with services() as given:
        casework.decide(given, Actor(by, Role.ADMINISTRATOR), case_id, decision, reason)
    say("cli.case_decided", case=case_id)


@cases_group.command("merge", short_help="Decide that two records are one person's.")
@_CASE
@click.option(
    "--keep",
    type=click.Choice([merging.FIRST, merging.OTHER]),
    required=True,
    help="Whose name and number hold.",
)
@click.option("--basis", required=True, help="What was looked at to be sure.")
@_REASON
@_BY
def merge(case_id: str, keep: str, basis: str, reason: str, by: str) -> None:
    """Unite the two records of a case: one person from here on.

    Time at one moment counts once, and so does being enrolled twice in a class. Nothing is rewritten, and
    "separate" takes it back by a further entry.
    """
    with services() as given:
        merging.merge(given, Actor(by, Role.ADMINISTRATOR), case_id, keep=keep, reason=reason, basis=basis)
    say("cli.case_decided", case=case_id)


@cases_group.command("separate")
@_CASE
@_REASON
@_BY
def separate(case_id: str, reason: str, by: str) -> None:
    """Take a union back; the case is open again."""
    with services() as given:
        merging.separate(given, Actor(by, Role.ADMINISTRATOR), case_id, reason=reason)
    say("cli.case_decided", case=case_id)


@group.group("verifications")
def verifications() -> None:
    """Real-name verifications of a class."""


@verifications.command("list")
@click.option("--class", "code", required=True, help="The class's code.")
def verification_list(code: str) -> None:
    """List a class's verifications, those that wait first, masked."""
    with services() as given:
        for one in listed(reviewing.queue(given, class_id_of(given, code))):
            moment = shanghai(one.row.decided_at or one.row.asked_at).strftime("%Y-%m-%d %H:%M")
            who = f"{one.ordinal} {mask_name(one.person.name)} {mask_number(one.person.id_number)}"
            result = text(f"training.verification_{one.row.result}", language())
            click.echo(f"{one.row.id} {moment} {who} {one.row.method} {result}")


@verifications.command("decide")
@click.argument("verification_id", metavar="VERIFICATION")
@click.option("--class", "code", required=True, help="The class's code.")
@click.option("--decision", type=click.Choice(["pass", "fail"]), required=True, help="What it came to.")
@_REASON
@_BY
def verification_decide(verification_id: str, code: str, decision: str, reason: str, by: str) -> None:
    """Decide a verification that waits; only once."""
    with services() as given:
        reviewing.review(
            given,
            Actor(by, Role.ADMINISTRATOR),
            class_id_of(given, code),
            verification_id,
            passed=decision == "pass",
            reason=reason,
        )
    say("cli.verification_decided", verification=verification_id)


def _line(one: CaseShown) -> None:
    moment = shanghai(one.case.opened_at).strftime("%Y-%m-%d %H:%M")
    state = text(f"training.case_{one.case.decision or 'open'}", language())
    click.echo(f"{one.case.id} {moment} {one.class_code} {one.case.kind} {state}")

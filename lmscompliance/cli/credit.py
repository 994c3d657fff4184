"""``lmscompliance credit``: corrections of credited time, and trainees' objections."""

from __future__ import annotations

from datetime import datetime

import click

from lmscompliance.cli.environment import services
from lmscompliance.cli.language import language
from lmscompliance.cli.lookup import class_id_of
from lmscompliance.cli.showing import listed, say
from lmscompliance.completion import disputes
from lmscompliance.completion.worklist import worklist
from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.kernel.clock import SHANGHAI, from_micros, shanghai
from lmscompliance.kernel.errors import NotFound
from lmscompliance.rules.ledger_corrections import REJECTED, UPHELD
from lmscompliance.storage.transaction import reading
from lmscompliance.training.queries import roster

_MOMENT = click.DateTime(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"])
_BY = click.option("--by", required=True, help="Who decides; kept with the record.")
_REASON = click.option("--reason", required=True, help="Why; the trainee and inspectors see it.")
_CLASS = click.option("--class", "code", required=True, help="The class's code.")


@click.group("credit")
def group() -> None:
    """Correct credited time, and answer objections to what was not credited."""


@group.command("exclude", short_help="Exclude a stretch of a session.")
@_CLASS
@click.option("--trainee", "ordinal", type=int, required=True, help="The trainee's number in the class.")
@click.option("--session", "session_id", required=True, help="The session's record number (sheet ②).")
@click.option("--from", "start", type=_MOMENT, required=True, help="First second, on the clock of Beijing.")
@click.option("--to", "end", type=_MOMENT, required=True, help="The second after the last.")
@_REASON
@_BY
def exclude(
    *, code: str, ordinal: int, session_id: str, start: datetime, end: datetime, reason: str, by: str
) -> None:
    """Let a stretch of a closed session count for nothing.

    The beats stay as they are: the correction is a fact beside them, and the trainee can object to it.
    """
    with services() as given:
        class_id = class_id_of(given, code)
        with reading(given.database) as session:
            found = [one.id for one in roster(session, class_id) if one.ordinal == ordinal]
        if not found:
            raise NotFound("cli.no_trainee", ordinal=ordinal)
        disputes.exclude(
            given,
            Actor(by, Role.ADMINISTRATOR),
            class_id=class_id,
            enrolment_id=found[0],
            session_id=session_id,
            start_at=start.replace(tzinfo=SHANGHAI),
            end_at=end.replace(tzinfo=SHANGHAI),
            reason=reason,
        )
    say("cli.credit_excluded", session=session_id)


@group.command("disputes")
def dispute_list() -> None:
    """List the objections that wait for an answer."""
    with services() as given:
        for work in listed(worklist(given, Actor("", Role.ADMINISTRATOR), language()).waiting):
            one = work.dispute
            since = shanghai(from_micros(one.start_us)).strftime("%Y-%m-%d %H:%M:%S")
            until = shanghai(from_micros(one.end_us)).strftime("%H:%M:%S")
            click.echo(f"{one.id}  {work.class_code}  {work.name}  {since}–{until}  {one.label}  {one.text}")


@group.command("decide", short_help="Uphold or reject an objection.")
@_CLASS
@click.argument("dispute")
@click.option("--decision", type=click.Choice([UPHELD, REJECTED]), required=True, help="What is decided.")
@_REASON
@_BY
def decide(*, code: str, dispute: str, decision: str, reason: str, by: str) -> None:
    """Uphold an objection, which restores that stretch, or reject it; once and for all."""
    with services() as given:
        actor = Actor(by, Role.ADMINISTRATOR)
        class_id = class_id_of(given, code)
        disputes.decide(given, actor, class_id, dispute, decision=decision, reason=reason)
    say("cli.dispute_decided", dispute=dispute)

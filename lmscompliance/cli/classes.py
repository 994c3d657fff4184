"""``lmscompliance class``: filing and approval."""

from __future__ import annotations

from datetime import datetime

import click

from lmscompliance.cli.environment import services
from lmscompliance.cli.lookup import class_id_of
from lmscompliance.cli.showing import say
from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.kernel.clock import shanghai_day
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from lmscompliance.training.service import EnterpriseInput, approve_class, file_class

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group("class")
def group() -> None:
    """File, approve and list training classes."""


@group.command("file", short_help="File a class against a notice.")
@click.option("--code", required=True, help="The class's own code, unique on this platform.")
@click.option("--title", required=True, help="What the class is called.")
@click.option("--policy", "policy_id", required=True, help="The notice's id (see: policy list).")
@click.option("--uscc", required=True, help="The enterprise's unified social credit code.")
@click.option("--enterprise", "name", required=True, help="The enterprise's registered name.")
@click.option("--district", required=True, help="The district whose inspectors supervise it.")
@click.option("--from", "first", type=_DAY, help="First day of training.  [default: the notice's window]")
@click.option("--to", "last", type=_DAY, help="Last day of training.")
def file(
    *,
    code: str,
    title: str,
    policy_id: str,
    uscc: str,
    name: str,
    district: str,
    first: datetime | None,
    last: datetime | None,
) -> None:
    """File a class against a notice; it keeps the notice's present version for ever."""
    if (first is None) != (last is None):
        raise click.UsageError("Give --from and --to together, or neither.")
    window = (first.date(), last.date()) if first and last else None
    with services() as given:
        file_class(
            given,
            code=code,
            title=title,
            policy_id=policy_id,
            enterprise=EnterpriseInput(uscc, name, district),
            window=window,
        )
    say("cli.class_filed", code=code, policy=policy_id)


@group.command("approve")
@click.option("--code", required=True, help="The class's code.")
@click.option("--filing-number", default="", help="The bureau's filing number.")
def approve(code: str, filing_number: str) -> None:
    """Record the bureau's approval as of now."""
    with services() as given:
        approve_class(given, class_id_of(given, code), filing_number)
    say("cli.class_approved", code=code)


@group.command("list")
def list_() -> None:
    """List every class."""
    with services() as given, reading(given.database) as session:
        for one in queries.classes_in_scope(session, Actor("", Role.ADMINISTRATOR)):
            click.echo(
                f"{one.code}  {one.status}  {shanghai_day(one.window_start)}–{one.last_day}  "
                f"{one.activated}/{one.enrolled}  {one.enterprise}  {one.title}"
            )

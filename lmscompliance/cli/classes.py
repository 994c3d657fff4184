"""``lmscompliance class``: filing, approval and the other steps of a class's life."""

from __future__ import annotations

from datetime import datetime

import click

from lmscompliance.cli.environment import services
from lmscompliance.cli.language import language
from lmscompliance.cli.lookup import class_id_of
from lmscompliance.cli.showing import listed, say
from lmscompliance.completion import closing
from lmscompliance.completion.prospects import prospects
from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.kernel.clock import shanghai, shanghai_day
from lmscompliance.kernel.messages import text
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from lmscompliance.training.life import MAY
from lmscompliance.training.service import EnterpriseInput, approve_class, file_class

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group("class")
def group() -> None:
    """File, approve and list training classes, and take their other steps."""


@group.command("file", short_help="File a class against a notice.")
@click.option("--code", required=True, help="The class's own code, unique on this platform.")
@click.option("--title", required=True, help="What the class is called.")
@click.option("--policy", "policy_id", required=True, help="The notice's id (see: policy list).")
@click.option("--uscc", required=True, help="The enterprise's unified social credit code.")
@click.option("--enterprise", "name", required=True, help="The enterprise's registered name.")
@click.option("--district", required=True, help="The district whose inspectors supervise it.")
@click.option("--from", "first", type=_DAY, help="First day of training.  [default: the notice's window]")
@click.option("--to", "last", type=_DAY, help="Last day of training.")
@click.option("--draft", is_flag=True, help="Keep it as a draft, to be filed by a step of its own.")
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
    draft: bool,
) -> None:
    """File a class against a notice; it keeps the notice's present version for ever."""
    if (first is None) != (last is None):
        raise click.UsageError(text("cli.window_half", language()))
    window = (first.date(), last.date()) if first and last else None
    with services() as given:
        file_class(
            given,
            code=code,
            title=title,
            policy_id=policy_id,
            enterprise=EnterpriseInput(uscc, name, district),
            window=window,
            draft=draft,
        )
    say("cli.class_drafted" if draft else "cli.class_filed", code=code, policy=policy_id)


@group.command("approve")
@click.option("--code", required=True, help="The class's code.")
@click.option("--filing-number", default="", help="The bureau's filing number.")
def approve(code: str, filing_number: str) -> None:
    """Record the bureau's approval as of now."""
    with services() as given:
        approve_class(given, class_id_of(given, code), filing_number)
    say("cli.class_approved", code=code)


@group.command("step", short_help="Lead a class into its next state.")
@click.option("--code", required=True, help="The class's code.")
@click.option("--to", "target", type=click.Choice(list(MAY)), required=True, help="The next state.")
@click.option("--reason", default="", help="Why; needed when the class goes back.")
@click.option("--by", required=True, help="Who decides; kept with the step.")
def step(*, code: str, target: str, reason: str, by: str) -> None:
    """Lead a class into its next state; who, when and why become evidence."""
    with services() as given:
        closing.step(given, Actor(by, Role.ADMINISTRATOR), class_id_of(given, code), target, reason=reason)
    say("cli.class_stepped", code=code, state=text(f"training.status_{target}", language()))


@group.command("life")
@click.option("--code", required=True, help="The class's code.")
def life(code: str) -> None:
    """List the steps of a class, with who and why, and its deadlines."""
    with services() as given:
        shown = closing.life_of(given, Actor("", Role.ADMINISTRATOR), class_id_of(given, code))
    for one in shown.steps:
        moment = shanghai(one.at).strftime("%Y-%m-%d %H:%M:%S")
        click.echo(f"{moment}  {text(f'training.status_{one.target}', language())}  {one.by}  {one.reason}")
    for verdict in shown.deadlines:
        click.echo(f"{verdict.message(language())} ({verdict.clause})")
    if shown.review_due:
        cited = shown.notice.cite("filing.review_working_days", language())
        params = {"received": shown.received_on, "due": shown.review_due, "clause": cited}
        click.echo(text("completion.life_review", language(), **params))
    if shown.review_unknown:
        click.echo(shown.review_unknown.message(language()))


@group.command("prospects", short_help="Say who would pass today.")
@click.option("--code", required=True, help="The class's code.")
def prospects_(code: str) -> None:
    """List who would pass today, and what each of the others still needs."""
    with services() as given:
        class_id = class_id_of(given, code)
        shown = prospects(given, class_id)
        rows = list(shown.rows)
        for page in range(2, shown.overview.pages + 1):
            rows += prospects(given, class_id, page).rows
    click.echo(f"{shown.overview.eligible}/{shown.overview.enrolled}")
    for one in rows:
        needs = [need.message(one.forecast.last_day, language()) for need in one.forecast.needs]
        if one.forecast.quizzes:
            lessons = ", ".join(map(str, one.forecast.quizzes))
            needs.append(text("quizzes.to_pass", language(), lessons=lessons))
        if one.forecast.obstacle:
            needs.append(text(f"rules.{one.forecast.obstacle}", language()))
        exam = one.status.exam.verdict
        click.echo("  ".join([f"{one.row.standing.enrolment.ordinal}", *needs, exam.message(language())]))


@group.command("list")
def list_() -> None:
    """List every class."""
    with services() as given, reading(given.database) as session:
        for one in listed(queries.classes_in_scope(session, Actor("", Role.ADMINISTRATOR))):
            click.echo(
                f"{one.code}  {one.status}  {shanghai_day(one.window_start)}–{one.last_day}  "
                f"{one.activated}/{one.enrolled}  {one.enterprise}  {one.title}"
            )

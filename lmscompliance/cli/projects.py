"""``lmscompliance project``: what the filing of a project rests on: the bureau's lists, awards, licences."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from lmscompliance.cli.environment import services
from lmscompliance.cli.filing import by_option, code_option
from lmscompliance.cli.lookup import class_id_of
from lmscompliance.cli.showing import listed, say
from lmscompliance.filing import projects, standards
from lmscompliance.filing.project_models import AWARD, EVALUATION
from lmscompliance.kernel.clock import shanghai_day
from lmscompliance.rules.levels import level_of
from lmscompliance.storage.transaction import reading

_DAY = click.DateTime(["%Y-%m-%d"])
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("project")
def group() -> None:
    """Mirror the bureau's catalogue, and keep awards, evaluations, licences and standards."""


@group.command("catalogue", short_help="Import a published catalogue.")
@click.argument("file", type=_FILE)
@click.option("--policy", "policy_id", required=True, help="The notice's id.")
@click.option("--published", type=_DAY, required=True, help="The day it was published.")
@click.option("--source", required=True, help="Where it was published.")
@by_option
def catalogue(*, file: Path, policy_id: str, published: datetime, source: str, by: str) -> None:
    """Keep the bureau's catalogue (xlsx, xls, csv) as published; older ones stay."""
    with services() as given:
        day = published.date()
        count = projects.import_catalogue(given, policy_id, file, published_on=day, source=source, by=by)
    say("cli.project_catalogue", policy=policy_id, count=count)


@group.command("search", short_help="Look projects up.")
@click.argument("words", default="")
@click.option("--policy", "policy_id", required=True, help="The notice's id.")
def search(*, words: str, policy_id: str) -> None:
    """List projects of the catalogue in force today whose code, name or occupation holds WORDS."""
    with services() as given, reading(given.database) as session:
        found = projects.in_force(session, policy_id, shanghai_day(given.clock.now()))
        for one in listed([] if found is None else projects.search(session, found, words)):
            click.echo(f"{one.code}  {one.project}  {one.occupation}  {one.level or '—'}")


@group.command("choose", short_help="Say which project a class teaches.")
@code_option
@click.option("--project", required=True, help="The project's code in the catalogue.")
@by_option
def choose(*, code: str, project: str, by: str) -> None:
    """Say which project of the catalogue in force a draft teaches."""
    with services() as given:
        projects.choose(given, class_id_of(given, code), project, by=by)
    say("cli.filing_done", code=code)


@group.command("award", short_help="Keep an award.")
@code_option
@click.option("--number", required=True, help="The award's number.")
@click.option("--on", "day", type=_DAY, required=True, help="The last day of its publicity.")
@by_option
def award(*, code: str, number: str, day: datetime, by: str) -> None:
    """Keep the number of an award and the last day of its publicity."""
    with services() as given:
        projects.decide(given, class_id_of(given, code), AWARD, number=number, day=day.date(), by=by)
    say("cli.filing_done", code=code)


@group.command("evaluation", short_help="Keep an expert evaluation.")
@code_option
@click.option("--number", required=True, help="The opinion's number.")
@click.option("--on", "day", type=_DAY, required=True, help="The day of the evaluation.")
@click.option("--passed/--failed", default=True, help="Its result.")
@click.option("--opinion", default="", help="What the experts said.")
@by_option
def evaluation(*, code: str, number: str, day: datetime, passed: bool, opinion: str, by: str) -> None:
    """Keep the expert evaluation of a purely online training."""
    with services() as given:
        class_id, when = class_id_of(given, code), day.date()
        projects.decide(
            given, class_id, EVALUATION, number=number, day=when, passed=passed, opinion=opinion, by=by
        )
    say("cli.filing_done", code=code)


@group.command("licence", short_help="Keep an institution's licence.")
@code_option
@click.option("--number", required=True, help="The licence's number.")
@click.option("--until", type=_DAY, required=True, help="Its last valid day.")
@by_option
def licence(*, code: str, number: str, until: datetime, by: str) -> None:
    """Keep the licence of the institution that files a class; it holds for all its classes."""
    with services() as given:
        class_id = class_id_of(given, code)
        projects.state_licence(given, class_id, number=number, valid_until=until.date(), by=by)
    say("cli.filing_done", code=code)


@group.command("standard", short_help="Import an occupational standard.")
@click.argument("file", type=_FILE)
@click.option("--title", required=True, help="The standard's name.")
@click.option("--occupation", default="", help="The occupation's code.")
@click.option("--level", default="", help="Its level, 5 to 1.")
@by_option
def standard(*, file: Path, title: str, occupation: str, level: str, by: str) -> None:
    """Keep a standard with its items.

    The columns are 条目编号 and 条目名称.
    """
    with services() as given:
        standards.import_standard(
            given, file, title=title, occupation_code=occupation, level=level_of(level), by=by
        )
    say("cli.project_standard", title=title)


@group.command("map", short_help="Map a plan to a standard.")
@click.argument("file", type=_FILE)
@code_option
@click.option("--standard", "title", required=True, help="The standard's name.")
@by_option
def map_(*, file: Path, code: str, title: str, by: str) -> None:
    """Keep which items of a standard each lesson teaches; it replaces the class's mapping.

    The columns are 课时序号 and 标准条目.
    """
    with services() as given:
        class_id = class_id_of(given, code)
        with reading(given.database) as session:
            standard_id = standards.standard_named(session, title).id
        standards.map_plan(given, class_id, standard_id, file, by=by)
        with reading(given.database) as session:
            mapped = standards.mapped(session, class_id)
    covered = (0, 0) if mapped is None else (mapped.coverage.taught_items, mapped.coverage.items)
    say("cli.project_mapped", code=code, taught=covered[0], items=covered[1])

"""``lmscompliance exam``: what is to be examined."""

from __future__ import annotations

import click

from lmscompliance.cli.environment import services
from lmscompliance.cli.language import language
from lmscompliance.cli.lookup import class_id_of
from lmscompliance.cli.showing import dump, note, say
from lmscompliance.exams import marking, service
from lmscompliance.exams.publishing import (
    DEFAULT_QUESTIONS,
    default_blueprint,
    publish_blueprint,
    shallow_pools,
    shallow_text,
)
from lmscompliance.kernel.clock import shanghai
from lmscompliance.rules.marking import plain


@click.group("exam")
def group() -> None:
    """Publish exams, list essays to mark, and mark papers again after a wrong key."""


@group.command("publish", short_help="Publish an exam over every topic of the plan.")
@click.option("--class", "code", required=True, help="The class's code.")
@click.option(
    "--questions",
    "count",
    type=click.IntRange(1),
    default=DEFAULT_QUESTIONS,
    show_default=True,
    help="How many questions a paper has, spread evenly over the plan's topics.",
)
def publish(code: str, count: int) -> None:
    """Publish an exam over every topic of the class's plan; a missing topic is refused by name."""
    with services() as given:
        class_id = class_id_of(given, code)
        blueprint = default_blueprint(given, class_id, count)
        version = publish_blueprint(given, class_id, blueprint)
        shallow = shallow_pools(given, class_id, blueprint)
    say("cli.exam_published", code=code, version=version)
    for one in shallow:
        note("cli.exam_shallow", what=shallow_text(one, language()))


@group.command("marking")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def marking_list(*, as_json: bool) -> None:
    """List the classes with essays that wait for people to mark them."""
    with services() as given:
        found = marking.overview(given)
    if as_json:
        dump(
            [
                {"class": one.code, "title": one.title, "essays": one.essays, "since": one.since.isoformat()}
                for one in found
            ]
        )
        return
    for one in found:
        since = shanghai(one.since).strftime("%Y-%m-%d %H:%M")
        say("cli.exam_unmarked", code=one.code, title=one.title, count=one.essays, since=since)
    if not found:
        say("cli.exam_all_marked")


@group.command("remark")
@click.option("--question", "question_id", required=True, help="The question's id.")
@click.option("--key", required=True, help="Right key: A、C, 正确, 37.3±0.2; several parted by |.")
@click.option("--version", type=click.IntRange(1), help="The version whose key was wrong (default: present).")
@click.option("--by", default="", help="Who is responsible; goes into the evidence.")
@click.option("--why", default="", help="Why the key was wrong; goes into the evidence.")
@click.option("--dry-run", is_flag=True, help="Only list who would change.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def remark(  # one parameter for each option
    question_id: str, key: str, version: int | None, by: str, why: str, *, dry_run: bool, as_json: bool
) -> None:
    """Correct a key and mark every paper with it again.

    Each changed mark is a new entry of the log beside the old one. Try it with --dry-run first.
    """
    with services() as given:
        if dry_run:
            found = service.try_remark(given, question_id=question_id, key=key, version=version)
        else:
            found = service.remark(given, question_id=question_id, key=key, version=version, by=by, why=why)
    if as_json:
        dump(found.to_json())
        return
    for one in found.changed:
        say(
            f"cli.remark_{one.turns or 'stays'}",
            code=one.code,
            ordinal=one.ordinal,
            number=one.number,
            before=plain(one.score_before),
            after=plain(one.score),
        )
    say(
        "cli.remark_done" if found.done else "cli.remark_tried",
        changed=len(found.changed),
        passing=len(found.turning("passes")),
        failing=len(found.turning("fails")),
        unchanged=found.unchanged,
        running=found.still_open,
        voided=found.voided,
    )

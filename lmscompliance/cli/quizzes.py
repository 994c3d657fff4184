"""``lmscompliance quiz``: quizzes within lessons."""

from __future__ import annotations

import click

from lmscompliance.cli.environment import services
from lmscompliance.cli.language import language
from lmscompliance.cli.lookup import class_id_of
from lmscompliance.cli.showing import dump, listed, say
from lmscompliance.kernel.messages import text
from lmscompliance.quizzes import setting
from lmscompliance.quizzes.setting import Wanted
from lmscompliance.rules.blueprint import LEVELS, Part
from lmscompliance.rules.marking import MACHINE_KINDS
from lmscompliance.rules.quizzes import NONE, USES

_CLASS = click.option("--class", "code", required=True, help="The class's code.")
_PIECES = 2


@click.group("quiz")
def group() -> None:
    """Set quizzes within lessons, and list them."""


@group.command("set", short_help="Set a lesson's quiz, or take it away.")
@_CLASS
@click.option("--lesson", "ordinal", type=int, required=True, help="The lesson's number in the plan.")
@click.option("--use", type=click.Choice(USES), required=True, help="What for; none takes the quiz away.")
@click.option("--draw", multiple=True, help="KIND:COUNT questions from the bank; may be repeated.")
@click.option("--topic", default="", help="The topic they are on (default: the lesson's).")
@click.option("--level", type=click.Choice(LEVELS), help="Their level of difficulty (default: any).")
@click.option("--question", "named", multiple=True, help="Instead, a question by its id; may be repeated.")
@click.option("--by", default="", help="Who is responsible; goes into the evidence.")
@click.option("--reason", default="", help="Why; needed for a change.")
def set_(
    *,
    code: str,
    ordinal: int,
    use: str,
    draw: tuple[str, ...],
    topic: str,
    level: str | None,
    named: tuple[str, ...],
    by: str,
    reason: str,
) -> None:
    """Set a lesson's quiz from now on: practice, or required to release the lesson's hours.

    Sessions opened before keep to what held then. A change needs a reason.
    """
    with services() as given:
        class_id = class_id_of(given, code)
        lesson_id, own_topic = setting.lesson_by_ordinal(given, class_id, ordinal)
        parts = tuple(_part(one, topic or own_topic, level or "") for one in draw)
        version = setting.set_quiz(given, class_id, lesson_id, Wanted(use, parts, named, reason), by=by)
    say("cli.quiz_set" if use != NONE else "cli.quiz_taken_away", code=code, ordinal=ordinal, version=version)


@group.command("list", short_help="List the lessons with a quiz.")
@_CLASS
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def list_(code: str, *, as_json: bool) -> None:
    """List the lessons with a quiz: what for, how many questions, handed in, passed."""
    with services() as given:
        lessons = setting.desk(given, class_id_of(given, code)).lessons
    found = [
        {
            "lesson": lesson.ordinal,
            "title": lesson.title,
            "version": line.version,
            "use": line.use,
            "questions": line.blueprint.count,
            "taken": line.taken,
            "passed": line.passed,
        }
        for lesson in lessons
        for line in lesson.versions
    ]
    if as_json:
        dump(found)
        return
    for one in listed(found):
        use = text(f"quizzes.use_{one['use']}", language())
        click.echo(
            f"{one['lesson']:>3}  v{one['version']}  {use}  {one['questions']}  "
            f"{one['passed']}/{one['taken']}  {one['title']}"
        )


def _part(given: str, topic: str, level: str) -> Part:
    pieces = given.split(":")
    if len(pieces) != _PIECES or pieces[0] not in MACHINE_KINDS or not pieces[1].isdecimal():
        why = text("cli.quiz_bad_draw", language(), given=given, kinds=", ".join(MACHINE_KINDS))
        raise click.BadParameter(why, param_hint="--draw")
    return setting.part(topic, pieces[0], int(pieces[1]), level)

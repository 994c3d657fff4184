"""``lmscompliance exam``: what is to be examined."""

from __future__ import annotations

import click

from lmscompliance.cli.environment import services
from lmscompliance.cli.lookup import class_id_of
from lmscompliance.cli.showing import say
from lmscompliance.exams.publishing import DEFAULT_QUESTIONS, default_blueprint, publish_blueprint


@click.group("exam")
def group() -> None:
    """Publish a class's exam."""


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
        version = publish_blueprint(given, class_id, default_blueprint(given, class_id, count))
    say("cli.exam_published", code=code, version=version)

"""``lmscompliance plan``: what is to be taught."""

from __future__ import annotations

from pathlib import Path

import click

from lmscompliance.cli.environment import services
from lmscompliance.cli.lookup import class_id_of
from lmscompliance.cli.showing import say
from lmscompliance.training import plan_file
from lmscompliance.training.service import publish_plan


@click.group("plan")
def group() -> None:
    """Import a class's teaching plan."""


@group.command("import", short_help="Publish a teaching plan.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--class", "code", required=True, help="The class's code.")
@click.option("--override-reason", default="", help="Why more is taught online than the notice suggests.")
def import_(file: Path, code: str, override_reason: str) -> None:
    """Publish a teaching plan; one that could never satisfy the notice is refused with the reasons."""
    with services() as given:
        lessons = plan_file.read(file)
        publish_plan(given, class_id_of(given, code), lessons, override_reason=override_reason)
    say("cli.plan_published", code=code, count=len(lessons))

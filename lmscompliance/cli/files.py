"""``lmscompliance files``: look after the uploaded files that are kept."""

from __future__ import annotations

import click

from lmscompliance.cli.environment import services
from lmscompliance.cli.language import language
from lmscompliance.files import jobs, service
from lmscompliance.kernel.messages import text


@click.group("files")
def group() -> None:
    """Look after the uploaded files that are kept."""


@group.command("check")
@click.pass_context
def check(context: click.Context) -> None:
    """Read every kept file again and compare it with its digest.

    Exit code: 0 sound, 1 when a file is missing or altered.
    """
    damaged = 0
    with services() as given:
        for one in service.check(given):
            damaged += 1
            click.echo(f"{one.sha256}  {text(one.reason, language(), digest=one.sha256)}")
    click.echo(text("cli.files_damaged" if damaged else "cli.files_sound", language(), count=damaged))
    context.exit(1 if damaged else 0)


@group.command("collect")
def collect() -> None:
    """Remove what interrupted uploads left behind more than a day ago."""
    with services() as given:
        click.echo(text("cli.files_collected", language(), count=jobs.collect(given)))

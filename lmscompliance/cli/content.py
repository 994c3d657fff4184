"""``lmscompliance content``: which content a lesson has, frozen by digest."""

from __future__ import annotations

from pathlib import Path

import click

from lmscompliance.cli.environment import services
from lmscompliance.cli.language import language
from lmscompliance.cli.lookup import class_id_of
from lmscompliance.cli.showing import listed, say
from lmscompliance.content import service as content
from lmscompliance.kernel.messages import text

_CLASS = click.option("--class", "code", required=True, help="The class's code.")


@click.group("content")
def group() -> None:
    """Freeze lessons' content, list its versions, and check that it is what was frozen."""


@group.command("freeze", short_help="Register a lesson's content as a version.")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_CLASS
@click.option("--lesson", "ordinal", type=int, required=True, help="The lesson's number in the plan.")
@click.option(
    "--fetch", is_flag=True, help="Read the content at the lesson's own address and take its digest."
)
@click.option("--base", default="", help="The site that a relative address belongs to.")
@click.option("--sha256", "digest", help="Take this digest for the content at the lesson's own address.")
@click.option("--reason", default="", help="Why the content changes; recorded with it.")
def freeze(
    *, file: Path | None, code: str, ordinal: int, fetch: bool, base: str, digest: str | None, reason: str
) -> None:
    """Keep FILE (video, PDF, HTML, text, or a simulation's zip) as the lesson's content from now on.

    Instead of a file, --fetch or --sha256 freezes what the host plays at its own address. Sessions opened
    before keep the version they saw.
    """
    if (file is not None) + fetch + (digest is not None) != 1:
        raise click.UsageError(text("cli.content_one_source", language()))
    with services() as given:
        if file is not None:
            done = content.freeze_file(given, code, ordinal, file, reason)
        elif digest is not None:
            done = content.freeze_stated(given, code, ordinal, digest, reason)
        else:
            done = content.freeze_fetched(given, code, ordinal, base, reason)
    say("cli.content_frozen", ordinal=ordinal, title=done.title, version=done.version, digest=done.sha256)


@group.command("list")
@_CLASS
def list_(code: str) -> None:
    """List every lesson's versions and how many sessions saw each."""
    with services() as given:
        lines = content.listing(given, class_id_of(given, code))
    for line, one in listed((each, one) for each in lines for one in each.versions):
        click.echo(
            f"{line.ordinal:>3}  v{one.version}{'*' if one.current else ' '}  {one.kind:<10}  "
            f"{one.sha256}  {one.sessions:>5}  {line.title}"
        )


@group.command("check", short_help="Compare all content with what was frozen.")
@_CLASS
@click.option("--base", help="Also read the content at hosts' addresses; relative ones belong to this site.")
@click.pass_context
def check(ctx: click.Context, code: str, base: str | None) -> None:
    """Compare all content with what was frozen; the exit code is 1 when any differs."""
    with services() as given:
        wrong = content.check(given, code, base)
    for line, found in wrong:
        say(
            "cli.content_differs",
            ordinal=line.ordinal,
            title=line.title,
            frozen=line.versions[0].sha256,
            found=found or "—",
        )
    if wrong:
        ctx.exit(1)
    say("cli.content_intact")

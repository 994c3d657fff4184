"""``lmscompliance demo``: serve the demo platform, or play the month without a browser."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from lmscompliance.cli.language import language
from lmscompliance.cli.showing import bar, dump
from lmscompliance.demo.headless import run
from lmscompliance.demo.month import Material
from lmscompliance.demo.serve import serve
from lmscompliance.kernel.messages import text

_FILE = click.Path(exists=True, path_type=Path)
_DIRECTORY = click.Path(file_okay=False, path_type=Path)


@click.command("demo")
@click.option("--headless", is_flag=True, help="Play February 2021 in process; export and verify.")
@click.option("--out", type=_DIRECTORY, help="Directory for everything a headless run makes.")
@click.option("--trainees", type=click.IntRange(1), help="How many trainees (30); also caps a roster.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same figures.")
@click.option("--roster", type=_FILE, help="A roster of your own (.xlsx).")
@click.option("--plan", type=_FILE, help="A teaching plan of your own (.xlsx).")
@click.option("--questions", type=_FILE, help="A question bank of your own, or a directory of them.")
@click.option(
    "--data",
    type=_DIRECTORY,
    default=Path("demo-data"),
    show_default=True,
    help="Where the served demo keeps its data.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=5000, show_default=True)
def command(
    *,
    headless: bool,
    out: Path | None,
    trainees: int | None,
    seed: int,
    roster: Path | None,
    plan: Path | None,
    questions: Path | None,
    data: Path,
    port: int,
) -> None:
    """Serve the demo platform on 127.0.0.1, or with --headless play a month and sum it up as JSON."""
    shown = partial(bar, "demo")
    if not headless:
        serve(data, port, trainees, bar=shown, say=click.echo, locale=language())
        return
    if out is None:
        raise click.UsageError(text("cli.headless_out", language()))
    with shown() as progress:
        summary = run(out, Material(roster=roster, plan=plan, questions=questions), trainees, seed, progress)
    dump(summary.to_json())

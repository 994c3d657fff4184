"""``lmscompliance demo``: serve the demo platform, or play the month without a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from lmscompliance.demo.headless import run
from lmscompliance.demo.month import Material
from lmscompliance.demo.month import Progress as Report
from lmscompliance.demo.serve import serve

_FILE = click.Path(exists=True, path_type=Path)


@click.command("demo")
@click.option("--headless", is_flag=True, help="Play February 2021 in process; export and verify.")
@click.option("--out", type=click.Path(path_type=Path), help="Directory for everything a headless run makes.")
@click.option("--trainees", type=click.IntRange(1), help="How many trainees (30); also caps a roster.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same figures.")
@click.option("--roster", type=_FILE, help="A roster of your own (.xlsx).")
@click.option("--plan", type=_FILE, help="A teaching plan of your own (.xlsx).")
@click.option("--questions", type=_FILE, help="A question bank of your own, or a directory of them.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
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
    if not headless:
        with _bar() as report:
            serve(data, port, report, click.echo)
        return
    if out is None:
        raise click.UsageError("--headless needs --out DIR.")
    material = Material(roster=roster, plan=plan, questions=questions)
    with _bar() as report:
        summary = run(out, material, trainees, seed, report)
    click.echo(json.dumps(summary.to_json(), ensure_ascii=False, indent=2))


@contextmanager
def _bar() -> Iterator[Report]:
    """Show a progress bar on standard error, so that standard output holds the summary alone."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("2021-02", total=None, visible=False)

        def report(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, visible=done < total)

        yield report

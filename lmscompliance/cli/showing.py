"""How verbs speak: a text in the reader's language, a JSON report, a progress bar on standard error."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from lmscompliance.cli.language import language
from lmscompliance.kernel.messages import text

Row = TypeVar("Row")


def say(code: str, /, **params: object) -> None:
    """Print the text of ``code`` (``cli.name``)."""
    click.echo(text(code, language(), **params))


def note(code: str, /, **params: object) -> None:
    """Print the text of ``code`` on standard error, beside a report that programs read."""
    click.echo(text(code, language(), **params), err=True)


def dump(report: object) -> None:
    """Print ``report`` as indented JSON."""
    click.echo(json.dumps(report, ensure_ascii=False, indent=2))


@contextmanager
def bar(room: str = "cli") -> Iterator[Callable[[str, int, int], None]]:
    """Yield a function that is told which phase is how far; shown only where it can be seen.

    The phases' names are the texts ``phase_…`` of ``room``.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def report(phase: str, done: int, total: int) -> None:
            if phase not in tasks:
                tasks[phase] = progress.add_task(text(f"{room}.phase_{phase}", language()), total=total)
            progress.update(tasks[phase], completed=done, total=total)

        yield report


def listed(found: Iterable[Row]) -> Iterator[Row]:
    """Yield each of ``found``; where there is none, say so on standard error, beside an empty list."""
    none = True
    for one in found:
        none = False
        yield one
    if none:
        note("cli.none")

"""``lmscompliance verifier``: writes the verifier as a file that works without the platform."""

from __future__ import annotations

import hashlib
from pathlib import Path

import click

from lmscompliance.cli.language import language
from lmscompliance.kernel.messages import text
from lmscompliance.portable import build_page, build_zipapp


@click.group("verifier")
def group() -> None:
    """Hand out the verifier as one file."""


@group.command("page")
@click.argument("file", type=click.Path(path_type=Path))
def page(file: Path) -> None:
    """Write the verifier as one HTML page that a browser opens offline."""
    _write(file, build_page())


@group.command("zipapp")
@click.argument("file", type=click.Path(path_type=Path))
def zipapp(file: Path) -> None:
    """Write the verifier as one file that any Python 3.11 runs."""
    _write(file, build_zipapp())


def _write(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    click.echo(text("cli.verifier_written", language(), file=file, digest=digest))

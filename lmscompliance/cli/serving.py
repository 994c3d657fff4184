"""``lmscompliance serve``: the product as a service of its own."""

from __future__ import annotations

import os

import click

from lmscompliance.cli.environment import services
from lmscompliance.kernel.settings import PREFIX

FACTORY = "lmscompliance.service:create_app"


@click.command("serve", short_help="Serve the product with accounts of its own.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option("--threads", type=click.IntRange(1), default=8, show_default=True, help="Threads of each.")
def command(host: str, port: int, workers: int, threads: int) -> None:
    """Serve the product with accounts of its own, until interrupted.

    Plain HTTP for a TLS proxy in front (docs/service.md): cookies are sent back over HTTPS only, and to
    this very machine.
    """
    from granian import Granian  # noqa: PLC0415  # an optional extra; no other verb needs it
    from granian.constants import Interfaces  # noqa: PLC0415  # as above

    with services() as given:  # a wrong setting or an old schema is told here, in one line
        os.environ[PREFIX + "DATA_DIR"] = str(given.settings.data_dir)
    Granian(
        FACTORY,
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
    ).serve()

"""A private PostgreSQL cluster on loopback for the tests, started once and ended by its process id."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, text

_CARELESS = "-c fsync=off -c full_page_writes=off -c autovacuum=off -c shared_buffers=32MB"

_STARTS = 5
"""Between the look for a free port and the start somebody else may take it."""


def binaries() -> Path | None:
    """Return the newest installed server's bin directory, if there is one."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[4]))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


@contextmanager
def cluster(*, durable: bool = False) -> Iterator[str]:
    """Yield the URL prefix (without a database name) of a running throw-away cluster.

    Unless ``durable``, it trades what a power cut would take for speed.
    """
    bin_dir = binaries()
    if bin_dir is None:
        raise FileNotFoundError("PostgreSQL is not installed: apt-get install postgresql")
    root = Path(tempfile.mkdtemp(prefix="lmscompliance-pg-"))
    as_owner: list[str] = []
    if os.geteuid() == 0:
        as_owner = ["runuser", "-u", "postgres", "--"]
        shutil.chown(root, "postgres", "postgres")
    data = root / "data"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
    subprocess.run(
        [*as_owner, bin_dir / "initdb", "-D", data, "-U", "test", "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True,
        **quiet,
    )
    for attempt in range(_STARTS):
        port = _free_port()
        options = (
            f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={root} "
            f"-c max_connections=200 {'' if durable else _CARELESS}"
        )
        started = subprocess.run(
            [
                *(*as_owner, bin_dir / "pg_ctl", "-D", data, "-w", "-t", "300", "-l", root / "log"),
                *("-o", options, "start"),
            ],
            check=attempt == _STARTS - 1,
            **quiet,
        )
        if started.returncode == 0:
            break
    try:
        yield f"postgresql+psycopg://test@127.0.0.1:{port}/"
    finally:
        subprocess.run(
            [*as_owner, bin_dir / "pg_ctl", "-D", data, "-m", "immediate", "stop"], check=True, **quiet
        )
        shutil.rmtree(root, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def copy_database(connection: Connection, name: str, template: str) -> None:
    """Make the database ``name`` from ``template``; the connection commits each statement by itself."""
    # As files: writing every page into the log, the default since 15, takes five times as long.
    by_files = " STRATEGY FILE_COPY" if (connection.dialect.server_version_info or ()) >= (15,) else ""
    connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}{by_files}"))

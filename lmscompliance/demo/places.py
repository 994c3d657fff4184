"""Directories and ports that the demo may use: its own, never anybody else's.

A directory belongs to the demo when it was new or empty at first, or carries the marker. The marker is
also a lock: the kernel frees it with the process that held it, so kill -9 leaves nothing behind.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lmscompliance.kernel.errors import Conflict, InvalidInput

_MARKER = ".lmscompliance-demo"
_HOST = "127.0.0.1"


def is_marked(directory: Path) -> bool:
    """Tell whether ``directory`` is a demo's."""
    return (directory / _MARKER).exists()


@contextmanager
def claimed(directory: Path) -> Iterator[None]:
    """Hold ``directory`` for this process, making it if need be; nothing that is in it is touched.

    Raises ``InvalidInput`` when it holds something that is not a demo's or cannot be written, and
    ``Conflict`` while another demo is using it.
    """
    marker = directory / _MARKER
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not is_marked(directory) and any(directory.iterdir()):
            raise InvalidInput("demo.not_empty", path=directory)
        descriptor = os.open(marker, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise InvalidInput("demo.unwritable", path=directory, reason=_reason(error)) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict("demo.in_use", path=directory) from None
        yield
    finally:
        os.close(descriptor)


def clear(directory: Path) -> None:
    """Throw away what an earlier demo left in a directory that is ``claimed``."""
    for path in directory.iterdir():
        if path.name == _MARKER:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


@contextmanager
def listening(port: int) -> Iterator[socket.socket]:
    """Yield a socket bound to ``port`` on loopback (0: any free one); raises ``Conflict`` if it is taken.

    Bound before a minute is spent on filling the database, not after.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # So that a stopped demo can be started again at once.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_HOST, port))
            # Two sockets may be bound to one port; only one may listen.
            listener.listen()
        except OSError as error:
            raise Conflict("demo.port_taken", port=port, reason=_reason(error)) from error
        yield listener
    finally:
        listener.close()


def address_of(listener: socket.socket) -> str:
    """Return the URL that a browser on this machine reaches ``listener`` at."""
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}"


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__

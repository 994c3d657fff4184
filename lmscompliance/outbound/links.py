"""Connections that end in time, whatever the other side does or leaves undone.

A socket's own timeout is for each wait, and whoever sends a byte now and then never reaches it. So here every
wait gets no more than what is left of the whole.
"""

from __future__ import annotations

import io
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any

Addresses = list[tuple[Any, ...]]
"""As ``socket.getaddrinfo`` returns them."""


class Deadline:
    """When everything must be over, and how long the other side may say nothing meanwhile (seconds)."""

    def __init__(self, seconds: float, silent_seconds: float | None = None) -> None:
        """Count from now."""
        self._end = monotonic() + seconds
        self._silent = seconds if silent_seconds is None else silent_seconds

    def left(self) -> float:
        """Return how long the next wait may last (s); raises ``TimeoutError`` when there is nothing left."""
        left = self._end - monotonic()
        if left <= 0:
            raise TimeoutError("the time for the whole is over")
        return min(left, self._silent)


class Link:
    """A connected socket, of which every wait ends in time (``TimeoutError``).

    It has as much of a socket's face as ``http.client`` uses.
    """

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket = connected
        self._deadline = deadline

    def secured(self, context: ssl.SSLContext, host: str) -> Link:
        """Return this link under TLS with ``host``; the handshake, too, ends in time."""
        self._socket.settimeout(self._deadline.left())
        return Link(context.wrap_socket(self._socket, server_hostname=host), self._deadline)

    def sendall(self, data: bytes) -> None:
        """Send all of it."""
        rest = memoryview(data)
        while rest:
            self._socket.settimeout(self._deadline.left())
            rest = rest[self._socket.send(rest) :]

    def makefile(self, *_: object) -> io.BufferedReader:
        """Return what the other side sends, to be read as a file. It outlives ``close``, as with sockets."""
        return io.BufferedReader(_Incoming(self._socket, self._deadline))

    def close(self) -> None:
        """Hang up, once whatever reads is closed as well."""
        self._socket.close()


class _Incoming(io.RawIOBase):
    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket = connected
        self._deadline = deadline
        self._raw = connected.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._socket.settimeout(self._deadline.left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def connect(address: tuple[str, int] | Path, deadline: Deadline) -> Link:
    """Return a link to (host, port) or to a Unix socket; raises ``OSError`` when nobody is there.

    Each address of the host gets its share of the time: one that is silent leaves some for the next.
    """
    if isinstance(address, Path):
        return Link(_connected(socket.AF_UNIX, str(address), deadline.left()), deadline)
    found = _in_time(lambda: socket.getaddrinfo(*address, type=socket.SOCK_STREAM), deadline)
    failure: OSError | None = None
    for tried, (family, *_, place) in enumerate(found):
        try:
            link = _connected(family, place, deadline.left() / (len(found) - tried))
        except OSError as error:
            failure = error
        else:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return Link(link, deadline)
    raise failure or OSError("the name has no address")


def _connected(family: int, place: Any, seconds: float) -> socket.socket:
    link = socket.socket(family, socket.SOCK_STREAM)
    try:
        link.settimeout(seconds)
        link.connect(place)
    except BaseException:
        link.close()
        raise
    return link


def _in_time(look_up: Callable[[], Addresses], deadline: Deadline) -> Addresses:
    # The system's resolver cannot be interrupted, and without a name server it takes half a minute. It is
    # left behind: all it holds is a thread that ends with it.
    found: Future[Addresses] = Future()

    def look() -> None:
        try:
            found.set_result(look_up())
        except Exception as error:  # noqa: BLE001  # raised again where it is waited for
            found.set_exception(error)

    Thread(target=look, daemon=True, name="name lookup").start()
    return found.result(deadline.left())

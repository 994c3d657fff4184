"""A load generator of the standard library: a few keep-alive connections, each with one request under way."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

CONNECTIONS = 16

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"content-length:"


@dataclass(slots=True)
class Sent:
    """What came of a run: how long each answered request took, and how long all of it."""

    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, other: Sent) -> None:
        """Count another run in."""
        self.latencies += other.latencies
        self.seconds += other.seconds

    @property
    def rate(self) -> float:
        """Answered requests a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """Return within how many milliseconds that share of the requests was answered."""
        return round(sorted(self.latencies)[int(share * (len(self.latencies) - 1))] * 1000, 2)


@dataclass(slots=True)
class _Lane:
    """One connection and its request under way."""

    number: int
    socket: socket.socket
    began: float = 0.0
    received: bytes = b""


def request(path: str, body: str, agent: str) -> bytes:
    """Return a POST of JSON as it goes over the wire."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: {agent}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def run(
    port: int, seconds: float, following: Callable[[int], bytes], answered: Callable[[int, bytes], None]
) -> Sent:
    """Send what ``following(lane)`` returns on each connection until the time is over.

    ``answered(lane, body)`` is called with each answer before the lane's next request; every request that
    was sent is waited for. Raises ``RuntimeError`` for an answer other than 200.
    """
    sent = Sent()
    waiting = selectors.DefaultSelector()
    lanes = [_Lane(number, _connect(port)) for number in range(CONNECTIONS)]
    began = time.perf_counter()
    for lane in lanes:
        waiting.register(lane.socket, selectors.EVENT_READ, lane)
        _send(lane, following)
    running = len(lanes)
    while running:
        for key, _ in waiting.select(timeout=30):
            lane = key.data
            body = _receive(lane)
            if body is None:
                continue
            now = time.perf_counter()
            sent.latencies.append(now - lane.began)
            answered(lane.number, body)
            if now - began < seconds:
                _send(lane, following)
            else:
                waiting.unregister(lane.socket)
                lane.socket.close()
                running -= 1
    sent.seconds = time.perf_counter() - began
    waiting.close()
    return sent


def _connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _send(lane: _Lane, following: Callable[[int], bytes]) -> None:
    data = following(lane.number)
    lane.received = b""
    lane.began = time.perf_counter()
    lane.socket.sendall(data)


def _receive(lane: _Lane) -> bytes | None:
    """Return the body once it is whole."""
    data = lane.socket.recv(65_536)
    if not data:
        msg = "the server closed the connection"
        raise RuntimeError(msg)
    lane.received += data
    head, separator, body = lane.received.partition(_END_OF_HEAD)
    if not separator:
        return None
    if not head.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(lane.received.decode(errors="replace"))
    lowered = head.lower()
    at = lowered.index(_LENGTH) + len(_LENGTH)
    length = int(lowered[at:].split(b"\r\n", 1)[0])
    return body if len(body) >= length else None

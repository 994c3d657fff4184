"""The load: wrk where it is installed, otherwise a small generator of the standard library.

Each connection has one request under way. Beats go to the sessions in turn, so that no two of one session
are under way at once and every one of them is plain. They are written down before the run: it takes the same
two cores to put one together as to answer it.
"""

from __future__ import annotations

import json
import resource
import selectors
import shutil
import socket
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

CONNECTIONS = 64
FASTEST = 100_000
"""Beats a second that no machine reaches here: of so many lines the load is made."""
AGENT = "benchmark/1.0"

_SCRIPT = Path(__file__).with_name("beats.lua")
_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"content-length:"


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of a run: how many requests were acknowledged, how fast, and how long one took."""

    acknowledged: int
    rate: float
    p50_ms: float
    p99_ms: float


def installed() -> bool:
    """Tell whether wrk is there; without it there is no load of many connections."""
    return shutil.which("wrk") is not None


def generator() -> str:
    """Name what sends the requests here."""
    return "wrk" if installed() else "a generator in Python, which is the bottleneck itself"


@contextmanager
def written(nonces: Mapping[str, Sequence[str]]) -> Iterator[Path]:
    """Yield a file of beats, a line each: of every session its first one, of every session its next one.

    ``nonces`` maps each session's token to what its beats must show, one after the other; all have as many.
    """
    turns = len(next(iter(nonces.values())))
    with tempfile.NamedTemporaryFile("w", prefix="lmscompliance-beats-", encoding="ascii") as file:
        for turn in range(turns):
            file.writelines(f"{_beat(token, turn, shown)}\n" for token, shown in nonces.items())
        file.flush()
        yield Path(file.name)


def run(
    port: int,
    path: str,
    bodies: Path | None = None,
    *,
    seconds: int,
    connections: int = CONNECTIONS,
) -> Sent:
    """Send the lines of ``bodies`` in turn, or empty objects, for that long.

    After the last line it begins anew, with beats that add nothing; who counts what is held finds that out.

    Raises ``RuntimeError`` for an answer that is no success and for a broken connection.
    """
    if not installed():
        return _run_here(port, path, bodies, seconds, min(connections, CONNECTIONS))
    most = 0 if bodies is None else FASTEST * seconds
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "-s", str(_SCRIPT)]
    command += [f"http://127.0.0.1:{port}", "--", path, AGENT]
    command += [] if bodies is None else [str(bodies), str(most)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    told = json.loads(done.stdout.splitlines()[-1])
    if told["refused"] or told["broken"]:
        raise RuntimeError(done.stdout)
    rate = told["requests"] / told["micros"] * 1e6
    return Sent(told["requests"], rate, told["p50"] / 1000, told["p99"] / 1000)


def each(port: int, requests: Sequence[bytes], connections: int = CONNECTIONS) -> Sent:
    """Send each of ``requests`` exactly once; raises ``RuntimeError`` for an answer that is no success."""
    following = iter(requests)
    latencies: list[float] = []
    waiting = selectors.DefaultSelector()
    began = time.perf_counter()
    running = 0
    for request in islice(following, connections):
        lane = _Lane(_connect(port))
        waiting.register(lane.socket, selectors.EVENT_READ, lane)
        _send(lane, request)
        running += 1
    while running:
        for key, _ in waiting.select(timeout=30):
            lane = key.data
            if not _received(lane):
                continue
            latencies.append(time.perf_counter() - lane.began)
            request = next(following, b"")
            if request:
                _send(lane, request)
            else:
                waiting.unregister(lane.socket)
                lane.socket.close()
                running -= 1
    return _summed(latencies, time.perf_counter() - began, waiting)


def paced(port: int, requests: Sequence[bytes], per_second: float, connections: int = CONNECTIONS) -> Sent:
    """Send each of ``requests`` at its moment, so many a second whether earlier ones are answered or not.

    How long one took counts from its moment, so that one which waits for a free connection, or for this
    program, counts as slow as it is for whoever sends it. Raises ``RuntimeError`` as ``each`` does.
    """
    free = deque(_Lane(_connect(port)) for _ in range(connections))
    busy = selectors.DefaultSelector()
    latencies: list[float] = []
    began = time.perf_counter()
    sent = 0
    while len(latencies) < len(requests):
        now = time.perf_counter()
        while sent < len(requests) and free and began + sent / per_second <= now:
            lane = free.popleft()
            busy.register(lane.socket, selectors.EVENT_READ, lane)
            _send(lane, requests[sent])
            lane.began = began + sent / per_second
            sent += 1
        due = began + sent / per_second - time.perf_counter()
        patience = 30 if sent == len(requests) or not free else max(due, 0)
        for key, _ in busy.select(timeout=patience):
            if _received(key.data):
                latencies.append(time.perf_counter() - key.data.began)
                busy.unregister(key.data.socket)
                free.append(key.data)
    for lane in free:
        lane.socket.close()
    return _summed(latencies, time.perf_counter() - began, busy)


def beats(path: str, nonces: Mapping[str, Sequence[str]], turn: int) -> list[bytes]:
    """Return one beat of each session of ``nonces``, the ``turn``-th (from 0) of each."""
    head = _head(path)
    return [_request(head, _beat(token, turn, shown)) for token, shown in nonces.items()]


def allow_connections(most: int) -> int:
    """Let this process and its children have that many connections, and return how many they may have."""
    spare = 200
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most + spare if hard == resource.RLIM_INFINITY else min(most + spare, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted - spare


@dataclass(slots=True)
class _Lane:
    """One connection and its request under way."""

    socket: socket.socket
    began: float = 0.0
    received: bytes = b""


def _run_here(port: int, path: str, bodies: Path | None, seconds: int, connections: int) -> Sent:
    following = _requests(path, bodies)
    latencies: list[float] = []
    waiting = selectors.DefaultSelector()
    began = time.perf_counter()
    for _ in range(connections):
        lane = _Lane(_connect(port))
        waiting.register(lane.socket, selectors.EVENT_READ, lane)
        _send(lane, next(following))
    running = connections
    while running:
        for key, _ in waiting.select(timeout=30):
            lane = key.data
            if not _received(lane):
                continue
            now = time.perf_counter()
            latencies.append(now - lane.began)
            if now - began < seconds:
                _send(lane, next(following))
            else:
                waiting.unregister(lane.socket)
                lane.socket.close()
                running -= 1
    return _summed(latencies, time.perf_counter() - began, waiting)


def _summed(latencies: list[float], took: float, waiting: selectors.BaseSelector) -> Sent:
    waiting.close()
    latencies.sort()
    return Sent(
        len(latencies),
        len(latencies) / took,
        latencies[len(latencies) // 2] * 1000,
        latencies[len(latencies) * 99 // 100] * 1000,
    )


def _requests(path: str, bodies: Path | None) -> Iterator[bytes]:
    head = _head(path)
    lines = ["{}"] if bodies is None else bodies.read_text(encoding="ascii").splitlines()
    return (_request(head, line) for line in cycle(lines))


def _head(path: str) -> str:
    return f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: {AGENT}\r\nContent-Type: application/json"


def _beat(token: str, turn: int, shown: Sequence[str]) -> str:
    beat = {"token": token, "seq": turn + 1, "position_ms": 1000, "state": "playing", "nonce": shown[turn]}
    return json.dumps(beat, separators=(",", ":"))


def _request(head: str, body: str) -> bytes:
    return f"{head}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def _connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _send(lane: _Lane, data: bytes) -> None:
    lane.received = b""
    lane.began = time.perf_counter()
    lane.socket.sendall(data)


def _received(lane: _Lane) -> bool:
    """Tell whether the answer is whole."""
    data = lane.socket.recv(65_536)
    if not data:
        msg = "the server closed the connection"
        raise RuntimeError(msg)
    lane.received += data
    head, separator, body = lane.received.partition(_END_OF_HEAD)
    if not separator:
        return False
    if not head.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(lane.received.decode(errors="replace"))
    lowered = head.lower()
    at = lowered.index(_LENGTH) + len(_LENGTH)
    return len(body) >= int(lowered[at:].split(b"\r\n", 1)[0])

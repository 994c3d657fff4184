"""The measured servers: granian in a process group of its own, over an application that a factory makes.

``platform`` is a bare host with the extension, ``asynchronous`` the same for a server with an event loop.
What they are compared with is in ``benchmarks.support.bare``.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from flask import Flask, request

from benchmarks.support import bare
from benchmarks.support.scratch import SECRET
from lmscompliance import Compliance
from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.learning.asynclane import AsyncLane
from lmscompliance.services import Services

ACCOUNT_HEADER = "X-Benchmark-Account"
BACKLOG = 8192
_PATIENCE_SECONDS = 30


def platform() -> Flask:
    """Return the app with the extension, over the database that the environment names."""
    return _platform()[1]


def asynchronous() -> AsyncLane:
    """Return the same app behind the asynchronous lane."""
    compliance, app = _platform()
    return compliance.rsgi(app)


def sitting() -> Flask:
    """Return the app as trainees see it who sign in by a header, with beats on the ordinary route."""
    return _platform(lambda: Actor(request.headers[ACCOUNT_HEADER], Role.TRAINEE), fast_lane=False)[1]


def _platform(
    actor_loader: Callable[[], Actor | None] = lambda: None, *, fast_lane: bool = True
) -> tuple[Compliance, Flask]:
    app = Flask("benchmarks.host")
    app.config.update(
        SECRET_KEY=SECRET,
        COMPLIANCE_DATA_DIR=os.environ["BENCHMARK_DATA_DIR"],
        COMPLIANCE_DATABASE_URL=os.environ["BENCHMARK_DATABASE_URL"],
        COMPLIANCE_TRUSTED_PROXIES=0,
        COMPLIANCE_FAST_LANE=fast_lane,
    )
    compliance = Compliance()
    compliance.init_app(app, actor_loader=actor_loader)
    return compliance, app


@contextmanager
def served(services: Services | None, threads: int, application: str | None = None) -> Iterator[int]:
    """Yield the port of a server over the database of ``services``, or of the empty route without.

    ``threads`` are granian's blocking threads; none stands for its event loop.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environ = dict(os.environ)
    if services is not None:
        environ["BENCHMARK_DATA_DIR"] = str(services.settings.data_dir)
        environ["BENCHMARK_DATABASE_URL"] = services.database.engine.url.render_as_string(hide_password=False)
    home = __name__ if services is not None else bare.__name__
    usual = bare.empty if services is None else platform if threads else asynchronous
    target = f"{home}:{application or usual.__name__}"
    how = ["wsgi", "--blocking-threads", str(threads)] if threads else ["rsgi", "--loop", "uvloop"]
    command = [sys.executable, "-m", "granian", "--factory", target, "--interface", *how]
    command += ["--port", str(port), "--workers", "1", "--no-ws"]
    command += ["--backlog", str(BACKLOG), "--http", "1", "--log-level", "critical"]
    # A group, not a session: the kernel shares processors out by session first (sched_autogroup).
    server = subprocess.Popen(command, env=environ, process_group=0)
    try:
        _wait_for(port, server)
        yield port
    finally:
        # The group: the server has a worker process beside the one that was started here.
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    msg = "the server does not come up"
    raise RuntimeError(msg)

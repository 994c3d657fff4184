"""A server of its own process, to be killed: ``python -m tests.learning.crash_server URL DATA LANE``.

With ``jobs`` for the lane it runs the periodic jobs as well, as a production server does.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server

from lmscompliance.extension import scheduler
from lmscompliance.extension.building import build_services
from lmscompliance.extension.wiring import periodic_jobs
from lmscompliance.kernel.settings import Settings
from lmscompliance.services import Services
from tests.learning.lanes import app_with

ROOT = Path(__file__).parents[2]
JOBS = "jobs"


@contextmanager
def to_be_killed(services: Services, data_dir: Path, *arguments: str) -> Iterator[int]:
    """Yield the port of such a server over the database of ``services``; it is killed when the block ends."""
    url = services.database.engine.url.render_as_string(hide_password=False)
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.learning.crash_server", url, str(data_dir), *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    try:
        yield int(server.stdout.readline())
    finally:
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
        server.stdout.close()


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        pass


def main() -> None:
    """Serve until killed; the first line printed is the port."""
    url, data_dir, *lane = sys.argv[1:]  # without a lane: as in production
    services = build_services(
        Settings.from_mapping(
            {
                "COMPLIANCE_DATA_DIR": Path(data_dir),
                "COMPLIANCE_DATABASE_URL": url,
                "SECRET_KEY": "test-secret",
            }
        )
    )
    if JOBS in lane:
        lane.remove(JOBS)
        scheduler.start(services, periodic_jobs())
    server = make_server(
        "127.0.0.1", 0, app_with(*(lane or ["lane"]), services), threaded=True, request_handler=_Quiet
    )
    print(server.port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()

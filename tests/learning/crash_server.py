"""A server of its own process, to be killed: ``python -m tests.learning.crash_server URL DATA LANE``."""

from __future__ import annotations

import sys
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server

from lmscompliance.extension.building import build_services
from lmscompliance.kernel.settings import Settings
from tests.learning.lanes import app_with


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
    server = make_server(
        "127.0.0.1", 0, app_with(*(lane or ["lane"]), services), threaded=True, request_handler=_Quiet
    )
    print(server.port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()

"""The measured server, in a process of its own: ``python -m benchmarks.support.server URL DATA_DIR``.

The extension in a bare host under waitress, as the demo serves it, and beside it a route that does nothing.
"""

from __future__ import annotations

import logging
import sys

import waitress
from flask import Flask, Response, jsonify

from benchmarks.support.scratch import SECRET
from lmscompliance import Compliance

EMPTY = "/empty"
THREADS = 8


def main() -> None:
    """Serve until ended; the first line printed is the port."""
    url, data_dir = sys.argv[1:]
    # A full queue is the point of a benchmark; a line on each request would be part of what is measured.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    app = Flask("benchmarks.host")
    app.config.update(
        SECRET_KEY=SECRET,
        COMPLIANCE_DATA_DIR=data_dir,
        COMPLIANCE_DATABASE_URL=url,
        COMPLIANCE_TRUSTED_PROXIES=0,
    )
    Compliance().init_app(app, actor_loader=lambda: None)

    @app.post(EMPTY)
    def empty() -> Response:
        return jsonify({})

    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=THREADS, ident=None)
    print(server.effective_port, flush=True)
    server.run()


if __name__ == "__main__":
    main()

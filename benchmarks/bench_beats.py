"""How many beats one process keeps a second, through the whole HTTP stack, on SQLite in a scratch directory.

Usage: .venv/bin/python benchmarks/bench_beats.py [beats] [trainees]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from lmscompliance.extension.building import build_services
from lmscompliance.kernel.clock import SHANGHAI, ManualClock
from lmscompliance.kernel.settings import Settings
from lmscompliance.storage import migrate
from tests.learning.school import open_school
from tests.support.app import client_for, make_app


def main(beats: int = 2000, trainees: int = 20) -> None:
    """Let ``trainees`` send ``beats`` beats in turn, one every 60 seconds of a hand-moved clock."""
    clock = ManualClock(datetime(2021, 2, 1, 8, 0, tzinfo=SHANGHAI))
    with tempfile.TemporaryDirectory() as scratch:
        settings = Settings.from_mapping({"COMPLIANCE_DATA_DIR": Path(scratch), "SECRET_KEY": "bench"})
        services = build_services(settings, clock)
        migrate.upgrade(services.database)
        school = open_school(services, trainees=trainees)
        tokens = [school.start(account).token for account in school.trainees]
        client = client_for(make_app(services), None)
        took = []
        for number in range(beats):
            turn, seq = number % trainees, number // trainees + 1
            if turn == 0:
                clock.advance(60)
            body = {"token": tokens[turn], "seq": seq, "position_ms": seq * 60_000, "state": "playing"}
            began = time.perf_counter()
            answer = client.post("/compliance/api/beats", json=body)
            took.append(time.perf_counter() - began)
            assert answer.status_code == 200, answer.text  # noqa: S101  # a benchmark of failures is none
        services.database.dispose()
    took.sort()
    print(f"{beats} beats of {trainees} trainees: {beats / sum(took):.0f} a second")
    print(
        f"median {statistics.median(took) * 1000:.2f} ms, 99 % within {took[beats * 99 // 100] * 1000:.2f} ms"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

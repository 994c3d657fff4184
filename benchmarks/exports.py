"""What people who learn feel of ledgers being made: beats at a steady pace, with and without exports.

A thousand beats a second are 60,000 pages that beat once a minute. Each has its moment, whether earlier ones
are answered or not, and its latency counts from that moment. Meanwhile three exports at once make workbook,
archive copy and bundle, each as the scheduler's child does, again and again. All three have their first
entries before the beats begin, and go on from round to round; the limit is measured before and after.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from benchmarks.heartbeat import PATH, THREADS
from benchmarks.support import load
from benchmarks.support.learners import open_sessions
from benchmarks.support.load import Sent
from benchmarks.support.multiplied import BEGINNING, filled
from benchmarks.support.reporting import called, say
from benchmarks.support.scratch import analyze, platform
from benchmarks.support.server import served
from lmscompliance.evidence.sealer import seal_all
from lmscompliance.extension.building import build_services
from lmscompliance.extension.exporting import dump
from lmscompliance.extension.signing import signer_of
from lmscompliance.kernel.clock import ManualClock
from lmscompliance.services import Services

PER_SECOND = 1000
LEARNERS = 500
EXPORTS = 3
SESSIONS = 20


def main() -> None:
    """Measure each database."""
    call = called(__doc__)
    trainees, seconds, rounds = (80, 2, 2) if call.quick else (500, 20, 5)
    for database in call.databases:
        clock = ManualClock(BEGINNING)
        with platform(database, clock) as services:
            class_id = filled(services, clock, trainees, SESSIONS)
            # An idle platform has sealed what it knows: an export has seconds to seal, not years.
            seal_all(services, signer_of(services))
            analyze(services)
            feel(services, database, class_id, seconds, rounds)


def feel(services: Services, database: str, class_id: str, seconds: int, rounds: int) -> None:
    """Beat a platform that is idle, that exports all the while, and that is idle again."""
    present = build_services(services.settings)
    learners = open_sessions(present, LEARNERS)
    turns = seconds * PER_SECOND // LEARNERS
    nonces = learners.nonces(LEARNERS, turns)
    requests = [one for turn in range(turns) for one in load.beats(PATH, nonces, turn)]

    def beaten(port: int) -> Sent:
        learners.begin()
        return load.paced(port, requests, PER_SECOND)

    with served(present, THREADS[database]) as port:
        learners.begin()
        load.paced(port, requests[: 2 * LEARNERS], PER_SECOND)  # for the server to meet every session
        idle = [beaten(port)]
        with exporting(services, class_id) as finished:
            busy = [beaten(port) for _ in range(rounds)]
        idle.append(beaten(port))
    present.database.dispose()
    say(
        f"beats_beside_exports_{database}",
        value=median(one.p99_ms for one in busy),
        unit="ms",
        limit=median(one.p99_ms for one in idle),
        how=f"99th percentile of {len(requests)} beats at {PER_SECOND} a second while {EXPORTS} exports with "
        f"workbook, archive copy and bundle are made at once, median of {rounds} rounds of {seconds} s under "
        "the same exports, whose start is over; limit: the same while nothing else runs, median of one round "
        "before and one after; what the load generator, in the server's session, waits itself counts as well",
        p50_ms=round(median(one.p50_ms for one in busy), 2),
        idle_p50_ms=round(median(one.p50_ms for one in idle), 2),
        exports=sum(finished),
    )


@contextmanager
def exporting(services: Services, class_id: str) -> Iterator[list[int]]:
    """Let exports be made all the while; afterwards the list holds how many each process has finished."""
    command = [sys.executable, "-m", "benchmarks.support.again", class_id]
    made: list[int] = []
    with ExitStack() as running:
        children = [
            running.enter_context(
                subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    cwd=Path(__file__).parents[1],
                )
            )
            for _ in range(EXPORTS)
        ]
        for child in children:
            print(dump(services.settings), file=child.stdin, flush=True)
        for child in children:
            _next(child)  # it has begun
        yield made
        for child in children:
            child.terminate()
        made += [len(child.communicate()[0].splitlines()) for child in children]


def _next(child: subprocess.Popen[str]) -> None:
    if child.stdout is None or not child.stdout.readline():
        msg = "an export ended before it began"
        raise RuntimeError(msg)


if __name__ == "__main__":
    main()

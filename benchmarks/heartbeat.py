"""How many beats a second one server acknowledges, against a route of the same server that does nothing.

Every acknowledged beat is looked for in the database afterwards; one that is missing fails the run.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle

from benchmarks.support import load
from benchmarks.support.load import Sent
from benchmarks.support.reporting import called, say
from benchmarks.support.scratch import platform
from benchmarks.support.server import EMPTY, THREADS
from lmscompliance.learning.origin import Origin
from lmscompliance.learning.service import session_facts
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from tests.learning.school import School, open_school

SENDER = Origin("127.0.0.1", "benchmark/1.0")
PATH = "/compliance/api/beats"


class Class:
    """Everybody's page: each lane of the load sends for a share of the trainees, in turn."""

    def __init__(self, school: School) -> None:
        """Open a session for every trainee."""
        self.tokens = {one: school.start(one, sender=SENDER).token for one in school.trainees}
        self.last = dict.fromkeys(school.trainees, 0)
        self.acknowledged: dict[str, list[int]] = defaultdict(list)
        everybody = list(school.trainees)
        self.turns = [cycle(everybody[lane :: load.CONNECTIONS]) for lane in range(load.CONNECTIONS)]
        self.sending = [""] * load.CONNECTIONS

    def following(self, lane: int) -> bytes:
        """Return the lane's next beat."""
        who = self.sending[lane] = next(self.turns[lane])
        self.last[who] += 1
        body = f'{{"token":"{self.tokens[who]}","seq":{self.last[who]},"position_ms":1000,"state":"playing"}}'
        return load.request(PATH, body, SENDER.agent)

    def answered(self, lane: int, body: bytes) -> None:
        """Remember what was acknowledged."""
        told = json.loads(body)
        if told["state"] != "active":
            raise RuntimeError(body.decode())
        self.acknowledged[self.sending[lane]].append(told["seq"])


def main() -> None:
    """Measure each database."""
    call = called(__doc__)
    trainees, rounds, seconds = (160, 3, 1.5) if call.quick else (480, 5, 5.0)
    for database in call.databases:
        with platform(database) as services:
            measure(services, database, trainees, rounds, seconds)


def measure(services: Services, database: str, trainees: int, rounds: int, seconds: float) -> None:
    """Take turns between beats and the empty route, so that whatever else the machine does hits both."""
    school = open_school(services, trainees=trainees)
    learning = Class(school)
    nothing = load.request(EMPTY, "{}", SENDER.agent)
    beats, empty = Sent(), Sent()
    with served(services) as port:
        for measured in (False, *[True] * rounds):
            some = load.run(port, seconds, learning.following, learning.answered)
            none = load.run(port, seconds, lambda _: nothing, lambda *_: None)
            if measured:
                beats.add(some)
                empty.add(none)
    kept = check(school, learning)
    say(
        f"beat_{database}",
        value=beats.rate,
        unit="beats/s",
        limit=empty.rate,
        how=f"acknowledged POST {PATH} of {trainees} sessions over {load.CONNECTIONS} connections, one "
        f"waitress process with {THREADS} threads; limit: an empty JSON route of the same server, in turns "
        f"of {seconds} s; no segment falls due; all {kept} acknowledged beats found in the database",
        p50_ms=beats.percentile(0.5),
        p99_ms=beats.percentile(0.99),
    )


def check(school: School, learning: Class) -> int:
    """Return how many beats were acknowledged; raises unless the facts hold every one of them."""
    with reading(school.services.database) as session:
        facts = session_facts(session, school.class_id, list(school.trainees.values()))
    for who, acknowledged in learning.acknowledged.items():
        kept = {
            beat.seq
            for fact in facts[school.trainees[who]]
            for segment in fact.segments
            for beat in segment.beats
        }
        if missing := set(acknowledged) - kept:
            msg = f"{who}: {len(missing)} acknowledged beats are not in the database"
            raise RuntimeError(msg)
    return sum(map(len, learning.acknowledged.values()))


@contextmanager
def served(services: Services) -> Iterator[int]:
    """Yield the port of a server of its own process over the same database."""
    url = services.database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "benchmarks.support.server", url, str(services.settings.data_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        try:
            yield int(server.stdout.readline() if server.stdout else "")
        finally:
            server.kill()


if __name__ == "__main__":
    main()

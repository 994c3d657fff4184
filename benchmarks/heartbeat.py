"""How many beats a second one server acknowledges, against an empty Flask route on the same kind of server.

After each round the database must hold every acknowledged beat; one that is missing fails the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import NamedTuple

from benchmarks.support import load
from benchmarks.support.learners import Learners, close_sessions, open_sessions
from benchmarks.support.load import Sent
from benchmarks.support.reporting import Call, called, say
from benchmarks.support.scratch import platform
from benchmarks.support.server import EMPTY, served

PATH = "/compliance/api/beats"
THREADS = {"sqlite": 1, "postgresql": load.CONNECTIONS}
ASYNCHRONOUS = 0
MANY_CONNECTIONS = 8_000
# Twice the connections: two beats of one session are then rarely under way at once and overtake.
SESSIONS = 2 * MANY_CONNECTIONS
FASTEST = 100_000
"""Beats a second that no machine reaches here: so many nonces are ready."""
SHORT_HISTORY = 1_000
_LONGEST_WARMING = 4  # seconds


class Lane(NamedTuple):
    """A platform under a server, with people who learn on it."""

    database: str
    learners: Learners
    port: int
    threads: int


def main() -> None:
    """Measure each database; growth and many connections on the first of them."""
    call = called(__doc__)
    many = load.allow_connections(MANY_CONNECTIONS)
    # One thread is what an empty route is fastest with.
    with served(None, 1) as empty:
        load.run(empty, EMPTY, seconds=1)
        for database in call.databases:
            first = database == call.databases[0]
            with learning(database, SHORT_HISTORY) as lane:
                beat(call, lane, empty, f"beat_{database}", load.CONNECTIONS)
                if first and load.installed():
                    beat(call, lane, empty, "beat_connections", many)
                if first:
                    growth(call, lane)
                if database == "postgresql":
                    with served(lane.learners.services, ASYNCHRONOUS) as port:
                        loop = warm(lane._replace(port=port, threads=ASYNCHRONOUS))
                        beat(call, loop, empty, "beat_postgresql_asynchronous", load.CONNECTIONS)


def beat(call: Call, lane: Lane, empty: int, name: str, connections: int) -> None:
    """Take turns between beats and the empty route, so that whatever else the machine does hits both."""
    quick = (3, 1) if connections == load.CONNECTIONS else (1, 3)  # many take a while to be there at all
    rounds, seconds = quick if call.quick else (5, 5)
    beats: list[Sent] = []
    nothing: list[Sent] = []
    for _ in range(rounds):
        beats.append(round_of(lane, seconds, connections))
        nothing.append(load.run(empty, EMPTY, seconds=seconds, connections=connections))
    total = sum(one.acknowledged for one in beats)
    report(
        name,
        beats,
        nothing,
        f"acknowledged POST {PATH} of {SESSIONS} sessions on {lane.database}, {connections} connections, one "
        f"granian worker with {lane.threads or 'an event loop and no'} blocking thread(s); limit: an empty "
        f"Flask JSON route on granian with one; median of {rounds} rounds of {seconds} s in turns, "
        f"connecting included, after every session has beaten once; load: {load.generator()}; no segment "
        f"falls due; all {total} acknowledged beats found in the database",
    )


def warm(lane: Lane) -> Lane:
    """Let the server meet every session, as it has where people learn: a first beat costs more than others.

    A round begins with the first session each time, so only one that is long enough comes round to all.
    """
    seconds = 1
    while round_of(lane, seconds, load.CONNECTIONS).acknowledged < SESSIONS and seconds < _LONGEST_WARMING:
        seconds *= 2
    return lane


def growth(call: Call, short: Lane) -> None:
    """Take turns between a platform with a long history and one with a short history."""
    rounds, seconds = (3, 1) if call.quick else (5, 5)
    history = call.history or (30_000 if call.quick else 10_000_000)
    grown: list[Sent] = []
    fresh: list[Sent] = []
    with learning(short.database, history) as long:
        for _ in range(rounds):
            grown.append(round_of(long, seconds, load.CONNECTIONS))
            fresh.append(round_of(short, seconds, load.CONNECTIONS))
    report(
        "beat_growth",
        grown,
        fresh,
        f"as beat_{short.database}, with {history} closed sessions in the history; limit: the same with "
        f"{SHORT_HISTORY}; median of {rounds} rounds of {seconds} s in turns; load: {load.generator()}",
    )


@contextmanager
def learning(database: str, history: int) -> Iterator[Lane]:
    """Yield a platform with so many closed sessions, and people who learn."""
    with platform(database) as services:
        close_sessions(services, history)
        learners = open_sessions(services, SESSIONS)
        with served(services, THREADS[database]) as port:
            yield warm(Lane(database, learners, port, THREADS[database]))


def round_of(lane: Lane, seconds: int, connections: int) -> Sent:
    """Send beats and look for each acknowledged one; those under way at the end may be there as well."""
    lane.learners.begin()
    nonces = lane.learners.nonces(SESSIONS, FASTEST * seconds // SESSIONS + 1)
    sent = load.run(lane.port, PATH, nonces, seconds=seconds, connections=connections)
    held, overtaken = lane.learners.kept()
    # Of few connections none stalls while the others go once round all sessions, so nothing is overtaken.
    lost = connections == load.CONNECTIONS and overtaken > 0
    if lost or not sent.acknowledged <= held + overtaken <= sent.acknowledged + connections:
        msg = f"{sent.acknowledged} beats were acknowledged, {held} are held and {overtaken} overtaken"
        raise RuntimeError(msg)
    return sent


def report(name: str, beats: list[Sent], bound: list[Sent], how: str) -> None:
    """Print the medians."""
    say(
        name,
        value=median(one.rate for one in beats),
        unit="beats/s",
        limit=median(one.rate for one in bound),
        how=how,
        p50_ms=round(median(one.p50_ms for one in beats), 2),
        p99_ms=round(median(one.p99_ms for one in beats), 2),
    )


if __name__ == "__main__":
    main()

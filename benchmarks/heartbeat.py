"""How many beats a second one server acknowledges, against an empty Flask route on the same kind of server.

After each round the database must hold every acknowledged beat; one that is missing fails the run.

The lines ``beat_bound_…`` say how far any lane could get: there the same server reads the same beats and
answers each without looking at it. What a lane has less than its bound is what it costs to keep a beat.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from math import inf
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.support import load
from benchmarks.support.bare import EMPTY
from benchmarks.support.learners import Learners, close_sessions, open_sessions
from benchmarks.support.load import CONNECTIONS, Sent
from benchmarks.support.reporting import called, say
from benchmarks.support.scratch import platform, sync_ms
from benchmarks.support.server import served

PATH = "/compliance/api/beats"
# Somewhat fewer than connections: with one each, as many are answered, but some of them late.
THREADS = {"sqlite": 1, "postgresql": 48}
ASYNCHRONOUS = 0
BOUNDS = {"beat_bound_wsgi": 1, "beat_bound_rsgi": ASYNCHRONOUS}
"""Threads by name."""
MANY_CONNECTIONS = 8_000
# Twice the connections: two beats of one session are then rarely under way at once and overtake.
SESSIONS = 2 * MANY_CONNECTIONS
SHORT_HISTORY = 1_000
GROWN = "beat_growth"
_LONGEST_WARMING = 3  # rounds
_QUICK_SECONDS = 40  # of fifty, for what follows the rounds of all lanes
_CONNECTING = 1  # second, until many connections are there
_LIMIT = "limit: an empty Flask JSON route on granian with one blocking thread"


class Lane(NamedTuple):
    """A platform with people who learn on it, what their pages send, and the server that takes it."""

    database: str
    learners: Learners
    bodies: Path
    threads: int
    port: int = 0


class Rounds(NamedTuple):
    """How often everything has its turn, and for how many seconds."""

    number: int
    seconds: int
    until: float = inf
    """When the last one of all lanes has to be over, by ``time.monotonic``; one there is in any case."""


def main() -> None:
    """Measure each database; growth and many connections on the first of them."""
    call = called(__doc__)
    first, *others = call.databases
    many = load.allow_connections(MANY_CONNECTIONS)
    rounds = Rounds(3, 1, time.monotonic() + _QUICK_SECONDS) if call.quick else Rounds(5, 5)
    history = call.history or (30_000 if call.quick else 10_000_000)
    with ExitStack() as opened:
        # One thread is what an empty route is fastest with.
        empty = opened.enter_context(served(None, 1))
        lanes = {
            f"beat_{first}": opened.enter_context(learning(first, rounds)),
            GROWN: opened.enter_context(learning(first, rounds, history=history)),
        }
        for database in others:
            # So many as beat in the time that a round has.
            few = SESSIONS // 4 if call.quick else SESSIONS
            lanes[f"beat_{database}"] = opened.enter_context(learning(database, rounds, sessions=few))
        for name, lane in tuple(lanes.items()):
            if lane.database == "postgresql" and name != GROWN:
                lanes[f"{name}_asynchronous"] = lane._replace(threads=ASYNCHRONOUS)
        servers = [served(lane.learners.services, lane.threads) for lane in lanes.values()]
        with ThreadPoolExecutor() as pool:
            ports = list(pool.map(opened.enter_context, servers))
        for (name, lane), port in zip(tuple(lanes.items()), ports, strict=True):
            lanes[name] = warm(lane._replace(port=port))
        nothing = beat(rounds, lanes, empty, history)
        # Once must do where all has to be over soon.
        less = rounds._replace(number=rounds.number // 2)
        bounds(less, lanes[f"beat_{first}"], nothing)
        if load.installed():
            longer = less._replace(seconds=rounds.seconds + _CONNECTING)
            connections(longer, lanes[f"beat_{first}"], empty, many)


def beat(rounds: Rounds, lanes: dict[str, Lane], empty: int, history: int) -> list[Sent]:
    """Let all lanes and the empty route take turns, so that whatever else the machine does hits each.

    Return what came of the empty route.
    """
    taken: dict[str, list[Sent]] = {name: [] for name in lanes}
    nothing: list[Sent] = []
    while len(nothing) < rounds.number:
        began = time.monotonic()
        for name, lane in lanes.items():
            taken[name].append(round_of(lane, rounds.seconds))
        nothing.append(load.run(empty, EMPTY, seconds=rounds.seconds))
        now = time.monotonic()
        if now + (now - began) > rounds.until:
            break
    for name, lane in lanes.items():
        if name == GROWN:
            short = f"beat_{lane.database}"
            closed = "closed sessions in the history"
            said = f"as {short}, with {history} {closed}; limit: the same with {SHORT_HISTORY}"
            report(name, rounds, taken[name], taken[short], said)
        else:
            # What a commit waits for there.
            waits = {} if lane.database == "sqlite" else {"sync_ms": sync_ms()}
            report(name, rounds, taken[name], nothing, _how(lane, CONNECTIONS, taken[name]), **waits)
    return nothing


def connections(rounds: Rounds, lane: Lane, empty: int, many: int) -> None:
    """Take turns with the empty route, with very many connections."""
    beats: list[Sent] = []
    nothing: list[Sent] = []
    while len(beats) < rounds.number:
        beaten = round_of(lane, rounds.seconds, many)
        answered = load.run(empty, EMPTY, seconds=rounds.seconds, connections=many)
        if beaten.acknowledged and answered.acknowledged:
            beats.append(beaten)
            nothing.append(answered)
        else:
            # On a slow machine not even all connections are there by then.
            rounds = rounds._replace(seconds=2 * rounds.seconds)
    report("beat_connections", rounds, beats, nothing, _how(lane, many, beats))


def bounds(rounds: Rounds, lane: Lane, nothing: list[Sent]) -> None:
    """Send the same beats to a server that answers each without looking at it."""
    for name, threads in BOUNDS.items():
        with served(None, threads, application="unkept" if threads else "unkept_asynchronous") as port:
            answered = [
                load.run(port, PATH, lane.bodies, seconds=rounds.seconds) for _ in range(rounds.number)
            ]
        said = (
            f"beats that are read and answered without a look at them, {CONNECTIONS} connections, "
            f"{_worker(threads)}: what a lane would reach that did nothing"
        )
        report(name, rounds, answered, nothing, f"{said}; {_LIMIT}")


def _how(lane: Lane, connections: int, beats: list[Sent]) -> str:
    total = sum(one.acknowledged for one in beats)
    people = len(lane.learners.tokens)
    return (
        f"acknowledged POST {PATH} of {people} sessions on {lane.database}, {connections} connections, "
        f"{_worker(lane.threads)}, after every session has beaten once; no segment falls due; all {total} "
        f"acknowledged beats found in the database; {_LIMIT}"
    )


def _worker(threads: int) -> str:
    return f"one granian worker with {threads or 'an event loop and no'} blocking thread(s)"


@contextmanager
def learning(
    database: str, rounds: Rounds, *, sessions: int = SESSIONS, history: int = SHORT_HISTORY
) -> Iterator[Lane]:
    """Yield a platform with so many closed sessions and people who learn; no server stands on it yet."""
    with platform(database) as services:
        close_sessions(services, history)
        learners = open_sessions(services, sessions)
        most = load.FASTEST * (rounds.seconds + _CONNECTING)
        with load.written(learners.nonces(sessions, -(-most // sessions))) as bodies:
            yield Lane(database, learners, bodies, THREADS[database])


def warm(lane: Lane) -> Lane:
    """Let the server meet every session, as it has where people learn: first beats cost more than others."""
    for _ in range(_LONGEST_WARMING):
        # Each round begins with the first session, so only a fast one comes round to all.
        if round_of(lane, 1).acknowledged >= len(lane.learners.tokens):
            break
    return lane


def round_of(lane: Lane, seconds: int, connections: int = CONNECTIONS) -> Sent:
    """Send beats and look for each acknowledged one; those under way at the end may be there as well.

    And those of the round before: on a slow machine they come after the rows were set back.
    """
    lane.learners.begin()
    sent = load.run(lane.port, PATH, lane.bodies, seconds=seconds, connections=connections)
    held, overtaken = lane.learners.kept()
    # Of few connections none stalls while the others go once round all sessions, so nothing is overtaken.
    lost = connections == CONNECTIONS and overtaken > 0
    if lost or not sent.acknowledged <= held + overtaken <= sent.acknowledged + 2 * connections:
        msg = f"{sent.acknowledged} beats were acknowledged, {held} are held and {overtaken} overtaken"
        raise RuntimeError(msg)
    return sent


def report(name: str, rounds: Rounds, beats: list[Sent], bound: list[Sent], how: str, **more: float) -> None:
    """Print the medians."""
    say(
        name,
        value=median(one.rate for one in beats),
        unit="beats/s",
        limit=median(one.rate for one in bound),
        how=f"{how}; median of {len(beats)} round(s) of {rounds.seconds} s in turns, connecting included; "
        f"load: {load.generator()}",
        p50_ms=round(median(one.p50_ms for one in beats), 2),
        p99_ms=round(median(one.p99_ms for one in beats), 2),
        **more,
    )


if __name__ == "__main__":
    main()

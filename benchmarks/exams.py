"""How many papers a second one server takes in, and what an autosave costs beside a beat.

Everybody hands in fifty answers at once. Afterwards the database must hold each paper, closed, marked and
with exactly those answers; one that is missing fails the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from benchmarks.support import load
from benchmarks.support.bare import EMPTY
from benchmarks.support.cpu import spent_seconds
from benchmarks.support.learners import Learners, open_sessions
from benchmarks.support.load import Sent
from benchmarks.support.reporting import Call, called, say
from benchmarks.support.scratch import platform
from benchmarks.support.server import served
from benchmarks.support.sitting import QUESTIONS, Sitting, open_attempts
from lmscompliance.services import Services

BEATS = "/compliance/api/beats"
THREADS = {"sqlite": 1, "postgresql": 8}
ROUNDS = 3
"""Of autosaves and beats in turns, before the papers come in."""


class Cost(NamedTuple):
    """What requests came to: how fast they were, and the processor time of one where that can be told."""

    sent: Sent
    cpu_ms: float | None


def main() -> None:
    """Measure each database."""
    call = called(__doc__)
    for database in call.databases:
        with platform(database) as services:
            measure(call, database, services)


def measure(call: Call, database: str, services: Services) -> None:
    """Let everybody save and beat in turns, then hand in."""
    people = 300 if call.quick else 5_000
    sitting = open_attempts(services, people)
    with served(None, 1) as empty:
        nothing = load.run(empty, EMPTY, seconds=1 if call.quick else 5)
    learners = open_sessions(services, people)
    with served(services, THREADS[database], application="sitting") as port:
        saved, beaten = autosave(services, port, sitting, learners)
        kept = sitting.saved(ROUNDS)
        papers = _cost(services, port, sitting.papers(ROUNDS + 1))
    lost = sitting.lost()
    if kept != people or lost:
        msg = f"of {people} attempts {kept} hold their last save and {lost} lost their paper"
        raise RuntimeError(msg)
    where = (
        f"on {database}, one granian worker with {THREADS[database]} blocking thread(s), ordinary Flask "
        f"routes, {load.CONNECTIONS} connections"
    )
    report_papers(f"exam_submit_{database}", papers, nothing, where)
    report_saves(f"exam_autosave_{database}", saved, beaten, where)


def autosave(
    services: Services, port: int, sitting: Sitting, learners: Learners
) -> tuple[list[Cost], list[Cost]]:
    """Take turns between a save of everybody and a beat of as many, after a first beat to warm up."""
    learners.begin()
    nonces = learners.nonces(len(sitting.attempts), ROUNDS + 1)
    load.each(port, load.beats(BEATS, nonces, 0))
    saved: list[Cost] = []
    beaten: list[Cost] = []
    for turn in range(1, ROUNDS + 1):
        saved.append(_cost(services, port, sitting.saves(turn)))
        beaten.append(_cost(services, port, load.beats(BEATS, nonces, turn)))
    return saved, beaten


def report_papers(name: str, papers: Cost, nothing: Sent, where: str) -> None:
    """Print how fast papers came in."""
    sent = papers.sent
    say(
        name,
        value=sent.rate,
        unit="papers/s",
        limit=nothing.rate,
        how=f"{sent.acknowledged} papers of {QUESTIONS} answers handed in, marked and recorded {where}; each "
        f"found closed with exactly its answers; limit: an empty Flask JSON route",
        p50_ms=round(sent.p50_ms, 2),
        p99_ms=round(sent.p99_ms, 2),
        seconds=round(sent.acknowledged / sent.rate, 1),
        **_cpu([papers]),
    )


def report_saves(name: str, saved: Sequence[Cost], beaten: Sequence[Cost], where: str) -> None:
    """Print how fast autosaves were, and how many beats one costs."""
    rate, beats = (median(one.sent.rate for one in costs) for costs in (saved, beaten))
    say(
        name,
        value=rate,
        unit="saves/s",
        limit=beats,
        how=f"{len(saved)} rounds of {saved[0].sent.acknowledged} saves of one answer {where}; all found; "
        f"limit: as many plain beats through the ordinary route of the same server, in turns; medians",
        p99_ms=round(max(one.sent.p99_ms for one in saved), 2),
        beats_a_save=round(beats / rate, 3),
        **_cpu(saved),
        **{f"beat_{name}": value for name, value in _cpu(beaten).items()},
    )


def _cost(services: Services, port: int, requests: Sequence[bytes]) -> Cost:
    before = spent_seconds(services)
    sent = load.each(port, requests)
    after = spent_seconds(services)
    told = before is not None and after is not None
    return Cost(sent, (after - before) / len(requests) * 1000 if told else None)


def _cpu(costs: Sequence[Cost]) -> dict[str, float]:
    known = [one.cpu_ms for one in costs if one.cpu_ms is not None]
    return {"cpu_ms": round(median(known), 2)} if known else {}


if __name__ == "__main__":
    main()

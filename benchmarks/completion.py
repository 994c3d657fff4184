"""How fast a class is judged, against only reading the facts that the judgement rests on.

Everybody has learnt a whole plan of 24 lessons of half an hour. Judging includes the reading; at least half
the speed of reading alone is what is wanted.
"""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Table, insert, select

from benchmarks.support.reporting import called, say
from benchmarks.support.scratch import analyze, platform
from lmscompliance.completion.judging import course_of, judge, read_facts
from lmscompliance.kernel.clock import SHANGHAI, ManualClock
from lmscompliance.learning.models import CLOSED_SEGMENT, CLOSED_SESSION
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from tests.learning.school import Player, School, open_school

_BATCH = 100
"""Copies a transaction."""


def main() -> None:
    """Measure each database."""
    call = called(__doc__)
    for database in call.databases:
        clock = ManualClock(datetime(2021, 2, 1, 8, 0, tzinfo=SHANGHAI))
        with platform(database, clock) as services:
            measure(services, database, *((100, 3) if call.quick else (10_000, 1)))


def measure(services: Services, database: str, trainees: int, rounds: int) -> None:
    """Fill a class, then read all facts and judge everybody in turn; the best round of each counts."""
    school = filled(services, trainees)
    analyze(services)
    enrolments = list(school.trainees.values())
    took_reading, took_judging, beats = [], [], 0
    for _ in range(rounds):
        with reading(services.database) as session:
            course = course_of(session, school.class_id)
            began = time.perf_counter()
            beats = sum(
                len(segment.beats)
                for _, facts in read_facts(session, course, enrolments)
                for one in facts.sessions
                for segment in one.segments
            )
            took_reading.append(time.perf_counter() - began)
        with reading(services.database) as session:
            began = time.perf_counter()
            complete = sum(one.training.met for one in judge(session, course, enrolments))
            took_judging.append(time.perf_counter() - began)
        if complete != trainees:
            missing = trainees - complete
            msg = f"{missing} of {trainees} trainees who learnt everything were not judged complete"
            raise RuntimeError(msg)
    say(
        f"completion_{database}",
        value=trainees / min(took_judging),
        unit="trainees/s",
        limit=trainees / min(took_reading),
        how=f"a class of {trainees} trainees with 24 sessions of 30 minutes each ({beats} beats) judged by "
        f"every rule, reading included; limit: the same facts only read; best of {rounds}",
    )


def filled(services: Services, trainees: int) -> School:
    """Let one trainee learn the whole plan, and copy the sessions to everybody else."""
    school = open_school(services, trainees=trainees)
    first, *others = school.trainees.values()
    for number in range(len(school.lessons)):
        player = Player(school, school.start("trainee-1", number))
        player.play(1800)
        player.end()
    with reading(services.database) as session:
        sessions = [dict(row) for row in session.execute(_of(CLOSED_SESSION, first)).mappings()]
        segments = [dict(row) for row in session.execute(_of(CLOSED_SEGMENT, first)).mappings()]
    for start in range(0, len(others), _BATCH):
        with transaction(services.database) as session:
            for enrolment in others[start : start + _BATCH]:
                ids = {row["session_id"]: services.ids.new() for row in sessions}
                for table, rows in ((CLOSED_SESSION, sessions), (CLOSED_SEGMENT, segments)):
                    copies = [
                        {**row, "enrolment_id": enrolment, "session_id": ids[row["session_id"]]}
                        for row in rows
                    ]
                    session.execute(insert(table), copies)
    return school


def _of(table: Table, enrolment: str) -> Select[Any]:
    return select(table).where(table.c.enrolment_id == enrolment)


if __name__ == "__main__":
    main()

"""A class as it would stand today: who has what it takes, and what each of the others still needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lmscompliance.completion.judging import TraineeStatus, course_of, judge
from lmscompliance.completion.overview import Overview, Row, overview
from lmscompliance.kernel.clock import to_micros
from lmscompliance.rules.forecast import Forecast, forecast
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading


@dataclass(frozen=True, slots=True)
class Prospect:
    """One trainee judged as of now, and what is still needed."""

    row: Row
    status: TraineeStatus
    forecast: Forecast


@dataclass(frozen=True, slots=True)
class Prospects:
    """One page of a class; ``overview`` has the figures of everybody, as last judged."""

    overview: Overview
    rows: Sequence[Prospect]

    @property
    def passes(self) -> bool:
        """Whether every enrolled trainee would be subsidised by training and exam as they stand."""
        return 0 < self.overview.enrolled == self.overview.eligible


def prospects(services: Services, class_id: str, page: int = 1) -> Prospects:
    """Return page ``page`` of a class, its trainees judged anew; raises ``NotFound``."""
    shown = overview(services, class_id, page)
    now_us = to_micros(services.clock.now())
    with reading(services.database) as session:
        course = course_of(session, class_id)
        judged = judge(session, course, [one.standing.enrolment.id for one in shown.rows])
        rows = [
            Prospect(
                row,
                status,
                forecast(status.training, course.fact, course.notice, now_us, status.account.waiting()),
            )
            for row, status in zip(shown.rows, judged, strict=True)
        ]
    return Prospects(shown, rows)

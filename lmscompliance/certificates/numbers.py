"""Numbers of certificates: a series for each prefix and year, without gaps, however many issue at once.

A class's own certificates of a year are counted beside that: the bundle of one class shows only those.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.certificates.models import CertificateSeries
from lmscompliance.rules.certificates import number_of, series_of
from lmscompliance.storage.statements import upsert


def next_number(session: Session, prefix: str, year: int) -> str:
    """Return the next number of the series ``prefix`` and ``year``, in the caller's transaction.

    The series' row stays locked until that ends: whoever comes at the same time waits, and where it is
    rolled back the number is given out again.
    """
    return number_of(prefix, year, _next(session, series_of(prefix, year)))


def next_serial(session: Session, class_id: str, year: int) -> int:
    """Return the next count of the class's certificates of a year, locked in the same way."""
    return _next(session, series_of(class_id, year))


def likely_number(session: Session, prefix: str, year: int) -> str:
    """Return what ``next_number`` will be unless somebody else draws one before; locks nothing."""
    series = series_of(prefix, year)
    last = session.scalar(select(CertificateSeries.last).where(CertificateSeries.series == series))
    return number_of(prefix, year, (last or 0) + 1)


def _next(session: Session, series: str) -> int:
    first = upsert(session, CertificateSeries).values(series=series, last=1)
    taken = first.on_conflict_do_update(
        index_elements=[CertificateSeries.series], set_={"last": CertificateSeries.last + 1}
    ).returning(CertificateSeries.last)
    return int(session.execute(taken).scalar_one())

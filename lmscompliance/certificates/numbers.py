"""Numbers of certificates: a series for each prefix and year, without gaps, however many issue at once."""

from __future__ import annotations

from sqlalchemy.orm import Session

from lmscompliance.certificates.models import CertificateSeries
from lmscompliance.storage.statements import upsert

_DIGITS = 6


def next_number(session: Session, prefix: str, year: int) -> str:
    """Return the next number of the series ``prefix`` and ``year``, in the caller's transaction.

    The series' row stays locked until that ends: whoever comes at the same time waits, and where it is
    rolled back the number is given out again.
    """
    series = f"{prefix}-{year}"
    first = upsert(session, CertificateSeries).values(series=series, last=1)
    taken = first.on_conflict_do_update(
        index_elements=[CertificateSeries.series], set_={"last": CertificateSeries.last + 1}
    ).returning(CertificateSeries.last)
    return f"{series}-{session.execute(taken).scalar_one():0{_DIGITS}}"

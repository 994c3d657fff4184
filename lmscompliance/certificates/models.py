"""Tables of certificates and of their numbers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from lmscompliance.storage.base import Base
from lmscompliance.storage.types import Id, Instant

MOST_NUMBER = 64
"""Characters of a certificate's number."""


class Certificate(Base):
    """A certificate as it was issued; nothing in it changes but that it is revoked.

    ``n`` counts an enrolment's certificates from 1: another one is issued only when the one before is
    revoked, and the key lets only one of two at once in. ``code`` is the unguessable part of the address on
    it. ``content_sealed`` is what it says (JSON) and ``pdf_sealed`` the document itself (base64, read only
    where it is handed out), both of them until the person's data is destroyed. ``recorded_n`` is the entry
    of the enrolment's stream. The enrolment may be gone one day, which is why no key refers to it: that a
    number was given out stays.
    """

    __tablename__ = "compliance_certificate"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    n: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(Id, unique=True)
    number: Mapped[str] = mapped_column(String(MOST_NUMBER), unique=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    issued_at: Mapped[datetime] = mapped_column(Instant)
    issued_by: Mapped[str] = mapped_column(String(255))
    recorded_n: Mapped[int] = mapped_column(Integer)
    pdf_sha256: Mapped[str] = mapped_column(String(64))
    content_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    pdf_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_by: Mapped[str | None] = mapped_column(String(255))
    reason_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class CertificateSeries(Base):
    """The last number given out of a series (prefix and year), so that its numbers have no gap."""

    __tablename__ = "compliance_certificate_series"

    series: Mapped[str] = mapped_column(String(MOST_NUMBER), primary_key=True)
    last: Mapped[int] = mapped_column(Integer)

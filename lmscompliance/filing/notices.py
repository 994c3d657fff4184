"""Notices of a training (培训通知): published to a class, receipted by each trainee (T14)."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.filing.models import NoticeReceipt, TrainingNotice
from lmscompliance.identity import links
from lmscompliance.identity.models import Person
from lmscompliance.identity.people import open_name
from lmscompliance.kernel import jcs
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import shanghai, to_micros
from lmscompliance.kernel.errors import InvalidInput, NotFound
from lmscompliance.rules.masking import mask_name
from lmscompliance.services import Services
from lmscompliance.storage.statements import upsert
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries
from lmscompliance.training.models import Enrolment

MAX_TITLE, MAX_TEXT = 255, 8000
PAGE_ROWS = 100
_TIME = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody of the class, masked, and when they read the notice; ``None``: not yet."""

    ordinal: int
    name: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A notice with how many of the class read it; ``read_at`` is the asking trainee's own receipt."""

    notice: TrainingNotice
    read: int
    enrolled: int
    read_at: datetime | None = None


def publish(services: Services, class_id: str, *, title: str, text: str, by: str) -> int:
    """Publish a notice to everybody of a class and return its number, from 0.

    Raises ``InvalidInput`` for an empty or overlong one, ``Conflict`` for a class that is over.
    """
    title, text = title.strip(), text.strip().replace("\r\n", "\n")
    if not (0 < len(title) <= MAX_TITLE and 0 < len(text) <= MAX_TEXT):
        raise InvalidInput("filing.notice_incomplete", title=MAX_TITLE, text=MAX_TEXT)
    now = services.clock.now()
    with transaction(services.database) as session:
        queries.locked_class(session, class_id)
        queries.require_going(session, class_id)
        mine = TrainingNotice.class_id == class_id
        number = session.scalar(select(func.count()).where(mine)) or 0
        digest = hashlib.sha256(jcs.encode([title, text])).hexdigest()
        session.add(
            TrainingNotice(class_id=class_id, n=number, title=title, text=text, sha256=digest, by=by, at=now)
        )
        evidence.record_in_class(
            session,
            services,
            class_id,
            type="notice.published",
            at=now,
            body={"notice": number, "sha256": digest, "published_us": to_micros(now)},
            disclose={"by": by, "title": title, "text": text},
        )
        return number


def acknowledge(services: Services, actor: Actor, class_id: str, number: int, *, ip: str) -> None:
    """Keep that the actor, a trainee of the class, read a notice; a second time changes nothing.

    Raises ``NotFound`` for a notice there is not, or somebody who is not activated in the class. If the
    process dies before the commit, the notice is unread and the trainee is asked again.
    """
    now = services.clock.now()
    with transaction(services.database) as session:
        notice = session.get(TrainingNotice, (class_id, number))
        mine = queries.enrolment_of(session, class_id, actor.account)
        if notice is None or mine is None:
            raise NotFound("web.not_found")
        # The primary key decides between two clicks: the second finds the first's row, and no second leaf.
        made = session.scalar(
            upsert(session, NoticeReceipt)
            .values(class_id=class_id, n=number, enrolment_id=mine.id, at=now)
            .on_conflict_do_nothing()
            .returning(NoticeReceipt.n)
        )
        if made is None:
            return
        evidence.record_for(
            session,
            services,
            evidence.Owner(class_id, mine.id),
            type="notice.read",
            at=now,
            body={"notice": number, "sha256": notice.sha256, "read_us": to_micros(now)},
            disclose={"ip": ip},
        )


def of_class(session: Session, class_id: str) -> list[Shown]:
    """Return the notices of a class, the newest first, with how many read each."""
    enrolled = session.scalar(select(func.count()).where(Enrolment.class_id == class_id)) or 0
    count = (
        select(func.count())
        .where(NoticeReceipt.class_id == class_id, NoticeReceipt.n == TrainingNotice.n)
        .scalar_subquery()
    )
    rows = session.execute(
        select(TrainingNotice, count)
        .where(TrainingNotice.class_id == class_id)
        .order_by(TrainingNotice.n.desc())
    )
    return [Shown(notice, read, enrolled) for notice, read in rows]


def of_trainee(session: Session, class_id: str, enrolment_id: str) -> list[Shown]:
    """Return the notices of a class, the newest first, with when this trainee read each."""
    rows = session.execute(
        select(TrainingNotice, NoticeReceipt.at)
        .outerjoin(
            NoticeReceipt,
            (NoticeReceipt.class_id == class_id)
            & (NoticeReceipt.n == TrainingNotice.n)
            & (NoticeReceipt.enrolment_id == enrolment_id),
        )
        .where(TrainingNotice.class_id == class_id)
        .order_by(TrainingNotice.n.desc())
    )
    return [Shown(notice, 0, 0, at) for notice, at in rows]


def readers(
    session: Session, services: Services, class_id: str, number: int, page: int | None = None
) -> list[Reader]:
    """Return everybody of the class by ordinal with their receipt, or one page of them; names are masked."""
    people = (
        select(Enrolment.ordinal, Person, NoticeReceipt.at)
        .select_from(Enrolment)
        .join(Person, Person.id == links.held_by(Enrolment.person_id))
        .outerjoin(
            NoticeReceipt,
            (NoticeReceipt.class_id == class_id)
            & (NoticeReceipt.n == number)
            & (NoticeReceipt.enrolment_id == Enrolment.id),
        )
        .where(Enrolment.class_id == class_id)
        .order_by(Enrolment.ordinal)
    )
    if page is not None:
        people = people.limit(PAGE_ROWS).offset((page - 1) * PAGE_ROWS)
    return [
        Reader(ordinal, mask_name(open_name(services.vault, person)), at)
        for ordinal, person, at in session.execute(people)
    ]


def listing(services: Services, class_id: str, number: int) -> str:
    """Return who read a notice, and who has not, as CSV (ordinals and masked names); raises ``NotFound``."""
    with reading(services.database) as session:
        if session.get(TrainingNotice, (class_id, number)) is None:
            raise NotFound("web.not_found")
        rows = readers(session, services, class_id, number)
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(["序号", "姓名", "阅读时间"])
    for one in rows:
        when = "" if one.at is None else shanghai(one.at).strftime(_TIME)
        writer.writerow([one.ordinal, one.name, when])
    return target.getvalue()

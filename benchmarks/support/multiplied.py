"""Makes a class of any size: one trainee is recorded in the ordinary way, everybody else is a copy.

A copy has ids of its own, so its leaves are other leaves with other hashes, linked among themselves; what
was withheld of the first is withheld of each. The rows go in in bulk, as ``evidence.record`` would have
left them; sealing and exporting are the product's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.evidence.models import Disclosure, Entry, Outbox, Stream
from lmscompliance.kernel.clock import SHANGHAI, ManualClock
from lmscompliance.kernel.jcs import Json
from lmscompliance.services import Services
from lmscompliance.storage.statements import table
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.tlog.encoding import to_base64
from lmscompliance.tlog.leaf import leaf_hash
from tests.ledgers.miniature import Miniature

BEGINNING = datetime(2021, 2, 1, 8, 0, tzinfo=SHANGHAI)
SECONDS = 90
_IDS = re.compile(rb'"(?:attempt|session)":"([^"]+)"')
_PREV = re.compile(rb'"prev":"[^"]*"')
_BATCH = 100
"""Copies a transaction."""


def filled(services: Services, clock: ManualClock, trainees: int, sessions: int) -> str:
    """Return the id of a class whose ``trainees`` each have ``sessions`` sessions and passed the exam."""
    made = Miniature(services, clock)
    made.file()
    enrolments = [services.ids.opaque() for _ in range(trainees)]
    first = evidence.enrolment_stream(enrolments[0])
    made.enrolments.append(enrolments[0])
    for ordinal, enrolment in enumerate(enrolments, 1):
        created: dict[str, Json] = {"enrolment": enrolment, "ordinal": ordinal}
        made.record(evidence.class_stream(made.class_id), "enrolment.created", created)
    _register(made, first)
    for number in range(sessions):
        made.watch(0, number % len(made.lessons), SECONDS)
    made.unlock(0)
    made.sit(0, 1, 4)
    with reading(services.database) as session:
        model = _Model.read(session, made.class_id, first)
    for start in range(1, trainees, _BATCH):
        with transaction(services.database) as session:
            for enrolment in enrolments[start : start + _BATCH]:
                model.copy(session, services, enrolment)
    return made.class_id


def _register(made: Miniature, stream: str) -> None:
    at = made.now_us()
    checked: dict[str, Json] = {"method": "offline", "result": "passed", "at_us": at}
    made.record(
        stream,
        "trainee.registered",
        {"registered_us": at, "verification": checked},
        name="虚构学员",
        sex="male",
        id_number="11010519491231002X",
        phone="13800138000",
        department="装配车间",
        household="河南省周口市",
    )
    activated: dict[str, Json] = {"activated_us": at, "consent": {"version": "1"}}
    made.record(stream, "trainee.activated", activated, ip="10.0.0.1")


@dataclass(frozen=True, slots=True)
class _Model:
    """The rows of the trainee that was recorded."""

    class_id: str
    stream: str
    entries: list[tuple[str, bytes, datetime]]
    """Each entry's type and leaf, and when it was queued: all learn at the same time, as classes do."""
    disclosures: list[tuple[int, str, bytes]]

    @classmethod
    def read(cls, session: Session, class_id: str, stream: str) -> _Model:
        of = {"class_id": class_id, "stream": stream}
        entries = session.execute(
            select(Entry.type, Entry.leaf, Outbox.queued_at)
            .join(Outbox, (Outbox.stream == Entry.stream) & (Outbox.n == Entry.n))
            .filter(Entry.class_id == class_id, Entry.stream == stream)
            .order_by(Entry.n)
        ).tuples().all()  # fmt: skip
        values = session.execute(
            select(Disclosure.n, Disclosure.name, Disclosure.sealed).filter_by(**of)
        ).tuples().all()  # fmt: skip
        return cls(class_id, stream, list(entries), list(values))

    def copy(self, session: Session, services: Services, enrolment: str) -> None:
        """Insert the same entries as those of another trainee."""
        key = {"class_id": self.class_id, "stream": evidence.enrolment_stream(enrolment)}
        leaves = list(self._leaves(services, key["stream"]))
        head = {**key, "count": len(leaves), "head": leaf_hash(leaves[-1]), "queued_at": self.entries[-1][2]}
        session.execute(insert(table(Stream)), [head])
        session.execute(
            insert(table(Entry)),
            [
                {**key, "n": n, "type": kind, "leaf": leaf, "leaf_hash": leaf_hash(leaf)}
                for n, ((kind, _, _), leaf) in enumerate(zip(self.entries, leaves, strict=True))
            ],
        )
        session.execute(
            insert(table(Outbox)),
            [{**key, "n": n, "queued_at": queued_at} for n, (_, _, queued_at) in enumerate(self.entries)],
        )
        session.execute(
            insert(table(Disclosure)),
            [{**key, "n": n, "name": name, "sealed": sealed} for n, name, sealed in self.disclosures],
        )

    def _leaves(self, services: Services, stream: str) -> Iterator[bytes]:
        fresh: dict[bytes, bytes] = {}
        before = b""
        for _, model, _ in self.entries:
            leaf = model.replace(self.stream.encode(), stream.encode())
            for old in _IDS.findall(leaf):
                if old not in fresh:
                    fresh[old] = services.ids.new().encode()
                leaf = leaf.replace(old, fresh[old])
            leaf = _PREV.sub(b'"prev":"%s"' % before, leaf, count=1)
            before = to_base64(leaf_hash(leaf)).encode()
            yield leaf

"""The answer sheet's row: found by attempt, locked, changed under its sequence number."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Table, bindparam, select, update
from sqlalchemy.orm import Session

from lmscompliance.exams import forms
from lmscompliance.exams.models import ExamSheet
from lmscompliance.kernel import jcs
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Conflict, NotFound
from lmscompliance.kernel.jcs import Json
from lmscompliance.services import Services
from lmscompliance.storage.prepared import Prepared

TABLE = cast("Table", ExamSheet.__table__)
Transaction = Session | Connection
"""Sheets are found and saved over either: a save has no need of a unit of work, which costs as much again."""
ADDRESS_PLACE = f"{ExamSheet.__tablename__}.timeline"
"""What an address in a timeline is bound to in the vault."""

# Built once: compiling a statement costs more than running it. The timeline is only ever appended to and
# is not read here.
_NEEDED = (
    TABLE.c.class_id,
    TABLE.c.attempt_id,
    TABLE.c.enrolment_id,
    TABLE.c.account,
    TABLE.c.kinds,
    TABLE.c.deadline_at,
    TABLE.c.is_open,
    TABLE.c.seq,
    TABLE.c.address_blind,
    TABLE.c.answers,
)
_MINE = select(*_NEEDED).where(TABLE.c.attempt_id == bindparam("b_attempt"))
_FIND = Prepared(_MINE)
_TIMELINE = select(TABLE.c.timeline).where(TABLE.c.attempt_id == bindparam("b_attempt"))
_LOCK = Prepared(_MINE.with_for_update())
_SAVE = Prepared(
    update(TABLE)
    .where(
        TABLE.c.class_id == bindparam("b_class"),
        TABLE.c.attempt_id == bindparam("b_attempt"),
        # Without a lock somebody may have come between: another tab, the deadline, a change of keys.
        TABLE.c.seq == bindparam("b_before"),
        TABLE.c.is_open,
        TABLE.c.address_blind == bindparam("b_last_address"),
    )
    .values(
        is_open=bindparam("b_open"),
        seq=bindparam("b_seq"),
        saved_at=bindparam("b_at"),
        answers=bindparam("b_answers"),
        address_blind=bindparam("b_address"),
        timeline=TABLE.c.timeline.concat(bindparam("b_line")),
    )
)
_CLOSE = (
    update(TABLE)
    .where(TABLE.c.class_id == bindparam("b_class"), TABLE.c.attempt_id == bindparam("b_attempt"))
    .values(is_open=False)
)


class Overtaken(Exception):  # nothing went wrong: it is done again, under the lock
    """The sheet changed between its reading and its writing."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """An answer sheet as it stands."""

    class_id: str
    attempt_id: str
    enrolment_id: str
    account: str
    kinds: str
    deadline_at: datetime
    is_open: bool
    seq: int
    address_blind: str
    answers: forms.Answers

    def overdue(self, now: datetime) -> bool:
        """Tell whether it is open although its deadline has come."""
        return self.is_open and now >= self.deadline_at


@dataclass(frozen=True, slots=True)
class Change:
    """What a browser wants saved: the save's own number, and the answers that may have changed."""

    seq: int
    answers: Mapping[str, Json]
    address: str
    flags: Mapping[str, int] = field(default_factory=dict)
    """What the page noticed since its last save, by ``rules.timeline.FLAGS``; nothing where it is 0."""


def find(session: Transaction, attempt_id: str, account: str | None = None, *, lock: bool = False) -> Sheet:
    """Return the sheet of an attempt, locked until the commit if asked.

    Raises ``NotFound`` when there is none, or none of ``account``: the two must look the same.
    """
    row = (_LOCK if lock else _FIND).one(_connection(session), {"b_attempt": attempt_id})
    if row is None or (account is not None and row["account"] != account):
        raise NotFound("exams.no_attempt", attempt=attempt_id)
    return _sheet(row)


def apply(
    session: Transaction,
    services: Services,
    sheet: Sheet,
    change: Change,
    now: datetime,
    *,
    last: bool = False,
) -> Sheet:
    """Write ``change``, which came at ``now``, into the open ``sheet``; return it as it then stands.

    The ``last`` save closes the sheet with it; a repetition writes nothing and leaves it open.

    Its number must follow the last one: then nothing the browser had not seen is overwritten. A repetition
    of the last save is acknowledged again. Anything else raises ``Conflict`` with the current number;
    ``InvalidInput`` for answers of the wrong form. Where the sheet is not locked it may have changed since
    it was read: then nothing is written, and ``Overtaken`` is raised.
    """
    forms.check(sheet.kinds, change.answers)
    after, changes = forms.merged(sheet.answers, change.answers)
    if repeats(session, sheet, change):
        return sheet
    if change.seq != sheet.seq + 1:
        raise Conflict("exams.stale", attempt=sheet.attempt_id, seq=sheet.seq)
    line: list[Json] = [change.seq, to_micros(now), changes]
    blind = sheet.address_blind
    if not services.vault.matches(ADDRESS_PLACE, change.address, blind):
        blind = services.vault.blind(ADDRESS_PLACE, change.address)
        line.append(base64.b64encode(services.vault.seal(ADDRESS_PLACE, change.address)).decode())
    noticed: dict[str, Json] = {name: count for name, count in change.flags.items() if count}
    if noticed:
        line.append(noticed)
    written = _SAVE.matched(
        _connection(session),
        {
            "b_before": sheet.seq,
            "b_last_address": sheet.address_blind,
            "b_class": sheet.class_id,
            "b_attempt": sheet.attempt_id,
            "b_open": not last,
            "b_seq": change.seq,
            "b_at": now,
            "b_answers": jcs.encode(after).decode(),
            "b_address": blind,
            "b_line": jcs.encode(line).decode() + "\n",
        },
    )
    if written != 1:
        raise Overtaken
    return replace(sheet, is_open=not last, seq=change.seq, address_blind=blind, answers=after)


def close(session: Session, sheet: Sheet) -> None:
    """Let nothing more be saved into the locked ``sheet``."""
    key = {"b_class": sheet.class_id, "b_attempt": sheet.attempt_id}
    _connection(session).execute(_CLOSE, key)


def repeats(session: Transaction, sheet: Sheet, change: Change) -> bool:
    """Tell whether ``change`` is the last save once more, its acknowledgement having been lost.

    It must bear that save's number, hold all that it changed, and change nothing now: then the browser that
    sent it has seen everything there is, whichever tab the last save came from.
    """
    if change.seq != sheet.seq or forms.merged(sheet.answers, change.answers)[1]:
        return False
    timeline = _connection(session).execute(_TIMELINE, {"b_attempt": sheet.attempt_id}).scalar_one()
    lines = timeline.removesuffix("\n").split("\n")
    changed: dict[str, Json] = json.loads(lines[-1])[2] if timeline else {}
    return changed.keys() <= change.answers.keys()


def timeline_of(session: Session, services: Services, attempt_id: str) -> list[Json]:
    """Return the saves of an attempt with their addresses opened, as ``rules.timeline`` reads them."""
    text = _connection(session).execute(_TIMELINE, {"b_attempt": attempt_id}).scalar_one()
    entries: list[Json] = []
    # Not splitlines: an answer may hold one of the other separators it knows.
    for line in text.removesuffix("\n").split("\n") if text else ():
        parts: list[Json] = json.loads(line)
        entries.append([_opened(services, part) if isinstance(part, str) else part for part in parts])
    return entries


def _connection(session: Transaction) -> Connection:
    return session.connection() if isinstance(session, Session) else session


def _opened(services: Services, sealed: str) -> str:
    return services.vault.open(ADDRESS_PLACE, base64.b64decode(sealed))


def _sheet(row: dict[str, Any]) -> Sheet:
    return Sheet(**{**row, "answers": json.loads(row["answers"])})

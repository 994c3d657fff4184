"""Walks through all rows in small steps and makes anew what an older key made.

There is no record of how far a walk came: what is still to do shows in the values themselves, so a walk that
was killed at any point is begun again and finds the rest. Nothing waits for it: rows are read without a lock,
one that somebody works on is left for the next walk, and a row is replaced only while it is as it was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, false, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from lmscompliance.kernel.errors import ComplianceError
from lmscompliance.rekeying.columns import Held, by_table
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.vault.keys import Kind

STEP_ROWS = 100
"""Rows a transaction replaces: on SQLite nobody else writes meanwhile, which is milliseconds."""

Values = dict[str, Any]
Progress = Callable[[int], None]


@dataclass(slots=True)
class Walked:
    """What one walk met: rows replaced, and rows it had to leave to the next."""

    replaced: int = 0
    left: int = 0


def count(services: Services, kind: Kind, number: int) -> dict[str, int]:
    """Return how many values key ``number`` made, by ``table.column``; columns without any are left out."""
    found: dict[str, int] = {}
    for table, columns in by_table(kind):
        for held in columns:
            if held.exact:
                with reading(services.database) as session:
                    many = session.scalar(
                        select(func.count()).select_from(table).where(held.made_with(number))
                    )
            else:
                many = sum(
                    held.anew(services.vault, row, services.clock.now()) != row[held.column.name]
                    for rows in _steps(services, table, [held], held.made_with(number))
                    for row in rows
                )
            if many:
                found[held.name] = many
    return found


def walk(services: Services, kind: Kind, progress: Progress) -> Walked:
    """Make everything anew that a key of ``kind`` made which is not the current one.

    If the process dies, each row is either as it was or as it shall be.
    """
    done = Walked()
    for table, columns in by_table(kind):
        ring = services.vault.ring
        others = [number for number in ring.ids(kind) if number != ring.current_of(kind)]
        stale = or_(false(), *(held.made_with(number) for held in columns for number in others))
        for rows in _steps(services, table, columns, stale):
            replaced, left = _replace(services, table, columns, others, rows)
            done.replaced += replaced
            done.left += left
            progress(replaced)
    return done


def _steps(
    services: Services, table: Table, columns: Sequence[Held], condition: ColumnElement[bool]
) -> Iterator[Sequence[Values]]:
    keys = list(table.primary_key)
    wanted = {one.name: one for held in columns for one in (held.column, *held.needs)}
    wanted |= {key.name: key for key in keys}
    query = select(*wanted.values()).where(condition).order_by(*keys).limit(STEP_ROWS)
    last: tuple[object, ...] | None = None
    while True:
        step = query if last is None else query.where(tuple_(*keys) > tuple_(*last))
        with reading(services.database) as session:
            rows = [dict(zip(wanted, row, strict=True)) for row in session.execute(step)]
        if not rows:
            return
        yield rows
        last = tuple(rows[-1][key.name] for key in keys)


def _replace(
    services: Services, table: Table, columns: Sequence[Held], others: Sequence[int], rows: Sequence[Values]
) -> tuple[int, int]:
    replaced = left = 0
    now = services.clock.now()
    with transaction(services.database) as session:
        for values in rows:
            old = {
                held.column.name: values[held.column.name]
                for held in columns
                if any(held.is_made_with(number, values[held.column.name]) for number in others)
            }
            new = {
                held.column.name: value
                for held in columns
                if held.column.name in old
                and (value := _anew(services, held, values, now)) != old[held.column.name]
            }
            if not new:
                continue
            key = and_(*(column == values[column.name] for column in table.primary_key))
            as_read = and_(key, *(table.c[name] == old[name] for name in new))
            if not _free(session, table, as_read):
                left += 1
                continue
            session.execute(update(table).where(as_read).values(new))
            replaced += 1
    return replaced, left


def _anew(services: Services, held: Held, values: Values, now: datetime) -> object:
    try:
        return held.anew(services.vault, values, now)
    except ComplianceError:
        # Damaged: it stays as it is, keeps its key in the ring and is told among what remains.
        return values[held.column.name]


def _free(session: Session, table: Table, as_read: ColumnElement[bool]) -> bool:
    """Lock the row if nobody else has: two that wait while holding others could wait for ever."""
    first = next(iter(table.primary_key))
    return session.execute(select(first).where(as_read).with_for_update(skip_locked=True)).first() is not None

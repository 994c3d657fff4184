"""The steps of a change of keys: add one, make it current and everything anew with it, retire the old one.

Every process that serves must know a key before anything is made with it. Those that share the key file do at
once; elsewhere the new ring is handed out between ``add`` and ``rotate``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lmscompliance.kernel.clock import SHANGHAI
from lmscompliance.kernel.errors import Conflict, InvalidInput
from lmscompliance.rekeying.models import IdleKey
from lmscompliance.rekeying.walk import count, walk
from lmscompliance.services import Services
from lmscompliance.storage.statements import upsert
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.vault.keys import KeyRing, Kind
from lmscompliance.vault.sources import FileKeys

SETTLING = timedelta(minutes=10)
"""How long a key must have been found nowhere before it may go: longer than any transaction lives, so that
none which read or sealed with it can still be about to commit."""
_MOST_WALKS = 50


@dataclass(frozen=True, slots=True)
class KeyState:
    """A key as it may be shown. ``cipher`` is empty for index keys; ``used`` counts the values it made."""

    kind: Kind
    id: int
    cipher: str
    current: bool
    used: int


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did: rows ``replaced`` under key ``current``; ``remaining`` by ``table.column``."""

    current: int
    replaced: int
    remaining: dict[str, int]


def listed(services: Services) -> list[KeyState]:
    """Return every key there is, without its secret."""
    ring = services.vault.keys.again()
    return [
        KeyState(
            kind,
            number,
            ring.encryption[number].cipher if kind is Kind.ENCRYPTION else "",
            number == ring.current_of(kind),
            sum(count(services, kind, number).values()),
        )
        for kind in Kind
        for number in ring.ids(kind)
    ]


def with_another(services: Services, kind: Kind) -> KeyRing:
    """Return the ring with one more fresh key, changing nothing: for a secret manager to keep."""
    return services.vault.keys.again().added(kind, services.settings.vault_cipher)


def add(services: Services, kind: Kind) -> int:
    """Add a fresh key that is not used yet, and return its id.

    Raises ``Conflict`` while the last one added waits to become current, or where the ring is not in a file.
    """

    def another(ring: KeyRing) -> KeyRing:
        if ring.ids(kind)[-1] != ring.current_of(kind):
            raise Conflict("rekeying.waiting", id=ring.ids(kind)[-1])
        return ring.added(kind, services.settings.vault_cipher)

    return _file(services).change(another).ids(kind)[-1]


def rotate(services: Services, kind: Kind, progress: Callable[[int, int], None]) -> Rotated:
    """Make the newest key of ``kind`` current, then everything anew that an older one made.

    ``progress`` is told how many values are done and how many there were. May be stopped or killed at any
    point and called again; two at once do the same work. What remains was made with a key that has to be
    kept: an activation code nobody has used yet, until it expires.
    """
    keys = services.vault.keys
    if isinstance(keys, FileKeys):
        keys.change(lambda ring: ring.promoted(kind))
    ring = keys.again()
    current = ring.current_of(kind)
    others = [number for number in ring.ids(kind) if number != current]
    total = sum(sum(count(services, kind, number).values()) for number in others)
    done = 0

    def tell(more: int) -> None:
        nonlocal done
        done += more
        progress(done, max(total, done))

    tell(0)
    for _ in range(_MOST_WALKS):
        # Rows that were written with the old key meanwhile, or copied from such, are found by the next walk.
        walked = walk(services, kind, tell)
        if not walked.replaced and not walked.left:
            break
    remaining = {number: count(services, kind, number) for number in others}
    with transaction(services.database) as session:
        for number in others:
            if remaining[number]:
                _busy(session, kind, number)
            else:
                _idle(session, services, kind, number, again=done > 0)
    return Rotated(
        current,
        done,
        {
            name: sum(one.get(name, 0) for one in remaining.values())
            for one in remaining.values()
            for name in one
        },
    )


def retire(services: Services, kind: Kind, number: int) -> bool:
    """Take key ``number`` out of the ring for good, once nothing can need it any more.

    Returns ``False`` where the ring is not in a file: then nothing needs the key, and its keeper may remove
    it. Raises ``InvalidInput`` for a key that is not there, ``Conflict`` when it is in use, when no rotation
    has found all rows without it yet, or when that is too short ago. Backups made before still need it.
    """
    keys = services.vault.keys
    ring = keys.again()
    if number not in ring.ids(kind):
        raise InvalidInput("rekeying.no_key", id=number)
    if number >= ring.current_of(kind):
        raise Conflict("rekeying.current", id=number)
    with reading(services.database) as session:
        idle = session.scalar(select(IdleKey.idle_since).where(IdleKey.kind == kind, IdleKey.id == number))
    if idle is None:
        raise Conflict("rekeying.not_rotated", id=number)
    if services.clock.now() < idle + SETTLING:
        raise Conflict(
            "rekeying.too_early", id=number, at=f"{(idle + SETTLING).astimezone(SHANGHAI):%H:%M:%S}"
        )
    used = count(services, kind, number)
    with transaction(services.database) as session:
        _busy(session, kind, number)
    if used:
        where = [f"{name} ({many})" for name, many in used.items()]
        raise Conflict("rekeying.in_use", id=number, where=where)
    if not isinstance(keys, FileKeys):
        return False
    keys.change(lambda ring: ring.without(kind, number))
    return True


def _idle(session: Session, services: Services, kind: Kind, number: int, *, again: bool) -> None:
    row = upsert(session, IdleKey).values(kind=kind, id=number, idle_since=services.clock.now())
    same = ["kind", "id"]
    if again:
        row = row.on_conflict_do_update(index_elements=same, set_={"idle_since": row.excluded.idle_since})
    else:
        row = row.on_conflict_do_nothing(index_elements=same)
    session.execute(row)


def _busy(session: Session, kind: Kind, number: int) -> None:
    session.execute(delete(IdleKey).where(IdleKey.kind == kind, IdleKey.id == number))


def _file(services: Services) -> FileKeys:
    if not isinstance(services.vault.keys, FileKeys):
        raise Conflict("rekeying.no_file")
    return services.vault.keys

"""A log that goes on under another name, because its key may be in other hands or a bureau wants a new one.

The tree stays: the new name's checkpoints extend the last one of the old. So every class is whole in the
newest log, whenever it was filed, and no entry is ever copied. The first thing recorded for the new name is
the last checkpoint of the old one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.evidence.keylog import LOG_ITSELF
from lmscompliance.evidence.models import Checkpoint as StoredCheckpoint
from lmscompliance.evidence.models import Entry, Log
from lmscompliance.evidence.recording import lock_head, record
from lmscompliance.evidence.signer import Signer
from lmscompliance.evidence.tree import FIRST_LOG
from lmscompliance.kernel.errors import Conflict
from lmscompliance.services import Services
from lmscompliance.storage.transaction import transaction
from lmscompliance.tlog.checkpoint import Checkpoint
from lmscompliance.tlog.leaf import Leaf
from lmscompliance.tlog.notes import Note, VKey
from lmscompliance.tlog.trust import TrustPolicy, Untrusted
from lmscompliance.verifier import ed25519

STREAM = "log/succession"


@dataclass(frozen=True, slots=True)
class Succession:
    """From the entry after ``last`` on, the log is named ``origin``; ``keys`` signed until then."""

    origin: str
    last: Checkpoint
    keys: tuple[VKey, ...]


def successions(session: Session) -> list[Succession]:
    """Return every change of name, in order."""
    leaves = session.scalars(
        select(Entry.leaf).where(Entry.class_id == LOG_ITSELF, Entry.stream == STREAM).order_by(Entry.n)
    )
    found = []
    for leaf in leaves:
        body = Leaf.decode(leaf).body
        keys = body["keys"]
        last = Checkpoint.parse(Note.parse(str(body["checkpoint"])).text)
        vkeys = tuple(VKey.parse(str(key)) for key in keys) if isinstance(keys, list) else ()
        found.append(Succession(str(body["origin"]), last, vkeys))
    return found


def began_at(session: Session) -> int:
    """Return how many entries the log had when it got its present name."""
    return max((one.last.size for one in successions(session)), default=0)


def present_origin(session: Session, log: Log) -> str:
    """Return the log's present name."""
    return next((one.origin for one in reversed(successions(session))), log.origin)


def log_named(session: Session, origin: str) -> Log | None:
    """Return the log, if it is presently named ``origin``."""
    log = session.get(Log, FIRST_LOG)
    return log if log is not None and present_origin(session, log) == origin else None


def signers_at(
    origin: str, former: Sequence[Succession], size: int, present: Sequence[VKey]
) -> tuple[str, Sequence[VKey]]:
    """Return (name, keys) of a log first named ``origin`` when it had ``size`` entries.

    ``present`` are the keys of now; where none are given, none are returned.
    """
    for one in former:
        if size <= one.last.size:
            return origin, one.keys if present else ()
        origin = one.origin
    return origin, present


def succeed(services: Services, signer: Signer, trust: TrustPolicy, final: str, reason: str) -> None:
    """Give the log the name of ``signer``; ``final`` is the last checkpoint under the present one.

    ``trust`` is the policy by which that checkpoint is believed. Everything recorded from here on, and what
    waits, is sealed under the new name. Raises ``Conflict`` unless ``final`` is the newest checkpoint here,
    every bit of it, and the new signer's mark. One transaction: if the process dies before it ends, restart
    sees the old name. Asked again, it is a conflict, and nothing changes.
    """
    with transaction(services.database) as session:
        lock_head(session.connection(), services, LOG_ITSELF, STREAM)
        log = session.get(Log, FIRST_LOG)
        try:
            head = trust.accept(final, ed25519.verify).checkpoint
        except Untrusted as error:
            raise Conflict("evidence.final_untrusted", reason=str(error)) from error
        stored = session.get(StoredCheckpoint, (FIRST_LOG, head.size))
        present = log is not None and (present_origin(session, log), log.size) == (head.origin, head.size)
        if not present or stored is None or stored.root != head.root:
            raise Conflict("evidence.final_not_newest", origin=head.origin, size=head.size)
        mark = signer.mark()
        if (mark.size, mark.root) != (head.size, head.root) or signer.origin == head.origin:
            raise Conflict(
                "evidence.signer_not_after", origin=signer.origin, size=head.size, signed=mark.size
            )
        record(
            session,
            services,
            class_id=LOG_ITSELF,
            stream=STREAM,
            type="log.succeeded",
            at=services.clock.now(),
            body={
                "before": head.origin,
                "checkpoint": final,
                "keys": [str(one.vkey) for one in trust.logs if one.vkey.name == head.origin],
                "origin": signer.origin,
                "signing": [str(vkey) for vkey in signer.signing],
                "reason": reason,
            },
        )

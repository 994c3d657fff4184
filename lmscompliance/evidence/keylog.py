"""Puts each change of the log's keys into the log itself, signed by the keys before and after it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.evidence.models import Entry
from lmscompliance.evidence.recording import lock_head, record
from lmscompliance.evidence.signer import Signer
from lmscompliance.kernel.jcs import Json
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.tlog.leaf import Leaf

LOG_ITSELF = "0" * 26
"""Stands where a leaf names its class, in entries about the log; no identifier is ever drawn like that."""
STREAM = "log/keys"


def note_keys(services: Services, signer: Signer) -> None:
    """Record the signer's keys if they are not those last recorded; a log's first key needs no entry.

    The entry waits for the next batch, whose checkpoint carries the lines it speaks of. Two processes that
    notice at once take turns at the stream's head, and the second finds nothing left to say.
    """
    signing, retired = signer.signing, [vkey for vkey in signer.vkeys if vkey not in signer.signing]
    names: dict[str, Json] = {
        "origin": signer.origin,
        "signing": [str(vkey) for vkey in signing],
        "retired": [str(vkey) for vkey in retired],
    }
    if signer.national is not None:
        names["national"] = str(signer.national)
    with reading(services.database) as session:
        if _known(session, names):
            return
    with transaction(services.database) as session:
        lock_head(session.connection(), services, LOG_ITSELF, STREAM)
        if not _known(session, names):
            record(
                session,
                services,
                class_id=LOG_ITSELF,
                stream=STREAM,
                type="log.keys",
                at=services.clock.now(),
                body=names,
            )


def _known(session: Session, names: Mapping[str, Json]) -> bool:
    signing = names["signing"]
    assert isinstance(signing, list)  # noqa: S101  # as note_keys made it
    last = session.scalar(
        select(Entry.leaf)
        .where(Entry.class_id == LOG_ITSELF, Entry.stream == STREAM)
        .order_by(Entry.n.desc())
        .limit(1)
    )
    if last is None:
        return names["retired"] == [] and len(signing) == 1 and "national" not in names
    return Leaf.decode(last).body == names

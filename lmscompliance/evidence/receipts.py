"""Receipts for those whom an entry is about: it, what it withholds, and the proof, in one small file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.evidence import reader, streams
from lmscompliance.evidence.models import Disclosure
from lmscompliance.services import Services
from lmscompliance.tlog.proof import TlogProof
from lmscompliance.verifier.receipt import encode_extra


def _all(_name: str) -> bool:
    return True


def holders_receipt(
    session: Session,
    services: Services,
    class_id: str,
    stream: str,
    n: int,
    *,
    disclosing: Callable[[str], bool] = _all,
) -> str | None:
    """Return a ``.tlog-proof`` with the entry and its disclosures; ``None`` until it is sealed.

    For its holder alone: the disclosed values stand in it in clear, those whose names ``disclosing`` admits.
    """
    proof = reader.receipt(session, class_id, stream, n)
    if proof is None:
        return None
    rows = session.scalars(
        select(Disclosure.sealed).where(
            Disclosure.class_id == class_id, Disclosure.stream == stream, Disclosure.n == n
        )
    )
    opened = (reader.opened(services, sealed) for sealed in rows)
    known = ((name, salt, value) for salt, name, value in opened if disclosing(name))
    disclosed = sorted(known, key=lambda one: one[0])
    extra = encode_extra(streams.leaf_of(session, class_id, stream, n), disclosed)
    return replace(TlogProof.parse(proof), extra=extra).encode()

"""Reads the sealed log: proofs, checkpoints, receipts, streams' heads; entries are in ``streams``."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from lmscompliance.evidence.models import Checkpoint, Cosignature, Log, Position, Stream
from lmscompliance.evidence.recording import DISCLOSURE_PLACE
from lmscompliance.evidence.tree import FIRST_LOG, Tree, tile_reader
from lmscompliance.kernel import jcs
from lmscompliance.kernel.errors import NotFound
from lmscompliance.kernel.jcs import Json
from lmscompliance.services import Services
from lmscompliance.tlog.proof import TlogProof
from lmscompliance.tlog.tiles import MissingHashes

_TREE = "compliance_evidence_tree"


@dataclass(frozen=True, slots=True)
class SealedEntry:
    """An entry's index in the log, its exact bytes and its type."""

    index: int
    leaf: bytes
    type: str


def log_size(session: Session, log_id: int = FIRST_LOG) -> int:
    """Return how many entries the published tree head covers."""
    return session.execute(select(Log.size).where(Log.id == log_id)).scalar_one_or_none() or 0


def tree(session: Session, log_id: int = FIRST_LOG) -> Tree:
    """Return the log's tree, for roots and proofs; the tiles it reads are kept while the session lives."""
    trees: dict[int, Tree] = session.info.setdefault(_TREE, {})
    if log_id not in trees:
        trees[log_id] = Tree(tile_reader(session, log_id))
    return trees[log_id]


def inclusion_proof(session: Session, index: int, size: int, log_id: int = FIRST_LOG) -> list[bytes]:
    """Return the proof that entry ``index`` is among the log's first ``size`` (RFC 6962, section 2.1.1)."""
    try:
        return tree(session, log_id).inclusion(index, size)
    except MissingHashes:
        # A long-lived session may hold a tile as it was before the log grew.
        session.info[_TREE].pop(log_id)
        return tree(session, log_id).inclusion(index, size)


def checkpoint(session: Session, size: int | None = None, log_id: int = FIRST_LOG) -> str:
    """Return the signed note of the checkpoint at ``size``, or of the newest; raises ``NotFound``.

    The cosignatures there are stand under the log's own signature; which are missing can be seen from that.
    """
    query = select(Checkpoint.size, Checkpoint.note).where(Checkpoint.log_id == log_id)
    if size is not None:
        query = query.where(Checkpoint.size == size)
    found = session.execute(query.order_by(Checkpoint.size.desc()).limit(1)).one_or_none()
    if found is None:
        raise NotFound("evidence.no_checkpoint")
    note: str = found.note
    return note + "".join(cosignatures(session, found.size, log_id))


def cosignatures(session: Session, size: int, log_id: int = FIRST_LOG) -> list[str]:
    """Return the witnesses' lines under the checkpoint at ``size``, sorted."""
    lines = select(Cosignature.line).where(Cosignature.log_id == log_id, Cosignature.size == size)
    return sorted(session.scalars(lines))


def receipt(session: Session, class_id: str, stream: str, n: int) -> str | None:
    """Return a ``.tlog-proof`` that entry ``n`` of ``stream`` is in the log; ``None`` until it is sealed."""
    place = session.execute(
        select(Position.log_id, Position.log_index, Log.size)
        .join(Log, and_(Log.id == Position.log_id, Log.size > Position.log_index))
        .where(Position.class_id == class_id, Position.stream == stream, Position.n == n)
    ).one_or_none()
    if place is None:
        return None
    log_id, index, size = place
    hashes = tuple(inclusion_proof(session, index, size, log_id))
    return TlogProof(index, hashes, checkpoint(session, size, log_id)).encode()


def opened(services: Services, sealed: bytes) -> tuple[str, str, Json]:
    """Return (salt in base64, name, value) of a disclosure's ciphertext."""
    return disclosed(services.vault.open(DISCLOSURE_PLACE, sealed))


def disclosed(text: str) -> tuple[str, str, Json]:
    """Return (salt in base64, name, value) of a disclosure's canonical text."""
    salt, name, value = _triple(jcs.decode(text.encode()))
    return str(salt), str(name), value


def stream_heads(session: Session, class_id: str) -> list[tuple[str, int, bytes]]:
    """Return (stream, entries, leaf hash of the last) of each stream of the class, sorted by stream."""
    rows = session.execute(
        select(Stream.stream, Stream.count, Stream.head).where(Stream.class_id == class_id)
    )
    return sorted((stream, count, head) for stream, count, head in rows)


def _triple(value: Json) -> list[Json]:
    if not isinstance(value, list) or len(value) != 3:  # noqa: PLR2004  # salt, name, value
        msg = "a disclosure is a list of salt, name and value"
        raise TypeError(msg)
    return value

"""Asks the configured witnesses to cosign the newest checkpoint (C2SP tlog-witness, the log's side).

A witness that is down holds nothing up: the checkpoint then stands without its line, which is how it says
so, and the next call asks again. What a witness answers is believed only after its signature was checked.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from lmscompliance.evidence.models import Checkpoint, Cosignature, Log
from lmscompliance.evidence.succession import began_at, log_named
from lmscompliance.evidence.tree import Tree, tile_reader
from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.kernel.logs import logger
from lmscompliance.outbound.exchange import Bounds, NoAnswer, exchange
from lmscompliance.services import Services
from lmscompliance.storage.statements import table
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.tlog.encoding import decimal, to_base64
from lmscompliance.tlog.notes import Note, VKey
from lmscompliance.tlog.trust import BadPolicy, Party, TrustPolicy
from lmscompliance.verifier import ed25519

_log = logger(__name__)

TIMEOUT_SECONDS = 3
"""How long one witness may take; all are asked at once, so this is how long sealing waits for a dead one."""
_MOST_BYTES = 16_384
_TEXT = {"Content-Type": "text/plain; charset=utf-8"}
_NO_QUORUM = "quorum none\n"


class _Refused(Exception):
    """The witness did not cosign, for the reason given."""


@dataclass(frozen=True, slots=True)
class _Newest:
    log_id: int
    size: int
    note: str


def witnesses_in(path: Path | None) -> dict[str, Party]:
    """Return the witnesses of the policy file ``path`` that have a URL; raises ``Misconfigured``."""
    return {name: party for name, party in _policy(path).witnesses.items() if party.url}


def quorum_lines(path: Path | None) -> str:
    """Return the witnesses, groups and quorum of the policy file ``path``; raises ``Misconfigured``.

    For the trust policy that goes with an export: it demands what the platform says it has seen to.
    """
    if path is None:
        return _NO_QUORUM
    _policy(path)
    told = {"witness", "group", "quorum"}
    lines = path.read_text(encoding="utf-8").splitlines()
    return "".join(f"{line.strip()}\n" for line in lines if line.split()[:1] and line.split()[0] in told)


def meets_trust(services: Services, size: int) -> bool:
    """Tell whether the checkpoint of ``size`` fulfils the trust file of an export: log's name and quorum."""
    policy = _policy(services.settings.witnesses)
    with reading(services.database) as session:
        if size <= began_at(session):
            return False
        keys = set(session.scalars(select(Cosignature.witness).where(Cosignature.size == size)))
    return policy.satisfied_by([name for name, one in policy.witnesses.items() if str(one.vkey) in keys])


def _policy(path: Path | None) -> TrustPolicy:
    if path is None:
        return TrustPolicy.parse(_NO_QUORUM)
    try:
        return TrustPolicy.parse(path.read_bytes())
    except (OSError, BadPolicy) as error:
        raise Misconfigured("evidence.bad_witnesses", path=str(path), reason=str(error)) from error


def cosign_newest(services: Services, origin: str) -> tuple[str, ...]:
    """Ask each witness that has not cosigned the newest checkpoint; return the names of those still missing.

    Each line is committed as it comes. If the process dies before, the next call asks again; the witness
    then says that it is already there and signs the same head once more.
    """
    witnesses = witnesses_in(services.settings.witnesses)
    if not witnesses:
        return ()
    with reading(services.database) as session:
        newest = _newest(session, origin)
        missing = [name for name, one in witnesses.items() if newest and not _has(session, newest, one.vkey)]
    if newest is None or not missing:
        return ()
    with ThreadPoolExecutor(len(missing)) as pool:
        answers = list(pool.map(lambda name: _ask(services, newest, witnesses[name]), missing))
    for name, reason in zip(missing, answers, strict=True):
        if reason is not None:
            _log.warning("the witness %s has not cosigned size %s: %s", name, newest.size, reason)
    return tuple(name for name, reason in zip(missing, answers, strict=True) if reason is not None)


def _ask(services: Services, newest: _Newest, witness: Party) -> str | None:
    """Get and keep one witness's line; return why there is none."""
    try:
        line = _line_of(newest, _answer(services, newest, witness), witness.vkey)
    except (_Refused, NoAnswer, ValueError) as error:
        return str(error) or type(error).__name__
    _keep(services, newest, witness.vkey, line)
    return None


def _answer(services: Services, newest: _Newest, witness: Party) -> str:
    with reading(services.database) as session:
        old = _last_size(session, newest.log_id, witness.vkey)
    status, body = _post(services, newest, witness, old)
    if status == HTTPStatus.CONFLICT:
        # It has seen more than we kept (we died before keeping it) or less (its memory was restored).
        old = decimal(body.removesuffix("\n"))
        if old > newest.size:
            raise _Refused("it has cosigned more than this log holds: the log was cut", old)
        status, body = _post(services, newest, witness, old)
    if status != HTTPStatus.OK:
        raise _Refused(status, body.strip())
    return body


def _post(services: Services, newest: _Newest, witness: Party, old: int) -> tuple[int, str]:
    with reading(services.database) as session:
        proof = Tree(tile_reader(session, newest.log_id)).consistency(old, newest.size)
    body = f"old {old}\n" + "".join(f"{to_base64(one)}\n" for one in proof) + f"\n{newest.note}"
    url = f"{(witness.url or '').rstrip('/')}/add-checkpoint"
    answer = exchange(url, Bounds(TIMEOUT_SECONDS, _MOST_BYTES), body.encode(), _TEXT)
    return answer.status, answer.body.decode()


def _line_of(newest: _Newest, body: str, vkey: VKey) -> str:
    """Return the line of ``vkey`` in the answer, checked; whatever else is in it is dropped."""
    answered = Note.parse(newest.note.rpartition("\n\n")[0] + "\n\n" + body)
    answered.verify([vkey], ed25519.verify)
    return next(
        one.line() for one in answered.signatures if (one.name, one.key_id) == (vkey.name, vkey.key_id)
    )


def _keep(services: Services, newest: _Newest, vkey: VKey, line: str) -> None:
    with transaction(services.database) as session:
        # Two processes may have asked at once: the log's row makes them take turns, the first line stays.
        session.execute(select(Log.id).where(Log.id == newest.log_id).with_for_update())
        if not _has(session, newest, vkey):
            row = {"log_id": newest.log_id, "size": newest.size, "witness": str(vkey), "line": line}
            session.execute(insert(table(Cosignature)).values(row))


def _newest(session: Session, origin: str) -> _Newest | None:
    log = log_named(session, origin)
    newest = session.get(Checkpoint, (log.id, log.size)) if log is not None else None
    return None if newest is None else _Newest(newest.log_id, newest.size, newest.note)


def _has(session: Session, newest: _Newest, vkey: VKey) -> bool:
    return session.get(Cosignature, (newest.log_id, newest.size, str(vkey))) is not None


def _last_size(session: Session, log_id: int, vkey: VKey) -> int:
    query = select(func.max(Cosignature.size)).where(
        Cosignature.log_id == log_id, Cosignature.witness == str(vkey)
    )
    return session.execute(query).scalar_one() or 0

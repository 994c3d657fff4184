"""``add-checkpoint`` (C2SP tlog-witness), to the status code and without HTTP."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from lmscompliance.kernel.clock import Clock
from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.tlog.checkpoint import BadCheckpoint, Checkpoint
from lmscompliance.tlog.encoding import decimal, hash_from_base64
from lmscompliance.tlog.merkle import EMPTY_ROOT, BadProof, verify_consistency
from lmscompliance.tlog.notes import BadNote, Note, VKey
from lmscompliance.verifier import ed25519
from lmscompliance.witness.keys import WitnessKey
from lmscompliance.witness.store import Latest, Store

TEXT = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"
_MOST_PROOF_LINES = 63
_FORM = "a request is: old size, at most 63 proof lines, an empty line, a checkpoint\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over HTTP."""

    status: HTTPStatus
    body: str
    kind: str = TEXT


@dataclass(frozen=True, slots=True)
class _Request:
    old_size: int
    proof: list[bytes]
    note: Note
    head: Checkpoint


class _Refusal(Exception):
    def __init__(self, status: HTTPStatus, body: str, kind: str = TEXT) -> None:
        super().__init__(status)
        self.answer = Answer(status, body, kind)


class Witness:
    """Cosigns the checkpoints of the logs it knows, as long as each extends the one before."""

    def __init__(self, key: WitnessKey, store: Store, logs: Sequence[VKey], clock: Clock) -> None:
        """Witness ``logs``: each key's name is its log's origin; a log may have several keys."""
        self.vkey = key.vkey
        self.origins = sorted({vkey.name for vkey in logs})
        self._key = key
        self._store = store
        self._logs = logs
        self._clock = clock

    @classmethod
    def open(cls, directory: Path, name: str, logs: Sequence[VKey], clock: Clock) -> Witness:
        """Open the witness ``name`` in ``directory``, making its store and then its key on first use.

        A key without a store is a loss and never a fresh start: what it has cosigned would be forgotten.
        Raises ``Misconfigured``.
        """
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        path, stored = directory / "key", directory / "witness.sqlite3"
        if path.exists() and not stored.exists():
            raise Misconfigured("witness.lost_store", path=str(stored))
        store = Store(stored)
        key = WitnessKey.load(path, name) if path.exists() else WitnessKey.create(path, name)
        return cls(key, store, logs, clock)

    def add_checkpoint(self, body: bytes) -> Answer:
        """Check the request in ``body`` and, if all is well, remember its checkpoint and cosign it."""
        try:
            request = _parse(body)
            signed = self._signed_by_log(request)
            with self._store.turn(request.head.origin) as turn:
                latest = turn.latest()
                _check(request, latest)
                # A clock that was set back must not date a larger tree before a smaller one.
                now = max(int(self._clock.now().timestamp()), latest.cosigned_at, 1)
                ours = self._key.cosign(request.note.text, now)
                note = Note(request.note.text, (*signed.signatures, ours)).encode()
                turn.put(Latest(request.head.size, request.head.root, now, note))
        except _Refusal as refusal:
            return refusal.answer
        return Answer(HTTPStatus.OK, ours.line())

    def latest(self, origin: str) -> Latest:
        """Return what was last cosigned for ``origin``."""
        return self._store.latest(origin)

    def checkpoint(self, origin_hash: str) -> Answer:
        """Return the newest cosigned checkpoint of the log whose origin has this SHA-256 (lower-case hex)."""
        for origin in self.origins:
            if hashlib.sha256(origin.encode()).hexdigest() == origin_hash:
                note = self._store.latest(origin).note
                if note:
                    return Answer(HTTPStatus.OK, note)
        return Answer(HTTPStatus.NOT_FOUND, "no checkpoint of such a log was cosigned here\n")

    def _signed_by_log(self, request: _Request) -> Note:
        """Return the note with the log's own signatures alone."""
        keys = [vkey for vkey in self._logs if vkey.name == request.head.origin]
        if not keys:
            raise _Refusal(HTTPStatus.NOT_FOUND, "this log is not known here\n")
        try:
            good = {(one.vkey.name, one.vkey.key_id) for one in request.note.verify(keys, ed25519.verify)}
        except BadNote as error:
            raise _Refusal(HTTPStatus.FORBIDDEN, f"{error}\n") from error
        kept: dict[tuple[str, bytes], object] = {}
        signatures = []
        for signature in request.note.signatures:
            key = (signature.name, signature.key_id)
            if key in good and key not in kept:  # only the first of each key was checked
                kept[key] = signature
                signatures.append(signature)
        return Note(request.note.text, tuple(signatures))


def _parse(body: bytes) -> _Request:
    try:
        header, separator, rest = body.partition(b"\n\n")
        old, *proof = header.decode("ascii").split("\n")
        if not separator or not old.startswith("old ") or len(proof) > _MOST_PROOF_LINES:
            raise _Refusal(HTTPStatus.BAD_REQUEST, _FORM)
        note = Note.parse(rest)
        hashes = [hash_from_base64(one) for one in proof]
        return _Request(decimal(old.removeprefix("old ")), hashes, note, Checkpoint.parse(note.text))
    except (BadNote, BadCheckpoint, ValueError) as error:
        raise _Refusal(HTTPStatus.BAD_REQUEST, f"{error}\n") from error


def _check(request: _Request, latest: Latest) -> None:
    """Raise the refusal that the specification wants, in its order."""
    head, old_size = request.head, request.old_size
    if old_size > head.size:
        raise _Refusal(HTTPStatus.BAD_REQUEST, "the old size is over the checkpoint's\n")
    if old_size != latest.size:
        raise _Refusal(HTTPStatus.CONFLICT, f"{latest.size}\n", SIZE)
    unprocessable = HTTPStatus.UNPROCESSABLE_ENTITY
    if head.size == 0 and head.root != EMPTY_ROOT:
        raise _Refusal(unprocessable, "an empty tree has the hash of the empty string\n")
    if old_size == 0:
        if request.proof:
            raise _Refusal(unprocessable, "nothing leads from the empty tree: the proof must be empty\n")
        return
    try:
        verify_consistency(old_size, head.size, request.proof, latest.root, head.root)
    except BadProof as error:
        raise _Refusal(unprocessable, f"{error}\n") from error

"""The platform's side of a signer in another process. It pins the origin and checks every note it gets."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from lmscompliance.kernel.errors import ComplianceError, Conflict, Misconfigured
from lmscompliance.outbound.exchange import DIRECT, Bounds, NoAnswer, Route, exchange
from lmscompliance.signer.local import SignerFrozen, SignerRefuses
from lmscompliance.signer.protocol import KEYS, MARK, MOST_BYTES, SIGN, request_body
from lmscompliance.signer.server import loopback, read_token
from lmscompliance.tlog.checkpoint import BadCheckpoint, Checkpoint
from lmscompliance.tlog.notes import BadNote, Note, VKey
from lmscompliance.verifier import ed25519

TIMEOUT_SECONDS = 10
"""How long one try may take; a signer answers in milliseconds unless its disk is stuck."""
TRIES = 2
"""A connection cut half-way is tried once more at once: asking again gives the same note. After that the
sealer's next run asks, seconds later."""


_REFUSALS: dict[int, tuple[type[Conflict], str]] = {
    HTTPStatus.CONFLICT: (SignerRefuses, "signer.refuses"),
    HTTPStatus.UNPROCESSABLE_ENTITY: (SignerRefuses, "signer.refuses_history"),
    HTTPStatus.FORBIDDEN: (SignerFrozen, "signer.frozen"),
}


class SignerUnreachable(ComplianceError):
    """No answer, or none that can be believed. Nothing is lost: what waits is sealed when it answers."""

    status = 503


class RemoteSigner:
    """A signer behind ``http://127.0.0.1:port`` or ``unix:///path``; see ``LocalSigner`` for the contract."""

    def __init__(self, url: str, origin: str, token_file: Path | None = None) -> None:
        """Prepare to talk to the signer of ``origin``; it is not asked before it is needed."""
        self.origin = origin
        self._url = url
        self._token = None if token_file is None else read_token(token_file)

    @property
    def vkey(self) -> VKey:
        """The public half of the key that signs, the older one during a rotation."""
        return self.signing[0]

    @property
    def vkeys(self) -> tuple[VKey, ...]:
        """Every key a checkpoint of this log may carry: those that sign now, then those that did before."""
        return tuple(vkey for state, vkey in self._keys if state != "national")

    @property
    def signing(self) -> tuple[VKey, ...]:
        """The keys whose lines the next checkpoint will carry."""
        return tuple(vkey for state, vkey in self._keys if state == "signing")

    @property
    def national(self) -> VKey | None:
        """The SM2 key whose line stands beside the others, if the log has one."""
        return next((vkey for state, vkey in self._keys if state == "national"), None)

    def mark(self) -> Checkpoint:
        """Return the last head that was signed; size 0 before the first."""
        return self._checked(self._get(MARK))

    def sign_checkpoint(self, size: int, root: bytes, consistency_proof: Sequence[bytes]) -> str:
        """Return the signed note of (``size``, ``root``); raises ``SignerRefuses`` or ``SignerUnreachable``.

        If we die after it has signed, asking again gives the same note.
        """
        head = Checkpoint(self.origin, size, root)
        status, note = self._ask(SIGN, request_body(consistency_proof, head))
        if status == HTTPStatus.OK:
            if self._checked(note) != head:
                raise self._unreachable("the note speaks of another tree")
            return note
        if status not in _REFUSALS:
            raise self._unreachable(note.strip() or str(status))
        kind, code = _REFUSALS[status]
        raise kind(code, origin=self.origin, size=size, signed=self.mark().size)

    @cached_property
    def _keys(self) -> tuple[tuple[str, VKey], ...]:
        try:
            lines = [line.split(" ") for line in self._get(KEYS).splitlines()]
            found = tuple((state, VKey.parse(vkey)) for state, vkey in lines)
        except ValueError as error:
            raise self._unreachable(str(error)) from error
        if not found or found[0][0] != "signing" or any(vkey.name != self.origin for _, vkey in found):
            name = found[0][1].name if found else "?"
            raise Misconfigured("signer.other_origin", url=self._url, known=name, origin=self.origin)
        return found

    def _checked(self, text: str) -> Checkpoint:
        try:
            note = Note.parse(text)
            note.verify(self.vkeys, ed25519.verify)
            return Checkpoint.parse(note.text)
        except (BadNote, BadCheckpoint) as error:
            raise self._unreachable(str(error)) from error

    def _get(self, path: str) -> str:
        status, body = self._ask(path)
        if status != HTTPStatus.OK:
            raise self._unreachable(body.strip() or str(status))
        return body

    def _ask(self, path: str, body: bytes | None = None) -> tuple[int, str]:
        for last in (False,) * (TRIES - 1) + (True,):
            try:
                status, answer = self._try(path, body)
                break
            except (NoAnswer, UnicodeError) as error:
                if last:
                    raise self._unreachable(str(error)) from error
        if status == HTTPStatus.UNAUTHORIZED:
            raise Misconfigured("signer.wrong_token", url=self._url)
        return status, answer

    def _try(self, path: str, body: bytes | None) -> tuple[int, str]:
        address = urlsplit(self._url)
        if address.scheme == "unix":
            base, route = "http://localhost", Route(socket=Path(address.path))
        elif loopback(self._url):
            base, route = self._url.rstrip("/"), DIRECT
        else:
            raise Misconfigured("signer.bad_address", address=self._url)
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        answer = exchange(base + path, Bounds(TIMEOUT_SECONDS, MOST_BYTES), body, headers, route=route)
        return answer.status, answer.body.decode()

    def _unreachable(self, reason: str) -> SignerUnreachable:
        return SignerUnreachable("signer.unreachable", url=self._url, reason=reason)

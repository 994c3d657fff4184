"""What the signer answers, to the status code and without HTTP (docs/signer.md)."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from lmscompliance.kernel.errors import Conflict, Misconfigured
from lmscompliance.kernel.logs import logger
from lmscompliance.signer.local import LocalSigner, SignerFrozen, SignerRefuses
from lmscompliance.tlog.checkpoint import BadCheckpoint, Checkpoint
from lmscompliance.tlog.encoding import hash_from_base64, to_base64

_log = logger(__name__)

TEXT = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"
KEYS, MARK, SIGN = "/keys", "/checkpoint", "/sign-checkpoint"
MOST_BYTES = 16_384
"""Of a request or an answer: 63 hashes, a checkpoint and its lines fit many times."""
_MOST_PROOF_LINES = 63
_FORM = "a request is: at most 63 proof lines, an empty line, the text of a checkpoint\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over HTTP."""

    status: HTTPStatus
    body: str
    kind: str = TEXT


class Service:
    """Answers for ``signer`` whoever shows ``token``; without one, whoever can reach it."""

    def __init__(self, signer: LocalSigner, token: str | None) -> None:
        """Demand ``token`` where any user of the machine can connect; a socket's permissions replace it."""
        self._signer = signer
        self._token = token

    def answer(self, method: str, path: str, authorization: str, body: bytes) -> Answer:
        """Answer one request."""
        if self._token is not None and not _same(authorization, f"Bearer {self._token}"):
            return Answer(HTTPStatus.UNAUTHORIZED, "the token is missing or wrong\n")
        try:
            if (method, path) == ("GET", KEYS):
                return Answer(HTTPStatus.OK, self._keys())
            if (method, path) == ("GET", MARK):
                return Answer(HTTPStatus.OK, self._signer.mark_note())
            if (method, path) == ("POST", SIGN):
                return self._sign(body)
        except (Misconfigured, OSError) as error:
            _log.exception("the signer cannot answer")
            return Answer(HTTPStatus.INTERNAL_SERVER_ERROR, f"{error}\n")
        return Answer(HTTPStatus.NOT_FOUND, f"GET {KEYS}, GET {MARK}, POST {SIGN}\n")

    def _keys(self) -> str:
        signing = self._signer.signing
        lines = [f"{'signing' if vkey in signing else 'retired'} {vkey}\n" for vkey in self._signer.vkeys]
        if self._signer.national is not None:
            lines.append(f"national {self._signer.national}\n")
        return "".join(lines)

    def _sign(self, body: bytes) -> Answer:
        try:
            proof, head = _parse(body)
        except (BadCheckpoint, ValueError) as error:
            return Answer(HTTPStatus.BAD_REQUEST, f"{error}\n")
        if head.origin != self._signer.origin:
            return Answer(HTTPStatus.NOT_FOUND, f"this is the signer of {self._signer.origin}\n")
        try:
            return Answer(HTTPStatus.OK, self._signer.sign_checkpoint(head.size, head.root, proof))
        except (SignerFrozen, SignerRefuses) as refused:
            _log.warning("refused: %s", refused)
            return _REFUSALS[refused.code](refused)


_REFUSALS: dict[str, Callable[[Conflict], Answer]] = {
    "signer.refuses": lambda one: Answer(HTTPStatus.CONFLICT, f"{one.params['signed']}\n", SIZE),
    "signer.refuses_history": lambda one: Answer(HTTPStatus.UNPROCESSABLE_ENTITY, f"{one}\n"),
    "signer.frozen": lambda one: Answer(HTTPStatus.FORBIDDEN, f"{one}\n"),
}


def request_body(proof: Sequence[bytes], head: Checkpoint) -> bytes:
    """Return what asks for the signature of ``head``."""
    return ("".join(f"{to_base64(one)}\n" for one in proof) + "\n" + head.text()).encode()


def _parse(body: bytes) -> tuple[list[bytes], Checkpoint]:
    lines = body.decode("utf-8").split("\n")
    if "" not in lines[:-1] or lines.index("") > _MOST_PROOF_LINES:
        raise ValueError(_FORM.strip())
    end = lines.index("")
    head = Checkpoint.parse("\n".join(lines[end + 1 :]))
    if head.extensions:
        raise ValueError("a checkpoint of this log has three lines")
    return [hash_from_base64(line) for line in lines[:end]], head


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())

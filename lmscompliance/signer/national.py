"""The log's SM2 key, which signs beside the Ed25519 one (extra ``national``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.tlog.encoding import from_base64, to_base64
from lmscompliance.tlog.national import IDENTIFIER, SIGNER_IDENTITY, UNASSIGNED, sm2_vkey
from lmscompliance.tlog.notes import Signature, VKey

_PREFIX = "PRIVATE+KEY+"
_HEAD = bytes([UNASSIGNED]) + IDENTIFIER
_SECRET_BYTES, _POINT_BYTES = 32, 64


@dataclass(frozen=True, slots=True)
class Sm2Key:
    """A key pair under the log's origin."""

    vkey: VKey
    secret: bytes
    point: bytes

    @classmethod
    def generate(cls, origin: str) -> Sm2Key:
        """Return a new key; raises ``Misconfigured`` where the extra is not installed."""
        point, secret = _library().sm2_key_generate()
        return cls(sm2_vkey(origin, point), secret, point)

    @classmethod
    def decode(cls, text: str) -> Sm2Key:
        """Read what ``encode`` wrote; raises ``ValueError``."""
        name, _, material = text.removeprefix(_PREFIX).rstrip("\n").split("+", 2)
        pair = from_base64(material).removeprefix(_HEAD)
        secret, point = pair[:_SECRET_BYTES], pair[_SECRET_BYTES:]
        key = cls(sm2_vkey(name, point), secret, point)
        if len(point) != _POINT_BYTES or key.encode() != text:
            msg = "not an SM2 private key"
            raise ValueError(msg)
        return key

    def encode(self) -> str:
        """Return the private key as text, in the note package's manner."""
        material = to_base64(_HEAD + self.secret + self.point)
        return f"{_PREFIX}{self.vkey.name}+{self.vkey.key_id.hex()}+{material}\n"

    def sign(self, text: str) -> Signature:
        """Return the signature line under ``text``; raises ``Misconfigured`` without the extra."""
        signed: bytes = _library().sm2_sign(self.secret, self.point, text.encode(), signer_id=SIGNER_IDENTITY)
        return Signature(self.vkey.name, self.vkey.key_id, signed)


def _library() -> Any:
    try:
        import gmssl_pyx  # noqa: PLC0415  # an extra: only who wants SM2 has it
    except ImportError as error:
        raise Misconfigured("signer.no_national") from error
    return gmssl_pyx

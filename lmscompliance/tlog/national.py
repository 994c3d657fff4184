"""SM2 signature lines on a note (GB/T 32918.2 with SM3), beside the Ed25519 ones and never instead of them.

C2SP has assigned no type to SM2, so the key's type is 0xff followed by an identifier that cannot collide.
Readers that do not know the key pass its line over, as signed-note wants. The signature is over the note's
text, in DER, with the signer's identity that GM/T 0009 gives as the default.
"""

from __future__ import annotations

import re

from lmscompliance.tlog.notes import VKey

UNASSIGNED = 0xFF
"""Signature type: none assigned; the identifier behind it says which."""
IDENTIFIER = b"lmscompliance/sm2-with-sm3\n"
SIGNER_IDENTITY = b"1234567812345678"
_POINT_BYTES = 64
_UNCOMPRESSED = b"\x04"
_DEMAND = re.compile(rb"^# sm2 (\S+)[ \t]*$", re.MULTILINE)


def sm2_vkey(name: str, point: bytes) -> VKey:
    """Return the verifier key of the public ``point`` (X and Y, 32 bytes each)."""
    return VKey(name, UNASSIGNED, IDENTIFIER + _UNCOMPRESSED + point)


def sm2_point(vkey: VKey) -> bytes | None:
    """Return the public point of an SM2 key; ``None`` for a key of another kind."""
    point = vkey.key.removeprefix(IDENTIFIER + _UNCOMPRESSED)
    known = vkey.type == UNASSIGNED and len(point) == _POINT_BYTES
    return point if known else None


def demanded(trust: str | bytes) -> tuple[VKey, ...]:
    """Return the SM2 keys that a trust policy names in its lines ``# sm2 <vkey>``.

    To tlog-policy these are comments, so that any reader takes the file; we demand the signatures as well.
    Raises ``ValueError`` for a key that is none.
    """
    found = []
    for match in _DEMAND.finditer(
        trust.encode("utf-8", "surrogateescape") if isinstance(trust, str) else trust
    ):
        vkey = VKey.parse(match[1].decode("ascii"))
        if sm2_point(vkey) is None:
            msg = f"the key of {vkey.name} behind '# sm2' is not an SM2 key"
            raise ValueError(msg)
        found.append(vkey)
    return tuple(found)

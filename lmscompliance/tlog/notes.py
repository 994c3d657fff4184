"""Signed notes and verifier keys (C2SP signed-note, tlog-cosignature).

The signature algorithm itself is handed in as ``VerifyEd25519``, so that this room needs nothing beyond
the standard library and a verifier may bring the implementation it trusts.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lmscompliance.tlog.encoding import from_base64, to_base64

ED25519 = 0x01
"""Signature type: Ed25519 over the note's text; what a log signs with."""
COSIGNATURE_V1 = 0x04
"""Signature type: timestamped Ed25519 cosignature; what a witness signs with."""

VerifyEd25519 = Callable[[bytes, bytes, bytes], bool]
"""Tells whether (public key, signature, message) belong together (RFC 8032)."""

_MAX_SIGNATURES = 100
_KEY_BYTES = 32
_SIGNATURE_BYTES = 64
_TIMESTAMP_BYTES = 8
_DASH = "— "


class BadNote(ValueError):
    """The note is malformed, or no known key has signed it, or a known key's signature is wrong."""


@dataclass(frozen=True, slots=True)
class VKey:
    """A verifier key: who signs, and with which public key of which type."""

    name: str
    type: int
    key: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes that, with the name, say which key made a signature."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.key).digest()[:4]

    @classmethod
    def parse(cls, text: str) -> VKey:
        """Read ``name+hex id+base64``; raises ``ValueError`` when malformed or when the id does not fit."""
        match = re.fullmatch(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)", text)
        if match is None or not valid_name(match[1]):
            msg = "a verifier key reads name+id+key"
            raise ValueError(msg)
        material = from_base64(match[3])
        vkey = cls(match[1], material[0], material[1:])
        if vkey.key_id.hex() != match[2]:
            msg = f"the key id of {match[1]} does not fit its key"
            raise ValueError(msg)
        if vkey.type in {ED25519, COSIGNATURE_V1} and len(vkey.key) != _KEY_BYTES:
            msg = f"the Ed25519 key of {match[1]} has {len(vkey.key)} bytes instead of {_KEY_BYTES}"
            raise ValueError(msg)
        return vkey

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{to_base64(bytes([self.type]) + self.key)}"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: the signer's name, key id, and whatever that key's type says the rest means."""

    name: str
    key_id: bytes
    blob: bytes

    def line(self) -> str:
        """Return the line as it stands in a note, with its newline."""
        return f"{_DASH}{self.name} {to_base64(self.key_id + self.blob)}\n"


@dataclass(frozen=True, slots=True)
class Verified:
    """A signature that was checked; ``timestamp`` (seconds since the epoch) is a cosignature's, else None."""

    vkey: VKey
    timestamp: int | None


@dataclass(frozen=True, slots=True)
class Note:
    """A text and its signature lines. Nothing in it may be believed before ``verify`` has returned."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, data: str | bytes) -> Note:
        """Read a signed note; raises ``BadNote`` when it is not one to the letter."""
        try:
            whole = (data.encode() if isinstance(data, str) else data).decode()
        except UnicodeError as error:
            raise BadNote("a note is UTF-8") from error
        if any(character < " " and character != "\n" for character in whole):
            raise BadNote("a note holds no control character but the newline")
        text, separator, block = whole.rpartition("\n\n")
        if not separator or not block.endswith("\n"):
            raise BadNote("a note ends with a block of signature lines after an empty line")
        lines = block[:-1].split("\n")
        if len(lines) > _MAX_SIGNATURES:
            msg = f"a note has at most {_MAX_SIGNATURES} signatures"
            raise BadNote(msg)
        return cls(text + "\n", tuple(_signature(line) for line in lines))

    def encode(self) -> str:
        """Return the whole note."""
        return self.text + "\n" + "".join(signature.line() for signature in self.signatures)

    def verify(self, keys: Sequence[VKey], check: VerifyEd25519) -> tuple[Verified, ...]:
        """Return the signatures by ``keys``, each once, in the note's order.

        Signatures of unknown keys are passed over. Raises ``BadNote`` when a known key's signature is
        wrong, or when there is no signature by any known key.
        """
        known = {(vkey.name, vkey.key_id): vkey for vkey in keys}
        verified: dict[VKey, Verified] = {}
        for signature in self.signatures:
            vkey = known.get((signature.name, signature.key_id))
            if vkey is not None and vkey not in verified:
                verified[vkey] = _check(vkey, signature.blob, self.text, check)
        if not verified:
            raise BadNote("the note carries no signature of a known key")
        return tuple(verified.values())


def valid_name(name: str) -> bool:
    """Tell whether ``name`` may be a key's name: not empty, without spaces, plus or control characters."""
    return name != "" and not any(
        c.isspace() or c == "+" or c < " " or "\ud800" <= c <= "\udfff" for c in name
    )


def cosignature_message(timestamp: int, text: str) -> bytes:
    """Return what an Ed25519 cosignature signs: at ``timestamp`` the checkpoint ``text`` was the latest."""
    return f"cosignature/v1\ntime {timestamp}\n{text}".encode()


def _signature(line: str) -> Signature:
    name, separator, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not separator or not valid_name(name):
        raise BadNote("a signature line reads: em dash, name, base64")
    try:
        blob = from_base64(encoded)
    except ValueError as error:
        msg = f"the signature of {name} is not base64"
        raise BadNote(msg) from error
    if len(blob) <= 4:  # noqa: PLR2004  # a key id of 4 bytes and something signed
        msg = f"the signature of {name} is too short"
        raise BadNote(msg)
    return Signature(name, blob[:4], blob[4:])


def _check(vkey: VKey, blob: bytes, text: str, check: VerifyEd25519) -> Verified:
    timestamp = None
    message = text.encode()
    if vkey.type == COSIGNATURE_V1:
        timestamp = int.from_bytes(blob[:_TIMESTAMP_BYTES], "big")
        blob = blob[_TIMESTAMP_BYTES:]
        message = cosignature_message(timestamp, text)
    elif vkey.type != ED25519:
        msg = f"signatures of type {vkey.type:#04x} ({vkey.name}) cannot be checked here"
        raise BadNote(msg)
    if len(blob) != _SIGNATURE_BYTES or not check(vkey.key, blob, message):
        msg = f"the signature of {vkey.name} does not belong to this text"
        raise BadNote(msg)
    return Verified(vkey, timestamp)

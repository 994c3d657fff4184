"""What a leaf of the evidence log is, to the byte, and how a withheld value is bound to it.

A leaf is canonical JSON (RFC 8785, restricted profile) in one envelope whatever its type; the log hashes
exactly these bytes (RFC 6962, section 2.1). No personal value stands in a leaf: ``d`` holds digests of
salted values that are kept, and may be erased, elsewhere (after RFC 9901).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from lmscompliance.kernel import jcs
from lmscompliance.kernel.jcs import MAX_SAFE_INTEGER, Json
from lmscompliance.tlog.encoding import hash_from_base64, to_base64

VERSION = 1
MAX_LEAF_BYTES = 65_535
"""An entry bundle prefixes each entry with a 16-bit length (C2SP tlog-tiles)."""

_REQUIRED = {"v", "t", "class", "stream", "n", "prev", "at", "body"}


class BadLeaf(ValueError):
    """The bytes are not a leaf of this log, or the values cannot be one."""


class LeafTooLong(BadLeaf):
    """The leaf would be ``size`` bytes, over ``MAX_LEAF_BYTES``."""

    def __init__(self, kind: str, size: int) -> None:
        super().__init__(f"a {kind} leaf of {size} bytes is over the limit of {MAX_LEAF_BYTES}")
        self.size = size


@dataclass(frozen=True, slots=True)
class Leaf:
    """One recorded fact in its envelope.

    ``n`` counts the entries of ``stream`` from 0; ``prev`` is the base64 leaf hash of entry ``n - 1`` (empty
    for the first); ``at_us`` is when it happened, in microseconds since the epoch; ``d`` maps the name of
    each withheld value to its base64 digest.
    """

    t: str
    class_id: str
    stream: str
    n: int
    prev: str
    at_us: int
    body: Mapping[str, Json]
    d: Mapping[str, str] = field(default_factory=dict)
    v: int = VERSION

    def encode(self) -> bytes:
        """Return the leaf's bytes; ``BadLeaf`` when a value is outside the format or all is too long."""
        self._check()
        envelope: dict[str, object] = {
            "v": self.v,
            "t": self.t,
            "class": self.class_id,
            "stream": self.stream,
            "n": self.n,
            "prev": self.prev,
            "at": self.at_us,
            "body": self.body,
        }
        if self.d:
            envelope["d"] = self.d
        try:
            data = jcs.encode(envelope)
        except jcs.NotCanonical as error:
            msg = f"a {self.t} leaf cannot hold this value: {error}"
            raise BadLeaf(msg) from error
        if len(data) > MAX_LEAF_BYTES:
            raise LeafTooLong(self.t, len(data))
        return data

    @classmethod
    def decode(cls, data: bytes, *, loose: bool = False) -> Leaf:
        """Read a leaf, strictly: ``Leaf.decode(data).encode() == data`` or ``BadLeaf``.

        ``loose`` is for bytes whose form has been checked already: only the envelope is looked at again.
        """
        if len(data) > MAX_LEAF_BYTES:
            msg = f"{len(data)} bytes are over a leaf's limit of {MAX_LEAF_BYTES}"
            raise BadLeaf(msg)
        try:
            value = json.loads(data) if loose else jcs.decode(data)
        except (ValueError, RecursionError) as error:
            msg = f"not a leaf: {error}"
            raise BadLeaf(msg) from error
        if not isinstance(value, dict) or value.keys() - {"d"} != _REQUIRED or value.get("d") == {}:
            msg = "not a leaf: the envelope's members are wrong"
            raise BadLeaf(msg)
        leaf = cls(
            v=value["v"],  # type: ignore[arg-type]  # each member's type is checked just below
            t=value["t"],  # type: ignore[arg-type]  # likewise
            class_id=value["class"],  # type: ignore[arg-type]  # likewise
            stream=value["stream"],  # type: ignore[arg-type]  # likewise
            n=value["n"],  # type: ignore[arg-type]  # likewise
            prev=value["prev"],  # type: ignore[arg-type]  # likewise
            at_us=value["at"],  # type: ignore[arg-type]  # likewise
            body=value["body"],  # type: ignore[arg-type]  # likewise
            d=value.get("d", {}),  # type: ignore[arg-type]  # likewise
        )
        leaf._check(loose=loose)
        return leaf

    def _check(self, *, loose: bool = False) -> None:
        holds = (
            type(self.v) is int
            and self.v == VERSION
            and all(type(text) is str and text != "" for text in (self.t, self.class_id, self.stream))
            and type(self.n) is int
            and 0 <= self.n <= MAX_SAFE_INTEGER
            and type(self.at_us) is int
            and type(self.prev) is str
            and (self.prev == "" if self.n == 0 else loose or _is_hash(self.prev))
            and isinstance(self.body, dict)
            and isinstance(self.d, dict)
            and (loose or all(type(name) is str and name and _is_hash(one) for name, one in self.d.items()))
        )
        if not holds:
            msg = f"the envelope of entry {self.n!r} of stream {self.stream!r} has a value of the wrong kind"
            raise BadLeaf(msg)


def leaf_hash(data: bytes) -> bytes:
    """Return RFC 6962's hash of a leaf's bytes: SHA-256 of 0x00 and the bytes."""
    return hashlib.sha256(b"\x00" + data).digest()


def disclosure_text(salt_b64: str, name: str, value: Json) -> str:
    """Return the canonical text ``[salt,name,value]`` of a disclosure: what is digested, stored and shown."""
    return jcs.encode([salt_b64, name, value]).decode()


def disclosure_digest(salt_b64: str, name: str, value: Json) -> str:
    """Return the base64 SHA-256 of a disclosure's canonical text, as it stands in a leaf's ``d``."""
    return digest_of_text(disclosure_text(salt_b64, name, value))


def digest_of_text(text: str) -> str:
    """Return the base64 SHA-256 of a disclosure that is already in its canonical text."""
    return to_base64(hashlib.sha256(text.encode()).digest())


def _is_hash(text: object) -> bool:
    if type(text) is not str:
        return False
    try:
        hash_from_base64(text)
    except ValueError:
        return False
    return True

"""The bundle's files and lines: names, order, and their exact form. Writer and verifier share this.

Every JSON in a bundle is canonical (RFC 8785), a line of ``*.ndjson`` likewise. Entries stand stream by
stream: the class's own first, then the enrolments in their order, each from entry 0 on. Disclosures follow
the entries' order, then their names'. So both can be checked in one pass whatever the size of the class.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lmscompliance.kernel import jcs
from lmscompliance.kernel.jcs import Json
from lmscompliance.tlog.encoding import from_base64, hash_from_base64, to_base64

FORMAT = "lmsev/1"
SM3 = "sm3"
MANIFEST = "manifest.json"
CHECKPOINT = "checkpoint"
ENTRIES = "entries.ndjson"
DISCLOSURES = "disclosures.ndjson"
POLICY = "policy.json"
LOG_KEY = "keys/log.vkey"
LEDGER = "exports/ledger.xlsx"
LEDGER_PDF = "exports/ledger.pdf"
EXPORT_LEAF = "export/leaf.json"
EXPORT_PROOF = "export/leaf.tlog-proof"
EXPORT_CONSISTENCY = "export/consistency.json"
CHECKPOINTS = "timestamps/checkpoints.ndjson"

DATA_FILES = (CHECKPOINT, ENTRIES, DISCLOSURES, POLICY)
"""What the sheets are derived from; their digests stand on the cover."""
RECORDED_FILES = (*DATA_FILES, LEDGER, LEDGER_PDF)
"""What ``export.recorded`` binds by digest."""
OPTIONAL = frozenset({LEDGER_PDF})
"""What a bundle may lack: it does exactly when ``export.recorded`` does not name it."""
ORDER = (
    MANIFEST, *DATA_FILES, LOG_KEY, LEDGER, LEDGER_PDF, EXPORT_LEAF, EXPORT_PROOF, EXPORT_CONSISTENCY,
    CHECKPOINTS,
)  # fmt: skip
"""Every file of a bundle, in the archive's order."""

_quoted = json.JSONEncoder(ensure_ascii=False).encode
"""A text as canonical JSON writes it."""
_LEAF = re.compile(r'\{"index":[0-9]+,"leaf":')
_first = json.JSONDecoder().raw_decode
MAX_SMALL = 1 << 20
"""Bytes of a manifest, checkpoint, policy, key or proof."""
MAX_LINE = 1 << 21
"""Bytes of a line: a leaf of 65,535 bytes with every character escaped, and its proof."""


def expected(names: Sequence[str], there: Container[str]) -> list[str]:
    """Return those of ``names`` (``ORDER`` or ``RECORDED_FILES``) that must stand where ``there`` does."""
    return [name for name in names if name not in OPTIONAL or name in there]


class BadBundle(ValueError):
    """A file of the bundle is not of the form it must have."""


@dataclass(frozen=True, slots=True)
class FileDigest:
    """A file with its size and hexadecimal SHA-256."""

    name: str
    sha256: str
    size: int
    sm3: str = field(default="", compare=False)
    """The hexadecimal SM3 as well, where the log has an SM2 key. It adds to SHA-256, which decides."""

    def to_json(self) -> dict[str, Json]:
        """Return the form that stands in manifests and leaves."""
        members: dict[str, Json] = {"name": self.name, "sha256": self.sha256, "size": self.size}
        return members | ({"sm3": self.sm3} if self.sm3 else {})

    @classmethod
    def from_json(cls, value: Json) -> FileDigest:
        """Read what ``to_json`` wrote; raises ``BadBundle``."""
        more = {"sm3": str} if isinstance(value, dict) and SM3 in value else {}
        entry = _members(value, "a file", name=str, sha256=str, size=int, **more)
        return cls(entry["name"], entry["sha256"], entry["size"], entry.get(SM3, ""))


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the bundle says it holds. Nothing is believed because it stands here."""

    class_id: str
    code: str
    snapshot: str
    size: int
    edition: int
    files: tuple[FileDigest, ...]

    def encode(self) -> bytes:
        """Return the bytes of ``manifest.json``."""
        return jcs.encode(
            {
                "format": FORMAT,
                "edition": self.edition,
                "class": self.class_id,
                "code": self.code,
                "snapshot": self.snapshot,
                "size": self.size,
                "files": [file.to_json() for file in self.files],
            }
        )

    @classmethod
    def decode(cls, data: bytes, *, loose: bool = False) -> Manifest:
        """Read ``manifest.json``; raises ``BadBundle``. ``loose`` as in ``Entry.decode``."""
        members = {"class": str, "code": str, "snapshot": str, "size": int, "edition": int, "files": list}
        value = _members(_json(data, MANIFEST, loose=loose), MANIFEST, format=str, **members)
        if value["format"] != FORMAT:
            msg = f"{MANIFEST}: the format is {value['format']}, this release reads {FORMAT}"
            raise BadBundle(msg)
        files = tuple(FileDigest.from_json(file) for file in value["files"])
        return cls(value["class"], value["code"], value["snapshot"], value["size"], value["edition"], files)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of ``entries.ndjson``: a leaf's exact text, its index in the log, its inclusion proof."""

    index: int
    leaf: str
    proof: tuple[bytes, ...]

    def encode(self) -> bytes:
        """Return the line with its newline."""
        proof = ",".join([f'"{to_base64(item)}"' for item in self.proof])
        return entry_line(self.index, self.leaf, proof.encode("ascii"))

    @classmethod
    def decode(cls, line: bytes, *, loose: bool = False) -> Entry:
        """Read a line without its newline; raises ``BadBundle``.

        ``loose`` takes the same values written in another form, to name what else differs in a line that
        has been refused already.
        """
        value = _members(_json(line, ENTRIES, loose=loose), ENTRIES, index=int, leaf=str, proof=list)
        try:
            proof = tuple(hash_from_base64(item) for item in value["proof"])
        except (ValueError, TypeError, AttributeError) as error:
            msg = f"{ENTRIES}: a proof's hash is not base64 of 32 bytes"
            raise BadBundle(msg) from error
        return cls(value["index"], value["leaf"], proof)

    @staticmethod
    def leaf_in(line: bytes) -> str:
        """Return the leaf in a line whose form has been checked before; raises ``BadBundle`` without one."""
        try:
            text = line.decode("utf-8")
            # Most of a line is its proof, which nobody asks for here.
            begins = _LEAF.match(text)
            leaf = _first(text, begins.end())[0] if begins is not None else json.loads(text)["leaf"]
        except (ValueError, RecursionError, KeyError, TypeError) as error:
            msg = f"{ENTRIES}: {error}"
            raise BadBundle(msg) from error
        if not isinstance(leaf, str):
            msg = f"{ENTRIES}: 'leaf' is of the wrong kind"
            raise BadBundle(msg)
        return leaf


@dataclass(frozen=True, slots=True)
class Stamp:
    """An RFC 3161 answer (DER) with certificates (DER) to check it by, and the time it says."""

    response: bytes
    chain: tuple[bytes, ...]
    time_us: int


@dataclass(frozen=True, slots=True)
class EarlierCheckpoint:
    """A line of ``timestamps/checkpoints.ndjson``: a checkpoint that something rests on.

    ``checkpoint`` is its text, without signatures: ``proof`` leads between it and the data checkpoint, from
    the smaller to the larger, and so makes it this log's own. ``cosignatures`` are witnesses' lines;
    ``stamps`` are of the text, then each of the answer before.
    """

    checkpoint: str
    proof: tuple[bytes, ...]
    cosignatures: tuple[str, ...] = ()
    stamps: tuple[Stamp, ...] = ()

    def encode(self) -> bytes:
        """Return the line with its newline."""
        proof: list[Json] = [to_base64(item) for item in self.proof]
        stamps: list[Json] = [
            {
                "response": to_base64(one.response),
                "chain": [to_base64(certificate) for certificate in one.chain],
                "time_us": one.time_us,
            }
            for one in self.stamps
        ]
        lines: list[Json] = list(self.cosignatures)
        members = {"checkpoint": self.checkpoint, "cosignatures": lines, "proof": proof, "stamps": stamps}
        return jcs.encode(members) + b"\n"

    @classmethod
    def decode(cls, line: bytes, *, loose: bool = False) -> EarlierCheckpoint:
        """Read a line without its newline; raises ``BadBundle``. ``loose`` as in ``Entry.decode``."""
        found = _json(line, CHECKPOINTS, loose=loose)
        members = {"checkpoint": str, "cosignatures": list, "proof": list, "stamps": list}
        value = _members(found, CHECKPOINTS, **members)
        try:
            proof = tuple(hash_from_base64(item) for item in value["proof"])
            stamps = []
            for item in value["stamps"]:
                stamp = _members(item, CHECKPOINTS, response=str, chain=list, time_us=int)
                chain = tuple(from_base64(one) for one in stamp["chain"])
                stamps.append(Stamp(from_base64(stamp["response"]), chain, stamp["time_us"]))
        except (ValueError, TypeError, AttributeError) as error:
            msg = f"{CHECKPOINTS}: {error}"
            raise BadBundle(msg) from error
        return cls(value["checkpoint"], proof, tuple(map(str, value["cosignatures"])), tuple(stamps))


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A line of ``disclosures.ndjson``: the value behind a digest in entry ``n`` of ``stream``."""

    stream: str
    n: int
    name: str
    salt: str
    value: Json = field(hash=False)

    def encode(self) -> bytes:
        """Return the line with its newline."""
        members = {"stream": self.stream, "n": self.n, "name": self.name, "salt": self.salt}
        return jcs.encode({**members, "value": self.value}) + b"\n"

    @classmethod
    def decode(cls, line: bytes, *, loose: bool = False) -> Disclosure:
        """Read a line without its newline; raises ``BadBundle``. ``loose`` as in ``Entry.decode``."""
        return cls._of(_json(line, DISCLOSURES, loose=loose))

    @classmethod
    def read(cls, line: bytes) -> Disclosure:
        """Read a line whose form has been checked before; raises ``BadBundle``."""
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:
            msg = f"{DISCLOSURES}: {error}"
            raise BadBundle(msg) from error
        return cls._of(found)

    @classmethod
    def _of(cls, found: Json) -> Disclosure:
        value = _members(found, DISCLOSURES, stream=str, n=int, name=str, salt=str, value=object)
        return cls(value["stream"], value["n"], value["name"], value["salt"], value["value"])


# Canonical JSON put together by hand: there are millions of such lines, and base64 needs no escapes.


def entry_line(index: int, leaf: str, proof: bytes) -> bytes:
    """Return the line of an entry whose inclusion proof is ``proof``, as the members of a JSON list."""
    return b'{"index":%d,"leaf":%b,"proof":[%b]}\n' % (index, _quoted(leaf).encode(), proof)


def disclosure_line(stream: str, n: int, text: str) -> bytes:
    """Return the line of a disclosure of entry ``n`` whose canonical ``[salt,name,value]`` is ``text``."""
    salt, name, value = text[1:-1].split(",", 2)
    stands = f'{{"n":{n},"name":{name},"salt":{salt},"stream":{_quoted(stream)},"value":{value}}}\n'
    return stands.encode()


def encode_consistency(proof: Iterable[bytes]) -> bytes:
    """Return the bytes of ``export/consistency.json``."""
    hashes: list[Json] = [to_base64(item) for item in proof]
    return jcs.encode({"proof": hashes})


def decode_consistency(data: bytes) -> tuple[bytes, ...]:
    """Read ``export/consistency.json``; raises ``BadBundle``."""
    value = _members(_json(data, EXPORT_CONSISTENCY), EXPORT_CONSISTENCY, proof=list)
    try:
        return tuple(hash_from_base64(item) for item in value["proof"])
    except (ValueError, TypeError, AttributeError) as error:
        msg = f"{EXPORT_CONSISTENCY}: a hash is not base64 of 32 bytes"
        raise BadBundle(msg) from error


def export_body(edition: int, snapshot: str, size: int, files: Iterable[FileDigest]) -> dict[str, Json]:
    """Return the body of an ``export.recorded`` leaf."""
    listed: list[Json] = [file.to_json() for file in files]
    return {"edition": edition, "snapshot": snapshot, "data_size": size, "files": listed}


def digest_of(name: str, chunks: Iterable[bytes]) -> FileDigest:
    """Return the digest of a file read in ``chunks``."""
    sha256, size = hashlib.sha256(), 0
    for chunk in chunks:
        sha256.update(chunk)
        size += len(chunk)
    return FileDigest(name, sha256.hexdigest(), size)


def _json(data: bytes, name: str, *, loose: bool = False) -> Json:
    try:
        return jcs.decode(data)
    except jcs.NotCanonical as error:
        if not loose:
            msg = f"{name}: {error}"
            raise BadBundle(msg) from error
    try:
        # Written canonically and read again: whatever the form was, the values are those of the profile.
        return jcs.decode(jcs.encode(json.loads(data)))
    except (ValueError, RecursionError) as error:
        msg = f"{name}: {error}"
        raise BadBundle(msg) from error


def _members(value: Json, where: str, /, **types: type) -> Mapping[str, Any]:
    if not isinstance(value, dict) or value.keys() != types.keys():
        msg = f"{where}: its members must be exactly {', '.join(sorted(types))}"
        raise BadBundle(msg)
    for name, wanted in types.items():
        if wanted is not object and type(value[name]) is not wanted:
            msg = f"{where}: '{name}' is of the wrong kind"
            raise BadBundle(msg)
    return value

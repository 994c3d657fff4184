"""Reads a canonical ZIP archive and refuses every other one.

ZIP lets one file say different things to different readers: gaps, doubled names, data behind the end, two
sizes for one entry. A canonical archive has exactly one reading: entries stand back to back from the first
byte, deflated, dated 1980-01-01, with ASCII names, without extra fields, comments, flags or descriptors,
followed at once by their directory and its end record, which is the end of the file. An entry of 4 GiB or
more, and no other, has the one ZIP64 field (APPNOTE 4.5.3) without which its size cannot be said; the whole
archive stays below 4 GiB.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self

VERSION_NEEDED = 20
VERSION_ZIP64 = 45
DEFLATED = 8
DATE_1980 = 0x0021
LOCAL = struct.Struct("<4s5H3L2H")
CENTRAL = struct.Struct("<4s6H3L5H2L")
END = struct.Struct("<4s4H2LH")
LOCAL_SIGNATURE = b"PK\x03\x04"
CENTRAL_SIGNATURE = b"PK\x01\x02"
END_SIGNATURE = b"PK\x05\x06"
MAX_SIZE = 0xFFFF_FFFE
"""The largest size or offset that an ordinary field can say."""
ZIP64 = 0xFFFF_FFFF
"""Stands in a size's ordinary field where the ZIP64 field says it."""
LOCAL64 = struct.Struct("<2H2Q")
CENTRAL64 = struct.Struct("<2HQ")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*\Z")

MAX_ENTRIES = 4096
MAX_RATIO = 200
SLACK = 1 << 20
_CHUNK = 1 << 16


class NotCanonical(ValueError):
    """The file is no canonical archive; the text says where it departs from the form."""


class TooLong(ValueError):
    """A line or a file is longer than what was asked for allows."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the archive: where its deflated bytes stand and what they must become."""

    name: str
    start: int
    compressed: int
    size: int
    crc: int


class Archive:
    """A canonical archive, opened and checked as to its form. Contents are checked as they are read."""

    def __init__(self, path: Path) -> None:
        """Open ``path``; raises ``OSError``, or ``NotCanonical`` naming the first departure from the form."""
        self._file: BinaryIO = path.open("rb")
        try:
            self.members = {member.name: member for member in _read_directory(self._file)}
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of ``name``; raises ``NotCanonical`` when they are not what the directory says."""
        member = self.members[name]
        inflate = zlib.decompressobj(-15)
        position, left, size, crc = member.start, member.compressed, 0, 0
        pending = b""
        while not inflate.eof:
            if not pending:
                self._file.seek(position)
                pending = self._file.read(min(_CHUNK, left))
                if not pending:
                    msg = f"{name}: the deflated data ends too early"
                    raise NotCanonical(msg)
                position += len(pending)
                left -= len(pending)
            try:
                # Bounded output: what a few bytes can inflate to never stands in memory at once.
                data = inflate.decompress(pending, _CHUNK)
            except zlib.error as error:
                msg = f"{name}: the deflated data is damaged ({error})"
                raise NotCanonical(msg) from error
            pending = inflate.unconsumed_tail
            size += len(data)
            crc = zlib.crc32(data, crc)
            if size > member.size:
                msg = f"{name}: inflates to more than the {member.size} bytes it declares"
                raise NotCanonical(msg)
            if data:
                yield data
        if left or inflate.unused_data or pending:
            msg = f"{name}: there is data behind the end of its deflated stream"
            raise NotCanonical(msg)
        if size != member.size or crc != member.crc:
            msg = f"{name}: its size or checksum is not what the directory says"
            raise NotCanonical(msg)

    def read(self, name: str, limit: int) -> bytes:
        """Return all of ``name``; raises ``TooLong`` when it is over ``limit`` bytes."""
        if self.members[name].size > limit:
            msg = f"{name}: {self.members[name].size} bytes are over the limit of {limit}"
            raise TooLong(msg)
        return b"".join(self.chunks(name))

    def lines(self, name: str, limit: int) -> Iterator[bytes]:
        """Yield the lines of ``name`` without their LF, each at most ``limit`` bytes; each must end in LF."""
        rest = b""
        for chunk in self.chunks(name):
            *whole, rest = (rest + chunk).split(b"\n")
            yield from whole
            if len(rest) > limit:
                msg = f"{name}: a line is over the limit of {limit} bytes"
                raise TooLong(msg)
        if rest:
            msg = f"{name}: the last line does not end"
            raise NotCanonical(msg)


def _read_directory(file: BinaryIO) -> Iterator[Member]:
    count, length, offset = _read_end(file)
    file.seek(offset)
    directory = file.read(length)
    position = expected = 0
    seen: set[str] = set()
    for _ in range(count):
        if position + CENTRAL.size > length:
            msg = "the directory is shorter than its entries"
            raise NotCanonical(msg)
        fields = CENTRAL.unpack_from(directory, position)
        behind = position + CENTRAL.size + fields[10]
        raw_name, extra = directory[position + CENTRAL.size : behind], directory[behind : behind + fields[11]]
        position = behind + fields[11]
        member = _read_member(file, fields, raw_name, extra, expected)
        if member.name in seen:
            msg = f"the name {member.name} is doubled"
            raise NotCanonical(msg)
        seen.add(member.name)
        expected = member.start + member.compressed
        yield member
    if position != length or expected != offset:
        msg = "there is unlisted data between the entries and the end record"
        raise NotCanonical(msg)


def _read_end(file: BinaryIO) -> tuple[int, int, int]:
    """Return how many entries there are, and the directory's length and offset."""
    total = file.seek(0, 2)
    if total < END.size:
        msg = "the file is too short to be an archive"
        raise NotCanonical(msg)
    file.seek(total - END.size)
    signature, disk, start_disk, here, count, length, offset, comment = END.unpack(file.read(END.size))
    if signature != END_SIGNATURE or comment:
        msg = "the end record is not at the end of the file: something was appended or cut off"
        raise NotCanonical(msg)
    if disk or start_disk or here != count or not 0 < count <= MAX_ENTRIES:
        msg = "the end record counts its entries wrongly"
        raise NotCanonical(msg)
    if offset + length != total - END.size:
        msg = "the directory does not end where the end record begins"
        raise NotCanonical(msg)
    return count, length, offset


def _read_member(
    file: BinaryIO, fields: tuple[Any, ...], raw_name: bytes, extra: bytes, expected: int
) -> Member:
    """Return the file a directory entry describes, which must begin at ``expected``."""
    crc, compressed, size, name_length, start = (*fields[7:11], fields[16])
    name = raw_name.decode("ascii", "replace")
    if not NAME.match(name):
        msg = f"the name {name!r} is not allowed"
        raise NotCanonical(msg)
    if size == ZIP64 and len(extra) == CENTRAL64.size:
        size = CENTRAL64.unpack(extra)[2]
    header = central_header(crc, compressed, size, name_length, start)
    if (CENTRAL.pack(*fields), extra) != header:
        msg = f"{name}: its directory entry departs from the canonical form"
        raise NotCanonical(msg)
    if start != expected:
        msg = f"{name}: there is a gap or an overlap before it"
        raise NotCanonical(msg)
    if size > MAX_RATIO * compressed + SLACK:
        msg = f"{name}: {compressed} bytes claim to inflate to {size}"
        raise NotCanonical(msg)
    file.seek(start)
    fixed, more = local_header(crc, compressed, size, name_length)
    local = fixed + raw_name + more
    if file.read(len(local)) != local:
        msg = f"{name}: its local header does not match its directory entry"
        raise NotCanonical(msg)
    return Member(name, start + len(local), compressed, size, crc)


def local_header(crc: int, compressed: int, size: int, name_length: int) -> tuple[bytes, bytes]:
    """Return what stands before and behind the name in a canonical local header."""
    large = size > MAX_SIZE
    version, sizes = (VERSION_ZIP64, (ZIP64, ZIP64)) if large else (VERSION_NEEDED, (compressed, size))
    extra = LOCAL64.pack(1, 16, size, compressed) if large else b""
    fixed = (LOCAL_SIGNATURE, version, 0, DEFLATED, 0, DATE_1980, crc, *sizes, name_length, len(extra))
    return LOCAL.pack(*fixed), extra


def central_header(crc: int, compressed: int, size: int, name_length: int, start: int) -> tuple[bytes, bytes]:
    """Return what stands before and behind the name in a canonical directory entry."""
    large = size > MAX_SIZE
    version = VERSION_ZIP64 if large else VERSION_NEEDED
    extra = CENTRAL64.pack(1, 8, size) if large else b""
    stamp = (version, version, 0, DEFLATED, 0, DATE_1980, crc, compressed, ZIP64 if large else size)
    return CENTRAL.pack(CENTRAL_SIGNATURE, *stamp, name_length, len(extra), 0, 0, 0, 0, start), extra

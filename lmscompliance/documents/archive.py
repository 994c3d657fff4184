"""Writes a canonical ZIP archive: the form ``verifier.archive`` accepts, and no other reading of it."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from lmscompliance.verifier.archive import (
    CENTRAL,
    END,
    END_SIGNATURE,
    LOCAL,
    MAX_SIZE,
    NAME,
    central_fields,
    local_fields,
)

_LEVEL = 6
_CHUNK = 1 << 20


class ArchiveTooLarge(ValueError):
    """The archive would need ZIP64, which the canonical form does not have."""


def write_archive(target: BinaryIO, members: Sequence[tuple[str, Path]]) -> None:
    """Write ``members`` (name in the archive, file on disk) to ``target`` in the given order.

    ``target`` must be seekable and empty. Raises ``ValueError`` for a name that is doubled or not allowed
    and ``ArchiveTooLarge`` beyond 4 GiB.
    """
    names = [name for name, _ in members]
    if len(set(names)) != len(names) or not all(NAME.match(name) for name in names):
        msg = f"archive names must be unique, plain ASCII paths: {names}"
        raise ValueError(msg)
    directory = b""
    for name, path in members:
        start = target.tell()
        raw_name = name.encode("ascii")
        # The sizes are known only afterwards: room is left for the header, which is written last.
        target.seek(start + LOCAL.size + len(raw_name))
        crc, compressed, size = _deflate(path, target)
        end = target.tell()
        if end > MAX_SIZE or size > MAX_SIZE:
            raise ArchiveTooLarge(name)
        target.seek(start)
        target.write(LOCAL.pack(*local_fields(crc, compressed, size, len(raw_name))) + raw_name)
        target.seek(end)
        directory += CENTRAL.pack(*central_fields(crc, compressed, size, len(raw_name), start)) + raw_name
    offset = target.tell()
    target.write(directory)
    target.write(END.pack(END_SIGNATURE, 0, 0, len(names), len(names), len(directory), offset, 0))


def _deflate(path: Path, target: BinaryIO) -> tuple[int, int, int]:
    deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15)
    crc = compressed = size = 0
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            crc = zlib.crc32(chunk, crc)
            size += len(chunk)
            compressed += target.write(deflate.compress(chunk))
    compressed += target.write(deflate.flush())
    return crc, compressed, size

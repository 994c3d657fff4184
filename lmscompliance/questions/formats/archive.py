"""Banks that come as a ZIP, with their pictures. Sizes are checked first; nothing is unpacked to the disk."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from lmscompliance.documents.spreadsheet import MAX_FILE_BYTES, MAX_UNPACKED_BYTES, too_large
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.questions.draft import FileReading, Source

_MOST = 20_000
# NotImplementedError and other RuntimeErrors are zipfile's answer to encryption and unknown compression.
_DAMAGED = (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, KeyError)


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Yield the archive ``path`` to be read.

    Raises ``InvalidInput`` when it is damaged or locked, or would unpack to more than
    ``MAX_UNPACKED_BYTES``.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise too_large(path.name)
        with _named(path) as archive:
            members = archive.infolist()
            # zipfile stops at the declared size, so what is summed up here is all that can come out.
            if len(members) > _MOST or sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
                raise too_large(path.name)
            yield archive
    except _DAMAGED as error:
        raise InvalidInput("questions.package_unreadable", file=path.name) from error


def members(path: Path) -> list[str]:
    """Return the names in the archive ``path``; a damaged one has none."""
    try:
        with _named(path) as archive:
            return archive.namelist()
    except _DAMAGED:
        return []


def placed(reading: FileReading, file: str, member: str) -> FileReading:
    """Return what was read of ``member`` as standing in the archive ``file``, on a sheet of that name."""

    def moved(source: Source) -> Source:
        return replace(source, file=file, sheet=f"{member}/{source.sheet}" if source.sheet else member)

    return replace(
        reading,
        file=file,
        drafts=tuple(replace(draft, source=moved(draft.source)) for draft in reading.drafts),
        refusals=tuple(replace(one, source=moved(one.source)) for one in reading.refusals),
    )


def joined(file: str, bank: str, readings: Sequence[FileReading]) -> FileReading:
    """Return several readings of one archive as one."""
    return FileReading(
        file,
        bank,
        sum(reading.rows for reading in readings),
        tuple(draft for reading in readings for draft in reading.drafts),
        tuple(refusal for reading in readings for refusal in reading.refusals),
        exported=all(reading.exported for reading in readings),
    )


def _named(path: Path) -> zipfile.ZipFile:
    """Open an archive; names that are not marked as UTF-8 are GBK, as Chinese Windows writes them."""
    try:
        return zipfile.ZipFile(path, metadata_encoding="gb18030")
    except UnicodeDecodeError:
        return zipfile.ZipFile(path)

"""Writes a canonical ZIP archive: the form ``verifier.archive`` accepts, and no other reading of it."""

from __future__ import annotations

import queue
import threading
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from lmscompliance.verifier.archive import (
    END,
    END_SIGNATURE,
    LOCAL,
    LOCAL64,
    MAX_SIZE,
    NAME,
    central_header,
    local_header,
)

LEVEL = 3
"""Half the time of the usual level, a twentieth more bytes: evidence consists mostly of hashes. One level for
all, so that the same files give the same archive however it was made."""
_CHUNK = 1 << 20
_WAITING = 8
"""Chunks that may wait for the compressor, over all files: what is written faster waits."""

Told = Callable[[int], None]
"""Told how many bytes have been read so far."""


class ArchiveTooLarge(ValueError):
    """The archive would reach 4 GiB, more than the canonical form can hold; a file in it may be larger."""


@dataclass(frozen=True, slots=True)
class Deflated:
    """A member that is compressed already: where its bytes stand, and what it was."""

    path: Path
    crc: int
    size: int


def write_archive(
    target: BinaryIO, members: Sequence[tuple[str, Path | Deflated]], told: Told | None = None
) -> None:
    """Write ``members`` (name in the archive, file on disk) to ``target`` in the given order.

    ``target`` must be seekable and empty. Raises ``ValueError`` for a name that is doubled or not allowed
    and ``ArchiveTooLarge`` beyond 4 GiB.
    """
    names = [name for name, _ in members]
    if not all(NAME.match(name) for name in names):
        msg = f"archive names must be plain ASCII paths: {names}"
        raise ValueError(msg)
    pack(target, members, told)


def pack(
    target: BinaryIO, members: Sequence[tuple[str, Path | bytes | Deflated]], told: Told | None = None
) -> None:
    """Write an archive as ``write_archive`` does, of files, bytes and what is compressed, under any names."""
    names = [name for name, _ in members]
    if len(set(names)) != len(names):
        msg = f"archive names must be unique: {names}"
        raise ValueError(msg)
    directory, read = b"", 0
    for name, source in members:
        start = target.tell()
        raw_name = name.encode("ascii")
        # The sizes are known only afterwards: room is left for the header, which is written last.
        begin = start + LOCAL.size + len(raw_name) + (LOCAL64.size if _length(source) > MAX_SIZE else 0)
        target.seek(begin)
        crc, size = _copy(source, target, told, read)
        read += size
        end = target.tell()
        if end > MAX_SIZE:
            raise ArchiveTooLarge(name)
        fixed, more = local_header(crc, end - begin, size, len(raw_name))
        target.seek(start)
        target.write(fixed + raw_name + more)
        target.seek(end)
        fixed, more = central_header(crc, end - begin, size, len(raw_name), start)
        directory += fixed + raw_name + more
    offset = target.tell()
    target.write(directory)
    target.write(END.pack(END_SIGNATURE, 0, 0, len(names), len(names), len(directory), offset, 0))


def _length(source: Path | bytes | Deflated) -> int:
    if isinstance(source, Path):
        return source.stat().st_size
    return source.size if isinstance(source, Deflated) else len(source)


def _copy(
    source: Path | bytes | Deflated, target: BinaryIO, told: Told | None, before: int
) -> tuple[int, int]:
    """Write what is compressed of ``source`` and return its checksum and size."""
    if isinstance(source, Deflated):
        whole, done = max(source.path.stat().st_size, 1), 0
        for chunk in chunks(source.path):
            target.write(chunk)
            done += len(chunk)
            if told is not None:
                told(before + source.size * done // whole)
        return source.crc, source.size
    deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, -15)
    crc = size = 0
    for chunk in [source] if isinstance(source, bytes) else chunks(source):
        crc = zlib.crc32(chunk, crc)
        size += len(chunk)
        target.write(deflate.compress(chunk))
        if told is not None:
            told(before + size)
    target.write(deflate.flush())
    return crc, size


def chunks(path: Path) -> Iterable[bytes]:
    """Yield the bytes of ``path``."""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


class Compressor:
    """Compresses files as they are written, in a thread: zlib lets go of the interpreter, so both go on.

    Use as a context manager; leaving it without ``finish`` gives up what is not compressed yet.
    """

    def __init__(self) -> None:
        """Start the thread."""
        self._waiting: queue.Queue[tuple[DeflatedFile, bytes | None] | None] = queue.Queue(_WAITING)
        self._thread = threading.Thread(target=self._work, name="deflate", daemon=True)
        self._error: BaseException | None = None
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waiting.put(None)
        self._thread.join()

    def put(self, file: DeflatedFile, data: bytes | None) -> None:
        """Hand over ``data`` (``None``: that was all); raises what compressing earlier data raised."""
        if self._error is not None:
            raise self._error
        self._waiting.put((file, data))

    def finish(self) -> None:
        """Wait until everything is compressed; raises what compressing raised."""
        self._waiting.put(None)
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        while (item := self._waiting.get()) is not None:
            file, data = item
            if self._error is not None:
                continue  # the writer must not wait for ever: it hears of the error at its next word
            try:
                file.take(data)
            except BaseException as error:  # noqa: BLE001  # raised where the data come from
                self._error = error


class DeflatedFile:
    """A file on disk that holds the deflated form of what is written."""

    def __init__(self, compressor: Compressor, path: Path) -> None:
        """Create ``path``, which must not exist."""
        self._compressor = compressor
        self._path = path
        self._file = path.open("xb")
        self._deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, -15)
        self._crc = self._size = 0

    def write(self, data: bytes) -> None:
        """Append ``data``."""
        self._compressor.put(self, data)

    def end(self) -> None:
        """Say that this was all; ``deflated`` is right once the compressor has finished."""
        self._compressor.put(self, None)

    def take(self, data: bytes | None) -> None:
        """Compress ``data``; called in the compressor's thread."""
        if data is None:
            self._file.write(self._deflate.flush())
            self._file.close()
            return
        self._crc = zlib.crc32(data, self._crc)
        self._size += len(data)
        self._file.write(self._deflate.compress(data))

    def close(self) -> None:
        """Close the file where it was given up."""
        self._file.close()

    def deflated(self) -> Deflated:
        """Return the member for an archive."""
        return Deflated(self._path, self._crc, self._size)

"""Reads a ZIP archive of any writer, only to say what was changed in a bundle that is already refused.

Whoever unpacks a bundle and packs it again with another program has broken its canonical form, and the
verdict is invalid for that alone. The reader of the report still wants to know which entry or cell differs.
So nothing read here can make a verdict better; limits hold against bombs as for canonical archives.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from lmscompliance.verifier.archive import MAX_ENTRIES, MAX_RATIO, SLACK, Archive, NotCanonical, TooLong
from lmscompliance.verifier.bundle import MANIFEST, ORDER

_CHUNK = 1 << 16
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""Others inflate without a bound on what one read takes in memory, and fail in ways of their own."""
DAMAGE = (
    zipfile.BadZipFile, OSError, EOFError, zlib.error, RuntimeError, NotImplementedError, ValueError,
)  # fmt: skip
"""What the standard library raises for a damaged archive."""


def check_method(info: zipfile.ZipInfo) -> None:
    """Raise ``NotImplementedError`` for a member packed by another method than bundles are."""
    if info.compress_type not in _METHODS:
        raise NotImplementedError("That compression method is not supported")


class LooseArchive:
    """An archive opened with the standard library's reader; its files stand in the bundle's order."""

    def __init__(self, path: Path, *, most: int = MAX_ENTRIES) -> None:
        """Open ``path``; raises ``NotCanonical`` when not even this reader can tell what it holds.

        ``most`` files may be in it.
        """
        try:
            self._zip = zipfile.ZipFile(path)
        except DAMAGE as error:
            msg = f"the file is damaged: {error}"
            raise NotCanonical(msg) from error
        try:
            self.members = self._read_members(path.stat().st_size, most)
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of ``name``; raises ``NotCanonical`` when they cannot be had."""
        try:
            with self._zip.open(self.members[name]) as source:
                while data := source.read(_CHUNK):
                    yield data
        except DAMAGE as error:
            msg = f"{name}: cannot be read ({error})"
            raise NotCanonical(msg) from error

    def read(self, name: str, limit: int) -> bytes:
        """Return all of ``name``; raises ``TooLong`` when it is over ``limit`` bytes."""
        if self.members[name].file_size > limit:
            msg = f"{name}: {self.members[name].file_size} bytes are over the limit of {limit}"
            raise TooLong(msg)
        return b"".join(self.chunks(name))

    def lines(self, name: str, limit: int) -> Iterator[bytes]:
        """Yield the lines of ``name`` without LF or CRLF, each at most ``limit`` bytes."""
        rest = b""
        for chunk in self.chunks(name):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield line.removesuffix(b"\r")
            if len(rest) > limit:
                msg = f"{name}: a line is over the limit of {limit} bytes"
                raise TooLong(msg)
        if rest:
            yield rest

    def _read_members(self, total: int, most: int) -> dict[str, zipfile.ZipInfo]:
        # Programs that pack a folder list the folder too, and often put everything below it.
        infos = [info for info in self._zip.infolist() if not info.is_dir()]
        if len(infos) > most or sum(info.file_size for info in infos) > MAX_RATIO * total + SLACK:
            msg = f"{len(infos)} files in {total} bytes claim to be more than a bundle can hold"
            raise NotCanonical(msg)
        names = [info.filename for info in infos]
        folders = {name.removesuffix(MANIFEST) for name in names if name.endswith(f"/{MANIFEST}")}
        folder = folders.pop() if len(folders) == 1 and MANIFEST not in names else ""
        members: dict[str, zipfile.ZipInfo] = {}
        for info in infos:
            name = info.filename.removeprefix(folder)
            if name in members:
                msg = f"the name {name} is doubled"
                raise NotCanonical(msg)
            if info.compress_type not in _METHODS:
                msg = f"{name} is packed by a method that no bundle uses"
                raise NotCanonical(msg)
            if info.file_size > MAX_RATIO * info.compress_size + SLACK:
                msg = f"{name}: {info.compress_size} bytes claim to inflate to {info.file_size}"
                raise NotCanonical(msg)
            members[name] = info
        rank = {name: number for number, name in enumerate(ORDER)}
        return dict(sorted(members.items(), key=lambda item: rank.get(item[0], len(rank))))


AnyArchive = Archive | LooseArchive
"""What the steps behind the archive's own read from."""

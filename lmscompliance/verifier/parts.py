"""The parts of an XLSX file: inflated and parsed as they come, and what is read from them.

Shared by the strict reader of our own workbooks and the one that only looks for what another program kept.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, NamedTuple
from xml.parsers import expat

from lmscompliance.verifier.loose import check_method

_CHUNK = 1 << 16
_ESCAPE = re.compile("_x([0-9a-fA-F]{4})_")


class NotOurWorkbook(ValueError):
    """The file holds something our writer never writes; the text says what and where."""


class ReadCell(NamedTuple):
    """A cell that holds something: its reference (``B7``), ``text`` or ``number``, content and format.

    ``wraps`` tells whether a long text is broken over lines, ``height`` is its row's in points; a reader that
    does not look at them leaves them as they are.
    """

    ref: str
    kind: str
    content: str
    number_format: int
    wraps: bool = True
    height: float = float("inf")


@dataclass(slots=True)
class SheetTail:
    """What a sheet says outside its rows; complete once its rows have been read to the end."""

    merges: set[str] = field(default_factory=set)
    footer: str = ""
    widths: dict[int, float] = field(default_factory=dict)
    """Of the columns (from 0) in characters; the default's where there is none."""


def unescape(text: str) -> str:
    """Return ``text`` with each ``_xHHHH_`` read as the character it stands for (ECMA-376-1, 22.4.2.4)."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)


def column_of(ref: str, row: int) -> int | None:
    """Return the column (from 0) of a cell in ``row`` by its reference; ``None`` when it is not in it."""
    letters = ref.rstrip("0123456789")
    if not letters or ref != f"{letters}{row}" or not all("A" <= letter <= "Z" for letter in letters):
        return None
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return column - 1


class XmlParser:
    """Reads one part as its bytes come in, without document types, so without entities to expand."""

    def __init__(
        self,
        part: str,
        start: Callable[[str, dict[str, str]], None],
        end: Callable[[str], None] | None = None,
        data: Callable[[str], None] | None = None,
        *,
        local_names: bool = False,
    ) -> None:
        """Call back for each element; with ``local_names``, whatever prefix or namespace its names have."""
        self._part = part
        self._parser = expat.ParserCreate(namespace_separator=" " if local_names else None)
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = _refuse_doctype
        self._parser.CharacterDataHandler = data
        self._parser.StartElementHandler = start
        self._parser.EndElementHandler = end
        if local_names:
            self._parser.StartElementHandler = lambda name, attributes: start(
                _local(name), {_local(key): value for key, value in attributes.items()}
            )
            self._parser.EndElementHandler = (lambda name: end(_local(name))) if end else None

    def feed(self, data: bytes, *, last: bool = False) -> None:
        """Parse ``data``; raises ``NotOurWorkbook`` for what is damaged."""
        try:
            self._parser.Parse(data, last)
        except NotOurWorkbook:
            raise
        except (expat.ExpatError, KeyError, ValueError) as error:
            msg = f"{self._part} is damaged: {error}"
            raise NotOurWorkbook(msg) from error


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def _refuse_doctype(*_: object) -> None:
    msg = "a part declares a document type, which is how entity bombs begin"
    raise NotOurWorkbook(msg)


def inflate(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """Yield the bytes of ``part``; raises ``NotOurWorkbook`` when they cannot be had."""
    try:
        check_method(archive.getinfo(part))
        with archive.open(part) as source:
            yield from iter(lambda: _read(source), b"")
    except (
        KeyError,
        zipfile.BadZipFile,
        OSError,
        EOFError,
        zlib.error,
        RuntimeError,
        NotImplementedError,
    ) as error:
        msg = f"{part} cannot be read: {error}"
        raise NotOurWorkbook(msg) from error


def _read(source: IO[bytes]) -> bytes:
    return source.read(_CHUNK)

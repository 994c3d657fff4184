"""The virus scanner an operator may put in front of uploads."""

from __future__ import annotations

import struct
from contextlib import closing
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from lmscompliance.kernel.errors import Misconfigured, Unavailable
from lmscompliance.kernel.logs import logger
from lmscompliance.outbound.links import Deadline, connect

_LOG = logger(__name__)
SECONDS = 120
"""How long an upload waits for the scanner in all."""
SILENT_SECONDS = 20
"""How long while the scanner says and takes nothing."""
_MOST_BYTES = 4096
_CHUNK = 64 * 1024
_PORT = 3310


class Scanner(Protocol):
    """Looks into a file before it is kept."""

    def infected(self, data: bytes) -> bool:
        """Tell whether something harmful was found; raises ``Unavailable`` when that cannot be told."""
        ...  # pragma: no cover  # a protocol


class NoScanner:
    """No scanner: every file passes, and the log says so each time."""

    def infected(self, data: bytes) -> bool:
        """Return ``False`` without having looked."""
        _LOG.warning("no virus scanner is set (COMPLIANCE_SCANNER_URL): an upload was kept unscanned")
        return False


class Clamd:
    """A ``clamd`` at ``clamd://host:port`` or ``clamd:///path/of.socket`` (its INSTREAM command)."""

    def __init__(self, url: str) -> None:
        """Remember where it listens; it is called when there is something to scan."""
        parts = urlsplit(url)
        self._address: tuple[str, int] | Path = (
            (parts.hostname, parts.port or _PORT) if parts.hostname else Path(parts.path)
        )

    def infected(self, data: bytes) -> bool:
        """Tell whether clamd found something."""
        try:
            answer = self._ask(data)
        except OSError as error:
            raise Unavailable("files.scanner_silent") from error
        if answer.endswith(b"OK"):
            return False
        if answer.endswith(b"FOUND"):
            return True
        raise Unavailable("files.scanner_silent")

    def _ask(self, data: bytes) -> bytes:
        link = connect(self._address, Deadline(SECONDS, SILENT_SECONDS))
        with closing(link), link.makefile() as answer:
            link.sendall(b"zINSTREAM\0")
            for start in range(0, len(data), _CHUNK):
                part = data[start : start + _CHUNK]
                link.sendall(struct.pack("!I", len(part)) + part)
            link.sendall(struct.pack("!I", 0))
            found = b""
            while (
                not found.endswith(b"\0") and len(found) < _MOST_BYTES and (more := answer.read1(_MOST_BYTES))
            ):
                found += more
        return found.rstrip(b"\0")


def scanner_of(url: str) -> Scanner:
    """Return the scanner of the setting ``COMPLIANCE_SCANNER_URL``; raises ``Misconfigured``."""
    if not url:
        return NoScanner()
    if not url.startswith("clamd://") or url == "clamd://":
        raise Misconfigured("files.scanner_url", url=url)
    return Clamd(url)

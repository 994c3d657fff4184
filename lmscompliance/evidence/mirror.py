"""Keeps a copy of somebody's log outside their reach, and notices when it stops being the same log.

The mirror believes the trust policy and its own earlier copy, nothing else: every hash it keeps leads to a
checkpoint that fulfils the policy, and a newer tree must contain the older one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from lmscompliance.kernel.errors import Conflict, InvalidInput
from lmscompliance.outbound.exchange import Bounds, NoAnswer, Route, exchange
from lmscompliance.tlog import tiles
from lmscompliance.tlog.checkpoint import Checkpoint
from lmscompliance.tlog.encoding import HASH_BYTES
from lmscompliance.tlog.leaf import leaf_hash
from lmscompliance.tlog.merkle import EMPTY_ROOT, Frontier, root_of_leaves
from lmscompliance.tlog.trust import TrustPolicy, Untrusted
from lmscompliance.verifier import ed25519

_MOST_BYTES = tiles.WIDTH * (2 + 65_535)
"""The longest resource there can be: a bundle of 256 entries of the greatest length."""
BOUNDS = Bounds(seconds=600, most_bytes=_MOST_BYTES, silent_seconds=30)
"""Of one resource; the longest one takes minutes on a slow line."""
_ROUTE = Route(proxies=True)
"""As an auditor's office has it. A redirect would carry the session to another address."""
_INCOMING = ".incoming"


class MirrorRefuses(Conflict):
    """What the log serves does not go with its checkpoint or with what the mirror holds already."""


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What the mirror holds now, and what it held before."""

    size: int
    before: int
    fetched: int
    """Tiles and bundles that were fetched this time."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the log is served, and what to send along (a signed-in session, for entries)."""

    url: str
    headers: Mapping[str, str]

    def fetch(self, path: str) -> bytes:
        """Return what stands at ``path`` below the log's URL; raises ``InvalidInput`` when nothing does."""
        address = f"{self.url.rstrip('/')}/{path}"
        try:
            answer = exchange(address, BOUNDS, headers=self.headers, route=_ROUTE)
        except NoAnswer as error:
            raise InvalidInput("evidence.mirror_unreachable", address=address, reason=str(error)) from error
        if answer.status != HTTPStatus.OK:
            reason = f"HTTP {answer.status}"
            raise InvalidInput("evidence.mirror_unreachable", address=address, reason=reason)
        return answer.body


def mirror(source: Source, directory: Path, trust: TrustPolicy, *, entries: bool = False) -> Mirrored:
    """Bring the copy in ``directory`` up to the log's newest checkpoint, checking every hash.

    Files stand at the paths they are served at. With ``entries`` the entry bundles are kept, too, which
    needs a grant. Raises ``MirrorRefuses`` and leaves the copy as it was if the log is not the one it was,
    ``InvalidInput`` if it cannot be read.

    What is fetched is set aside until all of it has been checked; the checkpoint is replaced last. If the
    process dies, the next run finds the old checkpoint and its tiles, perhaps some more, and begins again.
    """
    note = source.fetch("checkpoint")
    new = _trusted(note, trust)
    held = directory / "checkpoint"
    old = _trusted(held.read_bytes(), trust) if held.exists() else Checkpoint(new.origin, 0, EMPTY_ROOT)
    if new.origin != old.origin or new.size < old.size:
        raise MirrorRefuses("evidence.mirror_older", origin=new.origin, size=new.size, held=old.size)
    if new.size == old.size and new.root != old.root:
        raise MirrorRefuses("evidence.mirror_forked", origin=new.origin, size=old.size)
    incoming = directory / _INCOMING
    shutil.rmtree(incoming, ignore_errors=True)
    incoming.mkdir(parents=True)
    copy = _Copy(source, directory, incoming)
    _check_tree(copy, old, new)
    if entries:
        _check_entries(copy, new.size)
    copy.keep("checkpoint", note)
    fetched = copy.settle()
    return Mirrored(new.size, old.size, fetched)


class _Copy:
    """Reads from the mirror what it has, else from the log; keeps what is new aside until it is settled."""

    def __init__(self, source: Source, directory: Path, incoming: Path) -> None:
        self._source = source
        self._directory = directory
        self._incoming = incoming
        self._new: list[str] = []

    def read(self, path: str) -> bytes:
        for kept in (self._directory / path, self._incoming / path):
            if kept.is_file():
                return kept.read_bytes()
        data = self._source.fetch(path)
        self.keep(path, data)
        return data

    def keep(self, path: str, data: bytes) -> None:
        aside = self._incoming / path
        aside.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        self._new.append(path)

    def settle(self) -> int:
        """Put everything in its place, the checkpoint (kept last) last; return how many others."""
        for path in self._new:
            place = self._directory / path
            place.parent.mkdir(parents=True, exist_ok=True)
            (self._incoming / path).replace(place)
        shutil.rmtree(self._incoming)
        return len(self._new) - 1


def _trusted(note: bytes, trust: TrustPolicy) -> Checkpoint:
    try:
        return trust.accept(note, ed25519.verify).checkpoint
    except Untrusted as error:
        raise MirrorRefuses("evidence.mirror_untrusted", reason=str(error)) from error


def _check_tree(copy: _Copy, old: Checkpoint, new: Checkpoint) -> None:
    """Compute both roots from the lowest tiles, and every higher tile from those below it."""
    frontier = Frontier()
    below: list[bytes] = []
    for level, full, partial in tiles.widths(new.size):
        roots = []
        hashes: list[bytes] = []
        for index in range(full + (partial > 0)):
            path = tiles.path(level, index, tiles.WIDTH if index < full else partial)
            data = copy.read(path)
            hashes = [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]
            wanted = tiles.WIDTH if index < full else partial
            expected = below[index * tiles.WIDTH :][:wanted] if level else hashes
            if len(data) != wanted * HASH_BYTES or hashes != expected:
                raise MirrorRefuses("evidence.mirror_wrong_tile", path=path)
            if level == 0:
                _follow(frontier, hashes, old)
            if index < full:
                roots.append(root_of_leaves(hashes))
        below = roots
    if frontier.root() != new.root:
        raise MirrorRefuses("evidence.mirror_wrong_root", origin=new.origin, size=new.size)


def _follow(frontier: Frontier, hashes: list[bytes], old: Checkpoint) -> None:
    for item in hashes:
        frontier.append(item)
        if frontier.size == old.size and frontier.root() != old.root:
            raise MirrorRefuses("evidence.mirror_forked", origin=old.origin, size=old.size)


def _check_entries(copy: _Copy, size: int) -> None:
    """Every entry has the hash that stands for it in the lowest tiles."""
    full, partial = divmod(size, tiles.WIDTH)
    for index in range(full + (partial > 0)):
        width = tiles.WIDTH if index < full else partial
        path = tiles.path(tiles.ENTRIES, index, width)
        hashes = b"".join(leaf_hash(entry) for entry in _split(copy.read(path), path))
        if hashes != copy.read(tiles.path(0, index, width)):
            raise MirrorRefuses("evidence.mirror_wrong_tile", path=path)


def _split(bundle: bytes, path: str) -> list[bytes]:
    entries = []
    at = 0
    while at < len(bundle):
        length = int.from_bytes(bundle[at : at + 2], "big")
        at += 2 + length
        if at > len(bundle):
            raise MirrorRefuses("evidence.mirror_wrong_tile", path=path)
        entries.append(bundle[at - length : at])
    return entries

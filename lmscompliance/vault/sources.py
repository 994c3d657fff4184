"""Where the key ring comes from: a file, or a command that asks a secret manager.

A process keeps its ring in memory and notices by itself that there is a newer one, so that keys are changed
without a restart: a file is looked at (one ``stat``) each time a key is needed, a command is run again when a
value turns up that was sealed with a key nobody here knows.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shlex
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.vault import ciphers
from lmscompliance.vault.keys import KeyRing

_FORBIDDEN = stat.S_IWGRP | stat.S_IRWXO
"""A secret mounted for a group may be readable by that group; nobody else reads, and nobody else writes."""
_COMMAND_SECONDS = 30


class Keys(Protocol):
    """A source of key rings."""

    def ring(self) -> KeyRing:
        """Return the ring as it stands; the same object while nothing has changed."""

    def again(self) -> KeyRing:
        """Return the ring, asked for anew whatever is remembered."""


class FixedKeys:
    """A ring that never changes."""

    def __init__(self, ring: KeyRing) -> None:
        """Hold ``ring``."""
        self._ring = ring

    def ring(self) -> KeyRing:
        """Return it."""
        return self._ring

    again = ring


class FileKeys:
    """A ring in a file that is only ever replaced whole (written aside, then renamed)."""

    def __init__(self, path: Path, cipher: str = ciphers.AES) -> None:
        """Read ``path``, or make a ring there for ``cipher`` that only this user can read.

        The file appears whole under its final name or not at all, so two processes that start at once agree
        on one ring and a crash leaves no half key. Raises ``Misconfigured`` naming the file when it is no
        key ring or others may read it.
        """
        self.path = path
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            aside = self._written(KeyRing.new(cipher))
            try:
                os.link(aside, path)
            except FileExistsError:
                pass
            finally:
                aside.unlink()
        self._seen, self._ring = self._load()

    def ring(self) -> KeyRing:
        """Return the ring as it stands in the file.

        While the file cannot be read the ring in memory goes on serving: what is being sealed must not be
        lost to a slip of an operator.
        """
        try:
            if _mark(self.path.stat()) != self._seen:
                self._seen, self._ring = self._load()
        except (OSError, Misconfigured):
            pass
        return self._ring

    again = ring

    def change(self, how: Callable[[KeyRing], KeyRing]) -> KeyRing:
        """Replace the ring by what ``how`` makes of it, one change at a time among all processes here.

        Durable when it returns; if the process dies earlier, the old ring stands, whole.
        """
        with self._locked():
            before = self._load()[1]
            ring = how(before)
            if ring.text() != before.text():
                self._written(ring).replace(self.path)
                _sync_directory(self.path.parent)
            self._seen, self._ring = self._load()
        return self._ring

    def _written(self, ring: KeyRing) -> Path:
        aside = self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(ring.text())
            file.flush()
            os.fsync(file.fileno())
        return aside

    def _load(self) -> tuple[tuple[int, ...], KeyRing]:
        try:
            with self.path.open(encoding="ascii") as file:
                found = os.fstat(file.fileno())
                text = file.read()
            if found.st_mode & _FORBIDDEN:
                raise Misconfigured("vault.open_key_file", path=str(self.path))
            return _mark(found), KeyRing.parse(text)
        except (OSError, ValueError) as error:
            raise Misconfigured("vault.bad_key_file", path=str(self.path)) from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # The lock is the directory's: the file itself is replaced under it.
        descriptor = os.open(self.path.parent, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


class CommandKeys:
    """A ring that a command prints, as one that asks a secret manager does."""

    def __init__(self, command: str) -> None:
        """Run ``command`` (split like a shell would, run without one) and keep what it prints."""
        self._command = shlex.split(command)
        self._ring = self.again()

    def ring(self) -> KeyRing:
        """Return the ring as the command last printed it."""
        return self._ring

    def again(self) -> KeyRing:
        """Run the command. Raises ``Misconfigured`` when it fails or prints no ring; never shows what."""
        try:
            done = subprocess.run(  # noqa: S603  # the operator's own command, without a shell
                self._command, check=True, capture_output=True, timeout=_COMMAND_SECONDS
            )
            self._ring = KeyRing.parse(done.stdout.decode("ascii"))
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            # Its output may hold keys, and the error its output.
            reason = type(error).__name__
            raise Misconfigured("vault.bad_keys_command", command=self._command[0], reason=reason) from None
        return self._ring


def _mark(found: os.stat_result) -> tuple[int, ...]:
    return found.st_ino, found.st_mtime_ns, found.st_size


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

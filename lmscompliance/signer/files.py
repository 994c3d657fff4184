"""Files of the signer's directory: replaced whole and durably, under locks that die with their process."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lmscompliance.kernel.errors import Conflict


class Busy(Conflict):
    """Another process serves this directory, or is changing its keys."""


@contextmanager
def turn(directory: Path) -> Iterator[None]:
    """Let one process or thread at a time through; the kernel frees the lock of one that dies."""
    descriptor = _open_lock(directory / "lock")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Hold the directory against every other server and key change; raises ``Busy`` instead of waiting."""
    descriptor = _open_lock(directory / "serving")
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy("signer.busy", directory=str(directory)) from None
        yield
    finally:
        os.close(descriptor)


def write(path: Path, text: str) -> None:
    """Replace ``path`` as a whole, durably: after a crash it holds the old text or the new, never a part."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError:
        aside.unlink(missing_ok=True)  # a full disk must not fill up further with every try
        raise
    sync_directory(path.parent)


def rename(source: Path, target: Path) -> None:
    """Give ``source`` the name ``target``, durably."""
    source.replace(target)
    sync_directory(target.parent)


def sync_directory(directory: Path) -> None:
    """Make what was renamed or removed in ``directory`` survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def clear_unfinished(directory: Path) -> None:
    """Remove what a process left that died while writing; call it under ``turn``, when none is writing."""
    for unfinished in directory.glob(".*"):
        unfinished.unlink()


def _open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

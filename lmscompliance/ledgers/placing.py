"""Where an export's files are made and how they come to stand: aside, then whole under their final names.

Also what becomes of the remains when a process dies on the way, and what is said when the disk is full.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.jobs import queue
from lmscompliance.kernel.errors import Unavailable
from lmscompliance.ledgers.models import KIND, PACKING, LedgerExport
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading

_SCRATCH = ".ledger-"
_MADE_SECONDS = 60
"""A folder this much older than ours has been locked long ago, if anybody works in it."""
_LOCK = "lock"
_PART = ".part"
_HELD = {errno.EACCES, errno.EAGAIN}
_FULL = {errno.ENOSPC, errno.EDQUOT}


def kept_directory(services: Services, class_id: str, export_id: str) -> Path:
    """Return where an export that is offered for download stands."""
    return services.settings.export_dir / class_id / export_id


def part_of(target: Path, owner: str) -> Path:
    """Return where the worker with the claim ``owner`` makes ``target``: no other one ever writes there."""
    return target.with_name(f".{target.name}.{owner}{_PART}")


@contextmanager
def scratch(out_dir: Path) -> Iterator[Path]:
    """Yield a folder in ``out_dir`` that is gone afterwards, and remove those that others died in.

    It is locked while a process works in it. One that is killed leaves it there, unlocked. Raises
    ``Unavailable`` where the disk is full.
    """
    with (
        tempfile.TemporaryDirectory(dir=out_dir, prefix=_SCRATCH, ignore_cleanup_errors=True) as name,
        _locked(Path(name)),
    ):
        made = Path(name).stat().st_mtime
        for other in out_dir.glob(f"{_SCRATCH}*"):
            with suppress(FileNotFoundError):
                if made - other.stat().st_mtime > _MADE_SECONDS and not _is_locked(other):
                    shutil.rmtree(other, ignore_errors=True)
        with told_when_full(out_dir):
            yield Path(name)


@contextmanager
def told_when_full(folder: Path) -> Iterator[None]:
    """Raise ``Unavailable``, with what to do, where something fails as the disk of ``folder`` is full."""
    try:
        yield
    except Exception as error:
        if _is_full(error, folder):
            raise Unavailable("ledgers.disk_full", folder=folder) from error
        raise


def place(moves: Mapping[Path, Path]) -> None:
    """Give finished files their final names, in order; each is durable before it can be seen."""
    for source in moves:
        with source.open("rb") as file:
            os.fsync(file.fileno())
    for source, target in moves.items():
        source.replace(target)
    descriptor = os.open(next(iter(moves.values())).parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep(services: Services) -> int:
    """Remove from the export directory what no finished export refers to and nobody is making.

    A job's export has the id of the claim it is made under, so that the job table tells, on whichever
    machine it is made; one without a job is known by its lock. Return how many there were.
    """
    # The folders first: of one that is there the claim was committed before, so it is read below.
    root = services.settings.export_dir
    there = [one for each in _folders(root) for one in _folders(each)]
    with reading(services.database) as session:
        wanted = queue.held(session, KIND) | _finished(session, [path.name for path in there])
    removed = 0
    for path in there:
        if path.name not in wanted and not any(map(_is_locked, path.glob(f"{_SCRATCH}*"))):
            shutil.rmtree(path, ignore_errors=True)
            removed += 1
    return removed + _sweep_parts(services, there)


def _sweep_parts(services: Services, folders: Iterable[Path]) -> int:
    """Remove what workers have begun in ``folders`` and lost the claim to; return how many there were.

    Whoever was only taken for dead finds that out before anything gets its name (``queue.finish``).
    """
    # The parts first, as above.
    parts = [part for folder in folders for part in folder.glob(f".*{_PART}")]
    if not parts:
        return 0
    with reading(services.database) as session:
        held = queue.held(session, PACKING)
    lost = [part for part in parts if part.name.removesuffix(_PART).rpartition(".")[2] not in held]
    for part in lost:
        part.unlink(missing_ok=True)
    return len(lost)


def _finished(session: Session, ids: list[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(ids), 500):
        found.update(
            session.scalars(
                select(LedgerExport.id).where(
                    LedgerExport.id.in_(ids[start : start + 500]), LedgerExport.finished_at.is_not(None)
                )
            )
        )
    return found


def _folders(of: Path) -> list[Path]:
    return [path for path in of.iterdir() if path.is_dir()] if of.is_dir() else []


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    # A record lock: it ends with this process, and no process that is forked from it holds it on.
    with (folder / _LOCK).open("wb") as file:
        with suppress(OSError):  # a file system without locks: then the job table alone tells
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def _is_locked(folder: Path) -> bool:
    try:
        with (folder / _LOCK).open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in _HELD
    return False


def _is_full(error: BaseException | None, folder: Path) -> bool:
    """Tell whether it was for want of room; what others' programs say of that cannot be relied on."""
    if not folder.is_dir():
        return False
    if os.statvfs(folder).f_bavail == 0:
        return True
    while error is not None:
        if isinstance(error, OSError) and error.errno in _FULL:
            return True
        error = error.__cause__ or error.__context__
    return False

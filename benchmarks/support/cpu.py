"""Processor time of the processes under a benchmark: unlike a rate it says much on a busy machine too."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import text

from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading

_PARENT, _FIRST, _LAST = 1, 11, 15
"""Where the parent and the four times (own and of ended children, user and system) stand after the name."""


def spent_seconds(services: Services) -> float | None:
    """Return what servers and database have used so far, without this process; ``None`` outside Linux.

    The load is sent by this process, so that what it costs is not among it.
    """
    if not Path("/proc/self/stat").exists():
        return None
    processes = dict(_processes())
    roots = {pid for pid, (parent, _) in processes.items() if parent == os.getpid()}
    if not services.database.is_sqlite:
        with reading(services.database) as session:
            backend = int(session.execute(text("SELECT pg_backend_pid()")).scalar_one())
        roots.add(processes[backend][0] if backend in processes else _stat(backend)[0])
    ticks = sum(used for pid, (_, used) in processes.items() if _descends(pid, roots, processes))
    return ticks / os.sysconf("SC_CLK_TCK")


def _descends(pid: int, roots: set[int], processes: dict[int, tuple[int, int]]) -> bool:
    while pid in processes:
        if pid in roots:
            return True
        pid = processes[pid][0]
    return False


def _processes() -> Iterator[tuple[int, tuple[int, int]]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                yield int(folder.name), _stat(int(folder.name))
            except (FileNotFoundError, ProcessLookupError):
                continue  # ended meanwhile


def _stat(pid: int) -> tuple[int, int]:
    """Return parent and clock ticks used; the name may hold blanks and brackets, so read from its end."""
    fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    return int(fields[_PARENT]), sum(map(int, fields[_FIRST:_LAST]))

"""How much memory this program alone uses, as the kernel counts it."""

from __future__ import annotations

import re
from pathlib import Path


def now_kib() -> int:
    """Return what is in use now."""
    return _read("VmRSS")


def peak_kib() -> int:
    """Return the most that was in use at once; what ``wait`` tells would include the parent's."""
    return _read("VmHWM")


def _read(name: str) -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(rf"{name}:\s+(\d+) kB", status)
    return int(found[1]) if found else 0

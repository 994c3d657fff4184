"""Scripts and styles of our pages: their addresses name their bytes."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from werkzeug.security import safe_join

STATIC = "static"
"""The endpoint, and the folder beside this file."""
FOLDER = Path(__file__).parent / STATIC
KEPT = "public, max-age=31536000, immutable"
"""How an address that names the bytes it is answered with may be cached."""
_LENGTH = 12


@cache
def version_of(name: str) -> str | None:
    """Return what the bytes of a static file are known by; ``None`` where there is no such file."""
    path = safe_join(str(FOLDER), name)
    if path is None or not Path(path).is_file():
        return None
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:_LENGTH]

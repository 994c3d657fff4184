"""The package of a simulation: a ZIP with ``index.html``, and the steps it expects in ``simulation.json``."""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

from lmscompliance.kernel.errors import InvalidInput

MANIFEST = "simulation.json"
_LARGEST_MEMBER = 128 << 20
"""Unpacked: a member of a simulation is served whole from memory."""
_LARGEST_MANIFEST = 1 << 20
_STEP = re.compile(r"[\w.:/-]{1,64}")


def steps(path: Path) -> tuple[tuple[str, str], ...]:
    """Return the steps a simulation's package expects; raises ``InvalidInput`` for a package that is none."""
    try:
        with zipfile.ZipFile(path) as package:
            # zipfile stops at the declared size, so nothing larger ever comes out of a member.
            sizes = {member.filename: member.file_size for member in package.infolist()}
            if max(sizes.values(), default=0) > _LARGEST_MEMBER or sizes.get(MANIFEST, 0) > _LARGEST_MANIFEST:
                raise InvalidInput("content.package_large", file=path.name, limit=_LARGEST_MEMBER >> 20)
            names = set(sizes)
            stated = json.loads(package.read(MANIFEST)) if MANIFEST in names else {}
    except (OSError, EOFError, ValueError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise InvalidInput("content.package", file=path.name) from error
    if "index.html" not in names or not isinstance(stated, dict):
        raise InvalidInput("content.package", file=path.name)
    return tuple(_each_step(stated.get("steps", []), path.name))


def _each_step(stated: object, file: str) -> Iterable[tuple[str, str]]:
    for one in stated if isinstance(stated, list) else [None]:
        name = one.get("name") if isinstance(one, dict) else one
        if not isinstance(name, str) or not _STEP.fullmatch(name):
            raise InvalidInput("content.steps", file=file)
        title = one.get("title") if isinstance(one, dict) else None
        yield name, title if isinstance(title, str) and title else name

"""The verifier as one zipapp file (PEP 441): any Python 3.11 runs it, with nothing installed.

The same sources give the same bytes, so whoever builds it from the published sources can compare digests.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable

ROOMS = ("kernel", "policy", "rules", "tlog", "verifier")
"""What a verification imports: the standard library and these."""

_SHEBANG = b"#!/usr/bin/env python3\n"
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""Members carry the earliest time a ZIP knows, not that of the checkout."""

_START = b"""\
import sys

if sys.version_info < (3, 11):
    sys.exit(
        "Python 3.11 or newer is needed / "
        "\\u9700\\u8981 Python 3.11 \\u6216\\u66f4\\u65b0\\u7248\\u672c"
    )

from lmscompliance.verifier.__main__ import main

sys.exit(main())
"""


def build_zipapp() -> bytes:
    """Return the file's bytes."""
    target = io.BytesIO()
    target.write(_SHEBANG)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in _members():
            member = zipfile.ZipInfo(name, _EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            archive.writestr(member, data)
    return target.getvalue()


def _members() -> Iterator[tuple[str, bytes]]:
    yield "__main__.py", _START
    package = resources.files("lmscompliance")
    yield "lmscompliance/__init__.py", (package / "__init__.py").read_bytes()
    for room in ROOMS:
        yield from _below(package / room, f"lmscompliance/{room}")


def _below(folder: Traversable, name: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        path = f"{name}/{entry.name}"
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _below(entry, path)
        elif entry.name.endswith((".py", ".toml")):
            yield path, entry.read_bytes()

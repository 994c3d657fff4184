"""The pictures that texts of a bank name: inside the text itself, beside it in an archive, or in its folder.

Nothing is fetched. A picture that is named and not there makes its row an error: nobody could answer it.
"""

from __future__ import annotations

import base64
import binascii
import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes

from lmscompliance.questions.draft import MULTIPLE, SINGLE, Draft, Reason, reason
from lmscompliance.questions.formats.gift_text import Text
from lmscompliance.questions.formats.weighing import Key

Files = Callable[[str], bytes | None]
"""Gives the file of a name as a text has it, ``None`` where there is none."""

_MOODLE = "@@PLUGINFILE@@/"
_LONGEST_NAME = 60
_MAX_BYTES = 20 * 1024 * 1024


def nowhere(_name: str) -> None:
    """Find nothing: for a text that stands alone."""


def beside(path: Path) -> Files:
    """Find files in the folder of ``path`` and below, nowhere else on the disk."""
    folder = path.parent.resolve()

    def find(name: str) -> bytes | None:
        for spelled in (name, posixpath.basename(name)):
            try:
                wanted = (folder / spelled).resolve()
                if wanted.is_relative_to(folder) and wanted.is_file() and wanted.stat().st_size <= _MAX_BYTES:
                    return wanted.read_bytes()
            except (OSError, ValueError):
                continue
        return None

    return find


def among(names: Sequence[str], read: Callable[[str], bytes], place: str = "") -> Files:
    """Find files among the members ``names`` of an archive, first beside the member ``place``.

    Exporters put pictures into folders of their own, so a name that only one member has is taken too.
    """
    by_name: dict[str, list[str]] = {}
    for member in names:
        by_name.setdefault(posixpath.basename(member).casefold(), []).append(member)
    known = frozenset(names)

    def find(name: str) -> bytes | None:
        spelled = (posixpath.join(posixpath.dirname(place), name), name.lstrip("/"))
        for member in map(posixpath.normpath, spelled):
            if member in known:
                return read(member)
        alone = by_name.get(posixpath.basename(name).casefold(), [])
        return read(alone[0]) if len(alone) == 1 else None

    return find


def among_embedded(files: Mapping[str, bytes]) -> Files:
    """Find files among those embedded in the question itself."""
    return lambda name: files.get(name, files.get(posixpath.basename(name)))


def with_pictures(draft: Draft, stem: Text, key: Key, stem_files: Files, key_files: Files) -> Draft | Reason:
    """Return ``draft`` with the pictures of its stem and options, or why one cannot be had.

    A picture in a place that can show none, and what is no picture (a video, a formula), leaves a doubt.
    """
    shown = [_found(source, stem_files) for source in stem.images]
    offered: list[bytes | Reason] = []
    doubtful = stem.other
    if draft.kind in {SINGLE, MULTIPLE}:
        if any(len(text.images) > 1 for text in key.texts):
            return reason("option_has_pictures")
        offered = [_found(text.images[0], key_files) if text.images else b"" for text in key.texts]
        doubtful = doubtful or any(text.other for text in key.texts)
    else:
        doubtful = doubtful or key.pictured
    missing = next((one for one in (*shown, *offered) if isinstance(one, Reason)), None)
    if missing is not None:
        return missing
    found = replace(
        draft,
        pictures=(*draft.pictures, *(one for one in shown if isinstance(one, bytes))),
        option_pictures=tuple(one for one in offered if isinstance(one, bytes)) if any(offered) else (),
    )
    return found.flagged(reason("picture")) if doubtful else found


def _found(source: str, files: Files) -> bytes | Reason:
    source = source.strip()
    if source[:5].casefold() == "data:":
        return _inline(source)
    if "://" in source or source.startswith("//"):
        return reason("picture_elsewhere", name=source[:_LONGEST_NAME])
    name = unquote(source.partition("?")[0]).removeprefix(_MOODLE)
    data = files(name) if name else None
    return reason("picture_missing", name=name[:_LONGEST_NAME]) if data is None else data


def _inline(source: str) -> bytes | Reason:
    """Return what a data URI (RFC 2397) holds; what cannot be read is no picture either."""
    head, comma, body = source.partition(",")
    if not comma:
        return reason("picture_missing", name=source[:_LONGEST_NAME])
    if not head.casefold().rstrip().endswith(";base64"):
        return unquote_to_bytes(body)
    try:
        return base64.b64decode("".join(unquote(body).split()), validate=False)
    except (binascii.Error, ValueError):
        return b"?"

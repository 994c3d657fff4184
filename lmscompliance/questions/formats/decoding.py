"""Turns the bytes of a text bank into text: UTF-8, UTF-16 with a mark, GBK/GB 18030 or windows-1252."""

from __future__ import annotations

import codecs

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MOSTLY = 0.8
_SAMPLE = 1 << 20


def decode(data: bytes) -> str:
    """Return the text of ``data``. Never fails: windows-1252 with gaps filled is the last resort.

    Bytes that are not UTF-8 are Chinese when nearly all of them come in pairs of high bytes, as GB 2312
    writes them; the accented letters of a Western file stand alone between plain ones.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data.decode(name, "replace").removeprefix("\ufeff")
    for name in ("utf-8", "gb18030"):
        if name == "gb18030" and not _paired(data[:_SAMPLE]):
            continue
        try:
            return data.decode(name)
        except UnicodeDecodeError:
            continue
    return data.decode("cp1252", "replace")


def _paired(data: bytes) -> bool:
    """Tell whether the bytes above ASCII mostly come in pairs."""
    high = pairs = at = 0
    while at < len(data):
        if data[at] < 0x80:  # noqa: PLR2004 - where ASCII ends
            at += 1
            continue
        high += 1
        if at + 1 < len(data) and data[at + 1] >= 0x80:  # noqa: PLR2004 - likewise
            pairs += 1
            at += 1
        at += 1
    return pairs >= _MOSTLY * high

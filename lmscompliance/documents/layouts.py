"""Tables out, after a layout that stands in a file: separated or of fixed widths, as other systems read them.

A layout says which fields there are, in which order, under which headings, how long and in which codes; what
their values are is the caller's. Nothing is cut: a value that does not fit is an error naming row and field.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lmscompliance.kernel.errors import InvalidInput

SEPARATED, FIXED = "separated", "fixed"
UTF8, GB18030, JSON = "utf-8-sig", "gb18030", "json"
FORMS = (UTF8, GB18030, JSON)
"""What a separated table can be written as; one of fixed widths is always its layout's ``encoding``."""
ENCODINGS = (UTF8, GB18030, "gbk", "gb2312", "utf-8")
"""What a layout may be written in."""
ENDS = {"crlf": "\r\n", "lf": "\n"}
COUNT = "count"
"""What a head or foot shows of every table: how many rows there are."""
_DANGEROUS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
"""With these a spreadsheet takes a text for a formula; some read the full-width signs as well."""
_DAY = re.compile(r"[0-9]{8}")


@dataclass(frozen=True, slots=True)
class Field:
    """One field. ``width`` is in bytes of the layout's encoding; 0 in a separated layout."""

    name: str
    source: str = ""
    constant: str = ""
    width: int = 0
    align: str = "left"
    pad: str = " "
    codes: Mapping[str, str] = field(default_factory=dict)
    as_text: bool = False
    """Whether a tab is put in front, which keeps a spreadsheet from turning digits into a number."""
    date: str = ""
    """How a day (YYYYMMDD) is written instead, such as ``YYYY-MM-DD`` or ``YYYY年MM月``."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A table's layout."""

    id: str
    title: str
    kind: str
    fields: tuple[Field, ...]
    head: tuple[Field, ...] = ()
    """A record before all rows, and before the names of the fields; there is none in JSON."""
    foot: tuple[Field, ...] = ()
    """One behind them."""
    encoding: str = UTF8
    delimiter: str = ","
    header: bool = True
    line_end: str = "crlf"


_Record = tuple[int, Sequence[Field], Sequence[str]]
"""Its number (a head is 0), its fields and their values."""


def write(
    layout: Layout,
    rows: Iterable[Mapping[str, str]],
    form: str = "",
    about: Mapping[str, str] | None = None,
) -> bytes:
    """Return the table of ``rows`` (source → value), written as ``form`` says, else as the layout does.

    ``about`` is what its head and foot show, beside ``COUNT``. Raises ``InvalidInput`` for a form the layout
    cannot have, a value without a code, one that is too long or one whose characters the encoding does not
    have (rare names in ``gbk``); a head is row 0, a foot the one behind the last.
    """
    if form and (form not in FORMS or layout.kind == FIXED):
        raise InvalidInput("documents.layout_form", title=layout.title, forms=FORMS)
    values = [[_coded(one, row, number) for one in layout.fields] for number, row in enumerate(rows, 1)]
    names = [one.name for one in layout.fields]
    if form == JSON:
        return json.dumps(
            [dict(zip(names, row, strict=True)) for row in values], ensure_ascii=False, indent=1
        ).encode()
    whole, behind = {**(about or {}), COUNT: str(len(values))}, len(values) + 1
    head = [(0, layout.head, [_coded(one, whole, 0) for one in layout.head])][: bool(layout.head)]
    body = [(number, layout.fields, row) for number, row in enumerate(values, 1)]
    foot = [(behind, layout.foot, [_coded(one, whole, behind) for one in layout.foot])][: bool(layout.foot)]
    if layout.kind == FIXED:
        return b"".join(_fixed(layout, *record) for record in (*head, *body, *foot))
    encoding = form or layout.encoding
    for number, fields, row in (*head, *body, *foot):
        for one, value in zip(fields, row, strict=True):
            _encoded(value, encoding, number, one)
    target = io.StringIO()
    writer = csv.writer(target, delimiter=layout.delimiter, lineterminator=ENDS[layout.line_end])
    writer.writerows(_guarded(record) for record in head)
    if layout.header:
        writer.writerow(names)
    writer.writerows(_guarded(record) for record in (*body, *foot))
    return target.getvalue().encode(encoding)


def _coded(one: Field, row: Mapping[str, str], number: int) -> str:
    value = row[one.source] if one.source else one.constant
    if one.date and _DAY.fullmatch(value):
        return one.date.replace("YYYY", value[:4]).replace("MM", value[4:6]).replace("DD", value[6:])
    if not one.codes:
        return value
    if value not in one.codes:
        raise InvalidInput("documents.layout_code", row=number, field=one.name, value=value)
    return one.codes[value]


def _guarded(record: _Record) -> list[str]:
    _, fields, values = record
    return [_as_text(one, value) for one, value in zip(fields, values, strict=True)]


def _as_text(one: Field, value: str) -> str:
    if one.as_text and value:
        return f"\t{value}"
    return f"'{value}" if value.startswith(_DANGEROUS) else value


def _fixed(layout: Layout, number: int, fields: Sequence[Field], values: Sequence[str]) -> bytes:
    line = b""
    for one, value in zip(fields, values, strict=True):
        data = _encoded(value, layout.encoding, number, one)
        if len(data) > one.width or any(char in value for char in "\r\n\t"):
            raise InvalidInput(
                "documents.layout_width", row=number, field=one.name, width=one.width, needed=len(data)
            )
        pad = one.pad.encode(layout.encoding) * (one.width - len(data))
        line += pad + data if one.align == "right" else data + pad
    return line + ENDS[layout.line_end].encode()


def _encoded(value: str, encoding: str, number: int, one: Field) -> bytes:
    try:
        return value.encode(encoding)
    except UnicodeEncodeError as error:
        odd = value[error.start]
        raise InvalidInput(
            "documents.layout_character", row=number, field=one.name, character=odd, encoding=encoding
        ) from None

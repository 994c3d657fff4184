"""Tables out, after a layout that stands in a file: separated or of fixed widths, as other systems read them.

A layout says which fields there are, in which order, under which headings, how long and in which codes; what
their values are is the caller's. Nothing is cut: a value that does not fit is an error naming row and field.
"""

from __future__ import annotations

import csv
import io
import json
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lmscompliance.kernel.errors import InvalidInput, Misconfigured

SEPARATED, FIXED = "separated", "fixed"
UTF8, GB18030, JSON = "utf-8-sig", "gb18030", "json"
FORMS = (UTF8, GB18030, JSON)
"""What a separated table can be written as; one of fixed widths is always its layout's ``encoding``."""
_ENDS = {"crlf": "\r\n", "lf": "\n"}
_KEYS = frozenset({"id", "title", "kind", "encoding", "delimiter", "header", "line_end", "field"})
_FIELD_KEYS = frozenset({"name", "source", "constant", "width", "align", "pad", "codes", "as_text"})
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
"""With these a spreadsheet takes a text for a formula."""


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


@dataclass(frozen=True, slots=True)
class Layout:
    """A table's layout."""

    id: str
    title: str
    kind: str
    fields: tuple[Field, ...]
    encoding: str = UTF8
    delimiter: str = ","
    header: bool = True
    line_end: str = "crlf"


def load(text: str, file: str, sources: Collection[str]) -> list[Layout]:
    """Read the layouts (``[[layout]]``) in TOML ``text``; raises ``Misconfigured`` naming what is wrong."""
    try:
        found = tomllib.loads(text).get("layout", [])
        return [_layout(one, sources) for one in found]
    except (tomllib.TOMLDecodeError, TypeError, ValueError, LookupError, AttributeError) as error:
        raise Misconfigured("documents.layout", file=file, what=str(error)) from error


def write(layout: Layout, rows: Iterable[Mapping[str, str]], form: str = "") -> bytes:
    """Return the table of ``rows`` (source → value), written as ``form`` says, else as the layout does.

    Raises ``InvalidInput`` for a form the layout cannot have, a value without a code, one that is too long or
    one whose characters the encoding does not have (rare names in ``gbk``).
    """
    if form and (form not in FORMS or layout.kind == FIXED):
        raise InvalidInput("documents.layout_form", title=layout.title, forms="、".join(FORMS))
    values = [[_coded(one, row, number) for one in layout.fields] for number, row in enumerate(rows, 1)]
    names = [one.name for one in layout.fields]
    if form == JSON:
        return json.dumps(
            [dict(zip(names, row, strict=True)) for row in values], ensure_ascii=False, indent=1
        ).encode()
    if layout.kind == FIXED:
        return b"".join(_fixed(layout, row, number) for number, row in enumerate(values, 1))
    encoding = form or layout.encoding
    for number, row in enumerate(values, 1):
        for one, value in zip(layout.fields, row, strict=True):
            _encoded(value, encoding, number, one)
    target = io.StringIO()
    writer = csv.writer(target, delimiter=layout.delimiter, lineterminator=_ENDS[layout.line_end])
    if layout.header:
        writer.writerow(names)
    writer.writerows(
        [_guarded(one, value) for one, value in zip(layout.fields, row, strict=True)] for row in values
    )
    return target.getvalue().encode(encoding)


def _coded(one: Field, row: Mapping[str, str], number: int) -> str:
    value = row[one.source] if one.source else one.constant
    if not one.codes:
        return value
    if value not in one.codes:
        raise InvalidInput("documents.layout_code", row=number, field=one.name, value=value)
    return one.codes[value]


def _guarded(one: Field, value: str) -> str:
    if one.as_text and value:
        return f"\t{value}"
    return f"'{value}" if value.startswith(_DANGEROUS) else value


def _fixed(layout: Layout, values: list[str], number: int) -> bytes:
    line = b""
    for one, value in zip(layout.fields, values, strict=True):
        data = _encoded(value, layout.encoding, number, one)
        if len(data) > one.width or any(char in value for char in "\r\n\t"):
            raise InvalidInput(
                "documents.layout_width", row=number, field=one.name, width=one.width, needed=len(data)
            )
        pad = one.pad.encode(layout.encoding) * (one.width - len(data))
        line += pad + data if one.align == "right" else data + pad
    return line + _ENDS[layout.line_end].encode()


def _encoded(value: str, encoding: str, number: int, one: Field) -> bytes:
    try:
        return value.encode(encoding)
    except UnicodeEncodeError as error:
        odd = value[error.start]
        raise InvalidInput(
            "documents.layout_character", row=number, field=one.name, character=odd, encoding=encoding
        ) from None


def _layout(given: Mapping[str, Any], sources: Collection[str]) -> Layout:
    if odd := given.keys() - _KEYS:
        msg = f"unknown: {', '.join(sorted(odd))}"
        raise ValueError(msg)
    rest = {key: value for key, value in given.items() if key != "field"}
    made = Layout(**rest, fields=tuple(_field(one, sources, given) for one in given["field"]))
    "".encode(made.encoding)
    if made.kind not in {SEPARATED, FIXED} or made.line_end not in _ENDS or not made.fields:
        msg = f"{made.id}: kind is separated or fixed, line_end is crlf or lf, and there are fields"
        raise ValueError(msg)
    wide = all(one.width > 0 and len(one.pad.encode(made.encoding)) == 1 for one in made.fields)
    if made.kind == FIXED and not wide:
        msg = f"{made.id}: each field of a fixed layout has a width in bytes and pads with one byte"
        raise ValueError(msg)
    return made


def _field(given: Mapping[str, Any], sources: Collection[str], layout: Mapping[str, Any]) -> Field:
    if odd := given.keys() - _FIELD_KEYS:
        msg = f"{layout['id']}: unknown: {', '.join(sorted(odd))}"
        raise ValueError(msg)
    made = Field(**given)
    known = "source" not in given or made.source in sources
    if not known or ("source" in given) == ("constant" in given):
        allowed = ", ".join(sorted(sources))
        msg = f"{layout['id']}, {made.name}: has either a constant or a source of {allowed}"
        raise ValueError(msg)
    if made.align not in {"left", "right"}:
        msg = f"{layout['id']}, {made.name}: align is left or right"
        raise ValueError(msg)
    return made

"""Reads layouts of tables from TOML; every fault is told with its line, its place and what to do."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lmscompliance.documents.layouts import COUNT, ENCODINGS, ENDS, FIXED, SEPARATED, UTF8, Field, Layout
from lmscompliance.kernel.errors import ComplianceError, InvalidInput, Misconfigured
from lmscompliance.kernel.messages import text

_MOST_FAULTS = 20
_KEYS: Mapping[str, type] = {
    "id": str, "title": str, "kind": str, "encoding": str, "delimiter": str, "header": bool,
    "line_end": str, "head": list, "field": list, "foot": list,
}  # fmt: skip
_FIELD_KEYS: Mapping[str, type] = {
    "name": str, "source": str, "constant": str, "width": int, "align": str, "pad": str, "codes": dict,
    "as_text": bool, "date": str,
}  # fmt: skip
_TYPES = {str: "“…”", bool: "true / false", int: "1, 2, …", list: "[[…]]", dict: "{ … }"}
_RECORDS = ("head", "field", "foot")
_HEADING = re.compile(r"\s*\[\[\s*layout\s*(?:\.\s*(head|field|foot)\s*)?\]\]")
_ODD = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|]")
"""What a title may not hold, because files are named after it."""


class BadLayouts(Misconfigured):
    """A file of layouts that cannot be used; says every fault in the reader's language."""

    def __init__(self, file: str, faults: Sequence[ComplianceError]) -> None:
        """Keep what is wrong, in the order of the file."""
        super().__init__("documents.layout", file=file, what="")
        self.faults = tuple(faults)

    def message(self, locale: str = "zh_CN") -> str:
        """Return the text for people, in ``locale``."""
        what = "\n".join(one.message(locale) for one in self.faults[:_MOST_FAULTS])
        return text(self.code, locale, file=self.params["file"], what=what)


def load(content: str, file: str, sources: Collection[str], about: Collection[str] = ()) -> list[Layout]:
    """Read the layouts (``[[layout]]``) in TOML ``content``; raises ``BadLayouts``.

    ``sources`` are what fields may show of a row, ``about`` what those of a head or foot may of the table.
    """
    try:
        given = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise BadLayouts(file, [InvalidInput("documents.layout_syntax", reason=str(error))]) from None
    reading = _Reading(_lines(content), frozenset(sources), frozenset({COUNT, *about}))
    whole = _Place(reading.faults, 0, file)
    for key in sorted(given.keys() - {"layout"}):
        whole.fault("documents.layout_unknown", key=key, known="[[layout]]")
    tables = given.get("layout", [])
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        whole.fault("documents.layout_type", key="layout", kind="[[layout]]")
        tables = []
    made = [reading.layout(number, one) for number, one in enumerate(tables)]
    if reading.faults:
        raise BadLayouts(file, reading.faults)
    return [one for one in made if one is not None]


def _lines(content: str) -> list[dict[str, list[int]]]:
    """Return for each layout the lines on which its own heading (``""``) and those of its fields stand."""
    found: list[dict[str, list[int]]] = []
    for number, line in enumerate(content.splitlines(), 1):
        if heading := _HEADING.match(line):
            part = heading[1] or ""
            if not part:
                found.append({})
            if found:
                found[-1].setdefault(part, []).append(number)
    return found


@dataclass(slots=True)
class _Place:
    """Where faults are told: a line of the file (0: unknown) and the layout or field that begins there."""

    faults: list[ComplianceError]
    line: int
    name: str

    def fault(self, code: str, /, **params: object) -> None:
        self.faults.append(InvalidInput(code, line=self.line or "?", where=self.name, **params))


def _typed(place: _Place, given: Mapping[str, Any], keys: Mapping[str, type], needed: Sequence[str]) -> None:
    for key in given:
        if key not in keys:
            place.fault("documents.layout_unknown", key=key, known=", ".join(keys))
        elif type(given[key]) is not keys[key]:
            place.fault("documents.layout_type", key=key, kind=_TYPES[keys[key]])
    for key in needed:
        if key not in given:
            place.fault("documents.layout_missing", key=key)


def _chosen(place: _Place, key: str, value: object, choices: Iterable[str]) -> None:
    if value not in tuple(choices):
        place.fault("documents.layout_choice", key=key, choices=", ".join(choices))


@dataclass(slots=True)
class _Reading:
    lines: list[dict[str, list[int]]]
    sources: frozenset[str]
    about: frozenset[str]
    faults: list[ComplianceError] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    def layout(self, number: int, given: Mapping[str, Any]) -> Layout | None:
        """Return one layout; ``None`` when something in it is wrong, which is told."""
        lines = self.lines[number] if number < len(self.lines) else {}
        place = _Place(self.faults, lines.get("", [0])[0], str(given.get("id", number + 1)))
        before = len(self.faults)
        _typed(place, given, _KEYS, ("id", "title", "kind", "field"))
        if len(self.faults) > before:
            return None
        rest = {key: value for key, value in given.items() if key not in _RECORDS}
        fixed = rest["kind"] == FIXED
        _chosen(place, "kind", rest["kind"], (SEPARATED, FIXED))
        # A byte order mark stands once, in front of a file, and never in front of a field.
        encodings = [one for one in ENCODINGS if one != UTF8] if fixed else ENCODINGS
        _chosen(place, "encoding", rest.get("encoding", "" if fixed else UTF8), encodings)
        _chosen(place, "line_end", rest.get("line_end", "crlf"), ENDS)
        if rest["id"] in self.ids:
            place.fault("documents.layout_twice", name=rest["id"])
        self.ids.add(rest["id"])
        if not rest["title"].strip() or _ODD.search(rest["title"]):
            place.fault("documents.layout_title")
        if len(rest.get("delimiter", ",")) != 1 or rest.get("delimiter", ",") in '"\r\n':
            place.fault("documents.layout_delimiter")
        if not given["field"]:
            place.fault("documents.layout_missing", key="field")
        records = {
            part: self._fields(part, given.get(part, []), lines.get(part, []), place, fixed=fixed)
            for part in _RECORDS
        }
        if len(self.faults) > before:
            return None
        return Layout(**rest, fields=records["field"], head=records["head"], foot=records["foot"])

    def _fields(
        self, part: str, given: Sequence[Any], lines: Sequence[int], layout: _Place, *, fixed: bool
    ) -> tuple[Field, ...]:
        sources = self.sources if part == "field" else self.about
        made: list[Field] = []
        for number, one in enumerate(given):
            line = lines[number] if number < len(lines) else layout.line
            named = one.get("name") if isinstance(one, dict) else None
            place = _Place(self.faults, line, f"{layout.name}, {named or f'{part} {number + 1}'}")
            before = len(self.faults)
            if not isinstance(one, dict):
                place.fault("documents.layout_type", key=part, kind=_TYPES[dict])
                continue
            _typed(place, one, _FIELD_KEYS, ("name",))
            if len(self.faults) > before:
                continue
            read = Field(**one)
            _check(place, read, sources, fixed=fixed)
            if ("source" in one) == ("constant" in one):
                place.fault("documents.layout_either")
            if read.name in {other.name for other in made}:
                place.fault("documents.layout_twice", name=read.name)
            made.append(read)
        return tuple(made)


def _check(place: _Place, one: Field, sources: Collection[str], *, fixed: bool) -> None:
    if one.source and one.source not in sources:
        place.fault("documents.layout_choice", key="source", choices=", ".join(sorted(sources)))
    _chosen(place, "align", one.align, ("left", "right"))
    if fixed and (one.width <= 0 or len(one.pad) != 1 or not one.pad.isascii() or one.as_text):
        place.fault("documents.layout_fixed")
    if not fixed and one.width:
        place.fault("documents.layout_separated")
    if not all(isinstance(value, str) for value in one.codes.values()):
        place.fault("documents.layout_type", key="codes", kind='{ "M" = "1" }')
    if one.date and "YYYY" not in one.date:
        place.fault("documents.layout_date")

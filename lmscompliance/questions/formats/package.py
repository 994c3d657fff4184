"""What an .xlsx package tells beyond its values: number formats that change a reading, and pictures.

Regular expressions on the parts, not an XML parser: only a few attributes are wanted, and nothing here can
be made to expand entities. Where the package is laid out otherwise, the detail is missing, never wrong.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import unescape

from lmscompliance.documents.spreadsheet import column_index
from lmscompliance.questions.formats import rich_values

PERCENT = "percent"
MONTH_DAY = "month_day"

_BUILT_IN = {9: PERCENT, 10: PERCENT, 16: MONTH_DAY, 28: MONTH_DAY, 29: MONTH_DAY, 58: MONTH_DAY}
_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"(?:[^>]*?\bs="(\d+)")?')
_OBJECT = re.compile(rb"<(?:\w+:)?from>.*?<(?:\w+:)?row>(\d+)</", re.DOTALL)
_FROM_COLUMN = re.compile(rb"<(?:\w+:)?from>.*?<(?:\w+:)?col>(\d+)</", re.DOTALL)
_ERROR = re.compile(
    rb'<(?:\w+:)?c\b(?=[^>]*?\bt="e")[^>]*?\br="([A-Z]{1,3})(\d{1,7})"([^>]*)>(?:<(?:\w+:)?f\b.*?</(?:\w+:)?f>|<(?:\w+:)?f\b[^>]*/>)?'
    rb"<(?:\w+:)?v>([^<]*)</",
    re.DOTALL,
)
_ANCHOR = re.compile(rb"<(?:\w+:)?((?:two|one)CellAnchor)\b.*?</(?:\w+:)?\1>", re.DOTALL)
_PICTURE = re.compile(rb"<(?:\w+:)?pic\b")
_BLIP = re.compile(rb'<(?:\w+:)?blip\b[^>]*?\br:embed="([^"]+)"')
_CELL_IMAGES = "xl/cellimages.xml"
_CELL_IMAGE = re.compile(rb"<(?:\w+:)?cellImage>.*?</(?:\w+:)?cellImage>", re.DOTALL)
_EXTENT = re.compile(rb'<(?:\w+:)?ext cx="(\d+)" cy="(\d+)"')
_SLIVER = 100_000
"""Pictures thinner than this (in EMU, 360,000 a centimetre) are leftovers of copying that nobody can see."""
_TAG = re.compile(r"<(?:\w+:)?(sheet|Relationship)\b([^>]*)/?>")
_ATTRIBUTE = re.compile(r'([\w:]+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class SheetDetails:
    """One sheet's cells with a telling number format, by row (from 1) and column (from 0), and pictures."""

    formats: dict[tuple[int, int], str] = field(default_factory=dict)
    pictures: frozenset[int] = frozenset()
    images: dict[int, tuple[tuple[int, bytes], ...]] = field(default_factory=dict)
    """Of each row the pictures anchored to it with their columns, as they lie in the package."""
    placed: dict[tuple[int, int], bytes | None] = field(default_factory=dict)
    """Pictures that Excel keeps in cells; ``None`` for one that is not in the file."""
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    """Cells whose value is an error."""


@dataclass(frozen=True, slots=True)
class Details:
    """The details of each sheet by name; ``in_cells`` are pictures that a cell's formula names (WPS)."""

    sheets: dict[str, SheetDetails] = field(default_factory=dict)
    in_cells: dict[str, bytes] = field(default_factory=dict)


def inspect(data: bytes) -> Details:
    """Return the details of the package ``data``; nothing for a package that is not OOXML.

    For packages whose size has been checked (``documents.spreadsheet``): parts are read as a whole.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = set(archive.namelist())
        if "xl/workbook.xml" not in names:
            return Details()
        styles = _styles(archive, names)
        targets = _relationships(archive, names, "xl/workbook.xml")
        listed = _relationships(archive, names, rich_values.RELATIONS)
        rich = rich_values.pictures(archive, lambda named: listed.get(named, ("", ""))[1])
        sheets = {}
        for _, attributes in _tags(archive.read("xl/workbook.xml"), "sheet"):
            part = targets.get(attributes.get("r:id", ""), ("", ""))[1]
            if part in names:
                sheets[unescape(attributes.get("name", ""))] = _sheet(archive, names, part, styles, rich)
        return Details(sheets, _in_cells(archive, names))


def _sheet(
    archive: zipfile.ZipFile,
    names: set[str],
    part: str,
    styles: dict[int, str],
    rich: Sequence[bytes | None],
) -> SheetDetails:
    content = archive.read(part)
    formats = {}
    for found in _CELL.finditer(content):
        shown_as = styles.get(int(found[3] or 0))
        if shown_as:
            formats[int(found[2]), column_index(found[1].decode())] = shown_as
    anchors = [int(row) + 1 for row in _OBJECT.findall(content)]
    placed, errors = _broken(content, rich)
    images: dict[int, tuple[tuple[int, bytes], ...]] = {}
    for kind, target in _relationships(archive, names, part).values():
        if kind == "drawing" and target in names:
            files = _relationships(archive, names, target)
            for row, column, anchor in _pictures(archive.read(target)):
                anchors.append(row + 1)
                held = [(column, one) for one in _embedded(archive, names, files, anchor)]
                images[row + 1] = (*images.get(row + 1, ()), *held)
    # An object of another kind on the row (a formula, an old drawing) is nothing that can be shown.
    whole = {
        row: tuple(sorted(held, key=_column))
        for row, held in images.items()
        if len(held) == anchors.count(row)
    }
    return SheetDetails(formats, frozenset(anchors), whole, placed, errors)


def _column(held: tuple[int, bytes]) -> int:
    return held[0]


def _broken(
    content: bytes, rich: Sequence[bytes | None]
) -> tuple[dict[tuple[int, int], bytes | None], dict[tuple[int, int], str]]:
    """Return the cells that hold a picture, and those that hold an error; a picture looks like one too."""
    placed: dict[tuple[int, int], bytes | None] = {}
    errors: dict[tuple[int, int], str] = {}
    for found in _ERROR.finditer(content):
        at = (int(found[2]), column_index(found[1].decode()))
        value = re.search(rb'\bvm="(\d+)"', found[3])
        if value is None:
            errors[at] = found[4].decode("utf-8", "replace")
        else:
            place = int(value[1]) - 1
            placed[at] = rich[place] if 0 <= place < len(rich) else None
    return placed, errors


def _embedded(
    archive: zipfile.ZipFile, names: set[str], files: dict[str, tuple[str, str]], anchor: bytes
) -> tuple[bytes, ...]:
    parts = [files.get(name.decode(), ("", ""))[1] for name in _BLIP.findall(anchor)[:1]]
    return tuple(archive.read(part) for part in parts if part in names)


def _in_cells(archive: zipfile.ZipFile, names: set[str]) -> dict[str, bytes]:
    """Return the pictures that ``DISPIMG`` names, by name."""
    if _CELL_IMAGES not in names:
        return {}
    files = _relationships(archive, names, _CELL_IMAGES)
    found = {}
    for one in _CELL_IMAGE.finditer(archive.read(_CELL_IMAGES)):
        name = re.search(rb'<(?:\w+:)?cNvPr\b[^>]*?\bname="([^"]+)"', one[0])
        for image in _embedded(archive, names, files, one[0]) if name else ():
            found[unescape(name[1].decode("utf-8", "replace")) if name else ""] = image
    return found


def _pictures(drawing: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield row, column and anchor of each picture that floats over the sheet; rows and columns from 0."""
    for anchor in _ANCHOR.finditer(drawing):
        place = _OBJECT.search(anchor[0])
        if place is None or not _PICTURE.search(anchor[0]):
            continue
        extent = _EXTENT.search(anchor[0])
        thickness = min(int(extent[1]), int(extent[2])) if extent else 0
        if not 0 < thickness < _SLIVER:
            beside = _FROM_COLUMN.search(anchor[0])
            yield int(place[1]), int(beside[1]) if beside else 0, anchor[0]


def _styles(archive: zipfile.ZipFile, names: set[str]) -> dict[int, str]:
    if "xl/styles.xml" not in names:
        return {}
    content = archive.read("xl/styles.xml").decode("utf-8", "replace")
    formats = dict(_BUILT_IN)
    for attributes in re.findall(r"<(?:\w+:)?numFmt\b([^>]*)/?>", content):
        values = dict(_ATTRIBUTE.findall(attributes))
        telling = _telling(unescape(values.get("formatCode", "")))
        if telling:
            formats[int(values.get("numFmtId", 0))] = telling
    block = re.search(r"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", content, re.DOTALL)
    styles = {}
    for index, attributes in enumerate(re.findall(r"<(?:\w+:)?xf\b([^>]*)>", block[0] if block else "")):
        shown_as = formats.get(int(dict(_ATTRIBUTE.findall(attributes)).get("numFmtId", 0)))
        if shown_as:
            styles[index] = shown_as
    return styles


def _telling(code: str) -> str:
    bare = re.sub(r'"[^"]*"|\\.|\[[^\]]*\]', "", code).lower()
    if "%" in bare:
        return PERCENT
    return MONTH_DAY if "m" in bare and "d" in bare and "y" not in bare else ""


def _relationships(archive: zipfile.ZipFile, names: set[str], part: str) -> dict[str, tuple[str, str]]:
    """Return each relationship of ``part`` by id: the last word of its type, and the part it points to."""
    folder, name = posixpath.split(part)
    listing = f"{folder}/_rels/{name}.rels"
    if listing not in names:
        return {}
    found = {}
    for _, values in _tags(archive.read(listing), "Relationship"):
        target = values.get("Target", "")
        joined = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
        kind = values.get("Type", "").rpartition("/")[2]
        found[values.get("Id", "")] = (kind, posixpath.normpath(joined))
    return found


def _tags(content: bytes, name: str) -> Iterator[tuple[str, dict[str, str]]]:
    for tag, attributes in _TAG.findall(content.decode("utf-8", "replace")):
        if tag == name:
            yield tag, dict(_ATTRIBUTE.findall(attributes))

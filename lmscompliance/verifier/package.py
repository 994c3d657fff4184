"""The package of our workbooks: its parts, what each of them is, and the sheets' names in their order.

Programs find a workbook by following relations and types, not by the parts' names. So these have to lead
to the very parts that are compared: otherwise one file could hold two workbooks.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable

from lmscompliance.verifier.parts import NotOurWorkbook, XmlParser, inflate
from lmscompliance.verifier.shape import COUNT, Shape, Shaped

_MAX_RATIO = 400
_SLACK = 1 << 20
_WORKBOOK, _STYLES, _THEME = "xl/workbook.xml", "xl/styles.xml", "xl/theme/theme1.xml"
_TYPES, _RELATIONS, _SHEETS = "[Content_Types].xml", "_rels/.rels", "xl/_rels/workbook.xml.rels"
_CORE, _APP = "docProps/core.xml", "docProps/app.xml"
_SHEET = re.compile(r"xl/worksheets/sheet[1-9][0-9]?\.xml")

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_IS = "application/vnd.openxmlformats-"
_SHEET_IS = f"{_IS}officedocument.spreadsheetml.worksheet+xml"
_DEFAULTS = {"rels": f"{_IS}package.relationships+xml", "xml": "application/xml"}
_ARE = {
    _APP: f"{_IS}officedocument.extended-properties+xml",
    _CORE: f"{_IS}package.core-properties+xml",
    _STYLES: f"{_IS}officedocument.spreadsheetml.styles+xml",
    _THEME: f"{_IS}officedocument.theme+xml",
    _WORKBOOK: f"{_IS}officedocument.spreadsheetml.sheet.main+xml",
}
_ROOTS = {
    (f"{_OFFICE}/relationships/officeDocument", _WORKBOOK),
    (f"{_PACKAGE}/relationships/metadata/core-properties", _CORE),
    (f"{_OFFICE}/relationships/extended-properties", _APP),
}
_ANY = r"[\s\S]*"
_NUMBER = "-?[0-9]{1,9}"
_RELATION: Shape = {
    "Relationships": {"xmlns": re.escape(f"{_PACKAGE}/relationships")},
    "Relationships/Relationship": {"Id": "rId[0-9]{1,4}", "Type": _ANY, "Target": _ANY},
}
_TYPE: Shape = {
    "Types": {"xmlns": re.escape(f"{_PACKAGE}/content-types")},
    "Types/Default": {"Extension": _ANY, "ContentType": _ANY},
    "Types/Override": {"PartName": _ANY, "ContentType": _ANY},
}
_BOOK: Shape = {
    "workbook": {"xmlns": re.escape(_MAIN), "xmlns:r": re.escape(f"{_OFFICE}/relationships")},
    "workbook/fileVersion": {
        "appName": "xl",
        **dict.fromkeys(("lastEdited", "lowestEdited", "rupBuild"), COUNT),
    },
    "workbook/workbookPr": {"defaultThemeVersion": COUNT},
    "workbook/bookViews": {},
    "bookViews/workbookView": dict.fromkeys(("xWindow", "yWindow", "windowWidth", "windowHeight"), _NUMBER),
    "workbook/sheets": {},
    "sheets/sheet": {"name": _ANY, "sheetId": COUNT, "state": "visible", "r:id": "rId[0-9]{1,4}"},
    "workbook/definedNames": {},
    "definedNames/definedName": {"name": _ANY, "localSheetId": COUNT, "hidden": "1"},
    "workbook/calcPr": {"calcId": COUNT, "fullCalcOnLoad": "1"},
}
_NAMES = {
    # What repeats on each printed page, and what the filter spans: of the sheet itself, one row or one area.
    "_xlnm.Print_Titles": re.compile(r"(.+)!\$([0-9]+):\$\2"),
    "_xlnm._FilterDatabase": re.compile(r"(.+)!\$A\$[0-9]+:\$[A-Z]{1,3}\$[0-9]+"),
}


def sheet_names(archive: zipfile.ZipFile) -> list[str]:
    """Return the sheets' names in their order, sheet *n* (from 1) being the part ``sheet{n}.xml``.

    Raises ``NotOurWorkbook`` when there is a part too many, or when a program could be led to another one.
    """
    parts = _parts(archive)
    names, ids = _book(archive)
    sheets = [f"xl/worksheets/sheet{number}.xml" for number in range(1, len(names) + 1)]
    if parts != {_TYPES, _RELATIONS, _SHEETS, *_ARE, *sheets} or ids != _ids(len(sheets)):
        msg = "the sheets' names and parts do not belong together"
        raise NotOurWorkbook(msg)
    _check_types(archive, sheets)
    _check_relations(archive, _RELATIONS, _ROOTS)
    within = [(f"{_OFFICE}/relationships/worksheet", sheet.removeprefix("xl/")) for sheet in sheets]
    look = {
        (f"{_OFFICE}/relationships/theme", "theme/theme1.xml"),
        (f"{_OFFICE}/relationships/styles", "styles.xml"),
    }
    found = _check_relations(archive, _SHEETS, {*within, *look})
    if found[: len(within)] != within:
        msg = "the sheets' names and parts do not belong together"
        raise NotOurWorkbook(msg)
    return names


def _ids(count: int) -> list[str]:
    return [f"rId{number}" for number in range(1, count + 1)]


def _parts(archive: zipfile.ZipFile) -> set[str]:
    infos = archive.infolist()
    names = {info.filename for info in infos}
    if len(names) != len(infos):
        msg = "a part occurs twice"
        raise NotOurWorkbook(msg)
    for info in infos:
        known = info.filename in {_TYPES, _RELATIONS, _SHEETS, *_ARE} or _SHEET.fullmatch(info.filename)
        if not known:
            msg = f"the part {info.filename} does not belong to a ledger"
            raise NotOurWorkbook(msg)
        if info.file_size > _MAX_RATIO * info.compress_size + _SLACK:
            msg = f"the part {info.filename} claims to inflate to {info.file_size} bytes"
            raise NotOurWorkbook(msg)
    return names


def _book(archive: zipfile.ZipFile) -> tuple[list[str], list[str]]:
    """Return the sheets' names and the relations they name."""
    shaped = Shaped(_WORKBOOK, _BOOK)
    names: list[str] = []
    ids: list[str] = []
    defined: list[tuple[str, int, list[str]]] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if name == "sheet" and attributes.get("state", "visible") != "visible":
            msg = "a sheet is hidden or out of order"
            raise NotOurWorkbook(msg)
        shaped.start(name, attributes)
        if name == "sheet":
            names.append(attributes.get("name", ""))
            ids.append(attributes.get("r:id", ""))
        elif name == "definedName":
            if attributes.get("name") not in _NAMES:
                msg = f"it defines the name {attributes.get('name')}, which can keep cells from being printed"
                raise NotOurWorkbook(msg)
            defined.append((attributes["name"], int(attributes["localSheetId"]), []))

    def data(text: str) -> None:
        if defined:
            defined[-1][2].append(text)

    read(archive, _WORKBOOK, start, shaped.end, data)
    for name, number, pieces in defined:
        found = _NAMES[name].fullmatch("".join(pieces).strip())
        sheet = names[number] if number < len(names) else ""
        if found is None or found[1] not in {sheet, "'{}'".format(sheet.replace("'", "''"))}:
            msg = f"it defines the name {name}, which can keep cells from being printed"
            raise NotOurWorkbook(msg)
    return names, ids


def _check_types(archive: zipfile.ZipFile, sheets: list[str]) -> None:
    defaults: dict[str, str] = {}
    overrides: dict[str, str] = {}
    shaped = Shaped(_TYPES, _TYPE)

    def start(name: str, attributes: dict[str, str]) -> None:
        shaped.start(name, attributes)
        if name == "Default":
            defaults[attributes["Extension"]] = attributes["ContentType"]
        elif name == "Override":
            overrides[attributes["PartName"].removeprefix("/")] = attributes["ContentType"]

    read(archive, _TYPES, start, shaped.end)
    if defaults != _DEFAULTS or overrides != _ARE | dict.fromkeys(sheets, _SHEET_IS):
        msg = "a part is declared as something else than it is"
        raise NotOurWorkbook(msg)


def _check_relations(
    archive: zipfile.ZipFile, part: str, expected: set[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Return type and target of each relation in the order of their numbers, which has to be theirs."""
    found: list[tuple[str, str]] = []
    ids: list[str] = []
    shaped = Shaped(part, _RELATION)

    def start(name: str, attributes: dict[str, str]) -> None:
        shaped.start(name, attributes)
        if name == "Relationship":
            ids.append(attributes["Id"])
            found.append((attributes["Type"], attributes["Target"]))

    read(archive, part, start, shaped.end)
    if set(found) != expected or len(found) != len(expected) or ids != _ids(len(ids)):
        msg = f"{part} leads to other parts than those of a ledger"
        raise NotOurWorkbook(msg)
    return found


def read(
    archive: zipfile.ZipFile,
    part: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None],
    data: Callable[[str], None] | None = None,
) -> None:
    """Parse ``part`` from its first byte to its last."""
    parser = XmlParser(part, start, end, data)
    for chunk in inflate(archive, part):
        parser.feed(chunk)
    parser.feed(b"", last=True)

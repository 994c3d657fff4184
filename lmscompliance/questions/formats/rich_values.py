"""Pictures that Excel keeps in cells ("place in cell"): rich values, named by a cell's ``vm`` attribute.

The way from a cell to its picture ([MS-XLSX], 2.3.6): ``vm`` counts the entries of ``valueMetadata``, which
name one of ``futureMetadata``, which names a rich value; the rich value's structure says which of its fields
counts the entries of ``richValueRel.xml``, and these are relationships to the picture.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable

_METADATA = "xl/metadata.xml"
_VALUES = "xl/richData/rdrichvalue.xml"
_STRUCTURES = "xl/richData/rdrichvaluestructure.xml"
RELATIONS = "xl/richData/richValueRel.xml"
_RICH, _LOCAL = "XLRICHVALUE", "_rvRel:LocalImageIdentifier"

_TYPE = re.compile(r"<(?:\w+:)?metadataType\b[^>]*?\bname=\"([^\"]*)\"")
_FUTURE = re.compile(
    r"<(?:\w+:)?futureMetadata\b[^>]*?\bname=\"XLRICHVALUE\".*?</(?:\w+:)?futureMetadata>", re.DOTALL
)
_RVB = re.compile(r"<(?:\w+:)?rvb\b[^>]*?\bi=\"(\d+)\"")
_VALUE_METADATA = re.compile(r"<(?:\w+:)?valueMetadata\b.*?</(?:\w+:)?valueMetadata>", re.DOTALL)
_BK = re.compile(r"<(?:\w+:)?bk>(.*?)</(?:\w+:)?bk>", re.DOTALL)
_RC = re.compile(r"<(?:\w+:)?rc\b[^>]*?\bt=\"(\d+)\"[^>]*?\bv=\"(\d+)\"")
_RV = re.compile(r"<(?:\w+:)?rv\b[^>]*?\bs=\"(\d+)\"[^>]*>(.*?)</(?:\w+:)?rv>", re.DOTALL)
_V = re.compile(r"<(?:\w+:)?v\b[^>]*>([^<]*)</")
_S = re.compile(r"<(?:\w+:)?s\b[^>]*>(.*?)</(?:\w+:)?s>", re.DOTALL)
_K = re.compile(r"<(?:\w+:)?k\b[^>]*?\bn=\"([^\"]*)\"")
_REL = re.compile(r"<(?:\w+:)?rel\b[^>]*?\br:id=\"([^\"]*)\"")


def pictures(archive: zipfile.ZipFile, target: Callable[[str], str]) -> list[bytes | None]:
    """Return the picture of each ``vm`` (the first is 1) of a workbook, ``None`` where it names none.

    ``target`` gives the part that a relationship of ``RELATIONS`` points to.
    """
    names = set(archive.namelist())
    if not {_METADATA, _VALUES, _STRUCTURES, RELATIONS} <= names:
        return []

    def part(name: str) -> str:
        return archive.read(name).decode("utf-8", "replace")

    metadata = part(_METADATA)
    types = _TYPE.findall(metadata)
    future, listed = _FUTURE.search(metadata), _VALUE_METADATA.search(metadata)
    rich = [int(value) for value in _RVB.findall(future[0])] if future else []
    values = [(int(structure), _V.findall(fields)) for structure, fields in _RV.findall(part(_VALUES))]
    structures = [_K.findall(fields) for fields in _S.findall(part(_STRUCTURES))]
    relations = _REL.findall(part(RELATIONS))

    def one(block: str) -> bytes | None:
        for kind, at in _RC.findall(block):
            if types[int(kind) - 1] == _RICH:
                structure, fields = values[rich[int(at)]]
                named = target(relations[int(fields[structures[structure].index(_LOCAL)])])
                return archive.read(named) if named in names else None
        return None

    found: list[bytes | None] = []
    for block in _BK.findall(listed[0]) if listed else ():
        try:
            found.append(one(block))
        except (IndexError, ValueError):
            # Another kind of value (a picture of the web, a stock), or a list that lacks what is named.
            found.append(None)
    return found

"""What the cell formats of our workbooks may look like: fonts, colours and places that hide nothing."""

from __future__ import annotations

import re
import zipfile
from typing import NamedTuple

from lmscompliance.verifier.package import read
from lmscompliance.verifier.shape import COUNT, Shape, Shaped

_PART = "xl/styles.xml"
_MAIN = re.escape("http://schemas.openxmlformats.org/spreadsheetml/2006/main")
_XF = dict.fromkeys(("numFmtId", "fontId", "fillId", "borderId", "xfId"), COUNT)
_APPLIES = dict.fromkeys(
    ("applyNumberFormat", "applyFont", "applyFill", "applyBorder", "applyAlignment"), "1"
)
_EDGES = ("left", "right", "top", "bottom")
_SHAPE: Shape = {
    "styleSheet": {"xmlns": _MAIN},
    **{f"styleSheet/{name}": {"count": COUNT} for name in ("fonts", "fills", "borders", "cellStyles")},
    **{f"styleSheet/{name}": {"count": COUNT} for name in ("cellStyleXfs", "cellXfs")},
    "styleSheet/dxfs": {"count": "0"},
    "styleSheet/tableStyles": {"count": "0", "defaultTableStyle": ".*", "defaultPivotStyle": ".*"},
    "fonts/font": {},
    "font/b": {},
    "font/sz": {"val": "9|10|11|16"},
    # The theme's colours may be anything: no cell of ours has that font (see Look).
    "font/color": {"rgb": "FF1F1F1F|FF595959", "theme": "1"},
    # Others show symbols in place of digits.
    "font/name": {"val": "宋体|黑体"},
    "font/family": {"val": "2"},
    "fills/fill": {},
    "fill/patternFill": {"patternType": "none|gray125|solid"},
    "patternFill/fgColor": {"rgb": "FFE7EEF5|FFF2F2F2"},
    "patternFill/bgColor": {"indexed": "64"},
    "borders/border": {},
    **{f"border/{edge}": {"style": "thin"} for edge in _EDGES},
    **{f"{edge}/color": {"rgb": "FFA6A6A6"} for edge in _EDGES},
    "border/diagonal": {},
    "cellStyleXfs/xf": _XF,
    "cellXfs/xf": _XF | _APPLIES,
    "xf/alignment": {
        "horizontal": "left|center|right",
        "vertical": "top|center|bottom",
        "wrapText": "1",
        # Of numbers, which would show as ### otherwise; a text has to wrap.
        "shrinkToFit": "1",
        "indent": "1",
    },
    "cellStyles/cellStyle": {"name": "Normal", "xfId": "0", "builtinId": "0"},
}


class Look(NamedTuple):
    """How a cell format shows: its number format, -1 where its colour is the theme's; whether text wraps."""

    number_format: int
    wraps: bool


def looks(archive: zipfile.ZipFile) -> list[Look]:
    """Return each cell format; raises ``NotOurWorkbook`` for what could hide or change what a cell says."""
    found: list[Look] = []
    coloured: list[bool] = []
    shaped = Shaped(_PART, _SHAPE)

    def start(name: str, attributes: dict[str, str]) -> None:
        place = shaped.start(name, attributes)
        if place == "fonts/font":
            coloured.append(False)
        elif place == "font/color":
            coloured[-1] = "rgb" in attributes
        elif place == "cellXfs/xf":
            font = int(attributes["fontId"])
            shown = font < len(coloured) and coloured[font]
            found.append(Look(int(attributes["numFmtId"]) if shown else -1, wraps=False))
        elif name == "alignment" and attributes.get("wrapText"):
            found[-1] = found[-1]._replace(wraps=True)

    read(archive, _PART, start, shaped.end)
    return found

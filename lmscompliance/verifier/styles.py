"""What the cell formats of our workbooks may look like: fonts, colours and places that hide nothing."""

from __future__ import annotations

import re
import zipfile
from typing import NamedTuple

from lmscompliance.verifier.package import read
from lmscompliance.verifier.parts import NotOurWorkbook
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
    styles = _Styles()
    read(archive, _PART, styles.start, styles.end)
    return styles.looks


class _Styles:
    """Follows the part that holds fonts, fills and cell formats."""

    def __init__(self) -> None:
        self.looks: list[Look] = []
        self._shaped = Shaped(_PART, _SHAPE)
        self._sections: set[str] = set()
        self._colours: list[list[bool]] = []
        """Of each font, whether each of its colours is its own alone."""
        self._black = self._of_cells = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        place = self._shaped.start(name, attributes)
        if place.startswith("styleSheet/"):
            # Numbers count from the first font of a section: a second one may stand in its place.
            if name in self._sections:
                self._refuse(name)
            self._sections.add(name)
        elif place in {"fill/patternFill", "patternFill/fgColor"}:
            self._black = attributes.get("patternType") == "solid" or (
                self._black and "rgb" not in attributes
            )
        elif name == "alignment":
            self._align(attributes)
        else:
            self._format(place, attributes)

    def end(self, name: str) -> None:
        self._shaped.end(name)
        if name == "patternFill" and self._black:
            msg = "a fill without a colour of its own is black, and hides text"
            raise NotOurWorkbook(msg)

    def _format(self, place: str, attributes: dict[str, str]) -> None:
        if place == "fonts/font":
            self._colours.append([])
        elif place == "font/color":
            # Where both are there, programs take the theme's.
            self._colours[-1].append(attributes.keys() == {"rgb"})
        elif place.endswith("/xf"):
            self._of_cells = place == "cellXfs/xf"
            if self._of_cells:
                font = int(attributes["fontId"])
                shown = font < len(self._colours) and self._colours[font] == [True]
                self.looks.append(Look(int(attributes["numFmtId"]) if shown else -1, wraps=False))

    def _align(self, attributes: dict[str, str]) -> None:
        if not self._of_cells:
            self._refuse("alignment")
        if attributes.get("wrapText"):
            self.looks[-1] = self.looks[-1]._replace(wraps=True)

    def _refuse(self, name: str) -> None:
        msg = f"{_PART} holds a <{name}>, which a ledger never has"
        raise NotOurWorkbook(msg)

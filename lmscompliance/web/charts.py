"""Charts as SVG: bars and columns, drawn by the server, readable on a phone, in print and by a screen reader.

Pure: values in, markup out. No script, no style sheet: what is printed is what is shown. Series differ in
lightness, so that they can be told apart without colours.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from markupsafe import Markup, escape

_WIDTH = 360
"""Units of the drawing: pixels on the smallest phone; wider screens enlarge it."""
_INK, _SOFT, _LINE = "#1a2330", "#566172", "#d5dbe3"
_FILLS = ("#b9cfe6", "#5b8fc7", "#0b3d73")
_FONT = 13
_BAR, _GAP, _HEAD = 9, 10, 20
_LEGEND = 24
_LABEL_UNITS = 38
"""Half-width characters of a label that fit beside the values."""
_PLOT, _AXIS = 150, 22
_LEFT = 40
_THIN = 0.78
"""Share of a column's room that it fills."""


@dataclass(frozen=True, slots=True)
class Group:
    """A label and a value for each series."""

    label: str
    values: tuple[float, ...]


def bars(title: str, about: str, series: Sequence[str], groups: Sequence[Group]) -> Markup:
    """Return horizontal bars, a line of text above each group; ``about`` says the chart in a sentence."""
    most = max((value for group in groups for value in group.values), default=0) or 1
    each = _HEAD + len(series) * (_BAR + 2) + _GAP
    parts = [_legend(series)]
    for number, group in enumerate(groups):
        top = _LEGEND + number * each
        told = " / ".join(_number(value) for value in group.values)
        parts.append(
            f"<g><title>{escape(group.label)}: {told}</title>"
            f"{_text(0, top + 14, _cut(group.label))}"
            f"{_text(_WIDTH, top + 14, told, anchor='end', fill=_SOFT)}"
        )
        for place, value in enumerate(group.values):
            y, width = top + _HEAD + place * (_BAR + 2), _WIDTH * value / most
            parts.append(_box(0, y, width, _BAR, _FILLS[place]))
        parts.append("</g>")
    return _drawing(title, about, _LEGEND + len(groups) * each, parts)


def columns(title: str, about: str, unit: str, groups: Sequence[Group]) -> Markup:
    """Return columns of one value each, in their order, such as days; first, middle and last are labelled."""
    top = _nice(max((group.values[0] for group in groups), default=0))
    parts = [_text(_LEFT, 14, unit, fill=_SOFT)]
    for share in (0, 0.5, 1):
        y = _LEGEND + _PLOT * (1 - share)
        parts.append(f'<path d="M{_LEFT} {y:g}H{_WIDTH}" stroke="{_LINE}" fill="none"/>')
        parts.append(_text(_LEFT - 4, y + 4, _number(top * share), anchor="end", fill=_SOFT))
    room = (_WIDTH - _LEFT) / max(len(groups), 1)
    for number, group in enumerate(groups):
        height = _PLOT * group.values[0] / top
        x = _LEFT + room * (number + (1 - _THIN) / 2)
        told = f"<title>{escape(group.label)}: {_number(group.values[0])}</title>"
        box = _box(x, _LEGEND + _PLOT - height, room * _THIN, height, _FILLS[-1])
        parts.append(f"<g>{told}{box}</g>")
    for number, anchor in ((0, "start"), (len(groups) // 2, "middle"), (len(groups) - 1, "end")):
        if 0 <= number < len(groups) and (anchor != "middle" or len(groups) > len(_FILLS)):
            x = {"start": _LEFT, "middle": _LEFT + room * (number + 0.5), "end": _WIDTH}[anchor]
            parts.append(_text(x, _LEGEND + _PLOT + 16, groups[number].label, anchor=anchor))
    return _drawing(title, about, _LEGEND + _PLOT + _AXIS, parts)


def _drawing(title: str, about: str, height: float, parts: Sequence[str]) -> Markup:
    return Markup(  # noqa: S704  # every text in it is escaped where it is put in
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {height:g}" role="img" xmlns="http://www.w3.org/2000/svg" '
        f'font-size="{_FONT}" font-family="inherit">'
        f"<title>{escape(title)}</title><desc>{escape(about)}</desc>{''.join(parts)}</svg>"
    )


def _legend(series: Sequence[str]) -> str:
    parts, x = [], 0.0
    for place, name in enumerate(series):
        parts.append(_box(x, 4, 12, 12, _FILLS[place]) + _text(x + 16, 15, name))
        x += 30 + _units(name) * _FONT / 2
    return "".join(parts)


def _box(x: float, y: float, width: float, height: float, fill: str) -> str:
    return f'<rect x="{x:.4g}" y="{y:.4g}" width="{width:.4g}" height="{height:.4g}" fill="{fill}"/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start", fill: str = _INK) -> str:
    return f'<text x="{x:.4g}" y="{y:.4g}" text-anchor="{anchor}" fill="{fill}">{escape(text)}</text>'


def _units(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in text)


def _cut(text: str) -> str:
    if _units(text) <= _LABEL_UNITS:
        return text
    while _units(text) > _LABEL_UNITS - 2:
        text = text[:-1]
    return text + "…"


def _nice(most: float) -> float:
    """Return the least of 1, 2, 5, 10, 20 … that ``most`` fits under."""
    if most <= 0:
        return 1
    power = 10.0 ** floor(log10(most))
    return next(step * power for step in (1, 2, 5, 10) if most <= step * power)


def _number(value: float) -> str:
    return str(ceil(value)) if value == ceil(value) else f"{value:.1f}"

"""Charts: what is drawn is what was given, nothing typed becomes markup, and a reader hears what it shows."""

from __future__ import annotations

import pytest
from defusedxml.ElementTree import fromstring

from lmscompliance.web import charts

_SVG = "{http://www.w3.org/2000/svg}"


def _drawn(markup: str):
    return fromstring(markup)


def test_bars_are_as_long_as_their_values() -> None:
    """The largest takes the whole width, the others their share; each group tells its values."""
    groups = [charts.Group("甲厂", (40, 20, 10)), charts.Group("乙厂", (10, 0, 0))]
    drawn = _drawn(charts.bars("按企业", "共 2 项", ["报名", "完成", "合格"], groups))
    widths = [
        float(box.get("width")) for group in drawn.iter(f"{_SVG}g") for box in group.iter(f"{_SVG}rect")
    ]
    assert widths == [360, 180, 90, 90, 0, 0]
    assert [group.find(f"{_SVG}title").text for group in drawn.iter(f"{_SVG}g")] == [
        "甲厂: 40 / 20 / 10",
        "乙厂: 10 / 0 / 0",
    ]
    assert (drawn.get("role"), drawn[0].text, drawn[1].text) == ("img", "按企业", "共 2 项")
    texts = [one.text for one in drawn.iter(f"{_SVG}text")]
    assert texts[:3] == ["报名", "完成", "合格"]


@pytest.mark.parametrize(
    ("most", "top"), [(0, 1), (0.4, 0.5), (1, 1), (3, 5), (7, 10), (99, 100), (101, 200)]
)
def test_columns_stand_on_a_round_axis(most: float, top: float) -> None:
    """The axis ends at the next round figure, and the highest column at its share of it."""
    days = [charts.Group("2021-02-01", (most,)), charts.Group("2021-02-02", (most / 2,))]
    drawn = _drawn(charts.columns("按日期", "两天", "小时", days))
    heights = [float(box.get("height")) for box in drawn.iter(f"{_SVG}rect")]
    assert heights[0] == pytest.approx(150 * most / top, abs=0.5)
    assert heights[1] == pytest.approx(heights[0] / 2, abs=0.5)


def test_nothing_typed_is_markup() -> None:
    """A name is shown as it is typed, and a long one is cut where it is shown, not where it is told."""
    name = "<script>&" + "很长的企业名称" * 8
    drawn = _drawn(charts.bars("t", "a", ["s"], [charts.Group(name, (1,))]))
    group = next(drawn.iter(f"{_SVG}g"))
    assert group.find(f"{_SVG}title").text == f"{name}: 1"
    shown = next(group.iter(f"{_SVG}text")).text
    assert shown.startswith("<script>&")
    assert shown.endswith("…")


def test_no_groups_are_no_error() -> None:
    """An empty chart is drawn, too."""
    for markup in (charts.bars("t", "a", ["s"], []), charts.columns("t", "a", "u", [])):
        assert _drawn(markup).tag == f"{_SVG}svg"

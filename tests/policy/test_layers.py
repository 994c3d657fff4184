"""A district's layer over a city's notice, and notices that supersede others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from lmscompliance.kernel.errors import Conflict
from lmscompliance.policy import Catalogue, Notice, PolicyInvalid, load_file
from lmscompliance.policy.loader import load_text
from lmscompliance.policy.quotes import missing_quotes
from lmscompliance.policy.report import PolicyView

DIRECTORY = Path(__file__).parents[1] / "data" / "policies"
LAYER_TEXT = (DIRECTORY / "kunshan-layer.toml").read_text(encoding="utf-8")
BUILTIN = Catalogue.builtin()
CATALOGUE = BUILTIN.with_directory(DIRECTORY)
CITY, LAYER = (CATALOGUE.get(name) for name in ("wudi-gongjiang-draft", "kunshan-layer"))
DAY = date(2023, 3, 1)


def test_W18_a_layer_states_what_differs_and_the_rest_is_the_citys():
    """Each value is cited from the document it stands in."""
    assert (LAYER.hours.min_total, CITY.hours.min_total) == (40, 35)
    assert LAYER.subsidy.max_trainings == 2
    assert LAYER.subsidy.max_per_online_hour == CITY.subsidy.max_per_online_hour
    assert LAYER.cite("hours.min_total") == "昆人社〔2023〕9号（虚构） 二"
    assert LAYER.cite("subsidy.max_per_online_hour") == "“吴地工匠”征求意见稿 七"
    assert LAYER.source("exam.pass_mark").kind == "house"
    shown = PolicyView(LAYER)
    documents = {name: entry["document"] for name, entry in shown.to_json()["parameters"].items()}
    assert documents["hours.min_total"] == LAYER.document
    assert documents["delivery.max_online_share"] == CITY.document
    assert any("wudi-gongjiang-draft/1" in line for line in shown.lines())


def test_W18_the_effective_text_of_a_layer_gives_it_back():
    """An auditor rebuilds it without the city's file."""
    again = Notice.from_effective(LAYER.effective_json())
    assert again == LAYER
    assert again.cite("subsidy.max_per_online_hour") == LAYER.cite("subsidy.max_per_online_hour")


def test_W47_a_class_of_the_district_is_filed_under_its_layer():
    """From the day it takes effect, in its districts, by whichever of both ids."""
    assert CATALOGUE.applicable(CITY.id, "昆山市", DAY) == LAYER
    assert CATALOGUE.applicable(CITY.id, "昆山市", date(2023, 2, 28)) == CITY
    assert CATALOGUE.applicable(CITY.id, "太仓市", DAY) == CITY
    with pytest.raises(Conflict) as elsewhere:
        CATALOGUE.applicable(LAYER.id, "太仓市", DAY)
    assert "昆山高新区" in elsewhere.value.message()


def test_a_layers_own_quotes_alone_are_looked_for_in_its_text():
    """What it took over is quoted from the city's notice."""
    assert missing_quotes(LAYER, "二、每期培训不少于40课时。三、每人每年不超过2次。") == []
    assert missing_quotes(LAYER, "二、每期培训不少于40课时。") == ["subsidy.max_trainings"]


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ('base = "wudi-gongjiang-draft/1"', 'base = "wudi-gongjiang-draft/9"', "policy.no_base"),
        ('base = "wudi-gongjiang-draft/1"', 'base = "wudi"', "policy.bad_base"),
        ('base = "wudi-gongjiang-draft/1"\n', "", "policy.half_a_layer"),
        ('districts = ["昆山市", "昆山高新区"]\n', "", "policy.half_a_layer"),
        ('districts = ["昆山市", "昆山高新区"]', 'districts = "昆山市"', "policy.not_texts"),
        ('id = "kunshan-layer"', 'id = "kunshan-layer"\nsupersedes = ["X"]', "policy.bad_ids"),
    ],
)
def test_a_bad_layer_is_refused_with_its_line(before, after, code):
    """Half a layer, or one over nothing, would silently be another policy."""
    assert before in LAYER_TEXT
    with pytest.raises(PolicyInvalid) as refused:
        load_text("layer.toml", LAYER_TEXT.replace(before, after), BUILTIN.find)
    assert code in [problem.code for problem in refused.value.problems]
    assert all(problem.message() and problem.message("en") for problem in refused.value.problems)


def test_a_layer_over_a_layer_is_refused():
    """Two files decide a class, not a tower of them."""
    text = LAYER_TEXT.replace("wudi-gongjiang-draft/1", "kunshan-layer/1").replace(
        '"kunshan-layer"', '"other"'
    )
    with pytest.raises(PolicyInvalid) as refused:
        load_text("layer.toml", text, CATALOGUE.find)
    assert [problem.code for problem in refused.value.problems] == ["policy.unfit_base"]


def test_a_layer_stands_before_its_base_in_a_directory(tmp_path):
    """Files are read in whatever order makes sense of them."""
    city = (DIRECTORY / "xinhe-2027.toml").read_text(encoding="utf-8")
    (tmp_path / "z.toml").write_text(city, encoding="utf-8")
    layer = LAYER_TEXT.replace("wudi-gongjiang-draft/1", "xinhe-2027/1")
    (tmp_path / "a.toml").write_text(layer, encoding="utf-8")
    assert BUILTIN.with_directory(tmp_path).get("kunshan-layer").retention.years == 6


def test_W46_nothing_new_is_filed_under_a_superseded_notice():
    """From the successor's day on; what was filed keeps its version, which nobody takes away."""
    successor = replace(LAYER, id="next", base="", districts=(), supersedes=("liusu-youji-2021",))
    catalogue = Catalogue([*BUILTIN.all(), successor])
    assert catalogue.applicable("liusu-youji-2021", "城厢镇", date(2023, 2, 28)).id == "liusu-youji-2021"
    with pytest.raises(Conflict) as refused:
        catalogue.applicable("liusu-youji-2021", "城厢镇", DAY)
    assert "next" in refused.value.message()
    assert catalogue.get("liusu-youji-2021") == BUILTIN.get("liusu-youji-2021")
    assert CITY.supersedes == ("suzhou-xiangmuzhi-2021",)


def test_a_layer_alone_does_not_load():
    """Without the notices around it there is nothing to be over."""
    with pytest.raises(PolicyInvalid):
        load_file(DIRECTORY / "kunshan-layer.toml")

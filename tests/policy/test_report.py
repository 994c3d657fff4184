"""What the command line shows of policies."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from lmscompliance.policy import Catalogue
from lmscompliance.policy.report import check_file, list_policies, show_policy
from tests.policy.test_loader import GOOD

CATALOGUE = Catalogue.builtin()
NOTICES = Path(__file__).parents[2] / "lmscompliance" / "policy" / "notices"
TEXTS = Path(__file__).parents[1] / "data" / "notices"


def test_the_list_names_each_notice_with_its_status():
    """A draft and a demo are recognisable as such."""
    shown = "\n".join(list_policies(CATALOGUE).lines())
    assert all(word in shown for word in ("liusu-youji-2021", "现行", "征求意见稿", "演示"))
    assert "draft" in "\n".join(list_policies(CATALOGUE).lines("en"))
    assert [one["id"] for one in list_policies(CATALOGUE, date(2021, 2, 1)).to_json()] == [
        "demo-short",
        "liusu-youji-2021",
    ]


def test_a_policy_is_shown_with_where_each_value_comes_from():
    """Clause and quote, or house and rationale, stand beside the value; JSON holds every parameter."""
    view = show_policy(CATALOGUE, "liusu-youji-2021")
    shown = "\n".join(view.lines())
    assert "hours.min_total = 24\n    太人社培[2021]1号 五.3  「总课时不得少于24课时」" in shown
    assert "平台规则(通知未作规定)" in shown
    parameters = json.loads(json.dumps(view.to_json()))["parameters"]
    assert parameters["hours.min_total"]["quote"] == "总课时不得少于24课时"
    assert parameters["subsidy.max_per_online_hour"] == {
        "value": None,
        "stated": False,
        "source": "house",
        "clause": "",
        "quote": "",
        "rationale": "",
        "document": "",
    }


def test_checking_a_file_tells_good_from_bad(tmp_path):
    """The check says what is wrong, where, in both languages, and nothing else is needed to correct it."""
    path = tmp_path / "mine.toml"
    path.write_text(GOOD, encoding="utf-8")
    good = check_file(path)
    assert good.ok
    assert "mine" in good.lines()[0]
    path.write_text(GOOD.replace("[hours]", "[hour]"), encoding="utf-8")
    bad = check_file(path)
    assert not bad.ok
    assert any(f"{path}:15: hour:" in line for line in bad.lines("en"))
    assert bad.to_json()["problems"][0]["line"] == 1
    assert bad.to_json()["policy"] is None


def test_quotes_can_be_checked_against_the_notices_own_text():
    """With the bureau's text at hand every quote is looked up, and a wrong one is named with its line."""
    path = NOTICES / "liusu-youji-2021.toml"
    assert check_file(path, TEXTS / "liusu-youji-2021.txt").ok
    wrong = check_file(path, TEXTS / "wudi-gongjiang-draft.txt")
    assert not wrong.ok
    lines = path.read_text(encoding="utf-8").splitlines()
    for problem in wrong.problems:
        assert lines[problem.line - 1].startswith("quote = ")
    assert not check_file(path, TEXTS / "nowhere.txt").ok

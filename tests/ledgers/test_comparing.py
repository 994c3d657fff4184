"""Tables for comparison: who is in them, what is recorded, a platform's own layouts, and the way back."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from lmscompliance.claims import lists
from lmscompliance.claims.models import INSURED
from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.ledgers import comparing
from lmscompliance.services import Services
from tests.claims.office import closed_class
from tests.support.app import administrator, client_for, inspector, make_app, trainee

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PURPOSE = {"purpose": "社保比对"}


@pytest.fixture
def class_id(services: Services, tmp_path: Path) -> str:
    """Return a class of three people."""
    return closed_class(services, tmp_path, "CMP-1", (1, 2, 3))


def test_a_table_is_handed_out_with_its_purpose(services: Services, class_id: str) -> None:
    """Everybody stands in it once, without a purpose nothing is written, and each person finds who had it."""
    app = make_app(services)
    page = f"/compliance/classes/{class_id}/comparison"
    client = client_for(app, administrator())
    shown = client.get(page).text
    for title in ("财政供养人员比对", "社会保险缴费比对", "养老待遇领取比对", "定长报盘（示例）"):
        assert title in shown
    assert client.post(page, data={"layout": "insurance", "form": "json"}).status_code == 422
    assert "社保比对" not in client.get(f"/compliance/classes/{class_id}/reveals").text
    with client.post(page, data={"layout": "insurance", "form": "json", **PURPOSE}) as answer:
        assert "no-store" in answer.headers["Cache-Control"]
        people = json.loads(answer.data)
    assert [one["姓名"] for one in people] == ["张三", "李四四", "王小五"]
    assert len({one["身份证号"] for one in people}) == 3
    assert "社保比对" in client.get(f"/compliance/classes/{class_id}/reveals").text
    with client.post(page, data={"layout": "fixed", **PURPOSE}) as answer:
        lines = answer.data.split(b"\r\n")
    assert {len(line) for line in lines[:-1]} == {18 + 50 + 1 + 11 + 18 + 6}
    assert client.post(page, data={"layout": "none", **PURPOSE}).status_code == 422
    for actor, status in ((trainee(), 403), (inspector("沙溪镇"), 404)):
        assert client_for(app, actor).post(page, data={"layout": "fiscal", **PURPOSE}).status_code == status


def test_what_was_handed_out_comes_back(services: Services, class_id: str, tmp_path: Path) -> None:
    """The bureau fills in months beside our own columns, and the table is read as it is."""
    _, data = comparing.table(
        services, administrator(), class_id, "insurance", form="gb18030", purpose="社保比对"
    )
    heading, *lines = data.decode("gb18030").split("\r\n")
    answered = [f"{heading.replace('须查月份', '缴费月份')}"]
    answered += [re.sub(",[^,]*$", ",2021-02、2021-03", line) for line in lines if line]
    path = tmp_path / "back.csv"
    path.write_bytes("\r\n".join(answered).encode("gb18030"))
    report = lists.import_list(services, class_id, INSURED, path, by="clerk-1")
    assert report.rows == 3
    assert report.matched == 3


def test_a_platform_has_layouts_of_its_own(services: Services, class_id: str, tmp_path: Path) -> None:
    """They stand above the product's; a file that cannot be used is named."""
    path = tmp_path / "ours.toml"
    object.__setattr__(services.settings, "layouts", path)
    with pytest.raises(Misconfigured):
        comparing.known(services)
    path.write_text(
        '[[layout]]\nid = "fiscal"\ntitle = "本市比对"\nkind = "separated"\ndelimiter = "|"\n'
        'field = [{ name = "号", source = "id_number" }, { name = "班", source = "class_code" }]\n',
        encoding="utf-8",
    )
    name, data = comparing.table(services, administrator(), class_id, "fiscal", form="", purpose="核对")
    assert name == "本市比对-CMP-1.csv"
    lines = data.decode("utf-8-sig").split("\r\n")
    assert lines[0] == "号|班"
    assert all(re.fullmatch(r"[0-9X]{18}\|CMP-1", line) for line in lines[1:-1])

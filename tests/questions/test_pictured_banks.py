"""Pictures that banks name or hold, of stems and of options, in every format; what is missing is an error."""

from __future__ import annotations

import base64
import io
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from sqlalchemy import select

from lmscompliance.questions import service
from lmscompliance.questions.draft import Draft
from lmscompliance.questions.models import Question
from lmscompliance.questions.sources import read_all
from lmscompliance.storage.transaction import reading
from tests.questions.books import codes
from tests.questions.test_pictures import known, picture

RED, BLUE, GREEN = picture("red"), picture("blue"), picture("green")
INLINE = "data:image/png;base64," + base64.b64encode(RED).decode()
GIFT = """\
[html]相对路径<img src="pics/红.png">{T}

[html]插件文件<img src="@@PLUGINFILE@@/%E7%BA%A2.png?time=1">{T}

[html]内嵌<img src\\="INLINE">{T}

[markdown]标记 ![图](pics/蓝.png){T}

[html]哪个是红色{=<img src\\="pics/红.png"> ~<img src\\="pics/蓝.png"> ~都不是}

[html]不见了<img src="pics/无.png">{T}

[html]网上<img src="https://example.org/a.png">{T}

[html]两张一项{=<img src\\="pics/红.png"><img src\\="pics/蓝.png"> ~乙}

[html]越界<img src="../../secret.png">{T}
""".replace("INLINE", INLINE.replace("=", "\\=").replace(":", "\\:"))

OFFERED = "".join(
    f'<simpleChoice identifier="{name}"><p>{shown}</p></simpleChoice>'
    for name, shown in (("A", '<img src="../media/red.png" alt="红"/>'), ("B", "都不是"))
)
ITEM = f"""<assessmentItem identifier="q" title="甲">
<responseDeclaration identifier="R" cardinality="single" baseType="identifier">
<correctResponse><value>A</value></correctResponse></responseDeclaration>
<itemBody><choiceInteraction responseIdentifier="R">
<prompt>看<img src="../media/blue.png" alt="图"/>，选哪个？</prompt>{OFFERED}</choiceInteraction></itemBody>
</assessmentItem>"""


def found(path: Path) -> tuple[dict[str, Draft], dict[str, str]]:
    """Return the questions of a bank file by their stems, and the codes of refusals by what was refused."""
    ((_, one),) = read_all([path])
    return {draft.stem: draft for draft in one.drafts}, {
        str(refusal.reason.params.get("name", "")): refusal.reason.code for refusal in one.refusals
    }


def archive(path: Path, members: dict[str, bytes]) -> Path:
    """Write a ZIP."""
    with zipfile.ZipFile(path, "w") as package:
        for name, data in members.items():
            package.writestr(name, data)
    return path


@pytest.mark.parametrize("form", ["zip", "folder"])
def test_gift_with_its_files(tmp_path: Path, form: str):
    """Named, embedded and inline pictures come with the text; a missing one is an error that names it."""
    members = {"bank.gift": GIFT.encode(), "pics/红.png": RED, "pics/蓝.png": BLUE}
    (tmp_path / "secret.png").write_bytes(GREEN)
    if form == "zip":
        path = archive(tmp_path / "b.zip", {f"库/{name}": data for name, data in members.items()})
    else:
        path = tmp_path / "deep" / "bank.gift"
        (path.parent / "pics").mkdir(parents=True)
        for name, data in members.items():
            (path.parent / name).write_bytes(data)
    drafts, errors = found(path)
    shown = {stem: known(*draft.pictures) for stem, draft in drafts.items()}
    red, blue = known(RED), known(BLUE)
    assert shown.pop("哪个是红色") == []
    if form == "folder":
        # A folder is not searched for a name alone; an archive holds one bank and its files.
        assert errors.pop("红.png") == "picture_missing"
    else:
        assert shown.pop("插件文件") == red
    assert shown == {"相对路径": red, "内嵌": red, "标记": blue}
    choice = drafts["哪个是红色"]
    assert (choice.options, choice.key, codes(choice)) == (("", "", "都不是"), [0], [])
    assert [known(one) if one else [] for one in choice.option_pictures] == [red, blue, []]
    assert errors == {
        "pics/无.png": "picture_missing",
        "https://example.org/a.png": "picture_elsewhere",
        "": "option_has_pictures",
        "../../secret.png": "picture_missing",
    }


def test_a_qti_package_with_its_media(tmp_path: Path):
    """Pictures of prompt and options lie beside the item; without the file the item is refused by name."""
    listed = '<resource type="imsqti_item_xmlv2p1" href="items/q.xml"/>'
    manifest = f"<manifest><resources>{listed}</resources></manifest>".encode()
    members = {"imsmanifest.xml": manifest, "items/q.xml": ITEM.encode(), "media/red.png": RED}
    drafts, errors = found(archive(tmp_path / "a.zip", members))
    assert (drafts, errors) == ({}, {"../media/blue.png": "picture_missing"})
    drafts, errors = found(archive(tmp_path / "b.zip", members | {"media/blue.png": BLUE}))
    (draft,) = drafts.values()
    assert (known(*draft.pictures), known(draft.option_pictures[0]), draft.key) == (
        known(BLUE),
        known(RED),
        [0],
    )
    assert (draft.stem, draft.options, codes(draft), errors) == ("看，选哪个？", ("", "都不是"), [], {})


def sheet(path: Path) -> Path:
    """Write a workbook with pictures placed in cells, floating over empty options, and beside texts."""
    book = xlsxwriter.Workbook(path)
    page = book.add_worksheet()
    page.write_row(0, 0, ["题目", "A", "B", "C", "答案", "图片"])
    page.write_row(1, 0, ["格中图：哪个是红色", None, None, "都不是", "A"])
    page.write_row(2, 0, ["浮动图：哪个是蓝色", None, None, "都不是", "B"])
    page.write_row(3, 0, ["题图：对吗", "对", "错", None, "A"])
    page.write_row(4, 0, ["缺一项", None, None, None, "B"])
    page.write(5, 0, "错误值")
    page.write_formula(5, 1, "=NA()", None, "#N/A")
    page.write_row(5, 2, ["乙", "丙", "B"])
    for row in range(6):
        page.set_row(row, 60)
    for row, column, data in ((1, 1, RED), (1, 2, BLUE), (3, 5, GREEN), (4, 1, GREEN)):
        page.embed_image(row, column, "p.png", {"image_data": io.BytesIO(data)})
    for row, column, data in ((2, 1, RED), (2, 2, BLUE), (3, 1, RED)):
        page.insert_image(row, column, "p.png", {"image_data": io.BytesIO(data), "object_position": 2})
    book.close()
    return path


def test_pictures_placed_in_cells_of_a_workbook(tmp_path: Path):
    """A picture in an option's cell is the option; one over a text belongs to the question."""
    drafts, _ = found(sheet(tmp_path / "b.xlsx"))
    red, blue, green = known(RED), known(BLUE), known(GREEN)
    for stem, right in (("格中图：哪个是红色", 0), ("浮动图：哪个是蓝色", 1)):
        draft = drafts[stem]
        assert (draft.options, draft.key, draft.pictures, codes(draft)) == (
            ("", "", "都不是"),
            [right],
            (),
            [],
        )
        assert [known(one) if one else [] for one in draft.option_pictures] == [red, blue, []]
    asked = drafts["题图：对吗"]
    assert (asked.kind, known(*asked.pictures), codes(asked)) == ("true_false", [*red, *green], [])
    ((_, whole),) = read_all([tmp_path / "b.xlsx"])
    assert [(one.source.row, one.reason.code) for one in whole.refusals] == [
        (5, "one_option"),
        (6, "cell_error"),
    ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_options_that_are_pictures_come_back_from_exports(services, tmp_path: Path):
    """They are kept by digest, and a workbook or GIFT text of the bank says the same again."""
    service.import_paths(services, [sheet(tmp_path / "b.xlsx")], topic="岗位技能")
    wanted = select(Question.option_pictures).where(Question.stem == "格中图：哪个是红色")
    with reading(services.database) as session:
        assert session.scalars(wanted).one() == [*known(RED), *known(BLUE), ""]
    for form in ("xlsx", "gift"):
        told = service.export(services, tmp_path / f"out.{form}", topic="岗位技能", form=form)
        assert (told.exported, told.unwritable) == (3, ())
        report = service.import_paths(services, [tmp_path / f"out.{form}"])
        assert (report.added, report.changed, report.unchanged) == (0, 0, 3)

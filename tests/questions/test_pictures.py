"""Pictures of a bank: kept by digest, frozen into papers, shown, and given back in a workbook."""

from __future__ import annotations

import base64
import io
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest
import xlsxwriter
from PIL import Image
from sqlalchemy import select

from lmscompliance.questions import service
from lmscompliance.questions.models import Question
from lmscompliance.questions.pictures import png
from lmscompliance.questions.queries import drawable
from lmscompliance.storage.transaction import reading

TOPIC = "岗位技能"
HEADER = ["题型", "题目", "选项", "答案", "图片"]
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def picture(colour: str, form: str = "PNG", side: int = 60) -> bytes:
    """Return a picture of one colour."""
    target = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(target, form)
    return target.getvalue()


def bank(path: Path, rows: list[list[str | None]], floating: dict[int, list[bytes]]) -> Path:
    """Write a bank with pictures that float over the rows named (from 1 below the header)."""
    book = xlsxwriter.Workbook(path, {"strings_to_formulas": False})
    sheet = book.add_worksheet()
    for index, values in enumerate([HEADER, *rows]):
        sheet.set_row(index, 100)
        sheet.write_row(index, 0, values)
    for row, images in floating.items():
        for at, data in enumerate(images):
            sheet.insert_image(row, 4 + at, "p.png", {"image_data": io.BytesIO(data), "object_position": 2})
    book.close()
    return path


def with_cell_images(path: Path, named: dict[str, bytes]) -> Path:
    """Add what WPS writes for pictures that lie in cells."""
    cells = "".join(
        f'<etc:cellImage><xdr:pic><xdr:nvPicPr><xdr:cNvPr id="{n}" name="{name}"/></xdr:nvPicPr>'
        f'<xdr:blipFill><a:blip r:embed="rId{n}"/></xdr:blipFill></xdr:pic></etc:cellImage>'
        for n, name in enumerate(named, 1)
    )
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{RELATION}/image" Target="media/cell{n}.png"/>'
        for n in range(1, len(named) + 1)
    )
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/cellimages.xml", f"<etc:cellImages>{cells}</etc:cellImages>")
        archive.writestr("xl/_rels/cellimages.xml.rels", f"<Relationships>{links}</Relationships>")
        for n, data in enumerate(named.values(), 1):
            archive.writestr(f"xl/media/cell{n}.png", data)
    return path


def held(services) -> list[tuple[str, list[str], bool]]:
    """Return stem, pictures and flag of every question of the topic."""
    with reading(services.database) as session:
        rows = session.scalars(select(Question).where(Question.topic == TOPIC).order_by(Question.stem))
        return [(row.stem, list(row.pictures or []), row.flagged) for row in rows]


def known(*pictures: bytes) -> list[str]:
    """Return what these pictures are known by once they are kept."""
    return [sha256(png(one) or b"").hexdigest() for one in pictures]


@pytest.fixture
def mixed(tmp_path) -> Path:
    """Return a bank with floating pictures, one in a cell, one that is missing, and twins by their text."""
    red, blue, green = picture("red"), picture("blue", "JPEG"), picture("green")
    rows = [
        ["判断题", "一、如图，两幅", None, "对"],
        ["判断题", "二、单元格里", None, "对", '=DISPIMG("ID_A",1)'],
        ["判断题", "三、找不到", None, "对", '=DISPIMG("ID_B",1)'],
        ["判断题", "四、图中是什么标志", None, "对"],
        ["判断题", "四、图中是什么标志", None, "错"],
        ["判断题", "五、无图", None, "对"],
    ]
    path = bank(tmp_path / "图.xlsx", rows, {1: [red, blue], 4: [red], 5: [green]})
    return with_cell_images(path, {"ID_A": green})


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_pictures_are_kept_in_order_and_tell_questions_apart(services, mixed):
    """All a row's pictures come with it; the same words under another picture are another question."""
    service.import_paths(services, [mixed], topic=TOPIC)
    red, blue, green = picture("red"), picture("blue", "JPEG"), picture("green")
    found = held(services)
    assert [one for one in found if not one[0].startswith("四")] == [
        ("一、如图，两幅", known(red, blue), False),
        ("三、找不到", [], True),
        ("二、单元格里", known(green), False),
        ("五、无图", [], False),
    ]
    twins = [one for one in found if one[0].startswith("四")]
    assert sorted(twins) == sorted([(twins[0][0], known(one), False) for one in (red, green)])
    again = service.import_paths(services, [mixed], topic=TOPIC)
    assert (again.added, again.changed) == (0, 0)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_export_carries_its_pictures(services, mixed, tmp_path):
    """A workbook or GIFT text written from the bank reads back the same pictures."""
    service.import_paths(services, [mixed], topic=TOPIC)
    told = service.export(services, tmp_path / "out.xlsx", topic=TOPIC)
    assert (told.exported, told.waiting, told.unwritable) == (5, 1, ())
    before = held(services)
    report = service.import_paths(services, [tmp_path / "out.xlsx"])
    assert (report.added, report.changed, report.unchanged) == (0, 0, 5)
    assert held(services) == before
    gift = service.export(services, tmp_path / "out.gift", topic=TOPIC, form="gift")
    assert (gift.exported, gift.unwritable) == (5, ())
    again = service.import_paths(services, [tmp_path / "out.gift"])
    assert (again.added, again.changed, again.unchanged) == (0, 0, 5)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_moodles_embedded_pictures(services, tmp_path):
    """A file of the text is shown with it; what is no picture leaves a doubt."""
    red = base64.b64encode(picture("red")).decode()
    questions = "".join(
        f'<question type="truefalse"><questiontext format="html"><text><![CDATA[<p>{stem}<img '
        f'src="@@PLUGINFILE@@/a.png"></p>]]></text><file name="a.png" encoding="base64">{data}</file>'
        f'</questiontext><answer fraction="100"><text>true</text></answer></question>'
        for stem, data in (("一", red), ("二", "bm90IGEgcGljdHVyZQ=="), ("三", "%%%"))
    )
    path = tmp_path / "m.xml"
    path.write_text(f"<quiz>{questions}</quiz>", encoding="utf-8")
    service.import_paths(services, [path], topic=TOPIC)
    assert held(services) == [("一", known(picture("red")), False), ("三", [], True), ("二", [], True)]


def test_a_kept_picture_stays_as_it_is():
    """Keeping it again changes nothing; large ones shrink; what hides behind one is gone."""
    for raw in (picture("red"), picture("red", "JPEG"), picture("red", "WEBP"), picture("red", side=3000)):
        kept = png(raw + b"secret")
        assert kept is not None
        assert png(kept) == kept
        assert b"secret" not in kept
        assert max(Image.open(io.BytesIO(kept)).size) <= 1200
    for raw in (b"", b"%PDF-1.4", b"GIF89a", picture("red")[:40]):
        assert png(raw) is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_question_is_drawn_with_its_pictures(services, mixed):
    """What an exam freezes names the pictures by digest."""
    service.import_paths(services, [mixed], topic=TOPIC)
    with reading(services.database) as session:
        drawn = {one.stem: one.pictures for one in drawable(session, TOPIC, "true_false")}
    assert drawn["二、单元格里"] == tuple(known(picture("green")))
    assert drawn["五、无图"] == ()

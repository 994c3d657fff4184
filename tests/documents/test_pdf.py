"""A long PDF/A put together from pieces: page numbers, contents, links, and the same bytes each time."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from pathlib import Path

import pikepdf
import pytest

from lmscompliance.documents import pdf
from lmscompliance.documents.font import BUILT_IN, Typeface
from lmscompliance.documents.pdf_rows import Spool
from lmscompliance.kernel.clock import SHANGHAI
from lmscompliance.rules.ledger_table import Column, Row, Sheet, Style, row
from tests.documents.pdfa import assert_pdfa
from tests.support.poppler import words_of

AT = datetime(2021, 3, 1, 9, 0, tzinfo=SHANGHAI)
COVER = pdf.Cover(
    "学习台账 甲",
    "焊工班",
    "学习台账",
    [("企业名称", "虚构公司 \U0002caaa")],
    ["企业（盖章）", "平台（盖章）"],
    "说明。",
)
SHEETS = (
    Sheet(
        "封面",
        "&L A&&B 封面&C第 &P 页 / 共 &N 页&R 2021-03-01",
        (Column(20), Column(72), Column(18), Column(37)),
    ),
    Sheet(
        "②明细",
        "&L A&&B ②&C第 &P 页 / 共 &N 页&R 2021-03-01",
        (Column(6, centred=True), Column(20), Column(9)),
        3,
    ),
)
ROWS = 130


def _rows() -> list[tuple[int, Row]]:
    made = [
        (0, row(Style.TITLE, "台账")),
        (0, row(Style.FIELDS, "企业", "虚构公司", "批次", "甲")),
        (0, row(Style.FIELD, "摘要值", "SHA-256 " + "0123456789abcdef" * 8)),
        (0, row(Style.STAMP, "企业\n（盖章）", "", "平台\n（盖章）", "")),
        (1, row(Style.TITLE, "学习明细")),
        (1, row(Style.NOTE, "说明一\n说明二")),
        (1, row(Style.HEAD, "序号", "姓名", "时长(分)")),
    ]
    made += [(1, row(Style.DATA, n, f"=人员{n}号", Fraction(n, 3))) for n in range(1, ROWS + 1)]
    # As when a workbook is filled, rows of one sheet come between those of another.
    made += [(0, row(Style.HEAD, "文件", "摘要值")), (1, row(Style.TOTAL, "合计", None, ROWS))]
    return made


def _write(tmp_path: Path, name: str, typeface: Typeface = BUILT_IN) -> Path:
    folder = tmp_path / f"{name}.rows"
    folder.mkdir()
    spool = Spool(folder, SHEETS, typeface)
    assert list(spool.through(_rows())) == _rows()
    path = tmp_path / f"{name}.pdf"
    told: list[tuple[int, int]] = []
    pdf.write(path, COVER, spool, AT, lambda *at: told.append(at), piece_rows=50)
    assert [done for done, _ in told] == [1, 2, 3]
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a PDF of three pieces."""
    return _write(tmp_path_factory.mktemp("pdf"), "one")


def test_the_whole_is_one_pdf_a_without_leavings(made: Path) -> None:
    """Joined and numbered, it keeps the standard; nothing stands beside it."""
    assert_pdfa(made, "2", "U")
    assert [path.name for path in made.parent.glob("*.pdf")] == ["one.pdf"]
    assert not list(made.parent.glob(".pdf-*"))


def test_every_page_says_which_it_is_and_the_contents_lead_there(made: Path) -> None:
    """X of Y runs over all pieces; contents, bookmarks and links name the page each sheet starts on."""
    with pikepdf.open(made) as opened:
        total = len(opened.pages)
        places = {page.obj.objgen: number for number, page in enumerate(opened.pages, 1)}
        links = [places[note.Dest[0].objgen] for page in opened.pages for note in page.get("/Annots", [])]
        with opened.open_outline() as outline:
            marked = {item.title: places[item.destination[0].objgen] for item in outline.root}
    texts = [words_of(made, page) for page in range(1, total + 1)]
    assert total == 2 + 1 + 2 + 2 + 1, "cover and contents, the form, three pieces"
    for number, text in enumerate(texts, 1):
        assert f"第{number}页/共{total}页" in text
    assert marked == {"封面": 3, "②明细": 4}
    assert links == [3, 4]
    assert "..3" in texts[1]
    assert "..4" in texts[1]
    assert "A&B②" in texts[3]
    assert all("时长(分)" in text for text in texts[3:])


def test_every_row_is_there_once_and_in_order(made: Path) -> None:
    """Across pieces and pages nothing is lost; quotients have two decimals, texts stay texts."""
    whole = words_of(made)
    assert [whole.count(f"=人员{n}号") for n in range(1, ROWS + 1)] == [1] * ROWS
    assert whole.index("=人员50号") < whole.index("=人员51号") < whole.index("=人员130号")
    assert "=人员130号43.33" in whole
    assert "=人员1号0.33" in whole
    assert "虚构公司〔U+2CAAA〕" in whole


def test_the_same_rows_give_the_same_bytes(made: Path, tmp_path: Path) -> None:
    """The second of two equal documents is equal."""
    assert _write(tmp_path, "one").read_bytes() == made.read_bytes()


def test_only_a_column_of_numbers_alone_is_set_to_the_right(tmp_path: Path) -> None:
    """Where texts and numbers stand in one column of a form, all begin at the left."""
    spool = Spool(
        tmp_path, [Sheet("表", "", (Column(6), Column(6), Column(6), Column(6, centred=True)))], BUILT_IN
    )
    for cells in (("文件", 7, None, 1), ("参数", "exam.attempts", 2, 3), ("", None, "", 4)):
        spool.add(0, row(Style.DATA, *cells))
    (piece,) = spool.pieces()
    assert [block["aligns"] for block in piece.blocks if isinstance(block, dict)] == [["l", "l", "r", "c"]]


def test_a_template_that_fails_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the typesetter says is told, and there is no half file."""
    monkeypatch.setattr(pdf, "PLAIN", "a-9z")
    spool = Spool(tmp_path, SHEETS, BUILT_IN)
    with pytest.raises(RuntimeError, match="a-9z"):
        pdf.write(tmp_path / "x.pdf", COVER, spool, AT)
    assert not list(tmp_path.glob("*.pdf"))

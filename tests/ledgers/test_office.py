"""LibreOffice, an independent judge, opens and prints the ledger, and IDs survive as text."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE_SECONDS
from tests.verifier.conftest import Exported, make

pytestmark = pytest.mark.judge

EVERY_SHEET = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
"""Comma, quote, UTF-8, from line 1, and a file for each sheet (-1)."""


@pytest.fixture(scope="module")
def office() -> str:
    """Return the path of LibreOffice."""
    found = shutil.which("soffice")
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail(
                "LibreOffice is missing; under CI=true that is a failure: apt-get install libreoffice-calc"
            )
        pytest.skip("LibreOffice is not installed: apt-get install libreoffice-calc")
    return found


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Return an exported miniature class."""
    return make(tmp_path_factory.mktemp("office"))


def _convert(office: str, source: Path, form: str, folder: Path) -> None:
    # A profile of its own, so that several runs at once, or a user's open office, do not meet.
    profile = f"-env:UserInstallation=file://{folder / 'profile'}"
    subprocess.run(
        [office, profile, "--headless", "--convert-to", form, "--outdir", str(folder), str(source)],
        check=True,
        capture_output=True,
        timeout=10 * PATIENCE_SECONDS,
    )


def test_ids_survive_as_text(office: str, exported: Exported, tmp_path: Path) -> None:
    """Every sheet comes out as the text that is in the cells."""
    _convert(office, exported.export.workbook, EVERY_SHEET, tmp_path)
    sheets = {path.stem.split("-")[-1]: path for path in tmp_path.glob("*.csv")}
    assert len(sheets) == 7
    with sheets["①学员签到注册记录"].open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[3:]
    assert [(row[3], row[4]) for row in rows] == [
        ("11010519491231002X", "13800138000"),
        ("440524188001010014", "13900139001"),
        ("610104196209276908", "15012345678"),
        ("830000199201300022", "18612345678"),
        ("810000199408230021", "13712345678"),
    ]
    assert rows[2][1] == "=1+1"
    with sheets["②学习记录明细"].open(encoding="utf-8", newline="") as file:
        total = next(row for row in csv.reader(file) if row[0] == "合计")
    assert [float(cell) for cell in total[10:12]] == [pytest.approx(20 + 1 / 3), pytest.approx(18 + 2 / 3)]


def test_it_prints_on_a4_landscape_with_page_numbers(office: str, exported: Exported, tmp_path: Path) -> None:
    """Each sheet fits the page's width, and the footer counts the pages."""
    _convert(office, exported.export.workbook, "pdf", tmp_path)
    pdf = next(tmp_path.glob("*.pdf"))
    if shutil.which("pdfinfo") is None:
        pytest.skip("pdfinfo is not installed: apt-get install poppler-utils")
    info = subprocess.run(["pdfinfo", str(pdf)], check=True, capture_output=True, text=True).stdout
    assert re.search(r"Page size: +84[12][.\d]* x 595[.\d]* pts", info), info
    shown = subprocess.run(
        ["pdftotext", "-layout", str(pdf), "-"], check=True, capture_output=True, text=True
    )
    text = shown.stdout
    pages = text.rstrip("\f").split("\f")
    assert len(pages) <= 14
    for number, page in enumerate(pages, 1):
        assert f"第{number}页/共{len(pages)}页" in "".join(page.split())
    assert "11010519491231002X" in text

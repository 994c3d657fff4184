"""Copies for the public: a masked workbook that the full bundle verifies, a bundle without any person."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest

from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.ledgers import jobs
from lmscompliance.ledgers.models import PUBLIC
from lmscompliance.ledgers.service import Export, export
from lmscompliance.services import Services
from lmscompliance.verifier import Verdict, bundle, verify
from tests.ledgers.miniature import CODE, PEOPLE, Miniature
from tests.support.app import administrator, client_for, make_app
from tests.verifier.tamper import take_apart

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def both(
    services: Services, signer: LocalSigner, miniature: Miniature, tmp_path: Path
) -> tuple[Export, Export]:
    """Return the full and the public export of one class, in one directory."""
    full = export(services, signer, miniature.class_id, tmp_path / "out")
    return full, export(services, signer, miniature.class_id, tmp_path / "out", form=PUBLIC)


def _text(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        return "\n".join(archive.read(name).decode() for name in archive.namelist())


def test_a_masked_workbook_is_verified_by_the_full_bundle(
    both: tuple[Export, Export], tmp_path: Path
) -> None:
    """Names, numbers, phones and addresses are masked, figures are not, and an edited cell is named."""
    full, public = both
    assert public.workbook.name == f"{CODE}.public.xlsx"
    assert (public.snapshot, public.size) == (full.snapshot, full.size)
    report = verify(full.bundle, full.trust.read_bytes(), public.workbook)
    assert report.verdict is Verdict.VALID, "\n".join(report.lines("en"))
    assert any("masked copy" in line for line in report.lines("en"))
    shown = _text(public.workbook)
    for secret in ("王建国", "11010519491231002X", "13800138000", "10.0.0.1", "关于岗位技能"):
        assert secret in _text(full.workbook)
        assert secret not in shown
    book, whole = openpyxl.load_workbook(public.workbook), openpyxl.load_workbook(full.workbook)
    assert [cell.value for cell in book["①学员签到注册记录"][4]][1:5] == [
        "王**", "男", "110105********002X", "138****8000",
    ]  # fmt: skip
    for sheet, column in (("⑤考核成绩册", "P"), ("②学习记录明细", "L"), ("③学习汇总", "K")):
        assert [one.value for one in book[sheet][column]] == [one.value for one in whole[sheet][column]]
    edited = tmp_path / "edited.xlsx"
    with zipfile.ZipFile(public.workbook) as source, zipfile.ZipFile(edited, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace("王**".encode(), "张**".encode()))
    report = verify(full.bundle, full.trust.read_bytes(), edited)
    assert report.verdict is Verdict.INVALID
    assert any("张**" in line and "王**" in line for line in report.lines("zh_CN"))


def test_a_bundle_for_mirrors_holds_nobody(both: tuple[Export, Export]) -> None:
    """No value about a person or a question is in it; what remains verifies, with that as a finding."""
    _, public = both
    report = verify(public.bundle, public.trust.read_bytes())
    assert report.verdict is Verdict.VALID_WITH_FINDINGS, "\n".join(report.lines("en"))
    codes = {remark.code for remark in report.findings}
    assert {"withheld", "cells_withheld"} <= codes
    files = take_apart(public.bundle)
    inner = Path(public.bundle.parent, "inner.xlsx")
    inner.write_bytes(files[bundle.LEDGER])
    everything = "\n".join([_text(inner), *(data.decode("utf-8", "replace") for data in files.values())])
    for person in PEOPLE:
        for value in person[:1] + person[2:4]:
            assert value not in everything
    for secret in ("10.0.0.1", "MicroMessenger", "关于岗位技能"):
        assert secret not in everything
    assert "太仓示范精密机械有限公司" in everything


def test_both_copies_repeat_byte_for_byte(
    services: Services, signer: LocalSigner, miniature: Miniature, both: tuple[Export, Export], tmp_path: Path
) -> None:
    """At one snapshot the masked workbook and the mirror's data are the same again."""
    _, first = both
    again = export(services, signer, miniature.class_id, tmp_path / "again", form=PUBLIC)
    assert again.workbook.read_bytes() == first.workbook.read_bytes()
    one, two = take_apart(first.bundle), take_apart(again.bundle)
    names = (*bundle.DATA_FILES, bundle.LEDGER)
    assert [one[name] for name in names] == [two[name] for name in names]


def test_the_page_offers_a_masked_copy(services: Services, signer: LocalSigner, miniature: Miniature) -> None:
    """It is asked for beside the full one and fetched without saying what for."""
    client = client_for(make_app(services), administrator())
    page = f"/compliance/classes/{miniature.class_id}/ledger"
    assert client.post(page, data={"form": "half"}).status_code == 422
    assert client.post(page, data={"form": "public"}).status_code == 303
    jobs.build_asked(services, signer)
    shown = client.get(page).text
    assert "公示用，已脱敏" in shown
    assert "purpose" not in shown
    (folder,) = (services.settings.export_dir / miniature.class_id).iterdir()
    with client.get(f"{page}/{folder.name}/workbook", follow_redirects=True) as answer:
        assert answer.status_code == 200
        assert f"{CODE}.public.xlsx" in answer.headers["Content-Disposition"]

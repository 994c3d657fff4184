"""The archive copy of a ledger: the workbook's rows as PDF/A, bound by the log like the workbook."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.kernel.clock import ManualClock
from lmscompliance.ledgers.service import Export, export
from lmscompliance.services import Services
from lmscompliance.verifier import Verdict, bundle, verify
from tests.documents.pdfa import assert_pdfa
from tests.ledgers import miniature as miniature_class
from tests.ledgers.miniature import Miniature
from tests.support.fonts import drawn_with_further, write_font
from tests.support.poppler import words_of
from tests.verifier.tamper import check, take_apart

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def done(services: Services, signer: LocalSigner, miniature: Miniature, tmp_path: Path) -> Export:
    """Return an export with its archive copy."""
    return export(services, signer, miniature.class_id, tmp_path / "out", pdf=True)


def test_the_archive_copy_says_what_the_workbook_says(done: Export) -> None:
    """Every number, date and address is on paper, each verdict beside its clause; the log has the digest."""
    assert done.pdf is not None
    assert_pdfa(done.pdf, "2", "U")
    words = words_of(done.pdf)
    book = CalamineWorkbook.from_path(str(done.workbook))
    said = {
        cell
        for name in book.sheet_names
        for cells in book.get_sheet_by_name(name).to_python()
        for cell in cells
        if isinstance(cell, str) and _UNBROKEN.fullmatch(cell)
    }
    missing = {text for text in said if text not in words}
    assert len(said) > 40
    assert missing == set()
    assert "判定与依据" in words
    assert "2次考核均未通过，最高50分（合格线60分）。平台规则" in words
    files = take_apart(done.bundle)
    assert files[bundle.LEDGER_PDF] == done.pdf.read_bytes()
    report = verify(done.bundle, done.trust.read_bytes())
    assert report.verdict is Verdict.VALID, "\n".join(report.lines("en"))
    assert "owe_pdf" in {one.code for one in report.owes}


_UNBROKEN = re.compile(r"[0-9X:.-]{1,18}")
"""Numbers, dates, times and addresses; other texts may be broken over lines of a cell."""


def test_an_unchanged_class_gives_the_same_paper(
    done: Export, services: Services, signer: LocalSigner, miniature: Miniature, tmp_path: Path
) -> None:
    """Days later the PDF is the same to the byte; an export without it is whole, too."""
    miniature.clock.advance(3 * 86400)
    again = export(services, signer, miniature.class_id, tmp_path / "two", pdf=True)
    assert done.pdf is not None
    assert again.pdf is not None
    assert again.pdf.read_bytes() == done.pdf.read_bytes()
    bare = export(services, signer, miniature.class_id, tmp_path / "three")
    assert bare.pdf is None
    assert bundle.LEDGER_PDF not in take_apart(bare.bundle)
    assert verify(bare.bundle, bare.trust.read_bytes()).verdict is Verdict.VALID


def test_another_paper_is_found_out(done, services, signer, miniature, tmp_path):
    """An edited PDF, a missing one, and one that no export recorded each fail, whatever the manifest says."""
    files = take_apart(done.bundle)
    paper = files[bundle.LEDGER_PDF]
    bare = take_apart(export(services, signer, miniature.class_id, tmp_path / "bare").bundle)
    smuggled = {name: paper if name == bundle.LEDGER_PDF else bare[name] for name in bundle.ORDER}
    without = {name: data for name, data in files.items() if name != bundle.LEDGER_PDF}
    for changed, code in (
        (files | {bundle.LEDGER_PDF: paper + b"%"}, "digest_recorded"),
        (without, "wrong_files"),
        (smuggled, "export_names"),
    ):
        report = check(changed, done.trust.read_bytes(), tmp_path)
        assert report.verdict is Verdict.INVALID
        assert code in {problem.code for problem in report.problems}
        assert "owe_pdf" not in {one.code for one in report.owes}, "told to be the one that was exported"


def test_a_rare_name_is_printed_with_the_font_that_has_it(
    services: Services,
    signer: LocalSigner,
    clock: ManualClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the platform's own font the name stands as in the workbook, and the bundle holds."""
    first, *others = miniature_class.PEOPLE
    monkeypatch.setattr(miniature_class, "PEOPLE", (("王𠮷", *first[1:]), *others))
    class_id = miniature_class.build(services, clock).class_id
    fonts = replace(services.settings, fonts_dir=write_font(tmp_path / "fonts", "王𠮷"))
    done = export(replace(services, settings=fonts), signer, class_id, tmp_path / "out", pdf=True)
    assert done.pdf is not None
    assert_pdfa(done.pdf, "2", "U")
    words = words_of(done.pdf)
    assert "王𠮷" in words
    assert "〔U+20BB7〕" not in words
    assert drawn_with_further(done.pdf) == "𠮷"
    assert verify(done.bundle, done.trust.read_bytes()).verdict is Verdict.VALID

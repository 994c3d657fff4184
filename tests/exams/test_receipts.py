"""What a trainee can take away from an exam: receipts of the paper and of its mark."""

from __future__ import annotations

import pytest

from lmscompliance.evidence.sealer import seal_all
from lmscompliance.verifier import Verdict, verify_receipt
from tests.signer.heads import signer_in
from tests.support.app import client_for, make_app, trainee

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_receipts_of_paper_and_mark_once_they_are_sealed(hall, tmp_path) -> None:
    """Before, the page says when; then each file proves its entry and opens the trainee's own answers."""
    attempt = hall.start()
    hall.submit(attempt, 1, hall.right(attempt, 8))
    browser = client_for(make_app(hall.services), trainee("trainee-1"))
    page = f"/compliance/attempts/{attempt}"
    assert "封存后可下载" in browser.get(page).text
    assert browser.get(f"{page}/receipt/graded").status_code == 409
    signer = signer_in(tmp_path)
    seal_all(hall.services, signer)
    assert f"{page}/receipt/submitted" in browser.get(page).text
    trust = f"log {signer.vkey}\nquorum none\n"
    paper = verify_receipt(browser.get(f"{page}/receipt/submitted").data, trust)
    mark = verify_receipt(browser.get(f"{page}/receipt/graded").data, trust)
    assert paper.report.verdict is mark.report.verdict is Verdict.VALID
    assert (mark.leaf.body["attempt"], mark.leaf.body["score"]) == (attempt, "80")
    assert set(paper.values) == {"answers", "ip", "timeline"}
    assert browser.get(f"{page}/receipt/opened").status_code == 404
    stranger = client_for(make_app(hall.services), trainee("trainee-2"))
    assert stranger.get(f"{page}/receipt/graded").status_code == 404

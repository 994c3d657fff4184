"""Certificates that a platform with the log's own key might forge: what they state must follow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from lmscompliance.ledgers.models import PUBLIC
from lmscompliance.ledgers.service import export
from lmscompliance.verifier import Verdict, verify
from tests.ledgers.miniature import Miniature
from tests.verifier.conftest import Exported, make
from tests.verifier.tamper import said

Happens = Callable[[Miniature], object]
_NUMBER = "PX-2021-000001"


def _reissued(mini: Miniature) -> None:
    mini.revoke(0, mini.certify(0, 1), _NUMBER)
    mini.certify(0, 2, replaces=_NUMBER)


@pytest.fixture(scope="module")
def reissued(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Return a class of which one passed, whose certificate was revoked and issued again."""
    return make(tmp_path_factory.mktemp("reissued"), _reissued)


def test_what_was_issued_rightly_is_only_told(reissued: Exported, tmp_path: Path) -> None:
    """Revoked and issued again is a finding; without anybody's values the states still verify."""
    report = verify(reissued.export.bundle, reissued.trust)
    assert report.verdict is Verdict.VALID_WITH_FINDINGS, "\n".join(report.lines("en"))
    assert [one.code for one in report.findings] == ["certificate_replaced"]
    assert "由 PX-2021-000002 号证书替代" in "\n".join(report.lines("zh_CN"))
    sheet = openpyxl.load_workbook(reissued.export.workbook)["⑤考核成绩册"]
    cells = [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row]
    assert any("由 PX-2021-000002 替代" in one and "原 PX-2021-000001" in one for one in cells), sheet.title
    mini = reissued.miniature
    mirror = export(mini.services, reissued.signer, mini.class_id, tmp_path, form=PUBLIC)
    report = verify(mirror.bundle, mirror.trust.read_bytes())
    assert report.verdict is Verdict.VALID_WITH_FINDINGS, "\n".join(report.lines("en"))
    assert "证书 1 张有效、1 张已撤销" in "\n".join(report.lines("zh_CN"))
    assert "王建国".encode() not in mirror.bundle.read_bytes()


def _changed_after(mini: Miniature) -> None:
    """Whatever becomes of the record later, the certificate says what was so."""
    mini.certify(0, 1)
    mini.watch(0, 1, 40)
    at = {"at_us": mini.now_us(), "role": "administrator"}
    told = {"name": "王建果", "name_before": "王建国", "by": "admin-1", "reason": "同音"}
    mini.record(f"enrolment/{mini.enrolments[0]}", "identity.corrected", dict(at), **told)


def test_what_changes_after_it_was_issued_harms_nothing(tmp_path: Path) -> None:
    """A corrected name and further learning leave a certificate true as of its day."""
    made = make(tmp_path, _changed_after)
    report = verify(made.export.bundle, made.trust)
    assert report.verdict is Verdict.VALID, "\n".join(report.lines("en"))


_DIFFERENCES: dict[str, str] = {
    "name": "李建国",
    "sex": "female",
    "id_number": "440524188001010014",
    "label": "“吴地工匠”项目制培训",
    "title": "高级焊工班",
    "code": "OTHER-1",
    "enterprise": "别的企业",
    "policy": "别的文件",
    "first_day": "2021-01-01",
    "last_day": "2021-03-31",
    "hours": "40",
    "score": "99",
    "issued_on": "2021-01-01",
    "platform": "别的平台",
    "number": "PX-2021-000009",
}


def test_each_field_that_is_not_what_was_recorded_is_named(tmp_path: Path) -> None:
    """Whatever is changed of what a certificate says, the verifier tells what it should say."""
    made = make(tmp_path, lambda mini: mini.certify(0, 1, says=_DIFFERENCES))
    report = verify(made.export.bundle, made.trust)
    assert report.verdict is Verdict.INVALID
    named = said(report, "certificate_differs")
    assert {one["found"] for one in named} == set(_DIFFERENCES.values())
    assert all(one["number"] == _NUMBER and one["expected"] != one["found"] for one in named)


@pytest.mark.parametrize(
    ("happens", "code"),
    [
        pytest.param(lambda mini: mini.certify(2, 1), "certificate_unearned", id="failed twice"),
        pytest.param(lambda mini: mini.certify(3, 1), "certificate_untrained", id="hardly learnt"),
        pytest.param(lambda mini: mini.certify(0, 1, score="90"), "certificate_differs", id="other score"),
        pytest.param(lambda mini: mini.certify(0, 1, hours="5"), "certificate_differs", id="more hours"),
        pytest.param(
            lambda mini: [mini.certify(0, 1), mini.certify(1, 2, says={"score": "75"}, score="75"),
                          mini.certify(1, 2)],
            "certificate_number",
            id="a number twice",
        ),
        pytest.param(
            lambda mini: [mini.certify(0, 1), mini.certify(0, 2)], "certificate_twice", id="two valid"
        ),
        pytest.param(lambda mini: mini.certify(0, 2), "certificate_gap", id="a count left out"),
        pytest.param(lambda mini: mini.certify(0, 1 << 52), "certificate_gap", id="a count beyond all"),
        pytest.param(
            lambda mini: mini.certify(0, 1, number="WDGJ-2021-000001"),
            "certificate_series",
            id="other series",
        ),
        pytest.param(
            lambda mini: [
                mini.certify(0, 1),
                mini.certify(1, 2, template_sha256="5" * 64, score="75", says={"score": "75"}),
            ],
            "certificate_template",
            id="another look of one edition",
        ),
        pytest.param(
            lambda mini: [mini.revoke(0, mini.certify(0, 1), _NUMBER), mini.certify(0, 2)],
            "certificate_differs",
            id="hides the one before",
        ),
        pytest.param(
            lambda mini: [mini.revoke(0, mini.certify(0, 1), _NUMBER), mini.certify(0, 1, replaces=_NUMBER)],
            "certificate_number",
            id="un-revoked under its number",
        ),
    ],
)  # fmt: skip
def test_what_was_never_earned_or_counted_is_found(tmp_path: Path, happens: Happens, code: str) -> None:
    """Each forgery fails the step of the rules and names the certificate or the year."""
    made = make(tmp_path, happens)
    report = verify(made.export.bundle, made.trust)
    assert report.verdict is Verdict.INVALID
    assert said(report, code), report.problems
    assert "{" not in "".join(report.lines("zh_CN") + report.lines("en"))

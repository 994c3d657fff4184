"""The zipapp: one file, any Python, nothing installed, the same verdicts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lmscompliance.portable import build_zipapp
from tests.portable.conftest import Judged, Receipts
from tests.verifier.corpus import as_json

BARE = (sys.executable, "-I", "-S")
"""Without the environment's packages: no ``cryptography``, and not this checkout either."""

EVERY_CASE = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from lmscompliance.verifier import verify
from lmscompliance.verifier.ed25519 import BACKEND
assert BACKEND == "edwards" and "cryptography" not in sys.modules
for name, trust, workbook in json.load(sys.stdin):
    print(json.dumps(verify(Path(name), trust, Path(workbook) if workbook else None).to_json()))
"""


@pytest.fixture(scope="module")
def zipapp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file, written where nothing of the checkout is."""
    path = tmp_path_factory.mktemp("zipapp") / "lmscompliance-verify.pyz"
    path.write_bytes(build_zipapp())
    return path


def test_the_same_sources_give_the_same_bytes(zipapp: Path) -> None:
    """Whoever builds it from the published sources can compare digests."""
    assert build_zipapp() == zipapp.read_bytes()


def test_every_case_of_the_corpus(zipapp: Path, judged: Judged) -> None:
    """Each report is the installed verifier's, to the last word, with signatures checked by our own code."""
    asked = [[str(one.bundle), one.trust, str(one.workbook or "")] for one in judged.cases]
    done = subprocess.run(
        [*BARE, "-c", EVERY_CASE, zipapp],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for case, expected, line in zip(judged.cases, judged.reports, done.stdout.splitlines(), strict=True):
        assert as_json(json.loads(line)) == as_json(expected), case.name


def test_the_corpus_holds_every_verdict(judged: Judged) -> None:
    """Agreement on one verdict alone would prove little."""
    assert {report["exit"] for report in judged.reports} == {0, 1, 2, 3}
    tampered = [
        case.name for case, report in zip(judged.cases, judged.reports, strict=True) if not report["exit"]
    ]
    assert tampered == [
        "untouched",
        "its own workbook beside it",
        "a later export",
        "a witness not needed",
    ]


@pytest.mark.parametrize(
    ("name", "status"), [("untouched", 0), ("a stream left out", 1), ("no trust policy", 2)]
)
def test_as_a_command(zipapp: Path, judged: Judged, tmp_path: Path, name: str, status: int) -> None:
    """It runs by its path alone, in the terminal's language, and its exit status is the verdict."""
    case = next(one for one in judged.cases if one.name.startswith(name))
    trust = tmp_path / "trust"
    trust.write_text(case.trust or "", encoding="utf-8")
    command = [*BARE, zipapp, case.bundle, *(["--trust", trust] if case.trust else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"LANG": "C.UTF-8"})
    assert done.returncode == status, done.stderr
    assert "结论：" in done.stdout
    english = subprocess.run([*command, "--lang", "en"], capture_output=True, text=True, check=False)
    assert "Verdict: " in english.stdout


def test_a_wrong_call(zipapp: Path, judged: Judged, tmp_path: Path) -> None:
    """A trust policy that cannot be read is said in one line, with the status of a wrong call."""
    command = [*BARE, zipapp, judged.cases[0].bundle, "--trust", tmp_path / "absent"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"LANG": "C.UTF-8"})
    assert done.returncode == 2
    assert "无法读取信任策略文件" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_receipt_is_checked_as_well(zipapp: Path, receipts: Receipts, tmp_path: Path) -> None:
    """The same file checks a receipt, says what its entry holds, and refuses one of something else."""
    trust = tmp_path / "trust"
    trust.write_text(receipts.trust, encoding="utf-8")
    for text, status in ((receipts.good, 0), (receipts.bad, 1)):
        path = tmp_path / "r.tlog-proof"
        path.write_bytes(text)
        done = subprocess.run(
            [*BARE, zipapp, path, "--trust", trust, "--lang", "zh_CN"],
            capture_output=True,
            check=False,
        )
        assert done.returncode == status, done.stderr
        assert receipts.says in done.stdout.decode()

"""Whatever is handed in as one person's file ends in a report, never in a traceback."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from lmscompliance.tlog.checkpoint import Checkpoint
from lmscompliance.tlog.leaf import Leaf
from lmscompliance.tlog.proof import TlogProof
from lmscompliance.verifier import Report, verify_file
from lmscompliance.verifier.receipt import encode_extra

_ENDLESS = (
    b'{"classes": [{"evidence": [{"entry": {"class": "c", "stream": "s", "n": 1e999}, "values": {}}]}]}'
)


def _judged(folder: Path, files: dict[str, bytes], *, version: int = 20) -> Report:
    path = folder / "my-data.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\1\2") + 6] = version
    path.write_bytes(data)
    return verify_file(path, None).report


def _unlogged() -> bytes:
    """Return the receipt of an entry that is in no log, with a list where a digest belongs."""
    body = {"pdf_sha256": ["1"]}
    leaf = Leaf("certificate.issued", "c", "s", 0, "", 0, body)
    note = Checkpoint("example.com/log", 1, bytes(32)).text() + "\n\u2014 example.com/log AAAAAAA=\n"
    return TlogProof(0, (), note, encode_extra(leaf.encode(), [])).encode().encode()


@pytest.mark.parametrize(
    ("files", "version", "expected"),
    [
        pytest.param({"my-data.json": b"{}"}, 99, set(), id="a version no reader knows"),
        pytest.param({"my-data.json": _ENDLESS}, 20, {"person_told_unreadable"}, id="an endless number"),
        pytest.param({"my-data.json": b"{}", "0.tlog-proof": _unlogged()}, 20, {"person_told_unreadable"},
                     id="a list for a digest"),
        pytest.param({"my-data.json": b"{}", "0.tlog-proof": bytes(2 << 20)}, 20, {"person_unreadable"},
                     id="a receipt beyond its size"),
    ],
)  # fmt: skip
def test_what_only_harms_is_judged(
    tmp_path: Path, files: dict[str, bytes], version: int, expected: set[str]
) -> None:
    """Each is refused, or cannot be verified, in both languages."""
    report = _judged(tmp_path, files, version=version)
    assert report.verdict.exit in {1, 2}
    assert expected <= {one.code for one in report.problems}, report.lines("en")
    assert "{" not in "".join(report.lines("zh_CN") + report.lines("en"))

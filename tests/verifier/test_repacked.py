"""A bundle packed again by another program is invalid, and what was changed in it is named all the same."""

from __future__ import annotations

import io
import itertools
import json
import os
import random
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from lmscompliance.tlog.encoding import to_base64
from lmscompliance.tlog.leaf import Leaf, leaf_hash
from lmscompliance.verifier import Report, Status, Verdict, bundle, verify
from tests.support.patience import PATIENCE_SECONDS
from tests.verifier.conftest import Exported
from tests.verifier.tamper import (
    Files,
    codes,
    edit_cell,
    entries,
    fixed,
    said,
    take_apart,
    with_entries,
    without_disclosures,
)

SHEET, CELL = "⑤考核成绩册", "O6"
NAMED_CELL = {"sheet": SHEET, "cell": CELL, "expected": "不合格", "found": "合格"}
Check = Callable[[Files], Report]


@pytest.fixture
def files(exported: Exported) -> Files:
    """Return the untouched bundle's files."""
    return take_apart(exported.export.bundle)


def _pack(files: Files, path: Path, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


@pytest.fixture(params=["stored", "deflated", "stored, manifest fixed", "deflated, manifest fixed"])
def check(request: pytest.FixtureRequest, exported: Exported, tmp_path: Path) -> Check:
    """Return what packs files with the standard library, in one of its ways, and verifies them."""
    method = zipfile.ZIP_STORED if "stored" in request.param else zipfile.ZIP_DEFLATED

    def pack_and_verify(files: Files) -> Report:
        if "fixed" in request.param:
            files = fixed(files)
        report = verify(_pack(files, tmp_path / "again.zip", method), exported.trust)
        assert report.verdict is Verdict.INVALID
        assert report.steps[1].problems[0].code == "not_canonical"
        return report

    return pack_and_verify


def test_packed_again_without_a_change(files: Files, check: Check) -> None:
    """The form alone is wrong, and nothing else is said to be."""
    report = check(files)
    assert codes(report) == {"not_canonical"}
    assert [step.status for step in report.steps].count(Status.FAIL) == 1


def test_a_flipped_byte_in_a_leaf(files: Files, check: Check) -> None:
    """The entry is named by index, stream, number and type."""
    found = entries(files)
    place = next(i for i, (_, leaf) in enumerate(found) if leaf.t == "session.segment")
    entry, leaf = found[place]
    flipped = replace(entry, leaf=entry.leaf.replace('"playing"', '"plaxing"', 1))
    report = check(with_entries(files, [flipped if i == place else one for i, (one, _) in enumerate(found)]))
    [named] = said(report, "not_included")
    where = {"index": entry.index, "stream": leaf.stream, "n": leaf.n, "type": leaf.t}
    assert where.items() <= named.items()


def test_a_leaf_broken_in_its_form(files: Files, check: Check) -> None:
    """Even when the leaf cannot be read any more it is named as what it was."""
    found = entries(files)
    place = next(i for i, (_, leaf) in enumerate(found) if leaf.t == "session.segment")
    entry, leaf = found[place]
    flipped = replace(entry, leaf=entry.leaf.replace('"at":', '"at";', 1))
    report = check(with_entries(files, [flipped if i == place else one for i, (one, _) in enumerate(found)]))
    [named] = said(report, "not_included")
    where = {"index": entry.index, "stream": leaf.stream, "n": str(leaf.n), "type": leaf.t}
    assert where.items() <= named.items()


def test_a_line_damaged_beyond_reading(files: Files, check: Check) -> None:
    """What is no JSON any more is named by what it calls itself, and what depends on it does not pass."""
    entry, leaf = next((one, leaf) for one, leaf in entries(files) if leaf.t == "attempt.submitted")
    line = entry.encode()
    damaged = line.replace(b'{"index"', b'["index"', 1)
    report = check(files | {bundle.ENTRIES: files[bundle.ENTRIES].replace(line, damaged)})
    [named] = said(report, "damaged_entry")
    where = {"index": str(entry.index), "stream": leaf.stream, "n": str(leaf.n), "type": leaf.t}
    assert where.items() <= named.items()
    assert said(report, "missing") == [{"stream": leaf.stream, "n": leaf.n}]
    assert {step.status for step in report.steps[-3:]} == {Status.FAIL, Status.SKIP}


def test_a_dropped_leaf(files: Files, check: Check) -> None:
    """What is missing is named by stream and number."""
    found = entries(files)
    dropped = next(leaf for _, leaf in found if leaf.t == "session.closed")
    report = check(with_entries(files, [one for one, leaf in found if leaf != dropped]))
    assert said(report, "missing") == [{"stream": dropped.stream, "n": dropped.n}]


def test_two_leaves_swapped(files: Files, check: Check) -> None:
    """The one that stands too late is named."""
    found = [one for one, _ in entries(files)]
    leaves = [leaf for _, leaf in entries(files)]
    place = next(i for i, leaf in enumerate(leaves) if leaf.t == "attempt.submitted")
    found[place], found[place + 1] = found[place + 1], found[place]
    [named] = said(check(with_entries(files, found)), "out_of_order")
    where = {"stream": leaves[place].stream, "n": leaves[place].n, "type": "attempt.submitted"}
    assert where.items() <= named.items()


def test_an_added_leaf(files: Files, check: Check) -> None:
    """A well-made leaf is named as not being in the log."""
    found = entries(files)
    last_entry, last = next((e, v) for e, v in reversed(found) if v.t == "attempt.graded")
    forged = Leaf(
        t="exam.unlocked",
        class_id=last.class_id,
        stream=last.stream,
        n=last.n + 1,
        prev=to_base64(leaf_hash(last_entry.leaf.encode())),
        at_us=last.at_us,
        body={"unlocked_us": last.at_us},
    )
    changed = [one for one, _ in found]
    added = replace(last_entry, index=last_entry.index + 1, leaf=forged.encode().decode())
    changed.insert([v for _, v in found].index(last) + 1, added)
    named = said(check(with_entries(files, changed)), "not_included")
    where = {"index": added.index, "stream": last.stream, "n": last.n + 1, "type": "exam.unlocked"}
    assert any(where.items() <= one.items() for one in named)


def test_a_failed_attempt_left_out(files: Files, check: Check) -> None:
    """The stream's cut tail is named, and the score that should stand in the ledger."""
    found = entries(files)
    stream = next(leaf.stream for _, leaf in found if leaf.t == "exam.locked")
    graded = [leaf for _, leaf in found if leaf.t == "attempt.graded" and leaf.stream == stream]
    first, last = graded[1].n - 2, max(leaf.n for _, leaf in found if leaf.stream == stream)
    kept = [one for one, leaf in found if leaf.stream != stream or leaf.n < first]
    cut = without_disclosures(
        with_entries(files, kept), lambda one: one["stream"] == stream and int(str(one["n"])) >= first
    )
    report = check(cut)
    assert said(report, "tail_omitted") == [{"stream": stream, "first": first, "last": last, "person": "3"}]
    assert any(named["cell"] == "K6" for named in said(report, "cell_differs")), "the second score"


def test_an_attempt_left_out_of_the_middle(files: Files, check: Check) -> None:
    """What is left behind of it keeps nobody else's values from being opened."""
    found = entries(files)
    graded = [leaf for _, leaf in found if leaf.t == "attempt.graded"]
    gone = next(leaf for leaf in graded if leaf.body["passed"] is False)
    kept = [one for one, leaf in found if leaf.body.get("attempt") != gone.body["attempt"]]
    report = check(with_entries(files, kept))
    assert {"stream": gone.stream, "n": gone.n} in said(report, "missing")
    assert not report.findings


def test_entries_that_make_no_ledger(files: Files, check: Check) -> None:
    """Where nothing can be recomputed no cell is called wrong."""
    found = entries(files)
    dropped = next(
        leaf for (_, leaf), (_, after) in itertools.pairwise(found) if leaf.t == after.t == "session.segment"
    )
    report = check(with_entries(files, [one for one, leaf in found if leaf != dropped]))
    assert said(report, "missing") == [{"stream": dropped.stream, "n": dropped.n}]
    assert said(report, "cannot_recompute")
    assert not said(report, "cell_differs")


def test_a_cell_edited_in_place(files: Files, check: Check) -> None:
    """The cell is named with what was expected and found."""
    report = check(files | {bundle.LEDGER: edit_cell(files[bundle.LEDGER], 6, CELL, "合格")})
    assert said(report, "cell_differs") == [NAMED_CELL]


def _saved_by_openpyxl(workbook: bytes, *, edit: bool = True) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(workbook))
    if edit:
        assert book[SHEET][CELL].value == "不合格"
        book[SHEET][CELL] = "合格"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_cell_edited_by_openpyxl(files: Files, check: Check) -> None:
    """A workbook saved by another program is refused, and its cells are compared for what they hold."""
    report = check(files | {bundle.LEDGER: _saved_by_openpyxl(files[bundle.LEDGER])})
    assert said(report, "not_our_workbook")
    assert said(report, "cell_differs") == [NAMED_CELL]
    [checked] = [step.detail for step in report.steps if step.name == "rules"]
    assert checked is not None
    assert checked.params["count"] == 5, "the trainees are checked whatever the workbook is"


def test_saved_by_openpyxl_without_an_edit(files: Files, check: Check) -> None:
    """No cell is blamed that holds what it should."""
    report = check(files | {bundle.LEDGER: _saved_by_openpyxl(files[bundle.LEDGER], edit=False)})
    assert "not_our_workbook" in codes(report)
    assert "cell_differs" not in codes(report)


@pytest.mark.judge
def test_a_cell_edited_and_saved_by_libreoffice(files: Files, check: Check, tmp_path: Path) -> None:
    """So is one that LibreOffice saved: exactly the edited cell is named."""
    office = shutil.which("soffice")
    if office is None:
        if os.environ.get("CI") == "true":
            pytest.fail(
                "LibreOffice is missing; under CI=true that is a failure: apt-get install libreoffice-calc"
            )
        pytest.skip("LibreOffice is not installed: apt-get install libreoffice-calc")
    source = tmp_path / "edited.xlsx"
    source.write_bytes(edit_cell(files[bundle.LEDGER], 6, CELL, "合格"))
    profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
    saved = tmp_path / "saved"
    command = [office, profile, "--headless", "--convert-to", "xlsx", "--outdir", str(saved), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=10 * PATIENCE_SECONDS)
    report = check(files | {bundle.LEDGER: (saved / source.name).read_bytes()})
    assert said(report, "not_our_workbook")
    assert said(report, "cell_differs") == [NAMED_CELL]


def test_json_written_in_another_form(exported: Exported, files: Files, tmp_path: Path) -> None:
    """Lines and a manifest that went through another JSON writer are refused, the changed entry named."""
    found = entries(files)
    place = next(i for i, (_, leaf) in enumerate(found) if leaf.t == "session.segment")
    lines = [json.loads(line) for line in files[bundle.ENTRIES].splitlines()]
    lines[place]["leaf"] = lines[place]["leaf"].replace('"playing"', '"plaxing"', 1)
    changed = files | {
        bundle.ENTRIES: "\r\n".join(json.dumps(line) for line in lines).encode(),
        bundle.MANIFEST: json.dumps(json.loads(files[bundle.MANIFEST]), indent=2).encode(),
    }
    report = verify(_pack(changed, tmp_path / "again.zip"), exported.trust)
    [named] = said(report, "not_included")
    assert (named["index"], named["n"]) == (found[place][0].index, found[place][1].n)
    assert {"bad_line", "unreadable_part"} <= codes(report)


def test_a_folder_packed_as_a_whole(exported: Exported, files: Files, tmp_path: Path) -> None:
    """Programs list folders, put all below one and order files their own way; only the form is wrong."""
    path = tmp_path / "folder.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.mkdir("S1")
        for name in sorted(files, reverse=True):
            archive.writestr(f"S1/{name}", files[name])
    assert codes(verify(path, exported.trust)) == {"not_canonical"}


def test_a_file_put_beside(exported: Exported, files: Files, tmp_path: Path) -> None:
    """A file too many is named; one missing is named and ends the verification."""
    more = verify(_pack(files | {"note.txt": b"x"}, tmp_path / "more.zip"), exported.trust)
    assert said(more, "wrong_files") == [{"names": ["note.txt"]}]
    del files[bundle.CHECKPOINT]
    less = verify(_pack(files, tmp_path / "less.zip"), exported.trust)
    assert said(less, "wrong_files") == [{"names": [bundle.CHECKPOINT]}]
    assert less.verdict is Verdict.INVALID


def test_a_doubled_name_has_no_one_reading(exported: Exported, files: Files, tmp_path: Path) -> None:
    """Two files of one name end the verification with that as the reason."""
    path = _pack(files, tmp_path / "doubled.zip")
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(bundle.ENTRIES, b"")
    report = verify(path, exported.trust)
    assert f"the name {bundle.ENTRIES} is doubled" in said(report, "not_readable")[0]["reason"]
    assert len(report.steps) == 2


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_packing_methods(exported: Exported, files: Files, tmp_path: Path, method: int) -> None:
    """Methods that need a memory of the sender's choice are not unpacked."""
    report = verify(_pack(files, tmp_path / "again.zip", method), exported.trust)
    assert "method" in said(report, "not_readable")[0]["reason"]


def test_a_bomb(exported: Exported, files: Files, tmp_path: Path) -> None:
    """What claims to become far more than it is stays packed."""
    bomb = files | {bundle.ENTRIES: b"\0" * (300 << 20)}
    report = verify(_pack(bomb, tmp_path / "bomb.zip"), exported.trust)
    assert "claim" in said(report, "not_readable")[0]["reason"]


def test_damage_never_raises(exported: Exported, files: Files, tmp_path: Path) -> None:
    """Whatever is flipped or cut off, inside the workbook too, the report says that it is invalid."""
    files[bundle.LEDGER] = _saved_by_openpyxl(files[bundle.LEDGER])
    seeded = random.Random(3)
    with zipfile.ZipFile(io.BytesIO(files[bundle.LEDGER])) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    path = tmp_path / "damaged.zip"
    for turn in range(60):
        target = bytearray(_pack(files, path).read_bytes())
        if turn % 3 == 0:
            target = target[: seeded.randrange(len(target))]
        elif turn % 3 == 1:
            for _ in range(3):
                target[seeded.randrange(len(target))] ^= 1 << seeded.randrange(8)
        else:
            name = seeded.choice([part for part in parts if part.startswith("xl/")])
            part = bytearray(parts[name])
            for _ in range(3):
                part[seeded.randrange(len(part))] ^= 1 << seeded.randrange(8)
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w") as book:
                for other, data in parts.items():
                    book.writestr(other, bytes(part) if other == name else data)
            target = bytearray(_pack(files | {bundle.LEDGER: out.getvalue()}, path).read_bytes())
        path.write_bytes(target)
        report = verify(path, exported.trust)
        assert report.verdict is Verdict.INVALID, turn
        assert report.lines("zh_CN")


def test_a_workbook_outside_the_bundle(exported: Exported, tmp_path: Path) -> None:
    """The copy that goes round by mail is compared too; the bundle beside it stays what it is."""
    given = exported.export
    report = verify(given.bundle, exported.trust, given.workbook)
    assert report.verdict is Verdict.VALID
    assert [step.name for step in report.steps][-1] == "outside"
    mailed = tmp_path / "mailed.xlsx"
    mailed.write_bytes(_saved_by_openpyxl(given.workbook.read_bytes()))
    report = verify(given.bundle, exported.trust, mailed)
    assert report.verdict is Verdict.INVALID
    assert [step.name for step in report.steps if step.status is Status.FAIL] == ["outside"]
    assert said(report, "cell_differs") == [NAMED_CELL]


def test_a_workbook_outside_that_is_not_there(exported: Exported, tmp_path: Path) -> None:
    """What cannot be read cannot be told."""
    report = verify(exported.export.bundle, exported.trust, tmp_path / "nowhere.xlsx")
    assert report.verdict is Verdict.UNVERIFIABLE
    assert report.steps[-1].status is Status.SKIP

"""Each way of tampering is caught, and named by entry or cell, also when the manifest was fixed to match."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lmscompliance.tlog.leaf import Leaf, leaf_hash, to_base64
from lmscompliance.verifier import Verdict, bundle, verify
from tests.verifier.conftest import Exported
from tests.verifier.tamper import (
    Files,
    check,
    codes,
    edit_cell,
    entries,
    put_together,
    said,
    take_apart,
    with_entries,
    without_disclosures,
)


@pytest.fixture
def files(exported: Exported) -> Files:
    """Return the untouched bundle's files."""
    return take_apart(exported.export.bundle)


def test_the_untouched_bundle_is_valid(exported: Exported) -> None:
    """Nothing is wrong with it, nothing is found, and the report says what the caller still owes."""
    report = verify(exported.export.bundle, exported.trust)
    assert report.verdict is Verdict.VALID, "\n".join(report.lines("en"))
    assert [step.status.value for step in report.steps] == ["pass"] * 13
    assert {"owe_key", "owe_time", "owe_truth"} <= {remark.code for remark in report.owes}


def test_taking_apart_and_putting_together_changes_nothing(
    exported: Exported, files: Files, tmp_path: Path
) -> None:
    """The canonical form is one form: the same files give the same bytes."""
    again = put_together(files, tmp_path / "again.zip", fix_manifest=False)
    assert again.read_bytes() == exported.export.bundle.read_bytes()


@pytest.mark.parametrize("fix_manifest", [False, True])
def test_a_flipped_byte_in_a_leaf(
    exported: Exported, files: Files, tmp_path: Path, *, fix_manifest: bool
) -> None:
    """The entry is named by its index, stream and number."""
    found = entries(files)
    place = next(i for i, (_, leaf) in enumerate(found) if leaf.t == "session.segment")
    entry, leaf = found[place]
    flipped = replace(entry, leaf=entry.leaf.replace('"playing"', '"plaxing"', 1))
    report = check(
        with_entries(files, [flipped if i == place else one for i, (one, _) in enumerate(found)]),
        exported.trust,
        tmp_path,
        fix_manifest=fix_manifest,
    )
    assert report.verdict is Verdict.INVALID
    [named] = said(report, "not_included")
    assert (named["index"], named["stream"], named["n"]) == (entry.index, leaf.stream, leaf.n)
    assert ("digest_differs" in codes(report)) is not fix_manifest


def test_a_dropped_leaf(exported: Exported, files: Files, tmp_path: Path) -> None:
    """What is missing is named by stream and number."""
    found = entries(files)
    dropped = next(leaf for _, leaf in found if leaf.t == "session.closed")
    report = check(
        with_entries(files, [one for one, leaf in found if leaf != dropped]), exported.trust, tmp_path
    )
    assert report.verdict is Verdict.INVALID
    assert said(report, "missing") == [{"stream": dropped.stream, "n": dropped.n}]


def test_two_leaves_swapped(exported: Exported, files: Files, tmp_path: Path) -> None:
    """The one that stands too late is named."""
    found = [one for one, _ in entries(files)]
    leaves = [leaf for _, leaf in entries(files)]
    place = next(i for i, leaf in enumerate(leaves) if leaf.t == "attempt.submitted")
    found[place], found[place + 1] = found[place + 1], found[place]
    report = check(with_entries(files, found), exported.trust, tmp_path)
    assert report.verdict is Verdict.INVALID
    [named] = said(report, "out_of_order")
    assert (named["stream"], named["n"]) == (leaves[place].stream, leaves[place].n)


def test_an_added_leaf(exported: Exported, files: Files, tmp_path: Path) -> None:
    """A well-made leaf, rightly linked, is not in the signed log and beyond the snapshot."""
    found = entries(files)
    last_entry, last = next((e, v) for e, v in reversed(found) if v.t == "attempt.graded")
    place = [v for _, v in found].index(last)
    forged = Leaf(
        t="exam.unlocked",
        class_id=last.class_id,
        stream=last.stream,
        n=last.n + 1,
        prev=to_base64(leaf_hash(last_entry.leaf.encode())),
        at_us=last.at_us,
        body={"unlocked_us": last.at_us},
    )
    added = replace(last_entry, index=last_entry.index + 1, leaf=forged.encode().decode())
    changed = [one for one, _ in found]
    changed.insert(place + 1, added)
    report = check(with_entries(files, changed), exported.trust, tmp_path)
    assert report.verdict is Verdict.INVALID
    assert {"stream": last.stream, "n": last.n + 1} in [
        {"stream": named["stream"], "n": named["n"]} for named in said(report, "not_included")
    ]


@pytest.mark.parametrize("fix_manifest", [False, True])
def test_an_edited_cell(exported: Exported, files: Files, tmp_path: Path, *, fix_manifest: bool) -> None:
    """The cell is named with what was expected and found, and the log knows the true digest."""
    workbook = edit_cell(files[bundle.LEDGER], 6, "O6", "合格")
    report = check(files | {bundle.LEDGER: workbook}, exported.trust, tmp_path, fix_manifest=fix_manifest)
    assert report.verdict is Verdict.INVALID
    assert said(report, "cell_differs") == [
        {"sheet": "⑤考核成绩册", "cell": "O6", "expected": "不合格", "found": "合格"}
    ]
    assert said(report, "digest_recorded")[0]["name"] == bundle.LEDGER


def test_a_failed_attempt_left_out_at_the_end(exported: Exported, files: Files, tmp_path: Path) -> None:
    """Cutting a stream's tail, disclosures too, is named by the trainee and the numbers that are missing."""
    found = entries(files)
    graded = [leaf for _, leaf in found if leaf.t == "attempt.graded"]
    stream = next(leaf.stream for _, leaf in found if leaf.t == "exam.locked")
    second = [leaf for leaf in graded if leaf.stream == stream][1]
    first_gone = second.n - 2
    kept = [one for one, leaf in found if leaf.stream != stream or leaf.n < first_gone]
    last = max(leaf.n for _, leaf in found if leaf.stream == stream)
    cut = without_disclosures(
        with_entries(files, kept), lambda one: one["stream"] == stream and int(str(one["n"])) >= first_gone
    )
    report = check(cut, exported.trust, tmp_path)
    assert report.verdict is Verdict.INVALID
    assert said(report, "tail_omitted") == [
        {"stream": stream, "first": first_gone, "last": last, "person": "3"}
    ]
    assert any(named["cell"] == "K6" for named in said(report, "cell_differs")), "the second score"


def test_a_failed_attempt_left_out_of_the_middle(exported: Exported, files: Files, tmp_path: Path) -> None:
    """Making a second attempt look like the first leaves a gap that is named."""
    found = entries(files)
    passed = next(leaf for _, leaf in found if leaf.t == "attempt.graded" and leaf.body["score"] == "75")
    gone = {(passed.stream, passed.n - back) for back in (3, 4, 5)}
    kept = [one for one, leaf in found if (leaf.stream, leaf.n) not in gone]
    report = check(with_entries(files, kept), exported.trust, tmp_path)
    assert report.verdict is Verdict.INVALID
    assert {(named["stream"], named["n"]) for named in said(report, "missing")} == gone


def test_a_whole_trainee_left_out(exported: Exported, files: Files, tmp_path: Path) -> None:
    """An omitted stream is named with the trainee's number."""
    stream = f"enrolment/{exported.miniature.enrolments[3]}"
    kept = [one for one, leaf in entries(files) if leaf.stream != stream]
    cut = without_disclosures(with_entries(files, kept), lambda one: one["stream"] == stream)
    report = check(cut, exported.trust, tmp_path)
    assert said(report, "stream_omitted")[0]["person"] == "4"


def test_an_altered_disclosure(exported: Exported, files: Files, tmp_path: Path) -> None:
    """A changed answer does not match its digest."""
    changed = files[bundle.DISCLOSURES].replace("王建国".encode(), "王建民".encode())
    report = check(files | {bundle.DISCLOSURES: changed}, exported.trust, tmp_path)
    assert report.verdict is Verdict.INVALID
    [named] = said(report, "disclosure_differs")
    assert (named["stream"], named["name"]) == (f"enrolment/{exported.miniature.enrolments[0]}", "name")


def test_an_added_disclosure(exported: Exported, files: Files, tmp_path: Path) -> None:
    """A value nobody committed to is refused."""
    line = files[bundle.DISCLOSURES].splitlines(keepends=True)[-1]
    more = line.replace(b'"name":"', b'"name":"zz')
    report = check(files | {bundle.DISCLOSURES: files[bundle.DISCLOSURES] + more}, exported.trust, tmp_path)
    assert report.verdict is Verdict.INVALID
    assert "disclosure_unknown" in codes(report)


def test_a_withheld_disclosure_is_a_finding(exported: Exported, files: Files, tmp_path: Path) -> None:
    """A taken-out value leaves the rest verifiable; its cells are counted as not comparable."""
    cut = without_disclosures(files, lambda one: one["name"] == "phone")
    report = check(cut, exported.trust, tmp_path)
    assert report.verdict is Verdict.VALID_WITH_FINDINGS, "\n".join(report.lines("en"))
    assert {remark.code: remark.params["count"] for remark in report.findings} == {
        "withheld": 5,
        "cells_withheld": 5,
    }


def test_another_policy(exported: Exported, files: Files, tmp_path: Path) -> None:
    """The policy must be the one the class was filed under, digest for digest."""
    laxer = files[bundle.POLICY].replace(b'"value":"60"', b'"value":"50"')
    assert laxer != files[bundle.POLICY]
    report = check(files | {bundle.POLICY: laxer}, exported.trust, tmp_path)
    assert report.verdict is Verdict.INVALID
    assert {"policy_foreign", "digest_recorded"} <= codes(report)


def test_a_rewritten_log(exported: Exported, files: Files, tmp_path: Path) -> None:
    """A later checkpoint that is not shown to extend the data checkpoint is refused."""
    changed = files | {bundle.EXPORT_CONSISTENCY: bundle.encode_consistency([b"\0" * 32])}
    report = check(changed, exported.trust, tmp_path)
    assert report.verdict is Verdict.INVALID
    assert "not_consistent" in codes(report)


def test_garbage_in_any_file_never_raises(exported: Exported, files: Files, tmp_path: Path) -> None:
    """Whatever stands in a file, the report says what is wrong instead of breaking."""
    for name in files:
        for data in (b"", b"{}", b"\xff\xfe\n", b"null\n", files[name][: len(files[name]) // 2]):
            report = check(
                files | {name: data}, exported.trust, tmp_path, fix_manifest=name != bundle.MANIFEST
            )
            # No disclosures at all are nothing false.
            kept_back = (name, data) == (bundle.DISCLOSURES, b"")
            expected = Verdict.VALID_WITH_FINDINGS if kept_back else Verdict.INVALID
            assert report.verdict is expected, (name, data[:20], report.lines("en"))
            assert report.to_json()["verdict"] == report.verdict.value
            assert report.lines("zh_CN")

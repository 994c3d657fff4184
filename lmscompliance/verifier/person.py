"""Verifies one person's file (一人一档): its receipts, the streams they make up, and what rests on them.

Such a file is no bundle: it has one person's entries and nothing to hold them against the rest of a class.
So it can show that each entry is in the signed log, that none is missing before the last one, that
``my-data.json`` tells them word for word and that the certificates are the issued ones. It cannot show that
nothing came afterwards; the class's bundle does. The page, the PDF and the table are for reading: the report
says that nothing follows from them alone.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lmscompliance.tlog.encoding import to_base64
from lmscompliance.tlog.leaf import Leaf, leaf_hash
from lmscompliance.verifier.archive import NotCanonical, TooLong
from lmscompliance.verifier.bundle import MANIFEST
from lmscompliance.verifier.loose import DAMAGE, LooseArchive
from lmscompliance.verifier.receipt import Receipt, verify_receipt
from lmscompliance.verifier.report import Remark, Report, Step

TOLD = "my-data.json"
_FOR_READING = frozenset({TOLD, "my-data.html", "my-data.pdf", "sessions.csv"})
PROOF = ".tlog-proof"
_DOCUMENTS = "certificates/"
_MOST_FILES = 100_000
"""Two years of full days leave some thousand segments; a directory of millions is an attack."""
_MOST_TOLD = 1 << 26
MOST_OF_RECEIPT = 1 << 20
"""Bytes of a receipt: it holds one entry, and whatever is longer is none."""

Stream = tuple[str, str]
"""Class and stream."""
Receipts = Mapping[Stream, Mapping[int, Receipt]]


def is_person(path: Path) -> bool:
    """Tell whether ``path`` looks like one person's file and not like a bundle."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except DAMAGE:
        return False
    return TOLD in names and MANIFEST not in names


def verify_person(path: Path, trust: str | bytes | None) -> Report:
    """Verify one person's file against ``trust``, the text of a C2SP tlog-policy file.

    Never raises for what is wrong with either: the report says it.
    """
    report = Report()
    step = report.step("person_archive")
    try:
        with LooseArchive(path, most=_MOST_FILES) as archive:
            step.say("person_archive_detail", count=len(archive.members))
            receipts = _receipts(report, archive, trust)
            _streams(report, receipts)
            _told(report, archive, receipts)
            _certificates(report, archive, receipts)
            for name in archive.members:
                if not (name in _FOR_READING or name.endswith(PROOF) or name.startswith(_DOCUMENTS)):
                    report.find("person_unknown", file=name)
    except OSError as error:
        step.skip("unreadable", path=str(path), reason=error.strerror or str(error))
        report.unverifiable.append(Remark("unreadable", {"path": str(path), "reason": error.strerror or ""}))
    except (NotCanonical, TooLong) as error:
        step.fail("person_unreadable", reason=str(error))
    report.owes += [Remark("owe_person_end"), Remark("owe_person_pages"), Remark("owe_truth")]
    return report


def _receipts(report: Report, archive: LooseArchive, trust: str | bytes | None) -> Receipts:
    """Verify each receipt by itself and return what they hold, by stream and number."""
    step = report.step("person_receipts")
    found: dict[Stream, dict[int, Receipt]] = defaultdict(dict)
    names = [name for name in archive.members if name.endswith(PROOF)]
    if not names:
        report.unverifiable.append(Remark("person_no_receipts"))
    for name in names:
        one = verify_receipt(archive.read(name, MOST_OF_RECEIPT), trust)
        _take(report, step, name, one)
        if (leaf := one.leaf) is not None and found[leaf.class_id, leaf.stream].setdefault(
            leaf.n, one
        ).leaf != leaf:
            step.fail("person_twice", file=name, stream=leaf.stream, n=leaf.n)
    step.say("person_receipts_detail", count=len(names))
    if report.unverifiable:
        step.skip(report.unverifiable[0].code, **report.unverifiable[0].params)
    return found


def _take(report: Report, step: Step, name: str, one: Receipt) -> None:
    """Take over what one receipt's own report says; what nobody can tell of any of them, once."""
    if one.report.problems:
        step.fail("person_receipt", file=name)
        for part in one.report.steps:
            step.absorb(part)
    elif "log" in one.report.subject:
        report.subject["log"] = one.report.subject["log"]
    known = {remark.code for remark in report.unverifiable}
    report.unverifiable += [remark for remark in one.report.unverifiable if remark.code not in known]


def _streams(report: Report, receipts: Receipts) -> None:
    """Hold each stream together: numbered from 0 without a gap, each entry naming the one before it."""
    step = report.step("person_streams")
    for (class_id, stream), entries in receipts.items():
        due, before = 0, ""
        for n in sorted(entries):
            leaf = _leaf(entries[n])
            if n != due:
                step.fail("person_gap", class_id=class_id, stream=stream, first=due, last=n - 1)
            elif leaf.prev != before:
                step.fail("person_link", class_id=class_id, stream=stream, n=n)
            due, before = n + 1, to_base64(leaf_hash(leaf.encode()))
    step.say("person_streams_detail", count=len(receipts))


def _told(report: Report, archive: LooseArchive, receipts: Receipts) -> None:
    """Hold the entries and values that ``my-data.json`` tells against the receipts."""
    step = report.step("person_told")
    try:
        told = _entries(json.loads(archive.read(TOLD, _MOST_TOLD)))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        step.fail("person_told_unreadable", reason=f"{type(error).__name__}")
        return
    for (class_id, stream), entries in receipts.items():
        listed = told.pop((class_id, stream), {})
        for n in sorted(entries.keys() | listed.keys()):
            if n not in entries:
                # A file may be taken before its last entries are sealed, which have no receipt yet.
                where = {"class_id": class_id, "stream": stream, "n": n}
                if n > max(entries):
                    report.find("person_unsealed", **where)
                else:
                    step.fail("person_told_differs", **where)
            elif listed.get(n) != _said(entries[n]):
                step.fail("person_told_differs", class_id=class_id, stream=stream, n=n)
    for class_id, stream in told:
        report.find("person_unsealed", class_id=class_id, stream=stream, n=0)
    step.say("person_told_detail", count=sum(map(len, receipts.values())))


def _entries(data: Any) -> dict[Stream, dict[int, str | None]]:
    found: dict[Stream, dict[int, str | None]] = defaultdict(dict)
    for one in data["classes"]:
        for row in one["evidence"]:
            entry = row["entry"]
            listed, n = found[_name(entry["class"]), _name(entry["stream"])], int(entry["n"])
            # Of an entry that is told twice, one could be right and the other be read: it equals no receipt.
            listed[n] = None if n in listed else _text(entry, row["values"])
    return found


def _said(receipt: Receipt) -> str:
    return _text(json.loads(_leaf(receipt).encode()), dict(receipt.values))


def _text(*parts: object) -> str:
    # As text, because Python holds 1, 1.0 and true for equal.
    return json.dumps(parts, sort_keys=True)


def _name(said: object) -> str:
    """Return a name that a report may repeat; ``ValueError`` for half a character, which no file can hold."""
    return str(said).encode("utf-8").decode("utf-8")


def _leaf(receipt: Receipt) -> Leaf:
    if receipt.leaf is None:
        raise ValueError("only receipts that hold an entry are collected")
    return receipt.leaf


def _certificates(report: Report, archive: LooseArchive, receipts: Receipts) -> None:
    """Hold each certificate's file against the entry of its issue, and tell the revoked ones."""
    step = report.step("person_certificates")
    issued: set[str] = set()
    unsealed = not receipts or any(one.code == "person_unsealed" for one in report.findings)
    for entries in receipts.values():
        for one in entries.values():
            leaf = _leaf(one)
            if one.report.problems:
                continue
            if leaf.t == "certificate.issued":
                issued.add(str(leaf.body.get("pdf_sha256")))
            elif leaf.t == "certificate.revoked":
                report.find("person_revoked", number=str(leaf.body.get("number", "")))
    names = [name for name in archive.members if name.startswith(_DOCUMENTS)]
    for name in names:
        digest = hashlib.sha256()
        for chunk in archive.chunks(name):
            digest.update(chunk)
        if digest.hexdigest() not in issued:
            # It may have been issued by an entry that had no receipt yet; whether it was, nothing here shows.
            tell = report.find if unsealed else step.fail
            tell("person_document", file=name, found=digest.hexdigest())
    step.say("person_certificates_detail", count=len(names))

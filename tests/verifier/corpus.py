"""Bundles tampered with in every way that is worth a name, with what a verifier must say of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from lmscompliance.kernel import jcs
from lmscompliance.verifier import bundle
from tests.verifier import corpus_entries, corpus_fields, corpus_trust
from tests.verifier.conftest import Exported
from tests.verifier.corpus_case import Case, Change, Expected
from tests.verifier.tamper import Files, edit_cell, put_together, take_apart, without_disclosures

STEP_OF = {
    bundle.LOG_KEY: ("checkpoint", bundle.LOG_KEY),
    bundle.CHECKPOINTS: ("time", "检查点"),
    bundle.EXPORT_LEAF: ("export", ""),
    bundle.EXPORT_PROOF: ("export", ""),
    bundle.EXPORT_CONSISTENCY: ("export", ""),
}
"""Which step finds a file that was changed by who fixed the manifest; the recorded ones are named."""


def build(exported: Exported, busy: Exported, folder: Path) -> list[Case]:
    """Write every case's files below ``folder``; ``busy`` is a class with every type of entry."""
    files, more = take_apart(exported.export.bundle), take_apart(busy.export.bundle)
    cases = [
        Case("untouched", exported.export.bundle, exported.trust, Expected(0)),
        Case("untouched, every type", busy.export.bundle, busy.trust, Expected(3, "", "转入")),
    ]
    of = [(change, exported) for change in _changes(files)]
    of += [(change, busy) for change in corpus_entries.altered(more)]
    of += [(change, busy) for change in corpus_entries.dropped(more, beyond=files)]
    for number, (change, source) in enumerate(of):
        path = put_together(change.files, folder / f"{number}.lmsev.zip", fix_manifest=change.careful)
        name = f"{change.name}{', manifest fixed' if change.careful else ''}"
        cases.append(Case(name, path, source.trust, change.expected))
    cases += _whole_files(exported, folder)
    cases += corpus_trust.stale(exported, folder)
    cases += corpus_trust.other(exported, folder)
    return cases


def _changes(files: Files) -> Iterator[Change]:
    for name, data in files.items():
        for where, place in (("first", 0), ("middle", len(data) // 2), ("last", len(data) - 1)):
            flipped = data[:place] + bytes([_other(data[place])]) + data[place + 1 :]
            yield from _replaced(
                f"{name}: {where} byte flipped", files, name, flipped, both=where == "middle"
            )
        yield from _replaced(f"{name}: empty", files, name, b"")
    yield from corpus_entries.changes(files)
    yield from corpus_fields.changes(files)
    for field in ("name", "id_number", "ip", "answers"):
        kept = without_disclosures(files, lambda one, field=field: one.get("name") == field)
        yield Change(f"disclosures of {field} erased", kept, Expected(3, "", "未披露"))
    erased = without_disclosures(files, lambda _: True)
    yield Change("all disclosures erased", erased, Expected(3, "", "未披露"))
    for sheet, cell, text in ((1, "B4", "甲公司"), (6, "O6", "合格"), (4, "D5", "9999")):
        workbook = edit_cell(files[bundle.LEDGER], sheet, cell, text)
        expected = Expected(1, "workbook", f"单元格 {cell}：")
        change = Change(f"cell {sheet}!{cell} edited", files | {bundle.LEDGER: workbook}, expected)
        yield from (change, replace(change, careful=False))


def _replaced(what: str, files: Files, name: str, data: bytes, *, both: bool = False) -> Iterator[Change]:
    """Yield the change by who fixes the manifest as well, if it can be, and if ``both`` by who does not."""
    changed = files | {name: data}
    if name == bundle.MANIFEST:
        yield Change(what, changed, Expected(1, "manifest", ""), careful=False)
        return
    step, named = STEP_OF.get(name, ("export", name))
    if name == bundle.CHECKPOINT and not (data and data.endswith(b"\n")):
        step, named = "checkpoint", "检查点不合格式"
    if name == bundle.DISCLOSURES and not data:
        # Nothing is false about what is kept back.
        yield Change(what, changed, Expected(3, "", "未披露"))
        return
    if name == bundle.DISCLOSURES and (broken := _unreadable(data)):
        # Where a flip falls depends on the length of ids and texts, so it may break a line or only a value.
        step, named = "disclosures", f"第 {broken} 行"
    yield Change(what, changed, Expected(1, step, named))
    if both:
        yield Change(what, changed, Expected(1, "manifest", name), careful=False)


def _other(byte: int) -> int:
    """Return another byte, and of its own kind: a flip within base64 must not depend on where it falls."""
    for kind in (b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"abcdefghijklmnopqrstuvwxyz", b"0123456789", b"+/"):
        if byte in kind:
            return kind[(kind.index(byte) + 1) % len(kind)]
    return byte ^ 0x01


def _unreadable(data: bytes) -> int:
    """Return the number of the first whole line that is no canonical JSON any more, 0 if there is none."""
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        try:
            if not isinstance(jcs.decode(line), dict):
                return number
        except ValueError:
            return number
    return 0


def _whole_files(exported: Exported, folder: Path) -> Iterator[Case]:
    whole = exported.export.bundle.read_bytes()
    for name, data in (
        ("cut in half", whole[: len(whole) // 2]),
        ("one byte short", whole[:-1]),
        ("something behind it", whole + b"\0"),
        ("something before it", b"\0" + whole),
        ("no archive", b"not a ZIP file"),
        ("nothing in it", b""),
    ):
        path = folder / f"{name.replace(' ', '-')}.lmsev.zip"
        path.write_bytes(data)
        yield Case(name, path, exported.trust, Expected(1, "archive", "规范"))
    edited = folder / "edited.xlsx"
    edited.write_bytes(edit_cell(exported.export.workbook.read_bytes(), 6, "O6", "合格"))
    given = exported.export
    named = Expected(1, "outside", "单元格 O6：")
    yield Case("another workbook beside it", given.bundle, exported.trust, named, edited)
    yield Case("its own workbook beside it", given.bundle, exported.trust, Expected(0), given.workbook)


def as_json(report: object) -> str:
    """Return a report's JSON in one spelling, to be compared between verifiers."""
    return jcs.encode(report).decode()  # type: ignore[arg-type]

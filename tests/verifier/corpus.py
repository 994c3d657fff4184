"""Bundles tampered with in every way that is worth a name; every verifier must say the same of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lmscompliance.kernel import jcs
from lmscompliance.verifier import bundle
from tests.verifier.conftest import Exported
from tests.verifier.tamper import (
    Files,
    edit_cell,
    entries,
    put_together,
    take_apart,
    with_entries,
    without_disclosures,
)


@dataclass(frozen=True)
class Case:
    """One bundle with what a caller would hand in beside it."""

    name: str
    bundle: Path
    trust: str | None
    workbook: Path | None = None

    def __str__(self) -> str:
        return self.name


def build(exported: Exported, folder: Path) -> list[Case]:
    """Write every case's files below ``folder``."""
    files = take_apart(exported.export.bundle)
    cases = [Case("untouched", exported.export.bundle, exported.trust)]
    for number, (name, changed, careful) in enumerate(_changes(files)):
        path = put_together(changed, folder / f"{number}.lmsev.zip", fix_manifest=careful)
        cases.append(Case(f"{name}{', manifest fixed' if careful else ''}", path, exported.trust))
    cases += _whole_files(exported, folder)
    cases += _other_trust(exported)
    return cases


def _changes(files: Files) -> Iterator[tuple[str, Files, bool]]:
    for name, data in files.items():
        for where, place in (("first", 0), ("middle", len(data) // 2), ("last", len(data) - 1)):
            flipped = data[:place] + bytes([data[place] ^ 0x01]) + data[place + 1 :]
            careful = name != bundle.MANIFEST
            yield f"{name}: {where} byte flipped", files | {name: flipped}, careful
            if careful and where == "middle":
                yield f"{name}: {where} byte flipped", files | {name: flipped}, False
        yield f"{name}: empty", files | {name: b""}, name != bundle.MANIFEST
    yield from _entries(files)
    for field in ("name", "id_number", "ip", "answers"):
        kept = without_disclosures(files, lambda one, field=field: one.get("name") == field)
        yield f"disclosures of {field} erased", kept, True
    erased = without_disclosures(files, lambda _: True)
    yield "all disclosures erased", erased, True
    for sheet, cell, text in ((1, "B4", "甲公司"), (6, "O6", "合格"), (4, "D5", "9999")):
        workbook = edit_cell(files[bundle.LEDGER], sheet, cell, text)
        for careful in (False, True):
            yield f"cell {sheet}!{cell} edited", files | {bundle.LEDGER: workbook}, careful


def _entries(files: Files) -> Iterator[tuple[str, Files, bool]]:
    found = entries(files)
    kinds = {leaf.t: place for place, (_, leaf) in reversed(list(enumerate(found)))}
    plain = [entry for entry, _ in found]
    for kind, place in sorted(kinds.items()):
        yield f"{kind} dropped", with_entries(files, plain[:place] + plain[place + 1 :]), True
        yield f"{kind} doubled", with_entries(files, plain[: place + 1] + plain[place:]), True
        swapped = list(plain)
        other = place + 1 if place + 1 < len(plain) else place - 1
        swapped[place], swapped[other] = swapped[other], swapped[place]
        yield f"{kind} out of order", with_entries(files, swapped), True
    stream = next(leaf.stream for _, leaf in found if leaf.t == "trainee.registered")
    kept = [entry for entry, leaf in found if leaf.stream != stream]
    yield "a stream left out", with_entries(files, kept), True
    failed = next(
        leaf.body["attempt"]
        for _, leaf in found
        if leaf.t == "attempt.graded" and isinstance(leaf.body, dict) and leaf.body.get("passed") is False
    )
    rest = [entry for entry, leaf in found if leaf.body.get("attempt") != failed]
    yield "a failed attempt left out", with_entries(files, rest), True
    yield "all entries left out", with_entries(files, []), True


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
        yield Case(name, path, exported.trust)
    edited = folder / "edited.xlsx"
    edited.write_bytes(edit_cell(exported.export.workbook.read_bytes(), 6, "O6", "合格"))
    yield Case("another workbook beside it", exported.export.bundle, exported.trust, edited)
    yield Case("its own workbook beside it", exported.export.bundle, exported.trust, exported.export.workbook)


def _other_trust(exported: Exported) -> Iterator[Case]:
    path = exported.export.bundle
    yield Case("no trust policy", path, None)
    yield Case("an empty trust policy", path, "")
    yield Case("a trust policy of nonsense", path, "trust everybody\n")
    yield Case(
        "the trust policy of another log",
        path,
        exported.trust.replace("example.com/log", "other.example/log"),
    )
    yield Case("a trust policy whose key was altered", path, _altered(exported.trust))


def _altered(trust: str) -> str:
    line = next(line for line in trust.splitlines() if line.startswith("log "))
    key = line.split()[1]
    other = key[:-6] + ("A" if key[-6] != "A" else "B") + key[-5:]
    return trust.replace(key, other)


def as_json(report: object) -> str:
    """Return a report's JSON in one spelling, to be compared between verifiers."""
    return jcs.encode(report).decode()  # type: ignore[arg-type]

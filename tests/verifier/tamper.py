"""Takes bundles apart and puts them together again, as an attacker who knows the format would."""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from lmscompliance.documents.archive import write_archive
from lmscompliance.kernel import jcs
from lmscompliance.tlog.leaf import Leaf
from lmscompliance.verifier import Report, verify
from lmscompliance.verifier import bundle as layout
from lmscompliance.verifier.archive import Archive
from lmscompliance.verifier.bundle import Entry, Manifest, digest_of

Files = dict[str, bytes]


def take_apart(path: Path) -> Files:
    """Return every file of a bundle."""
    with Archive(path) as archive:
        return {name: archive.read(name, 1 << 30) for name in archive.members}


def fixed(files: Files) -> Files:
    """Return ``files`` with a manifest that lists them as they are."""
    old = Manifest.decode(files[layout.MANIFEST])
    listed = tuple(digest_of(name, [data]) for name, data in files.items() if name != layout.MANIFEST)
    new = Manifest(old.class_id, old.code, old.snapshot, old.size, old.edition, listed)
    return files | {layout.MANIFEST: new.encode()}


def put_together(files: Files, path: Path, *, fix_manifest: bool = True) -> Path:
    """Write a canonical bundle of ``files``; a careful attacker also fixes the manifest's digests."""
    if fix_manifest:
        files = fixed(files)
    with tempfile.TemporaryDirectory() as scratch:
        members = []
        for number, (name, data) in enumerate(files.items()):
            part = Path(scratch) / str(number)
            part.write_bytes(data)
            members.append((name, part))
        with path.open("wb") as target:
            write_archive(target, members)
    return path


def check(files: Files, trust: str | bytes | None, folder: Path, *, fix_manifest: bool = True) -> Report:
    """Put ``files`` together and verify them."""
    return verify(put_together(files, folder / "tampered.lmsev.zip", fix_manifest=fix_manifest), trust)


def entries(files: Files) -> list[tuple[Entry, Leaf]]:
    """Return the entries with their leaves."""
    lines = files[layout.ENTRIES].splitlines()
    decoded = [Entry.decode(line) for line in lines]
    return [(entry, Leaf.decode(entry.leaf.encode())) for entry in decoded]


def with_entries(files: Files, changed: list[Entry]) -> Files:
    """Return ``files`` with other entries."""
    return files | {layout.ENTRIES: b"".join(entry.encode() for entry in changed)}


def without_disclosures(files: Files, of: Callable[[dict[str, object]], bool]) -> Files:
    """Return ``files`` without the disclosures for which ``of`` says yes."""
    kept = []
    for line in files[layout.DISCLOSURES].splitlines(keepends=True):
        value = jcs.decode(line.rstrip(b"\n"))
        assert isinstance(value, dict)
        if not of(value):
            kept.append(line)
    return files | {layout.DISCLOSURES: b"".join(kept)}


def edit_part(workbook: bytes, part: str, change: Callable[[str], str]) -> bytes:
    """Return an XLSX with one part changed, everything else as it was."""
    source = zipfile.ZipFile(io.BytesIO(workbook))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            data = source.read(info)
            if info.filename == part:
                before = data.decode()
                after = change(before)
                assert after != before
                data = after.encode()
            target.writestr(info, data)
    return out.getvalue()


def edit_cell(workbook: bytes, sheet: int, ref: str, text: str) -> bytes:
    """Return an XLSX with the text of one cell replaced."""
    pattern = re.compile(rf'(<c r="{ref}"[^>]*><is><t[^>]*>)[^<]*(</t>)')
    return edit_part(
        workbook, f"xl/worksheets/sheet{sheet}.xml", lambda xml: pattern.sub(rf"\g<1>{text}\g<2>", xml)
    )


def codes(report: Report) -> set[str]:
    """Return the codes of all problems."""
    return {problem.code for problem in report.problems}


def said(report: Report, code: str) -> list[dict[str, object]]:
    """Return the parameters of each problem of ``code``."""
    return [dict(problem.params) for problem in report.problems if problem.code == code]

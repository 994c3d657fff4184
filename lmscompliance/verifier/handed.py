"""Takes what a recipient hands in, a bundle, a person's file or a receipt, and tells which by its bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lmscompliance.kernel.jcs import Json
from lmscompliance.tlog.proof import HEADER
from lmscompliance.verifier.person import MOST_OF_RECEIPT, is_person, verify_person
from lmscompliance.verifier.receipt import Receipt, verify_receipt
from lmscompliance.verifier.verify import verify


def verify_file(
    path: Path, trust: str | bytes | None, workbook: Path | None = None, files: Sequence[Path] = ()
) -> Receipt:
    """Verify what is at ``path``; only a receipt's own check says more than the report.

    Never raises for what is wrong with it: the report says it.
    """
    text = _receipt(path)
    if text is not None:
        return verify_receipt(text, trust)
    if is_person(path):
        return Receipt(verify_person(path, trust))
    return Receipt(verify(path, trust, workbook, files))


def said(found: Receipt) -> dict[str, Json]:
    """Return what a receipt's entry says, for people to read beside the report; empty for a bundle."""
    return {} if found.leaf is None else {"body": dict(found.leaf.body), "disclosed": dict(found.values)}


def to_json(found: Receipt) -> dict[str, Json]:
    """Return the report, and what a receipt's entry says, for a program."""
    return {**found.report.to_json(), **said(found)}


def _receipt(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            start = file.read(MOST_OF_RECEIPT + 1)
    except OSError:
        return None  # the bundle's own way says why it cannot be read
    return start if start.startswith(HEADER.encode("ascii")) and len(start) <= MOST_OF_RECEIPT else None

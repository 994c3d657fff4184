"""Takes whatever a recipient hands in, a bundle or a receipt, and tells by its first bytes which it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lmscompliance.kernel.jcs import Json
from lmscompliance.tlog.proof import HEADER
from lmscompliance.verifier.receipt import Receipt, verify_receipt
from lmscompliance.verifier.verify import verify

_MOST_BYTES = 1 << 20
"""A receipt holds one entry; whatever is longer is none."""


def verify_file(
    path: Path, trust: str | bytes | None, workbook: Path | None = None, files: Sequence[Path] = ()
) -> Receipt:
    """Verify the bundle or receipt at ``path``; of a bundle only the report is set.

    Never raises for what is wrong with it: the report says it.
    """
    text = _receipt(path)
    return Receipt(verify(path, trust, workbook, files)) if text is None else verify_receipt(text, trust)


def said(found: Receipt) -> dict[str, Json]:
    """Return what a receipt's entry says, for people to read beside the report; empty for a bundle."""
    return {} if found.leaf is None else {"body": dict(found.leaf.body), "disclosed": dict(found.values)}


def to_json(found: Receipt) -> dict[str, Json]:
    """Return the report, and what a receipt's entry says, for a program."""
    return {**found.report.to_json(), **said(found)}


def _receipt(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            start = file.read(_MOST_BYTES + 1)
    except OSError:
        return None  # the bundle's own way says why it cannot be read
    return start if start.startswith(HEADER.encode("ascii")) and len(start) <= _MOST_BYTES else None

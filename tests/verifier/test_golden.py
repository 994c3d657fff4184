"""A bundle of edition 1 that must verify for ever: an auditor opens it years after it was made.

When it fails, a change of rules, words or formats would turn ledgers already handed in invalid. The answer
is a new edition beside the old one, not a new golden bundle. (Before the first release it may be made anew:
``python -m tests.verifier.test_golden``.)
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from lmscompliance.verifier import Verdict, verify

FOLDER = Path(__file__).parent / "golden"


def test_the_golden_bundle_still_verifies() -> None:
    """Every cell of an old ledger is recomputed to the letter."""
    report = verify(FOLDER / "edition-1.lmsev.zip", (FOLDER / "edition-1.trust").read_bytes())
    assert report.verdict is Verdict.VALID, "\n".join(report.lines("en"))


def main() -> None:
    """Make the golden bundle anew from the miniature class."""
    from tests.verifier.conftest import make

    with tempfile.TemporaryDirectory() as scratch:
        made = make(Path(scratch))
        FOLDER.mkdir(exist_ok=True)
        (FOLDER / "edition-1.lmsev.zip").write_bytes(made.export.bundle.read_bytes())
        (FOLDER / "edition-1.trust").write_bytes(made.export.trust.read_bytes())


if __name__ == "__main__":
    main()
